"""The sum over a window that moves: what came is added, what went or changed is taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

Cells = Counter[str]
"""Of one pane.  It is never changed: a pane that changed is another `Cells`."""


class Rolling:
    """`over(panes)` is their sum; it costs as much as differs from the last time."""

    def __init__(self) -> None:
        self._held: dict[int, Cells] = {}
        self._total: Cells = Counter()

    def over(self, panes: Mapping[int, Cells]) -> Cells:
        """`panes` by their start. The answer is not to be changed."""
        for start in [s for s, cells in self._held.items() if panes.get(s) is not cells]:
            self._take(self._held.pop(start))
        for start, cells in panes.items():
            if start not in self._held:
                self._held[start] = cells
                self._total.update(cells)
        return self._total

    def _take(self, cells: Cells) -> None:
        total = self._total
        for cell, amount in cells.items():
            total[cell] -= amount
            if not total[cell]:
                del total[cell]
