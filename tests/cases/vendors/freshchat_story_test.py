"""Freshchat: a message names its customer, an assignment only its conversation."""

from __future__ import annotations

import itertools
from typing import Any

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes

ADA, BOT, ZOE, YAN = "u-7", "a-9", "a-31", "a-32"
NAMES: dict[str, Any] = {
    "agents": {ZOE: "zoe", YAN: "yan"},
    "places": {"g-1": "service", "g-2": "returns"},
    "options": {"bots": BOT},
}
_numbers = itertools.count(1)


def told(action: str, by: str, **data: Any) -> Hook:
    def hook(at_ms: int) -> dict[str, Any]:
        if "message" in data:
            data["message"]["created_time"] = rfc3339(at_ms)
        kind = "user" if by == ADA else "agent" if by else "system"
        actor = {"actor_type": kind, "actor_id": by}
        return {"actor": actor, "action": action, "action_time": rfc3339(at_ms), "data": data}

    return hook


def says(by: str, words: str, *, private: bool = False) -> Hook:
    message = {
        "message_parts": [{"text": {"content": words}}],
        "app_id": "app", "id": f"m-{next(_numbers)}", "channel_id": "t-1",
        "conversation_id": "c-77", "interaction_id": "i-1", "user_id": ADA,
        "message_type": "private" if private else "normal", "message_source": "web",
        "actor_type": "user" if by == ADA else "agent", "actor_id": by,
    }  # fmt: skip
    return told("message_create", by, message=message)


def given(by: str, was: tuple[str, str], now: tuple[str, str], status: str = "assigned") -> Hook:
    change = {
        "assignor": "agent" if by else "system", "assignor_id": by,
        "from_agent_id": was[0], "from_group_id": was[1],
        "to_agent_id": now[0], "to_group_id": now[1], "interaction_id": "i-1",
        "conversation": {
            "conversation_id": "c-77", "app_id": "app", "status": status, "channel_id": "t-1",
            "assigned_agent_id": now[0], "assigned_group_id": now[1],
        },
    }  # fmt: skip
    return told("conversation_assignment", by, assignment=change)


def ends(by: str) -> Hook:
    change = {"resolver": "agent", "resolver_id": by, "user": {"id": ADA, "first_name": "Ada"},
              "conversation": {"conversation_id": "c-77", "status": "resolved"}}  # fmt: skip
    return told("conversation_resolution", by, resolve=change)


def returns(by: str) -> Hook:
    change = {"reopener": "user", "reopener_id": by,
              "conversation": {"conversation_id": "c-77", "status": "reopened"}}  # fmt: skip
    return told("conversation_reopen", by, reopen=change)


def test_a_bot_two_teams_resolved_and_reopened() -> None:
    life = [
        ("0:00", says(ADA, "Where is my lamp?")),
        ("0:01", given("", ("", ""), (BOT, ""))),
        ("0:03", says(BOT, "Which number?")),
        ("0:20", says(ADA, "A human, please")),
        ("0:21", given(BOT, (BOT, ""), ("", "g-1"), "new")),
        ("1:00", given("", ("", "g-1"), (ZOE, "g-1"))),
        ("1:30", says(ZOE, "Let me see.")),
        ("2:00", says(ADA, "Number 77")),
        ("2:10", says(ZOE, "She is angry.", private=True)),
        ("3:00", given(ZOE, (ZOE, "g-1"), ("", "g-2"), "new")),
        ("3:30", given("", ("", "g-2"), (YAN, "g-2"))),
        ("4:00", says(YAN, "A new one is on its way.")),
        ("5:00", ends(YAN)),
        ("1:00:00", says(ADA, "It is broken again.")),
        ("1:00:00", returns(ADA)),
        ("1:01:00", says(YAN, "Sorry!")),
        ("1:02:00", ends(YAN)),
    ]
    becomes("freshchat", life, """
        0:00 chat opened by customer
        0:21 handoff transfer bot → zoe: successful
        1:30 first reply by zoe after 1:30
        3:00 queue transfer zoe → yan: successful
        4:00 next reply by yan after 2:00
        5:00 resolved
        1:00:00 reopened
        1:01:00 first reply by yan after 1:00
        1:02:00 resolved
        said: agent 3, bot 1, customer 4, notes 1
    """, **NAMES)  # fmt: skip
