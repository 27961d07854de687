"""HubSpot Conversations: a list of events a body, each of which only names what happened.

Of a new message HubSpot tells the id.  Who wrote what is known once somebody has asked for it:
`relay.py` does, before the gateway, and puts HubSpot's answer beside the event, as `message`.  So
the log holds what was asked, and folding it anew asks nobody.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Channel, Identifier, IdentifierKind, Party
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    MessagePosted,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    malformed,
    together,
    unknown,
)
from streams.channels.body import plain, read_json, rows, table, text
from streams.channels.draft import BOT, CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, base64_hmac, fresh

_CHANNELS: dict[str, Channel] = {"1000": "chat", "1001": "messenger", "1002": "email"}
_IDENTIFIERS: dict[str, IdentifierKind] = {"HS_EMAIL_ADDRESS": "email", "HS_PHONE_NUMBER": "phone"}


def signed(method: str, url: str, body: bytes, stamp: str) -> bytes:
    """What version 3 of HubSpot's signature covers."""
    return f"{method}{url}".encode() + body + stamp.encode()


class HubSpot(Adapter):
    vendor = "hubspot"
    title = "HubSpot Conversations"
    options = ()
    about = About(
        gives=("messages", "states", "agents", "bots", "transfers"),
        identities={"phone": ("claimed",), "email": ("claimed",), "vendor": ("asserted",)},
        transfer="conversation.propertyChange of assignedTo",
        lacks="who closed it, teams, queues, receipts; without the relay every message",
        retries="up to 10 times within a day, with the same eventId",
    )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        stamp = request.headers.get("x-hubspot-request-timestamp", "")
        message = signed(request.method, request.url, request.body, stamp)
        return any_secret(
            source,
            request.headers.get("x-hubspot-signature-v3"),
            lambda key: base64_hmac(key, message),
            "X-HubSpot-Signature-v3",
        ) or fresh(request, times.milliseconds(stamp), "X-HubSpot-Request-Timestamp")

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_json(request.body)
        if not isinstance(body, list):
            return malformed("HubSpot sends a list of events.")
        return together((_one(request, source, row) for row in body), "The list is empty.")


def _one(request: Request, source: SourceConfig, row: Any) -> Parsed:
    kind, thread = text(row, "subscriptionType"), text(row, "objectId")
    if not kind.startswith("conversation."):
        return ignored(f"{kind or 'An item'} is not about a conversation.")
    if not thread:
        return malformed(f"{kind} names no conversation.")
    draft = Draft(request, source, kind, "messaging", thread)
    if kind == "conversation.newMessage":
        return _message(draft, row, table(row, "message"))
    event = _change(draft, row, kind)
    return Parsed((event,)) if event else ignored(f"{kind} tells nothing of a need.")


def _change(draft: Draft, row: dict[str, Any], kind: str) -> EventBase | None:
    """The eventId is the same in each retry."""
    key, at_ms = f"event/{text(row, 'eventId')}", times.milliseconds(row.get("occurredAt"))
    value = text(row, "propertyValue")
    match kind, text(row, "propertyName"):
        case "conversation.creation", _:
            return draft.event(
                ConversationOpened, key, at_ms, initiated_by="system", direction="inbound"
            )
        case "conversation.propertyChange", "assignedTo":
            return draft.event(AssignmentChanged, key, at_ms, to=Party(agent=value or None))
        case "conversation.propertyChange", "status" if value in {"OPEN", "CLOSED"}:
            status = "resolved" if value == "CLOSED" else "open"
            return draft.event(ConversationUpdated, key, at_ms, status=status)
        case "conversation.deletion" | "conversation.privacyDeletion", _:
            return draft.event(ConversationUpdated, key, at_ms, status="deleted")
    return None


def _message(draft: Draft, row: dict[str, Any], message: dict[str, Any]) -> Parsed:
    if not message:
        return unknown("HubSpot names a message and does not tell it: put relay.py before us.")
    ident, direction = text(message, "id"), text(message, "direction")
    internal = text(message, "type") == "COMMENT"
    if not ident or (direction not in {"INCOMING", "OUTGOING"} and not internal):
        return unknown("The message does not say whose it is.")
    inbound = direction == "INCOMING" and not internal
    draft.channel = _CHANNELS.get(text(message, "channelId"), "messaging")
    draft.identifiers = tuple(_people(draft, message, "senders" if inbound else "recipients"))
    welcome = text(row, "messageType") == "WELCOME_MESSAGE"
    event = draft.event(
        MessagePosted,
        f"message/{ident}",
        times.iso(message.get("createdAt")) or times.milliseconds(row.get("occurredAt")),
        actor=CUSTOMER if inbound else _ours(text(message, "createdBy")),
        message_id=ident,
        direction="inbound" if inbound else "outbound",
        visibility="internal" if internal else "public",
        automated="greeting" if welcome else "no",
        personal={"text": text(message, "text") or plain(text(message, "richText"))},
    )
    return Parsed((event,))


def _ours(actor: str) -> Actor:
    """`A-` an agent, `B-` a bot; what an integration or HubSpot itself did is the system's."""
    match actor[:2]:
        case "A-":
            return Actor("agent", actor)
        case "B-":
            return BOT
    return SYSTEM


def _people(draft: Draft, message: dict[str, Any], side: str) -> list[Identifier]:
    """A visitor (`V-`) is a contact of HubSpot's; addresses are what a mail or form says."""
    found: list[Identifier] = []
    for person in rows(message, side):
        if text(person, "actorId").startswith("V-"):
            found += draft.vendor_id(text(person, "actorId"))
        kind = _IDENTIFIERS.get(text(person, "deliveryIdentifier", "type"))
        if kind and not text(person, "actorId").startswith("A-"):
            found += identifier(kind, text(person, "deliveryIdentifier", "value"), "claimed")
    return found
