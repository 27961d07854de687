"""Templates of a mapping file: small, total, and checked before the first row.

A template is a text with columns in braces: `{Case ID}`, `{#}` (the row's number from 1),
`{Agent|lower}`, `{Operation|channels}` where `[maps.channels]` stands in the file.  A filter is
one of `FILTERS`, `x` and a number (times), or the name of a map or of a pattern; several follow
each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from streams.backtest.errors import MappingError, unknown
from streams.backtest.numbers import rounded, seconds, times

Row = Mapping[str, str]
Render = Callable[[Row], str]
Named = Mapping[str, Row | re.Pattern[str]]
"""Filters of the mapping's own: its maps and patterns, by name."""

_BRACES = re.compile(r"\{([^{}]*)\}")
FILTERS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "digits": lambda text: re.sub(r"\D", "", text),
    "round": rounded,
    "hms": seconds,
}
_TIMES = re.compile(r"x(\d+(?:\.\d+)?)")


def compile_template(text: str, columns: frozenset[str], named: Named) -> Render:
    """Raises `MappingError` for a column or filter that does not exist, or a brace left alone."""
    if left := re.search(r"[{}]", _BRACES.sub("", text)):
        raise MappingError(f"{text!r} has a {left.group()!r} without its other brace")
    parts: list[str | Render] = []
    end = 0
    for found in _BRACES.finditer(text):
        parts += [text[end : found.start()], _column(found.group(1), columns, named)]
        end = found.end()
    parts.append(text[end:])
    pieces = [part for part in parts if part != ""]
    if not pieces:
        return lambda _row: ""
    if len(pieces) == 1:
        only = pieces[0]
        return (lambda _row: only) if isinstance(only, str) else only
    return lambda row: "".join(p if isinstance(p, str) else p(row) for p in pieces)


def _column(inner: str, columns: frozenset[str], named: Named) -> Render:
    parts = inner.split("|")
    # A column may have a bar in its name.
    names = ("|".join(parts[:end]) for end in range(len(parts), 0, -1))
    name = next((one for one in names if one in columns), parts[0])
    filters = parts[name.count("|") + 1 :]
    if name not in columns:
        told = unknown("column", name, columns)
        if len(columns) == 2:  # its number, and a whole line of the file
            told += ". If it has more, say `delimiter` or `skip_lines` under [csv]"
        raise MappingError(told)
    steps = [_filter(step.strip(), named) for step in filters]
    if not steps:
        return lambda row: row[name]

    def render(row: Row) -> str:
        value = row[name]
        for step in steps:
            value = step(value)
        return value

    return render


def _filter(name: str, named: Named) -> Callable[[str], str]:
    if name in FILTERS:
        return FILTERS[name]
    if name in named:
        table = named[name]
        if isinstance(table, re.Pattern):
            return lambda value: _found(table, value)
        other = table.get("*")
        return lambda value: table.get(value, value if other == "*" else (other or ""))
    if found := _TIMES.fullmatch(name):
        factor = float(found.group(1))
        return lambda value: times(value, factor)
    raise MappingError(unknown("filter or map", name, [*FILTERS, "x60", *named]))


def _found(pattern: re.Pattern[str], value: str) -> str:
    """What the first group holds, or the whole where the pattern has none; else nothing."""
    match = pattern.search(value)
    return (match.group(1 if pattern.groups else 0) or "") if match else ""
