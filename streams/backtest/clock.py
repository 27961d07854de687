"""Times of a log, as it writes them, to milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.backtest.errors import MappingError

_DAY_MS = 86_400_000

EARLIEST_MS = _DAY_MS
LATEST_MS = 7_258_118_400_000
"""2 January 1970 and 1 January 2200.  Systems write 0, 1900 or 9999 for "none"."""


def reader(formats: Sequence[str], zone: str) -> Callable[[str], int]:
    """A function from a text to ms.

    `formats` are tried in order: `iso`, `epoch_s`, `epoch_ms`, or a pattern of Python's strptime
    (`%d.%m.%y %H:%M`).  `zone` (an IANA name) holds for stamps that name none; an hour that its
    clocks show twice is taken for the first.
    """
    try:
        place = UTC if zone == "UTC" else ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MappingError(
            f"{zone!r} is no time zone; write an IANA name such as Europe/Paris."
        ) from error
    steps = [_step(pattern) for pattern in formats]

    def read(text: str) -> int:
        read_as: datetime | None = None
        for step in steps:
            try:
                stamp = step(text.strip())
                aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=place)
                time_ms = round(aware.timestamp() * 1_000)
            except (ValueError, OverflowError):
                continue
            if EARLIEST_MS <= time_ms < LATEST_MS:
                return time_ms
            read_as = stamp
        if read_as is not None:
            raise MappingError(
                f"{text!r} is {read_as:%Y-%m-%d}, outside 1970 to 2199. Does it mean 'none'? "
                "Then name it under `missing`"
            )
        raise MappingError(f"{text!r} is no time in any of the formats {', '.join(formats)}.")

    return read


def _step(pattern: str) -> Callable[[str], datetime]:
    if pattern == "iso":
        return datetime.fromisoformat
    if pattern == "epoch_s":
        return lambda text: datetime.fromtimestamp(float(text), UTC)
    if pattern == "epoch_ms":
        return lambda text: datetime.fromtimestamp(float(text) / 1_000, UTC)
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007 - only the pattern is tried
    except ValueError as error:
        if "does not match" not in str(error):
            raise MappingError(f"{pattern!r} is no pattern of a time: {error}") from error
    return lambda text: datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone comes later


def not_before(time_ms: int, previous_ms: int) -> int:
    """`time_ms`, or the same clock time a day later if it lies more than half a day before
    `previous_ms`: rows that write one date and several clock times cross midnight.  What lies
    before by less is a clock that went back, and is believed.
    """
    return time_ms + _DAY_MS if previous_ms - time_ms > _DAY_MS // 2 else time_ms
