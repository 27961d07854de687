"""The way into Kafka: one idempotent producer, and an answer for each record.

Delivery reports are fetched on the event loop itself, all that there are at once: no thread, no
lock, no future a record.  While Kafka is away nothing piles up: what waits is refused as soon as
the brokers are known to be gone, one record a second finds out whether they are back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.engine.clients import RECORD_BYTES, librdkafka
from streams.settings import Kafka

log = logging.getLogger(__name__)

Done = Callable[[str], None]
"""Called once: with an empty text when all in-sync replicas have the record, else with why not."""

_POLL_S = 0.001
_IDLE_POLL_S = 0.25
"""With nothing under way: what the client says of its brokers must not grow old."""

_PROBE_S = 1.0

TOO_LARGE = "too large"
"""What `Done` is told of a record that Kafka will never take."""


class _Waiting:
    __slots__ = ("deadline_s", "done")

    def __init__(self, done: Done, deadline_s: float) -> None:
        self.done: Done | None = done
        self.deadline_s = deadline_s


class Log:
    """Writes records to one topic."""

    def __init__(self, kafka: Kafka, topic: str, timeout_ms: int) -> None:
        self._topic = topic
        self._timeout_s = timeout_ms / 1_000
        self._config: dict[str, Any] = librdkafka(kafka) | {
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": "murmur2",
            "linger.ms": 2,
            "compression.type": "lz4",
            "message.max.bytes": RECORD_BYTES,
            # What was answered with 503 may still arrive: the vendor's retry is recognised.
            "message.timeout.ms": timeout_ms,
            "reconnect.backoff.max.ms": 1_000,
            "error_cb": self._on_error,
        }
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._failed_s: float | None = None
        self._producer = Producer(self._config)
        self.pending = 0
        """Records that wait for Kafka's word."""
        self._idle = True
        self._timer = self._loop.call_later(_IDLE_POLL_S, self._poll)

    def append(
        self,
        key: str,
        value: bytes,
        headers: Sequence[tuple[str, bytes]],
        done: Done,
        timestamp_ms: int | None = None,
    ) -> None:
        """`done` is called later, within the timeout."""
        waiting = _Waiting(done, self._loop.time() + self._timeout_s)
        producer = self._producer

        def delivered(error: KafkaError | None, _message: object) -> None:
            self._delivered(waiting, producer, error)

        stamp = {} if timestamp_ms is None else {"timestamp": timestamp_ms}
        try:
            producer.produce(
                self._topic, value=value, key=key, headers=headers, on_delivery=delivered, **stamp
            )
        except BufferError as error:
            self._loop.call_soon(done, str(error))
            return
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            self._loop.call_soon(done, _words(reason))
            if reason.fatal():
                self._renew(producer, reason)
            return
        self._waiting.append(waiting)
        self.pending += 1
        if self._idle:
            self._idle = False
            self._timer.cancel()
            self._timer = self._loop.call_later(_POLL_S, self._poll)

    def refuses(self) -> bool:
        """While Kafka does not answer, one request a second finds out whether it is back; the
        others are refused at once instead of waiting in vain.
        """
        if self._failed_s is None:
            return False
        now_s = self._loop.time()
        if now_s - self._failed_s < _PROBE_S:
            return True
        self._failed_s = now_s
        return False

    def _poll(self) -> None:
        self._producer.poll(0)
        waiting, now_s = self._waiting, self._loop.time()
        while waiting and (waiting[0].done is None or waiting[0].deadline_s <= now_s):
            first = waiting.popleft()
            if first.done is not None:
                self._failed_s = now_s
                self._settle(first, "no confirmation in time")
        self._idle = not waiting
        self._timer = self._loop.call_later(_IDLE_POLL_S if self._idle else _POLL_S, self._poll)

    def _delivered(self, waiting: _Waiting, producer: Producer, error: KafkaError | None) -> None:
        if error is None:
            self._failed_s = None
            self._settle(waiting, "")
            return
        words = _words(error)
        if words != TOO_LARGE:
            self._failed_s = self._loop.time()
        self._settle(waiting, words)
        if error.fatal():
            self._loop.call_soon(self._renew, producer, error)

    def _on_error(self, error: KafkaError) -> None:
        """Called out of `poll`."""
        if error.fatal():
            self._loop.call_soon(self._renew, self._producer, error)
        elif error.code() == KafkaError._ALL_BROKERS_DOWN and self._waiting:  # noqa: SLF001
            self._failed_s = self._loop.time()
            self._settle_all("all brokers are down")

    def _renew(self, broken: Producer, error: KafkaError) -> None:
        """An idempotent producer that has lost its sequence stays broken for ever: a new one."""
        if broken is not self._producer:
            return
        log.error("The producer to Kafka has failed for good and is replaced: %s", error.str())
        self._producer = Producer(self._config)
        self._settle_all(error.str())

    def _settle_all(self, error: str) -> None:
        refused, self._waiting = self._waiting, deque()
        for one in refused:
            self._settle(one, error)

    def _settle(self, waiting: _Waiting, error: str) -> None:
        done, waiting.done = waiting.done, None
        if done is not None:
            self.pending -= 1
            done(error)

    async def fault(self) -> str:
        """Why no record could be taken now, a sentence; empty when one could."""
        try:
            found = await asyncio.to_thread(self._producer.list_topics, self._topic, 2.0)
        except KafkaException:
            return "Kafka does not answer"
        if found.topics[self._topic].error is not None:
            return f"Topic {self._topic!r} does not exist: run `filrouge topics create`"
        return ""

    async def close(self) -> None:
        """Sends what is waiting, within five seconds."""
        self._timer.cancel()
        for one in self._waiting:
            one.done = None  # reports come on another thread now, and nobody listens any more
        await asyncio.to_thread(self._producer.flush, 5)


def _words(error: KafkaError) -> str:
    large = error.code() in {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE}
    return TOO_LARGE if large else str(error.str())
