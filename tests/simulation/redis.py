"""A simulated Redis: the model of the scripts (`MemoryStore`) behind a network.

A lane's home keeps every write that was made to it, so "loses a suffix of its writes" (a failover
to a replica that lagged, a torn append-only file) is the home to which only the first n were made.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from streams.engine.batch import Batch, Position
from streams.engine.keys import LaneKeys
from streams.engine.memory_store import MemoryStore
from streams.engine.store import Claimed, ClaimRefusedError, FencedError, Pins, StaleError, Store
from tests.simulation.chance import Chance
from tests.simulation.loop import world

Write = tuple[float, str, tuple[Any, ...]]
"""When (s), the method of `MemoryStore`, its arguments."""


class Home:
    """Where one lane lives."""

    def __init__(self, name: str, shard: int) -> None:
        self.name = name
        self.shard = shard
        self.store = MemoryStore()
        self.writes: list[Write] = []
        self.lost_s = -1.0
        """When writes were lost last."""

    def write(self, now_s: float, method: str, arguments: tuple[Any, ...]) -> Any:
        answer = _do(self.store, now_s, method, arguments)
        self.writes.append((now_s, method, arguments))
        return answer

    def lose(self, now_s: float, keep: int) -> None:
        """Only the first `keep` writes remain."""
        writes, self.writes = self.writes[:keep], []
        self.store = MemoryStore()
        self.lost_s = now_s
        for at_s, method, arguments in writes:
            self.write(at_s, method, arguments)


def _do(store: MemoryStore, now_s: float, method: str, arguments: tuple[Any, ...]) -> Any:
    store.now_ms = int(now_s * 1_000)
    coroutine: Coroutine[Any, Any, Any] = getattr(store, method)(*arguments)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the store in memory waits for nothing")


class Servers:
    """All homes, on shards that fail by themselves; and what the nemesis does to them."""

    def __init__(
        self, chance: Chance, shards: int, watch: Callable[[Home, str, Any], None]
    ) -> None:
        """`watch(home, method, arguments)` sees every write that was applied."""
        self._chance = chance
        self._shards = shards
        self._watch = watch
        self.fenced: Callable[[Home, int], None] = lambda _home, _epoch: None
        self.seen: Counter[str] = Counter()
        """How often a store refused, and what else shows that the nemesis bites."""
        self.homes: dict[str, Home] = {}
        self.down: set[int] = set()
        self.unkind = 0.0
        """Share of the writes whose answer is lost, or that a client sends twice."""

    def home(self, keys: LaneKeys) -> Home:
        name = keys.base
        if name not in self.homes:
            self.homes[name] = Home(name, len(self.homes) % self._shards)
        return self.homes[name]

    def apply(self, home: Home, method: str, arguments: tuple[Any, ...]) -> Any:
        if home.shard in self.down:
            raise RedisConnectionError("the server is away")
        now_s = asyncio.get_running_loop().time()
        try:
            answer = home.write(now_s, method, arguments)
        except (ClaimRefusedError, FencedError, StaleError) as error:
            self.seen[type(error).__name__] += 1
            if isinstance(error, FencedError):
                self.fenced(home, arguments[0])
            raise
        if method == "set_aside":
            self.seen["set aside"] += 1
        if method == "begin" and arguments[2]:
            self.seen["held back"] += 1
        self._watch(home, method, arguments)
        return answer

    def twice(self) -> bool:
        return self.unkind > 0 and self._chance.between(0, 1) < self.unkind

    def lost(self) -> bool:
        return self.unkind > 0 and self._chance.between(0, 1) < self.unkind

    def wire(self) -> float:
        return self._chance.wire()


class Line(Store):
    """A worker's connection to one home: requests and answers keep their order, answers may be
    lost, and what was sent arrives although the sender is dead.
    """

    def __init__(self, servers: Servers, home: Home) -> None:
        self._servers = servers
        self._home = home
        self._there_s = self._back_s = 0.0

    async def _send(self, do: Callable[[], Any], *, writes: bool) -> Any:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def arrive() -> None:
            try:
                answer, error = do(), None
            except Exception as raised:
                answer, error = None, raised
            if writes and self._servers.twice():  # the answer was lost, the client sends again
                try:
                    answer, error = do(), None
                except Exception as raised:
                    answer, error = None, raised
            if writes and self._servers.lost():
                error = RedisTimeoutError("no answer in time")
            self._back_s = max(self._back_s + 1e-6, loop.time() + self._servers.wire())
            loop.call_at(self._back_s, finish, answer, error, context=world())

        def finish(answer: Any, error: Exception | None) -> None:
            if not future.done():
                if error is None:
                    future.set_result(answer)
                else:
                    future.set_exception(error)

        self._there_s = max(self._there_s + 1e-6, loop.time() + self._servers.wire())
        loop.call_at(self._there_s, arrive, context=world())
        return await future

    async def _write(self, method: str, *arguments: Any) -> Any:
        return await self._send(
            lambda: self._servers.apply(self._home, method, arguments), writes=True
        )

    async def claim(
        self, pins: Pins, owner: str, generation: int, session_ms: int, born_ms: int = 0
    ) -> Claimed:
        """The script first; what it leaves is read afterwards, as `RedisStore` does."""
        made: Claimed = await self._write("claim", pins, owner, generation, session_ms, born_ms)
        claimed: Claimed = await self._send(
            lambda: self._home.store.read(made.epoch, made.claims), writes=False
        )
        return claimed

    async def load(self, keys: Sequence[str]) -> list[bytes | None]:
        def read() -> list[bytes | None]:
            if self._home.shard in self._servers.down:
                raise RedisConnectionError("the server is away")
            return [self._home.store.states.get(key) for key in keys]

        loaded: list[bytes | None] = await self._send(read, writes=False)
        return loaded

    async def commit(self, epoch: int, batch: Batch, trim_to: str | None) -> None:
        await self._write("commit", epoch, batch, trim_to)

    async def begin(self, epoch: int, offset: int, hold_below: int = 0) -> None:
        await self._write("begin", epoch, offset, hold_below)

    async def set_aside(self, epoch: int, position: Position) -> None:
        await self._write("set_aside", epoch, position)
