"""Zendesk's messaging platform (Sunshine Conversations, webhooks v2): one part of Zendesk.

A body holds `events`, each with its own id, `createdAt` and a `type` such as
`conversation:message`.  Who has control of a conversation (an AI agent, the agents' workspace)
stands in its switchboard: that is where a bot hands over to people.
Shapes: developer.zendesk.com, conversations, webhooks.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Channel, Identifier, Party, Ref
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
    TransferReported,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.body import dig, rows, table, text
from streams.channels.draft import BOT, CUSTOMER, SYSTEM, Draft, identifier

_CHANNELS: dict[str, Channel] = {
    "web": "chat",
    "ios": "app",
    "android": "app",
    "unity": "app",
    "whatsapp": "whatsapp",
    "messenger": "messenger",
    "instagram": "instagram",
    "telegram": "telegram",
    "line": "line",
    "viber": "viber",
    "twilio": "sms",
    "messagebird": "sms",
    "mailgun": "email",
    "twitter": "social",
    "slackconnect": "slack",
    "googlercs": "rcs",
}
_DELIVERIES = {"channel": "sent", "user": "delivered", "failure": "failed"}
_WITHOUT_MEANING = {
    "conversation:typing",
    "conversation:read",
    "conversation:leave",
    "client:remove",
    "user:remove",
}
_WORKSPACE = "zd:agentWorkspace"


def is_conversation_webhook(body: dict[str, Any]) -> bool:
    return isinstance(body.get("events"), list) and "app" in body


def read_conversations(body: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    """Of all events in the body; of a part that cannot be read the reason."""
    events: dict[str, EventBase] = {}
    strange: list[str] = []
    ignored: list[str] = []
    for row in rows(body, "events"):
        kind = text(row, "type")
        if kind in _WITHOUT_MEANING:
            ignored.append(f"{kind}: nothing that a journey depends on.")
            continue
        found = _Event(row, request, source).events()
        if found is None:
            strange.append(f"{kind or 'An event without a type'}: not a shape that we know.")
        elif not found:
            ignored.append(f"{kind}: nothing by which the person could be recognised elsewhere.")
        else:
            events |= {event.id: event for event in found}
    if strange:
        code = "partial" if events else "unknown_type"
        return Parsed(tuple(events.values()), " ".join(dict.fromkeys(strange)), code)
    if events:
        return Parsed(tuple(events.values()))
    return Parsed(reason=" ".join(dict.fromkeys(ignored)) or "No events.", code="ignored")


class _Event:
    def __init__(self, row: dict[str, Any], request: Request, source: SourceConfig) -> None:
        self._kind = text(row, "type")
        self._key = text(row, "id")
        self._at_ms = times.iso(row.get("createdAt"))
        self._payload = table(row, "payload")
        self._draft = Draft(request, source, self._kind)
        message = table(self._payload, "message")
        told = (
            table(message, "source"),
            table(self._payload, "source"),
            table(self._payload, "client"),
            table(self._payload, "destination"),
        )
        native = next((kind for part in told if (kind := text(part, "type")) in _CHANNELS), "")
        self._draft.channel = _CHANNELS.get(native, "messaging")
        self._draft.conversation = text(self._payload, "conversation", "id")
        self._user = table(self._payload, "user") or table(message, "author", "user")
        client = table(self._payload, "client") or table(message, "source", "client")
        user_id = text(self._user, "id") or text(message, "author", "userId")
        # Once the two are linked: the same person as the requester of tickets.
        requester = text(self._user, "zendeskId")
        self._draft.identifiers = (
            *self._draft.vendor_id(f"user/{user_id}" if user_id else ""),
            *self._draft.vendor_id(f"user/{requester}" if requester else ""),
            *_known_as(self._user, client),
        )

    def events(self) -> list[EventBase] | None:
        """None when the type or the shape is not known."""
        room, _, what = self._kind.partition(":")
        if not self._key:
            return None
        if room in {"user", "client"}:
            return self._merged() if what == "merge" else self._linked()
        if not self._draft.conversation:
            return None
        if room == "switchboard":
            return self._switchboard(what)
        if what.startswith("message:delivery:"):
            return self._delivered(what.rpartition(":")[2])
        match what:
            case "message":
                return self._message()
            case "create":
                return self._opened()
            case "join":
                return self._linked()
            case "postback" | "referral":
                return [
                    self._one(
                        SelfserviceStepped,
                        actor=CUSTOMER,
                        resource=what,
                        step=text(self._payload, "postback", "payload") or what,
                        outcome="progressed" if what == "postback" else "started",
                    )
                ]
            case "remove":
                return [self._one(ConversationUpdated, status="deleted")]
        return None

    def _one(self, cls: type[EventBase], suffix: str = "", /, **fields: Any) -> EventBase:
        return self._draft.event(cls, f"{self._key}{suffix}", self._at_ms, **fields)

    def _message(self) -> list[EventBase] | None:
        message = table(self._payload, "message")
        ident, author = text(message, "id"), table(message, "author")
        if not ident or text(author, "type") not in {"user", "business"}:
            return None
        by_customer = text(author, "type") == "user"
        content = table(message, "content")
        kind = text(content, "type")
        carried = text(message, "source", "originalMessageId")  # the medium's own id of it
        return [
            # A ticket's webhook may tell the same line: the message's id is the key of both.
            self._draft.event(
                MessagePosted,
                f"message/{ident}",
                times.iso(message.get("received")) or self._at_ms,
                actor=CUSTOMER if by_customer else self._ours(message, author),
                identifiers=self._draft.identifiers if by_customer else (),
                message_id=ident,
                direction="inbound" if by_customer else "outbound",
                refs=(Ref("twin", carried),) if carried else (),
                personal={
                    "text": text(content, "text") or (f"[{kind}]" if kind else ""),
                    "name": text(author, "displayName") if by_customer else "",
                },
            )
        ]

    def _ours(self, message: dict[str, Any], author: dict[str, Any]) -> Actor:
        """The business: an agent writes in the workspace, anything else is a machine."""
        subtypes = author.get("subtypes")
        by_machine = isinstance(subtypes, list) and "AI" in subtypes
        source = text(message, "source", "type")
        holder = text(
            self._payload, "conversation", "activeSwitchboardIntegration", "integrationType"
        )
        in_workspace = source == _WORKSPACE or (
            not source.startswith("zd:") and holder == _WORKSPACE
        )
        if by_machine or not in_workspace:
            return BOT
        return Actor("agent", text(author, "userId") or None)

    def _opened(self) -> list[EventBase]:
        reason = text(self._payload, "creationReason")
        ours = reason in {"proactiveMessaging", "notification", "api"}
        return [
            self._one(
                ConversationOpened,
                actor=SYSTEM if ours else CUSTOMER,
                initiated_by="system" if ours else "customer",
                direction="outbound" if ours else "inbound",
            )
        ]

    def _delivered(self, how: str) -> list[EventBase] | None:
        ident = text(self._payload, "message", "id")
        if how not in _DELIVERIES or not ident:
            return None
        error = table(self._payload, "error")
        return [
            self._one(
                MessageStatusChanged,
                message_id=ident,
                status=_DELIVERIES[how],
                reason=text(error, "message") or text(error, "code") or None,
            )
        ]

    def _switchboard(self, what: str) -> list[EventBase] | None:
        """Offered → accepted, or passed at once; released: nobody has it."""
        act, _, failed = what.partition(":")
        if act not in {"passControl", "acceptControl", "offerControl", "releaseControl"}:
            return None
        named = "pending" if act == "offerControl" else "active"
        holder = table(self._payload, "conversation", f"{named}SwitchboardIntegration") or table(
            self._payload, f"{named}SwitchboardIntegration"
        )
        to = _party(holder)
        if failed:
            return [self._one(TransferReported, kind="unknown", phase="failed", to=to)]
        if act == "offerControl":
            return [self._one(TransferReported, kind="unknown", phase="started", to=to)]
        if act == "releaseControl":
            return [self._one(AssignmentChanged, to=Party())]
        return [
            self._one(AssignmentChanged, to=to),
            self._one(ConversationUpdated, "/status", status="open" if to.app else "pending_bot"),
        ]

    def _linked(self) -> list[EventBase]:
        if len(self._draft.identifiers) < 2:
            return []
        name = (text(self._user, "profile", "givenName"), text(self._user, "profile", "surname"))
        return [
            self._one(
                IdentityLinked,
                rel="same",
                by="vendor",
                personal={"name": " ".join(filter(None, name))},
            )
        ]

    def _merged(self) -> list[EventBase]:
        pair = table(self._payload, "mergedUsers")
        found: tuple[Identifier, ...] = ()
        for which in ("surviving", "discarded"):
            user_id = text(pair, which, "id")
            found += self._draft.vendor_id(f"user/{user_id}" if user_id else "")
        if len(found) < 2:
            return []
        return [self._one(IdentityLinked, identifiers=found, rel="merged", by="vendor")]


def _party(holder: dict[str, Any]) -> Party:
    """The agents' workspace is an app in which people work; the other integrations are bots."""
    name = text(holder, "name") or text(holder, "id") or None
    in_workspace = text(holder, "integrationType") == _WORKSPACE
    return Party(app=name) if in_workspace else Party(bot=name)


def _known_as(user: dict[str, Any], client: dict[str, Any]) -> tuple[Identifier, ...]:
    """`externalId` comes with a signed login; a client's is the platform's own id."""
    outside, kind = text(client, "externalId"), text(client, "type")
    number = outside.lstrip("+")
    found = identifier("user", text(user, "externalId"), "asserted")
    if kind == "whatsapp" and number.isascii() and number.isdigit():
        found += identifier("whatsapp", number, "asserted")
        found += identifier("phone", f"+{number}", "asserted")
    elif kind == "messenger":
        found += identifier("messenger", outside, "asserted")
    elif kind == "instagram":
        found += identifier("instagram", outside, "asserted")
    elif kind == "telegram":
        found += identifier("telegram", outside, "asserted")
    for one in rows(user, "identities"):
        if text(one, "type") == "email":
            found += identifier("email", text(one, "value"), "claimed")
    email = text(dig(user, "profile"), "email")
    return found + identifier("email", email, "claimed")
