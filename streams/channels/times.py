"""Vendors' times, in all their forms, to milliseconds. Nothing here raises."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_MS = 365 * 86_400_000
"""Before 1971: vendors write 0 or 1970 for "not set"."""

_LAST_MS = 253_402_300_799_000

_NUMBERS = (int, float, str)

_FRACTION = re.compile(r"(\.\d{6})\d+")
_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_USUAL_MAIL = re.compile(
    rf"(?:[A-Z][a-z]{{2}}, )?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}}) "
    r"(\d\d:\d\d:\d\d) ([+-]\d{4})",
    re.ASCII,
)
"""As nearly all mails are dated: the library takes ten times as long."""

_UTC = re.compile(r" UTC$")


def seconds(value: object) -> int | None:
    """Seconds since the epoch, as int, float or text."""
    if type(value) is int:
        return _plausible(value * 1_000)
    number = _number(value)
    return None if number is None else _plausible(round(number * 1_000))


def milliseconds(value: object) -> int | None:
    """Milliseconds since the epoch, as int, float or text."""
    if type(value) is int:
        return _plausible(value)
    number = _number(value)
    return None if number is None else _plausible(round(number))


def iso(value: object) -> int | None:
    """RFC 3339 or its relatives, with 0 to 9 digits of fraction; no zone means UTC."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return _from_datetime(datetime.fromisoformat(value))
    except ValueError:
        pass  # one of the relatives
    text = _OFFSET.sub(r"\1:\2", _UTC.sub("+00:00", _FRACTION.sub(r"\1", value.strip())))
    try:
        stamp = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" +", "+"))
    except ValueError:
        return None
    return _from_datetime(stamp)


def mail(value: object) -> int | None:
    """RFC 2822: `Fri, 02 Nov 2018 10:52:29 +0000`."""
    if not isinstance(value, str) or not value:
        return None
    try:
        if usual := _USUAL_MAIL.fullmatch(value):
            day, month, year, clock, zone = usual.groups()
            text = f"{year}-{_MONTHS[month]:02}-{day:0>2}T{clock}{zone}"
            return _from_datetime(datetime.fromisoformat(text))
        return _from_datetime(parsedate_to_datetime(value))
    except (ValueError, IndexError, TypeError):
        return None


def javascript(value: object) -> int | None:
    """What a browser's `Date` writes: `Tue Jun 17 2025 14:00:00 GMT+0000 (UTC)`."""
    if not isinstance(value, str):
        return None
    try:
        return _from_datetime(datetime.strptime(value[:33], "%a %b %d %Y %H:%M:%S GMT%z"))
    except ValueError:
        return None


def any_form(value: object) -> int | None:
    """For vendors that mix forms: a number (seconds, or ms when it is that large) or a text."""
    if isinstance(value, str) and value[4:5] == "-":
        return iso(value) or mail(value)
    number = _number(value)
    if number is not None:
        return seconds(value) if abs(number) < 100_000_000_000 else milliseconds(value)
    return iso(value) or mail(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _from_datetime(stamp: datetime) -> int | None:
    aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    try:
        return _plausible(round(aware.timestamp() * 1_000))
    except (OverflowError, ValueError):
        return None


def _plausible(time_ms: int) -> int | None:
    return time_ms if _FIRST_MS <= time_ms <= _LAST_MS else None
