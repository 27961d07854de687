"""Reads of hashes in Redis, together: what many ask for at the same moment is one trip.

A trip costs far more than what it carries: a connection of the pool, a write and a read.  So there
is one at a time, and what is asked for meanwhile goes with the next: the more is asked, the less a
look-up costs.  A trip that is slow (a shard of a cluster that is away) holds nobody up for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis.asyncio

PATIENCE_S = 0.02
"""So long the next trip waits for the one before it."""

Found = list[bytes | None]


class _Asked(NamedTuple):
    key: str
    fields: Sequence[str]
    answer: asyncio.Future[Found]


class Reads:
    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._asked: list[_Asked] = []
        self._trips: set[asyncio.Task[None]] = set()
        self._awaited: asyncio.Task[None] | None = None

    def hmget(self, key: str, *fields: str) -> asyncio.Future[Found]:
        """The values of fields of a hash; awaiting them raises Redis' errors."""
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._leave)
        answer: asyncio.Future[Found] = loop.create_future()
        self._asked.append(_Asked(key, fields, answer))
        return answer

    def _leave(self) -> None:
        if not self._asked or self._awaited is not None:
            return
        loop = asyncio.get_running_loop()
        asked, self._asked = self._asked, []
        trip = self._awaited = loop.create_task(self._trip(asked))
        self._trips.add(trip)
        trip.add_done_callback(self._trips.discard)
        trip.add_done_callback(self._go_on)
        loop.call_later(PATIENCE_S, self._go_on, trip)

    def _go_on(self, trip: asyncio.Task[None]) -> None:
        if trip is self._awaited:
            self._awaited = None
            self._leave()

    async def _trip(self, asked: list[_Asked]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for one in asked:
            pipe.hmget(one.key, one.fields)
        try:
            found: list[Any] = await pipe.execute(raise_on_error=False)
        except Exception as error:  # noqa: BLE001 whoever asked decides what it means
            found = [error] * len(asked)
        for one, value in zip(asked, found, strict=True):
            if one.answer.done():
                continue  # who asked has gone
            if isinstance(value, Exception):
                one.answer.set_exception(value)
            else:
                one.answer.set_result(value)
