"""Zammad: tickets and articles of each kind, and custom payloads."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.zammad import Desk
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body

CALL = Desk("source", SECRET).article(81, 104, WHO, "hello", NOW_MS, first=True)
SIGNS = "body"
WORDS = ("parcel", "Ines", "ines@example.com", "+33600000005")

CUSTOMER, AGENT, OTHER = 8, 31, 32


def customer(**more: Any) -> Body:
    return {
        "id": CUSTOMER,
        "login": "ines@example.com",
        "firstname": "Ines",
        "lastname": "Duval",
        "email": "ines@example.com",
        "phone": "+33600000005",
        "mobile": "",
        "created_by_id": 1,
        "roles": ["Customer"],
        **more,
    }


def ticket(**more: Any) -> Body:
    return {
        "id": 81,
        "number": "10081",
        "title": "A parcel is late",
        "state": "open",
        "state_id": 2,
        "priority": {"id": 2, "name": "2 normal"},
        "priority_id": 2,
        "group": {"id": 3, "name": "Service Desk"},
        "group_id": 3,
        "owner": {"id": AGENT, "firstname": "Ruth"},
        "owner_id": AGENT,
        "customer": customer(),
        "customer_id": CUSTOMER,
        "create_article_type": "email",
        "create_article_sender": "Customer",
        "article_count": 2,
        "article_ids": [104, 105],
        "created_at": "2026-09-21T14:00:00.000Z",
        "updated_at": "2026-09-21T14:13:20.015Z",
        "updated_by_id": AGENT,
        **more,
    }


def article(**more: Any) -> Body:
    return {
        "id": 105,
        "ticket_id": 81,
        "type": "email",
        "type_id": 1,
        "sender": "Customer",
        "sender_id": 2,
        "internal": False,
        "from": "Ines Duval <ines@example.com>",
        "subject": "A parcel is late",
        "body": "<div>Where is my parcel?</div>",
        "content_type": "text/html",
        "created_at": "2026-09-21T14:13:20.000Z",
        "updated_at": "2026-09-21T14:13:20.000Z",
        "created_by_id": CUSTOMER,
        "preferences": {},
        "attachments": [],
        **more,
    }


def told(shown: Body | None = None, said: Body | None = None) -> Body:
    return {
        "ticket": ticket() if shown is None else shown,
        "article": article() if said is None else said,
    }


FIRST = {"article_count": 1, "article_ids": [105], "owner_id": 1, "owner": {"id": 1}}
STANDS = ("assignment.changed", "conversation.updated")
SAID = ("assignment.changed", "message.posted", "conversation.updated")

BODIES: Bodies = {
    "new ticket": (
        told(ticket(state="new", **FIRST)),
        ("conversation.opened", "assignment.changed", "message.posted"),
    ),
    "new ticket, urgent": (
        told(ticket(state="new", priority={"name": "3 high"}, **FIRST)),
        ("conversation.opened", *SAID),
    ),
    "a call, solved at once": (
        told(
            ticket(state="closed", create_article_type="phone", **FIRST),
            article(type="phone", created_by_id=AGENT),
        ),
        ("conversation.opened", *SAID),
    ),
    "follow-up": (told(), SAID),
    "answer": (told(said=article(sender="Agent", created_by_id=AGENT)), SAID),
    "note": (told(said=article(type="note", sender="Agent", internal=True)), SAID),
    "public note": (told(said=article(type="note", sender="Agent")), SAID),
    "automatic answer": (told(said=article(sender="System", created_by_id=1)), SAID),
    "out of office": (told(said=article(preferences={"is-auto-response": True})), SAID),
    "not delivered": (
        told(
            said=article(
                sender="Agent",
                preferences={
                    "delivery_status": "fail",
                    "delivery_status_date": "2026-09-21T14:13:50.000Z",
                },
            )
        ),
        (
            "assignment.changed", "message.posted", "message.status_changed",
            "conversation.updated",
        ),
    ),
    "picture": (
        told(
            said=article(
                body="", attachments=[{"id": 1, "preferences": {"Mime-Type": "image/png"}}]
            )
        ),
        SAID,
    ),
    "by whatsapp": (
        told(said=article(type="whatsapp message", **{"from": "Ines (+33600000005)"})),
        SAID,
    ),
    "by SMS": (told(said=article(type="sms", **{"from": "+33600000005"})), SAID),
    "of somebody whom a colleague entered": (
        told(ticket(customer=customer(created_by_id=AGENT))),
        SAID,
    ),
    "by ids only": (
        told(ticket(state=None), article(type=None, sender=None, type_id=11, sender_id=2)),
        SAID,
    ),
    "another owner": (told(ticket(owner_id=OTHER), {}), STANDS),
    "closed": (told(ticket(state="closed"), {}), STANDS),
    "merged": (told(ticket(state="merged", owner_id=1), {}), STANDS),
    "a state of their own": (told(ticket(state="In the workshop"), {}), STANDS),
    "article alone": ({"article": article()}, ("message.posted",)),
    "custom, nested": (
        {
            "ticket": {"id": "81", "state": {"name": "closed"}, "customer": {"id": "8"},
                       "updated_at": "2026-09-21 14:13:20 UTC"},
            "article": {"id": "105", "type": {"name": "web"}, "sender": {"name": "Customer"},
                        "internal": "false", "body": "Where is my parcel?",
                        "created_at": "2026-09-21 14:13:20 UTC"},
        },
        ("message.posted", "conversation.updated"),
    ),
    "custom, flat": (
        {
            "ticket.id": "81",
            "ticket.state.name": "open",
            "ticket.group.name": "Service Desk",
            "ticket.customer.id": "8",
            "ticket_updated_at": "2026-09-21 14:13:20 UTC",
            "article_id": "105",
            "article_body": "Where is my parcel?",
            "article.sender.name": "Customer",
            "article_created_at": "2026-09-21 14:13:20 UTC",
        },
        SAID,
    ),
    "custom, flat but for the number": (
        {"ticket_id": 81, "state": "closed", "updated_at": "2026-09-21 14:13:20 UTC"},
        ("conversation.updated",),
    ),
    "custom, of other names": (
        {"ticket": "A parcel is late", "message": "Created by Ines", "customer": "Ines Duval"},
        "unknown_type",
    ),
    "for a chat room": (
        {"channel": "#desk", "username": "Zammad", "text": "# A parcel is late"},
        "unknown_type",
    ),
    "a number alone": ({"ticket": {"id": 81}, "article": {}}, "ignored"),
    "no id": ({"ticket": {"state": "open"}, "article": {}}, "malformed"),
}  # fmt: skip
