"""Reply trees: rows that name the row they answer, in any order."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from streams.backtest.template import Render, Row

ROOT = "root"
"""The column that `[tree]` adds: the id of the first row above that is in the log."""


class TreeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[tree]`: templates of a row's own id and of the id that it answers (empty: none)."""

    id: str
    parent: str


class Tree:
    """Who answers whom: one pass over the log, ids held in memory."""

    def __init__(self, ident: Render, parent: Render, rows: Iterable[Row]) -> None:
        self.ident = ident
        self.parent = parent
        self._parents = {ident(row): parent(row) for row in rows}

    def root(self, row: Row) -> str:
        """The topmost row above; a parent that the log lacks ends the way, a circle too."""
        here = self.ident(row)
        seen = {here}
        while (above := self._parents.get(here, "")) in self._parents and above not in seen:
            seen.add(above)
            here = above
        return here
