"""The fields of a form, URL-encoded or multipart, as bytes: mails come in many charsets.

Multipart as RFC 7578 has it; lines may end with LF alone.  The standard library's mail parser
reads such bodies too, at a tenth of the speed.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from urllib.parse import unquote_to_bytes

import msgspec

from streams.channels.base import Request

_BOUNDARY = re.compile(r'(?i)boundary=(?:"([^"]+)"|([^;,\s]+))')
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(
    rb"(?im)^content-disposition:[^\r\n]*?[;\s]name=(?:\"([^\"\r\n]*)\"|([^;\s]+))([^\r\n]*)"
)
_USUAL = re.compile(
    rb"[ \t]*\r?\n(?i:content-disposition): form-data; name=\"([^\"\r\n]*)\"\r?\n\r?\n"
)
"""How a part begins as nearly all are written: a name, and no more."""

_NOT_AS_PRINTABLE = re.compile(rb"%(?![0-9A-Fa-f]{2})|[\r\n]")
_FILE = re.compile(rb"(?i)[;\s]filename(?:=\"([^\"]*)\"|\*?=([^;\s]*))")
_FOLD = re.compile(rb"\r?\n[ \t]+")


class Field(msgspec.Struct, frozen=True):
    """`file` is the file's name, which may be empty; None when the field is no file."""

    name: str
    value: bytes
    file: str | None = None

    @property
    def text(self) -> str:
        return self.value.decode("utf-8", "replace")


def form_fields(request: Request) -> tuple[Field, ...]:
    """In the order of the body, repeated ones too; empty when the body is no form."""
    if "multipart/form-data" in request.content_type.lower():
        return tuple(_multipart(request))
    body = request.body.strip().replace(b"+", b" ")
    usual = not _NOT_AS_PRINTABLE.search(body)
    return tuple(
        Field(_unquoted(name, usual).decode("utf-8", "replace"), _unquoted(value, usual))
        for name, equals, value in (piece.partition(b"=") for piece in body.split(b"&"))
        if name and equals
    )


def _unquoted(value: bytes, usual: bool) -> bytes:
    """Quoted-printable is the same with another sign, and is read in C: a form is full of it."""
    if b"%" not in value:
        return value
    if usual and b"=" not in value:
        return a2b_qp(value.replace(b"%", b"="))
    return unquote_to_bytes(value)


def _multipart(request: Request) -> list[Field]:
    found = _BOUNDARY.search(request.content_type)
    if found is None:
        return []
    dashes = b"\n--" + (found.group(1) or found.group(2)).encode("utf-8", "replace")
    parts: list[bytes] = []
    for piece in (b"\n" + request.body).split(dashes):
        if not parts or piece[:1] in b"\r\n\t -":
            parts.append(piece)
        else:  # the boundary of a mail within begins like ours
            parts[-1] += dashes + piece
    return [field for part in parts[1:] if (field := _field(part)) is not None]


def _field(part: bytes) -> Field | None:
    """`part` begins behind the boundary and ends before the line break of the next."""
    if usual := _USUAL.match(part):
        value = part[usual.end() :].removesuffix(b"\r")
        return Field(usual.group(1).decode("utf-8", "replace"), value)
    _, _, rest = part.partition(b"\n")
    ends = _HEAD_ENDS.search(rest)
    head, value = (rest[: ends.start()], rest[ends.end() :]) if ends else (rest, b"")
    name = _NAME.search(_FOLD.sub(b" ", head) if b"\n" in head else head)
    if name is None:
        return None
    file = _FILE.search(name.group(0))
    text = (name.group(1) if name.group(1) is not None else name.group(2)).decode(
        "utf-8", "replace"
    )
    return Field(text, value.removesuffix(b"\r"), _first(file) if file else None)


def _first(match: re.Match[bytes]) -> str:
    return next((one for one in match.groups() if one is not None), b"").decode("utf-8", "replace")
