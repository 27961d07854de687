"""Fixtures for all tests: real servers (one a session) and the optional data beside the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import kafka, redis
from tests.servers.embedded import EmbeddedRedis, embedded_redis

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real logs and bodies beside the project; absent for most people."""
    if not (SHARED / "payloads").is_dir():
        pytest.skip("../shared is absent: the tests over real bodies and logs did not run")
    return SHARED


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[kafka.KafkaCluster]:
    """A real Kafka 4.1 broker."""
    if missing := kafka.available():
        pytest.fail(missing)
    with kafka.KafkaCluster(1) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def sentinel_redis() -> Iterator[redis.SentinelRedis]:
    """A primary, its replica, and Sentinels."""
    if missing := redis.available():
        pytest.fail(missing)
    with redis.SentinelRedis() as servers:
        yield servers


@pytest.fixture(scope="session")
def cluster_redis() -> Iterator[redis.ClusterRedis]:
    """A cluster of three shards."""
    if missing := redis.available():
        pytest.fail(missing)
    with redis.ClusterRedis(3) as servers:
        yield servers


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.RedisServer]:
    """A real redis-server."""
    if missing := redis.available():
        pytest.fail(missing)
    with redis.RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedRedis]:
    """A Redis without an installation."""
    with embedded_redis() as made:
        yield made
