"""A worker does not begin on a Redis that may throw its states out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import NoPermissionError

from streams.engine.eviction import eviction_fault
from streams.engine.redis_client import connect, connect_sync
from tests.integration.engine_test import Toys
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer


@pytest.fixture
def evicting() -> Iterator[RedisServer]:
    with RedisServer() as server:
        with connect_sync(server.url) as client:
            client.config_set("maxmemory-policy", "volatile-lru")
        yield server


@pytest.mark.servers
def test_a_worker_refuses_a_redis_that_may_throw_out_states(
    tmp_path: Any, kafka_cluster: KafkaCluster, evicting: RedisServer
) -> None:
    toys = Toys(tmp_path, kafka_cluster, evicting, "evicting")
    with connect_sync(evicting.url) as client:
        client.config_set("maxmemory", "100mb")
        worker = toys.start()
        assert worker.wait(40) == 1, toys.logs()
        assert "maxmemory-policy is volatile-lru: it may throw out states" in toys.logs()
        assert "Traceback" not in toys.logs()
        doctor = subprocess.run(
            [sys.executable, "-m", "streams.cli", "--settings", str(toys.settings), "doctor"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Set it to noeviction" in doctor.stdout
        client.config_set("maxmemory", "0")  # it is never full then
        again = toys.start()
        toys.send(range(50))
        toys.producer.flush(30)
        toys.wait_folded(50)
    assert again.poll() is None
    toys.stop()


@pytest.mark.servers
@pytest.mark.parametrize("server", ["redis_server", "sentinel_redis", "cluster_redis"])
async def test_every_kind_of_redis_says_what_it_does_when_it_is_full(
    request: pytest.FixtureRequest, server: str
) -> None:
    client = connect(request.getfixturevalue(server).url)
    assert (await client.info("memory"))["maxmemory_policy"] == "noeviction"
    assert await eviction_fault(client) == ""
    await client.aclose()


class Closed:
    """A user without `+info`."""

    async def info(self, section: str) -> None:
        raise NoPermissionError(f"no permissions to run 'info {section}'")


async def test_who_may_not_ask_is_not_kept_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    client: Any = Closed()
    assert await eviction_fault(client) == ""
    assert "may not ask for INFO" in caplog.text
