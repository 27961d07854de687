"""A journey's way changes nothing: whoever learns late who is who ends with the same figures.

Histories of several people on several channels, with joins, splits and late events, are folded over
four partitions whose turns are drawn at random; and once more with the identity known from the
start.  What stands at the end must be the same: facts, sums, and what opens them.  A history is made
from its seed alone; the seed stands in the message of a failure.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from typing import Any

import msgspec
import pytest

from schemas.cloudevents import decode_event, decode_fact
from schemas.common import Actor, ConversationRef, Identifier, Party
from schemas.events import (
    AssignmentChanged,
    ClockTick,
    ConversationUpdated,
    EventBase,
    IdentityLinked,
    MessagePosted,
    OperatorCommand,
)
from streams.channels.base import Parsed
from streams.channels.registry import adapters
from streams.engine.driver import Driver
from streams.engine.partition import partition_for
from streams.fold import POSITION_HEADER, Record
from streams.identity.graph import current
from streams.identity.identifiers import normalise
from streams.identity.index import identifier_key
from streams.stages.journeys import Journeys
from streams.stages.normalise import Normalise
from tests.world import DAY, DOMAIN, START, States

PARTITIONS = 4
CHANNELS = ("chat", "email", "whatsapp")
IDS = 3
"""Identifiers of a person; each is on a channel of its own."""


class Lanes:
    """Normalise and four partitions of journeys; `turn` draws who goes next."""

    def __init__(self, turn: random.Random | None) -> None:
        self._turn = turn
        self.normalise = self._driver(Normalise({DOMAIN: b"k" * 16}, [], adapters(), PARTITIONS), 0)
        self.lanes = [self._driver(Journeys(), n) for n in range(PARTITIONS)]
        self.queues: list[deque[Record]] = [deque() for _ in range(PARTITIONS)]
        self.written = [0] * PARTITIONS
        self.facts: dict[str, Any] = {}
        self.cells: Counter[tuple[str, int, str]] = Counter()
        self.ledger: dict[tuple[int, str], bytes] = {}
        self.letters: list[str] = []
        self.joins: list[str] = []

    @staticmethod
    def _driver(fold: Any, partition: int) -> Driver:
        made = Driver(fold, "test", fold.input_topic, partition)
        made.states = States()
        return made

    def put(self, event: EventBase) -> None:
        record = Record(
            "webhooks", 0, self.normalise.at.offset, event.recorded_ms, DOMAIN.encode(), b""
        )
        self.normalise.advance([(record, Parsed((event,)))], 1 << 60)
        self._take(self.normalise)
        while self._turn is not None and any(self.queues) and self._turn.random() < 0.5:
            self._step()

    def drain(self) -> None:
        while any(self.queues):
            self._step()

    def _step(self) -> None:
        ready = [n for n, queue in enumerate(self.queues) if queue]
        at = self._turn.choice(ready) if self._turn else ready[0]
        record = self.queues[at].popleft()
        lane = self.lanes[at]
        lane.advance([(record, lane.fold.prepare(record))], 1 << 60)
        self._take(lane)

    def _take(self, lane: Driver) -> None:
        batch = lane.take()
        for sent in batch.outbox:
            publish = sent.publish
            if publish.topic == "events":
                to = publish.partition
                to = partition_for(publish.key, PARTITIONS) if to is None else to
                headers = (*publish.headers, (POSITION_HEADER, sent.pos.encode()))
                record = Record(
                    "events", to, self.written[to], sent.timestamp_ms, b"", publish.value, headers
                )
                self.written[to] += 1
                self.queues[to].append(record)
                event = decode_event(publish.value)
                if (join := getattr(event, "join", "")) and not hasattr(event, "into"):
                    self.joins.append(join)
            elif publish.topic == "journeys":
                fact = decode_fact(publish.value)
                known = self.facts.get(fact.subject_id)
                assert known is None or fact.revision == known.revision + 1, "a revision is missing"
                self.facts[fact.subject_id] = fact
            elif publish.topic == "dead-letters":
                self.letters.append(dict(publish.headers)["dead-reason"].decode())
        for (size, start), cells in batch.panes.items():
            if size == "1h":
                for cell, amount in cells.items():
                    self.cells[cell, start, size] += amount
        for hour, lines in batch.ledger.items():
            for entry, raw in lines.items():
                if raw is None:
                    self.ledger.pop((hour, entry), None)
                else:
                    self.ledger[hour, entry] = raw

    def summary(self) -> tuple[list[Any], dict[Any, int], int]:
        """What stands, without the names that depend on whose journey it was at first."""
        names = {
            fact.journey: f"journey of {fact.at_ms}"
            for fact in self.facts.values()
            if fact.subject_id.endswith("/opened") and fact.state == "asserted"
        }

        def nameless(fact: Any) -> Any:
            changes = {"revision": 1, "customer": "", "journey": names[fact.journey]}
            changes["subject_id"] = fact.subject_id.removeprefix(fact.journey)
            for field in ("follows", "of"):
                if getattr(fact, field, None):
                    changes[field] = names.get(getattr(fact, field), "")
            return msgspec.structs.replace(fact, **changes)

        stands = [nameless(f) for f in self.facts.values() if f.state == "asserted"]
        return (
            sorted(stands, key=repr),
            {cell: amount for cell, amount in self.cells.items() if amount},
            len(self.ledger),
        )


def history(dice: random.Random) -> list[EventBase]:
    """Events in order of arrival; the links that say who is who stand anywhere."""
    events: list[EventBase] = []
    arrival = START
    unlinked = [(person, n) for person in range(2) for n in range(1, IDS)]
    for number in range(dice.randint(2, 24)):
        arrival += dice.choice((1_000, 30_000, 120_000, 600_000, 10_000_000))
        if unlinked and dice.random() < 0.2:
            person, which = unlinked.pop(dice.randrange(len(unlinked)))
            events.append(link(number, arrival, person, which))
        else:
            events.append(happens(dice, number, arrival))
    for person, which in unlinked:
        arrival += 1_000
        events.append(link(1_000 + person * 10 + which, arrival, person, which))
    return events


def happens(dice: random.Random, number: int, arrival: int) -> EventBase:
    late = dice.choice((0, 0, 0, 20_000, 400_000))
    person, which = dice.randrange(2), dice.randrange(IDS)
    envelope: dict[str, Any] = {
        "id": f"e{number}", "source": f"s{which}", "domain": DOMAIN, "time_ms": arrival - late,
        "recorded_ms": arrival, "channel": CHANNELS[which], "identifiers": (ident(person, which),),
        "conversation": ConversationRef(f"s{which}", f"{person}/{which}/{dice.randrange(2)}"),
    }  # fmt: skip
    agent = Actor("agent", dice.choice(("zoe", "yan")))
    match dice.randrange(7):
        case 0 | 1 | 2:
            return MessagePosted(
                **envelope, actor=Actor("customer"), message_id=f"m{number}", direction="inbound"
            )
        case 3:
            if dice.random() < 0.5:
                del envelope["identifiers"]
            return MessagePosted(
                **envelope, actor=agent, message_id=f"m{number}", direction="outbound"
            )
        case 4:
            return AssignmentChanged(**envelope, actor=Actor("system"), to=Party(agent=agent.id))
        case 5:
            topic = dice.choice(("billing", "delivery"))
            return ConversationUpdated(**envelope, actor=agent, topic=topic)
    return ConversationUpdated(**envelope, actor=agent, status="resolved")


def ident(person: int, which: int) -> Identifier:
    return Identifier("vendor", f"s{which}:{person}", "asserted")


def link(number: int, at_ms: int, person: int, which: int) -> IdentityLinked:
    return IdentityLinked(
        id=f"l{number}", source="crm", domain=DOMAIN, time_ms=at_ms, recorded_ms=at_ms,
        channel="web", actor=Actor("system"), rel="same", by="crm",
        identifiers=(ident(person, 0), ident(person, which)),
    )  # fmt: skip


def end(lanes: Lanes, at_ms: int) -> None:
    """All timers that matter before sealing have fired."""
    lanes.drain()
    for hours in (1, 24, 24 * 3):
        at_ms += hours * 3_600_000
        lanes.put(
            ClockTick(
                id=f"t{hours}", source="filrouge", domain=DOMAIN, time_ms=at_ms, recorded_ms=at_ms,
                channel="web", actor=Actor("system"),
            )
        )  # fmt: skip
        lanes.drain()


def known_from_the_start(events: list[EventBase]) -> Lanes:
    lanes = Lanes(None)
    for number, (person, which) in enumerate((p, n) for p in range(2) for n in range(1, IDS)):
        lanes.put(link(9_000 + number, START - DAY, person, which))
    for event in events:
        if not isinstance(event, IdentityLinked):
            lanes.put(event)
            lanes.drain()
    end(lanes, events[-1].recorded_ms)
    return lanes


def learnt_late(events: list[EventBase], dice: random.Random) -> Lanes:
    lanes = Lanes(dice)
    for event in events:
        lanes.put(event)
    end(lanes, events[-1].recorded_ms)
    return lanes


def joined_by_mistake(events: list[EventBase], dice: random.Random) -> Lanes:
    """The two people are joined somewhere, and split again somewhere later."""
    joined_at = dice.randint(0, len(events))
    split_at = dice.randint(joined_at, len(events))
    lanes = Lanes(dice)
    mistake = ""
    for number in range(len(events) + 1):
        event = events[number] if number < len(events) else None
        at_ms = event.recorded_ms if event else events[-1].recorded_ms
        if number == joined_at:
            before = len(lanes.joins)
            winner, loser = whose(lanes, 0), whose(lanes, 1)
            lanes.put(command(at_ms, "join", {"winner": winner, "loser": loser}))
            mistake = lanes.joins[-1] if len(lanes.joins) > before else ""
        if number == split_at and mistake:
            lanes.put(command(at_ms, "split", {"join": mistake}))
        if event is not None:
            lanes.put(event)
    end(lanes, events[-1].recorded_ms)
    return lanes


SEEDS = 10_000
PART = 500


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_a_journeys_way_leaves_no_trace(first: int) -> None:
    """Every third history is joined with a stranger's by mistake, and taken apart again."""
    for seed in range(first, first + PART):
        dice = random.Random(seed)
        events = history(dice)
        learnt = joined_by_mistake if seed % 3 == 0 else learnt_late
        assert learnt(events, dice).summary() == known_from_the_start(events).summary(), seed


def whose(lanes: Lanes, person: int) -> str:
    found = normalise(ident(person, 0))
    assert found is not None
    linked = lanes.normalise.states[identifier_key(b"k" * 16, found)]
    return current(lanes.normalise.states, linked.customer) if linked else ""


def command(at_ms: int, what: Any, args: dict[str, str]) -> OperatorCommand:
    return OperatorCommand(
        id=f"c-{what}", source="filrouge", domain=DOMAIN, time_ms=at_ms, recorded_ms=at_ms,
        channel="web", actor=Actor("agent", "op"), command=what, args=args,
    )  # fmt: skip
