"""Freshchat: a body of each documented kind, in both forms of message parts."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from streams.demo.traffic.freshchat import Account
from tests.conformance.vendors import NOW_MS, WHO, Bodies, Body

ACCOUNT = Account("source", generate_private_key(65_537, 2_048))
SECRET = ACCOUNT.public_key
CALL = ACCOUNT.message("c-1", "m-1", WHO, "hello", NOW_MS)
SIGNS = "body"
WORDS = ("Where is", "Ines", "example.com", "+33600000005")

USER = {"actor_type": "user", "actor_id": "u-5"}
AGENT = {"actor_type": "agent", "actor_id": "a-31"}
SYSTEM = {"actor_type": "system", "actor_id": ""}


def happened(action: str, actor: Body, data: Body, at: str = "2026-09-21T14:13:21.500Z") -> Body:
    return {"actor": actor, "action": action, "action_time": at, "data": data}


def message(actor: Body = USER, **more: Any) -> Body:
    said = {
        "message_parts": [{"text": {"content": "Where is my parcel?"}}],
        "app_id": "app-1",
        "id": "m-900",
        "channel_id": "topic-1",
        "conversation_id": "c-71",
        "interaction_id": "515-16",
        "message_type": "normal",
        "created_time": "2026-09-21T14:13:20.000Z",
        "user_id": "u-5",
        "message_source": "web",
        **actor,
        **more,
    }
    return happened("message_create", actor, {"message": said})


def conversation(status: str, **more: Any) -> Body:
    return {
        "conversation_id": "c-71",
        "app_id": "app-1",
        "status": status,
        "channel_id": "topic-1",
        "skill_id": 0,
        "sla_breached": False,
        **more,
    }


def assignment(actor: Body = AGENT, at: str = "2026-09-21T14:14:00.000Z", **more: Any) -> Body:
    change = {
        "assignor": actor["actor_type"],
        "assignor_id": actor["actor_id"],
        "to_agent_id": "a-31",
        "to_group_id": "g-2",
        "from_agent_id": "",
        "from_group_id": "g-2",
        "conversation": conversation("assigned", assigned_agent_id="a-31"),
        **more,
    }
    return happened("conversation_assignment", actor, {"assignment": change}, at)


def resolution(actor: Body = AGENT, **more: Any) -> Body:
    change = {
        "resolver": actor["actor_type"],
        "resolver_id": actor["actor_id"],
        "conversation": conversation("resolved"),
        "interaction_id": "515-16",
        **more,
    }
    return happened("conversation_resolution", actor, {"resolve": change})


def reopen(actor: Body = USER, status: str = "reopened") -> Body:
    change = {
        "reopener": actor["actor_type"],
        "reopener_id": actor["actor_id"],
        "conversation": conversation(status),
    }
    return happened("conversation_reopen", actor, {"reopen": change})


BODIES: Bodies = {
    "by the customer": (message(), ("message.posted",)),
    "by an agent": (message(AGENT), ("message.posted",)),
    "by the system": (message(SYSTEM), ("message.posted",)),
    "by a bot": (message({"actor_type": "bot", "actor_id": "b-1"}), ("message.posted",)),
    "private note": (message(AGENT, message_type="private"), ("message.posted",)),
    "note of a bot": (message(AGENT, botsPrivateNote=True), ("message.posted",)),
    "older parts": (
        message(
            message_parts=None,
            msg_parts=[{"part_type": "text", "properties": {"text": "Where is it?"}}],
        ),
        ("message.posted",),
    ),
    "picture": (
        message(message_parts=[{"image": {"url": "https://example.org/1.png"}}]),
        ("message.posted",),
    ),
    "by whatsapp": (message(message_source="whatsapp"), ("message.posted",)),
    "message without id": (message(id=None), "malformed"),
    "first assignment": (assignment(), ("assignment.changed",)),
    "assigned by a rule": (assignment(SYSTEM), ("assignment.changed",)),
    "another agent": (
        assignment(from_agent_id="a-30", to_agent_id="a-32"),
        ("assignment.changed",),
    ),
    "another group": (
        assignment(to_agent_id="", to_group_id="g-3", from_agent_id="a-31"),
        ("assignment.changed",),
    ),
    "nobody": (assignment(to_agent_id="", to_group_id=""), ("assignment.changed",)),
    "assignment without conversation": (assignment(conversation=None), "malformed"),
    "resolved": (resolution(), ("conversation.updated",)),
    "resolved, with the user": (
        resolution(
            user={
                "id": "u-5",
                "first_name": "Ines",
                "last_name": "Duval",
                "email": "ines@example.com",
                "phone": "+33600000005",
                "reference_id": "A-5",
                "properties": [{"name": "plan", "value": "gold"}],
            }
        ),
        ("conversation.updated",),
    ),
    "reopened by the customer": (reopen(), ("conversation.updated",)),
    "reopened by an agent": (reopen(AGENT, "reopen"), ("conversation.updated",)),
    "news": (happened("conversation_levitate", SYSTEM, {}), "unknown_type"),
}
