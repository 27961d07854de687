"""One element of `changes` in a WhatsApp body: its field and value, and who its customer is."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from schemas.common import Identifier
from schemas.events import EventBase
from streams.channels.base import Request, SourceConfig
from streams.channels.body import rows, table, text
from streams.channels.draft import Draft, identifier

BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
"""Country of the account, a dot, and what Meta made: `FR.13491208655302741918`."""


class Person(msgspec.Struct, frozen=True):
    """A customer: `key` names his thread, empty when he is not told."""

    key: str = ""
    identifiers: tuple[Identifier, ...] = ()
    name: str = ""


class Change:
    """`reasons` say of what nothing was made; `strange` if some of it was not known."""

    def __init__(
        self, request: Request, source: SourceConfig, entry: dict[str, Any], change: dict[str, Any]
    ) -> None:
        self.field = text(change, "field")
        self.value = table(change, "value")
        self.contacts = rows(self.value, "contacts")
        metadata = table(self.value, "metadata") or table(self.value, "recipient")
        self.number_id = text(metadata, "phone_number_id") or text(entry, "id")
        self.our_number = re.sub(r"\D", "", text(metadata, "display_phone_number"))
        self.draft = Draft(request, source, self.field, "whatsapp")
        self.reasons: list[str] = []
        self.strange = False

    def odd(self, reason: str) -> list[EventBase]:
        """Nothing is made of this part; the body is kept."""
        self.strange = True
        self.reasons.append(reason)
        return []

    def who(self, told: tuple[str, ...], *, alone: bool) -> Person:
        """The customer of a part that names `told`, his likeliest id first.  Our own number is
        never he.  A contact that is not named belongs to the part only if both are `alone`.
        """
        numbers = [one for one in told if is_number(one) and one != self.our_number]
        bsuids = [one for one in told if BSUID.fullmatch(one)]
        contact = next(
            (
                contact
                for contact in self.contacts
                if text(contact, "wa_id") in numbers or text(contact, "user_id") in bsuids
            ),
            self.contacts[0] if alone and len(self.contacts) == 1 else {},
        )
        if is_number(wa_id := text(contact, "wa_id")):
            numbers.insert(0, wa_id)
        if BSUID.fullmatch(user_id := text(contact, "user_id")):
            bsuids.insert(0, user_id)
        number, bsuid = "".join(numbers[:1]), "".join(bsuids[:1])
        found = (
            *identifier("whatsapp", number, "asserted"),
            *identifier("phone", f"+{number}" if len(number) > 6 else "", "asserted"),
            *identifier("bsuid", bsuid, "asserted"),
        )
        return Person(number or bsuid, found, text(contact, "profile", "name"))

    def alone(self, name: str) -> bool:
        return len(rows(self.value, name)) == 1

    def turn_to(self, person: Person, native_type: str) -> Draft:
        """The draft, for an event of this customer in his one endless thread with our number."""
        draft = self.draft
        draft.channel, draft.native_type = "whatsapp", native_type
        draft.identifiers = person.identifiers
        draft.conversation = f"{self.number_id}/{person.key}" if person.key else ""
        return draft


def is_number(value: str) -> bool:
    return value.isascii() and value.isdigit()


def error_words(error: dict[str, Any]) -> str:
    return (text(error, "title") or text(error, "message") or text(error, "code")).rstrip(".")
