"""Kinds of `[[figure]]` that measure the time between rows."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from streams.backtest.compiler import Compiler, Result, Rows, Spec, grouped, summary, unit_ms
from streams.backtest.template import Row


def response(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """In groups whose first row passes `start`: the time from its `from` to the `to` of the first
    later row that passes `answer`, in `unit` (s, min, h, d); `by` files the answering rows.
    """
    group = make.text(spec, "group")
    start, answer = make.test(spec, "start"), make.test(spec, "answer")
    begins, ends = make.time(spec, "from"), make.time(spec, "to")
    scale = unit_ms(spec)
    waits = []
    for members in grouped(rows, group).values():
        if not start(members[0]):
            continue
        answered = next((row for row in members[1:] if answer(row)), None)
        if answered is not None:
            waits.append((answered, (ends(answered) - begins(members[0])) / scale))
    return summary(spec, make, waits)


def span(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """In each group that has both, in this order or as one: from its first row of `start` to its
    last row of `end`, by the time `at`, in `unit`; `by` files the last rows.
    """
    group, at, scale = make.text(spec, "group"), make.time(spec, "at"), unit_ms(spec)
    start, end = make.test(spec, "start"), make.test(spec, "end")
    spans = []
    for members in grouped(rows, group).values():
        first = next((place for place, row in enumerate(members) if start(row)), len(members))
        last = next((row for row in reversed(members[first:]) if end(row)), None)
        if last is not None:
            spans.append((last, (at(last) - at(members[first])) / scale))
    return summary(spec, make, spans)


def stays(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """In each group, from each row of `when` to the row after it, by the time `at` and in `unit`;
    `by` files the first of the two.  The last row of a group has no end.
    """
    group, at, scale = make.text(spec, "group"), make.time(spec, "at"), unit_ms(spec)
    when = make.test(spec, "when")
    return summary(
        spec,
        make,
        [
            (row, (at(after) - at(row)) / scale)
            for members in grouped(rows, group).values()
            for row, after in pairwise(members)
            if when(row)
        ],
    )


def reply(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """From each row of `start` to the earliest row of `answer` that answers it directly, by the
    time `at` and in `unit`; `by` files the answering rows.  Needs `[tree]`.
    """
    start, answer, at = make.test(spec, "start"), make.test(spec, "answer"), make.time(spec, "at")
    tree, scale = make.tree(rows), unit_ms(spec)
    first: dict[str, Row] = {}
    for row in rows:
        if answer(row) and (parent := tree.parent(row)):
            known = first.setdefault(parent, row)
            if at(row) < at(known):
                first[parent] = row
    return summary(
        spec,
        make,
        [
            (answered, (at(answered) - at(row)) / scale)
            for row in rows
            if start(row) and (answered := first.get(tree.ident(row))) is not None
        ],
    )


def unordered(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Rows of `when` that stand before the row which they answer.  Needs `[tree]`."""
    when, tree = make.test(spec, "when"), make.tree(rows)
    place = {tree.ident(row): number for number, row in enumerate(rows)}
    found = [
        number
        for number, row in enumerate(rows)
        if when(row) and place.get(tree.parent(row), -1) > number
    ]
    return {"n": len(found)}


def followed(spec: Spec, rows: Rows, make: Compiler) -> Result:
    """Of the rows of `when`, how many are followed in their `group` by a row of `answer` whose `at`
    lies within `within_s` seconds of theirs, and which has another `other` (another case, say).
    """
    group, when, at = make.text(spec, "group"), make.test(spec, "when"), make.time(spec, "at")
    answer = make.test(spec, "answer")
    other = make.text(spec, "other") if "other" in spec else None
    limit_ms = float(spec["within_s"]) * 1_000
    whole = found = 0
    for members in grouped(rows, group).values():
        answers = [place for place, row in enumerate(members) if answer(row)]
        for place, row in enumerate(members):
            if not when(row):
                continue
            whole += 1
            later = (members[there] for there in answers[bisect_right(answers, place) :])
            follower = next(
                (one for one in later if other is None or other(one) != other(row)), None
            )
            found += follower is not None and at(follower) - at(row) <= limit_ms
    return {"n": found, "of": whole, "percent": 100 * found / whole if whole else None}
