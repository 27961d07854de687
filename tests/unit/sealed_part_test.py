"""What the sealed part of a long journey leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, Party, Ref
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ContextViewed,
    ConversationUpdated,
    QueueEntered,
    QueueLeft,
    TransferReported,
)
from schemas.facts import (
    ChannelSwitched,
    JourneyOpened,
    QueueAbandoned,
    QueueWaited,
    TransferConcluded,
    TransferStarted,
)
from streams.journeys.state import TIMELINE
from tests.long_story import notes, resolves, says, state, taken_back
from tests.world import HOUR, MINUTE, World, who

# What the sealed part leaves behind -------------------------------------------------------------

CALL: dict[str, Any] = {"channel": "voice", "conversation": "call", "identifiers": who()}


def test_who_gave_up_in_the_sealed_part_and_then_writes_was_not_free_to_choose() -> None:
    world = World()
    world.event(QueueEntered, queue="desk", **CALL)
    world.now += MINUTE
    world.event(QueueLeft, queue="desk", outcome="abandoned", **CALL)
    notes(world)
    says(world)
    assert state(world).journeys and world.one(ChannelSwitched).cause == "abandoned_queue"


def test_a_hand_off_in_the_sealed_part_is_why_he_goes_on_elsewhere() -> None:
    world = World()
    says(world)
    world.event(
        TransferReported, conversation="ticket", actor=Actor("bot"), kind="unknown",
        phase="failed", from_=Party(bot="bot"),
    )  # fmt: skip
    notes(world)
    says(world, channel="email", conversation="mail")
    assert world.one(ChannelSwitched).cause == "handed_off"


@pytest.mark.parametrize(("minutes", "switches"), [(4, 0), (6, 2)])
def test_he_is_back_on_a_channel_that_he_left_in_the_sealed_part(
    minutes: int, switches: int
) -> None:
    world = World()
    says(world)
    world.now += MINUTE
    begin = world.now
    says(world, channel="whatsapp", conversation="thread")
    for _ in range(TIMELINE):
        world.now += 1_000
        says(world, "zoe", visibility="internal")
    [journey] = state(world).journeys.values()
    assert journey.sealed_ms >= begin
    world.now = begin + minutes * MINUTE
    says(world)
    assert len(world.asserted(ChannelSwitched)) == switches
    assert [f.parallel for f in taken_back(world, ChannelSwitched)] == [True] * (not switches)


def test_the_context_of_a_switch_in_the_sealed_part_is_still_looked_up() -> None:
    world = World()
    says(world)
    world.now += MINUTE
    says(world, channel="email", conversation="mail")
    notes(world)
    world.event(ContextViewed, actor=Actor("agent", "zoe"), identifiers=who())
    assert world.one(ChannelSwitched).context == "viewed"


def test_a_transfer_in_the_sealed_part_makes_the_same_hands_news() -> None:
    """Put down twice alike, and passed on in between: the second is a transfer back."""
    world = World()
    says(world)
    world.event(AgentConnected, agent="zoe", **CALL)
    world.event(AssignmentChanged, **CALL, actor=Actor("system"), to=Party(agent="zoe"))
    world.now += MINUTE
    world.event(
        TransferReported, **CALL, actor=Actor("agent", "zoe"), kind="unknown", phase="started",
        to=Party(agent="yan"),
    )  # fmt: skip
    notes(world)
    world.event(AssignmentChanged, **CALL, actor=Actor("system"), to=Party(agent="zoe"))
    to = [f.to.agent for f in world.asserted(TransferStarted)]
    assert to == ["yan", "zoe"]


def test_a_wait_is_known_by_its_queue_once_it_is_sealed() -> None:
    """One conversation in two queues; only one wait is over."""
    world = World()
    says(world)
    for queue in ("desk", "returns"):
        world.event(QueueEntered, queue=queue, **CALL)
    world.event(QueueLeft, queue="returns", outcome="overflow", **CALL)
    notes(world, 2 * TIMELINE)
    world.event(QueueLeft, queue="desk", outcome="abandoned", **CALL)
    assert world.one(QueueAbandoned).wait_ms == 2 * TIMELINE * MINUTE
    assert [f.queue for f in world.asserted(QueueWaited)] == ["returns"]


def test_a_transfer_keeps_its_queue_and_team_however_often_its_part_is_sealed() -> None:
    world = World()
    says(world)
    world.event(QueueEntered, queue="desk", **CALL)
    world.event(AssignmentChanged, **CALL, actor=Actor("system"), to=Party(team="first line"))
    world.event(
        TransferReported, **CALL, actor=Actor("agent", "zoe"), kind="unknown", phase="started",
        to=Party(agent="yan"),
    )  # fmt: skip
    for team in ("second line", "third line"):
        world.now += MINUTE
        world.event(QueueEntered, queue=team, **CALL)
        world.event(
            AssignmentChanged, conversation="ticket", actor=Actor("system"), to=Party(team=team)
        )
        notes(world, 2 * TIMELINE)
    world.event(AgentConnected, agent="yan", **CALL)
    world.wait(HOUR)
    started = next(f for f in world.asserted(TransferStarted) if f.to.agent == "yan")
    concluded = next(f for f in world.asserted(TransferConcluded) if f.to.agent == "yan")
    assert (started.queue, started.team) == ("desk", "first line")
    assert (concluded.queue, concluded.outcome) == ("third line", "successful")


def test_a_transfer_that_somebody_takes_after_all_was_taken_even_if_it_is_sealed() -> None:
    """For a day nobody did, and that was said."""
    world = World()
    says(world)
    world.event(AgentConnected, agent="zoe", **CALL)
    world.now += MINUTE
    world.event(
        TransferReported, **CALL, actor=Actor("agent", "zoe"), kind="unknown", phase="started",
        to=Party(agent="yan"),
    )  # fmt: skip
    notes(world)
    world.wait(25 * HOUR)
    assert world.one(TransferConcluded).outcome == "failed"
    notes(world)
    world.event(AgentConnected, agent="yan", **CALL)
    world.wait(HOUR)
    concluded = world.one(TransferConcluded)
    assert (concluded.outcome, concluded.revision) == ("successful", 3)


# A conversation of which only the sealed part tells ---------------------------------------------


def test_it_stays_when_its_topic_turns_out_to_differ() -> None:
    world = World()
    says(world)
    world.event(ConversationUpdated, conversation="ticket", topic="delivery", identifiers=who())
    says(world, conversation="other")
    for _ in range(TIMELINE):
        world.now += 1_000
        says(world, "zoe")
        says(world)
    world.event(ConversationUpdated, conversation="other", topic="returns", identifiers=who())
    assert len(world.asserted(JourneyOpened)) == 1


def test_it_stays_when_it_turns_out_to_refer_to_another_need() -> None:
    """The cycle in which it was begun is sealed as a whole."""
    world = World()
    mail = {"conversation": "mail", "channel": "email"}
    for where in (mail, {}):
        says(world, **where)
        says(world, "zoe", **where)
    resolves(world)
    world.now += MINUTE
    says(world)
    notes(world)
    [journey] = state(world).journeys.values()
    assert journey.cycles == 1
    world.event(ConversationUpdated, conversation="ticket", topic="delivery", identifiers=who())
    world.event(ConversationUpdated, conversation="other", topic="returns", identifiers=who())
    says(world, conversation="other", channel="email")
    assert len(world.asserted(JourneyOpened)) == 2
    says(world, **mail, refs=(Ref("ticket", "other"),))
    first = state(world).journeys[journey.id]
    assert [e.conversation for e in first.timeline if e.kind == "act"] == ["s:ticket", "s:mail"]
