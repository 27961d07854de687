"""A simulated Kafka: partitions, and a producer that is as unkind as the real one may be.

What a real broker promises to an idempotent producer is kept: within one producer's life and one
partition records come in order and once.  What it does not promise is not: partitions do not wait
for each other, and what a dead producer left on the wire may still arrive, after its successor's.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from streams.engine.partition import partition_for
from streams.fold import POSITION_HEADER, Record
from tests.simulation.chance import Chance
from tests.simulation.loop import world

COUNTS = {
    "webhooks": 2, "events": 3, "journeys": 1, "context": 1, "notifications": 2, "dead-letters": 1,
}  # fmt: skip
"""Partitions by topic; the role is the name."""


class Log:
    """All partitions. Offsets may have holes, as compaction leaves them."""

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self._wall_ms = wall_ms
        self.parts: dict[tuple[str, int], list[Record]] = {
            (topic, part): [] for topic, count in COUNTS.items() for part in range(count)
        }
        self.begins: dict[tuple[str, int], int] = defaultdict(int)
        self._holes: dict[tuple[str, int], int] = defaultdict(int)
        self.slow: dict[tuple[str, tuple[str, int]], float] = {}
        """Seconds more from a worker to a partition's leader."""

    def append(
        self,
        topic: str,
        partition: int,
        value: bytes,
        key: bytes | None,
        timestamp_ms: int,
        headers: tuple[tuple[str, bytes], ...],
    ) -> Record:
        where = (topic, partition)
        if topic == "webhooks":  # LogAppendTime
            timestamp_ms = self._wall_ms()
        offset = self.last(where) + self._holes.pop(where, 0)
        record = Record(topic, partition, offset, timestamp_ms, key, value, headers)
        self.parts[where].append(record)
        return record

    def hole(self, where: tuple[str, int], size: int) -> None:
        """The next offsets of a partition hold no record."""
        self._holes[where] = size

    def last(self, where: tuple[str, int]) -> int:
        """The end as a consumer sees it."""
        records = self.parts[where]
        return records[-1].offset + 1 if records else 0

    def read(self, where: tuple[str, int], offset: int, limit: int) -> list[Record]:
        """From `offset` on. Out of range is silent, as `auto.offset.reset=earliest` makes it."""
        begin = self.begins[where]
        start = offset if begin <= offset <= self.last(where) else begin
        found = self.parts[where]
        at = _first(found, start)
        return found[at : at + limit]


def _first(records: list[Record], offset: int) -> int:
    low, high = 0, len(records)
    while low < high:
        middle = (low + high) // 2
        if records[middle].offset < offset:
            low = middle + 1
        else:
            high = middle
    return low


class Producer:
    """What `streams.engine.relay` uses of confluent-kafka's producer."""

    def __init__(
        self,
        worker: str,
        log: Log,
        chance: Chance,
        watch: Callable[[str], None],
        lose: Callable[[bool], bool],
    ) -> None:
        """`watch` sees the position of each effect as it enters the log; `lose(is a tick)` says
        whether a record is lost on the way.
        """
        self._worker = worker
        self._log = log
        self._chance = chance
        self._watch = watch
        self._lose = lose
        self._wires: dict[tuple[str, int], float] = {}
        self._answers: deque[tuple[Any, Any]] = deque()
        self._outstanding = 0
        self._answered = 0.0
        self._cut: set[tuple[str, int]] = set()
        self.broken = False

    def produce(
        self,
        topic: str,
        *,
        value: bytes,
        key: str,
        partition: int,
        timestamp: int,
        headers: list[tuple[str, bytes]],
        on_delivery: Callable[[object, object], None],
    ) -> None:
        if self.broken:
            raise KafkaException(KafkaError(KafkaError._FATAL))
        if partition < 0:
            partition = partition_for(key, COUNTS[topic])
        where = (topic, partition)
        if where not in self._log.parts:
            raise KafkaException(KafkaError(KafkaError._UNKNOWN_PARTITION))
        loop = asyncio.get_running_loop()
        # One connection a partition leader: in order there, and independent of the others.
        slow_s = self._log.slow.get((self._worker, where), 0.0)
        soon = loop.time() + self._chance.wire() + slow_s
        arrives = max(self._wires.get(where, 0.0) + 1e-6, soon)
        self._wires[where] = arrives
        self._outstanding += 1
        position = dict(headers).get(POSITION_HEADER, b"").decode()

        def arrive() -> None:
            if where in self._cut or (self.broken and self._chance.one_in(2)):
                self._cut.add(where)  # it never left, nor can what follows: sequence numbers
                return
            if not self._lose(not position):
                if position:
                    self._watch(position)
                self._log.append(topic, partition, value, key.encode(), timestamp, tuple(headers))
            self._answered = max(self._answered + 1e-6, loop.time() + self._chance.wire())
            loop.call_at(self._answered, answer, context=world())

        def answer() -> None:
            if not self.broken:
                self._answers.append((on_delivery, None))

        loop.call_at(arrives, arrive, context=world())

    def poll(self, _timeout: float) -> int:
        served = 0
        while self._answers:
            callback, error = self._answers.popleft()
            self._outstanding -= 1
            callback(error, None)
            served += 1
        return served

    def purge(self) -> None:
        """What is queued is given up; what is on the wire may arrive."""
        self.broken = True

    def __len__(self) -> int:
        return 0 if self.broken else self._outstanding
