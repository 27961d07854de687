"""The lanes of one worker: claims them as partitions come, stops them as they go."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from schemas.common import Actor
from schemas.events import ClockTick
from streams import metrics
from streams.engine.batch import Outgoing
from streams.engine.first_party import in_webhooks, own_event
from streams.engine.keys import LaneKeys
from streams.engine.lane import Lane, Seek
from streams.engine.redis_store import RedisStore
from streams.engine.relay import Relay
from streams.engine.store import ClaimRefusedError, FencedError, Pins, StaleError
from streams.fold import Fold, Publish, Record
from streams.settings import Settings

log = logging.getLogger(__name__)

Partition = tuple[str, int]

TICK_AGAIN_S = 5.0


class Bounds(msgspec.Struct, frozen=True):
    """What Kafka knows of a partition: the log's begin and end, the group's committed offset."""

    begin: int
    end: int
    committed: int | None


class Host:
    """Lanes by (topic, partition)."""

    def __init__(
        self,
        settings: Settings,
        folds: Sequence[Fold],
        counts: Mapping[str, int],
        cluster: str,
        client: redis.asyncio.Redis,
        relay: Relay,
    ) -> None:
        """`counts` is the number of partitions by topic role."""
        self._settings = settings
        self._folds = {settings.topics.name(fold.input_topic): fold for fold in folds}
        self._roles = {settings.topics.name(fold.input_topic): fold.input_topic for fold in folds}
        self._counts = counts
        self._cluster = cluster
        self._client = client
        self.relay = relay
        self.lanes: dict[Partition, Lane] = {}
        self.owner = settings.worker.instance or f"worker-{id(self):x}-{time.time_ns():x}"
        self.generation = 0
        self._ticks: dict[int, float] = {}

    @property
    def commit_metadata(self) -> str:
        """What Kafka's committed offsets say of whose they are."""
        versions = ",".join(f"{fold.name}-{fold.version}" for fold in self._folds.values())
        return f"{self._settings.keyspace} {versions}"

    def owned(self, stage: str) -> dict[int, int]:
        """{partition: partitions of its topic} of a stage's lanes that are ours."""
        return {
            partition: self._counts[self._roles[topic]]
            for topic, partition in self.lanes
            if self._folds[topic].name == stage
        }

    @property
    def topics(self) -> list[str]:
        return list(self._folds)

    async def claim(self, where: Partition, bounds: Bounds) -> int:
        """Claims one partition, and returns the offset to fetch from."""
        topic, partition = where
        if (old := self.lanes.get(where)) is not None:
            await old.stop()  # it stays in its place until the claim has succeeded
        fold = self._folds[topic]
        count = self._counts[self._roles[topic]]
        keys = LaneKeys(self._settings.keyspace, fold.name, partition, count)
        pins = Pins(
            cluster=self._cluster,
            topic=topic,
            partitions=count,
            keyspace=self._settings.keyspace,
            group=self._settings.worker.group,
            fold=f"{fold.name}-{fold.version}",
        )
        store = RedisStore(self._client, keys)
        lane = Lane(fold, store, self.relay, self._settings.worker, pins, partition)
        try:
            offset = await lane.claim(
                self.owner, self.generation, bounds.begin, bounds.end, bounds.committed
            )
        except ClaimRefusedError:
            metrics.claims_total.labels(fold.name, "refused").inc()
            raise
        self.lanes[where] = lane
        return offset

    async def revoke(self, partitions: Sequence[Partition]) -> None:
        """Finishes what is under way and lets the lanes go."""
        for where in partitions:
            if (lane := self.lanes.pop(where, None)) is not None:
                await lane.stop()

    async def feed(
        self,
        where: Partition,
        records: Sequence[Record],
        seek: Callable[[Partition, int], Awaitable[None]],
        reclaim: Callable[[Partition], Awaitable[None]],
    ) -> None:
        """Hands a fetched batch to its lane, and mends what can be mended: a hole is sought again,
        a lost commit or owner is answered by claiming once more.
        """
        lane = self.lanes.get(where)
        if lane is None:
            return
        try:
            await lane.feed(records, lambda: self.lanes.get(where) is not lane)
        except Seek as back:
            await seek(where, back.offset)
        except (FencedError, StaleError, RedisError, OSError) as error:
            if self.lanes.get(where) is not lane:
                return
            log.warning("%s: %s; claiming again", lane.name, error or type(error).__name__)
            await self._until_claimed(where, lane, reclaim)

    async def _until_claimed(
        self, where: Partition, lane: Lane, reclaim: Callable[[Partition], Awaitable[None]]
    ) -> None:
        while self.lanes.get(where) is lane:
            try:
                await reclaim(where)
            except (RedisError, OSError) as error:
                log.warning("%s: Redis does not answer (%s); trying again", lane.name, error)
                await asyncio.sleep(1)
            else:
                return

    async def mend(self, reclaim: Callable[[Partition], Awaitable[None]]) -> None:
        """Claims lanes again whose last commit failed and to which no record comes any more."""
        for where, lane in list(self.lanes.items()):
            if lane.failed:
                log.warning("%s: a commit failed; claiming again", lane.name)
                await self._until_claimed(where, lane, reclaim)

    def housekeep(self, ends: Mapping[Partition, int], wall_ms: int) -> None:
        """Gauges, and ticks for lanes that are at the end of their log and hold a due timer."""
        for where, lane in self.lanes.items():
            lane.observe(ends.get(where, lane.driver.at.offset), wall_ms)
            if lane.lag == 0 and lane.idle and self._roles[where[0]] != "notifications":
                for clock in lane.driver.timers.overdue(wall_ms):
                    self._ask_for_tick(clock, wall_ms)

    def _ask_for_tick(self, clock: int, wall_ms: int) -> None:
        """One outstanding a clock, asked again after five seconds."""
        now_s = time.monotonic()
        if now_s - self._ticks.get(clock, -TICK_AGAIN_S) < TICK_AGAIN_S:
            return
        self._ticks[clock] = now_s
        ident = f"tick-{clock}-{wall_ms}"
        tick = own_event(ClockTick, "", wall_ms, Actor("system"), id=ident)
        value, headers = in_webhooks(tick)
        publish = Publish("webhooks", "", value, tuple(headers), clock)
        self.relay.send("ticks", [Outgoing("0-0", "", wall_ms, 0, publish)])

    def ticked(self, where: Partition) -> None:
        """Records came from this upstream: its clock moves by itself."""
        if self._roles[where[0]] == "webhooks":
            self._ticks.pop(where[1], None)

    async def drain(self, seconds: float) -> None:
        """Before the end: everything folded is committed and everything committed published."""
        for lane in list(self.lanes.values()):
            await lane.flush()
        await self.relay.drain(seconds)
