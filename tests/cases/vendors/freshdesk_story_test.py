"""Freshdesk, with the template of our page: each body says what set its rule off, and how the ticket
stands; one save may set off several rules.
"""

from __future__ import annotations

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes

ZOE, YAN = "Zoé Roche", "Yannick Bel"
NAMES = {"agents": {"zoe@acme.example": "zoe", "yan@acme.example": "yan"}}
_ADDRESSES = {ZOE: "zoe@acme.example", YAN: "yan@acme.example", "": ""}


def told(
    trigger: str, agent: str = "", *, status: str = "Open", group: str = "Support",
    latest: str = "", timed: bool = True,
) -> Hook:  # fmt: skip
    def hook(at_ms: int) -> dict[str, dict[str, str]]:
        return {"freshdesk_webhook": {
            "triggered_event": trigger,
            "ticket_id": "5501",
            "ticket_subject": "Lamp",
            "ticket_description": "<div>My lamp does not light.</div>",
            "ticket_status": status,
            "ticket_priority": "Low",
            "ticket_source": "Email",
            "ticket_tags": "",
            "ticket_latest_public_comment": latest,
            "ticket_agent_name": agent or "{{ticket.agent.name}}",
            "ticket_agent_email": _ADDRESSES[agent],
            "ticket_group_name": group,
            "requester_name": "Ada Aubert",
            "requester_email": "ada@example.com",
            "requester_phone": "",
            **({"ticket_updated_at": rfc3339(at_ms)} if timed else {}),
        }}  # fmt: skip

    return hook


WHICH = f"{ZOE} : <div>Which model?</div>"
SMALL = "Ada Aubert : <div>The small one.</div>"
NEW_ONE = f"{YAN} : <div>A new one is on its way.</div>"
BROKEN = "Ada Aubert : <div>It is broken again.</div>"
MONEY = f"{YAN} : <div>You get your money back.</div>"
REPLY = "{reply_sent:sent}"

LIFE = [
    ("0:00", "{ticket_action:created}", "", "Open", "Support", ""),
    ("1:00", "{responder_id:{from:,to:31}}", ZOE, "Open", "Support", ""),
    ("20:00", REPLY, ZOE, "Pending", "Support", WHICH),
    ("20:00", "{status:{from:2,to:3}}", ZOE, "Pending", "Support", WHICH),
    ("50:00", REPLY, ZOE, "Open", "Support", SMALL),
    ("50:00", "{status:{from:3,to:2}}", ZOE, "Open", "Support", SMALL),
    ("55:00", "{note_type:private}", ZOE, "Open", "Support", SMALL),
    ("60:00", "{group_id:{from:801,to:802}}", "", "Open", "Returns", SMALL),
    ("60:00", "{responder_id:{from:31,to:}}", "", "Open", "Returns", SMALL),
    ("65:00", "{responder_id:{from:,to:32}}", YAN, "Open", "Returns", SMALL),
    ("80:00", REPLY, YAN, "Resolved", "Returns", NEW_ONE),
    ("80:00", "{status:{from:2,to:4}}", YAN, "Resolved", "Returns", NEW_ONE),
    ("25:00:00", REPLY, YAN, "Open", "Returns", BROKEN),
    ("25:00:00", "{status:{from:4,to:2}}", YAN, "Open", "Returns", BROKEN),
    ("25:30:00", REPLY, YAN, "Open", "Returns", MONEY),
    ("25:31:00", "{status:{from:2,to:4}}", YAN, "Resolved", "Returns", MONEY),
    ("25:40:00", "{customer_feedback:103}", YAN, "Resolved", "Returns", MONEY),
    ("74:00:00", "{status:{from:4,to:5}}", YAN, "Closed", "Returns", MONEY),
]
EXPECTED = """
    0:00 email opened by customer
    20:00 first reply by zoe after 20:00
    1:00:00 queue transfer zoe → yan: successful
    1:20:00 next reply by yan after 30:00
    1:20:00 resolved
    25:00:00 reopened
    25:30:00 first reply by yan after 30:00
    25:31:00 resolved
    25:40:00 csat 3
    said: agent 3, customer 3, notes 1
"""


def test_a_mail_that_is_passed_on_resolved_and_comes_back() -> None:
    life = [
        (at, told(trigger, agent, status=status, group=group, latest=latest))
        for at, trigger, agent, status, group, latest in LIFE
    ]
    becomes("freshdesk", life, EXPECTED, **NAMES)


def test_a_template_without_a_time_tells_the_same_story_as_it_arrives() -> None:
    life = [
        (at, told(trigger, agent, status=status, group=group, latest=latest, timed=False))
        for at, trigger, agent, status, group, latest in LIFE
    ]
    becomes("freshdesk", life, EXPECTED, in_order=True, **NAMES)
