"""A mail's headers as their writer meant them, whatever bytes they came in.  Nothing here raises.

The standard library's header objects (`policy.default`) cost a millisecond a mail and raise on
malformed ones, so that its older functions are used here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses

_LONGEST = 20_000
"""Of one header: more is no address list that a customer writes."""

_NESTED = 20
"""Brackets in an address list: the library descends into each."""

_FOLD = re.compile(r"\r?\n[ \t]*")
_LINE = re.compile(r"^([\w!#$%&'*+.^`|~-]+)[ \t]*:[ \t]*(.*)$", re.DOTALL)
_ID = re.compile(r"<\s*([^<>\s]{1,998})\s*>")

_MADE_BY_VENDOR = re.compile(
    r"(?i)^([^@]+)@(?:[\w.-]*ismtpd[\w.-]*|[\w.-]+\.sendgrid\.net|mtasv\.net)$"
)
"""Message-IDs that SendGrid and Postmark make hold, left of the @, the id of their events."""


_ADDRESS = r"[^\s<>@\"(),;:\[\]\\]+@[^\s<>@\"(),;:\[\]\\]+"
_USUAL = re.compile(
    rf"(?:\"([^\"\\]*)\"|([^\"(),:;<>@\[\]\\]*))\s*<\s*({_ADDRESS})\s*>|({_ADDRESS})"
)
"""One mailbox as nearly all are written: the library's reader is for the others."""


class Headers:
    """Names are lower case; values are unfolded and decoded."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = [(name.lower(), value) for name, value in pairs]
        self._values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name, []).append(value)

    def raw(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def above(self, border: str, name: str) -> str:
        """The value that stands before the first `border`: each server writes on top of what came.
        Empty when it stands below, or when there is no border.
        """
        if border in self._values and name in self._values:
            for known, value in self.pairs:
                if known == name:
                    return decoded(value)
                if known == border:
                    break
        return ""

    def all(self, name: str) -> list[str]:
        return [decoded(value) for value in self.raw(name)]

    def first(self, name: str) -> str | None:
        """None when there is no such header, which is not the same as an empty one."""
        found = self.raw(name)
        return decoded(found[0]) if found else None


def from_block(block: str) -> Headers:
    """From the text above a mail's first empty line."""
    found: list[tuple[str, str]] = []
    for line in re.split(r"\r?\n(?![ \t])", block[:1_000_000]):
        if match := _LINE.match(line):
            found.append((match.group(1), match.group(2)))
    return Headers(found)


def decoded(value: str) -> str:
    """Unfolded, words of RFC 2047 read, wild bytes as UTF-8 or Latin-1."""
    if value.isascii() and "\n" not in value and "=?" not in value:
        return value[:_LONGEST].strip()
    text = unsurrogated(_FOLD.sub(" ", value[:_LONGEST])).strip()
    if "=?" not in text:
        return text
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError, IndexError):
        return text
    return "".join(
        part if isinstance(part, str) else in_charset(part, charset or "latin-1")
        for part, charset in parts
    ).strip()


def in_charset(raw: bytes, charset: str) -> str:
    """In the charset that is named, if there is one of that name."""
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name)
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def unsurrogated(text: str) -> str:
    """Bytes above ASCII in what should be ASCII; a lone surrogate is no character."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return (
            in_charset(text.encode("utf-8", "surrogateescape"), "utf-8")
            if _is_bytes(text)
            else text.encode("utf-8", "replace").decode("utf-8")
        )
    return text


def _is_bytes(text: str) -> bool:
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)


def mailboxes(value: str) -> list[tuple[str, str]]:
    """(name, address) of each; addresses in lower case."""
    value = value[:_LONGEST]
    if "\n" in value or not value.isascii():
        value = unsurrogated(_FOLD.sub(" ", value))
    if usual := _USUAL.fullmatch(value.strip()):
        quoted, name, address, bare = usual.groups()
        shown = quoted if quoted is not None else (name or "").strip()
        return [(decoded(shown), (address or bare).lower())]
    found: list[tuple[str, str]] = []
    if value.count("(") <= _NESTED:
        try:
            found = getaddresses([value])
        except (ValueError, IndexError, TypeError, AttributeError):
            found = []
    plausible = [
        (decoded(name), address.strip().lower()) for name, address in found if _is_address(address)
    ]
    if plausible:
        return plausible
    pieces = re.split(r"[\s<>,;\"()\[\]]+", unsurrogated(value))
    return [("", piece.lower()) for piece in pieces if _is_address(piece)]


def _is_address(value: str) -> bool:
    local, _, domain = value.strip().rpartition("@")
    return bool(local and domain) and len(value.split()) == 1


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".")


def mail_id(value: str) -> str:
    """A Message-ID in one form: without brackets, and as the vendor's events name it."""
    match = _ID.search(value)
    ident = match.group(1) if match else value.strip()
    if len(words := ident.split(maxsplit=1)) > 1:
        ident = words[0]
    made = _MADE_BY_VENDOR.match(ident)
    return (made.group(1) if made else ident)[:512]


def mail_ids(value: str) -> list[str]:
    """All of them, as `References` lists them."""
    found = _ID.findall(value)
    if not found and "@" in value:
        found = [piece for piece in value.split() if "@" in piece]
    return [mail_id(ident) for ident in found]
