"""Reads travel together, and nobody waits for another's slow trip or dies of its error."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streams.console.reads import PATIENCE_S, Reads


class Server:
    """Answers each HMGET with its own fields; `opened` is how many trips may end."""

    def __init__(self) -> None:
        self.trips: list[list[str]] = []
        self.gate = asyncio.Semaphore(0)
        self.fails = False

    def pipeline(self, transaction: bool) -> Any:
        assert not transaction
        return Pipe(self)


class Pipe:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def hmget(self, key: str, fields: tuple[str, ...]) -> None:
        self.asked.append((key, fields))

    async def execute(self, raise_on_error: bool) -> list[Any]:
        self.server.trips.append([key for key, _ in self.asked])
        await self.server.gate.acquire()
        if self.server.fails:
            raise ConnectionError("gone")
        wrong = RuntimeError("WRONGTYPE")
        return [wrong if key == "bad" else [f.encode() for f in fs] for key, fs in self.asked]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def reads(server: Server) -> Reads:
    return Reads(server)  # type: ignore[arg-type]


async def test_what_is_asked_at_one_moment_and_during_a_trip_is_one_trip_each(
    server: Server, reads: Reads
) -> None:
    first = [reads.hmget("a", "1", "2"), reads.hmget("b", "3")]
    await asyncio.sleep(0)
    later = [reads.hmget("c", "4")]
    await asyncio.sleep(0)
    later.append(reads.hmget("d", "5"))
    server.gate.release()
    assert await asyncio.gather(*first) == [[b"1", b"2"], [b"3"]]
    server.gate.release()
    assert await asyncio.gather(*later) == [[b"4"], [b"5"]]
    assert server.trips == [["a", "b"], ["c", "d"]]


async def test_a_slow_trip_holds_nobody_up_for_long(server: Server, reads: Reads) -> None:
    slow = reads.hmget("slow", "1")
    await asyncio.sleep(0)
    other = reads.hmget("other", "2")
    await asyncio.sleep(PATIENCE_S / 4)
    assert server.trips == [["slow"]]
    await asyncio.sleep(PATIENCE_S * 3)
    assert server.trips == [["slow"], ["other"]] and not slow.done()
    server.gate.release()
    server.gate.release()
    assert await asyncio.gather(slow, other) == [[b"1"], [b"2"]]


async def test_an_error_is_its_askers_and_who_has_gone_harms_nobody(
    server: Server, reads: Reads
) -> None:
    bad, gone, good = reads.hmget("bad", "1"), reads.hmget("x", "2"), reads.hmget("y", "3")
    gone.cancel()
    server.gate.release()
    assert await good == [b"3"]
    with pytest.raises(RuntimeError, match="WRONGTYPE"):
        await bad


async def test_after_an_outage_it_asks_again(server: Server, reads: Reads) -> None:
    server.fails = True
    server.gate.release()
    both = await asyncio.gather(
        reads.hmget("a", "1"), reads.hmget("b", "2"), return_exceptions=True
    )
    assert [type(one) for one in both] == [ConnectionError, ConnectionError]
    server.fails = False
    server.gate.release()
    assert await reads.hmget("a", "1") == [b"1"]
