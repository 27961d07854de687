"""Where does the CPU of the journeys stage go?

The worker's own parts, one after another in this process, on a real Redis and a real Kafka: decode,
fold, encode the states, commit (build the call, send it, read the reply), relay (produce, and
librdkafka's threads).  What a worker needs beyond their sum is the framework's: fetching, Faust's
loop, housekeeping.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from benchmarks.load import PARTITIONS, events, make_topics
from schemas.cloudevents import encode_event
from streams.engine.driver import Driver
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect
from streams.engine.redis_store import RedisStore
from streams.engine.relay import Relay
from streams.engine.store import Pins
from streams.fold import POSITION_HEADER, Record, StateNotLoaded
from streams.stages.journeys import Journeys
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer

BATCH = 500


def records(count: int, customers: int) -> list[Record]:
    """The load of the drain as one partition of `events`, with the headers that a relay writes."""
    return [
        Record(
            "events", 0, number, event.recorded_ms, event.customer.encode(), encode_event(event),
            ((POSITION_HEADER, f"bench/webhooks/0/{number}/0/0".encode()),),
        )
        for number, event in enumerate(events(count, customers))
    ]  # fmt: skip


async def _split(bootstrap: str, url: str, prefix: str, todo: list[Record]) -> Counter[str]:
    used: Counter[str] = Counter()
    clock = time.process_time()

    def spent(part: str) -> None:
        nonlocal clock
        now = time.process_time()
        used[part] += now - clock
        clock = now

    fold = Journeys()
    driver = Driver(fold, prefix, "events", 0)
    store = RedisStore(connect(url), LaneKeys(prefix, "journeys", 0, PARTITIONS))
    relay = Relay({"bootstrap.servers": bootstrap, "linger.ms": 5}, lambda role: f"{prefix}-{role}")
    relay.start()
    claimed = await store.claim(Pins("c", "t", 1, prefix, "g", "f"), "bench", 1, 10_000)
    await store.begin(claimed.epoch, 0)
    for at in range(0, len(todo), BATCH):
        spent("nothing")
        prepared = driver.prepare(todo[at : at + BATCH])
        spent("decode")
        while prepared:
            try:
                missing = sorted(driver.wanted(prepared))
                if missing:
                    driver.learn(zip(missing, await store.load(missing), strict=True))
                prepared = prepared[driver.advance(prepared, BATCH) :]
            except StateNotLoaded as more:
                driver.learn(zip(more.keys, await store.load(more.keys), strict=True))
                prepared = [one for one in prepared if one[0].offset >= driver.at.offset]
                continue
            spent("fold")
            batch = driver.take()
            spent("encode")
            await store.commit(claimed.epoch, batch, relay.lane("l").published_to)
            spent("commit")
            relay.send("l", batch.outbox)
            await asyncio.sleep(0)
            spent("relay")
    await relay.drain(60)
    spent("relay")
    await relay.stop()
    await store.close()
    return used


def rows(runs: int, count: int = 20_000) -> list[tuple[str, list[float]]]:
    """CPU seconds per million events, by part."""
    found: dict[str, list[float]] = {}
    todo = records(count, count // 12)
    with KafkaCluster(1) as kafka, RedisServer() as server:
        for run in range(runs):
            make_topics(kafka.bootstrap, f"split{run}-")
            used = asyncio.run(_split(kafka.bootstrap, server.url, f"split{run}", todo))
            for part in ("decode", "fold", "encode", "commit", "relay"):
                found.setdefault(part, []).append(used[part] / count * 1e6)
    return list(found.items())
