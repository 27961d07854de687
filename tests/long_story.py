"""A journey that is longer than its timeline, and what stands of it."""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Party
from schemas.events import AssignmentChanged, ConversationUpdated, MessagePosted
from streams.journeys.state import TIMELINE, CustomerState
from tests.world import MINUTE, World, who


def says(world: World, by: str = "", number: int = 0, **fields: Any) -> None:
    """A message: the customer's, or an agent's."""
    world._numbers += 1
    at = fields.pop("at", None)
    actor = Actor("agent", by) if by else Actor("customer")
    fields.setdefault("conversation", "ticket")
    fields.setdefault("identifiers", who())
    if number:
        fields["id"] = f"told-{number}"
    world.event(
        MessagePosted, at, actor=actor, message_id=f"m{number or world._numbers}",
        direction="outbound" if by else "inbound", **fields,
    )  # fmt: skip


def stands(
    world: World, agent: str, status: str = "open", at: int | None = None, where: str = "ticket"
) -> None:
    """How things stand, told with each body of some vendors."""
    about: dict[str, Any] = {"conversation": where, "actor": Actor("system")}
    world.event(AssignmentChanged, at, **about, to=Party(agent=agent))
    world.event(ConversationUpdated, at, **about, status=status, topic="delivery", priority="2")


def state(world: World) -> CustomerState:
    [found] = [s for s in world.journeys.states.values() if isinstance(s, CustomerState)]
    return found


def taken_back(world: World, kind: type) -> list[Any]:
    return [f for f in world.history if isinstance(f, kind) and f.state == "retracted"]


def fill(world: World, entries: int = TIMELINE, **fields: Any) -> None:
    """Exchanges that need the whole timeline."""
    for number in range(entries):
        world.now += MINUTE
        says(world, "yan" if number % 2 else "", **fields)


def resolves(world: World, where: str = "ticket", channel: str = "chat") -> None:
    world.event(
        ConversationUpdated, conversation=where, channel=channel, status="resolved",
        actor=Actor("agent", "zoe"),
    )  # fmt: skip


def notes(world: World, entries: int = TIMELINE) -> None:
    """What needs the whole timeline, and is no word of either side."""
    for _ in range(entries):
        world.now += MINUTE
        says(world, "zoe", visibility="internal")
