"""Freshdesk: a template's body for each trigger, and the templates that people write instead."""

from __future__ import annotations

from streams.demo.traffic.freshdesk import HelpDesk
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body, Form

CALL = HelpDesk("source", SECRET).created(12, WHO, "hello", NOW_MS)
SIGNS = "nothing"
WORDS = ("parcel", "Ines", "ines@example.com", "+33600000005")

AT = "2026-09-21T14:13:20Z"


def fields(trigger: str | None = None, /, **more: str | None) -> dict[str, str]:
    """The short template: neither a time nor a holder.  None leaves a name out."""
    shown: dict[str, str | None] = {
        "triggered_event": trigger,
        "ticket_id": "11",
        "ticket_url": "https://acme.freshdesk.com/a/tickets/11",
        "ticket_type": "Incident",
        "ticket_subject": "A parcel is late",
        "ticket_status": "Open",
        "ticket_priority": "Medium",
        "requester_name": "Ines Duval",
        "requester_email": "ines@example.com",
        **more,
    }
    return {name: value for name, value in shown.items() if value is not None}


def hook(trigger: str | None = None, /, **more: str | None) -> Body:
    return {"freshdesk_webhook": fields(trigger, **more)}


def held(trigger: str | None = None, /, **more: str | None) -> Body:
    """The whole template: with its time and who has the ticket."""
    shown = {
        "ticket_source": "Email",
        "ticket_agent_name": "Ruth",
        "ticket_agent_email": "ruth@acme.example",
        "ticket_group_name": "Support",
        "ticket_updated_at": AT,
        **more,
    }
    return hook(trigger, **shown)


WHAT = "<div>Where is my parcel?</div>"
SAID = f"Ines Duval : {WHAT}"

BODIES: Bodies = {
    "created": (
        hook("{ticket_action:created}", ticket_description=WHAT),
        ("conversation.opened", "message.posted"),
    ),
    "created and assigned": (
        held("{ticket_action:created}", ticket_description=WHAT, ticket_status="Pending"),
        ("conversation.opened", "message.posted", "assignment.changed", "conversation.updated"),
    ),
    "created by ourselves": (
        hook("{ticket_action:created}", ticket_source="Outbound Email", ticket_description=WHAT),
        ("conversation.opened", "message.posted"),
    ),
    "deleted": (hook("{ticket_action:deleted}"), ("conversation.updated",)),
    "updated": (hook("{ticket_action:updated}"), "ignored"),
    "updated, with the whole template": (
        held("{ticket_action:updated}"),
        ("assignment.changed", "conversation.updated"),
    ),
    "public note": (hook("{note_type:public}"), ("message.posted",)),
    "private note": (hook("{note_type:private}"), ("message.posted",)),
    "reply of the customer": (
        hook(
            "{reply_sent:sent}",
            ticket_latest_public_comment=SAID,
            requester_phone="+33600000005",
        ),
        ("message.posted",),
    ),
    "reply of an agent": (
        held("{reply_sent:sent}", ticket_latest_public_comment="Ruth : <p>On its way.</p>"),
        ("message.posted", "assignment.changed", "conversation.updated"),
    ),
    "status": (hook("{status:{from:4,to:6}}", ticket_status="Waiting on Customer"),
               ("conversation.updated",)),
    "status, and no other name": (
        {"freshdesk_webhook": {"triggered_event": "{status:{from:2,to:4}}", "ticket_id": "11"}},
        ("conversation.updated",),
    ),
    "status and priority": (
        hook("{status:{from:2,to:5},priority:{from:1,to:4}}"),
        ("conversation.updated", "conversation.updated"),
    ),
    "priority": (hook("{priority:{from:1,to:4}}"), ("conversation.updated",)),
    "agent": (hook("{responder_id:{from:30,to:31}}"), ("assignment.changed",)),
    "agent, whom the template knows": (
        held("{responder_id:{from:30,to:31}}"),
        ("assignment.changed", "conversation.updated"),
    ),
    "group": (hook("{group_id:{from:1,to:2}}"), ("assignment.changed",)),
    "rated": (
        hook("{customer_feedback:103}", feedback="My parcel came."),
        ("feedback.received",),
    ),
    "rated oddly": (hook("{customer_feedback:purple}"), "malformed"),
    "tags": (hook("{tags:added}", ticket_tags="returns, late"), ("conversation.updated",)),
    "due date": (hook("{due_by:{from:1,to:2}}"), "ignored"),
    "news": (hook("{levitated:yes}"), "unknown_type"),
    "only the latest words": (
        {
            "freshdesk_webhook": {
                "ticket_id": 11,
                "ticket_contact_unique_external_id": "A-5",
                "ticket_latest_public_comment": f"Ruth : {WHAT}",
            }
        },
        ("message.posted",),
    ),
    "only the first words": (
        hook(ticket_description=WHAT),
        ("conversation.opened", "message.posted"),
    ),
    "only where it stands": (held(), ("assignment.changed", "conversation.updated")),
    "flat, by an own word": (
        {"event": "ticket_created", "ticket_id": 24, "subject": "A parcel is late"},
        ("conversation.opened", "message.posted"),
    ),
    "flat, with the trigger": (
        {
            "ticket_id": 24,
            "new_agent_email": "ruth@acme.example",
            "event": "{responder_id:{from:150006383528,to:150014937111}}",
        },
        ("assignment.changed",),
    ),
    "nested": (
        {
            "event": "note_added",
            "ticket": {
                "id": 24,
                "status": "Open",
                "requester": {"name": "Ines Duval", "email": "ines@example.com"},
            },
        },
        ("message.posted",),
    ),
    "a form": (
        Form(fields("{status:{from:2,to:4}}", ticket_status="Resolved")),
        ("conversation.updated",),
    ),
    "a form with brackets": (
        Form({f"freshdesk_webhook[{n}]": v for n, v in fields("{note_type:public}").items()}),
        ("message.posted",),
    ),
    "known by its address": (
        hook("{note_type:public}", ticket_id=None),
        ("message.posted",),
    ),
    "nothing but a number": ({"freshdesk_webhook": {"ticket_id": "11"}}, "ignored"),
    "no ticket": ({"freshdesk_webhook": {"ticket_subject": "A parcel is late"}}, "unknown_type"),
}  # fmt: skip
