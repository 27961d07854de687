"""Figures of a log under the log's own definitions, counted over its rows.

A published log often comes with published figures, and their definitions are not ours (no
windows, no acts, no identity).  `[[figure]]` tables of a mapping file count them the way their
authors did, so that both can be printed side by side.  One function a kind; each takes the kept
rows, sorted by `order` when the figure names one (ties by the file's order).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import Any

from streams.backtest.clock import reader
from streams.backtest.condition import Test, compile_condition, number
from streams.backtest.mapping import MappingFile
from streams.backtest.template import MappingError, Render, Row, compile_template
from streams.backtest.tree import Tree

Rows = Sequence[Row]
Result = dict[str, Any]


class Compiler:
    """Compiles the parts of one `[[figure]]` table."""

    def __init__(self, columns: frozenset[str], file: MappingFile) -> None:
        self._columns = columns
        self._file = file
        self._read = reader(file.time.get("formats", ["iso"]), file.time.get("zone", "UTC"))

    def text(self, spec: Mapping[str, Any], name: str) -> Render:
        if name not in spec:
            raise MappingError(f"a figure of kind {spec.get('kind')!r} needs {name!r}")
        return compile_template(str(spec[name]), self._columns, self._file.maps)

    def test(self, spec: Mapping[str, Any], name: str) -> Test:
        return compile_condition(spec.get(name, {}), self._columns, self._file.maps, self._read)

    def time(self, spec: Mapping[str, Any], name: str) -> Callable[[Row], int]:
        render = self.text(spec, name)
        return lambda row: self._read(render(row))

    def tree(self, rows: Rows) -> Tree:
        """The reply tree of these rows, as `[tree]` reads them."""
        if self._file.tree is None:
            raise MappingError("this kind of figure needs [tree] in the mapping")
        ident, parent = self._file.tree.id, self._file.tree.parent
        return Tree(self.text({"id": ident}, "id"), self.text({"parent": parent}, "parent"), rows)


def _groups(rows: Rows, render: Render) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(render(row), []).append(row)
    return groups


def count(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """Rows that `when` holds for, and their share of those that `of` holds for; or how they are
    spread `by` a template.
    """
    when, of = make.test(spec, "when"), make.test(spec, "of")
    whole = [row for row in rows if of(row)]
    part = [row for row in whole if when(row)]
    result: Result = {"n": len(part)}
    if "of" in spec:
        result |= {
            "of": len(whole),
            "percent": 100 * len(part) / len(whole) if whole else None,
        }
    if "by" in spec:
        by = make.text(spec, "by")
        result["by"] = {name: {"n": n} for name, n in Counter(map(by, part)).most_common()}
    return result


def values(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """n, mean, median and maximum of the number in `value` over the rows of `when`, and `by`
    whatever that template gives.
    """
    when, value = make.test(spec, "when"), make.text(spec, "value")
    kept = [row for row in rows if when(row)]
    return _summary(spec, make, [(row, number(value(row), "value")) for row in kept])


def _summary(spec: Mapping[str, Any], make: Compiler, found: Sequence[tuple[Row, float]]) -> Result:
    """Of numbers, each with the row that it is filed under."""
    result = _moments([amount for _, amount in found])
    if "by" in spec:
        by = make.text(spec, "by")
        groups: dict[str, list[float]] = {}
        for row, amount in found:
            groups.setdefault(by(row), []).append(amount)
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        result["by"] = {name: _moments(amounts) for name, amounts in ordered}
    return result


def _moments(found: Sequence[float]) -> Result:
    if not found:
        return {"n": 0, "mean": None, "median": None, "max": None}
    return {"n": len(found), "mean": fmean(found), "median": median(found), "max": max(found)}


def changes(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """Within each `group`, how often `value` differs from the one before (rows whose value is
    empty are passed over): in all, in how many groups, and by pair when `pairs` is true.
    """
    group, value = make.text(spec, "group"), make.text(spec, "value")
    when = make.test(spec, "when")
    pairs: Counter[str] = Counter()
    groups = 0
    for members in _groups([row for row in rows if when(row)], group).values():
        path = [text for row in members if (text := value(row))]
        found = [f"{a}→{b}" for a, b in pairwise(path) if a != b]
        groups += bool(found)
        pairs.update(found)
    result: Result = {"n": pairs.total(), "groups": groups}
    return result | dict(pairs) if spec.get("pairs") else result


def groups(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """Groups in which each of the conditions in `all` holds for some row (and, with `exactly`,
    in which `when` holds for exactly so many rows).
    """
    group, when = make.text(spec, "group"), make.test(spec, "when")
    tests = [make.test({"when": condition}, "when") for condition in spec.get("all", [])]
    found = 0
    for members in _groups(rows, group).values():
        if not all(any(test(row) for row in members) for test in tests):
            continue
        if "exactly" in spec and sum(1 for row in members if when(row)) != spec["exactly"]:
            continue
        found += 1
    return {"n": found}


def response(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """In groups whose first row passes `start`: the time from its `from` to the `to` of the first
    later row that passes `answer`, in `unit` (s, min, h, d); `by` files the answering rows.
    """
    group = make.text(spec, "group")
    start, answer = make.test(spec, "start"), make.test(spec, "answer")
    begins, ends = make.time(spec, "from"), make.time(spec, "to")
    unit_ms = _unit_ms(spec)
    waits = []
    for members in _groups(rows, group).values():
        if not start(members[0]):
            continue
        answered = next((row for row in members[1:] if answer(row)), None)
        if answered is not None:
            waits.append((answered, (ends(answered) - begins(members[0])) / unit_ms))
    return _summary(spec, make, waits)


def reply(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """From each row of `start` to the earliest row of `answer` that answers it directly, by the
    time `at` and in `unit`; `by` files the answering rows.  Needs `[tree]`.
    """
    start, answer, at = make.test(spec, "start"), make.test(spec, "answer"), make.time(spec, "at")
    tree, unit_ms = make.tree(rows), _unit_ms(spec)
    first: dict[str, Row] = {}
    for row in rows:
        if answer(row) and (parent := tree.parent(row)):
            known = first.setdefault(parent, row)
            if at(row) < at(known):
                first[parent] = row
    return _summary(
        spec,
        make,
        [
            (answered, (at(answered) - at(row)) / unit_ms)
            for row in rows
            if start(row) and (answered := first.get(tree.ident(row))) is not None
        ],
    )


def unordered(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """Rows of `when` that stand before the row which they answer.  Needs `[tree]`."""
    when, tree = make.test(spec, "when"), make.tree(rows)
    place = {tree.ident(row): number for number, row in enumerate(rows)}
    found = [
        number
        for number, row in enumerate(rows)
        if when(row) and place.get(tree.parent(row), -1) > number
    ]
    return {"n": len(found)}


def _unit_ms(spec: Mapping[str, Any]) -> int:
    units = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
    if (unit := str(spec.get("unit", "s"))) not in units:
        raise MappingError(f"there is no unit {unit!r}; there are {', '.join(units)}")
    return units[unit]


def followed(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """Of the rows of `when`, how many are followed in their `group` by another row whose `at`
    lies within `within_s` seconds of theirs.
    """
    group, when, at = make.text(spec, "group"), make.test(spec, "when"), make.time(spec, "at")
    limit_ms = float(spec["within_s"]) * 1_000
    whole = found = 0
    for members in _groups(rows, group).values():
        for row, later in zip(members, [*members[1:], None], strict=True):
            if when(row):
                whole += 1
                found += later is not None and at(later) - at(row) <= limit_ms
    return {"n": found, "of": whole}


def repeated(spec: Mapping[str, Any], rows: Rows, make: Compiler) -> Result:
    """Rows that equal an earlier one in `value`."""
    value = make.text(spec, "value")
    seen = Counter(value(row) for row in rows)
    return {"n": seen.total() - len(seen)}


KINDS: Mapping[str, Callable[[Mapping[str, Any], Rows, Compiler], Result]] = {
    "count": count,
    "values": values,
    "changes": changes,
    "groups": groups,
    "response": response,
    "followed": followed,
    "repeated": repeated,
    "reply": reply,
    "unordered": unordered,
}


def figures(specs: Iterable[Mapping[str, Any]], rows: Rows, make: Compiler) -> list[dict[str, Any]]:
    """`{name, kind, …numbers}` for each `[[figure]]`. Raises `MappingError`."""
    found = []
    ordered: dict[str, Rows] = {}
    for spec in specs:
        name, kind = str(spec.get("name", "")), str(spec.get("kind", ""))
        if not name or kind not in KINDS:
            raise MappingError(
                f"[[figure]] {name!r} needs a name and a kind out of {', '.join(KINDS)}."
            )
        try:
            order = str(spec.get("order", ""))
            if order and order not in ordered:
                at = make.time(spec, "order")
                ordered[order] = sorted(rows, key=at)
            numbers = KINDS[kind](spec, ordered[order] if order else rows, make)
        except (MappingError, KeyError, ValueError) as error:
            raise MappingError(f"[[figure]] {name!r}: {error}.") from error
        found.append({"name": name, "kind": kind, **numbers, "why": str(spec.get("why", ""))})
    return found
