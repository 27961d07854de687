"""Kinds of `[[figure]]` that count: rows, values, groups, changes."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise

from streams.backtest.compiler import (
    Compiler,
    Result,
    Rows,
    Spec,
    grouped,
    summary,
    unit_ms,
)
from streams.backtest.errors import MappingError
from streams.backtest.numbers import number


def count(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Rows that `when` holds for, and their share of those that `of` holds for; or how they are
    spread `by` a template.
    """
    when, of = make.test(spec, "when"), make.test(spec, "of")
    whole = [row for row in rows if of(row)]
    part = [row for row in whole if when(row)]
    result: Result = {"n": len(part)}
    if "of" in spec:
        result |= _share(len(part), len(whole))
    if "by" in spec:
        by = make.text(spec, "by")
        result["by"] = {name: {"n": n} for name, n in Counter(map(by, part)).most_common()}
    return result


def _share(part: int, whole: int) -> Result:
    return {"of": whole, "percent": 100 * part / whole if whole else None}


def distinct(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Different values of `value`, the empty one apart, in rows of `when`, and `by` a template."""
    when, value = make.test(spec, "when"), make.text(spec, "value")
    kept = [row for row in rows if when(row) and value(row)]
    result: Result = {"n": len({value(row) for row in kept})}
    if "by" in spec:
        by = make.text(spec, "by")
        sizes = Counter(name for name, _ in {(by(row), value(row)) for row in kept})
        result["by"] = {name: {"n": n} for name, n in sizes.most_common()}
    return result


def values(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """The number in `value`, or the time between `from` and `to` of the same row in `unit`, over
    the rows of `when` that have it.
    """
    when = make.test(spec, "when")
    if "value" in spec:
        value = make.text(spec, "value")
        texts = [(row, text) for row in rows if when(row) and (text := value(row))]
        return summary(spec, make, [(row, number(text, "value")) for row, text in texts])
    if not {"from", "to"} <= set(spec):
        raise MappingError("a figure of kind 'values' needs 'value', or 'from' and 'to'")
    begins, ends = make.time_or_none(spec, "from"), make.time_or_none(spec, "to")
    scale = unit_ms(spec)
    return summary(
        spec,
        make,
        [
            (row, (end_ms - start_ms) / scale)
            for row in rows
            if when(row)
            and (start_ms := begins(row)) is not None
            and (end_ms := ends(row)) is not None
        ],
    )


def sizes(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Rows of `when` in each `group`, groups without any included."""
    when = make.test(spec, "when")
    groups = grouped(rows, make.text(spec, "group")).values()
    return summary(
        spec, make, [(members[0], sum(1 for row in members if when(row))) for members in groups]
    )


def changes(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Within each `group`, how often `value` differs from the one before (rows whose value is
    empty are passed over): in all, in how many groups of how many, and by pair when `pairs` is
    true.  With `returns` also how often it is A, B, and A again.
    """
    group, value = make.text(spec, "group"), make.text(spec, "value")
    when = make.test(spec, "when")
    pairs: Counter[str] = Counter()
    changed = returns = 0
    groups = grouped([row for row in rows if when(row)], group)
    for members in groups.values():
        path = [text for text, _ in groupby(filter(None, map(value, members)))]
        pairs.update(f"{a}→{b}" for a, b in pairwise(path))
        changed += len(path) > 1
        returns += sum(1 for a, b in zip(path, path[2:], strict=False) if a == b)
    result: Result = {"n": pairs.total(), "groups": changed, "of": len(groups)}
    if spec.get("returns"):
        result["returns"] = returns
    return result | dict(pairs.most_common()) if spec.get("pairs") else result


def groups(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Groups in which each of the conditions in `all` holds for some row (and, with `exactly`,
    in which `when` holds for exactly so many rows), of all groups.
    """
    group, when = make.text(spec, "group"), make.test(spec, "when")
    tests = [make.test({"when": condition}, "when") for condition in spec.get("all", [])]
    found = 0
    whole = grouped(rows, group)
    for members in whole.values():
        if not all(any(test(row) for row in members) for test in tests):
            continue
        if "exactly" in spec and sum(1 for row in members if when(row)) != spec["exactly"]:
            continue
        found += 1
    return {"n": found, **_share(found, len(whole))}


def repeated(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Rows that equal an earlier one in `value`."""
    value = make.text(spec, "value")
    seen = Counter(value(row) for row in rows)
    return {"n": seen.total() - len(seen)}
