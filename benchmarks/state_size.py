"""What does a customer cost: bytes in Redis, and does an event cost more when they are more?

The journeys fold alone in this process, on a load in which few customers write often and most
hardly ever.  `open`: right after the load; `at rest`: a month and a half later, when all is sealed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import redis

from benchmarks.load import events, zipf
from schemas.cloudevents import encode_event
from schemas.common import Actor
from schemas.events import ClockTick
from streams.engine.driver import Driver
from streams.fold import Record, StateNotLoaded
from streams.stages.journeys import Journeys
from tests.servers.redis import RedisServer

BATCH = 500
DAY_MS = 86_400_000


class Alone:
    """The fold on a store in a dict."""

    def __init__(self) -> None:
        self.fold = Journeys()
        self.driver = Driver(self.fold, "bench", "events", 0)
        self.store: dict[str, bytes] = {}

    def feed(self, records: Iterable[Record]) -> None:
        prepared = self.driver.prepare(records)
        while prepared:
            self._load(self.driver.wanted(prepared))
            try:
                prepared = prepared[self.driver.advance(prepared, BATCH) :]
            except StateNotLoaded as missing:
                self._load(missing.keys)
                prepared = [one for one in prepared if one[0].offset >= self.driver.at.offset]
                continue
            for key, raw in self.driver.take().states.items():
                if raw is None:
                    self.store.pop(key, None)
                else:
                    self.store[key] = raw

    def _load(self, keys: Iterable[str]) -> None:
        self.driver.learn((key, self.store.get(key)) for key in sorted(keys))

    def rest(self) -> None:
        """Days pass, until every journey is closed and sealed."""
        now_ms = self.driver.clocks[0]
        for _ in range(45):
            now_ms += DAY_MS
            tick = ClockTick(
                id=f"t{now_ms}", source="filrouge", domain="", time_ms=now_ms, recorded_ms=now_ms,
                channel="web", actor=Actor("system"),
            )  # fmt: skip
            self.feed([_record(self.driver.at.offset, now_ms, encode_event(tick))])


def _record(offset: int, at_ms: int, value: bytes) -> Record:
    return Record("events", 0, offset, at_ms, b"", value)


def measured(server: RedisServer, customers: int, count: int) -> tuple[float, float, float]:
    """(CPU µs an event, bytes an open customer, bytes a customer at rest), excerpts included."""
    alone = Alone()
    load = events(count, customers, zipf(customers))
    records = [_record(n, e.recorded_ms, encode_event(e)) for n, e in enumerate(load)]
    clock = time.process_time()
    for at in range(0, count, BATCH):
        alone.feed(records[at : at + BATCH])
    used_us = (time.process_time() - clock) / count * 1e6
    busy = _bytes(server, alone.store)
    alone.rest()
    return used_us, busy, _bytes(server, alone.store)


def _bytes(server: RedisServer, store: dict[str, bytes]) -> float:
    """What Redis itself says of the hash, per customer."""
    client = redis.Redis.from_url(server.url)
    client.flushall()
    items = list(store.items())
    for at in range(0, len(items), 1_000):
        client.hset("states", mapping=dict(items[at : at + 1_000]))
    used = int(client.memory_usage("states", samples=0) or 0)
    client.close()
    customers = sum(1 for key in store if ":" not in key)
    return used / max(1, customers)


def rows(
    sizes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000),
) -> list[tuple[int, float, float, float]]:
    with RedisServer() as server:
        return [(size, *measured(server, size, COUNT)) for size in sizes]


COUNT = 20_000
