"""A journey of which silence says no more is sealed at once, without being concluded again.

Random histories of one customer, under random policies that may change, with late news and clocks
that stand still and jump; folded as they are, and with every journey concluded again before it is
sealed.  Everything that leaves the fold must be the same, batch by batch: facts, notices, figures,
timers, states.  A history is made from its seed alone; the seed stands in the message of a failure.
"""

from __future__ import annotations

import random
from typing import Any
from unittest import mock

import pytest

from schemas.cloudevents import encode_event
from schemas.common import Actor, ConversationRef
from schemas.events import (
    ClockTick,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    PolicyChanged,
)
from streams.engine.batch import Batch
from streams.engine.driver import Driver
from streams.fold import Record
from streams.journeys.state import TIMELINE
from streams.policy import Policy, changed
from streams.stages.concluding import is_history
from streams.stages.journeys import Journeys
from tests.examples import QUICK
from tests.long_story import resolves, says, state
from tests.property.bounded import bounded
from tests.property.journeys_properties_test import TALKS, long_history
from tests.property.sealing_properties_test import history
from tests.world import DAY, DOMAIN, HOUR, MINUTE, States, World, who

SEEDS = 600
PART = 40
JUMPS = (MINUTE, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 12 * DAY, 40 * DAY)


def policy(dice: random.Random) -> dict[str, Any]:
    """Where sealing comes before, with and after everything else that silence says."""
    return {
        "seal_ms": dice.choice((1_000, DAY, 4 * DAY, 7 * DAY)),
        "fcr_lookback_ms": dice.choice((DAY, 7 * DAY, 20 * DAY)),
        "expire_ms": dice.choice((2 * DAY, 9 * DAY)),
        "resolution_target_ms": dice.choice((3 * DAY, 12 * DAY, 50 * DAY)),
        "task_abandon_ms": dice.choice((HOUR, 12 * DAY)),
        "late_ms": dice.choice((0, 5_000)),
        "courtesy": dice.random() < 0.5,
    }


def told(dice: random.Random) -> list[EventBase]:
    """A story, and the weeks after it."""
    size = dice.choice((6, 6, 12, 12, 20, 100))
    channels = dice.choice(TALKS)
    events = history(dice, size) if dice.random() < 0.7 else long_history(dice, channels, size)
    now_ms = events[-1].recorded_ms
    places = {str(event.conversation): event for event in events if event.conversation}
    if dice.random() < 0.7:
        events += [_later("r", dice, f"r{n}", now_ms, e) for n, e in enumerate(places.values())]
    for number in range(30):
        now_ms += dice.choice(JUMPS[:6] if dice.random() < 0.9 else JUMPS)
        what = dice.choice("______rnmMp") if dice.random() < 0.3 else "_"
        events.append(_later(what, dice, f"l{number}", now_ms, dice.choice([*places.values()])))
    return events


def _later(what: str, dice: random.Random, ident: str, now_ms: int, before: EventBase) -> EventBase:
    late_ms = dice.choice((0, 0, HOUR, 2 * DAY))
    envelope: dict[str, Any] = {
        "id": ident, "source": before.source, "domain": DOMAIN, "time_ms": now_ms - late_ms,
        "recorded_ms": now_ms, "channel": before.channel, "customer": "ada-0",
        "identifiers": who(), "conversation": before.conversation, "actor": Actor("agent", "zoe"),
    }  # fmt: skip
    match what:
        case "r":
            return ConversationUpdated(**envelope, status="resolved")
        case "n":
            return ConversationUpdated(**envelope, note=True)
        case "m" | "M":
            if what == "M":
                envelope["conversation"] = ConversationRef("s", ident)
            envelope |= {"actor": Actor("customer"), "message_id": ident, "direction": "inbound"}
            return MessagePosted(**envelope)
        case "p":
            return PolicyChanged(**envelope, version=ident, policy=policy(dice))
    return ClockTick(**envelope)


def folded(events: list[EventBase], rules: dict[str, Any], size: int) -> list[Batch]:
    """All that is committed, when no timeline is longer than `size`, and no way than two stays."""
    with bounded(size), mock.patch("streams.journeys.sealing._WAYS", 2):
        return _folded(events, rules)


def _folded(events: list[EventBase], rules: dict[str, Any]) -> list[Batch]:
    lane = Driver(Journeys(), "test", "events", 0)
    lane.states = States()
    lane.states[f"policy:{DOMAIN}"] = changed(Policy(), "test", rules)
    batches = []
    for offset, event in enumerate(events):
        record = Record("events", 0, offset, event.recorded_ms, b"", encode_event(event))
        lane.advance(lane.prepare([record]), 1 << 60)
        batches.append(lane.take())
    return batches


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(PART, SEEDS, PART))]
)
def test_sealing_at_once_says_what_concluding_once_more_says(first: int) -> None:
    for seed in range(first, first + (PART // 6 if QUICK else PART)):
        dice = random.Random(seed)
        rules, events, size = policy(dice), told(dice), dice.choice((12, 64))
        at_once = folded(events, rules, size)
        with mock.patch("streams.stages.journeys.is_history", return_value=False):
            assert at_once == folded(events, rules, size), seed


@mock.patch("streams.journeys.sealing._WAYS", 2)
def test_a_journey_that_has_just_made_room_is_concluded_once_more() -> None:
    """What it lets go of may say more, or less: here the way over more stays than are kept."""
    found = []
    for at_once in (True, False):
        world = World()
        for number in range(TIMELINE - 1):
            world.now += 10 * MINUTE
            says(world, "zoe" if number % 2 else "", channel="email" if number % 4 < 2 else "chat")
        resolves(world)
        for _ in range(9):
            world.wait(DAY)
        says(world, "zoe", visibility="internal")
        with mock.patch("streams.stages.journeys.is_history") as at_its_time:
            at_its_time.side_effect = is_history if at_once else lambda *_: False
            for _ in range(9):
                world.wait(DAY)
            assert at_its_time.called
        assert not state(world).journeys
        found.append([(f.subject_id, f.revision, f.state) for f in world.history])
    assert found[0] == found[1]
