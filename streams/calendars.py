"""Business calendars: when a team works, and time that passes only then.

A calendar is data of the policy.  Its hours are a text, parts separated by `;`, each some days and
some spans: `mon-fri 09:00-12:30 13:30-18:00; sat 09:00-12:00`.  Clock times are those of its zone
(the pinned tzdata decides what that means, never the machine's), on holidays it is closed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?((?: \d\d:\d\d-\d\d:\d\d)+)")
_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_DAY_MINUTES = 24 * 60
_LONGEST_DAYS = 3_660
"""Nobody promises anything for later than in ten years."""

Minutes = tuple[int, int]


class Calendar(msgspec.Struct, frozen=True):
    """`zone` is an IANA name, `holidays` are dates (`2026-12-25`), `teams` those who work by it.
    Making one raises `ValueError` with a sentence when it cannot be meant.
    """

    zone: str
    hours: str
    holidays: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _zone(self.zone)
        _week(self.hours)
        _closed(self.holidays)

    def open_at(self, at_ms: int) -> bool:
        return self.open_ms(at_ms, at_ms + 1) > 0

    def open_ms(self, start_ms: int, end_ms: int) -> int:
        """How much of the time between the two it is open."""
        open_ms = 0
        day = _local_date(self.zone, start_ms)
        last = _local_date(self.zone, end_ms)
        while day <= last:
            for begin, end in _spans(self, day):
                open_ms += max(0, min(end, end_ms) - max(begin, start_ms))
            day += timedelta(days=1)
        return open_ms

    def after(self, start_ms: int, ms: int) -> int:
        """The moment at which `ms` of open time have passed since `start_ms`; the start itself for
        none.
        """
        left, day = ms, _local_date(self.zone, start_ms)
        if left <= 0:
            return start_ms
        for _ in range(_LONGEST_DAYS):
            for begin, end in _spans(self, day):
                here = max(0, end - max(begin, start_ms))
                if left <= here:
                    return max(begin, start_ms) + left
                left -= here
            day += timedelta(days=1)
        return start_ms + ms  # closed for ten years: no calendar at all


@lru_cache(4_096)
def _spans(calendar: Calendar, day: date) -> tuple[tuple[int, int], ...]:
    """The open spans that begin on a local date, ms."""
    if day in _closed(calendar.holidays):
        return ()
    zone = _zone(calendar.zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)

    def at(minutes: int) -> int:
        # By the clock on the wall: on a day with a change of time a span is an hour longer or not.
        moment = midnight + timedelta(minutes=minutes)
        return round(moment.astimezone(UTC).timestamp() * 1_000)

    return tuple((at(begin), at(end)) for begin, end in _week(calendar.hours)[day.weekday()])


def _local_date(zone: str, at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1_000, _zone(zone)).date()


@cache
def _zone(name: str) -> ZoneInfo:
    """From the pinned tzdata package, so that every machine comes to the same."""
    path = files("tzdata.zoneinfo")
    parts = name.split("/")
    if not all(re.fullmatch(r"[A-Za-z0-9_+-]+", part) for part in parts):
        raise ValueError(f"{name!r} is no time zone; write an IANA name such as Europe/Paris")
    try:
        with path.joinpath(*parts).open("rb") as file:
            return ZoneInfo.from_file(file, name)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{name!r} is no time zone; write an IANA name such as Europe/Paris"
        ) from error


@cache
def _week(hours: str) -> tuple[tuple[Minutes, ...], ...]:
    """Seven days of spans in minutes since midnight."""
    week: list[list[Minutes]] = [[] for _ in _DAYS]
    for part in filter(None, (part.strip().lower() for part in hours.split(";"))):
        found = _PART.fullmatch(" ".join(part.split()))
        days = [name for name in (found.group(1), found.group(2)) if name] if found else []
        if found is None or not set(days) <= set(_DAYS):
            raise ValueError(
                f"the hours {part!r} must be like "
                "`mon-fri 09:00-12:30 13:30-18:00; sat 09:00-12:00`"
            )
        first, last = _DAYS.index(days[0]), _DAYS.index(days[-1])
        spans = [_minutes(span, part) for span in _SPAN.finditer(found.group(3))]
        for n in range((last - first) % 7 + 1):
            week[(first + n) % 7] += spans
    if not any(week):
        raise ValueError("a calendar needs hours")
    for spans in week:
        spans.sort()
        if any(after[0] < before[1] for before, after in pairwise(spans)):
            raise ValueError(f"the hours {hours!r} overlap")
    return tuple(tuple(spans) for spans in week)


def _minutes(span: re.Match[str], part: str) -> Minutes:
    h1, m1, h2, m2 = map(int, span.groups())
    begin, end = h1 * 60 + m1, h2 * 60 + m2
    if begin >= end or end > _DAY_MINUTES or m1 > 59 or m2 > 59:
        raise ValueError(f"{span.group()!r} in {part!r} does not end after it begins, by 24:00")
    return begin, end


@cache
def _closed(holidays: tuple[str, ...]) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(day) for day in holidays)
    except ValueError as error:
        raise ValueError(f"a holiday is a date like 2026-12-25: {error}") from error
