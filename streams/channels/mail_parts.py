"""The parts of a whole mail (RFC 5322, MIME), read from its bytes.

Nearly all mails are written alike, and those are read here by splitting them, at a few times the
speed of the standard library's parser, which reads the others: reports and mails within mails,
parameters in the forms of RFC 2231, boundaries that are missing, and whatever breaks the rules.  A
test holds the two to the same result.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from email.message import Message
from functools import lru_cache
from typing import NamedTuple

from streams.channels.mail_headers import in_charset

Pairs = list[tuple[str, str]]
"""Headers as they stand: name and value, not yet unfolded; bytes above ASCII as surrogates."""

_HEADER = re.compile(r"(?m)^([!-9;-~]+):[ \t]*(.*(?:\n[ \t].*)*)")
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_DELIMITED = re.compile(rb"[ \t]*\r?\n")
_CLOSED = re.compile(rb"--[ \t]*(?:\r?\n|$)")
_PARAMETER = r"[\w-]+=(?:\"[^\"\\<>\r\n]*\"|[^\s;\"<>*%]+)"
_FIELD = re.compile(rf"([\w.+-]+(?:/[\w.+-]+)?)((?:;\s*{_PARAMETER})*);?")
"""A value with parameters as nearly all are written."""

_PAIR = re.compile(r";\s*([\w-]+)=(?:\"([^\"]*)\"|([^\s;\"]+))")
_TEXTS = ("text/plain", "text/html")
_DEEPEST = 8
_SHORT = 100
"""Shorter fields without a boundary are alike in many mails."""


class UnusualError(Exception):
    """The library must read it."""


class Leaf(NamedTuple):
    """A part that holds no others; `text` is read where it is the writer's words."""

    kind: str
    name: str
    text: str | None


def usual(raw: bytes) -> tuple[Pairs, list[Leaf]]:
    """Headers and leaves of a mail.  Raises `UnusualError`."""
    if raw.count(b"\r") != raw.count(b"\r\n"):
        raise UnusualError
    pairs, body = _split(raw)
    leaves: list[Leaf] = []
    _walk(_Head(pairs), body, leaves, 0)
    return pairs, leaves


def of_message(message: Message) -> list[Leaf]:
    """Those of a mail that the library has read."""
    return [_leaf_of(part) for part in message.walk() if not part.is_multipart()]


# As nearly all mails are written ------------------------------------------------------------------


class _Head:
    """What of a part's headers says how to read it."""

    def __init__(self, pairs: Pairs) -> None:
        first: dict[str, str] = {}
        for name, value in pairs:
            first.setdefault(name.lower(), value)
        self.kind, self.type = _of(first.get("content-type"), "text/plain")
        self.placed, self.disposition = _of(first.get("content-disposition"), "")
        self.encoding = first.get("content-transfer-encoding", "").lower()
        if "/" not in self.kind:
            self.kind = "text/plain"


def _of(value: str | None, default: str) -> tuple[str, Mapping[str, str]]:
    """The value and its parameters, names in lower case; of two alike the first counts."""
    if value is None:
        return default, {}
    short = len(value) < _SHORT and "boundary" not in value
    return _field(value) if short else _field.__wrapped__(value)


@lru_cache(maxsize=1024)
def _field(value: str) -> tuple[str, Mapping[str, str]]:
    found = _FIELD.fullmatch(value) if value.isascii() else None
    if found is None:
        raise UnusualError
    parameters: dict[str, str] = {}
    if found.end(1) != len(value):
        for name, quoted, bare in _PAIR.findall(found[2]):
            parameters.setdefault(name.lower(), quoted or bare)
    return found[1].lower(), parameters


def _split(raw: bytes) -> tuple[Pairs, bytes]:
    """Headers and body."""
    if raw[:1] in b"\r\n":
        return [], raw[2 if raw[:1] == b"\r" else 1 :]
    end = _HEAD_ENDS.search(raw)
    if end is None:
        raise UnusualError
    block = raw[: end.start()].decode("ascii", "surrogateescape")
    pairs = [(name, value.rstrip("\r")) for name, value in _HEADER.findall(block)]
    lines = 1 + block.count("\n") - block.count("\n ") - block.count("\n\t")
    if len(pairs) != lines:
        raise UnusualError
    return pairs, raw[end.end() :]


def _walk(head: _Head, body: bytes, leaves: list[Leaf], depth: int) -> None:
    """Adds the leaves of a part, in their order."""
    family, _, kind = head.kind.partition("/")
    if family == "message" or kind in {"report", "digest"} or depth > _DEEPEST:
        raise UnusualError
    if family != "multipart":
        leaves.append(_leaf(head, body))
        return
    for part in _parts(body, head.type.get("boundary", "").rstrip()):
        pairs, inner = _split(part)
        _walk(_Head(pairs), inner, leaves, depth + 1)


def _parts(body: bytes, boundary: str) -> list[bytes]:
    if not boundary:
        raise UnusualError
    parts: list[bytes] = []
    pieces = iter((b"\n" + body).split(b"\n--" + boundary.encode()))
    next(pieces)
    for piece in pieces:
        if parts and _CLOSED.match(piece):
            return parts
        line = _DELIMITED.match(piece)
        if line is None:
            raise UnusualError
        parts.append(piece[line.end() :].removesuffix(b"\r"))
    raise UnusualError


def _leaf(head: _Head, body: bytes) -> Leaf:
    name = head.disposition.get("filename", head.type.get("name", "")).strip()
    said = head.kind in _TEXTS and not name and head.placed != "attachment"
    return Leaf(head.kind, name, _text(head, body) if said else None)


def _text(head: _Head, body: bytes) -> str:
    match head.encoding:
        case "quoted-printable":
            body = binascii.a2b_qp(body)
        case "base64":
            try:
                body = base64.b64decode(b"".join(body.splitlines()), validate=True)
            except ValueError as error:
                raise UnusualError from error
        case "" | "7bit" | "8bit" | "binary":
            pass
        case _:
            raise UnusualError
    return in_charset(body, head.type.get("charset", "utf-8"))


# As the library reads them ------------------------------------------------------------------------


def _leaf_of(part: Message) -> Leaf:
    kind, name = part.get_content_type(), _filename(part)
    said = kind in _TEXTS and not name and part.get_content_disposition() != "attachment"
    return Leaf(kind, name, _content(part) if said else None)


def _content(part: Message) -> str:
    raw = part.get_payload(decode=True)
    charset = part.get_param("charset")
    return (
        in_charset(raw, charset if isinstance(charset, str) else "utf-8")
        if isinstance(raw, bytes)
        else ""
    )


def _filename(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return "file"
