"""What a lane may publish and promise, on the store in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streams.engine.host import Bounds, Host
from streams.engine.lane import Lane, LaneError
from streams.engine.memory_store import MemoryStore
from streams.engine.relay import Relay
from streams.engine.store import Pins
from streams.fold import Record
from streams.settings import Settings, Worker
from tests.integration.toy import Toy

PINS = Pins("cluster", "webhooks", 1, "main", "filrouge", "toy-1")


class Kept(Relay):
    """Keeps what it is given to publish; nothing is acknowledged."""

    def __init__(self) -> None:
        super().__init__({}, str)
        self.sent: list[str] = []

    def _produce(self, lane: Any, slot: Any) -> None:
        self.sent.append(slot[0].pos)


def records(first: int, count: int) -> list[Record]:
    return [
        Record("webhooks", 0, n, 1_000 + n, b"k", str(n).encode())
        for n in range(first, first + count)
    ]


def lane(store: MemoryStore, relay: Relay) -> Lane:
    return Lane(Toy(), store, relay, Worker(), PINS, 0)


async def never(where: Any) -> Bounds:
    raise AssertionError(f"the bounds of {where} were known")


async def test_below_what_was_published_nothing_is_published_again() -> None:
    relay = Kept()
    made = lane(MemoryStore(), relay)
    assert await made.claim("w", 1, 0, 10, published=3) == 0
    await made.feed(records(0, 5), lambda: False)
    await made.stop()
    assert relay.sent == ["main/webhooks/0/3/0/0", "main/webhooks/0/4/0/0"]


async def test_kafka_is_told_only_what_redis_holds_and_kafka_has() -> None:
    made = lane(MemoryStore(), Kept())
    await made.claim("w", 1, 0, 10, published=None)
    made.driver.advance(made.driver.prepare(records(0, 0)), 10)
    await made.feed(records(0, 5), lambda: False)
    assert made.committable() == 0
    await made.flush()
    assert made.committable() == 0  # committed, and not one effect acknowledged
    await made.stop()


async def test_a_position_that_the_log_does_not_hold_is_refused() -> None:
    store = MemoryStore()
    made = lane(store, Kept())
    await made.claim("w", 1, 0, 10, published=None)
    await made.feed(records(0, 5), lambda: False)
    await made.stop()
    with pytest.raises(LaneError, match="Restore the Redis backup"):
        await lane(store, Kept()).claim("w", 1, 6, 10, published=None)


async def test_a_former_owner_that_folds_on_while_the_bounds_are_asked_for_is_no_cut_log() -> None:
    store = MemoryStore()
    made = lane(store, Kept())
    await made.claim("old", 1, 0, 10, published=None)
    host = Host(Settings(), [Toy()], {"webhooks": 1}, "cluster", lambda _: store, Kept())
    host.generation = 2
    known = Bounds(0, 5, None)
    await made.feed(records(0, 8), lambda: False)
    await made.flush()

    async def ask(_: Any) -> Bounds:
        return Bounds(0, 8, None)

    assert await host.claim(("webhooks", 0), known, ask) == 8

    async def cut(_: Any) -> Bounds:
        return Bounds(0, 7, None)

    with pytest.raises(LaneError, match="Restore the Redis backup"):
        await host.claim(("webhooks", 0), known, cut)
    await made.stop()


async def test_a_queue_is_not_worked_off_before_the_lane_knows_what_was_done() -> None:
    """A state that was lost or restored is older than the log: notices that went out wait there."""
    store = MemoryStore()
    host = Host(Settings(), [Toy()], {"webhooks": 4}, "cluster", lambda _: store, Kept())
    host.owner, host.generation = "w", 1
    await host.claim(("webhooks", 0), Bounds(0, 5, None), never)
    assert (host.owned("toy"), host.caught_up("toy")) == ({0: 4}, {})
    made = host.lanes["webhooks", 0]
    await made.feed(records(0, 4), lambda: False)
    await made.flush()
    assert host.caught_up("toy") == {}
    await made.feed(records(4, 1), lambda: False)
    await made.flush()
    assert host.caught_up("toy") == {0: 4}
    await host.claim(("webhooks", 0), Bounds(0, 6, None), never)
    assert host.caught_up("toy") == {}
    await host.revoke([("webhooks", 0)])


async def test_a_rebuild_from_a_log_that_was_cut_says_so(caplog: pytest.LogCaptureFixture) -> None:
    for begin, said in ((0, False), (4, True)):
        made = lane(MemoryStore(), Kept())
        assert await made.claim("w", 1, begin, 10, published=None) == begin
        await made.stop()
        assert ("its log begins at offset 4" in caplog.text) == said


async def test_an_idle_lane_may_be_claimed_often_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    for end, said in ((0, 0), (3, 1)):
        for generation in range(4):
            made = lane(store, Kept())
            await made.claim("w", generation, 0, end, published=None)
            await made.stop()
        assert ("at one position" in caplog.text) == bool(said)


@pytest.mark.parametrize(
    ("fresh", "committed", "metadata", "held"),
    [
        (True, None, "", None),  # the first life of a keyspace
        (False, None, "", 100),  # a rebuild: nothing from before its cut
        (False, 40, "main toy-1", 40),  # Redis was lost: Kafka knows what is published
        (True, 40, "main toy-1", 40),
        (False, 40, "other toy-1", 100),  # another keyspace's offsets say nothing of ours
        (True, 40, "other toy-1", None),
    ],
)
def test_what_is_held_back_when_redis_knows_nothing(
    fresh: bool, committed: int | None, metadata: str, held: int | None
) -> None:
    host = Host(Settings(), [Toy()], {}, "cluster", lambda _: MemoryStore(), Kept(), fresh=fresh)
    assert host._published(Bounds(0, 100, committed, metadata)) == held


async def test_too_many_bytes_unpublished_pause_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.engine.lane.OUTBOX_BYTES", 20)
    relay = Kept()
    made = lane(MemoryStore(), relay)
    await made.claim("w", 1, 0, 100, published=None)
    await made.feed(records(0, 10), lambda: False)
    await made.flush()
    waiting = asyncio.create_task(made.feed(records(10, 5), lambda: False))
    await asyncio.sleep(0.05)
    assert (waiting.done(), made.driver.at.offset) == (False, 10)
    for slot in relay.lane(made.name)._queue:
        slot[1] = True  # Kafka is back
    relay.lane(made.name).settle()
    await waiting
    assert (relay.lane(made.name).bytes > 0, made.driver.at.offset) == (True, 15)
    await made.stop()
