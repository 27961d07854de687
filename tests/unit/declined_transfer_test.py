"""A transfer that one agent declines: refused, unless somebody else takes it."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, Party
from schemas.events import (
    AgentConnected,
    AgentOffered,
    AssignmentChanged,
    ContactEnded,
    ConversationUpdated,
    QueueEntered,
    QueueLeft,
    TransferReported,
)
from schemas.facts import TransferConcluded, TransferStarted
from tests.world import HOUR, MINUTE, World, who

CALL: dict[str, Any] = {"channel": "voice", "conversation": "call", "identifiers": who()}
SYSTEM = Actor("system")


def passed_on(to: Party, *, named: bool) -> World:
    """Zoé passes her call on; its vendor calls that a transfer, or says only whose it is now."""
    world = World()
    world.event(AgentConnected, agent="zoe", **CALL)
    world.event(AssignmentChanged, to=Party(agent="zoe"), actor=SYSTEM, **CALL)
    world.now += MINUTE
    if named:
        world.event(
            TransferReported, kind="unknown", phase="started", to=to, from_=Party(agent="zoe"),
            actor=Actor("agent", "zoe"), **CALL,
        )  # fmt: skip
    else:
        world.event(AssignmentChanged, to=to, actor=SYSTEM, **CALL)
    world.now += 20_000
    return world


def declines(world: World, agent: str = "yan") -> None:
    world.event(AgentOffered, agent=agent, outcome="declined", actor=SYSTEM, **CALL)
    world.now += 20_000


def takes(world: World, agent: str) -> None:
    world.event(AgentConnected, agent=agent, **CALL)
    world.now += 20_000


def ends(world: World, ms: int = HOUR) -> list[tuple[str | None, str]]:
    """Of all transfers, some time later: to which agent, and how it ended."""
    world.wait(ms)
    assert len(world.asserted(TransferStarted)) == len(world.asserted(TransferConcluded))
    return [(f.to.agent, f.outcome) for f in world.asserted(TransferConcluded)]


def successes(world: World) -> tuple[int, int]:
    """Of the figure: successful ones, of all."""
    found = {"hit": 0, "n": 0}
    for cell, amount in world.panes.items():
        _, kpi, part, *_ = cell.split("|")
        if kpi == "transfer_success_rate":
            found[part] += amount
    return found["hit"], found["n"]


PLACES = [Party(queue="returns"), Party(team="returns"), Party(agent="yan")]


@pytest.mark.parametrize(
    ("to", "named"), [*((to, True) for to in PLACES), *((to, False) for to in PLACES[1:])]
)
def test_who_takes_it_after_a_decline_has_taken_it(to: Party, named: bool) -> None:
    world = passed_on(to, named=named)
    declines(world)
    declines(world, "xi")
    takes(world, "wanda")
    assert ends(world) == [("wanda", "successful")]
    assert successes(world) == (1, 1)


@pytest.mark.parametrize("named", [True, False])
def test_who_takes_it_after_it_was_said_to_be_refused_corrects_that(named: bool) -> None:
    world = passed_on(Party(team="returns"), named=named)
    declines(world)
    assert ends(world, 11 * MINUTE) == [(None, "refused")]
    assert successes(world) == (0, 1)
    assert "transfer.failed" in world.sent()
    takes(world, "wanda")
    assert ends(world) == [("wanda", "successful")]
    assert successes(world) == (1, 1)
    assert "transfer.failed" in world.cancelled()
    told = [(f.outcome, f.state) for f in world.history if isinstance(f, TransferConcluded)]
    assert told == [("refused", "asserted"), ("refused", "retracted"), ("successful", "asserted")]


def test_it_is_taken_in_another_conversation_too() -> None:
    world = passed_on(Party(team="returns"), named=True)
    declines(world)
    other = {"channel": "chat", "conversation": "chat", "identifiers": who()}
    world.event(AssignmentChanged, to=Party(team="returns"), actor=SYSTEM, **other)
    world.event(AgentConnected, agent="wanda", **other)
    assert ends(world) == [("wanda", "successful")]


def test_its_vendor_says_that_another_has_accepted_it() -> None:
    world = passed_on(Party(agent="yan"), named=True)
    declines(world)
    world.event(
        TransferReported, kind="unknown", phase="accepted", to=Party(agent="wanda"), actor=SYSTEM,
        **CALL,
    )  # fmt: skip
    assert ends(world) == [("wanda", "successful")]


@pytest.mark.parametrize("to", PLACES)
@pytest.mark.parametrize("how", ["nothing", "gives up", "taken back", "ends", "resolved"])
def test_what_nobody_takes_after_a_decline_was_refused(to: Party, how: str) -> None:
    world = passed_on(to, named=True)
    if how == "gives up":
        world.event(QueueEntered, queue="returns", **CALL)
    declines(world)
    if how == "gives up":
        world.event(QueueLeft, queue="returns", outcome="abandoned", **CALL)
    elif how == "taken back":
        world.event(TransferReported, kind="unknown", phase="failed", actor=SYSTEM, **CALL)
    elif how == "ends":
        world.event(ContactEnded, answered=True, actor=SYSTEM, **CALL)
    elif how == "resolved":
        world.event(ConversationUpdated, status="resolved", actor=SYSTEM, **CALL)
    assert ends(world) == [(to.agent, "refused")]


def test_it_was_refused_when_it_was_declined_first() -> None:
    world = passed_on(Party(team="returns"), named=True)
    world.now += HOUR
    refused_ms = world.now
    declines(world)
    declines(world, "xi")
    assert ends(world) == [(None, "refused")]
    assert world.one(TransferConcluded).at_ms == refused_ms


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("how", ["connected", "assigned"])
def test_that_it_comes_back_after_a_decline_is_no_ping_pong(named: bool, how: str) -> None:
    """Nobody had it in between; the way back is no transfer of its own."""
    world = passed_on(Party(agent="yan"), named=named)
    declines(world)
    if how == "connected":
        takes(world, "zoe")
    else:
        world.event(AssignmentChanged, to=Party(agent="zoe"), actor=SYSTEM, **CALL)
    assert ends(world) == [("yan", "refused")]
    assert not world.one(TransferConcluded).ping_pong


@pytest.mark.parametrize("named", [True, False])
def test_another_offer_is_the_next_transfer(named: bool) -> None:
    """It was Yannick's by name, and is Wanda's by name now."""
    world = passed_on(Party(agent="yan"), named=named)
    declines(world)
    if named:
        world.event(
            TransferReported, kind="unknown", phase="started", to=Party(agent="wanda"),
            from_=Party(agent="zoe"), actor=Actor("agent", "zoe"), **CALL,
        )  # fmt: skip
    else:
        world.event(AssignmentChanged, to=Party(agent="wanda"), actor=SYSTEM, **CALL)
    takes(world, "wanda")
    assert ends(world) == [("yan", "refused"), ("wanda", "successful")]


def test_a_name_in_the_same_team_goes_on_with_the_offer() -> None:
    world = passed_on(Party(team="returns"), named=False)
    declines(world)
    world.event(AssignmentChanged, to=Party(agent="wanda", team="returns"), actor=SYSTEM, **CALL)
    world.event(ConversationUpdated, status="resolved", actor=SYSTEM, **CALL)
    assert ends(world) == [("wanda", "successful")]
