"""The rows of a log under a mapping: what stands for nothing emptied, skipped rows left out, reply
trees resolved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from streams.backtest.clock import reader
from streams.backtest.condition import compile_condition
from streams.backtest.mapping import MappingFile
from streams.backtest.rows import Log
from streams.backtest.template import MappingError, compile_template
from streams.backtest.tree import ROOT, Tree


class KeptRows:
    """One log file under a mapping; it may be read more than once. Raises `MappingError`."""

    def __init__(self, log: Log, file: MappingFile) -> None:
        self._log = log
        self._missing = frozenset(file.missing)
        read_time = reader(file.time.get("formats", ["iso"]), file.time.get("zone", "UTC"))
        self._skip = [
            compile_condition(skip.get("when", skip), log.columns, file.maps, read_time)
            for skip in file.skip
        ]
        self.read = 0
        self.skipped = 0
        self.tree: Tree | None = None
        self.columns = log.columns
        if file.tree is not None:
            if ROOT in log.columns:
                raise MappingError(
                    f"The log has a column {ROOT!r} of its own: [tree] cannot add it."
                )
            self.tree = Tree(
                compile_template(file.tree.id, log.columns, file.maps),
                compile_template(file.tree.parent, log.columns, file.maps),
                self.rows(),
            )
            self.columns |= {ROOT}

    def rows(self, progress: Callable[[int], None] | None = None) -> Iterator[dict[str, str]]:
        """One pass; `read` and `skipped` count the rows of the last one."""
        self.read = self.skipped = 0
        for row in self._log.rows(progress):
            self.read += 1
            if self._missing:
                for name, value in row.items():
                    if value in self._missing:
                        row[name] = ""
            if any(test(row) for test in self._skip):
                self.skipped += 1
                continue
            if self.tree is not None:
                row[ROOT] = self.tree.root(row)
            yield row
