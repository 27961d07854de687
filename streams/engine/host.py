"""The lanes of one worker: claims them as partitions come, stops them as they go."""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from schemas.common import Actor
from schemas.events import ClockTick
from streams import metrics
from streams.engine.batch import Outgoing
from streams.engine.first_party import in_webhooks, own_event
from streams.engine.keys import LaneKeys
from streams.engine.lane import BeyondEndError, FoldError, Lane, LaneError, Seek
from streams.engine.redis_client import UNREACHABLE
from streams.engine.relay import Relay
from streams.engine.store import (
    ClaimRefusedError,
    FencedError,
    OutOfDateError,
    Pins,
    StaleError,
    Store,
    SupersededError,
)
from streams.fold import Fold, Publish, Record
from streams.settings import Settings

log = logging.getLogger(__name__)

Partition = tuple[str, int]

TICK_AGAIN_S = 5.0


class Bounds(msgspec.Struct, frozen=True):
    """What Kafka knows of a partition: the log's begin and end, the group's committed offset and
    what was said with it (`Host.commit_metadata`).
    """

    begin: int
    end: int
    committed: int | None
    metadata: str = ""


class Host:
    """Lanes by (topic, partition)."""

    def __init__(
        self,
        settings: Settings,
        folds: Sequence[Fold],
        counts: Mapping[str, int],
        cluster: str,
        stores: Callable[[LaneKeys], Store],
        relay: Relay,
        *,
        fresh: bool = False,
    ) -> None:
        """`counts` is the number of partitions by topic role; `fresh` says that nothing was ever
        published: a lane of which neither Redis nor Kafka knows anything publishes all.
        """
        self._settings = settings
        self._folds = {settings.topics.name(fold.input_topic): fold for fold in folds}
        self._roles = {settings.topics.name(fold.input_topic): fold.input_topic for fold in folds}
        self._counts = counts
        self._cluster = cluster
        self._stores = stores
        self._fresh = fresh
        self.relay = relay
        self.lanes: dict[Partition, Lane] = {}
        self.owner = settings.worker.instance or f"worker-{id(self):x}-{time.time_ns():x}"
        self._born_ms = time.time_ns() // 1_000_000 if settings.worker.instance else 0
        self.generation = 0
        self.settled = False
        """In the group, and every partition that it was given is claimed."""
        self.kept_house_s = time.monotonic()
        """When Kafka last said where the ends of the logs are, or a claim succeeded.  One that
        fails is no news: a worker that claims in vain for ever must end.
        """
        self._ticks: dict[int, float] = {}
        self._fenced: dict[Partition, float] = {}
        """Lanes that another worker claimed: since when they wait for a new assignment."""
        self._claiming: dict[Partition, asyncio.Lock] = {}
        self._revoked: dict[Partition, int] = {}
        """How often a partition was taken away: a claim under way then is void."""
        self._insisted: dict[Partition, int] = {}
        """In which generation such a lane was claimed all the same."""

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

    def caught_up(self, stage: str) -> dict[int, int]:
        """Those of `owned` whose state knows all that was done before they were claimed."""
        topic = next(topic for topic, fold in self._folds.items() if fold.name == stage)
        owned = self.owned(stage)
        return {p: count for p, count in owned.items() if self.lanes[topic, p].caught_up}

    @property
    def topics(self) -> list[str]:
        return list(self._folds)

    async def claim(
        self, where: Partition, bounds: Bounds, ask: Callable[[Partition], Awaitable[Bounds]]
    ) -> int:
        """Claims one partition, and returns the offset to fetch from.  One claim at a time: a late
        one of an older generation would fence off our own.  `ask` gets the bounds anew.
        """
        async with self._claiming.setdefault(where, asyncio.Lock()):
            try:
                return await self._claim(where, bounds)
            except BeyondEndError:
                # Its former owner folded on after we had asked; since our claim it cannot.
                return await self._claim(where, await ask(where))

    async def _claim(self, where: Partition, bounds: Bounds) -> int:
        topic, partition = where
        revoked = self._revoked.get(where, 0)
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
        lane = Lane(fold, self._stores(keys), self.relay, self._settings.worker, pins, partition)
        try:
            offset = await lane.claim(
                self.owner, self.generation, bounds.begin, bounds.end, self._published(bounds),
                self._born_ms,
            )  # fmt: skip
        except ClaimRefusedError:
            metrics.claims_total.labels(fold.name, "refused").inc()
            raise
        if self._revoked.get(where, 0) != revoked:
            await lane.stop()  # it was taken away meanwhile
            return offset
        self.lanes[where] = lane
        self._fenced.pop(where, None)
        self.kept_house_s = time.monotonic()  # many claims take a while, and each is news of both
        return offset

    def _published(self, bounds: Bounds) -> int | None:
        """Below which offset effects are held back when Redis knows nothing of a lane: what Kafka
        was told to be published; for a rebuild into a new keyspace, all that is there.
        """
        ours = bounds.metadata.partition(" ")[0] == self._settings.keyspace
        if bounds.committed is not None and ours:
            return bounds.committed
        return None if self._fresh else bounds.end

    def require_within(self, where: Partition, offset: int, bounds: Bounds) -> None:
        """Raises `LaneError` for an offset that the log does not hold (any more)."""
        if (lane := self.lanes.get(where)) is not None:
            lane.require_within(offset, bounds.begin, bounds.end)

    async def revoke(self, partitions: Sequence[Partition]) -> None:
        """Finishes what is under way and lets the lanes go."""
        for where in partitions:
            self._fenced.pop(where, None)
            self._revoked[where] = self._revoked.get(where, 0) + 1
            if (lane := self.lanes.pop(where, None)) is not None:
                await lane.stop()

    async def feed(
        self,
        batches: Mapping[Partition, Sequence[Record]],
        seek: Callable[[Partition, int], Awaitable[None]],
        reclaim: Callable[[Partition], Awaitable[None]],
    ) -> None:
        """Hands records to the lanes, all at once: while one waits for Redis another folds."""
        for where in batches:
            self._ticked(where)
        feeds = [self._feed(where, batch, seek, reclaim) for where, batch in batches.items()]
        for done in await asyncio.gather(*feeds, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done

    async def _feed(
        self,
        where: Partition,
        records: Sequence[Record],
        seek: Callable[[Partition, int], Awaitable[None]],
        reclaim: Callable[[Partition], Awaitable[None]],
    ) -> None:
        """Mends what can be mended: a hole is sought again, a lost commit and a fold that failed
        are answered by claiming once more.
        """
        lane = self.lanes.get(where)
        if lane is None or where in self._fenced:
            return
        try:
            await lane.feed(records, lambda: self.lanes.get(where) is not lane)
        except Seek as back:
            await seek(where, back.offset)
        except FencedError as error:
            self._rest(where, lane, error)
        except (FoldError, StaleError, *UNREACHABLE) as error:
            if self.lanes.get(where) is not lane:
                return
            log.warning("%s: %s; claiming again", lane.name, error or type(error).__name__)
            await self._until_claimed(where, lane, reclaim)

    def _rest(self, where: Partition, lane: Lane, error: BaseException) -> None:
        """Another worker has claimed the lane: a new assignment must be on its way.  Not if it goes
        by our own name: Kafka took it for us (static membership), and tells us nothing.
        """
        match error:
            case FencedError(owner=self.owner, born_ms=born_ms) if born_ms > self._born_ms:
                raise SupersededError(self.owner)
        if self.lanes.get(where) is lane and where not in self._fenced:
            log.warning("%s: another worker has it; waiting for a new assignment", lane.name)
            self._fenced[where] = asyncio.get_running_loop().time()

    async def _until_claimed(
        self, where: Partition, lane: Lane, reclaim: Callable[[Partition], Awaitable[None]]
    ) -> None:
        # Not all lanes of all workers at one moment, when Redis comes back.
        spread_s = zlib.crc32(lane.name.encode()) % 1_000 / 1_000
        while self.lanes.get(where) is lane:
            try:
                await reclaim(where)
            except (FencedError, OutOfDateError) as error:
                self._rest(where, lane, error)
            except (StaleError, *UNREACHABLE) as error:
                log.warning("%s: Redis does not answer (%s); trying again", lane.name, error)
                await asyncio.sleep(0.5 + spread_s)
                continue
            return

    async def mend(self, reclaim: Callable[[Partition], Awaitable[None]]) -> None:
        """Claims lanes again whose last commit failed and to which no record comes any more, and
        those whose new assignment does not come.
        """
        for where, lane in list(self.lanes.items()):
            if where in self._fenced:
                continue
            if isinstance(lane.failed, FencedError):
                self._rest(where, lane, lane.failed)
            elif lane.failed:
                log.warning("%s: a commit failed; claiming again", lane.name)
                await self._until_claimed(where, lane, reclaim)
            else:
                await lane.confirm()
        await self._claim_fenced(reclaim)

    async def _claim_fenced(self, reclaim: Callable[[Partition], Awaitable[None]]) -> None:
        """Once a session timeout has brought no new assignment the lane is claimed once more (a
        failover may have taken our claim back); who is fenced again in the same generation ends.
        """
        patience_s = self._settings.worker.session_timeout_ms / 1_000
        now_s = asyncio.get_running_loop().time()
        for where, since_s in list(self._fenced.items()):
            if (lane := self.lanes.get(where)) is None:
                del self._fenced[where]
            elif now_s - since_s >= patience_s:
                if self._insisted.get(where) == self.generation:
                    raise LaneError(f"{lane.name} is another worker's, and no assignment comes.")
                self._insisted[where] = self.generation
                await self._until_claimed(where, lane, reclaim)

    def housekeep(self, ends: Mapping[Partition, int], wall_ms: int) -> None:
        """Gauges, and ticks for lanes that are at the end of their log and hold a due timer."""
        self.kept_house_s = time.monotonic()
        for where, lane in self.lanes.items():
            lane.observe(ends.get(where, lane.driver.at.offset), wall_ms)
            if lane.lag == 0 and lane.idle and self._roles[where[0]] != "notifications":
                for clock in lane.driver.timers.overdue(wall_ms):
                    self._ask_for_tick(clock, wall_ms)

    def _ask_for_tick(self, clock: int, wall_ms: int) -> None:
        """One outstanding a clock, asked again after five seconds."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._ticks.get(clock, -TICK_AGAIN_S) < TICK_AGAIN_S:
            return
        self._ticks[clock] = now_s
        ident = f"tick-{clock}-{wall_ms}"
        tick = own_event(ClockTick, "", wall_ms, Actor("system"), id=ident)
        value, headers = in_webhooks(tick)
        publish = Publish("webhooks", "", value, tuple(headers), clock)
        self.relay.send("ticks", [Outgoing("0-0", "", wall_ms, 0, publish)])

    def _ticked(self, where: Partition) -> None:
        """Records came from this upstream: its clock moves by itself."""
        if self._roles[where[0]] == "webhooks":
            self._ticks.pop(where[1], None)

    async def drain(self, seconds: float) -> None:
        """Before the end: everything folded is committed and everything committed published."""
        for lane in list(self.lanes.values()):
            await lane.flush()
        await self.relay.drain(seconds)
