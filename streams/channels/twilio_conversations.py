"""Twilio Conversations: threads with several participants, over any medium.

Only what has happened counts (`on…Added`, `on…Updated`, `on…Removed`); `on…Add` and its like ask
for leave beforehand.  The names of Programmable Chat (channels, members) mean the same.
A body says who wrote, and not whose side he is on: an address is a customer's; an identity is a
customer's too, unless option `agents` or Flex's spelling of staff names says otherwise.
Dedupe: kind, object, and for a change its `DateUpdated`; `RetryCount` is no part of it.
Source: Twilio's documentation, "Conversations webhooks".
"""

from __future__ import annotations

from typing import Any

import orjson

from schemas.common import Actor, Channel, Party, Ref
from schemas.events import (
    AgentDisconnected,
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    MessageStatusChanged,
    Status,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, malformed, unknown
from streams.channels.body import count, rows, text
from streams.channels.draft import BOT, CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.twilio_messages import RECEIPTS, Form
from streams.channels.twilio_people import address, is_agent, person

_CHAT_NAMES = {
    "onMessageSent": "onMessageAdded",
    "onMessageSend": "onMessageAdd",
    "onChannelAdded": "onConversationAdded",
    "onChannelUpdated": "onConversationUpdated",
    "onChannelDestroyed": "onConversationRemoved",
    "onMemberAdded": "onParticipantAdded",
    "onMemberUpdated": "onParticipantUpdated",
    "onMemberRemoved": "onParticipantRemoved",
}
_STATES: dict[str, Status] = {"active": "open", "inactive": "on_hold", "closed": "closed"}
_SOURCES: dict[str, Channel] = {
    "SMS": "sms",
    "MMS": "sms",
    "WHATSAPP": "whatsapp",
    "MESSENGER": "messenger",
    "FACEBOOK": "messenger",
    "EMAIL": "email",
}
_BEFOREHAND = ("Add", "Update", "Remove", "Send", "Destroy")
_SYSTEM_AUTHORS = {"system", "bot", "flex_bot", "studio"}


def read_conversations(form: Form, request: Request, source: SourceConfig) -> Parsed:
    """Option `channel`: the customer's medium where a body does not tell it (default chat)."""
    named = form.get("EventType", "")
    kind = _CHAT_NAMES.get(named, named)
    if kind.endswith(_BEFOREHAND):
        return ignored(f"{named}: asked before it happens; that it did is told afterwards.")
    makers = {
        "onMessageAdded": _Thread.message_added,
        "onMessageUpdated": _Thread.message_changed,
        "onMessageRemoved": _Thread.message_changed,
        "onDeliveryUpdated": _Thread.delivery_updated,
        "onConversationAdded": _Thread.opened,
        "onConversationStateUpdated": _Thread.state_updated,
        "onConversationUpdated": _Thread.state_updated,
        "onConversationRemoved": _Thread.removed,
        "onParticipantAdded": _Thread.joined,
        "onParticipantRemoved": _Thread.left,
    }
    if kind in makers:
        return makers[kind](_Thread(kind, form, request, source))
    if kind in {"onParticipantUpdated", "onUserAdded", "onUserUpdated", "onUserUpdate"}:
        return ignored(f"{kind}: changes nothing that a journey depends on.")
    return unknown(f"Twilio Conversations sends no event {named!r} that we know.")


class _Thread:
    def __init__(self, kind: str, form: Form, request: Request, source: SourceConfig) -> None:
        self._form = form
        self._kind = kind
        self._source = source
        self._draft = draft = Draft(request, source, kind)
        draft.conversation = form.get("ConversationSid") or form.get("ChannelSid") or ""
        self._author = form.get("Author") or form.get("From") or form.get("ClientIdentity") or ""
        bound = form.get("MessagingBinding.Address") or form.get("MessagingBinding.AuthorAddress")
        self._address = address(bound or self._author)
        draft.channel = self._channel()
        if self._has_address:
            customer = self._address._replace(channel=draft.channel)
            draft.identifiers = person(customer, source.name)
        added, changed = form.get("DateCreated"), form.get("DateUpdated")
        if kind.endswith("Added"):
            changed = None
        self._stamp = form.get("StateUpdated") or form.get("DateRemoved") or changed or added or ""
        self._at_ms = times.any_form(self._stamp)

    @property
    def _has_address(self) -> bool:
        return self._address.is_number or bool(self._address.native)

    def _channel(self) -> Channel:
        form = self._form
        kind = form.get("MessagingBinding.Type") or form.get("Source", "")
        if (told := _SOURCES.get(kind.upper())) and not self._address.native:
            return told
        if self._has_address:
            return self._address.channel
        option = self._source.options.get("channel", "")
        known: dict[str, Channel] = {
            "sms": "sms", "whatsapp": "whatsapp", "messenger": "messenger", "email": "email"
        }  # fmt: skip
        return known.get(option, "chat")

    def _one(self, cls: type[EventBase], key: str, /, **fields: Any) -> Parsed:
        if not self._draft.conversation and not self._draft.identifiers:
            return malformed("The event names no conversation.")
        return Parsed((self._draft.event(cls, f"{self._kind}/{key}", self._at_ms, **fields),))

    # Messages -------------------------------------------------------------------------------

    def _who(self) -> Actor:
        identity = self._form.get("ClientIdentity") or self._author
        origin = self._form.get("Source", "").upper()
        if self._has_address:
            return CUSTOMER
        if is_agent(identity, self._source) or is_agent(self._author, self._source):
            return Actor("agent", self._author or identity)
        role = self._form.get("ParticipantRole", "").lower()
        if identity and role in {"agent", "admin"}:
            return Actor("agent", identity)
        if origin == "API" or not identity or self._author.lower() in _SYSTEM_AUTHORS:
            return BOT
        return CUSTOMER

    def message_added(self) -> Parsed:
        form, draft = self._form, self._draft
        ident = form.get("MessageSid", "")
        if not ident:
            return malformed("The message has no id.")
        if not self._author and not self._has_address:
            return malformed("The message does not say who wrote it.")
        actor = self._who()
        if actor == CUSTOMER and not draft.identifiers:
            draft.identifiers = identifier(
                "user", form.get("ClientIdentity") or self._author, "asserted"
            )
        return self._one(
            MessagePosted,
            ident,
            actor=actor,
            message_id=ident,
            direction="inbound" if actor == CUSTOMER else "outbound",
            sequence=count(form.get("Index", "")),
            personal={
                "text": form.get("Body") or form.get("MessageBody") or _media(form),
                "subject": form.get("Subject") or form.get("MessageSubject") or "",
            },
        )

    def message_changed(self) -> Parsed:
        ident = self._form.get("MessageSid", "")
        if not ident:
            return malformed("The message has no id.")
        status = "edited" if self._kind == "onMessageUpdated" else "deleted"
        return self._one(
            MessageStatusChanged, f"{ident}/{self._stamp}", message_id=ident, status=status
        )

    def delivery_updated(self) -> Parsed:
        """A receipt for one participant."""
        form = self._form
        ident = form.get("MessageSid", "")
        told = form.get("Status", "").lower()
        if told not in RECEIPTS:
            return unknown(f"A delivery status that we do not know: {told!r}.")
        if not ident:
            return malformed("The receipt names no message.")
        native = form.get("ChannelMessageSid", "")
        code = form.get("ErrorCode", "")
        return self._one(
            MessageStatusChanged,
            f"{ident}/{form.get('ParticipantSid', '')}/{told}",
            message_id=ident,
            status=RECEIPTS[told],
            reason=code if code not in {"", "0"} else None,
            refs=(Ref("twin", native),) if native else (),
        )

    # Conversations --------------------------------------------------------------------------

    def opened(self) -> Parsed:
        """By a customer's first message, by a widget, or by a program of the company's."""
        actor = self._who()
        by_customer = self._has_address or actor == CUSTOMER
        by_agent = actor.kind == "agent"
        return self._one(
            ConversationOpened,
            self._draft.conversation,
            actor=CUSTOMER if by_customer else actor if by_agent else SYSTEM,
            initiated_by="customer" if by_customer else "agent" if by_agent else "system",
            direction="outbound" if by_agent and not by_customer else "inbound",
        )

    def state_updated(self) -> Parsed:
        told = self._form.get("StateTo") or (
            self._form.get("State", "") if self._kind == "onConversationStateUpdated" else ""
        )
        if not told:
            return ignored(f"{self._kind}: its state stands as it stood.")
        if told not in _STATES:
            return unknown(f"A conversation's state that we do not know: {told!r}.")
        key = f"{self._draft.conversation}/{told}/{self._stamp}"
        return self._one(ConversationUpdated, key, status=_STATES[told])

    def removed(self) -> Parsed:
        return self._one(ConversationUpdated, self._draft.conversation, status="deleted")

    # Participants ---------------------------------------------------------------------------

    def _participant(self) -> str:
        """The agent who takes part; empty for a customer.  Without option `agents` whoever has an
        identity and no address of his own counts as one.
        """
        identity = self._form.get("Identity", "")
        if not identity or self._form.get("MessagingBinding.Address"):
            return ""
        known = bool(self._source.options.get("agents"))
        return identity if is_agent(identity, self._source) or not known else ""

    def joined(self) -> Parsed:
        if not (agent := self._participant()):
            return ignored("A customer takes part; what he says comes by itself.")
        key = self._form.get("ParticipantSid") or agent
        return self._one(AssignmentChanged, key, to=Party(agent=agent))

    def left(self) -> Parsed:
        if not (agent := self._participant()):
            return ignored("A customer has left; the conversation's state comes by itself.")
        key = self._form.get("ParticipantSid") or agent
        actor = Actor("agent", agent)
        return self._one(AgentDisconnected, key, actor=actor, agent=agent, reason="left")


def _media(form: Form) -> str:
    """What a message without words brings; `Media` is a list as JSON."""
    try:
        found = orjson.loads(form.get("Media") or "[]")
    except orjson.JSONDecodeError:
        found = []
    kinds = [text(item, "ContentType") or text(item, "content_type") for item in rows(found)]
    return f"[{', '.join(filter(None, kinds)) or 'media'}]"
