"""Identifiers in one form each, so that the same person's are equal whoever wrote them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from schemas.common import Identifier
from streams.identity.mail import RULES, MailRule, address, of_a_team
from streams.identity.phones import phone

_MAX_LENGTH = 256


class Writing(msgspec.Struct, frozen=True, eq=False):
    """How a source writes identifiers: from which region (ISO 3166, such as FR) its numbers without
    country code are, and what mail domains say of their addresses.  Each is one of its own: what
    was normalised by it is remembered with it.
    """

    region: str = ""
    mail: Mapping[str, MailRule] = msgspec.field(default_factory=lambda: RULES)


USUAL = Writing()


@lru_cache(maxsize=65_536)
def normalise(identifier: Identifier, writing: Writing = USUAL) -> Identifier | None:
    """The identifier in its one form, or None when it is none.

    A mailbox of a team is only claimed, whatever its source says.
    """
    value = _bare(identifier.value)
    if not value or len(value) > _MAX_LENGTH:
        return None
    match identifier.kind:
        case "phone":
            value = phone(value, writing.region)
        case "email":
            value = address(value, writing.mail)
            if is_role_mailbox(identifier, writing, value):
                return Identifier("email", value, "claimed")
        case "whatsapp":
            digits = re.sub(r"\D", "", value)
            value = (phone(f"+{digits}") or f"+{digits}")[1:]
    return Identifier(identifier.kind, value, identifier.trust) if value else None


def _bare(value: str) -> str:
    """One spelling of each letter, and nothing around it that cannot be seen: what is copied from a
    page or a spreadsheet brings marks of direction and zero width.
    """
    value = unicodedata.normalize("NFC", value).strip()
    if value.isascii():
        return value
    start, end = 0, len(value)
    while start < end and _unseen(value[start]):
        start += 1
    while start < end and _unseen(value[end - 1]):
        end -= 1
    return value[start:end]


def _unseen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"


def is_role_mailbox(
    identifier: Identifier, writing: Writing = USUAL, value: str | None = None
) -> bool:
    """Does it stand for a team rather than a person? `value` is its one form, if not its own."""
    value = identifier.value if value is None else value
    return identifier.kind == "email" and bool(value) and of_a_team(value, writing.mail)
