"""Reads a CSV as people export it: any line end, a byte-order mark, a guessed delimiter, gzip."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from streams.backtest.template import MappingError

_DELIMITERS = ",;\t|"

_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, LookupError, csv.Error)
"""A file that is not there, a cut gzip, other letters, an encoding that nobody knows, no CSV."""

NUMBER = "#"
"""The column of the row's number, from 1, that every row has."""


class Log:
    """One CSV file: `columns`, and rows as dicts with the number in column `#`."""

    def __init__(self, path: Path, delimiter: str = "", encoding: str = "utf-8-sig") -> None:
        self.path = path
        self.encoding = encoding
        try:
            with self._open() as lines:
                header = lines.readline()
                self.delimiter = delimiter or max(_DELIMITERS, key=header.count)
                names = next(csv.reader([header], delimiter=self.delimiter), [])
        except _UNREADABLE as error:
            raise self._unreadable(error) from error
        if not names:
            raise MappingError(f"{path} is empty: the first line must name the columns.")
        self._names = [name.strip() for name in names]
        self.columns = frozenset(self._names) | {NUMBER}

    def _open(self) -> io.TextIOWrapper:
        # Universal newlines: a bare carriage return ends a line too.
        if self.path.suffix == ".gz":
            return gzip.open(self.path, "rt", encoding=self.encoding, newline=None)
        return self.path.open(encoding=self.encoding, newline=None)

    def rows(self, progress: Callable[[int], None] | None = None) -> Iterator[dict[str, str]]:
        """All rows; `progress` hears the number of rows read, now and then."""
        try:
            yield from self._rows(progress or (lambda _: None))
        except _UNREADABLE as error:
            raise self._unreadable(error) from error

    def _rows(self, progress: Callable[[int], None]) -> Iterator[dict[str, str]]:
        with self._open() as lines:
            lines.readline()
            read = csv.reader(lines, delimiter=self.delimiter)
            for number, values in enumerate(read, 1):
                if not any(values):
                    continue
                row = dict(zip(self._names, values, strict=False))
                if len(values) < len(self._names):
                    row |= dict.fromkeys(self._names[len(values) :], "")
                row[NUMBER] = str(number)
                if number % 1_000 == 0:
                    progress(number)
                yield row

    def _unreadable(self, error: Exception) -> MappingError:
        if isinstance(error, UnicodeDecodeError):
            return MappingError(
                f"{self.path} is not {self.encoding}; name its encoding under [csv] in the mapping."
            )
        why = (isinstance(error, OSError) and error.strerror) or str(error).rstrip(".")
        return MappingError(f"{self.path} cannot be read: {why}.")
