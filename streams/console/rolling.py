"""The sum over a window that moves: what came is added, what went or changed is taken away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

Cells = dict[str, int]
"""Of one pane.  It is never changed: a pane that changed is another `Cells`.  A plain dict of texts
and numbers is nothing for the garbage collector to walk through; a `Counter` is, cell by cell.
"""


def summed(parts: Iterable[Mapping[str, int]]) -> Cells:
    total: Cells = {}
    for cells in parts:
        _add(total, cells)
    return total


def _add(total: Cells, cells: Mapping[str, int]) -> None:
    for cell, amount in cells.items():
        total[cell] = total.get(cell, 0) + amount


class Rolling:
    """`total` is the sum, not to be changed by others; `move` costs as much as differs."""

    def __init__(self) -> None:
        self.total: Cells = {}
        self._held: dict[int, Cells] = {}

    def move(self, panes: Mapping[int, Cells]) -> Iterator[None]:
        """Makes `panes`, by their start, those that are summed.  One pane a step: between two steps
        `total` may be read.
        """
        for start in sorted({*self._held, *panes}):
            held, pane = self._held.get(start), panes.get(start)
            if held is pane:
                continue
            if held is not None:
                self._take(self._held.pop(start))
            if pane is not None:
                self._held[start] = pane
                _add(self.total, pane)
            yield

    def _take(self, cells: Cells) -> None:
        total = self.total
        for cell, amount in cells.items():
            rest = total.get(cell, 0) - amount
            if rest:
                total[cell] = rest
            else:
                total.pop(cell, None)
