"""What opens the figures: the lines of the ledger, what is open, who waits, what happened last.

It is read from Redis when somebody asks, a few hashes at a time: an agent who looks somebody up
meanwhile waits for no more than one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson
import redis.asyncio

from streams.engine.keys import LaneKeys
from streams.engine.redis_store import RECENT_KEPT
from streams.kpis.contributions import WAITING, open_list

LISTED = 100
"""Of those who wait, and of what is open, so many are listed: the ones since longest."""

DOMAINS = 10
"""So many times more are read to list who waits in one domain: that list keeps no domains apart."""

PORTION = 8
"""Hashes that are fetched at once."""

_HOUR_MS = 3_600_000


class Listed(msgspec.Struct):
    """`rows`: since when (ms), journey; the longest first, at most `LISTED` of `count`."""

    count: int
    unlisted: int
    """Of them so many are in no list: opened before it was kept, and nothing happened since."""
    rows: list[tuple[int, str]]


class Opened:
    """Reads what the journeys stage lists, over all its partitions. Raises Redis' errors."""

    def __init__(self, client: redis.asyncio.Redis, keyspace: str, partitions: int) -> None:
        self._client = client
        self._lanes = [LaneKeys(keyspace, "journeys", p, partitions) for p in range(partitions)]

    async def open(self, domains: Sequence[str]) -> Listed:
        """The open journeys of these domains."""
        pipe = self._client.pipeline(transaction=False)
        for lane in self._lanes:
            pipe.hgetall(lane.live)
            for domain in domains:
                pipe.zcard(lane.waiting(open_list(domain)))
                pipe.zrange(lane.waiting(open_list(domain)), 0, LISTED - 1, withscores=True)
        found: list[Any] = await pipe.execute()
        step = 1 + 2 * len(domains)
        gauge = listed = 0
        rows = []
        for at in range(0, len(found), step):
            cells, *lists = found[at : at + step]
            gauge += _gauge(cells, domains, "open") - _gauge(cells, domains, "resolved")
            listed += sum(lists[::2])
            rows += [(int(since), ident.decode()) for some in lists[1::2] for ident, since in some]
        unlisted = max(0, gauge - listed)
        return Listed(listed + unlisted, unlisted, sorted(rows)[:LISTED])

    async def oldest(self, domains: Sequence[str]) -> int | None:
        """Since when (ms) the oldest journey of these domains is open; None when none is."""
        pipe = self._client.pipeline(transaction=False)
        for lane in self._lanes:
            for domain in domains:
                pipe.zrange(lane.waiting(open_list(domain)), 0, 0, withscores=True)
        found: list[Any] = await pipe.execute()
        return min((int(since) for first in found for _, since in first), default=None)

    async def waiting(self, domains: Sequence[str]) -> Listed:
        """The journeys of these domains whose customer waits for an answer."""
        last = LISTED * (DOMAINS if len(domains) == 1 else 1) - 1
        pipe = self._client.pipeline(transaction=False)
        for lane in self._lanes:
            pipe.hgetall(lane.live)
            pipe.zrange(lane.waiting(WAITING), 0, last, withscores=True)
        found: list[Any] = await pipe.execute()
        rows = []
        for members in found[1::2]:
            for member, since in members:
                of, _, journey = member.decode().split("|", 2)
                if of in domains:
                    rows.append((int(since), journey))
        count = sum(_gauge(cells, domains, "waiting") for cells in found[::2])
        return Listed(max(count, 0), 0, sorted(rows)[:LISTED])

    async def recent(self, name: str, domain: str = "", limit: int = 20) -> list[dict[str, Any]]:
        """The newest of a short list, over all partitions; of a fact only its last revision.

        Each partition keeps the newest `RECENT_KEPT` of all its domains: of a quiet one beside a
        busy one there may be fewer than happened.
        """
        pipe = self._client.pipeline(transaction=False)
        for lane in self._lanes:
            pipe.lrange(lane.recent(name), 0, RECENT_KEPT - 1)
        latest: dict[str, dict[str, Any]] = {}
        for lines in await pipe.execute():
            for line in lines:
                fact = orjson.loads(line)
                if domain and fact["domain"] != domain:
                    continue
                subject = fact["subject_id"].removesuffix("/concluded")
                known = latest.get(subject)
                if known is None or _rank(fact) > _rank(known):
                    latest[subject] = fact
        asserted = [f for f in latest.values() if f.get("state", "asserted") == "asserted"]
        return sorted(asserted, key=lambda f: (-f["at_ms"], f["subject_id"]))[:limit]

    async def ledger(self, kpi: str, domain: str, from_ms: int, to_ms: int) -> list[dict[str, Any]]:
        """What made a KPI from `from_ms` up to (without) `to_ms`: one entry a fact, exactly as
        counted.  `at_ms` is None in what an older version wrote: that counts with its whole hour.
        """
        hours = range(from_ms - from_ms % _HOUR_MS, to_ms, _HOUR_MS)
        asked = [(start, lane) for start in hours for lane in self._lanes]
        entries = []
        for at in range(0, len(asked), PORTION):
            pipe = self._client.pipeline(transaction=False)
            for start, lane in asked[at : at + PORTION]:
                pipe.hgetall(lane.ledger(start))
            found: list[Any] = await pipe.execute()
            for (start, _), lines in zip(asked[at : at + PORTION], found, strict=True):
                for entry, value in lines.items():
                    of, name, subject = entry.decode().split("|", 2)
                    if name != kpi or (domain and of != domain):
                        continue
                    line = {"subject": subject, "hour_ms": start, "at_ms": None}
                    line |= orjson.loads(value)
                    if line["at_ms"] is None or from_ms <= line["at_ms"] < to_ms:
                        entries.append(line)
                await asyncio.sleep(0)
        return sorted(entries, key=lambda e: (e["journey"], e["subject"]))


def _gauge(cells: Mapping[bytes, bytes], domains: Sequence[str], name: str) -> int:
    total = 0
    for cell, amount in cells.items():
        of, gauge, _ = cell.decode().split("|", 2)
        if gauge == name and of in domains:
            total += int(amount)
    return total


def _rank(fact: Mapping[str, Any]) -> tuple[bool, int]:
    return fact["type"] == "transfer.concluded", fact.get("revision", 1)
