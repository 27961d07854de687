"""A simulated worker: the real host, lanes, driver and relay; a consumer as Faust's transport is.

Where the real one differs: fetching and the group's protocol are simulated (`_fetch`, `Group`).
The first fetch after a claim may begin later than it was told to, as it was seen on a real broker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from streams.engine.host import Bounds, Host, Partition
from streams.engine.redis_store import RedisStore
from streams.engine.relay import Relay
from streams.fold import Fold, Record
from streams.settings import Settings
from tests.simulation.chance import Chance
from tests.simulation.group import HEARTBEAT_S, Group
from tests.simulation.kafka import COUNTS, Log, Producer
from tests.simulation.loop import Node
from tests.simulation.redis import Line, Servers

FETCH_S = 0.25
KEEP_HOUSE_S = 0.5


class World:
    """What all workers share; filled by `tests.simulation.run`."""

    settings: Settings
    log: Log
    group: Group
    servers: Servers
    chance: Chance
    stale_fetches: bool = False
    lagging: set[Partition]

    def producer(self, worker: str) -> Producer:
        raise NotImplementedError

    def folds(self) -> list[Fold]:
        raise NotImplementedError

    def wall_ms(self) -> int:
        raise NotImplementedError

    def ended(self, worker: Worker, error: BaseException | None) -> None:
        raise NotImplementedError


class SimulatedRelay(Relay):
    """The real one, with a simulated producer."""

    def __init__(self, world: World, worker: str) -> None:
        super().__init__({}, str)
        self._world = world
        self._worker = worker

    def _new_producer(self) -> Producer:  # type: ignore[override]
        self._fatal = False
        return self._world.producer(self._worker)


class Worker:
    """One life of a worker process."""

    def __init__(self, world: World, name: str, life: int) -> None:
        self.name = name
        self.member = f"{name}.{life}"
        self.node = Node(self.member)
        self._world = world
        self._flows = False
        self._positions: dict[Partition, int] = {}
        self._stale: dict[Partition, int] = {}
        self.stopping = False
        self.node.spawn(self._live())

    # Its life -----------------------------------------------------------------------------

    async def _live(self) -> None:
        world = self._world
        self.relay = SimulatedRelay(world, self.name)
        self.relay.start()
        self.host = Host(
            world.settings, world.folds(), COUNTS, "simulated",
            lambda keys: Line(world.servers, world.servers.home(keys)), self.relay, fresh=True,
        )  # fmt: skip
        self.host.owner = self.member
        tasks = [asyncio.ensure_future(self._follow()), asyncio.ensure_future(self._drain())]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        error = next((task.exception() for task in done if task.exception()), None)
        if error is None:
            await self._leave()
        # The process is gone: nothing of it is left to run.
        asyncio.get_running_loop().call_soon(self._world.ended, self, error)

    async def _leave(self) -> None:
        """SIGTERM: everything folded is committed and published before the group is left."""
        self._flows = False
        await self.host.drain(10)
        self._tell_kafka()
        await self.host.revoke(list(self.host.lanes))
        self._world.group.leave(self.member)
        await self.relay.stop()

    # The group ----------------------------------------------------------------------------

    async def _follow(self) -> None:
        """Heartbeats; and what Faust does when partitions come and go."""
        world, loop = self._world, asyncio.get_running_loop()
        while not self.stopping:
            if not world.group.beat(self.member, loop.time()):
                self._flows = False
                await asyncio.sleep(world.chance.wire())
                await self.host.revoke(list(self.host.lanes))
                generation, partitions = world.group.join(self.member, loop.time())
                await self._assigned(generation, partitions)
                self._flows = True
            await asyncio.sleep(HEARTBEAT_S)

    async def _assigned(self, generation: int, partitions: Sequence[Partition]) -> None:
        self.host.generation = generation
        self._positions = {}
        for where in sorted(partitions):
            beat = asyncio.ensure_future(self._beat_meanwhile())
            try:
                offset = await self.host.claim(where, self._bounds(where), self._ask)
            finally:
                beat.cancel()
            self._seek(where, offset, claimed=True)

    async def _beat_meanwhile(self) -> None:
        """Faust's heartbeats come from a thread of their own."""
        while True:
            self._world.group.beat(self.member, asyncio.get_running_loop().time())
            await asyncio.sleep(HEARTBEAT_S)

    async def _ask(self, where: Partition) -> Bounds:
        return self._bounds(where)

    def _bounds(self, where: Partition) -> Bounds:
        log = self._world.log
        committed, metadata = self._world.group.committed.get(where, (None, ""))
        return Bounds(log.begins[where], log.last(where), committed, metadata)

    # Records ------------------------------------------------------------------------------

    async def _drain(self) -> None:
        """`LaneConsumer._drain_messages`."""
        loop = asyncio.get_running_loop()
        next_house = 0.0
        while not self.stopping:
            generation = self.host.generation
            batches = await self._fetch()
            if self._flows and generation == self.host.generation:
                await self.host.feed(dict(batches), self._seek_to, self._reclaim)
            if self._flows and loop.time() >= next_house:
                await self.host.mend(self._reclaim)
                self._tell_kafka()
                next_house = loop.time() + KEEP_HOUSE_S

    async def _fetch(self) -> list[tuple[Partition, list[Record]]]:
        world = self._world
        found = []
        if self._flows:
            for where in world.chance.shuffled(sorted(self._positions)):
                if where in world.lagging:
                    continue
                offset = self._stale.pop(where, self._positions[where])
                records = world.log.read(where, offset, world.chance.number(1, 12))
                if records:
                    self._positions[where] = records[-1].offset + 1
                    found.append((where, records))
        await asyncio.sleep(world.chance.wire() if found else FETCH_S)
        return found

    def _seek(self, where: Partition, offset: int, *, claimed: bool = False) -> None:
        last = self._world.log.last(where)
        if claimed and self._world.stale_fetches and offset < last:
            self._stale[where] = self._world.chance.number(offset, last - 1)
        self._positions[where] = offset

    async def _seek_to(self, where: Partition, offset: int) -> None:
        await asyncio.sleep(self._world.chance.wire())
        self.host.require_within(where, offset, self._bounds(where))
        if where in self._positions:
            self._seek(where, offset)

    async def _reclaim(self, where: Partition) -> None:
        offset = await self.host.claim(where, self._bounds(where), self._ask)
        self._seek(where, offset, claimed=True)

    def _tell_kafka(self) -> None:
        world, host = self._world, self.host
        offsets = {where: lane.committable() for where, lane in host.lanes.items()}
        world.group.commit(self.member, host.generation, offsets, host.commit_metadata)
        ends = {where: world.log.last(where) for where in host.lanes}
        host.housekeep(ends, world.wall_ms())


__all__ = ["RedisStore", "SimulatedRelay", "Worker", "World"]
