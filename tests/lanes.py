"""Normalise and four partitions of journeys, pure, whose turns can be drawn at random."""

from __future__ import annotations

import random
from collections import Counter, deque
from typing import Any

import msgspec

from schemas.cloudevents import decode_event, decode_fact
from schemas.events import EventBase
from streams.channels.base import Parsed
from streams.channels.registry import adapters
from streams.engine.batch import Batch
from streams.engine.driver import Driver
from streams.engine.partition import partition_for
from streams.engine.upstream import upstream_of
from streams.fold import POSITION_HEADER, Record
from streams.kpis.cells import encode
from streams.kpis.contributions import open_list
from streams.stages.journeys import Journeys
from streams.stages.normalise import Normalise
from tests.world import DOMAIN, HOUR, States

PARTITIONS = 4


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
        self.ledger: dict[tuple[Driver, int, str], bytes] = {}
        self.waiting: dict[tuple[Driver, str, str], int] = {}
        """Of each lane: list, member → since ms."""
        self.live: Counter[str] = Counter()
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
        self.normalise.advance([(record, Parsed((event,)), upstream_of(record))], 1 << 60)
        self._take(self.normalise)
        while self._turn is not None and any(self.queues) and self._turn.random() < 0.5:
            self.step(self._turn.choice([n for n, queue in enumerate(self.queues) if queue]))

    def drain(self, turn: random.Random | None = None) -> None:
        """All that is under way arrives; `turn` draws in which order."""
        turn = turn or self._turn
        while any(self.queues):
            ready = [n for n, queue in enumerate(self.queues) if queue]
            self.step(turn.choice(ready) if turn else ready[0])

    def step(self, at: int) -> None:
        """One record of this partition."""
        record = self.queues[at].popleft()
        lane = self.lanes[at]
        lane.advance(lane.prepare([record]), 1 << 60)
        self._take(lane)

    def _take(self, lane: Driver) -> None:
        batch = lane.take()
        self.taken(lane, batch)
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
        self.live.update(batch.live)
        for hour, lines in batch.ledger.items():
            for entry, raw in lines.items():
                if raw is None:
                    self.ledger.pop((lane, hour, entry), None)
                else:
                    self.ledger[lane, hour, entry] = raw
        for name, members in batch.waiting.items():
            for member, since_ms in members.items():
                if since_ms is None:
                    self.waiting.pop((lane, name, member), None)
                else:
                    self.waiting[lane, name, member] = since_ms

    def taken(self, lane: Driver, batch: Batch) -> None:
        """A lane has committed; for whoever wants to know more of it."""

    def listed(self, name: str) -> list[int]:
        """Since when each in this list of any lane."""
        return sorted(since for (_, of, _), since in self.waiting.items() if of == name)

    def opened(self) -> dict[tuple[str, int, str], int]:
        """What the lines of the ledger add up to: what opens a figure is the figure."""
        found: Counter[tuple[str, int, str]] = Counter()
        for (_, hour, entry), raw in self.ledger.items():
            line, (domain, kpi, _) = msgspec.json.decode(raw), entry.split("|", 2)
            assert hour <= line["at_ms"] < hour + HOUR
            for part, amount in line["parts"]:
                found[encode(domain, kpi, part, tuple(line["dims"])), hour, "1h"] += amount
        return {cell: amount for cell, amount in found.items() if amount}

    def summary(self) -> tuple[list[Any], dict[Any, int], int, list[int], list[int]]:
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
            self.listed("waiting"),
            self.listed(open_list(DOMAIN)),
        )
