"""Front webhooks: an event of a conversation, sent by a rule or by an application.

A rule sends the event itself, or a preview of it (ids only); an application sends
`{type, authorization, payload}` with the event, now and then only its message or conversation, as
`payload`, and its own names for the same types.  A rule's request is signed with base64 of
HMAC-SHA1 over the body, an application's with HMAC-SHA256 over `{timestamp}:{body}`; the
application's URL is tried with `x-front-challenge`.  Both may be configured at once.

An event has an id; a message, a comment have theirs, so that a `mention` and its `comment`, or a
rule and an application, count once.  Times are seconds with a fraction.  An event tells the
conversation as it stands then, so a change of assignee does not say who had it before.
Sources: dev.frontapp.com, "Rule webhooks", "Application webhooks", "Events", "Messages", and its
OpenAPI schema of events (types of calls, kinds of teammates and of sources).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from schemas.common import Actor, Channel, ConversationRef, Identifier, Party, Ref
from schemas.events import (
    AgentConnected,
    AgentOffered,
    AssignmentChanged,
    ContactEnded,
    ContactHeld,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    MessagePosted,
    MessageStatusChanged,
    QueueEntered,
    Status,
    TransferReported,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Reply,
    Request,
    SourceConfig,
    ignored,
    malformed,
    unknown,
)
from streams.channels.body import dig, number, plain, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, base64_hmac, digest_hex, fresh

_NAMES = {
    "inbound_received": "inbound",
    "outbound_sent": "outbound",
    "message_delivery_failed": "sending_error",
    "conversation_moved": "move",
    "conversation_archived": "archive",
    "conversation_reopened": "reopen",
    "conversation_deleted": "trash",
    "conversation_restored": "restore",
    "conversation_snoozed": "snooze",
    "conversation_snooze_expired": "reminder",
    "conversation_assigned": "assign",
    "conversation_unassigned": "unassign",
    "conversation_trashed": "trash",
    "new_comment_added": "comment",
    "assignee_changed": "assign",
    "tag_added": "tag",
    "tag_removed": "untag",
    "outbound_reply": "out_reply",
    "message_autoreply": "message",
}
"""An application's names, and older ones, for the types of events."""

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
_STATUSES: dict[str, Status] = {
    "archive": "closed",
    "reopen": "open",
    "reminder": "open",
    "restore": "open",
    "snooze": "snoozed",
    "trash": "deleted",
}
_CATEGORIES: dict[str, Status] = {
    "open": "open",
    "waiting": "on_hold",
    "resolved": "resolved",
    "archived": "closed",
    "assigned": "open",
    "unassigned": "open",
    "deleted": "deleted",
    "snoozed": "snoozed",
}
"""A ticket's category of status; without ticketing a conversation's own status."""

_SURVEYS = {"csat", "smart_csat"}
_SCORE = re.compile(r"\b(\d{1,2})\s*(?:/|out of)\s*(\d{1,2})\b")
_NO_MATTER = {
    "call_transcript_added": "the transcript can be fetched; the call itself is told.",
    "call_voicemail_transcript_added": "the transcript can be fetched.",
    "custom_field_updated": "a field of your own was changed.",
    "link_added": "a link to another system was added.",
    "link_removed": "a link to another system was removed.",
    "macro_triggered": "what a macro did has events of its own.",
    "message_imported": "an old message was copied into Front.",
    "sync": "Front tries whether the URL answers.",
}


class Front(Adapter):
    vendor = "front"
    title = "Front"
    about = About(
        gives=("messages", "receipts", "states", "ends", "queue", "agents", "transfers", "ratings"),
        identities={
            "phone": ("asserted", "network", "claimed"),
            "email": ("claimed",),
            "whatsapp": ("asserted",),
            "messenger": ("asserted",),
            "instagram": ("asserted",),
            "telegram": ("asserted",),
            "vendor": ("asserted",),
        },
        transfer="assign, unassign, move, call_transferred",
        lacks="who had a conversation before, read receipts",
        retries="application: 3 times after 408, 429, 5xx or 5 s; rule: none; the same event id",
    )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        given = request.headers.get("x-front-signature")
        stamp = request.headers.get("x-front-request-timestamp")
        if stamp is None:  # a rule's
            return any_secret(
                source,
                given,
                lambda key: base64_hmac(key, request.body, "sha1"),
                "X-Front-Signature",
            )
        message = stamp.encode() + b":" + request.body
        return any_secret(
            source, given, lambda key: base64_hmac(key, message), "X-Front-Signature"
        ) or fresh(request, times.any_form(stamp), "X-Front-Request-Timestamp")

    def handshake(self, request: Request, source: SourceConfig) -> Reply | None:
        """A challenge is signed like any other request, and goes back as it came."""
        challenge = request.headers.get("x-front-challenge")
        if challenge is None or self.verify(request, source) is not None:
            return None
        return Reply(200, challenge.encode("utf-8", "replace"))

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        outer = text(body, "type")
        payload = table(body, "payload")
        event = payload or body
        kind = text(event, "type") if text(event, "id").startswith("evt_") else outer
        kind = _NAMES.get(kind, kind)
        if kind in _NO_MATTER:
            return ignored(f"{kind}: {_NO_MATTER[kind]}")
        draft = Draft(request, source, outer or kind)
        return _Event(event, kind, draft, digest_hex(request.body)).parsed()


class _Event:
    """`digest` of the body tells two events apart that have neither an id nor a time."""

    def __init__(self, event: dict[str, Any], kind: str, draft: Draft, digest: str) -> None:
        self._event, self._kind, self._draft = event, kind, draft
        ident = text(event, "id")
        self._conversation = table(event, "conversation") or (
            event if ident.startswith("cnv_") else {}
        )
        self._target = dig(event, "target", "data")
        self._message = self._find_message(ident)
        self._at_ms = times.any_form(event.get("emitted_at"))
        draft.conversation = text(self._conversation, "id") or _linked(event, "conversation")
        stamp = text(event, "emitted_at") or text(self._conversation, "updated_at") or digest
        self._key = ident if ident.startswith("evt_") else f"{kind}/{draft.conversation}/{stamp}"
        self._inbox = self._find_inbox()
        self._recipient = self._find_recipient()
        draft.channel = "voice" if kind.startswith("call_") else self._medium()
        draft.identifiers = self._who()

    def _medium(self) -> Channel:
        """The message's, else the inbox's; a `custom` channel is whatever its maker wants."""
        told = [text(self._message, "type"), text(self._inbox, "type")]
        if not any(told):
            told = [text(self._conversation, "last_message", "type")]
        known = [_CHANNELS[medium] for medium in told if medium in _CHANNELS]
        by_mail = not any(told) and "@" in text(self._recipient, "handle")
        return known[0] if known else "email" if by_mail else "messaging"

    def _find_message(self, ident: str) -> dict[str, Any]:
        """The message that the event is about; a preview leaves it out."""
        if ident.startswith("msg_"):
            return self._event
        target = self._target if isinstance(self._target, dict) else {}
        if "is_inbound" in target or text(target, "id").startswith("msg_"):
            return target
        last = table(self._conversation, "last_message")
        inbound = {"inbound": True, "outbound": False, "out_reply": False}.get(self._kind)
        return last if inbound is not None and last.get("is_inbound") is inbound else {}

    def _find_inbox(self) -> dict[str, Any]:
        """Where it came in, or where it was moved to."""
        for side in ("target", "source"):
            if text(self._event, side, "_meta", "type") in {"inbox", "inboxes"}:
                found = rows(self._event, side, "data") or [table(self._event, side, "data")]
                return found[0]
        return {}

    def _find_recipient(self) -> dict[str, Any]:
        """The customer: who writes in, or to whom we write."""
        listed = rows(self._message, "recipients")
        inbound = self._message.get("is_inbound") is True
        role = "from" if inbound else "to"
        theirs = next((one for one in listed if text(one, "role") == role), {})
        return table(self._conversation, "recipient") or theirs

    def _who(self) -> tuple[Identifier, ...]:
        """The handle is an address of the medium; a mail's sender can be forged, so it is claimed,
        and where Front may not pass it on it is `[REDACTED]`.
        """
        handle, channel = text(self._recipient, "handle"), self._draft.channel
        contact = _linked(self._recipient, "contact")
        found = self._draft.vendor_id(contact)
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
        return found or self._draft.vendor_id(f"handle/{handle}")

    def parsed(self) -> Parsed:
        makers: dict[str, Callable[[], Iterator[EventBase]]] = {
            "inbound": self._said,
            "outbound": self._said,
            "out_reply": self._said,
            "message": self._said,
            "forward": self._said,
            "comment": self._commented,
            "mention": self._commented,
            "assign": self._assigned,
            "unassign": self._assigned,
            "move": self._moved,
            "tag": self._tagged,
            "untag": self._tagged,
            "sending_error": self._failed,
            "message_bounce_error": self._failed,
            "conversations_merged": self._merged,
            "ticket_status_update": self._ticket,
            "topic_identified": self._topic,
            "call_started": self._call_started,
            "call_queued": self._call_queued,
            "call_connected": self._call_connected,
            "call_missed": self._call_missed,
            "call_abandoned": self._call_ended,
            "call_hangup": self._call_ended,
            "call_on_hold": self._call_held,
            "call_parked": self._call_held,
            "call_resumed": self._call_held,
            "call_transferred": self._call_transferred,
        }
        maker = self._changed if self._kind in _STATUSES else makers.get(self._kind)
        if maker is None:
            return unknown(f"Front sends no event {self._kind!r} that we know.")
        if text(self._conversation, "type") in {"discussion", "task"}:
            return ignored(f"{self._kind}: among colleagues, no customer is in it.")
        if not self._draft.conversation:
            return malformed(f"{self._kind}: it is not said which conversation.")
        events = tuple(maker())
        if not events:
            return ignored(
                f"{self._kind}: it does not tell what a journey needs; a rule should send the full "
                "event, not a preview."
            )
        return Parsed(events)

    def _one(
        self, cls: type[EventBase], key: str = "", at_ms: int | None = None, /, **fields: Any
    ) -> EventBase:
        fields.setdefault("actor", self._actor())
        return self._draft.event(cls, key or self._key, at_ms or self._at_ms, **fields)

    def _actor(self) -> Actor:
        """Who did it: a teammate, or a rule, an application, a sync with a mailbox."""
        kind = text(self._event, "source", "_meta", "type")
        person = table(self._event, "source", "data")
        if kind == "teammate" or text(person, "id").startswith("tea_"):
            return _teammate(person)
        # What somebody does in his mail program comes by the mailbox's sync.
        return Actor("agent") if kind in {"gmail", "imap"} else SYSTEM

    # Messages ---------------------------------------------------------------------------------

    def _said(self) -> Iterator[EventBase]:
        message = self._message
        told = message.get("is_inbound")
        inbound = told if isinstance(told, bool) else self._kind == "inbound"
        if message.get("is_draft") is True:
            return
        ident = text(message, "id") or self._key
        author = table(message, "author")
        source = self._actor()
        if inbound:
            actor = CUSTOMER
        elif author:
            actor = _teammate(author)
        else:
            actor = source if source != SYSTEM else Actor("agent")
        replied = _linked(message, "message_replied_to")
        forwarded = self._kind == "forward"  # to somebody else
        yield self._one(
            MessagePosted,
            f"message/{ident}",
            times.any_form(message.get("created_at")),
            actor=actor,
            message_id=ident,
            direction="inbound" if inbound else "outbound",
            visibility="internal" if forwarded else "public",
            automated="auto_reply"
            if text(author, "type") == "rule" or "autoreply" in self._draft.native_type
            else "campaign"
            if text(author, "type") == "bulk_reply"
            else "no",
            in_reply_to=replied or None,
            refs=(Ref("in_reply_to", replied),) if replied else (),
            personal={
                "text": _words(message),
                "subject": text(message, "subject") or text(self._conversation, "subject"),
                "name": text(self._recipient, "name"),
            },
        )

    def _failed(self) -> Iterator[EventBase]:
        ident = text(self._message, "id") or _linked(self._conversation, "last_message")
        bounced = self._kind == "message_bounce_error"
        yield self._one(
            MessageStatusChanged,
            actor=SYSTEM,
            message_id=ident or self._key,
            status="bounced" if bounced else "failed",
            reason=text(self._message, "error_type") or None,
        )

    def _commented(self) -> Iterator[EventBase]:
        """An internal comment; the answer to a survey comes as a comment of the survey's."""
        comment = self._target if isinstance(self._target, dict) else {}
        if text(self._event, "id").startswith("com_"):
            comment = self._event
        ident = text(comment, "id")
        author = table(comment, "author")
        at_ms = times.any_form(comment.get("posted_at"))
        if text(author, "type") in _SURVEYS:
            yield self._rated(comment, ident, at_ms)
            return
        yield self._one(
            MessagePosted,
            f"comment/{ident}" if ident else self._key,
            at_ms,
            actor=_teammate(author) if author else self._actor(),
            message_id=ident or self._key,
            direction="outbound",
            visibility="internal",
            personal={"text": plain(text(comment, "body"))},
        )

    def _rated(self, comment: dict[str, Any], ident: str, at_ms: int | None) -> EventBase:
        """Front words the answer as a text, in which the score stands as `4/5` or `4 out of 5`."""
        said = plain(text(comment, "body"))
        found = _SCORE.search(said)
        return self._one(
            FeedbackReceived,
            f"comment/{ident}" if ident else self._key,
            at_ms,
            actor=CUSTOMER,
            instrument="csat",
            score=number(found[1]) if found else None,
            scale_min=1.0 if found else None,
            scale_max=number(found[2]) if found else None,
            survey_id=ident or None,
            personal={"comment": said},
        )

    # Where it stands --------------------------------------------------------------------------

    def _assigned(self) -> Iterator[EventBase]:
        """`assignee_changed` is told of both; then the conversation's own assignee says which."""
        target = self._target if isinstance(self._target, dict) else {}
        assignee = table(self._conversation, "assignee")
        if self._kind == "assign" and text(target, "id").startswith("tea_"):
            assignee = target
        if self._kind == "unassign":
            assignee = {}
        elif not assignee and "assignee" not in self._conversation:
            return  # a preview does not say who
        yield self._one(AssignmentChanged, to=_party(assignee))

    def _moved(self) -> Iterator[EventBase]:
        """Into another inbox: that is another team's."""
        inbox = text(self._inbox, "id")
        assignee = _party(table(self._conversation, "assignee"))
        to = Party(agent=assignee.agent, bot=assignee.bot, queue=inbox or None)
        if to != Party():
            yield self._one(AssignmentChanged, to=to)

    def _changed(self) -> Iterator[EventBase]:
        yield self._one(ConversationUpdated, status=_STATUSES[self._kind])

    def _ticket(self) -> Iterator[EventBase]:
        told = text(self._conversation, "status_category") or text(self._conversation, "status")
        if status := _CATEGORIES.get(told.lower()):
            yield self._one(ConversationUpdated, status=status)

    def _tagged(self) -> Iterator[EventBase]:
        """All tags as they now are; a preview tells only the one."""
        if "tags" in self._conversation:
            names = [text(tag, "name") for tag in rows(self._conversation, "tags")]
        else:
            names = [text(self._target, "name")] if self._kind == "tag" else []
        yield self._one(ConversationUpdated, tags=tuple(filter(None, dict.fromkeys(names))))

    def _topic(self) -> Iterator[EventBase]:
        name = text(self._target, "name") or text(self._event, "topic", "name")
        if name:
            yield self._one(ConversationUpdated, topic=name, by_model="front")

    def _merged(self) -> Iterator[EventBase]:
        """The conversations that are no more, each into the one of the event."""
        gone = self._target if isinstance(self._target, list) else dig(self._target, "ids")
        into = ConversationRef(self._draft.source_name, self._draft.conversation)
        for one in gone if isinstance(gone, list) else []:
            if ident := text(one) or text(one, "id"):
                yield self._one(
                    ConversationLinked,
                    f"{self._key}/{ident}",
                    conversation=ident,
                    rel="merged",
                    other=into,
                )

    # Calls ------------------------------------------------------------------------------------

    def _agent(self) -> str:
        """The teammate of a call event stands on one side or the other."""
        for side in ("target", "source"):
            ident = text(self._event, side, "data", "id")
            if ident.startswith("tea_"):
                return ident
        return text(self._conversation, "assignee", "id")

    def _call_started(self) -> Iterator[EventBase]:
        outbound = self._actor().kind == "agent" or self._message.get("is_inbound") is False
        yield self._one(
            ConversationOpened,
            actor=self._actor() if outbound else CUSTOMER,
            initiated_by="agent" if outbound else "customer",
            direction="outbound" if outbound else "inbound",
        )

    def _call_queued(self) -> Iterator[EventBase]:
        yield self._one(QueueEntered, queue=text(self._inbox, "id") or "front")

    def _call_connected(self) -> Iterator[EventBase]:
        yield self._one(AgentConnected, agent=self._agent() or "unknown")

    def _call_missed(self) -> Iterator[EventBase]:
        """By one teammate, or by all."""
        if agent := self._agent():
            yield self._one(AgentOffered, agent=agent, outcome="missed")
        else:
            yield self._one(ContactEnded, reason="missed", answered=False)

    def _call_ended(self) -> Iterator[EventBase]:
        given_up = self._kind == "call_abandoned"
        yield self._one(
            ContactEnded,
            actor=CUSTOMER if given_up else self._actor(),
            by="customer" if given_up else "agent" if self._actor().kind == "agent" else "unknown",
            reason=self._kind.removeprefix("call_"),
            answered=False if given_up else None,
        )

    def _call_held(self) -> Iterator[EventBase]:
        yield self._one(ContactHeld, phase="resumed" if self._kind == "call_resumed" else "held")

    def _call_transferred(self) -> Iterator[EventBase]:
        target = self._target if isinstance(self._target, dict) else {}
        to = _party(target) if text(target, "id").startswith("tea_") else Party()
        if queue := text(self._inbox, "id"):
            to = Party(agent=to.agent, queue=queue)
        yield self._one(
            TransferReported, kind="unknown", phase="accepted", to=to if to != Party() else None
        )


def _teammate(person: dict[str, Any]) -> Actor:
    """Rules, applications and AI act as teammates of a type of their own."""
    kind, ident = text(person, "type"), text(person, "id") or None
    if kind in {"", "user", "visitor"}:
        return Actor("agent", ident)
    return Actor("bot" if kind == "ai" else "system", ident)


def _party(person: dict[str, Any]) -> Party:
    ident = text(person, "id") or None
    return Party(bot=ident) if _teammate(person).kind == "bot" else Party(agent=ident)


def _linked(value: Any, name: str) -> str:
    """The id at the end of a related link."""
    link = text(value, "_links", "related", name)
    return link.partition("?")[0].rpartition("/")[2]


def _words(message: dict[str, Any]) -> str:
    words = text(message, "text") or plain(text(message, "body")) or text(message, "blurb")
    if words.strip():
        return words.strip()
    kinds = [text(one, "content_type") or "file" for one in rows(message, "attachments")]
    return f"[{', '.join(kinds)}]" if kinds else ""
