"""When a conversation changes hands: what is a transfer, and how it ended."""

from __future__ import annotations

import pytest

from schemas.common import Actor, Party
from schemas.events import AgentConnected, AssignmentChanged, ConversationUpdated, TransferReported
from schemas.facts import ReplyMeasured, TransferConcluded, TransferStarted
from tests.story import AGENT, answers, assigns, resolves, writes
from tests.world import HOUR, MINUTE, World, who


@pytest.mark.parametrize(("minutes", "outcomes"), [(9, ["bounced"]), (11, ["successful"])])
def test_there_and_back_within_nine_or_eleven_minutes(minutes: int, outcomes: list[str]) -> None:
    world = World()
    writes(world)
    assigns(world, "zoe")
    answers(world)
    world.now += MINUTE
    assigns(world, "yan")
    answers(world, actor=Actor("agent", "yan"))
    world.wait(minutes * MINUTE)
    assigns(world, "zoe")
    concluded = world.asserted(TransferConcluded)
    assert [f.outcome for f in concluded] == outcomes
    assert [f.ping_pong for f in concluded] == [minutes == 9]
    assert len(world.asserted(TransferStarted)) == (1 if minutes == 9 else 2)


def test_a_consultation_is_no_transfer() -> None:
    world = World()
    for agent, mode in (("zoe", "owner"), ("yan", "consult")):
        world.event(
            AgentConnected, channel="voice", conversation="call-1", identifiers=who(),
            agent=agent, mode=mode,
        )  # fmt: skip
    assert not world.asserted(TransferStarted)


def test_a_transfer_that_is_named_and_one_that_is_implied_are_the_same() -> None:
    outcomes = []
    for named in (True, False):
        world = World()
        writes(world)
        assigns(world, "zoe")
        world.now += MINUTE
        if named:
            world.event(
                TransferReported, conversation="chat-1", actor=AGENT, kind="blind",
                phase="started", to=Party(agent="yan"), from_=Party(agent="zoe"),
            )  # fmt: skip
        else:
            assigns(world, "yan")
        world.now += MINUTE
        answers(world, actor=Actor("agent", "yan"))
        world.wait(11 * MINUTE)
        fact = world.one(TransferConcluded)
        outcomes.append((fact.kind, fact.from_, fact.to, fact.outcome, fact.ping_pong))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][3] == "successful"


def test_a_transfer_that_its_vendor_takes_back_has_failed() -> None:
    world = World()
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="zoe"
    )
    for phase in ("started", "failed"):
        world.now += 10_000
        world.event(
            TransferReported, channel="voice", conversation="call-1", actor=AGENT, kind="blind",
            phase=phase, to=Party(agent="yan"),
        )  # fmt: skip
    assert world.one(TransferConcluded).outcome == "failed"


@pytest.mark.parametrize(
    "places",
    [(Party(agent="yan"), Party(agent="wanda")), (Party(queue="billing"), Party(queue="returns"))],
)
def test_a_named_transfer_that_nobody_took_has_failed_when_the_next_goes_elsewhere(
    places: tuple[Party, Party],
) -> None:
    world = World()
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="zoe"
    )
    for to in (*places, places[1]):  # the last is told twice
        world.now += 10_000
        world.event(
            TransferReported, channel="voice", conversation="call-1", actor=AGENT, kind="blind",
            phase="started", to=to,
        )  # fmt: skip
    world.now += 10_000
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="wanda"
    )
    world.wait(11 * MINUTE)
    assert [f.from_.agent for f in world.asserted(TransferStarted)] == ["zoe", "zoe"]
    assert [f.outcome for f in world.asserted(TransferConcluded)] == ["failed", "successful"]


def test_from_group_to_group_is_a_transfer_each_and_who_resolves_it_has_taken_it() -> None:
    world = World()
    writes(world)
    for team in ("first", "second", "third"):
        world.now += HOUR
        world.event(
            AssignmentChanged, conversation="chat-1", to=Party(team=team), actor=Actor("system")
        )
    world.now += HOUR
    resolves(world)
    world.wait(HOUR)
    assert [(f.from_.team, f.to.team) for f in world.asserted(TransferStarted)] == [
        ("first", "second"), ("second", "third"),
    ]  # fmt: skip
    outcomes = {f.to.team: f.outcome for f in world.asserted(TransferConcluded)}
    assert outcomes == {"second": "failed", "third": "successful"}


def test_a_hand_off_that_passes_through_teams_is_one_until_a_human_has_it() -> None:
    world = World()
    writes(world)
    answers(world, actor=Actor("bot"))
    for status, team in (("pending_bot", ""), ("open", ""), ("", "first"), ("", "second")):
        world.now += 10_000
        cls, fields = (
            (ConversationUpdated, {"status": status}) if status
            else (AssignmentChanged, {"to": Party(team=team)})
        )  # fmt: skip
        world.event(cls, conversation="chat-1", actor=Actor("system"), **fields)
    world.now += 10_000
    answers(world)
    world.wait(HOUR)
    assert [f.kind for f in world.asserted(TransferStarted)] == ["handoff"]
    assert world.one(TransferConcluded).outcome == "successful"


def test_from_the_bot_to_a_human_is_a_hand_off() -> None:
    world = World()
    writes(world)
    answers(world, actor=Actor("bot"))
    world.now += 10_000
    answers(world)
    assert world.one(TransferStarted).kind == "handoff"
    assert world.one(ReplyMeasured).ms == 10_000  # the bot stopped no clock


def test_a_first_assignment_is_no_transfer() -> None:
    world = World()
    writes(world)
    assigns(world, "zoe")
    assert not world.asserted(TransferStarted)
