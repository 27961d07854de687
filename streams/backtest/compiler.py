"""The parts of a `[[figure]]` table, compiled for a log's columns; and means of what was found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from streams.backtest.clock import log_reader
from streams.backtest.condition import Test, compile_condition
from streams.backtest.errors import MappingError
from streams.backtest.mapping_file import MappingFile
from streams.backtest.template import Render, Row, compile_template
from streams.backtest.tree import Tree

Rows = Sequence[Row]
Result = dict[str, Any]
Spec = Mapping[str, Any]


class Compiler:
    """Compiles the parts of one `[[figure]]` table."""

    def __init__(self, columns: frozenset[str], file: MappingFile) -> None:
        self._columns = columns
        self._file = file
        self._read = log_reader(file.time)

    def text(self, spec: Spec, name: str) -> Render:
        if name not in spec:
            raise MappingError(f"a figure of kind {spec.get('kind')!r} needs {name!r}")
        return compile_template(str(spec[name]), self._columns, self._file.named)

    def test(self, spec: Spec, name: str) -> Test:
        return compile_condition(spec.get(name, {}), self._columns, self._file.named, self._read)

    def time(self, spec: Spec, name: str) -> Callable[[Row], int]:
        render = self.text(spec, name)
        return lambda row: self._read(render(row))

    def time_or_none(self, spec: Spec, name: str) -> Callable[[Row], int | None]:
        """The same, None where the row has no time that can be read."""
        at = self.time(spec, name)

        def read(row: Row) -> int | None:
            try:
                return at(row)
            except MappingError:
                return None

        return read

    def tree(self, rows: Rows) -> Tree:
        """The reply tree of these rows, as `[tree]` reads them."""
        if self._file.tree is None:
            raise MappingError("this kind of figure needs [tree] in the mapping")
        ident, parent = self._file.tree.id, self._file.tree.parent
        return Tree(self.text({"id": ident}, "id"), self.text({"parent": parent}, "parent"), rows)


def grouped(rows: Rows, render: Render) -> dict[str, list[Row]]:
    """By what the template gives; rows for which that is empty belong to no group."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if name := render(row):
            groups.setdefault(name, []).append(row)
    return groups


def unit_ms(spec: Spec) -> int:
    units = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
    if (unit := str(spec.get("unit", "s"))) not in units:
        raise MappingError(f"unit is one of {', '.join(units)}, not {unit!r}")
    return units[unit]


def summary(spec: Spec, make: Compiler, found: Sequence[tuple[Row, float]]) -> Result:
    """Of numbers, each with the row that it is filed under, in all and `by` a template."""
    result = _moments(spec, [amount for _, amount in found])
    if "by" in spec:
        by = make.text(spec, "by")
        groups: dict[str, list[float]] = {}
        for row, amount in found:
            groups.setdefault(by(row), []).append(amount)
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        result["by"] = {name: _moments(spec, amounts) for name, amounts in ordered}
    return result


def _moments(spec: Spec, found: Sequence[float]) -> Result:
    shares = [float(share) for share in spec.get("percentiles", [])]
    if any(not 0 <= share <= 100 for share in shares):
        raise MappingError("percentiles lie between 0 and 100")
    if not found:
        names = ["mean", "median", "min", "max", *(f"p{share:g}" for share in shares)]
        return {"n": 0} | dict.fromkeys(names)
    ranked = sorted(found)
    result = {"n": len(found), "mean": fmean(found), "median": median(ranked)}
    result |= {"min": ranked[0], "max": ranked[-1]}
    return result | {f"p{share:g}": _percentile(ranked, share / 100) for share in shares}


def _percentile(ranked: Sequence[float], share: float) -> float:
    """Linear between the two nearest ranks, as spreadsheets and numpy have it."""
    place = share * (len(ranked) - 1)
    below, above = math.floor(place), math.ceil(place)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)
