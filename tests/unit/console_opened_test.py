"""What opens a figure is what made it: of its time and its domain, oldest first, with a count."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from streams.console.opened import LISTED, Listed, Opened
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect
from streams.kpis.contributions import WAITING, open_list
from tests.servers.embedded import EmbeddedRedis

PLACES = 2
HOUR = 3_600_000
NOON = 1_790_000_000_000 // HOUR * HOUR
LANES = [LaneKeys("test", "journeys", place, PLACES) for place in range(PLACES)]


@pytest.fixture
async def opened(embedded: EmbeddedRedis) -> AsyncIterator[Opened]:
    client = connect(embedded.url)
    await client.flushall()
    yield Opened(client, "test", PLACES)
    await client.aclose()


def counted(embedded: EmbeddedRedis, place: int, name: str, when: int, **told: Any) -> None:
    line = {"journey": f"{name}.1", "cycle": 1, "dims": ["chat"], "parts": [["n", 1]], **told}
    key = LANES[place].ledger(when - when % HOUR)
    embedded.client.hset(key, f"acme|volume|{name}/opened", orjson.dumps(line))


async def test_a_figure_opens_to_the_millisecond(embedded: EmbeddedRedis, opened: Opened) -> None:
    for place, name, at_ms in (
        (0, "before", NOON - 1), (0, "first", NOON), (1, "last", NOON + 59_999),
        (1, "after", NOON + 60_000),
    ):  # fmt: skip
        counted(embedded, place, name, at_ms, at_ms=at_ms)
    found = await opened.ledger("volume", "", NOON, NOON + 60_000)
    assert [line["subject"] for line in found] == ["first/opened", "last/opened"]
    assert not await opened.ledger("volume", "other", NOON, NOON + 60_000)


async def test_what_an_older_version_counted_is_there_with_its_hour(
    embedded: EmbeddedRedis, opened: Opened
) -> None:
    counted(embedded, 0, "old", NOON + 1_000)
    for from_ms in (NOON, NOON + 1_800_000):
        [line] = await opened.ledger("volume", "acme", from_ms, from_ms + 60_000)
        assert (line["hour_ms"], line["at_ms"]) == (NOON, None)
    assert not await opened.ledger("volume", "acme", NOON + HOUR, NOON + HOUR + 60_000)


async def test_what_is_open_is_listed_oldest_first_and_counted(
    embedded: EmbeddedRedis, opened: Opened
) -> None:
    for place, lane in enumerate(LANES):
        for number in range(LISTED):
            since = {f"{place}-{number}.1": 10 * number + place}
            embedded.client.zadd(lane.waiting(open_list("acme")), since)
        embedded.client.zadd(lane.waiting(open_list("other")), {f"o{place}.1": place - 5})
        gauges = {"acme|open|chat": 190, "acme|resolved|voice": 90, "other|open|chat": 1}
        embedded.client.hset(lane.live, mapping=gauges)
    listed = await opened.open(["acme"])
    assert (listed.count, listed.unlisted, len(listed.rows)) == (200, 0, LISTED)
    assert listed.rows[:3] == [(0, "0-0.1"), (1, "1-0.1"), (10, "0-1.1")]
    assert await opened.oldest(["acme"]) == 0
    both = await opened.open(["acme", "other"])
    assert both.count == 202 and both.rows[0] == (-5, "o0.1")
    assert await opened.open(["third"]) == Listed(0, 0, [])
    assert await opened.oldest(["third"]) is None


async def test_what_was_opened_before_the_list_was_kept_is_counted_apart(
    embedded: EmbeddedRedis, opened: Opened
) -> None:
    embedded.client.hset(LANES[0].live, mapping={"acme|open|chat": 3, "acme|resolved|chat": 1})
    embedded.client.zadd(LANES[0].waiting(open_list("acme")), {"a.1": 7})
    assert await opened.open(["acme"]) == Listed(2, 1, [(7, "a.1")])


async def test_who_waits_is_of_the_domain(embedded: EmbeddedRedis, opened: Opened) -> None:
    waits = {"acme|chat|a.1": 2, "acme|email|b.1": 1, "other|chat|c.1": 0}
    embedded.client.zadd(LANES[1].waiting(WAITING), waits)
    gauges = {"acme|waiting|chat": 1, "acme|waiting|email": 1, "other|waiting|chat": 1}
    embedded.client.hset(LANES[1].live, mapping=gauges)
    assert await opened.waiting(["acme"]) == Listed(2, 0, [(1, "b.1"), (2, "a.1")])
    assert (await opened.waiting(["acme", "other"])).count == 3


async def test_the_latest_are_of_the_domain(embedded: EmbeddedRedis, opened: Opened) -> None:
    for at_ms, domain in enumerate(("acme", "other", "acme", "other")):
        fact = {"type": "channel.switched", "subject_id": f"{at_ms}", "domain": domain}
        embedded.client.lpush(
            LANES[at_ms % 2].recent("switches"), orjson.dumps(fact | {"at_ms": at_ms})
        )
    assert [f["at_ms"] for f in await opened.recent("switches", "acme")] == [2, 0]
    assert [f["at_ms"] for f in await opened.recent("switches")] == [3, 2, 1, 0]
