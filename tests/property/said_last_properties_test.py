"""What was said last stays what was said last, however a timeline makes room.

One need in three conversations, whose vendors tell topic, urgency and priority with each body, at
equal times too.  Folded with a timeline of 64 entries and with one without a bound, after each event
the same was said last.  A history is made from its seed alone; the seed stands in the message of a
failure.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from schemas.common import Actor, ConversationRef, Ref
from schemas.events import ConversationOpened, ConversationUpdated, EventBase, MessagePosted
from streams.journeys.documents import context_document
from streams.journeys.state import CustomerState
from tests.examples import QUICK
from tests.property.bounded import bounded
from tests.world import DOMAIN, START, World, who

SEEDS = 400
PART = 40
PLACES = ("a", "b", "c")
TOPICS = ("billing", "delivery", "lexicon:returns", "lexicon:refund")


def history(dice: random.Random, size: int = 140) -> list[EventBase]:
    places = PLACES[: dice.randint(2, 3)]
    usual = {place: (dice.choice(TOPICS), dice.choice("12")) for place in places}
    kinds = dice.choice(
        ("mmttpu", "mn" * 40 + "t", "mn" * 20 + "tu", "mmmtttttttn", "mmttttppppuuuuno", "nnntpuo")
    )
    events: list[EventBase] = []
    at_ms = START
    begins = [(place, what) for place in places for what in dice.choice(("m", "om"))]
    for number in range(size):
        at_ms += dice.choice((0, 0, 1_000, 60_000, 600_000))
        place, what = dice.choice(places), dice.choice(kinds)
        if number < len(begins):  # what is told of it before waits for its first act
            place, what = begins[number]
        events.append(_happens(dice, number, at_ms, place, what, usual[place]))
    return events


def _happens(
    dice: random.Random, number: int, at_ms: int, place: str, what: str, usual: tuple[str, str]
) -> EventBase:
    topic, priority = usual
    if dice.random() < 0.1:
        topic, priority = dice.choice(TOPICS), dice.choice("12")
    envelope: dict[str, Any] = {
        "id": f"e{number}", "source": "s", "domain": DOMAIN, "time_ms": at_ms,
        "recorded_ms": at_ms, "channel": "chat", "customer": "ada-0", "identifiers": who(),
        "conversation": ConversationRef("s", place), "actor": Actor("system"),
    }  # fmt: skip
    match what:
        case "m" | "n":
            by, way = (
                (Actor("customer"), "inbound") if what == "m" else (Actor("agent"), "outbound")
            )
            envelope |= {"actor": by, "direction": way, "message_id": f"m{number}"}
            return MessagePosted(**envelope, refs=(Ref("conversation", "a"),) if number < 6 else ())
        case "t":
            return ConversationUpdated(**envelope, topic=topic)
        case "p":
            return ConversationUpdated(**envelope, priority=priority)
        case "u":
            return ConversationUpdated(
                **envelope, topic=topic, urgency=dice.choice(("high", "low")), priority=priority
            )
    return ConversationOpened(**envelope, initiated_by="customer", direction="inbound", topic=topic)


def said_last(events: list[EventBase], size: int) -> list[tuple[object, ...]]:
    """Topic, urgency and priority after each event."""
    found = []
    with bounded(size):
        world = World()
        for event in events:
            world.now = event.recorded_ms
            world.put(event)
            [state] = [s for s in world.journeys.states.values() if isinstance(s, CustomerState)]
            journey = next(iter(state.journeys.values()), None)
            if journey is None:
                continue
            told = context_document(state, None, world.now)
            found.append((journey.topic, told["urgency"], told["priority"]))
    return found


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(PART, SEEDS, PART))]
)
def test_making_room_does_not_change_what_was_said_last(first: int) -> None:
    for seed in range(first, first + (PART // 6 if QUICK else PART)):
        events = history(random.Random(seed))
        assert said_last(events, 64) == said_last(events, 10_000), seed
