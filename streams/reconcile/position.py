"""How far each source was asked: a number in Redis, so that a restart goes on where it stood."""

from __future__ import annotations

import redis.asyncio

from streams.engine.keys import reconciled


class Position:
    """Milliseconds of the vendor's clock; None when the source was never asked."""

    def __init__(self, client: redis.asyncio.Redis, keyspace: str, source: str) -> None:
        self._client = client
        self._key = reconciled(keyspace, source)

    async def load(self) -> int | None:
        found = await self._client.get(self._key)
        return None if found is None else int(found)

    async def store(self, position_ms: int) -> None:
        await self._client.set(self._key, position_ms)
