"""Intercom: a body of each documented kind, of both generations of its API."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.intercom import Workspace
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body

CALL = Workspace("source", SECRET).created(3, WHO, "hello", NOW_MS)
SIGNS = "body"
WORDS = ("Léa", "Roche", "parcel", "example.com", "Splendid")

LEA = {"type": "user", "id": "c40", "name": "Léa Roche", "email": "lea@example.com"}
EVA = {"type": "admin", "id": "31", "name": "Eva"}
FIN = {"type": "bot", "id": "9", "name": "Fin"}
CARD = {
    "type": "contact",
    "id": "c40",
    "external_id": "C-40",
    "role": "user",
    "email": "lea@example.com",
    "phone": "+33600000040",
    "name": "Léa Roche",
    "updated_at": "2026-09-21T14:13:20.000+00:00",
}


def notification(topic: str, item: Body, **envelope: Any) -> Body:
    return {
        "type": "notification_event",
        "app_id": "a1",
        "data": {"type": "notification_event_data", "item": item},
        "links": {},
        "id": f"notif_{topic}",
        "topic": topic,
        "delivery_status": "pending",
        "delivery_attempts": 1,
        "first_sent_at": NOW_S + 1,
        "created_at": NOW_S,
        **envelope,
    }


def part(kind: str, author: Body = EVA, body: str | None = None, **more: Any) -> Body:
    return {
        "type": "conversation_part",
        "id": "p1",
        "part_type": kind,
        "body": body,
        "created_at": NOW_S,
        "updated_at": NOW_S,
        "author": author,
        "assigned_to": None,
        "attachments": [],
        **more,
    }


def talk(*parts: Body, medium: str = "conversation", **item: Any) -> Body:
    """A conversation, API 2."""
    return {
        "type": "conversation",
        "id": "147",
        "created_at": NOW_S,
        "updated_at": NOW_S,
        "source": {
            "type": medium,
            "id": "s1",
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": "<p>Where is my parcel?</p>",
            "author": LEA,
        },
        "contacts": {
            "type": "contact.list",
            "contacts": [{"type": "contact", "id": "c40", "external_id": "C-40"}],
        },
        "admin_assignee_id": None,
        "team_assignee_id": None,
        "open": True,
        "state": "open",
        "priority": "not_priority",
        "conversation_rating": {"rating": None, "remark": None},
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": list(parts),
            "total_count": len(parts),
        },
        **item,
    }


def old_talk(*parts: Body, **item: Any) -> Body:
    """A conversation, API 1."""
    return {
        "type": "conversation",
        "id": "147",
        "created_at": NOW_S,
        "updated_at": NOW_S,
        "user": {**LEA, "user_id": "C-40"},
        "assignee": {"type": "nobody_admin", "id": None},
        "conversation_message": {
            "id": "s1",
            "subject": "Parcel",
            "body": "<p>Hi</p>",
            "author": LEA,
        },
        "conversation_parts": {"conversation_parts": list(parts)},
        "open": True,
        "state": "open",
        "tags_added": {"type": "tag.list", "tags": []},
        **item,
    }


def ticket(*parts: Body, state: Any = None, **item: Any) -> Body:
    return {
        "type": "ticket",
        "id": "900",
        "ticket_id": "12",
        "category": "Customer",
        "ticket_attributes": {
            "_default_title_": "Lost parcel",
            "_default_description_": "The parcel never came.",
        },
        "ticket_state": state or {"type": "ticket_state", "id": "1", "category": "submitted"},
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "c40"}]},
        "admin_assignee_id": "0",
        "team_assignee_id": "0",
        "created_at": NOW_S,
        "updated_at": NOW_S,
        "open": True,
        "linked_objects": {"type": "list", "data": []},
        "ticket_parts": {"type": "ticket_part.list", "ticket_parts": list(parts)},
        **item,
    }


def contact(topic: str, **card: Any) -> Body:
    return notification(topic, {**CARD, **card})


def campaign(kind: str, stat: str, **more: Any) -> Body:
    about = {"id": 1, "content_type": kind, "content_id": 5, "stat_type": stat, "receipt_id": 77}
    item = {
        "type": f"content_stat.{kind}",
        "created_at": "2026-09-21T14:13:20.000Z",
        "content_stat": {**about, **more},
        "contact": CARD,
    }
    return notification(f"content_stat.{kind}", item)


def call(topic: str, **more: Any) -> Body:
    item = {
        "type": "call",
        "id": "5",
        "conversation_id": "147",
        "admin_id": "31",
        "contact_id": "c40",
        "direction": "inbound",
        "phone": "+33600000040",
        "initiated_at": "2026-09-21T14:13:20Z",
        "answered_at": None,
        "ended_at": None,
        **more,
    }
    return notification(topic, item)


ASSIGNED = part("assignment", assigned_to={"type": "admin", "id": "32"})
ANSWERED = {"answered_at": NOW_S + 5}
ANSWERS = {
    "question_id": "q1",
    "question_text": "How was it?",
    "response": "9",
    "answered_at": "2026-09-21T14:13:20Z",
}
TOPIC_AND_EVENTS: dict[str, tuple[Body, tuple[str, ...] | str]] = {
    "conversation.user.created": (talk(), ("conversation.opened", "message.posted")),
    "conversation.admin.single.created": (
        talk(admin_assignee_id=31),
        ("conversation.opened", "message.posted", "assignment.changed"),
    ),
    "conversation.user.replied": (
        talk(part("comment", LEA, "<p>Any news?</p>")),
        ("message.posted",),
    ),
    "conversation.admin.replied": (talk(part("comment", body="<p>Soon.</p>")), ("message.posted",)),
    "conversation.operator.replied": (
        talk(part("comment", FIN, "<p>Soon.</p>")),
        ("message.posted",),
    ),
    "conversation.admin.noted": (talk(part("note", body="<p>Upset.</p>")), ("message.posted",)),
    "conversation.admin.assigned": (talk(ASSIGNED), ("assignment.changed",)),
    "conversation.admin.open.assigned": (talk(ASSIGNED), ("assignment.changed",)),
    "conversation.admin.closed": (talk(part("close")), ("conversation.updated",)),
    "conversation.admin.opened": (talk(part("open")), ("conversation.updated",)),
    "conversation.admin.snoozed": (talk(part("snoozed")), ("conversation.updated",)),
    "conversation.admin.unsnoozed": (talk(part("unsnoozed")), ("conversation.updated",)),
    "conversation.priority.updated": (talk(priority="priority"), ("conversation.updated",)),
    "conversation.rating.added": (
        talk(conversation_rating={"rating": 5, "remark": "Splendid", "created_at": NOW_S}),
        ("feedback.received",),
    ),
    "conversation.updated": (
        talk(admin_assignee_id=31, tags={"tags": [{"name": "lamp"}]}),
        ("conversation.updated", "assignment.changed"),
    ),
    "conversation.deleted": (
        {"type": "conversation", "id": "147", "deleted": True},
        ("conversation.updated",),
    ),
    "conversation.read": (talk(), ("message.status_changed",)),
    "conversation.contact.attached": (
        {"conversation": talk(), "contact": CARD},
        ("identity.linked",),
    ),
    "conversation.contact.detached": ({"conversation": talk(), "contact": CARD}, "ignored"),
    "conversation.company.updated": (talk(), "ignored"),
    "conversation_part.tag.created": (
        {"conversation": talk(), "tag": {"type": "tag", "name": "lamp"}},
        ("conversation.updated",),
    ),
    "conversation_part.redacted": (
        {"type": "conversation_part", "id": "p1", "conversation_id": "147"},
        ("message.status_changed",),
    ),
    "ticket.created": (ticket(), ("conversation.opened", "message.posted")),
    "ticket.state.updated": (
        ticket(state={"category": "waiting_on_customer"}),
        ("conversation.updated",),
    ),
    "ticket.note.created": (ticket(part("note", body="<p>x</p>")), ("message.posted",)),
    "ticket.admin.replied": (ticket(part("comment", body="<p>x</p>")), ("message.posted",)),
    "ticket.contact.replied": (ticket(part("comment", LEA, "<p>x</p>")), ("message.posted",)),
    "ticket.admin.assigned": (ticket(ASSIGNED), ("assignment.changed",)),
    "ticket.team.assigned": (ticket(team_assignee_id="8"), ("assignment.changed",)),
    "ticket.contact.attached": ({"ticket": ticket(), "contact": CARD}, ("identity.linked",)),
    "ticket.contact.detached": ({"ticket": ticket()}, "ignored"),
    "ticket.attribute.updated": (ticket(), "ignored"),
    "ticket.closed": ({"ticket": ticket(open=False)}, ("conversation.updated",)),
    "ticket.resolved": (ticket(state="resolved"), ("conversation.updated",)),
    "ticket.rating.provided": (
        ticket(ticket_rating={"rating": 2, "remark": "Splendid"}),
        ("feedback.received",),
    ),
    "event.created": (
        {"type": "event", "id": "e1", "event_name": "cart-failed", "intercom_user_id": "c40",
         "user_id": "C-40", "email": "lea@example.com", "created_at": NOW_S},
        ("selfservice.stepped",),
    ),
    "granular.unsubscribe": (
        {"type": "subscription", "contact": CARD, "subscription_type": {"name": "News"}},
        ("consent.changed",),
    ),
    "visitor.signed_up": ({**CARD, "type": "visitor"}, ("identity.linked",)),
    "user.tag.created": ({"type": "user_tag", "user": CARD, "tag": {"name": "vip"}}, "ignored"),
    "company.created": ({"type": "company", "id": "k1"}, "ignored"),
    "company.contact.attached": ({"company": {"id": "k1"}, "contact": CARD}, "ignored"),
    "admin.logged_in": (EVA, "ignored"),
    "article.published": ({"type": "article", "id": "1"}, "ignored"),
    "job.completed": ({"type": "job", "id": "1"}, "ignored"),
    "conversation.levitated": (talk(), "unknown_type"),
    "contact.levitated": (CARD, "unknown_type"),
    "levitation.begun": ({"type": "levitation"}, "unknown_type"),
}  # fmt: skip

BODIES: Bodies = {
    **{
        topic: (notification(topic, item), expected)
        for topic, (item, expected) in TOPIC_AND_EVENTS.items()
    },
    **{
        topic: (contact(topic), expected)
        for topic, expected in (
            ("contact.user.created", ("identity.linked",)),
            ("contact.user.updated", ("identity.linked",)),
            ("contact.lead.created", ("identity.linked",)),
            ("contact.lead.signed_up", ("identity.linked",)),
            ("contact.lead.added_email", ("identity.linked",)),
            ("contact.email.updated", ("identity.linked",)),
            ("contact.unarchive", ("identity.linked",)),
            ("contact.unsubscribed", ("consent.changed",)),
            ("contact.subscribed", ("consent.changed",)),
            ("user.unsubscribed_from_sms", ("consent.changed",)),
            ("contact.deleted", "ignored"),
            ("contact.archived", "ignored"),
            ("contact.user.tag.created", "ignored"),
        )
    },
    "answered by mail": (
        notification(
            "conversation.user.replied",
            talk(part("comment", LEA, "<p>Where is my parcel?</p>"), medium="email"),
        ),
        ("message.posted",),
    ),
    "merged": (
        contact("contact.merged", merged_from={"type": "contact", "id": "c41"}),
        ("identity.linked", "identity.linked"),
    ),
    "old: created": (
        notification("conversation.user.created", old_talk()),
        ("conversation.opened", "message.posted"),
    ),
    "old: assigned": (
        notification("conversation.admin.assigned", old_talk(assignee={"type": "team", "id": "8"})),
        ("assignment.changed",),
    ),
    "old: tagged": (
        notification(
            "conversation_part.tag.created", old_talk(tags_added={"tags": [{"name": "lamp"}]})
        ),
        ("conversation.updated",),
    ),
    "closed with a word": (
        notification("conversation.admin.closed", talk(part("close", body="<p>Bye</p>"))),
        ("message.posted", "conversation.updated"),
    ),
    "note and reopened": (
        notification("conversation.admin.noted", talk(part("note_and_reopen", body="<p>x</p>"))),
        ("message.posted", "conversation.updated"),
    ),
    "assigned and reopened": (
        notification(
            "conversation.admin.assigned",
            talk(part("assign_and_reopen", assigned_to={"type": "team", "id": "8"})),
        ),
        ("assignment.changed", "conversation.updated"),
    ),
    "closed without its part": (
        notification("conversation.admin.closed", talk(state="closed")),
        ("conversation.updated",),
    ),
    "replied without its part": (
        notification("conversation.admin.replied", talk()),
        ("message.posted",),
    ),
    "redacted": (
        notification("conversation_part.redacted", talk(part("comment", LEA, redacted=True))),
        ("message.status_changed",),
    ),
    "ticket's state, told by its part": (
        notification(
            "ticket.state.updated",
            ticket(part("ticket_state_updated_by_admin", ticket_state="resolved")),
        ),
        ("conversation.updated",),
    ),
    "ticket of a conversation": (
        notification(
            "ticket.created",
            ticket(
                category="Back-office",
                linked_objects={"data": [{"type": "conversation", "id": "147"}]},
            ),
        ),
        ("conversation.opened", "conversation.linked"),
    ),
    "call": (call("call.started"), ("conversation.opened", "conversation.linked")),
    "call answered": (
        call("call.started", **ANSWERED, conversation_id=None),
        ("conversation.opened", "agent.connected"),
    ),
    "call by an agent answered": (
        call("call.started", **ANSWERED, conversation_id=None, direction="outbound"),
        ("conversation.opened", "agent.connected"),
    ),
    "call ended": (
        call("call.ended", **ANSWERED, ended_at=NOW_S + 65, ended_reason="completed"),
        ("conversation.opened", "conversation.linked", "agent.connected", "contact.ended"),
    ),
    "recording": (call("call.recording_available"), "ignored"),
    "joined, as Intercom keeps it": (
        notification(
            "conversation.contact.attached",
            {"conversation": {"model": {"id": 215}, "parts": [{"id": 1}]}, "contact": CARD},
        ),
        ("identity.linked",),
    ),
    "subscribed": (
        notification(
            "granular.subscribe",
            {
                "contact": CARD,
                "subscription_types": {
                    "data": [
                        {"id": "7", "default_translation": {"name": "Offers"},
                         "content_types": ["email"]},
                        {"id": "8", "default_translation": {"name": "News"},
                         "content_types": ["sms_message", "email"]},
                    ]
                },
            },
        ),
        ("consent.changed", "consent.changed"),
    ),
    "mail of a campaign": (campaign("email", "receipt"), ("message.posted",)),
    "opened": (campaign("email", "open"), ("message.status_changed",)),
    "bounced": (campaign("email", "hard_bounce"), ("message.status_changed",)),
    "stopped": (campaign("sms", "unsubscribe"), ("consent.changed",)),
    "answered": (campaign("email", "reply"), "ignored"),
    "tour": (campaign("tour", "receipt"), "ignored"),
    "survey": (campaign("survey", "answer", **ANSWERS), ("feedback.received",)),
    "survey, complete": (
        campaign("survey", "completion", answers=[ANSWERS]),
        ("feedback.received",),
    ),
    "ping": (
        notification("ping", {"type": "ping", "message": "something"}, id=None),
        "ignored",
    ),
    "no conversation": (notification("conversation.user.replied", {}), "malformed"),
    "no contact": (notification("contact.user.created", {}), "malformed"),
    "no topic": ({"type": "notification_event"}, "unknown_type"),
}  # fmt: skip
