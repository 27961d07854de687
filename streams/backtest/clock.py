"""Times of a log, as it writes them, to milliseconds since the epoch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.backtest.errors import MappingError, unknown_key

_DAY_MS = 86_400_000

EARLIEST_MS = _DAY_MS
LATEST_MS = 7_258_118_400_000
"""2 January 1970 and 1 January 2200.  Systems write 0, 1900 or 9999 for "none"."""

_EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001 - of the zone that the log says
"""Day 0 of a spreadsheet's numbers, for all days since March 1900."""

_LIKELY = 1990, 2100
"""Years of a log."""

_HALF_OF_DAY = re.compile(r"\b([ap])\.?\s?m\b\.?", re.IGNORECASE)
_NANOSECONDS = re.compile(r"(?<=[.,]\d{6})\d+")

_KEYS = ("formats", "zone", "rollover")

_ZONE_BEHIND = re.compile(r"(.*\S)(?:\s*\[([\w+\-/]+)\]|\s+([\w+\-/]*[A-Za-z]))")
"""`… Europe/Paris`, `…[Europe/Paris]`, `… UTC`."""


def log_reader(time: Mapping[str, Any]) -> Callable[[str], int]:
    """The reader that a mapping's `[time]` describes.  Raises `MappingError`."""
    for key in time:
        if key not in _KEYS:
            raise MappingError(f"[time]: {unknown_key('setting', key, _KEYS)}.")
    formats, zone = time.get("formats", ["iso"]), time.get("zone", "UTC")
    if isinstance(formats, str):
        formats = [formats]
    if not isinstance(formats, list) or not all(isinstance(one, str) for one in formats):
        raise MappingError('[time]: formats is a list of texts, for instance ["iso"].')
    if not isinstance(zone, str):
        raise MappingError("[time]: zone is an IANA name such as Europe/Paris.")
    return reader(formats, zone)


def reader(formats: Sequence[str], zone: str) -> Callable[[str], int]:
    """A function from a text to ms.

    `formats` are tried in order: `iso`, `epoch_s`, `epoch_ms`, `excel` (a spreadsheet's number of
    days), `mail` (a Date header), or a pattern of Python's strptime (`%d.%m.%y %H:%M`).  `zone` (an
    IANA name) holds for stamps that name none, neither as an offset nor as an IANA name at their
    end; an hour that its clocks show twice is taken for the first, one that they skip is read as
    if they had not been put forward yet.
    """
    if (place := _zone(zone)) is None:
        raise MappingError(f"{zone!r} is no time zone; write an IANA name such as Europe/Paris.")
    steps = [_step(pattern) for pattern in formats]

    def stamps(text: str, place: tzinfo) -> int | datetime | None:
        """ms; or the stamp, when it lies outside what is believed; or None: in no format."""
        read_as: datetime | None = None
        for step in steps:
            try:
                stamp = step(text)
                aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=place)
                time_ms = round(aware.timestamp() * 1_000)
            except (ValueError, OverflowError):
                continue
            if EARLIEST_MS <= time_ms < LATEST_MS:
                return time_ms
            read_as = stamp
        return read_as

    def read(text: str) -> int:
        text = text.strip()
        found = stamps(text, place)
        if found is None and (parts := _ZONE_BEHIND.fullmatch(text)):
            own = _zone(parts[2] or parts[3])
            found = None if own is None else stamps(parts[1], own)
        if isinstance(found, int):
            return found
        if found is not None:
            raise MappingError(
                f"{text!r} is {found:%Y-%m-%d}, outside 1970 to 2199. Does it mean 'none'? "
                "Then name it under `missing`"
            )
        raise MappingError(
            f"{text!r} is no time in any of the formats {', '.join(formats)}{_help(text)}"
        )

    return read


def _help(text: str) -> str:
    """What to do about a text that is in none of the formats."""
    if not any(map(str.isdecimal, text)):
        return ". If it means 'none', name it under `missing`"
    for name in ("epoch_s", "epoch_ms", "excel", "iso", "mail"):
        try:
            found = _step(name)(text)
        except (ValueError, OverflowError):
            continue
        if _LIKELY[0] <= found.year <= _LIKELY[1]:
            return f"; in the format {name} it is of {found:%Y-%m-%d}"
    return ""


def blank(text: str) -> bool:
    """Whether there is no time in it: nothing, or only the zone of one that is missing."""
    text = text.strip()
    return not text or (text[0].isalpha() and _zone(text.strip("[]")) is not None)


@lru_cache
def _zone(name: str) -> tzinfo | None:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _step(pattern: str) -> Callable[[str], datetime]:
    if pattern == "iso":
        return datetime.fromisoformat
    if pattern == "epoch_s":
        return lambda text: datetime.fromtimestamp(float(text), UTC)
    if pattern == "epoch_ms":
        return lambda text: datetime.fromtimestamp(float(text) / 1_000, UTC)
    if pattern == "excel":
        return _excel
    if pattern == "mail":
        return parsedate_to_datetime
    if "%" not in pattern:
        raise MappingError(
            f"[time]: {pattern!r} is none of iso, epoch_s, epoch_ms, excel, mail, and no pattern "
            "such as %d.%m.%y %H:%M."
        )
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007 - only the pattern is tried
    except ValueError as error:
        if "does not match" not in str(error):
            raise MappingError(f"{pattern!r} is no pattern of a time: {error}") from error
    return lambda text: _by_pattern(text, pattern)


def _by_pattern(text: str, pattern: str) -> datetime:
    """Also `1:23 p. m.`, and seconds to more places than strptime knows."""
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone comes later
    except ValueError:
        plain = _NANOSECONDS.sub("", _HALF_OF_DAY.sub(r"\1m", text))
        if plain == text:
            raise
        return datetime.strptime(plain, pattern)  # noqa: DTZ007


def _excel(text: str) -> datetime:
    """`45327,390278`: days, to a tenth of a second, which is as good as six places are."""
    days = float(text.replace(",", ".", 1))
    return _EXCEL + timedelta(seconds=round(days * 864_000) / 10)


def not_before(time_ms: int, previous_ms: int) -> int:
    """`time_ms`, or the same clock time a day later if it lies more than half a day before
    `previous_ms`: rows that write one date and several clock times cross midnight.  What lies
    before by less is a clock that went back, and is believed.
    """
    return time_ms + _DAY_MS if previous_ms - time_ms > _DAY_MS // 2 else time_ms
