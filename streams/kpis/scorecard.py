"""From summed cells to figures with colours, split by any dimension."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from streams.kpis.cells import DIMENSIONS, decode, quantile
from streams.kpis.definitions import BY_NAME, KPIS, Kpi

Colour = Literal["green", "amber", "red", "none"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One KPI's value. `value` is None when there is no sample: none is not zero."""

    kpi: str
    title: str
    unit: str
    value: float | None
    n: int
    target: float | None
    colour: Colour
    text: str
    median: float | None = None
    p90: float | None = None
    hits: int | None = None
    pending: int = 0
    provisional: bool = False
    dims: Mapping[str, str] = {}


def scorecard(
    cells: Mapping[str, int],
    domain: str = "",
    by: Iterable[str] = (),
    only: Iterable[str] = (),
) -> list[Figure]:
    """Figures of all KPIs (or `only` some) in the order of their definitions; with `by`, one for
    each combination of those dimensions that occurs. An empty `domain` sums all.
    """
    wanted = tuple(by)
    if unknown := set(wanted) - set(DIMENSIONS):
        raise ValueError(
            f"There is no dimension {min(unknown)!r}; there are {', '.join(DIMENSIONS)}."
        )
    names = set(only) or set(BY_NAME)
    places = [DIMENSIONS.index(name) for name in wanted]
    sums: dict[tuple[str, tuple[str, ...]], dict[str, int]] = {}
    for text, amount in cells.items():
        if not amount:
            continue  # all of it was taken back
        cell = decode(text)
        if cell.kpi not in names or (domain and cell.domain != domain):
            continue
        group = (cell.kpi, tuple([cell.dims[place] for place in places]))
        parts = sums.setdefault(group, {})
        parts[cell.part] = parts.get(cell.part, 0) + amount
    figures = []
    for kpi in KPIS:
        if kpi.name not in names:
            continue
        groups = sorted(values for name, values in sums if name == kpi.name)
        for values in groups or ([()] if not wanted else []):
            parts = sums.get((kpi.name, values), {})
            figures.append(figure(kpi, parts, dict(zip(wanted, values, strict=True))))
    return figures


def figure(kpi: Kpi, parts: Mapping[str, int], dims: Mapping[str, str]) -> Figure:
    """One figure from the sums of its parts."""
    n = parts.get("n", 0)
    value: float | None = None
    median = p90 = None
    match kpi.unit:
        case "count":
            value = float(n)
        case "ratio" if n:
            value = parts.get("hit", 0) / n
        case "ms" if n:
            value = parts.get("sum", 0) / n
            buckets = {part: count for part, count in parts.items() if part[0] == "b"}
            median, p90 = quantile(buckets, 0.5), quantile(buckets, 0.9)
        case "score" if n:
            value = parts.get("sum", 0) / n / 1_000
    target = kpi.channel_targets.get(dims.get("channel", ""), kpi.target)
    pending = parts.get("pending", 0)
    return Figure(
        kpi=kpi.name,
        title=kpi.title,
        unit=kpi.unit,
        value=value,
        n=n,
        target=target,
        colour=colour(kpi, value, target),
        text=formatted(kpi.unit, value),
        median=median,
        p90=p90,
        hits=parts.get("hit", 0) if kpi.unit == "ratio" else None,
        pending=pending,
        provisional=pending > 0,
        dims=dims,
    )


def colour(kpi: Kpi, value: float | None, target: float | None) -> Colour:
    """Green meets the target, amber is within its band, red misses it."""
    if value is None or target is None or kpi.better == "neither":
        return "none"
    higher = kpi.better == "higher"
    if value >= target if higher else value <= target:
        return "green"
    edge = kpi.amber if kpi.amber is not None else target * (0.9 if higher else 1.1)
    return "amber" if (value >= edge if higher else value <= edge) else "red"


def formatted(unit: str, value: float | None) -> str:
    """For people: `12.4 %`, `3 min 20 s`, `—` when there is none."""
    if value is None:
        return "—"
    if unit == "ratio":
        return f"{100 * value:.1f} %"
    if unit == "ms":
        return duration(value)
    return f"{value:.0f}" if unit == "count" else f"{value:.1f}"


def duration(ms: float) -> str:
    """`850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if ms < 1_000:
        return f"{ms:.0f} ms"
    seconds = round(ms / 1_000)
    for unit, size, smaller, part in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if seconds >= size:
            rest = seconds % size // part
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Plain values."""
    return [msgspec.to_builtins(one) for one in figures]
