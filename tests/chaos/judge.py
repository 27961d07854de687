"""What was acknowledged against what came out: the whole log read back from Kafka, the whole of
Redis, and the simulator's oracle run once over that log.  In Jepsen's terms (`simulation.judge`).
"""

from __future__ import annotations

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.cloudevents import decode_event
from streams.app import stages
from streams.engine.batch import Outgoing, Position
from streams.engine.keys import LaneKeys
from streams.engine.memory_store import MemoryStore
from streams.engine.redis_client import connect
from streams.engine.redis_store import panes_of
from streams.fold import Record, Timer
from streams.settings import Settings
from tests.chaos.ends import Partition, log_ends
from tests.chaos.stack import COUNTS, KEYSPACE, STAGES
from tests.simulation.history import Brittle
from tests.simulation.judge import Fault, judge_lane, judge_log
from tests.simulation.kafka import COUNTS as JUDGED_COUNTS
from tests.simulation.oracle import Oracle

READ_S = 60.0
"""So long a read of the log may bring nothing before it is given up."""


class Logs(msgspec.Struct):
    """All that Kafka holds, as `judge_log` wants it."""

    parts: dict[Partition, list[Record]]

    @property
    def records(self) -> int:
        return sum(len(records) for records in self.parts.values())


class QuickOracle(Oracle):
    """The same with a heap beside its plain table of timers: a chaos log is long."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._heaps: dict[int, list[Timer]] = defaultdict(list)
        self._expiring: Counter[str] = Counter()

    def _do(self, effect: Any) -> None:
        if isinstance(effect, Timer):
            known = self.timers.get((effect.entity, effect.kind, effect.number))
            if known == (effect, self._clock):
                return
            heapq.heappush(self._heaps[self._clock], effect)
        super()._do(effect)

    def _silence(self, clock: int, now_ms: int) -> None:
        heap = self._heaps[clock]
        while heap:
            timer = heap[0]
            name = (timer.entity, timer.kind, timer.number)
            if self.timers.get(name) != (timer, clock):
                heapq.heappop(heap)  # cleared, or armed anew
            elif timer.due_ms <= now_ms:
                super()._silence(clock, now_ms)
            else:
                return


def read_log(bootstrap: str) -> Logs:
    """Every topic from its beginning to its end. Raises `TimeoutError`, Kafka's errors."""
    wanted = [(topic, partition) for topic, count in COUNTS.items() for partition in range(count)]
    ends = log_ends(bootstrap, wanted, READ_S)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "judge",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    parts: dict[Partition, list[Record]] = {where: [] for where in ends}
    left = {where: end for where, end in ends.items() if end}
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
    heard_s = time.monotonic()
    while left:
        if time.monotonic() - heard_s > READ_S:
            raise TimeoutError(f"Kafka gives nothing of {sorted(left)}")
        for message in consumer.consume(5_000, timeout=1):
            if (error := message.error()) is not None:
                if not error.retriable():
                    raise KafkaException(error)
                continue
            heard_s = time.monotonic()
            where = (message.topic(), message.partition())
            headers = tuple((name, value or b"") for name, value in message.headers() or ())
            parts[where].append(
                Record(
                    *where,
                    message.offset(),
                    message.timestamp()[1],
                    message.key(),
                    message.value(),
                    headers,
                )
            )
            if message.offset() + 1 >= left.get(where, 1 << 60):
                del left[where]
    consumer.close()
    return Logs(parts)


async def read_store(url: str, topic: str, partition: int) -> MemoryStore:
    """A lane's home in Redis, as the store in memory has it."""
    keys = LaneKeys(KEYSPACE, STAGES[topic], partition, COUNTS[topic])
    client: Any = connect(url)
    store = MemoryStore()
    fence = await client.hgetall(keys.fence)
    if b"offset" in fence:
        store.position = Position(int(fence[b"offset"]), int(fence.get(b"step", 0)))
    store._clocks = msgspec.json.decode(fence.get(b"clocks", b"{}"), type=dict[int, int])
    marks = msgspec.json.decode(fence.get(b"marks", b"{}"), type=dict[str, tuple[int, int, int]])
    store._marks = marks
    store.states = {k.decode(): v for k, v in (await client.hgetall(keys.states)).items()}
    store.timers = {
        m.decode(): int(due) for m, due in await client.zrange(keys.timers, 0, -1, withscores=True)
    }
    store.live = await _numbers(client, keys.live)
    for size, start in panes_of(keys, await client.zrange(keys.pane_index, 0, -1)):
        store.panes[size, start] = await _numbers(client, keys.pane(size, start))
        if size == "1h":
            entries = await client.hgetall(keys.ledger(start))
            store.ledger[start] = {k.decode(): v for k, v in entries.items()}
    async for key in _named(client, f"{keys.base.replace('{', '?').replace('}', '?')}:*"):
        kind, _, name = key.decode().removeprefix(f"{keys.base}:").partition(":")
        if kind == "waiting":
            members = await client.zrange(key, 0, -1, withscores=True)
            store.waiting[name] = {m.decode(): int(since) for m, since in members}
        elif kind == "recent":
            store.recent[name] = await client.lrange(key, 0, -1)
        elif kind == "ledger":
            entries = await client.hgetall(key)
            store.ledger[int(name)] = {k.decode(): v for k, v in entries.items()}
    outbox = await client.xrange(keys.outbox)
    store.outbox = [msgspec.msgpack.decode(fields[b"e"], type=Outgoing) for _, fields in outbox]
    await client.aclose()
    return store


async def _named(client: Any, pattern: str) -> Any:
    async for key in client.scan_iter(match=pattern, count=1_000):
        yield key


async def _numbers(client: Any, key: str) -> dict[str, int]:
    return {cell.decode(): int(n) for cell, n in (await client.hgetall(key)).items()}


async def judge(
    settings: Settings, log: Logs, sent: Mapping[bytes, int], acknowledged: Mapping[bytes, int]
) -> list[Fault]:
    """Call it when the workers have ended: Redis and Kafka stand still."""
    found = [*_front_door(log, sent, acknowledged), *_events(log)]
    oracles = {}
    with mock.patch.dict(JUDGED_COUNTS, COUNTS):
        for fold in map(Brittle, stages(settings, COUNTS)):
            topic = fold.input_topic
            for partition in range(COUNTS[topic]):
                store = await read_store(settings.redis.url, topic, partition)
                # What came after the last commit is still to be folded: no fault.
                at = store.position.offset if store.position else 0
                records = [r for r in log.parts[topic, partition] if r.offset < at]
                oracle = QuickOracle(fold, KEYSPACE, partition).over(records)
                oracles[f"{KEYSPACE}/{topic}/{partition}"] = oracle
                found += judge_lane(oracle, store, f"{fold.name}/{partition}", at)
        found += judge_log(oracles, log)  # type: ignore[arg-type]
    return found


def _front_door(
    log: Logs, sent: Mapping[bytes, int], acknowledged: Mapping[bytes, int]
) -> Iterator[Fault]:
    """Each acknowledged webhook stands in the log, and nothing that was not sent.  One may stand
    there more often than it was sent: a producer that gives up one record sends those beside it
    again under a new epoch, and such a repeat is recognised as a vendor's is.
    """
    have: Counter[bytes] = Counter()
    for partition in range(COUNTS["webhooks"]):
        for record in log.parts["webhooks", partition]:
            if dict(record.headers).get("source") != b"filrouge":
                have[record.value or b""] += 1
    for body, count in acknowledged.items():
        if have[body] < count:
            yield Fault(
                "lost", f"acknowledged {count} times, {have[body]} in the log: {body[:200]!r}"
            )
    for body, count in have.items():
        if not sent.get(body):
            yield Fault("phantom", f"never sent, {count} in the log: {body[:200]!r}")


def _events(log: Logs) -> Iterator[Fault]:
    """A vendor's retry and a relay's repeat are the same event: it stands on one customer only."""
    owners: dict[str, str] = {}
    for partition in range(COUNTS["events"]):
        for record in log.parts["events", partition]:
            event = decode_event(record.value or b"")
            if event.customer and owners.setdefault(event.id, event.customer) != event.customer:
                yield Fault("conflicting", f"event {event.id} belongs to two customers")
