"""What a customer and a company do, in a word each, told to a `World`."""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Party
from schemas.events import AssignmentChanged, ConversationUpdated, MessagePosted
from tests.world import World, who

AGENT = Actor("agent", "zoe")


def writes(world: World, channel: str = "chat", conversation: str = "", **fields: Any) -> None:
    world._numbers += 1
    world.event(
        MessagePosted, fields.pop("at", None), channel=channel,
        conversation=conversation or f"{channel}-1", identifiers=fields.pop("who", who()),
        message_id=f"m{world._numbers}", direction="inbound", **fields,
    )  # fmt: skip


def answers(
    world: World, channel: str = "chat", conversation: str = "", at: int | None = None,
    actor: Actor = AGENT, **fields: Any,
) -> None:  # fmt: skip
    world._numbers += 1
    world.event(
        MessagePosted, at, channel=channel, conversation=conversation or f"{channel}-1",
        identifiers=who() if channel != "chat" else (), actor=actor,
        message_id=f"m{world._numbers}", direction="outbound", **fields,
    )  # fmt: skip


def resolves(world: World, conversation: str = "chat-1", channel: str = "chat") -> None:
    world.event(
        ConversationUpdated, conversation=conversation, channel=channel, status="resolved",
        actor=AGENT,
    )  # fmt: skip


def assigns(world: World, agent: str, conversation: str = "chat-1") -> None:
    world.event(
        AssignmentChanged, conversation=conversation, to=Party(agent=agent), actor=Actor("system")
    )
