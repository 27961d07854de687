"""Numbers and durations as logs write them."""

from __future__ import annotations

import math
import re

from streams.backtest.errors import MappingError

_GROUPING = re.compile(r"[\s'\u2019]")  # spaces of any width and apostrophes part thousands
_DIGITS = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:(-)|(\d+) ?d(?:ays?)?,? (?=\d+:\d+:))?(?:(\d+):)?(\d+):(\d\d(?:[.,]\d+)?)", re.IGNORECASE
)


def number(text: str, name: str) -> float:
    """A number: `1234.5`, `1234,5`, `1.234,5`, `1,234.5`, `1 234,5`.

    One comma alone is a decimal mark, several of one mark part thousands.  Raises `MappingError`,
    which calls the number `name`.
    """
    plain = _GROUPING.sub("", text)
    decimal = max(",.", key=plain.rfind)
    other = "." if decimal == "," else ","
    plain = plain.replace(other, "")
    plain = plain.replace(decimal, "") if plain.count(decimal) > 1 else plain.replace(decimal, ".")
    if not _DIGITS.fullmatch(plain) or not math.isfinite(value := float(plain)):
        raise MappingError(f"{name} holds {text!r}, which is no number")
    return value


def times(text: str, factor: float) -> str:
    """`text` times `factor`, as a number without needless decimals; nothing stays nothing."""
    return _plain(number(text, "the log") * factor) if text.strip() else ""


def rounded(text: str) -> str:
    """To a whole number; nothing stays nothing."""
    return _plain(math.floor(number(text, "the log") + 0.5)) if text.strip() else ""


def seconds(text: str) -> str:
    """`h:mm:ss`, `mm:ss` or `2 days, h:mm:ss` as seconds; nothing stays nothing."""
    if not text.strip():
        return ""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise MappingError(f"{text!r} is no duration of the form h:mm:ss or mm:ss")
    sign, days, hours, minutes, rest = found.groups()
    whole = (int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes)
    value = whole * 60 + float(rest.replace(",", "."))
    return _plain(-value if sign else value)


def _plain(value: float) -> str:
    kept = round(value, 6)
    return str(int(kept)) if kept == int(kept) else str(kept)
