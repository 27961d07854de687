"""Rows of files that name what a row has, and are silent about the rest: JSON, XES."""

from __future__ import annotations

import gzip
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import msgspec

from streams.backtest.errors import MappingError
from streams.backtest.rows import NUMBER

BROKEN = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What is no JSON raises one of these."""


class SparseRow(dict[str, str]):
    """What it lacks is empty."""

    def __missing__(self, _column: str) -> str:
        return ""


class SparseLog(ABC):
    """One such file, read once for the names of its columns."""

    sparse = True

    def __init__(self, path: Path, prefix: str = "") -> None:
        self.path = path
        self._prefix = prefix
        names: set[str] = set()
        self.trouble: list[str] = []
        """Why rows are none."""
        for row in self._found(self.trouble.append):
            names.update(row)
        self.columns = frozenset(names) | {NUMBER}

    def rows(self, refuse: Callable[[str], None] | None = None) -> Iterator[dict[str, str]]:
        """All rows; `refuse` hears why one is none."""
        for number, row in enumerate(self._found(refuse), 1):
            row[NUMBER] = f"{self._prefix}{number}"
            yield row

    @abstractmethod
    def _found(self, refuse: Callable[[str], None] | None) -> Iterator[SparseRow]:
        """The file's rows, without numbers; `refuse` hears why one is none."""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked; what goes wrong in reading is a `MappingError`."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            yield cast("IO[bytes]", stream)
    except EOFError as error:
        raise MappingError(f"{path} ends in the middle: {error}.") from error
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror or error}.") from error
