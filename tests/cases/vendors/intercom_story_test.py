"""Intercom: each topic brings the conversation as it stands, and its newest part; one part may come
with two topics. Times are seconds.
"""

from __future__ import annotations

import itertools
from typing import Any

from tests.cases.vendors.lives import Hook, becomes

ADA = {"type": "user", "id": "66a1", "name": "Ada Aubert", "email": "ada@example.com"}
ZOE, YAN, FIN = ("admin", "31"), ("admin", "32"), ("bot", "9")
SERVICE, RETURNS = "801", "802"
NAMES: dict[str, Any] = {
    "agents": {"31": "zoe", "32": "yan"},
    "places": {SERVICE: "service", RETURNS: "returns"},
}
_numbers = itertools.count(1)


def told(
    topic: str, kind: str = "", by: tuple[str, str] | None = None, words: str = "",
    to: tuple[str, str] | None = None, *, team: str = "", agent: str = "", part: int = 0,
    **item: Any,
) -> Hook:  # fmt: skip
    """A topic with its part; `team` and `agent` are who has it afterwards."""
    number = next(_numbers)
    part = part or number

    def hook(at_ms: int) -> dict[str, Any]:
        at_s = at_ms // 1_000
        author = {"type": by[0], "id": by[1]} if by else ADA
        shown = {
            "type": "conversation_part", "id": str(4000 + part), "part_type": kind,
            "body": f"<p>{words}</p>" if words else None, "created_at": at_s, "updated_at": at_s,
            "author": author, "attachments": [],
            "assigned_to": {"type": to[0], "id": to[1]} if to else None,
        }  # fmt: skip
        return {
            "type": "notification_event", "app_id": "acme", "topic": topic,
            "id": f"notif_{number}", "created_at": at_s + 1, "first_sent_at": at_s + 1,
            "delivery_attempts": 1,
            "data": {"type": "notification_event_data", "item": {
                "type": "conversation", "id": "21330", "created_at": 1_700_000_000,
                "updated_at": at_s, "state": "open", "open": True,
                "source": {
                    "type": "conversation", "id": "3900", "delivered_as": "customer_initiated",
                    "body": "<p>Where is my lamp?</p>", "author": ADA, "attachments": [],
                },
                "contacts": {"type": "contact.list", "contacts": [
                    {"type": "contact", "id": ADA["id"], "external_id": "C-7"}]},
                "admin_assignee_id": int(agent) if agent else None,
                "team_assignee_id": int(team) if team else None,
                "conversation_parts": {
                    "type": "conversation_part.list", "total_count": 1 if kind else 0,
                    "conversation_parts": [shown] if kind else [],
                },
                **item,
                **({"created_at": at_s} if topic.endswith("created") else {}),
            }},
        }  # fmt: skip

    return hook


def test_fin_people_two_teams_closed_and_back() -> None:
    at_service: dict[str, Any] = {"team": SERVICE}
    zoes: dict[str, Any] = {**at_service, "agent": ZOE[1]}
    yans: dict[str, Any] = {"team": RETURNS, "agent": YAN[1]}
    life = [
        ("0:00", told("conversation.user.created")),
        ("0:04", told("conversation.operator.replied", "comment", FIN, "Which number?")),
        ("0:20", told("conversation.user.replied", "comment", None, "A human, please")),
        ("0:22", told("conversation.operator.replied", "comment", FIN, "I pass you on.")),
        ("0:23", told("conversation.admin.assigned", "assignment", FIN, "", ("team", SERVICE), **at_service)),
        ("1:00", told("conversation.admin.assigned", "assignment", FIN, "", ZOE, part=900, **zoes)),
        ("1:00", told("conversation.admin.open.assigned", "assignment", FIN, "", ZOE, part=900, **zoes)),
        ("1:30", told("conversation.admin.replied", "comment", ZOE, "Let me see.", **zoes)),
        ("2:00", told("conversation.user.replied", "comment", None, "Number 77", **zoes)),
        ("2:30", told("conversation.admin.noted", "note", ZOE, "She is angry.", **zoes)),
        ("3:00", told("conversation.admin.assigned", "assignment", ZOE, "", ("team", RETURNS), team=RETURNS)),
        ("3:00", told("conversation.admin.assigned", "assignment", ZOE, "", YAN, **yans)),
        ("4:00", told("conversation.admin.replied", "comment", YAN, "A new one comes.", **yans)),
        ("4:30", told("conversation.admin.closed", "close", YAN, "Bye!", part=901, **yans, state="closed", open=False)),
        ("4:30", told("conversation.admin.replied", "close", YAN, "Bye!", part=901, **yans, state="closed", open=False)),
        ("1:00:00", told("conversation.user.replied", "open", None, "It is broken.", part=902, **yans)),
        ("1:00:00", told("conversation.admin.opened", "open", None, "It is broken.", part=902, **yans)),
        ("1:01:00", told("conversation.admin.assigned", "assignment", YAN, "", ZOE, **zoes)),
        ("1:02:00", told("conversation.admin.replied", "comment", ZOE, "Sorry!", **zoes)),
        ("1:03:00", told("conversation.admin.closed", "close", ZOE, **zoes, state="closed", open=False)),
        ("1:04:00", told("conversation.rating.added", **zoes, state="closed", open=False, conversation_rating={
            "rating": 4, "remark": "Well.", "created_at": 1_790_000_000, "contact": ADA, "teammate": {"id": 32}})),
    ]  # fmt: skip
    becomes("intercom", life, """
        0:00 chat opened by customer
        0:23 handoff transfer bot → zoe: successful
        1:30 first reply by zoe after 1:30
        3:00 queue transfer zoe → yan: successful
        4:00 next reply by yan after 2:00
        4:30 resolved
        1:00:00 reopened
        1:01:00 blind transfer yan → zoe: successful
        1:02:00 first reply by zoe after 2:00
        1:03:00 resolved
        1:04:01 csat 4
        said: agent 4, bot 2, customer 4, notes 1
    """, **NAMES)  # fmt: skip
