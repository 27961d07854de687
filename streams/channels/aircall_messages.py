"""Aircall's text messages, and the cards of its contacts.

Shapes: Aircall's API reference ("Message", "Contact").
"""

from __future__ import annotations

import re
from typing import Any

from schemas.common import Actor
from schemas.events import IdentityLinked, MessagePosted, MessageStatusChanged
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import rows, text
from streams.channels.draft import CUSTOMER, Draft, identifier

_NO_DIGIT = re.compile(r"\D")
_RECEIPTS = {"sent", "delivered", "failed", "read", "queued", "undelivered"}


def read_message(data: dict[str, Any], draft: Draft, what: str, at_ms: int | None) -> Parsed:
    ident = text(data, "id")
    by_whatsapp = "whatsapp" in text(data, "channel").lower()
    draft.channel = "whatsapp" if by_whatsapp else "sms"
    draft.conversation = text(data, "group_conversation_id") or text(data, "conversation_id")
    number = (
        text(data, "external_number")
        or text(data, "raw_digits")
        or text(data, "contact", "phone_number")
    )
    digits = _NO_DIGIT.sub("", number)
    contact = text(data, "contact", "id")
    draft.identifiers = (
        *draft.vendor_id(f"contact/{contact}" if contact else ""),
        *identifier("whatsapp", digits if by_whatsapp else "", "asserted"),
        *identifier("phone", number, "asserted" if by_whatsapp else "network"),
    )
    if not draft.conversation and digits:
        # Written now with spaces, now without: the digits are the same.
        draft.conversation = f"{text(data, 'number', 'id')}/{digits}"
    if not ident or not draft.conversation:
        return malformed("The message has no id, or names neither a conversation nor a number.")
    if what in {"status_updated", "status_changed", "updated"}:
        status = text(data, "status").lower()
        if status not in _RECEIPTS:
            return unknown(f"A message status that we do not know: {status!r}.")
        known = "failed" if status == "undelivered" else status
        key = f"message/{ident}/{known}"
        return Parsed(
            (draft.event(MessageStatusChanged, key, at_ms, message_id=ident, status=known),)
        )
    if what not in {"received", "sent"}:
        return unknown(f"Aircall sends no event {draft.native_type!r} that we know.")
    inbound = what == "received"
    created = times.any_form(data.get("created_at")) or at_ms
    posted = draft.event(
        MessagePosted,
        f"message/{ident}",
        created,
        actor=CUSTOMER if inbound else Actor("agent", text(data, "user", "id") or None),
        message_id=ident,
        direction="inbound" if inbound else "outbound",
        personal={"text": text(data, "body") or "[media]"},
    )
    return Parsed((posted,))


def read_contact(data: dict[str, Any], draft: Draft, what: str, at_ms: int | None) -> Parsed:
    if what == "deleted":
        return ignored("contact.deleted: the card is gone, the person is not.")
    draft.channel = "web"
    phones = [text(row, "value") for row in rows(data, "phone_numbers")]
    emails = [text(row, "value") for row in rows(data, "emails")]
    found = (
        *draft.vendor_id(f"contact/{text(data, 'id')}"),
        *(i for phone in phones for i in identifier("phone", phone, "curated")),
        *(i for email in emails for i in identifier("email", email, "curated")),
    )
    if len(found) < 2:
        return ignored("The contact has neither a number nor an address.")
    values = "/".join(i.value for i in found)
    linked = draft.event(
        IdentityLinked, f"contact/{values}", at_ms, identifiers=found, rel="same", by="contact",
        personal={"name": f"{text(data, 'first_name')} {text(data, 'last_name')}".strip()},
    )  # fmt: skip
    return Parsed((linked,))
