"""Who stands behind a body of Chatwoot's: the medium, the customer, who wrote.

Whom to believe: the address of the medium (`contact_inbox.source_id`) is the platform's own word.
E-mail, phone and identifier of the contact's card may have been typed by the visitor, so they are
claimed, unless the website has signed him in (`hmac_verified`).
"""

from __future__ import annotations

import re
from typing import Any

from schemas.common import Actor, Channel, Identifier, Trust
from streams.channels.body import dig, table, text
from streams.channels.draft import BOT, CUSTOMER, SYSTEM, Draft, identifier

_CHANNELS: dict[str, Channel] = {
    "Channel::WebWidget": "chat",
    "Channel::Email": "email",
    "Channel::Whatsapp": "whatsapp",
    "Channel::Sms": "sms",
    "Channel::TwilioSms": "sms",
    "Channel::FacebookPage": "messenger",
    "Channel::Instagram": "instagram",
    "Channel::Telegram": "telegram",
    "Channel::Line": "line",
    "Channel::Voice": "voice",
    "Channel::TwitterProfile": "social",
    "Channel::Tiktok": "social",
}
_INSTAGRAM_BY_PAGE = "instagram_direct_message"
"""Instagram connected through a Facebook page: the conversation's channel is the page's."""
BOTS = {"agent_bot", "agentbot", "captain_assistant", "captain::assistant"}
_ADDRESS = re.compile(r"(?:whatsapp:)?\+?(\d{6,15})")
_BRIDGED = re.compile(r"(\d{6,15})(?::\d+)?@(?:s\.whatsapp\.net|c\.us)")
_NO_PERSON = ("@g.us", "@broadcast", "@newsletter")
"""WhatsApp's addresses of groups and lists."""

MESSAGE_TYPES = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}


def describe(conversation: dict[str, Any], draft: Draft) -> None:
    """Channel, conversation and customer from a conversation's object."""
    # Old versions send the display id beside the database's own, newer ones only as `id`.
    draft.conversation = text(conversation, "display_id") or text(conversation, "id")
    inbox = table(conversation, "contact_inbox")
    native = text(conversation, "channel")
    draft.channel = _CHANNELS.get(native, "messaging")
    if text(conversation, "additional_attributes", "type") == _INSTAGRAM_BY_PAGE:
        draft.channel = "instagram"
    address = text(inbox, "source_id")
    if native == "Channel::TwilioSms" and address.startswith("whatsapp:"):
        draft.channel = "whatsapp"
    verified = dig(conversation, "meta", "hmac_verified") is True or (
        inbox.get("hmac_verified") is True
    )
    contact = table(conversation, "meta", "sender")
    draft.identifiers = distinct(
        *draft.vendor_id(text(contact, "id") or text(inbox, "contact_id")),
        *_address(draft.channel, address),
        *card(contact, "curated" if verified else "claimed", "asserted" if verified else "claimed"),
    )


def _address(channel: Channel, address: str) -> tuple[Identifier, ...]:
    """What the medium itself says of the sender."""
    number = found.group(1) if (found := _ADDRESS.fullmatch(address)) else ""
    match channel:
        case "whatsapp" if number:
            return (
                *identifier("whatsapp", number, "asserted"),
                *identifier("phone", f"+{number}", "asserted"),
            )
        case "sms" | "voice" if number:
            return identifier("phone", f"+{number}", "network")
        case "chat":
            return identifier("cookie", address, "asserted")
        case "messenger" | "instagram" | "telegram" | "social":
            return identifier(channel, address, "asserted")
    return ()


def card(contact: dict[str, Any], trust: Trust, account: Trust) -> tuple[Identifier, ...]:
    """The contact's card; `account` is how sure the company's own `identifier` is."""
    return (
        *_account(text(contact, "identifier"), account),
        *identifier("phone", text(contact, "phone_number"), trust),
        *identifier("email", text(contact, "email"), trust),
    )


def _account(ident: str, trust: Trust) -> tuple[Identifier, ...]:
    """The company's own id of the person, unless a bridge to WhatsApp has put the person's address
    there, or a group's, which is nobody's.
    """
    if person := _BRIDGED.fullmatch(ident):
        return identifier("whatsapp", person.group(1), trust)
    return () if ident.endswith(_NO_PERSON) else identifier("user", ident, trust)


def distinct(*found: Identifier) -> tuple[Identifier, ...]:
    """Of equal values the first, which comes from the surer place."""
    first: dict[tuple[str, str], Identifier] = {}
    for one in found:
        first.setdefault((one.kind, one.value), one)
    return tuple(first.values())


def actor_of(body: dict[str, Any], message_type: str) -> Actor:
    sender = table(body, "sender")
    kind = (text(sender, "type") or text(body, "sender_type")).lower()
    ident = text(sender, "id") or text(body, "sender_id") or None
    if message_type == "incoming" or kind == "contact":
        return CUSTOMER
    if kind in BOTS:
        return Actor("bot", ident)
    if kind == "user" or (message_type == "outgoing" and ident):
        return Actor("agent", ident)
    if dig(body, "content_attributes", "external_echo"):
        return Actor("agent")  # typed on the company's own phone
    return BOT if message_type == "outgoing" else SYSTEM
