"""Zendesk: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.zendesk import Tickets
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body

CALL = Tickets("source", SECRET).created(3, WHO, "hello", NOW_MS)
SIGNS = "body and time"
WORDS = ("Léa", "Slow", "example.com")


def zendesk(kind: str, event: Body | None = None, **detail: Any) -> Body:
    """A ticket's event, or a user's."""
    room = kind.partition(".")[0]
    about = (
        {"id": "40", "email": "lea@example.com", "role": "end-user", "external_id": "C-40"}
        if room == "user"
        else {
            "id": "9007199254740993",
            "requester_id": "40",
            "submitter_id": "40",
            "actor_id": "40",
            "assignee_id": "0",
            "group_id": "",
            "status": "OPEN",
            "subject": "Broken lamp",
            "description": "It does not light.",
            "created_at": "2026-09-21T14:13:20Z",
            "tags": ["lamp"],
            "via": {"channel": "email"},
        }
    )
    return {
        "type": f"zen:event-type:{kind}",
        "account_id": 77,
        "id": f"01JZ{kind}",
        "time": "2026-09-21T14:13:20.123456789Z",
        "subject": f"zen:{room}:{about['id']}",
        "zendesk_event_version": "2022-11-06",
        "detail": {**about, **detail},
        "event": event or {},
    }


def zendesk_comment(body: str, *, staff: bool = False, public: bool = True) -> Body:
    author = {"id": "31" if staff else "40", "is_staff": staff, "name": "Léa Roche"}
    comment = {"id": "555", "body": body, "is_public": public, "author": author}
    return zendesk("ticket.comment_added", {"comment": comment})


def on_the_bus(kind: str, **told: Any) -> Body:
    """As EventBridge tells a ticket's event."""
    meta = {"occurred_at": "2026-09-21T14:13:20.123456789Z", "ref": "1-2", "actor_id": 31,
            "sequence": {"id": "S1", "position": 2}}  # fmt: skip
    shown = {"id": 12, "requester_id": 40, "assignee_id": 31, "via": {"channel": "web"}}
    return {
        "version": "0",
        "id": "bus-1",
        "detail-type": f"Support Ticket: {kind}",
        "source": "aws.partner/zendesk.com/77/default",
        "time": "2026-09-21T14:13:22Z",
        "detail": {"ticket_event": {"meta": meta, "type": kind, "ticket": shown, **told}},
    }


def zendesk_line(actor: Body) -> Body:
    event = {"actor": actor, "conversation_id": "c1", "message": {"id": "m1", "body": "Hello"}}
    return {**zendesk("messaging_ticket.message_added", event), "detail": {"id": "141"}}


AGENTS_WORKSPACE = {"id": "i2", "name": "zd-agentWorkspace", "integrationType": "zd:agentWorkspace"}
AI_AGENT = {"id": "i1", "name": "zd-answerBot", "integrationType": "zd:answerBot"}
LEA = {
    "id": "u1",
    "externalId": "C-40",
    "profile": {"givenName": "Léa", "surname": "Roche", "email": "lea@example.com"},
}


def sunshine(kind: str, *, holder: Body | None = None, **payload: Any) -> Body:
    """One event of Zendesk's messaging platform."""
    shown = {"id": "c1", "type": "personal", "activeSwitchboardIntegration": holder or AI_AGENT}
    return {
        "app": {"id": "a1"},
        "webhook": {"id": "w1", "version": "v2"},
        "events": [
            {
                "id": f"e-{kind}",
                "type": kind,
                "createdAt": "2026-09-21T14:13:20.547Z",
                "payload": {"conversation": shown, **payload},
            }
        ],
    }


def sunshine_line(author: Body, source: str, holder: Body | None = None) -> Body:
    message = {
        "id": "m9",
        "received": "2026-09-21T14:13:20.500Z",
        "author": author,
        "content": {"type": "text", "text": "Hello"},
        "source": {"type": source, "client": {"type": source, "externalId": "33600000040"}},
    }
    return sunshine("conversation:message", holder=holder, message=message)


SUNSHINE: Bodies = {
    "messaging: customer": (
        sunshine_line({"type": "user", "userId": "u1", "user": LEA}, "whatsapp"),
        ("message.posted",),
    ),
    "messaging: machine": (
        sunshine_line({"type": "business"}, "zd:answerBot"),
        ("message.posted",),
    ),
    "messaging: agent": (
        sunshine_line({"type": "business", "userId": "31"}, "zd:agentWorkspace", AGENTS_WORKSPACE),
        ("message.posted",),
    ),
    "messaging: opened": (
        sunshine("conversation:create", creationReason="message", user=LEA),
        ("conversation.opened",),
    ),
    "messaging: passed": (
        sunshine("switchboard:passControl", holder=AGENTS_WORKSPACE),
        ("assignment.changed", "conversation.updated"),
    ),
    "messaging: offered": (
        sunshine("switchboard:offerControl", pendingSwitchboardIntegration=AGENTS_WORKSPACE),
        ("transfer.reported",),
    ),
    "messaging: refused": (sunshine("switchboard:acceptControl:failure"), ("transfer.reported",)),
    "messaging: released": (sunshine("switchboard:releaseControl"), ("assignment.changed",)),
    "messaging: delivered": (
        sunshine("conversation:message:delivery:user", message={"id": "m9"}, user=LEA),
        ("message.status_changed",),
    ),
    "messaging: button": (
        sunshine("conversation:postback", postback={"payload": "returns"}, user=LEA),
        ("selfservice.stepped",),
    ),
    "messaging: client": (
        sunshine("client:add", user=LEA, client={"type": "whatsapp", "externalId": "33600000040"}),
        ("identity.linked",),
    ),
    "messaging: bare client": (sunshine("client:add", user={"id": "u1"}), "ignored"),
    "messaging: merged": (
        sunshine("user:merge", mergedUsers={"surviving": {"id": "u1"}, "discarded": {"id": "u2"}}),
        ("identity.linked",),
    ),
    "messaging: typing": (sunshine("conversation:typing"), "ignored"),
    "messaging: news": (sunshine("conversation:levitate"), "unknown_type"),
}

BODIES: Bodies = {
    **SUNSHINE,
    "created": (zendesk("ticket.created"), ("conversation.opened", "message.posted")),
    "created by an agent": (
        zendesk("ticket.created", submitter_id="31", actor_id="31", assignee_id="31"),
        ("conversation.opened", "assignment.changed"),
    ),
    "created solved": (
        zendesk("ticket.created", status="SOLVED"),
        ("conversation.opened", "message.posted", "conversation.updated"),
    ),
    "comment": (zendesk_comment("Any news?"), ("message.posted",)),
    "answer": (zendesk_comment("Soon.", staff=True), ("message.posted",)),
    "note": (zendesk_comment("Angry.", staff=True, public=False), ("message.posted",)),
    "redacted": (
        zendesk("ticket.comment_redacted", {"comment": {"id": "555"}}),
        ("message.status_changed",),
    ),
    "made private": (
        zendesk("ticket.comment_made_private", {"comment": {"id": "555"}}),
        ("message.status_changed",),
    ),
    **{
        f"status {status}": (
            zendesk("ticket.status_changed", {"previous": "OPEN", "current": status}),
            expected,
        )
        for status, expected in (
            ("PENDING", ("conversation.updated",)),
            ("solved", ("conversation.updated",)),
            ("CLOSED", ("conversation.updated",)),
            ("ARCHIVED", "ignored"),
            ("LEVITATED", "malformed"),
        )
    },
    "custom status": (
        zendesk("ticket.custom_status_changed", {"current": "11", "previous": "12"}, status="HOLD"),
        ("conversation.updated",),
    ),
    "agent": (
        zendesk("ticket.agent_assignment_changed", {"previous": "31", "current": "32"}),
        ("assignment.changed",),
    ),
    "group": (
        zendesk("ticket.group_assignment_changed", {"previous": "8", "current": "9"}),
        ("assignment.changed",),
    ),
    "priority": (
        zendesk("ticket.priority_changed", {"previous": "LOW", "current": "URGENT"}),
        ("conversation.updated",),
    ),
    "tags": (
        zendesk("ticket.tags_changed", {"tags_added": ["lamp"], "tags_removed": []}),
        ("conversation.updated",),
    ),
    "merged": (zendesk("ticket.merged", {"target_ticket_id": "12"}), ("conversation.linked",)),
    "soft deleted": (zendesk("ticket.soft_deleted"), ("conversation.updated",)),
    "deleted": (zendesk("ticket.permanently_deleted"), ("conversation.updated",)),
    "spam": (zendesk("ticket.marked_as_spam"), ("conversation.updated",)),
    "undeleted": (zendesk("ticket.undeleted"), ("conversation.updated",)),
    "bad": (
        zendesk(
            "ticket.csat_received", {"satisfaction_score": {"score": "BAD", "comment": "Slow"}}
        ),
        ("feedback.received",),
    ),
    "answered a survey": (
        zendesk(
            "ticket.csat_received",
            {
                "survey_response": {
                    "answers": [
                        {"type": "rating_scale", "rating": 2, "rating_category": "bad"},
                        {"type": "open_ended", "value": "Slow"},
                    ]
                }
            },
        ),
        ("feedback.received",),
    ),
    "assigned, on the bus": (
        on_the_bus("Agent Assignment Changed", previous=30, current=31),
        ("assignment.changed",),
    ),
    "said, on the bus": (
        on_the_bus(
            "Comment Created",
            comment={"id": 5, "body": "Hello", "author": {"id": 31, "is_staff": True}},
        ),
        ("message.posted",),
    ),
    "deleted, on the bus": (on_the_bus("Ticket Soft Deleted"), ("conversation.updated",)),
    "typed, on the bus": (on_the_bus("Ticket Type Changed"), "ignored"),
    "asked to rate": (zendesk("ticket.csat_requested"), "ignored"),
    "subject": (zendesk("ticket.subject_changed", {"current": "Lamp"}), "ignored"),
    "field": (zendesk("ticket.custom_field_changed", {"current": {"value": "x"}}), "ignored"),
    "sla": (zendesk("ticket.sla_policy_changed"), "ignored"),
    "unknown of a ticket": (zendesk("ticket.levitated"), "unknown_type"),
    "line": (
        zendesk_line({"id": "u1", "name": "Léa", "type": "end_user"}),
        ("message.posted", "conversation.linked"),
    ),
    "agent's line": (
        zendesk_line({"id": "31", "type": "agent"}),
        ("message.posted", "conversation.linked"),
    ),
    "bot's line": (
        zendesk_line({"id": "zd:answerBot", "type": "system"}),
        ("message.posted", "conversation.linked"),
    ),
    "trigger's line": (
        zendesk_line({"id": "t1", "type": "trigger"}),
        ("message.posted", "conversation.linked"),
    ),
    "user": (zendesk("user.created"), ("identity.linked",)),
    "identity": (
        zendesk(
            "user.identity_created",
            {"identity": {"type": "phone_number", "value": "+33600000040", "verified": True}},
        ),
        ("identity.linked",),
    ),
    "identity, with a slash": (
        {**zendesk("user.identity_changed"), "type": "zen:event-type/user.identity_changed"},
        ("identity.linked",),
    ),
    "users merged": (zendesk("user.merged", {"user": {"id": "41"}}), ("identity.linked",)),
    "user deleted": (zendesk("user.deleted"), "ignored"),
    "an agent's record": (zendesk("user.created", role="agent"), "ignored"),
    "unknown of a user": (zendesk("user.levitated"), "unknown_type"),
    "post": (
        {**zendesk("community_post.created", {"title": "Lamp", "body": "Mine too"})},
        ("message.posted",),
    ),
    "organization": (zendesk("organization.created"), "ignored"),
    "article": (zendesk("article.published"), "ignored"),
    "availability": (zendesk("agent.work_item_added", {"work_item_id": "1"}), "ignored"),
    "trigger": ({"ticket": {"id": "12"}, "action": "escalate"}, "unknown_type"),
    "no id": ({**zendesk("ticket.created"), "id": None}, "malformed"),
}
