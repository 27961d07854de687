"""Chatwoot: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.chatwoot import Desk
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body

CALL = Desk("source", SECRET).message(1, 2, WHO, "hello", NOW_MS)
SIGNS = "body and time"
WORDS = ("Ines", "parcel", "Slow", "example.com")


def conversation(**more: Any) -> Body:
    """As Chatwoot's event presenter shows it."""
    return {
        "id": 71,
        "inbox_id": 2,
        "channel": "Channel::WebWidget",
        "status": "open",
        "contact_inbox": {"contact_id": 5, "source_id": "c0ffee-5", "hmac_verified": False},
        "meta": {
            "sender": {
                "id": 5,
                "type": "contact",
                "name": "Ines Duval",
                "email": "ines@example.com",
                "phone_number": "+33600000005",
                "identifier": None,
            },
            "assignee": None,
            "team": None,
            "hmac_verified": False,
        },
        "messages": [],
        "labels": [],
        "priority": None,
        "created_at": NOW_S,
        "timestamp": NOW_S,
        "updated_at": NOW_S + 0.25,
        **more,
    }


def chatwoot_message(event: str = "message_created", **more: Any) -> Body:
    return {
        "event": event,
        "id": 900,
        "content": "Where is my parcel?",
        "content_type": "text",
        "content_attributes": {},
        "message_type": "incoming",
        "private": False,
        "created_at": "2026-09-21T14:13:20.000Z",
        "updated_at": "2026-09-21T14:13:21.000Z",
        "sender": {"id": 5, "name": "Ines Duval", "type": "contact"},
        "conversation": conversation(),
        **more,
    }


def changed(event: str = "conversation_updated", /, **attributes: tuple[Any, Any]) -> Body:
    """`attributes`: name → (before, after)."""
    stamp = {"previous_value": "2026-09-21T14:13:20.000Z", "current_value": "2026-09-21T14:14:00Z"}
    changes = [
        {name: {"previous_value": before, "current_value": after}}
        for name, (before, after) in attributes.items()
    ]
    return {"event": event, "changed_attributes": [*changes, {"updated_at": stamp}]}


AGENT = {"id": 31, "name": "Ruth", "type": "user"}


def by_medium(channel: str, address: str, **more: Any) -> Body:
    """A customer's message by a medium that vouches for his address."""
    inbox = {"contact_id": 5, "source_id": address, "hmac_verified": False}
    talk = conversation(channel=channel, contact_inbox=inbox, **more)
    return chatwoot_message(conversation=talk)


BODIES: Bodies = {
    "contact of a bridge": (
        {"event": "contact_updated", "id": 5, "identifier": "33600000005@s.whatsapp.net"},
        ("identity.linked",),
    ),
    "group of a bridge": (
        {"event": "contact_created", "id": 6, "identifier": "12036300000@g.us"},
        "ignored",
    ),
    "by whatsapp": (by_medium("Channel::Whatsapp", "33600000005"), ("message.posted",)),
    "by text message": (by_medium("Channel::Sms", "+33600000005"), ("message.posted",)),
    "by messenger": (by_medium("Channel::FacebookPage", "f-5"), ("message.posted",)),
    "by instagram": (by_medium("Channel::Instagram", "i-5"), ("message.posted",)),
    "by instagram through a page": (
        by_medium(
            "Channel::FacebookPage",
            "i-5",
            additional_attributes={"type": "instagram_direct_message"},
        ),
        ("message.posted",),
    ),
    "by telegram": (by_medium("Channel::Telegram", "5005"), ("message.posted",)),
    "incoming": (chatwoot_message(), ("message.posted",)),
    "outgoing": (chatwoot_message(message_type="outgoing", sender=AGENT), ("message.posted",)),
    "by number": (chatwoot_message(message_type=0), ("message.posted",)),
    "bot": (
        chatwoot_message(message_type="outgoing", sender={"id": 4, "type": "agent_bot"}),
        ("message.posted",),
    ),
    "note": (
        chatwoot_message(message_type="outgoing", private=True, sender=AGENT),
        ("message.posted",),
    ),
    "greeting": (chatwoot_message(message_type="template", sender=None), ("message.posted",)),
    "picture": (
        chatwoot_message(content=None, attachments=[{"file_type": "image"}]),
        ("message.posted",),
    ),
    "activity": (chatwoot_message(message_type="activity"), "ignored"),
    "no id": (chatwoot_message(id=None), "malformed"),
    "delivered": (
        chatwoot_message("message_updated", status="delivered"),
        ("message.status_changed",),
    ),
    "read": (chatwoot_message("message_updated", status="read"), ("message.status_changed",)),
    "failed": (
        chatwoot_message(
            "message_updated", status="failed", content_attributes={"external_error": "blocked"}
        ),
        ("message.status_changed",),
    ),
    "deleted": (
        chatwoot_message("message_updated", content_attributes={"deleted": True}),
        ("message.status_changed",),
    ),
    "a mail without a text part": (
        chatwoot_message(
            content=None,
            conversation={**conversation(), "channel": "Channel::Email"},
            content_type="incoming_email",
            content_attributes={
                "email": {
                    "subject": "My parcel",
                    "text_content": None,
                    "html_content": {"full": "<p>Where is my parcel?</p>"},
                }
            },
        ),
        ("message.posted",),
    ),
    "nothing that Chatwoot can show": (
        chatwoot_message(content=None, content_attributes={"is_unsupported": True}),
        ("message.posted",),
    ),
    "touched": (chatwoot_message("message_updated", status="sent"), "ignored"),
    "rated": (
        chatwoot_message(
            "message_updated",
            content_type="input_csat",
            content_attributes={
                "submitted_values": {
                    "csat_survey_response": {"rating": 2, "feedback_message": "Slow."}
                }
            },
        ),
        ("feedback.received",),
    ),
    "chose": (
        chatwoot_message(
            "message_updated",
            content_type="input_select",
            content_attributes={"submitted_values": [{"title": "Returns", "value": "returns"}]},
        ),
        ("selfservice.stepped",),
    ),
    "gave an address": (
        chatwoot_message(
            "message_updated",
            content_type="input_email",
            content_attributes={"submitted_email": "ines@example.com"},
        ),
        ("selfservice.stepped", "identity.linked"),
    ),
    "call rings": (
        chatwoot_message(
            content_type="voice_call", content_attributes={"data": {"status": "ringing"}}
        ),
        "ignored",
    ),
    "call answered": (
        chatwoot_message(
            "message_updated",
            content_type="voice_call",
            content_attributes={"data": {"status": "in-progress", "accepted_by": {"id": 31}}},
        ),
        ("agent.connected",),
    ),
    "call missed": (
        chatwoot_message(
            "message_updated",
            content_type="voice_call",
            content_attributes={"data": {"status": "no-answer"}},
        ),
        ("contact.ended",),
    ),
    "opened": ({**conversation(), "event": "conversation_created"}, ("conversation.opened",)),
    "opened with the bot": (
        {**conversation(status="pending"), "event": "conversation_created"},
        ("conversation.opened", "conversation.updated"),
    ),
    "resolved": (
        {
            **conversation(status="resolved"),
            **changed("conversation_status_changed", status=("open", "resolved")),
        },
        ("conversation.updated",),
    ),
    "handed off": (
        {**conversation(), **changed("conversation_status_changed", status=("pending", "open"))},
        ("conversation.updated",),
    ),
    "snoozed": (
        {**conversation(status="snoozed"), **changed(status=("open", "snoozed"))},
        ("conversation.updated",),
    ),
    "assigned": ({**conversation(), **changed(assignee_id=(30, 31))}, ("assignment.changed",)),
    "another team": ({**conversation(), **changed(team_id=(1, 2))}, ("assignment.changed",)),
    "labelled": (
        {**conversation(labels=["billing"]), **changed(label_list=([], ["billing"]))},
        ("conversation.updated",),
    ),
    "priority": (
        {**conversation(priority="urgent"), **changed(priority=(None, "urgent"))},
        ("conversation.updated",),
    ),
    "seen": ({**conversation(), **changed(agent_last_seen_at=(None, "x"))}, "ignored"),
    "state without a change": (
        {**conversation(), "event": "conversation_updated"},
        ("conversation.updated",),
    ),
    "bot: resolved": (
        {**conversation(), "event": "conversation_resolved"},
        ("conversation.updated",),
    ),
    "automation: message": (
        {
            **conversation(messages=[{"id": 900, "content": "Hi", "message_type": 0}]),
            "event": "automation_event.message_created",
        },
        ("message.posted",),
    ),
    "odd status": (
        {**conversation(status="lost"), **changed(status=("open", "lost"))},
        "malformed",
    ),
    "contact": (
        {
            "event": "contact_updated",
            "id": 5,
            "name": "Ines Duval",
            "email": "ines@example.com",
            "phone_number": "+33600000005",
        },
        ("identity.linked",),
    ),
    "bare contact": ({"event": "contact_created", "id": 5, "name": "quiet-moon"}, "ignored"),
    "widget": (
        {
            "event": "webwidget_triggered",
            "id": 12,
            "source_id": "c0ffee-5",
            "contact": {"id": 5},
            "current_conversation": None,
            "event_info": {"initiated_at": {"timestamp": "Mon Sep 21 2026 14:13:20 GMT+0000"}},
        },
        ("selfservice.stepped",),
    ),
    "typing": ({**conversation(), "event": "conversation_typing_on"}, "ignored"),
    "inbox": ({"event": "inbox_updated", "id": 2}, "ignored"),
    "news": ({"event": "conversation_levitated", "id": 2}, "unknown_type"),
}
