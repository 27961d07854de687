"""The figures in memory: sums of panes, kept up to date by the panes that changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from operator import is_
from sys import intern
from typing import Any

import msgspec
import redis.asyncio

from streams.console.rolling import Cells, Rolling, summed
from streams.engine.keys import LaneKeys
from streams.engine.redis_store import panes_of
from streams.kpis.contributions import WAITING
from streams.kpis.panes import WINDOWS, pane_size, starts, width_ms
from streams.kpis.scorecard import Figure, scorecard

SPARKS = 24
"""Points of a sparkline over its window."""

LONGEST = 20
"""Of those who wait, so many are listed."""

DOMAINS = 10
"""So many times more are read to list those of one domain: the queues keep no domains apart."""

MOST_LINES = 64
"""Windows and domains whose sparklines are remembered."""

PORTION = 8
"""Panes that are fetched at once."""

Pane = tuple[str, int]

Point = tuple[list[Cells | None], list[tuple[str, float | None]]]
"""Of a sparkline: the panes that it is made of, and each KPI's value."""


class Live(msgspec.Struct):
    """Now: who waits, since when the longest does, what is open; by channel."""

    waiting: dict[str, int] = {}
    longest_since_ms: int | None = None
    longest_channel: str = ""
    longest_journey: str = ""
    longest: list[dict[str, Any]] = []
    """Who waits longest, that one first: `since_ms`, `channel`, `journey`."""
    open: dict[str, int] = {}


class Board:
    """Reads what the journeys stage keeps in Redis, over all its partitions."""

    def __init__(self, client: redis.asyncio.Redis, keyspace: str, partitions: int) -> None:
        self._client = client
        self._lanes = [LaneKeys(keyspace, "journeys", p, partitions) for p in range(partitions)]
        self._seen = [0] * partitions
        self._panes: dict[Pane, dict[int, dict[str, int]]] = {}
        self._sums: dict[Pane, Cells] = {}
        self._windows = {window: Rolling() for window in WINDOWS}
        self._points: dict[tuple[str, str], dict[int, Point]] = {}

    async def refresh(self) -> None:
        """Fetches the panes that changed since the last time. Raises Redis' errors.

        An agent who looks somebody up waits for no more than one pane at a time.
        """
        now_ms = _now_ms()
        pipe = self._client.pipeline(transaction=False)
        for lane, seen in zip(self._lanes, self._seen, strict=True):
            pipe.zrange(lane.pane_index, f"({seen}", "+inf", byscore=True, withscores=True)
        changed: list[Any] = await pipe.execute()
        wanted: list[tuple[Pane, int]] = []
        for number, rows in enumerate(changed):
            panes = panes_of(self._lanes[number], [name for name, _ in rows])
            wanted += [(pane, number) for pane in panes if _is_shown(pane, now_ms)]
        wanted.sort()
        for at in range(0, len(wanted), PORTION):
            await self._fetch(wanted[at : at + PORTION])
        for number, rows in enumerate(changed):
            if rows:
                self._seen[number] = int(rows[-1][1])
        for pane in [pane for pane in self._sums if not _is_shown(pane, now_ms)]:
            del self._sums[pane], self._panes[pane]
        await self._move(now_ms)

    async def _fetch(self, wanted: list[tuple[Pane, int]]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for pane, number in wanted:
            pipe.hgetall(self._lanes[number].pane(*pane))
        found: list[Any] = await pipe.execute()
        for (pane, number), cells in zip(wanted, found, strict=True):
            # Most panes have the same cells: a name is kept once.
            self._panes.setdefault(pane, {})[number] = {
                intern(cell.decode()): int(amount) for cell, amount in cells.items()
            }
            await asyncio.sleep(0)
        for pane in {pane for pane, _ in wanted}:
            self._sums[pane] = summed(self._panes[pane].values())
            await asyncio.sleep(0)

    async def _move(self, now_ms: int) -> None:
        """Brings the windows up to now."""
        for window, rolling in self._windows.items():
            size, panes = starts(WINDOWS[window], now_ms)
            found = ((start, self._sums.get((size, start))) for start in panes)
            for _ in rolling.move({start: cells for start, cells in found if cells is not None}):
                await asyncio.sleep(0)

    def cells(self, window: str) -> Cells:
        """All cells summed over a rolling window of `WINDOWS`, as of the last refresh; not to be
        changed.
        """
        return self._windows[window].total

    def figures(self, window: str, domain: str = "", by: Iterable[str] = ()) -> list[Figure]:
        return scorecard(self.cells(window), domain, by)

    async def sparks(self, window: str, domain: str = "") -> dict[str, list[float | None]]:
        """Each KPI's value in equal parts of the window, oldest first."""
        size, panes = starts(WINDOWS[window], _now_ms())
        step = max(1, len(panes) // SPARKS)
        before = self._points.get((window, domain), {})
        points: dict[int, Point] = {}
        for at in range(0, len(panes), step):
            made_of = [self._sums.get((size, start)) for start in panes[at : at + step]]
            point = before.get(panes[at])
            if point is None or not all(map(is_, point[0], made_of)):
                point = _point(made_of, domain)
                await asyncio.sleep(0)
            points[panes[at]] = point
        if len(self._points) > MOST_LINES:
            self._points.clear()
        self._points[window, domain] = points
        lines: dict[str, list[float | None]] = {}
        for _, values in points.values():
            for kpi, value in values:
                lines.setdefault(kpi, []).append(value)
        return lines

    async def live(self, domain: str = "") -> Live:
        """The gauges, read now."""
        last = LONGEST * (DOMAINS if domain else 1) - 1
        pipe = self._client.pipeline(transaction=False)
        for lane in self._lanes:
            pipe.hgetall(lane.live)
            pipe.zrange(lane.waiting(WAITING), 0, last, withscores=True)
        found: list[Any] = await pipe.execute()
        live = Live()
        for cells, first in zip(found[::2], found[1::2], strict=True):
            _count(live, cells, domain)
            for member, since in first:
                of, channel, journey = member.decode().split("|", 2)
                if not domain or of == domain:
                    one = {"since_ms": int(since), "channel": channel, "journey": journey}
                    live.longest.append(one)
        live.longest = sorted(live.longest, key=lambda one: one["since_ms"])[:LONGEST]
        if live.longest:
            head = live.longest[0]
            live.longest_since_ms, live.longest_channel = head["since_ms"], head["channel"]
            live.longest_journey = head["journey"]
        return live


_LONGEST = {pane_size(ms): ms for ms in sorted(WINDOWS.values())}
"""The longest window of each size of panes, ms."""


def _is_shown(pane: Pane, now_ms: int) -> bool:
    """Is it in a window, or will it be? Redis keeps panes for longer than they are shown."""
    size, start = pane
    return start > now_ms - _LONGEST[size] - width_ms(size)


def _point(made_of: list[Cells | None], domain: str) -> Point:
    total = summed(cells for cells in made_of if cells is not None)
    return made_of, [(one.kpi, one.value) for one in scorecard(total, domain)]


def _count(live: Live, cells: Mapping[bytes, bytes], domain: str) -> None:
    for text, value in cells.items():
        of, gauge, channel = text.decode().split("|", 2)
        if domain and of != domain:
            continue
        amount = int(value)
        if gauge == "waiting":
            live.waiting[channel] = live.waiting.get(channel, 0) + amount
        else:
            sign = 1 if gauge == "open" else -1
            live.open[channel] = live.open.get(channel, 0) + sign * amount


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
