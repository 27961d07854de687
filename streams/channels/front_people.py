"""People of Front's: the customer by the address of his medium, and the company's teammates."""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Identifier, Party
from streams.channels.body import rows, table, text
from streams.channels.draft import Draft, identifier


def customer_of(conversation: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """The recipient's record of the customer: who writes in, or to whom we write."""
    listed = rows(message, "recipients")
    inbound = message.get("is_inbound") is True
    role = "from" if inbound else "to"
    theirs = next((one for one in listed if text(one, "role") == role), {})
    return table(conversation, "recipient") or theirs


def address_of(recipient: dict[str, Any], draft: Draft) -> tuple[Identifier, ...]:
    """The handle is an address of the medium; a mail's sender can be forged, so it is claimed,
    and where Front may not pass it on it is `[REDACTED]`.
    """
    handle, channel = text(recipient, "handle"), draft.channel
    contact = linked(recipient, "contact")
    found = draft.vendor_id(contact)
    if not handle or handle == "[REDACTED]":
        return found
    if "@" in handle and channel not in {"whatsapp", "messenger", "instagram"}:
        return found + identifier("email", handle, "claimed")
    digits = handle.removeprefix("+")
    if digits.isdecimal() and channel in {"sms", "voice", "whatsapp"}:
        own = identifier("whatsapp", digits, "asserted") if channel == "whatsapp" else ()
        trust = "asserted" if channel == "whatsapp" else "network"
        return found + own + identifier("phone", f"+{digits}", trust)  # type: ignore[arg-type]
    if channel in {"messenger", "instagram", "telegram", "social"}:
        return found + identifier(channel, handle, "asserted")
    if handle.startswith("+") and digits.isdecimal():
        return found + identifier("phone", handle, "claimed")
    return found or draft.vendor_id(f"handle/{handle}")


def teammate(person: dict[str, Any]) -> Actor:
    """Rules, applications and AI act as teammates of a type of their own."""
    kind, ident = text(person, "type"), text(person, "id") or None
    if kind in {"", "user", "visitor"}:
        return Actor("agent", ident)
    return Actor("bot" if kind == "ai" else "system", ident)


def party(person: dict[str, Any]) -> Party:
    """Who has the conversation, if this teammate has it."""
    ident = text(person, "id") or None
    return Party(bot=ident) if teammate(person).kind == "bot" else Party(agent=ident)


def linked(value: Any, name: str) -> str:
    """The id at the end of a related link."""
    link = text(value, "_links", "related", name)
    return link.partition("?")[0].rpartition("/")[2]
