"""The sender: takes what is due from the queue in Redis, attempts it, tells the log.

It holds no state that matters.  Dying between an attempt and its record means that the attempt
is made again with the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

import aiohttp
import msgspec
import redis.asyncio

from schemas.cloudevents import encode_attempt
from schemas.notification import DeliveryAttempted
from streams import metrics
from streams.delivery.addresses import PublicResolver
from streams.delivery.attempt import Answer, post
from streams.delivery.breaker import Breaker
from streams.delivery.schedule import next_attempt_ms
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import UNREACHABLE
from streams.settings import Subscriber
from streams.stages.deliver import DUE, Delivery, decode_delivery

log = logging.getLogger(__name__)

PAUSE_S = 0.2
"""Between two looks at the queue: a notice leaves within this time of being due."""

AT_ONCE = 32
"""Attempts under way at a time."""


class Tell(Protocol):
    """Writes one attempt's record into topic `notifications`; raises when it did not get there."""

    def __call__(self, key: str, value: bytes) -> Awaitable[None]: ...


class Sender:
    """Runs in a worker; `owned` says which partitions' queues are this worker's, and true."""

    def __init__(
        self,
        store: redis.asyncio.Redis,
        keyspace: str,
        subscribers: Iterable[Subscriber],
        owned: Callable[[], Mapping[int, int]],
        tell: Tell,
    ) -> None:
        """`owned()` is {partition: partitions of the topic}."""
        self._store = store
        self._keyspace = keyspace
        self._subscribers = {subscriber.name: subscriber for subscriber in subscribers}
        self._breakers = {name: Breaker() for name in self._subscribers}
        self._owned = owned
        self._tell = tell
        self._under_way: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._public: aiohttp.ClientSession | None = None
        self._private: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._public = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=PublicResolver())
        )
        self._private = aiohttp.ClientSession()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Attempts under way are finished, nothing new is begun."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        for session in (self._public, self._private):
            if session:
                await session.close()

    async def _run(self) -> None:
        while True:
            try:
                for partition, count in self._owned().items():
                    await self._look(LaneKeys(self._keyspace, "deliver", partition, count))
            except UNREACHABLE as error:
                log.warning("The queue of notices cannot be read: %s", error)
            await asyncio.sleep(PAUSE_S)

    async def _look(self, keys: LaneKeys) -> None:
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return
        now_ms = _now_ms()
        due: Any = await self._store.zrangebyscore(keys.waiting(DUE), "-inf", now_ms, 0, room * 4)
        if not due:
            return
        names: list[bytes] = list(due)
        found: Any = await self._store.hmget(keys.states, names)
        for name, raw in zip(names, found, strict=True):
            if raw is not None and len(self._under_way) < AT_ONCE:
                self._begin(name.decode(), decode_delivery(raw), now_ms)

    def _begin(self, name: str, delivery: Delivery, now_ms: int) -> None:
        subscriber = self._subscribers.get(delivery.subscriber)
        mark = (name, delivery.attempts + 1)
        if subscriber is None or mark in self._under_way or delivery.outcome:
            return
        if not self._breakers[subscriber.name].allows(now_ms):
            return
        task = asyncio.create_task(self._attempt(subscriber, delivery))
        self._under_way[mark] = task
        task.add_done_callback(lambda _: self._forget(mark))

    def _forget(self, mark: tuple[str, int]) -> None:
        # The record of the attempt needs a moment to come back through the log; until then the
        # queue still shows the old count.
        asyncio.get_running_loop().call_later(5, self._under_way.pop, mark, None)

    async def _attempt(self, subscriber: Subscriber, delivery: Delivery) -> None:
        now_ms = _now_ms()
        notice = delivery.notice
        if now_ms >= notice.expires_at_ms:
            answer = Answer("expired", "too old to help")
            self._breakers[subscriber.name].succeeded()
        else:
            session = self._private if subscriber.allow_private else self._public
            assert session is not None
            with metrics.delivery_seconds.labels(subscriber.name).time():
                answer = await post(session, subscriber, notice, now_ms)
            self._mark(subscriber.name, answer, now_ms)
        record = outcome(delivery, answer, now_ms)
        metrics.deliveries_total.labels(subscriber.name, record.outcome).inc()
        try:
            await self._tell(notice.collapse_key, encode_attempt(record))
        except Exception:
            # The queue still holds it: it is tried again with the same id.
            log.exception("The outcome of a delivery could not be written to Kafka")

    def _mark(self, subscriber: str, answer: Answer, now_ms: int) -> None:
        if answer.outcome == "delivered":
            self._breakers[subscriber].succeeded()
        else:
            self._breakers[subscriber].failed(now_ms)


def outcome(delivery: Delivery, answer: Answer, now_ms: int) -> DeliveryAttempted:
    """The record of an attempt: what the answer makes of the delivery."""
    notice = delivery.notice
    attempt = delivery.attempts + 1
    record = DeliveryAttempted(
        notification=notice.id,
        op=notice.op,
        subscriber=delivery.subscriber,
        collapse_key=notice.collapse_key,
        domain=notice.domain,
        attempt=attempt,
        outcome="failed",
        reason=answer.reason,
        at_ms=now_ms,
    )
    replace = msgspec.structs.replace
    if answer.outcome in {"delivered", "expired", "refused"}:
        return replace(record, outcome=answer.outcome)
    if answer.outcome == "gone":
        return replace(record, disable=True)
    next_ms = next_attempt_ms(attempt, now_ms, notice.id, answer.retry_after_s)
    if next_ms is None:
        return replace(record, reason=f"given up after {attempt} attempts: {answer.reason}")
    if next_ms >= notice.expires_at_ms:
        return replace(record, outcome="expired", reason=f"too old to try again: {answer.reason}")
    return replace(record, outcome="retry", next_ms=next_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
