"""An event of Front's: what it is about, over which medium, and who did it.

It comes in full or as a preview (ids only), and tells the conversation as it stands then.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Channel
from schemas.events import EventBase
from streams.channels import times
from streams.channels.body import rows, table, text
from streams.channels.draft import SYSTEM, Draft
from streams.channels.front_people import address_of, customer_of, linked, teammate

_CHANNELS: dict[str, Channel] = {
    "call": "voice",
    "email": "email",
    "facebook": "messenger",
    "form": "form",
    "front_chat": "chat",
    "googleplay": "social",
    "instagram": "instagram",
    "intercom": "chat",
    "line": "line",
    "phone-call": "voice",
    "sms": "sms",
    "telegram": "telegram",
    "tweet": "social",
    "tweet_dm": "social",
    "twilio": "sms",
    "twilio_whatsapp": "whatsapp",
    "whatsapp": "whatsapp",
    # Kinds of inboxes.
    "imap": "email",
    "gmail": "email",
    "office365": "email",
    "smtp": "email",
    "talkdesk": "voice",
    "truly": "voice",
    "twitter": "social",
}


class Event:
    """`digest` of the body tells two events apart that have neither an id nor a time."""

    def __init__(self, told: dict[str, Any], kind: str, draft: Draft, digest: str) -> None:
        self.told, self.kind, self.draft = told, kind, draft
        ident = text(told, "id")
        self.conversation = table(told, "conversation") or (
            told if ident.startswith("cnv_") else {}
        )
        self.target = table(told, "target", "data")
        self.message = self._find_message(ident)
        self.at_ms = times.any_form(told.get("emitted_at"))
        draft.conversation = text(self.conversation, "id") or linked(told, "conversation")
        stamp = text(told, "emitted_at") or text(self.conversation, "updated_at") or digest
        self.key = ident if ident.startswith("evt_") else f"{kind}/{draft.conversation}/{stamp}"
        self.inbox = self._find_inbox()
        self.recipient = customer_of(self.conversation, self.message)
        draft.channel = "voice" if kind.startswith("call_") else self._medium()
        draft.identifiers = address_of(self.recipient, draft)

    def _medium(self) -> Channel:
        """The message's, else the inbox's; a `custom` channel is whatever its maker wants."""
        told = [text(self.message, "type"), text(self.inbox, "type")]
        if not any(told):
            told = [text(self.conversation, "last_message", "type")]
        known = [_CHANNELS[medium] for medium in told if medium in _CHANNELS]
        by_mail = not any(told) and "@" in text(self.recipient, "handle")
        return known[0] if known else "email" if by_mail else "messaging"

    def _find_message(self, ident: str) -> dict[str, Any]:
        """The message that the event is about; a preview leaves it out."""
        if ident.startswith("msg_"):
            return self.told
        if "is_inbound" in self.target or text(self.target, "id").startswith("msg_"):
            return self.target
        last = table(self.conversation, "last_message")
        inbound = {"inbound": True, "outbound": False, "out_reply": False}.get(self.kind)
        return last if inbound is not None and last.get("is_inbound") is inbound else {}

    def _find_inbox(self) -> dict[str, Any]:
        """Where it came in, or where it was moved to."""
        for side in ("target", "source"):
            if text(self.told, side, "_meta", "type") in {"inbox", "inboxes"}:
                found = rows(self.told, side, "data") or [table(self.told, side, "data")]
                return found[0]
        return {}

    def one(
        self, cls: type[EventBase], key: str = "", at_ms: int | None = None, /, **fields: Any
    ) -> EventBase:
        """`key`, `at_ms` and `actor` are the event's own if nothing else is said."""
        fields.setdefault("actor", self.actor())
        return self.draft.event(cls, key or self.key, at_ms or self.at_ms, **fields)

    def actor(self) -> Actor:
        """Who did it: a teammate, or a rule, an application, a sync with a mailbox."""
        kind = text(self.told, "source", "_meta", "type")
        person = table(self.told, "source", "data")
        if kind == "teammate" or text(person, "id").startswith("tea_"):
            return teammate(person)
        # What somebody does in his mail program comes by the mailbox's sync.
        return Actor("agent") if kind in {"gmail", "imap"} else SYSTEM
