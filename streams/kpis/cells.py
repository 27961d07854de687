"""Cells: the counters of a pane.  A text: domain, KPI, part, and the values of all dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from schemas.facts import FactBase

DIMENSIONS = ("channel", "queue", "team", "topic", "detail")
"""`detail` is the KPI's own: origin and destination of a switch, kind of a transfer."""

_LONGEST = 48
"""Characters of a dimension's value: cells stay bounded whatever a vendor sends."""

ACCURACY = 0.01
"""Relative error of medians and percentiles."""

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)


class Cell(msgspec.Struct, frozen=True, gc=False):
    domain: str
    kpi: str
    part: str
    """`n`, `hit`, `sum`, `pending`, or `b<number>`: the bucket of a logarithmic histogram."""
    dims: tuple[str, ...]

    def encode(self) -> str:
        return encode(self.domain, self.kpi, self.part, self.dims)


def encode(domain: str, kpi: str, part: str, dims: tuple[str, ...]) -> str:
    return "|".join((domain, kpi, part, *dims))


@lru_cache(maxsize=65_536)  # every pane has the same ones
def decode(text: str) -> Cell:
    domain, kpi, part, *dims = text.split("|")
    return Cell(domain, kpi, part, tuple(dims))


def dimensions_of(fact: FactBase, detail: str = "") -> tuple[str, ...]:
    """The fact's dimensions, short and without the separator."""
    values = (fact.channel, fact.queue, fact.team, fact.topic, detail)
    return tuple([dimension(value) if value else "" for value in values])


def dimension(value: str) -> str:
    return value.replace("|", "/")[:_LONGEST]


def bucket(value: int) -> str:
    """The histogram part for a value ≥ 0 (DDSketch's logarithmic buckets, 1 % accuracy)."""
    return "b0" if value < 1 else f"b{1 + math.ceil(math.log(value) / _LOG_GAMMA)}"


def bucket_value(part: str) -> float:
    """The middle of a bucket."""
    number = int(part[1:])
    return 0.0 if number == 0 else 2 * _GAMMA ** (number - 1) / (_GAMMA + 1)


def quantile(buckets: Mapping[str, int], q: float) -> float | None:
    """The smallest value of a histogram {part: count} that the share `q` (0 to 1) of all does not
    exceed: of two, the median is the lower and the p90 the higher; None when it is empty.
    """
    counts = sorted((int(part[1:]), n) for part, n in buckets.items() if n > 0)
    rank, seen = q * sum(n for _, n in counts), 0
    for number, n in counts:
        seen += n
        if seen >= rank:
            return bucket_value(f"b{number}")
    return None
