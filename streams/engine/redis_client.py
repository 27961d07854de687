"""From `redis.url` to a client: one server, Sentinel or Cluster, with or without TLS.

`redis://` and `rediss://` (TLS) as redis-py has them, with user and password before the `@` and
its options after the `?` (`ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`).  `+cluster` after the
scheme is a cluster.  `+sentinel` names Sentinels and the service that they watch:
`redis+sentinel://user:password@host1:26379,host2:26379/mymaster/0`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException

SENTINEL_PORT = 26379

CONNECTIONS = 64
"""Of one client at once.  Who finds all taken waits for one: an error would be a 503 to a desktop,
or a claim that fails, only because many ask at once.
"""

_ROOM = {"max_connections": 1_000}
"""Pools of Sentinel and Cluster know no waiting: they get room instead of redis-py's 100."""

_TIMEOUTS: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 5}


UNREACHABLE = (redis.RedisError, RedisClusterException, OSError)
"""What a client raises when its server, or no server of a cluster, can be used."""


def away(shown: str, error: Exception) -> str:
    """A sentence that says so; `shown` is the URL as people may see it. What redis-py adds of its
    own clients is left out.
    """
    why = str(error).partition(" : ")[0].rstrip(". ")
    return f"Redis at {shown} does not answer: {why}. Is it running, and is redis.url right?"


class _Watched(redis.asyncio.Redis):
    """The primary by the word of Sentinels; closing it closes the connections to them too."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        pool: Any = self.connection_pool
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


def connect(url: str) -> redis.asyncio.Redis:
    """A client whose every command is sent once: a retried commit would look like a stale one.
    Raises `ValueError` for a URL that names no server.
    """
    plain, kind = _kind(url)
    if kind == "cluster":
        cluster: Any = redis.asyncio.RedisCluster.from_url(plain, **_ROOM, **_TIMEOUTS)
        return cluster  # type: ignore[no-any-return]
    once = {**_TIMEOUTS, "retry": Retry(NoBackoff(), 0)}
    if kind == "sentinel":
        hosts, service, options = _sentinels(plain)
        sentinel: Any = redis.asyncio.sentinel.Sentinel
        watch = sentinel(hosts, sentinel_kwargs=_TIMEOUTS, **options, **once)
        primary: redis.asyncio.Redis = watch.master_for(service, redis_class=_Watched, **_ROOM)
        return primary
    waiting: Any = redis.asyncio.BlockingConnectionPool
    pool = waiting.from_url(plain, max_connections=CONNECTIONS, timeout=5, **once)
    return redis.asyncio.Redis.from_pool(pool)


def connect_sync(url: str) -> redis.Redis:
    """The same for commands that do one thing and end; answers are texts."""
    plain, kind = _kind(url)
    if kind == "cluster":
        cluster: Any = redis.RedisCluster.from_url(plain, decode_responses=True, **_TIMEOUTS)
        return cluster  # type: ignore[no-any-return]
    if kind == "sentinel":
        hosts, service, options = _sentinels(plain)
        sentinel: Any = redis.sentinel.Sentinel
        watch = sentinel(hosts, sentinel_kwargs=_TIMEOUTS, **options, **_TIMEOUTS)
        primary: redis.Redis = watch.master_for(service, decode_responses=True)
        return primary
    return redis.Redis.from_url(plain, decode_responses=True, **_TIMEOUTS)


def _kind(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    plain, _, kind = scheme.partition("+")
    return f"{plain}://{rest}", kind


def _sentinels(url: str) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """Where the Sentinels are, the service's name, and what its servers want to hear."""
    parts = urlsplit(url)
    login, _, places = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    # Everything but the address is said as for one server, so redis-py reads it.
    login = f"{login}@" if login else ""
    one = f"{parts.scheme}://{login}unused/{database or 0}?{parts.query}"
    read: Any = redis.connection.parse_url
    options = read(one)
    options.pop("host")
    if options.pop("connection_class", None) is not None:
        options["ssl"] = True
    hosts = []
    for place in places.split(","):
        host, _, port = place.rpartition(":")
        hosts.append((host, int(port)) if host else (place, SENTINEL_PORT))
    return hosts, service, dict(options)
