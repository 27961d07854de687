"""A console over a real Redis, and a world whose batches it can show."""

from __future__ import annotations

import asyncio
import threading
import time

from streams.console.server import Console
from streams.engine.batch import Batch
from streams.engine.driver import Driver
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect
from streams.engine.redis_store import RedisStore
from streams.engine.store import Pins
from streams.settings import Console as ConsoleSettings
from streams.settings import Domain, Kafka, Redis, Settings, Token
from tests.servers.kafka import free_port
from tests.servers.redis import RedisServer
from tests.world import World


class Served:
    """A console over a real Redis, on a thread of its own."""

    def __init__(
        self,
        redis: RedisServer,
        tokens: tuple[str, ...] = (),
        domains: tuple[str, ...] = ("acme",),
        narrow: tuple[Token, ...] = (),
    ) -> None:
        self.settings = Settings(
            keyspace=f"page{free_port()}",
            kafka=Kafka(bootstrap="127.0.0.1:1", events_partitions=1, webhooks_partitions=1),
            redis=Redis(url=redis.url),
            console=ConsoleSettings(port=0, refresh_ms=200, tokens=tokens),
            domain=tuple(Domain(name=name, key="k" * 16) for name in domains),
            token=narrow,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._console = self.run(self._make())
        self.url = f"http://127.0.0.1:{self._console.port}"

    async def _make(self) -> Console:
        console = Console(self.settings)
        await console.start()
        return console

    def run(self, coroutine):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def keep(self, world: World) -> None:
        """Commits what the world's stages have folded."""
        client = connect(self.settings.redis.url)
        for stage, topic in (("normalise", "webhooks"), ("journeys", "events")):
            store = RedisStore(client, LaneKeys(self.settings.keyspace, stage, 0, 1))
            pins = Pins("c", topic, 1, self.settings.keyspace, "g", f"{stage}-1")
            claimed = await store.claim(pins, "w", 1, 1_000)
            if claimed.position is None:
                await store.begin(claimed.epoch, 0)
            for batch in world.kept[stage]:
                await store.commit(claimed.epoch, batch, None)
            world.kept[stage].clear()
        await client.aclose()

    def stop(self) -> None:
        self.run(self._console.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


class Keeping(World):
    """A world whose batches can be committed to a store."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, list[Batch]] = {"normalise": [], "journeys": []}
        self.now = time.time_ns() // 1_000_000 - 600_000

        def keep(driver: Driver, stage: str) -> Batch:
            batch = Driver.take(driver)
            self.kept[stage].append(batch)
            return batch

        self.normalise.take = lambda: keep(self.normalise, "normalise")  # type: ignore[method-assign]
        self.journeys.take = lambda: keep(self.journeys, "journeys")  # type: ignore[method-assign]
