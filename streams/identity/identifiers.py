"""Identifiers in one form each, so that the same person's are equal whoever wrote them."""

from __future__ import annotations

import re

import msgspec
import phonenumbers

from schemas.common import Identifier

_ROLE_MAILBOXES = frozenset(
    {
        "accueil", "admin", "billing", "contact", "hello", "help", "info", "kontakt", "no-reply",
        "noreply", "office", "postmaster", "sales", "service", "support",
    }
)  # fmt: skip
"""Mailboxes of a team: they stand for nobody in particular, and never join customers."""

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")
_MAX_LENGTH = 256


def normalise(identifier: Identifier, region: str = "") -> Identifier | None:
    """The identifier in its one form, or None when it is none.

    `region` (ISO 3166, such as FR) is where a phone number without country code is from.
    A mailbox of a team is only claimed, whatever its source says.
    """
    value = identifier.value.strip()
    if not value or len(value) > _MAX_LENGTH:
        return None
    match identifier.kind:
        case "phone":
            number = phone(value, region)
            return msgspec.structs.replace(identifier, value=number) if number else None
        case "email":
            return _email(identifier, value)
        case "whatsapp":
            digits = re.sub(r"\D", "", value)
            number = phone(f"+{digits}", "")
            return msgspec.structs.replace(identifier, value=(number or f"+{digits}")[1:])
    return msgspec.structs.replace(identifier, value=value)


def phone(value: str, region: str = "") -> str:
    """E.164 with a plus, or empty. The Argentine mobile 9 and the Brazilian ninth digit are put in,
    because vendors write such numbers with and without.
    """
    try:
        number = phonenumbers.parse(value, region.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if text.startswith("+54") and not text.startswith("+549") and len(text) == 13:
        return "+549" + text[3:]
    if text.startswith("+55") and len(text) == 13 and text[5] in "6789":
        return text[:5] + "9" + text[5:]
    return text


def _email(identifier: Identifier, value: str) -> Identifier | None:
    """Lower case; Google ignores dots and what follows a plus."""
    address = value.strip("<>").lower().removeprefix("mailto:")
    if not _EMAIL.match(address):
        return None
    local, _, domain = address.rpartition("@")
    if domain in _GMAIL:
        local, domain = local.partition("+")[0].replace(".", ""), "gmail.com"
    trust = "claimed" if local.partition("+")[0] in _ROLE_MAILBOXES else identifier.trust
    return msgspec.structs.replace(identifier, value=f"{local}@{domain}", trust=trust)


def is_role_mailbox(identifier: Identifier) -> bool:
    """Does it stand for a team rather than a person?"""
    local = identifier.value.partition("@")[0].partition("+")[0]
    return identifier.kind == "email" and local in _ROLE_MAILBOXES
