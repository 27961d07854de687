"""Where things are, as settings say it: a sentence for what cannot be meant, empty when it can."""

from __future__ import annotations

from pathlib import Path

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
    places = rest.rpartition("@")[2].partition("?")[0].partition("/")[0].split(",")
    known = {name + kind for name in _REDIS for kind in _KINDS}
    if scheme in known and all(_is_place(one) for one in places):
        return ""
    return f"redis.url must be such as redis://localhost:6379/0; {shown!r} is not."


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
