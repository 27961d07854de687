"""Front webhooks: an event of a conversation, sent by a rule or by an application.

A rule sends the event itself, or a preview of it (ids only); an application sends
`{type, authorization, payload}` with the event, now and then only its message or conversation, as
`payload`, and its own names for the same types.  A rule's request is signed with base64 of
HMAC-SHA1 over the body, an application's with HMAC-SHA256 over `{timestamp}:{body}`; the
application's URL is tried with `x-front-challenge`.  Both may be configured at once.

An event has an id; a message, a comment have theirs, so that a `mention` and its `comment`, or a
rule and an application, count once.  Times are seconds with a fraction.
What an event is about is told in `front_event.py`; messages and comments are read in
`front_messages.py`, conversations in `front_conversations.py`, calls in `front_calls.py`.
Sources: dev.frontapp.com, "Rule webhooks", "Application webhooks", "Events", "Messages", and its
OpenAPI schema of events (types of calls, kinds of teammates and of sources).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from schemas.events import EventBase
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
from streams.channels.body import read_object, table, text
from streams.channels.draft import Draft
from streams.channels.front_calls import (
    read_call_connected,
    read_call_ended,
    read_call_held,
    read_call_missed,
    read_call_queued,
    read_call_started,
    read_call_transferred,
)
from streams.channels.front_conversations import (
    STATUSES,
    read_assignment,
    read_merge,
    read_move,
    read_status,
    read_tags,
    read_ticket,
    read_topic,
)
from streams.channels.front_event import Event
from streams.channels.front_messages import read_comment, read_failure, read_message
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

_READERS: Mapping[str, Callable[[Event], Iterator[EventBase]]] = {
    "inbound": read_message,
    "outbound": read_message,
    "out_reply": read_message,
    "message": read_message,
    "forward": read_message,
    "comment": read_comment,
    "mention": read_comment,
    "sending_error": read_failure,
    "message_bounce_error": read_failure,
    "assign": read_assignment,
    "unassign": read_assignment,
    "move": read_move,
    "tag": read_tags,
    "untag": read_tags,
    "topic_identified": read_topic,
    "ticket_status_update": read_ticket,
    "conversations_merged": read_merge,
    **dict.fromkeys(STATUSES, read_status),
    "call_started": read_call_started,
    "call_queued": read_call_queued,
    "call_connected": read_call_connected,
    "call_missed": read_call_missed,
    "call_abandoned": read_call_ended,
    "call_hangup": read_call_ended,
    "call_on_hold": read_call_held,
    "call_parked": read_call_held,
    "call_resumed": read_call_held,
    "call_transferred": read_call_transferred,
}
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
    options = ()
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
        told = table(body, "payload") or body
        kind = text(told, "type") if text(told, "id").startswith("evt_") else outer
        kind = _NAMES.get(kind, kind)
        if kind in _NO_MATTER:
            return ignored(f"{kind}: {_NO_MATTER[kind]}")
        reader = _READERS.get(kind)
        if reader is None:
            return unknown(f"Front sends no event {kind!r} that we know.")
        draft = Draft(request, source, outer or kind)
        event = Event(told, kind, draft, digest_hex(request.body))
        if text(event.conversation, "type") in {"discussion", "task"}:
            return ignored(f"{kind}: among colleagues, no customer is in it.")
        if not draft.conversation:
            return malformed(f"{kind}: it is not said which conversation.")
        events = tuple(reader(event))
        if not events:
            return ignored(
                f"{kind}: it does not tell what a journey needs; a rule should send the full "
                "event, not a preview."
            )
        return Parsed(events)
