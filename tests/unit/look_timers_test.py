"""Silence is told of each journey, whoever's it was before a join."""

from __future__ import annotations

from schemas.common import Actor
from schemas.events import ConversationUpdated, IdentityJoined, MessagePosted
from schemas.facts import JourneyClosed, JourneyOpened
from streams.fold import Timer
from tests.world import DAY, World

ZOE = Actor("agent", "zoe")


def writes(world: World, customer: str, topic: str) -> None:
    """In a conversation of that name and topic."""
    about = {"customer": customer, "conversation": topic}
    world.event(ConversationUpdated, actor=ZOE, topic=topic, **about)
    world.event(MessagePosted, direction="inbound", message_id=f"of {topic}", **about)


def told_by_day(world: World) -> list[tuple[int, str]]:
    """What silence says within two months, and on which day."""
    told = []
    for day in range(60):
        known = len(world.history)
        world.wait(DAY)
        told += [(day, type(fact).__name__) for fact in world.history[known:]]
    return told


def joined(loser: str) -> World:
    """Two needs of two customers who turn out to be one: of his own nobody takes care."""
    world = World()
    writes(world, "ab-0", "billing")
    world.wait(DAY)
    writes(world, loser, "delivery")
    done = {"customer": loser, "conversation": "delivery", "status": "resolved"}
    world.event(ConversationUpdated, actor=ZOE, **done)
    world.event(IdentityJoined, customer="ab-0", loser=loser, join="j1", actor=Actor("system"))
    return world


def test_a_journey_that_moved_here_does_not_take_anothers_timer() -> None:
    anagram, other = joined("ba-0"), joined("cd-0")
    assert len(anagram.asserted(JourneyOpened)) == 2
    assert told_by_day(anagram) == told_by_day(other)


def test_a_timer_with_the_number_of_an_earlier_version_is_heard() -> None:
    world = World()
    writes(world, "ab-0", "billing")
    book = world.journeys.timers
    [(timer, clock)] = [one for one in book._live.values() if one[0].kind == "look"]
    book.disarm(timer.entity, timer.kind, timer.number)
    book.arm(Timer(timer.due_ms, "ab-0", "look", 1 + 1_000 * (sum(b"ab-0") % 1_000)), clock)
    told_by_day(world)
    assert len(world.asserted(JourneyClosed)) == 1
