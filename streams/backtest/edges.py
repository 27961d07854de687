"""The first and the last row of each group, whatever the order of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from streams.backtest.rows import NUMBER
from streams.backtest.template import Render, Row

Groups = Mapping[str, tuple[Render, Render]]
"""Edge → the templates of its group and of the time by which its rows are ordered."""


class Edges:
    """First and last row of each group by time (ties by the file's order), for `first_of` and
    `last_of`: one pass over the log.  A row without a time is neither.
    """

    def __init__(
        self, groups: Groups, time_ms: Callable[[str], int | None], rows: Iterable[Row]
    ) -> None:
        self._groups = groups
        self._first: dict[tuple[str, str], tuple[int, str]] = {}
        self._last: dict[tuple[str, str], tuple[int, str]] = {}
        for row in rows:
            for edge, (group, time) in groups.items():
                at_ms = time_ms(time(row))
                if at_ms is None:
                    continue
                key = (edge, group(row))
                if key not in self._first or at_ms < self._first[key][0]:
                    self._first[key] = (at_ms, row[NUMBER])
                if key not in self._last or at_ms >= self._last[key][0]:
                    self._last[key] = (at_ms, row[NUMBER])

    def is_first(self, edge: str, row: Row) -> bool:
        return self._stands(self._first, edge, row)

    def is_last(self, edge: str, row: Row) -> bool:
        return self._stands(self._last, edge, row)

    def _stands(
        self, table: Mapping[tuple[str, str], tuple[int, str]], edge: str, row: Row
    ) -> bool:
        group, _ = self._groups[edge]
        return table.get((edge, group(row)), (0, ""))[1] == row[NUMBER]
