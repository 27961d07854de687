"""What a backtest remembers: the states in use decoded in memory, the others encoded on disk.

A log of ten million events has more customers than memory should hold; most of them never come
back.  What is over the limit goes to a temporary SQLite file, oldest first, and comes back when the
fold asks for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from streams.fold import Fold

IN_MEMORY = 40_000
"""States kept decoded; half of them go to disk at a time. About 200 MB of two folds' states."""


class States(dict[str, Any]):
    """Key → decoded state, None for one that does not exist.  Everything counts as loaded."""

    def __init__(self, fold: Fold, in_memory: int) -> None:
        super().__init__()
        self._fold = fold
        self._most = in_memory
        self._disk: sqlite3.Connection | None = None

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> Any:
        if self._disk is None:
            return None
        row = self._disk.execute("SELECT state FROM states WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        state = self[key] = self._fold.decode(key, row[0])
        return state

    def make_room(self) -> None:
        """To be called between records: while a fold runs, what it has read must stay."""
        if len(self) <= self._most:
            return
        if self._disk is None:
            self._disk = _temporary()
        leaving = [key for key, _ in zip(self, range(len(self) - self._most // 2), strict=False)]
        states = [(key, self.pop(key)) for key in leaving]
        gone = [(key,) for key, state in states if state is None]
        kept = [(key, self._fold.encode(key, state)) for key, state in states if state is not None]
        self._disk.executemany("DELETE FROM states WHERE key = ?", gone)
        self._disk.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", kept)

    def everything(self) -> Iterator[tuple[str, Any]]:
        """All states that exist, each once."""
        yield from ((key, state) for key, state in self.items() if state is not None)
        if self._disk is not None:
            for key, raw in self._disk.execute("SELECT key, state FROM states"):
                if key not in self.keys():
                    yield key, self._fold.decode(key, raw)

    def close(self) -> None:
        if self._disk is not None:
            self._disk.close()


def _temporary() -> sqlite3.Connection:
    """An empty name is a file that SQLite deletes with the connection; nothing need survive."""
    disk = sqlite3.connect("", isolation_level=None)
    disk.execute("PRAGMA journal_mode = OFF")
    disk.execute("PRAGMA synchronous = OFF")
    disk.execute("PRAGMA temp_store = FILE")
    disk.execute("CREATE TABLE states (key TEXT PRIMARY KEY, state BLOB) WITHOUT ROWID")
    return disk
