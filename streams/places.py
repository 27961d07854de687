"""Where things are, as settings say it: a sentence for what cannot be meant, empty when it can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_REDIS = ("redis", "rediss")
_KINDS = ("", "+cluster", "+sentinel")


def broker_fault(bootstrap: str) -> str:
    """Of `kafka.bootstrap`."""
    wrong = [one for one in bootstrap.split(",") if not _is_place(one)]
    if not wrong:
        return ""
    return f"kafka.bootstrap must be host:port, several with commas; {wrong[0]!r} is not."


def redis_fault(url: str, shown: str) -> str:
    """Of `redis.url`; `shown` is what may be shown of it."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        return ""
    address, _, path = rest.rpartition("@")[2].partition("?")[0].partition("/")
    known = {name + kind for name in _REDIS for kind in _KINDS}
    if scheme in known and all(_is_place(one) for one in address.split(",")):
        return _behind_the_host(scheme, path.rstrip("/")) or _redis_options(scheme, rest)
    return f"redis.url must be such as redis://localhost:6379/0; {shown!r} is not."


def _behind_the_host(scheme: str, path: str) -> str:
    service, _, database = path.rpartition("/")
    if scheme.endswith("+sentinel"):
        service, _, database = path.partition("/")
        if not service:
            return (
                "redis.url names no service: redis+sentinel://host1:26379,host2:26379/mymaster/0 "
                "is what is needed."
            )
    elif service:
        database = path
    if not database or database.isdecimal():
        return ""
    return f"redis.url must end with the number of a database, such as /0, not with /{database}."


def _redis_options(scheme: str, rest: str) -> str:
    """What stands after the `?`, as redis-py understands it: nothing is connected."""
    from redis.asyncio import connection  # noqa: PLC0415 not every command needs it
    from redis.exceptions import RedisError  # noqa: PLC0415

    _, _, options = rest.rpartition("@")[2].partition("?")
    if not options or scheme.endswith("+cluster"):  # a cluster's client takes more than these
        return ""
    kind: Any = connection.SSLConnection if scheme.startswith("rediss") else connection.Connection
    try:
        read: Any = connection.parse_url(f"{scheme.partition('+')[0]}://host/0?{options}")
        read.pop("connection_class", None)
        kind(**read)
    except (TypeError, ValueError, OSError, RedisError) as error:
        why = str(error).rpartition("() ")[2].rstrip(".")
        return f"redis.url has an option after the ? that cannot be used: {why}."
    return ""


def port_fault(name: str, port: int) -> str:
    return "" if 0 <= port <= 65_535 else f"{name} must be between 0 and 65535, not {port}."


def file_fault(name: str, file: str) -> str:
    try:
        with Path(file).open("rb"):
            return ""
    except OSError as error:
        return f"{name}: {file} cannot be read: {error.strerror}."


def _is_place(text: str) -> bool:
    """`host` or `host:port`; IPv6 in brackets."""
    place = text.strip()
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):
        return bool(place)
    return bool(host) and port.isdecimal() and int(port) <= 65_535
