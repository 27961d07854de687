"""What somebody read before a conclusion was corrected is kept, and nothing else."""

from __future__ import annotations

from typing import Any

from schemas.facts import JourneyResolved
from streams.journeys.documents import journey_document
from tests.story import answers, resolves, writes
from tests.world import DAY, MINUTE, World


def said_before(world: World) -> dict[str, str]:
    """Type of a fact → what was said of it before."""
    [state] = [s for s in world.journeys.states.values() if hasattr(s, "journeys") and s.journeys]
    documents: list[Any] = [journey_document(state, one, world.now) for one in state.journeys]
    return {f["type"]: f["was"] for one in documents for f in one["facts"] if f["was"]}


def test_news_told_late_leave_what_was_said_before_beside_it() -> None:
    world = World()
    writes(world)
    world.now += 10 * MINUTE
    answers(world)
    assert said_before(world) == {}
    answers(world, at=world.now - 7 * MINUTE)
    assert said_before(world) == {"reply.measured": "The first reply took 10 min"}


def test_what_is_known_late_was_not_corrected() -> None:
    world = World()
    writes(world)
    world.now += MINUTE
    answers(world)
    world.now += MINUTE
    resolves(world)
    world.wait(3 * DAY)
    writes(world)
    [resolved] = world.asserted(JourneyResolved)
    assert (resolved.fcr, resolved.revision) == ("no", 2)
    assert said_before(world) == {}
