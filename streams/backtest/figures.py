"""Figures of a log under the log's own definitions, counted over its rows.

A published log often comes with published figures, and their definitions are not ours (no
windows, no acts, no identity).  `[[figure]]` tables of a mapping file count them the way their
authors did, so that both can be printed side by side.  The kinds are in `counts.py` and
`waits.py`, one function each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streams.backtest import counts, waits
from streams.backtest.compiler import Compiler, Result, Rows
from streams.backtest.errors import MappingError, unknown, unknown_key

Kind = tuple[Callable[[Mapping[str, Any], Rows, Compiler], Result], str, str]
"""The function, the keys that it needs, the keys that it may have besides."""

KINDS: Mapping[str, Kind] = {
    "count": (counts.count, "", "when of by"),
    "distinct": (counts.distinct, "value", "when by"),
    "values": (counts.values, "", "value from to unit when by percentiles"),
    "sizes": (counts.sizes, "group", "when percentiles"),
    "changes": (counts.changes, "group value", "when pairs returns"),
    "groups": (counts.groups, "group", "all when exactly"),
    "repeated": (counts.repeated, "value", ""),
    "response": (waits.response, "group from to", "start answer unit by percentiles"),
    "span": (waits.span, "group at", "start end unit by percentiles"),
    "stays": (waits.stays, "group at", "when unit by percentiles"),
    "reply": (waits.reply, "at", "start answer unit by percentiles"),
    "followed": (waits.followed, "group at within_s", "when answer other"),
    "unordered": (waits.unordered, "", "when"),
}
_ALWAYS = "name kind why order"


def check(specs: Iterable[Mapping[str, Any]]) -> None:
    """The names of kinds and keys. Raises `MappingError`."""
    for number, spec in enumerate(specs, 1):
        name, kind = str(spec.get("name", "")), str(spec.get("kind", ""))
        if not name:
            raise MappingError(f"[[figure]] number {number} needs a `name`.")
        if kind not in KINDS:
            raise MappingError(f"[[figure]] {name!r}: {unknown('kind', kind, KINDS)}.")
        _, needed, optional = KINDS[kind]
        if missing := set(needed.split()) - set(spec):
            raise MappingError(
                f"[[figure]] {name!r}: a figure of kind {kind!r} needs {min(missing)!r}."
            )
        known = f"{needed} {optional} {_ALWAYS}".split()
        if strange := set(spec) - set(known):
            raise MappingError(f"[[figure]] {name!r}: {unknown_key('key', min(strange), known)}.")


def figures(specs: Iterable[Mapping[str, Any]], rows: Rows, make: Compiler) -> list[dict[str, Any]]:
    """`{name, kind, …numbers}` for each `[[figure]]`, rows sorted by its `order` if it names one
    (ties by the file's order; a row without such a time is left out).  Raises `MappingError`.
    """
    specs = list(specs)
    check(specs)
    found = []
    ordered: dict[str, Rows] = {}
    for spec in specs:
        name, kind = str(spec["name"]), str(spec["kind"])
        try:
            order = str(spec.get("order", ""))
            if order not in ordered:
                ordered[order] = _ordered(rows, make.time_or_none(spec, "order")) if order else rows
            numbers = KINDS[kind][0](spec, ordered[order], make)
        except (MappingError, TypeError, ValueError) as error:
            raise MappingError(f"[[figure]] {name!r}: {str(error).rstrip('.')}.") from error
        found.append({"name": name, "kind": kind, **numbers, "why": str(spec.get("why", ""))})
    return found


def _ordered(rows: Rows, at: Callable[[Any], int | None]) -> Rows:
    dated = [(time_ms, row) for row in rows if (time_ms := at(row)) is not None]
    return [row for _, row in sorted(dated, key=lambda item: item[0])]
