"""Conditions of a mapping file: which rows an event, a figure or a `[[skip]]` is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from streams.backtest.clock import blank
from streams.backtest.errors import MappingError
from streams.backtest.numbers import number
from streams.backtest.template import Named, Render, Row, compile_template

Test = Callable[[Row], bool]
ReadTime = Callable[[str], int]

_FORMS = "a text, a list, or a table with regex, at_least, at_most, same_as, before or after"


def compile_condition(
    conditions: Any, columns: frozenset[str], named: Named, read_time: ReadTime
) -> Test:
    """A table `{column or template: wanted}` holds when all of it does, a list of tables when any
    of them does.

    `wanted` is a text (equal), `"*"` (not empty), `""` (empty), `"!text"` (different), a list (any
    of), or a table with `regex`, with `at_least` and `at_most` (numbers), with `same_as` (a
    template), or with `before` or `after` (templates of times, as `read_time` reads them).  What
    is empty is neither in a range nor before or after anything.
    Raises `MappingError`.
    """
    if isinstance(conditions, list):
        options = [compile_condition(one, columns, named, read_time) for one in conditions]
        return lambda row: any(option(row) for option in options)
    if not isinstance(conditions, Mapping):
        raise MappingError(f"A condition is a table of columns, not {conditions!r}")
    make = _Maker(columns, named, read_time)
    tests = [make.test(name, wanted) for name, wanted in conditions.items()]
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


class _Maker:
    def __init__(self, columns: frozenset[str], named: Named, read_time: ReadTime) -> None:
        self._columns = columns
        self._named = named
        self._read_time = read_time

    def _render(self, template: str) -> Render:
        return compile_template(template, self._columns, self._named)

    def test(self, name: str, wanted: Any) -> Test:
        render = self._render(name if "{" in name else "{" + name + "}")
        if isinstance(wanted, list):
            options = [self.test(name, option) for option in wanted]
            return lambda row: any(option(row) for option in options)
        if isinstance(wanted, dict):
            return self._comparison(name, render, wanted)
        text = str(wanted)
        if text == "*":
            return lambda row: render(row) != ""
        if text.startswith("!"):
            return lambda row: render(row) != text[1:]
        return lambda row: render(row) == text

    def _comparison(self, name: str, render: Render, wanted: Mapping[str, Any]) -> Test:
        keys = set(wanted)
        if keys == {"regex"}:
            try:
                pattern = re.compile(str(wanted["regex"]))
            except re.error as error:
                raise MappingError(f"The regex on {name!r} is wrong: {error}") from error
            return lambda row: pattern.search(render(row)) is not None
        if keys == {"same_as"}:
            other = self._render(str(wanted["same_as"]))
            return lambda row: render(row) == other(row)
        if keys and keys <= {"before", "after"}:
            return self._in_time(render, wanted)
        if keys and keys <= {"at_least", "at_most"}:
            return self._in_range(name, render, wanted)
        raise MappingError(f"The condition on {name!r} must be {_FORMS}, not {dict(wanted)!r}")

    def _in_range(self, name: str, render: Render, wanted: Mapping[str, Any]) -> Test:
        try:
            low = float(wanted.get("at_least", "-inf"))
            high = float(wanted.get("at_most", "inf"))
        except (TypeError, ValueError) as error:
            raise MappingError(f"at_least and at_most of {name!r} must be numbers") from error

        def test(row: Row) -> bool:
            text = render(row)
            return text != "" and low <= number(text, repr(name)) <= high

        return test

    def _in_time(self, render: Render, wanted: Mapping[str, Any]) -> Test:
        read = self._read_time
        before = self._render(str(wanted["before"])) if "before" in wanted else None
        after = self._render(str(wanted["after"])) if "after" in wanted else None

        def test(row: Row) -> bool:
            texts = render(row), before and before(row), after and after(row)
            if any(text is not None and blank(text) for text in texts):
                return False
            at, end, start = (None if text is None else read(text) for text in texts)
            assert at is not None
            return (end is None or at < end) and (start is None or at > start)

        return test
