"""The sum over a window that moves: what came is added, what went or changed is taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

Cells = Counter[str]
"""Of one pane.  It is never changed: a pane that changed is another `Cells`."""


class Rolling:
    """`total` is the sum, not to be changed by others; `move` costs as much as differs."""

    def __init__(self) -> None:
        self.total: Cells = Counter()
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
                self.total.update(pane)
            yield

    def _take(self, cells: Cells) -> None:
        total = self.total
        for cell, amount in cells.items():
            total[cell] -= amount
            if not total[cell]:
                del total[cell]
