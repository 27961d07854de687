"""Chaos in short: every kind of fault once, under load, and nothing lost or counted twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.chaos.nemesis import Nemesis
from tests.chaos.run import Plan, run
from tests.servers import kafka, redis

pytestmark = pytest.mark.servers

LONG_ONLY = {"worker ended by SIGTERM", "Redis failed over", "worker's network cut"}
"""Each has a harder sister among the others."""


@pytest.fixture(autouse=True)
def servers() -> None:
    if missing := kafka.available() or redis.available():
        pytest.fail(missing)


def test_nothing_is_lost_or_counted_twice_whatever_breaks(tmp_path: Path) -> None:
    with redis.SentinelRedis() as store:
        kinds = tuple(kind for kind in Nemesis.kinds(store) if kind not in LONG_ONLY)
        outcome = asyncio.run(run(Plan(seed=1, seconds=0, kinds=kinds), tmp_path, store))
    assert outcome.good, outcome.told()
    assert outcome.struck.total() == len(kinds) >= 10
    assert outcome.webhooks > 500


def test_nothing_is_lost_or_counted_twice_on_a_redis_cluster(tmp_path: Path) -> None:
    kinds = ("worker killed", "Redis restarted", "FLUSHALL")
    with redis.ClusterRedis(3) as store:
        outcome = asyncio.run(run(Plan(seed=2, seconds=0, kinds=kinds), tmp_path, store, brokers=1))
    assert outcome.good, outcome.told()
    assert outcome.struck.total() == 3
