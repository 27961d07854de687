"""Front: a body of each documented kind, of rules and of applications."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.front import Inbox
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body

CALL = Inbox("source", SECRET).message(3, 7, WHO, "hello", NOW_MS)
SIGNS = "body and time"
WORDS = ("Léa", "parcel", "example.com", "Quick", "12125550105")

API = "https://acme.api.frontapp.com"
EVA = {"id": "tea_31", "email": "eva@acme.example", "username": "eva", "type": "user"}
TOM = {"id": "tea_32", "email": "tom@acme.example", "username": "tom", "type": "user"}
RULE = {"_meta": {"type": "rule"}, "data": {"id": "rul_1", "name": "Important"}}
BY_EVA = {"_meta": {"type": "teammate"}, "data": EVA}
INBOX = {"_meta": {"type": "inboxes"}, "data": [{"id": "inb_1", "type": "smtp"}]}


def message(inbound: bool = True, medium: str = "email", **more: Any) -> Body:
    return {
        "_links": {"related": {"conversation": f"{API}/conversations/cnv_1"}},
        "id": "msg_1",
        "type": medium,
        "is_inbound": inbound,
        "created_at": NOW_MS / 1_000,
        "blurb": "Where is",
        "body": "<p>Where is my parcel?</p>",
        "text": "Where is my parcel?\n",
        "subject": "My parcel",
        "author": None if inbound else EVA,
        "recipients": [
            {"handle": "lea@example.com", "role": "from" if inbound else "to", "name": "Léa"}
        ],
        "attachments": [],
        "is_draft": False,
        **more,
    }


def event(kind: str, target: Any = None, source: Body = BY_EVA, **conversation: Any) -> Body:
    """As a rule sends it in full."""
    made = {
        "_links": {"self": f"{API}/events/evt_1"},
        "id": "evt_1",
        "type": kind,
        "emitted_at": NOW_MS / 1_000,
        "conversation": {
            "id": "cnv_1",
            "subject": "My parcel",
            "status": "assigned",
            "assignee": None,
            "recipient": {
                "_links": {"related": {"contact": f"{API}/contacts/crd_40"}},
                "handle": "lea@example.com",
                "name": "Léa",
                "role": "from",
            },
            "tags": [],
            "last_message": message(),
            **conversation,
        },
        "source": source,
    }
    if target is not None:
        made["target"] = {"_meta": {"type": "message"}, "data": target}
    return made


def of_application(name: str, payload: Body) -> Body:
    return {"type": name, "authorization": {"id": "cmp_1"}, "payload": payload}


def moved(kind: str = "move") -> Body:
    return {**event(kind), "target": {"_meta": {"type": "inboxes"}, "data": {"id": "inb_2"}}}


def preview(kind: str, target: str = "") -> Body:
    """As a rule sends it if only a preview is asked for."""
    made: Body = {
        "id": "evt_1",
        "type": kind,
        "emitted_at": NOW_MS / 1_000,
        "conversation": {"id": "cnv_1", "subject": "My parcel"},
        "source": {"_meta": {"type": "teammate"}},
    }
    if target:
        made["target"] = {"_meta": {"type": target}}
    return made


def comment(author: Body, body: str) -> Body:
    return {"id": "com_1", "body": body, "posted_at": NOW_MS / 1_000, "author": author}


def by(medium: str, handle: str) -> tuple[Body, tuple[str, ...]]:
    """A message over another medium, in which the customer has another address."""
    recipient = {"handle": handle, "role": "from", "_links": {"related": {}}}
    said = message(medium=medium, recipients=[recipient])
    inbox = {"_meta": {"type": "inboxes"}, "data": [{"id": "inb_3", "type": medium}]}
    return event("inbound", said, inbox, recipient=recipient), ("message.posted",)


CHANGES = ("archive", "reopen", "trash", "restore", "reminder", "snooze")
APPLICATIONS = {
    "inbound_received": (event("inbound", message(), INBOX), ("message.posted",)),
    "outbound_sent": (event("outbound", message(False)), ("message.posted",)),
    "message_delivery_failed": (
        event("sending_error", message(False)),
        ("message.status_changed",),
    ),
    "conversation_moved": (moved(), ("assignment.changed",)),
    "conversation_archived": (event("archive"), ("conversation.updated",)),
    "conversation_reopened": (event("reopen"), ("conversation.updated",)),
    "conversation_deleted": (event("trash"), ("conversation.updated",)),
    "conversation_restored": (event("restore"), ("conversation.updated",)),
    "conversation_snoozed": (event("snooze"), ("conversation.updated",)),
    "conversation_snooze_expired": (event("reminder"), ("conversation.updated",)),
    "new_comment_added": (event("comment", comment(EVA, "Upset")), ("message.posted",)),
    "assignee_changed": (event("assign", TOM), ("assignment.changed",)),
    "tag_added": (event("tag", {"id": "tag_1", "name": "vip"}), ("conversation.updated",)),
    "tag_removed": (event("untag", {"id": "tag_1", "name": "vip"}), ("conversation.updated",)),
    "link_added": (event("link_added"), "ignored"),
    "link_removed": (event("link_removed"), "ignored"),
}
CALLS: dict[str, tuple[str, ...] | str] = {
    "call_started": ("conversation.opened",),
    "call_queued": ("queue.entered",),
    "call_connected": ("agent.connected",),
    "call_missed": ("agent.offered",),
    "call_abandoned": ("queue.left", "contact.ended"),
    "call_on_hold": ("contact.held",),
    "call_parked": ("contact.held",),
    "call_resumed": ("contact.held",),
    "call_hangup": ("contact.ended",),
    "call_transferred": ("transfer.reported",),
    "call_transcript_added": "ignored",
    "call_voicemail_transcript_added": "ignored",
}

BODIES: Bodies = {
    **{
        f"application: {name}": (of_application(name, body), expected)
        for name, (body, expected) in APPLICATIONS.items()
    },
    "application: only the message": (
        of_application("inbound_received", message()),
        ("message.posted",),
    ),
    "application: only the comment": (
        of_application(
            "new_comment_added",
            {**comment(EVA, "Upset"), "_links": message()["_links"]},
        ),
        ("message.posted",),
    ),
    **{kind: (event(kind), ("conversation.updated",)) for kind in CHANGES},
    **{kind: (event(kind, EVA), expected) for kind, expected in CALLS.items()},
    "inbound": (event("inbound", message(), INBOX), ("message.posted",)),
    "by SMS": by("twilio", "+12125550105"),
    "by WhatsApp": by("whatsapp", "+12125550105"),
    "by Messenger": by("facebook", "2400000000000005"),
    "by Instagram": by("instagram", "1700000000000005"),
    "by Telegram": by("telegram", "7000000005"),
    "by a channel of their own": by("custom", "+12125550105"),
    "in the web chat": by("front_chat", "visitor-5"),
    "reply": (event("out_reply", message(False)), ("message.posted",)),
    "forward": (event("forward", message(False)), ("message.posted",)),
    "draft": (event("outbound", message(False, is_draft=True)), "ignored"),
    "bounced": (
        event("message_bounce_error", message(False, error_type="bounce")),
        ("message.status_changed",),
    ),
    "mention": (event("mention", comment(EVA, "@tom")), ("message.posted",)),
    "survey": (
        event("comment", comment({"id": "tea_9", "type": "csat"}, "Rated 4/5: Quick")),
        ("feedback.received",),
    ),
    "assigned by a rule": (event("assign", TOM, RULE), ("assignment.changed",)),
    "unassigned": (event("unassign"), ("assignment.changed",)),
    "moved": (moved(), ("assignment.changed",)),
    "merged": (
        {**event("conversations_merged"),
         "target": {"_meta": {"type": "deleted_conversation_ids"}, "data": ["cnv_2", "cnv_3"]}},
        ("conversation.linked", "conversation.linked"),
    ),
    "ticket": (
        event("ticket_status_update", status_category="waiting"),
        ("conversation.updated",),
    ),
    "topic": (event("topic_identified", {"name": "Delivery"}), ("conversation.updated",)),
    "macro": (event("macro_triggered"), "ignored"),
    "field": (event("custom_field_updated"), "ignored"),
    "call by a teammate": (
        event("call_connected", message(False, "call")),
        ("agent.connected",),
    ),
    "missed by all": (event("call_missed", source=RULE), ("queue.left", "contact.ended")),
    "preview: inbound": (preview("inbound", "message"), ("message.posted",)),
    "preview: archive": (preview("archive"), ("conversation.updated",)),
    "preview: assign": (preview("assign", "teammate"), "ignored"),
    "preview: unassign": (preview("unassign"), ("assignment.changed",)),
    "preview: move": (preview("move", "inboxes"), "ignored"),
    "preview: tag": (preview("tag", "tag"), "ignored"),
    "preview: untag": (preview("untag", "tag"), "ignored"),
    "channel: message": (
        {"type": "message", "payload": message(False), "metadata": {"external_id": "x"}},
        ("message.posted",),
    ),
    "discussion": (event("comment", comment(EVA, "Lunch?"), type="discussion"), "ignored"),
    "sync": ({"type": "sync", "authorization": {"id": "cmp_1"}}, "ignored"),
    "news": (event("levitate"), "unknown_type"),
    "no conversation": ({**event("archive"), "conversation": None}, "malformed"),
}  # fmt: skip
