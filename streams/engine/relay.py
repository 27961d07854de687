"""The relay: committed effects to their topics, in order, by one idempotent producer.

Effects are published from memory after their commit.  The outbox in Redis is read only at a
claim; what is known to be published is trimmed by the next commit.  A producer that fails for
good is ended and a new one resumes from the first effect not acknowledged: nothing is skipped,
because the next stage keeps only the highest position that it has seen.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.engine.batch import Outgoing
from streams.fold import POSITION_HEADER

log = logging.getLogger(__name__)

PARTITION_UA = -1
"""librdkafka's word for "by the key"."""

_NO_BOUND = {"queue.buffering.max.messages": 0, "queue.buffering.max.kbytes": 2_147_483_647}
"""Lanes have bounds of their own.  A producer that is full while Kafka is away would make its
caller wait, and then the whole worker stands still, signals included.
"""

_POLL_S = 0.005
_RESTART_S = 1.0


class Unpublished:
    """A lane's effects that Kafka has not acknowledged yet, in order."""

    def __init__(self) -> None:
        self._queue: deque[list[Any]] = deque()
        self.bytes = 0
        self.published_to: str | None = None
        """The outbox entry up to which everything is published."""

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, outgoing: Outgoing) -> list[Any]:
        slot = [outgoing, False]
        self._queue.append(slot)
        self.bytes += len(outgoing.publish.value)
        return slot

    def settle(self) -> None:
        """Moves on past everything that is acknowledged without a gap."""
        while self._queue and self._queue[0][1]:
            outgoing: Outgoing = self._queue.popleft()[0]
            self.bytes -= len(outgoing.publish.value)
            self.published_to = outgoing.entry

    def lowest_offset(self) -> int | None:
        """The first input offset with an effect not published; None when all are."""
        return self._queue[0][0].offset if self._queue else None

    def rest(self) -> list[Outgoing]:
        return [outgoing for outgoing, done in self._queue if not done]

    def clear(self) -> None:
        self._queue.clear()
        self.bytes = 0


class Relay:
    """One producer for all lanes of a worker."""

    def __init__(self, config: Mapping[str, Any], names: Callable[[str], str]) -> None:
        """`names` turns a topic's role into its name."""
        self._config = dict(config) | _NO_BOUND
        self._names = names
        self._lanes: dict[str, Unpublished] = {}
        self._producer: Producer | None = None
        self._life = 0
        self._fatal = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._producer = self._new_producer()
        self._task = asyncio.create_task(self._serve())

    def _new_producer(self) -> Producer:
        self._fatal = False
        return Producer({**self._config, "error_cb": self._on_error})

    def _on_error(self, error: KafkaError) -> None:
        self._fatal = self._fatal or error.fatal()

    @property
    def failure(self) -> str:
        """Empty while the relay runs."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return ""
        return f"The relay ended: {self._task.exception()!r}"

    def lane(self, name: str) -> Unpublished:
        return self._lanes.setdefault(name, Unpublished())

    def forget(self, name: str) -> None:
        """The lane is another worker's now; what it still has is that one's to publish."""
        self._lanes.pop(name, None)

    def send(self, name: str, outgoing: Iterable[Outgoing]) -> None:
        """Queues effects of a lane, in order."""
        lane = self.lane(name)
        for effect in outgoing:
            self._produce(lane, lane.add(effect))

    def _produce(self, lane: Unpublished, slot: list[Any]) -> None:
        effect: Outgoing = slot[0]
        publish = effect.publish
        # Kafka's own partitioner in C, unless the effect names its partition.
        partition = PARTITION_UA if publish.partition is None else publish.partition
        # A dead letter carries its record's headers; the position must be that of this effect.
        headers = [header for header in publish.headers if header[0] != POSITION_HEADER]
        if effect.pos:  # a tick is nobody's effect
            headers.append((POSITION_HEADER, effect.pos.encode()))
        life = self._life

        def delivered(error: object, _message: object) -> None:
            if error is None and life == self._life:
                slot[1] = True
                lane.settle()

        assert self._producer is not None
        try:
            self._producer.produce(
                self._names(publish.topic),
                value=publish.value,
                key=publish.key,
                partition=partition,
                timestamp=effect.timestamp_ms,
                headers=headers,
                on_delivery=delivered,
            )
        except KafkaException as error:
            # The producer is broken for good; `_serve` starts a new one that resumes here.
            log.warning("The producer refuses: %s", error)

    async def _serve(self) -> None:
        while True:
            assert self._producer is not None
            self._producer.poll(0)
            if self._broken():
                self._restart()
                await asyncio.sleep(_RESTART_S)
            await asyncio.sleep(_POLL_S)

    def _broken(self) -> bool:
        assert self._producer is not None
        waiting = any(len(lane) for lane in self._lanes.values())
        return self._fatal or (waiting and len(self._producer) == 0)

    def _restart(self) -> None:
        assert self._producer is not None
        log.warning("The producer is started anew and resumes from the last published effect")
        self._life += 1
        self._producer.purge()
        self._producer = self._new_producer()
        for lane in self._lanes.values():
            rest = lane.rest()
            lane.clear()
            for effect in rest:
                self._produce(lane, lane.add(effect))

    async def drain(self, seconds: float) -> bool:
        """Waits until everything is published; False when the time is over before."""
        deadline = asyncio.get_running_loop().time() + seconds
        while any(len(lane) for lane in self._lanes.values()):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_POLL_S)
        return True

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._producer:
            self._producer.purge()
            self._producer = None
