"""Chatwoot: every change of a conversation comes as `conversation_updated`, a status once more as
`conversation_status_changed`, and as a line of activity; no order is kept.
"""

from __future__ import annotations

import itertools
from typing import Any

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes, ms

CONTACT = {"id": 7, "name": "Ada Aubert", "email": "ada@example.com", "type": "contact"}
ZOE = {"id": 31, "name": "Zoé", "type": "user"}
YAN = {"id": 32, "name": "Yannick", "type": "user"}
HELPER = {"id": 1, "name": "Helper", "type": "agent_bot"}
TEAM, OTHER = {"id": 4, "name": "service"}, {"id": 5, "name": "returns"}
NAMES = {"agents": {"31": "zoe", "32": "yan"}, "places": {"4": "service", "5": "returns"}}
_numbers = itertools.count(1)


def shown(at_ms: int, status: str, who: Any = None, team: Any = None) -> dict[str, Any]:
    return {
        "id": 55, "inbox_id": 3, "channel": "Channel::WebWidget", "status": status,
        "contact_inbox": {"source_id": "web-7", "contact_id": 7, "hmac_verified": True},
        "meta": {"sender": CONTACT, "assignee": who, "team": team, "hmac_verified": True,
                 "assignee_type": "User" if who else None},
        "labels": [], "messages": [], "can_reply": True, "priority": None, "unread_count": 1,
        "created_at": ms("0:00") // 1_000, "updated_at": at_ms / 1_000,
        "timestamp": at_ms // 1_000,
    }  # fmt: skip


def says(sender: dict[str, Any], words: str, status: str = "open", kind: str = "",
         **more: Any) -> Hook:  # fmt: skip
    number = next(_numbers)
    usual = "incoming" if sender is CONTACT else "outgoing"

    def hook(at_ms: int) -> dict[str, Any]:
        return {
            "event": "message_created", "id": number, "content": words, "content_type": "text",
            "message_type": kind or usual, "private": False, "created_at": rfc3339(at_ms),
            "content_attributes": {}, "source_id": None, "sender": sender,
            "conversation": shown(at_ms, status), "inbox": {"id": 3, "name": "Website"},
            "account": {"id": 1, "name": "Acme"}, **more,
        }  # fmt: skip

    return hook


def opened(status: str, who: Any = None, team: Any = None) -> Hook:
    return lambda at_ms: {**shown(at_ms, status, who, team), "event": "conversation_created"}


def changes(now: str, who: Any = None, team: Any = None, event: str = "conversation_updated",
            **changed: tuple[Any, Any]) -> Hook:  # fmt: skip
    def hook(at_ms: int) -> dict[str, Any]:
        told = {**changed, "updated_at": (rfc3339(at_ms - 60_000), rfc3339(at_ms))}
        attributes = [
            {name: {"previous_value": old, "current_value": new}}
            for name, (old, new) in told.items()
        ]
        return {**shown(at_ms, now, who, team), "event": event, "changed_attributes": attributes}

    return hook


def status(old: str, new: str, who: Any = None, team: Any = None) -> list[Hook]:
    """Both webhooks of one change, and its line of activity."""
    return [
        changes(new, who, team, status=(old, new)),
        changes(new, who, team, "conversation_status_changed", status=(old, new)),
        says(ZOE, f"Conversation was marked {new}", new, "activity"),
    ]


def at(clock: str, *hooks: Hook) -> list[tuple[str, Hook]]:
    return [(clock, hook) for hook in hooks]


def test_a_bot_people_two_teams_resolved_and_back() -> None:
    zoes: Any = ("open", ZOE, TEAM)
    yans: Any = ("open", YAN, OTHER)
    survey = {"content_type": "input_csat", "private": False}
    life = [
        *at("0:00", opened("pending"), says(CONTACT, "Where is my lamp?", "pending")),
        *at("0:02", says(HELPER, "Which number?", "pending")),
        *at("0:30", says(CONTACT, "A human, please", "pending")),
        *at("0:31", *status("pending", "open")),
        *at("0:32", changes("open", None, TEAM, team_id=(None, 4))),
        *at("1:00", changes(*zoes, assignee_id=(None, 31))),
        *at("1:00", says(ZOE, "Assigned to Zoé", "open", "activity")),
        *at("1:30", says(ZOE, "Let me see."), changes(*zoes, waiting_since=("2026", None))),
        *at("2:00", says(CONTACT, "Number 77")),
        *at("2:30", says(ZOE, "She is angry.", private=True)),
        *at("3:00", changes("open", YAN, OTHER, team_id=(4, 5), assignee_id=(31, 32))),
        *at("4:00", says(YAN, "A new one is on its way.")),
        *at("5:00", *status("open", "resolved", YAN, OTHER)),
        *at("5:00", says(ZOE, "Please rate us", "resolved", "template", **survey)),
        *at("5:30", lambda at_ms: {
            **says(ZOE, "Please rate us", "resolved", "template", **survey)(at_ms),
            "event": "message_updated", "id": 900, "updated_at": rfc3339(at_ms),
            "content_attributes": {"submitted_values": {
                "csat_survey_response": {"rating": 4, "feedback_message": "Quick."}}},
        }),
        *at("1:00:00", says(CONTACT, "It is broken.", "resolved")),
        *at("1:00:00", *status("resolved", "open", YAN, OTHER)),
        *at("1:01:00", says(YAN, "Sorry!"), changes(*yans, waiting_since=("2026", None))),
        *at("1:02:00", *status("open", "resolved", YAN, OTHER)),
    ]  # fmt: skip
    becomes("chatwoot", life, """
        0:00 chat opened by customer
        0:31 handoff transfer bot → zoe: successful
        1:30 first reply by zoe after 1:30
        3:00 blind transfer zoe → yan: successful
        4:00 next reply by yan after 2:00
        5:00 resolved
        5:30 csat 4
        1:00:00 reopened
        1:01:00 first reply by yan after 1:00
        1:02:00 resolved
        said: agent 3, bot 1, customer 4, greeting 1, notes 1
    """, **NAMES)  # fmt: skip


def test_unassigned_taken_by_whoever_answers_and_snoozed() -> None:
    life = [
        *at("0:00", says(CONTACT, "Where is my lamp?"), opened("open")),
        *at("2:00", says(ZOE, "I ask the carrier.")),
        *at("2:00", changes("open", ZOE, None, assignee_id=(None, 31))),
        *at("2:10", *status("open", "snoozed", ZOE)),
        *at("1:02:10", *status("snoozed", "open", ZOE)),
        *at("1:05:00", says(ZOE, "It comes today.")),
        *at("1:06:00", *status("open", "resolved", ZOE)),
    ]
    becomes("chatwoot", life, """
        0:00 chat opened by customer
        2:00 first reply by zoe after 2:00
        1:06:00 resolved
        said: agent 2, customer 1
    """, **NAMES)  # fmt: skip
