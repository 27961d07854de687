"""The board's sums stay those of the panes, however they change and the window moves."""

from __future__ import annotations

import gc
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import RedisError

from streams.console.board import LONGEST, PORTION, Board
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect
from streams.kpis.contributions import WAITING
from streams.kpis.panes import WINDOWS, starts
from tests.servers.embedded import EmbeddedRedis

PLACES = 2
NOW_MS = 1_790_000_000_000
CELLS = [f"acme|volume|n|{channel}||||" for channel in ("chat", "voice", "email")]


@pytest.fixture
async def board(embedded: EmbeddedRedis) -> AsyncIterator[Board]:
    client = connect(embedded.url)
    await client.flushall()
    yield Board(client, "test", PLACES)
    await client.aclose()


async def test_sums_are_those_of_the_panes_whatever_changes(
    embedded: EmbeddedRedis, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, now_ms, number = random.Random(7), NOW_MS, 0
    monkeypatch.setattr("streams.console.board._now_ms", lambda: now_ms)
    truth: dict[tuple[str, int, int], Counter[str]] = {}
    for _ in range(30):
        for _ in range(dice.randrange(4)):  # commits of some lane
            window, place = dice.choice(["5m", "1h", "24h", "30d"]), dice.randrange(PLACES)
            size, panes = starts(WINDOWS[window], now_ms)
            start = dice.choice(panes[-3:])
            keys, cell = LaneKeys("test", "journeys", place, PLACES), dice.choice(CELLS)
            amount, number = dice.choice([1, 2, -1]), number + 1
            truth.setdefault((size, start, place), Counter())[cell] += amount
            embedded.client.hincrby(keys.pane(size, start), cell, amount)
            embedded.client.zadd(keys.pane_index, {keys.pane(size, start): number})
        await board.refresh()
        for window in WINDOWS:
            size, panes = starts(WINDOWS[window], now_ms)
            want: Counter[str] = Counter()
            for (kind, start, _), cells in truth.items():
                if kind == size and start in panes:
                    want.update(cells)
            have = board.cells(window)
            assert {c: n for c, n in have.items() if n} == {c: n for c, n in want.items() if n}
        now_ms += dice.choice([0, 10_000, 300_000, 3_600_000])


async def test_figures_are_nothing_for_the_garbage_collector(
    embedded: EmbeddedRedis, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would walk through every cell of every pane, and everybody would wait for that."""
    monkeypatch.setattr("streams.console.board._now_ms", lambda: NOW_MS)
    keys = LaneKeys("test", "journeys", 0, PLACES)
    size, panes = starts(WINDOWS["24h"], NOW_MS)
    cell = "acme|volume|n|carrier pigeon||||"
    embedded.client.hset(keys.pane(size, panes[-1]), cell, 1)
    embedded.client.zadd(keys.pane_index, {keys.pane(size, panes[-1]): 1})
    await board.refresh()
    assert cell in board.cells("24h")
    assert not [one for one in gc.get_objects() if isinstance(one, dict) and cell in one]


async def test_a_sparkline_follows_the_pane_that_changed(
    embedded: EmbeddedRedis, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.console.board._now_ms", lambda: NOW_MS)
    size, panes = starts(WINDOWS["24h"], NOW_MS)
    keys = LaneKeys("test", "journeys", 0, PLACES)

    async def counted(start: int, number: int) -> list[float | None]:
        embedded.client.hincrby(keys.pane(size, start), CELLS[0], 1)
        embedded.client.zadd(keys.pane_index, {keys.pane(size, start): number})
        await board.refresh()
        return (await board.sparks("24h", "acme"))["volume"]

    first = await counted(panes[0], 1)
    assert (first[0], first[-1]) == (1, 0)
    second = await counted(panes[-1], 2)
    assert (second[0], second[-1]) == (1, 1)
    third = await counted(panes[-1], 3)
    assert (third[0], third[-1]) == (1, 2) and sum(v or 0 for v in third) == 3
    assert (await board.sparks("24h", "other"))["volume"][-1] == 0


async def test_what_redis_did_not_give_is_fetched_again(
    embedded: EmbeddedRedis, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.console.board._now_ms", lambda: NOW_MS)
    size, panes = starts(WINDOWS["1h"], NOW_MS)
    for place in range(PLACES):
        keys = LaneKeys("test", "journeys", place, PLACES)
        for number, start in enumerate(panes[-PORTION:], 1):
            embedded.client.hset(keys.pane(size, start), CELLS[0], 1)
            embedded.client.zadd(keys.pane_index, {keys.pane(size, start): number})
    fetch, times = Board._fetch, iter(range(9))

    async def failing(self: Board, wanted: list[tuple[tuple[str, int], int]]) -> None:
        if next(times) == 1:
            raise RedisError("gone")
        await fetch(self, wanted)

    monkeypatch.setattr(Board, "_fetch", failing)
    with pytest.raises(RedisError):
        await board.refresh()
    await board.refresh()
    assert board.cells("1h") == {CELLS[0]: PLACES * PORTION}


async def test_who_waits_longest_comes_first_and_is_of_the_domain(
    embedded: EmbeddedRedis, board: Board
) -> None:
    for place in range(PLACES):
        lane = LaneKeys("test", "journeys", place, PLACES)
        members = {f"acme|chat|a{place}.{number}": 10 * number + place for number in range(40)}
        embedded.client.zadd(lane.waiting(WAITING), {**members, f"other|email|b{place}.1": -1})
    live = await board.live("acme")
    assert [one["since_ms"] for one in live.longest] == sorted(
        10 * number + place for number in range(LONGEST // PLACES) for place in range(PLACES)
    )
    assert (live.longest_since_ms, live.longest_channel, live.longest_journey) == (
        0,
        "chat",
        "a0.0",
    )
    assert (await board.live()).longest_since_ms == -1
