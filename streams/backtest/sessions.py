"""Sessions: rows of one visitor that follow each other without a long pause."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable

import msgspec

from streams.backtest.template import Render, Row

SESSION = "session"
"""The column that `[sessions]` adds: the visitor and the number of his session, from 1."""


class SessionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[sessions]`: templates of the visitor and of a row's time; a pause longer than `gap_s` ends
    a session.
    """

    of: str
    time: str
    gap_s: float = 1_800


class Sessions:
    """Where each visitor's sessions begin: one pass over the log, times held in memory."""

    def __init__(
        self,
        of: Render,
        time_ms: Callable[[Row], int | None],
        gap_s: float,
        rows: Iterable[Row],
    ) -> None:
        self._of = of
        self._time_ms = time_ms
        times: dict[str, array[int]] = {}
        for row in rows:
            if (at_ms := time_ms(row)) is not None:
                times.setdefault(of(row), array("q")).append(at_ms)
        self._starts = {visitor: _starts(found, gap_s * 1_000) for visitor, found in times.items()}

    def session(self, row: Row) -> str:
        """Empty for a row without a readable time or without a visitor."""
        visitor, at_ms = self._of(row), self._time_ms(row)
        if at_ms is None or not visitor:
            return ""
        return f"{visitor}/{bisect_right(self._starts[visitor], at_ms)}"


def _starts(times: array[int], gap_ms: float) -> array[int]:
    starts: array[int] = array("q")
    previous_ms: float = -float("inf")
    for at_ms in sorted(times):
        if at_ms - previous_ms > gap_ms:
            starts.append(at_ms)
        previous_ms = at_ms
    return starts
