"""The way into Kafka: one idempotent producer, and an answer for each record."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from confluent_kafka import KafkaException, Producer

from streams.engine.clients import librdkafka
from streams.settings import Kafka


class UnreachableError(Exception):
    """Kafka has not confirmed the record in time."""


class Log:
    """Writes records to one topic and waits until all in-sync replicas have them.

    Delivery reports come on a thread of their own; they are handed to the event loop in bursts,
    because waking it for each record costs more than the record.
    """

    def __init__(self, kafka: Kafka, topic: str, timeout_ms: int) -> None:
        self._topic = topic
        self._timeout_s = timeout_ms / 1_000
        self._producer = Producer(
            librdkafka(kafka)
            | {
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2",
                "linger.ms": 2,
                "compression.type": "lz4",
                # What was answered with 503 may still arrive: the vendor's retry is recognised.
                "message.timeout.ms": timeout_ms,
            }
        )
        self._loop = asyncio.get_running_loop()
        self._settled: list[tuple[asyncio.Future[None], str]] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failed_s: float | None = None
        self._thread = threading.Thread(target=self._poll, name="delivery-reports", daemon=True)
        self._thread.start()

    async def append(
        self,
        key: str,
        value: bytes,
        headers: Sequence[tuple[str, bytes]],
        timestamp_ms: int | None = None,
    ) -> None:
        """Returns when it is durable. Raises `UnreachableError`."""
        future: asyncio.Future[None] = self._loop.create_future()

        def delivered(error: object, _message: object) -> None:
            with self._lock:
                self._settled.append((future, str(error) if error else ""))

        try:
            self._producer.produce(
                self._topic,
                value=value,
                key=key,
                headers=list(headers),
                on_delivery=delivered,
                **({"timestamp": timestamp_ms} if timestamp_ms is not None else {}),
            )
        except (BufferError, KafkaException) as error:
            raise UnreachableError(str(error)) from error
        try:
            await asyncio.wait_for(future, self._timeout_s)
        except TimeoutError as error:
            self._failed_s = self._loop.time()
            raise UnreachableError("no confirmation in time") from error

    def refuses(self) -> bool:
        """While Kafka does not answer, one request a second finds out whether it is back; the
        others are refused at once instead of waiting in vain.
        """
        now_s = self._loop.time()
        if self._failed_s is None:
            return False
        if now_s - self._failed_s < 1.0:
            return True
        self._failed_s = now_s
        return False

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(0.05)
            # One more round takes what came while we were called.
            while self._producer.poll(0):
                pass
            self._hand_over()

    def _hand_over(self) -> None:
        with self._lock:
            settled, self._settled = self._settled, []
        if settled and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, settled)

    def _settle(self, settled: Sequence[tuple[asyncio.Future[None], str]]) -> None:
        for future, error in settled:
            if future.done():
                continue
            if error:
                self._failed_s = self._loop.time()
                future.set_exception(UnreachableError(error))
            else:
                self._failed_s = None
                future.set_result(None)

    async def reachable(self) -> bool:
        """Does a broker answer?"""
        try:
            await asyncio.to_thread(self._producer.list_topics, self._topic, 2.0)
        except KafkaException:
            return False
        return True

    async def close(self) -> None:
        """Sends what is waiting, within five seconds."""
        await asyncio.to_thread(self._producer.flush, 5)
        self._stopping.set()
        await asyncio.to_thread(self._thread.join, 2)
        self._hand_over()
