"""Reads a CSV as people export it: any line end, a byte-order mark, a guessed delimiter, gzip."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

import msgspec

from streams.backtest.errors import MappingError

_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)

_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How zip files, .xlsx among them, and .xls begin."""

NUMBER = "#"
"""The column of the row's number, from 1, that every row has."""

csv.field_size_limit(1 << 24)
"""Bodies of mails are longer than the module's 128 kB; a stray quote must end somewhere."""


class Rows(Protocol):
    """A file of rows, each a table column → text."""

    path: Path
    columns: frozenset[str]
    sparse: bool
    """Whether a row may lack columns, which are empty then."""
    trouble: list[str]
    """Why rows are none, as far as it is known before they are read."""

    def rows(self, refuse: Callable[[str], None] | None = None) -> Iterator[dict[str, str]]: ...


def columns_of(logs: Sequence[Rows]) -> frozenset[str]:
    """Those that a row of any of the files has: what is in all tables, and in any sparse file."""
    tables = [log.columns for log in logs if not log.sparse]
    if tables:
        return frozenset.intersection(*tables)
    return frozenset[str]().union(*(log.columns for log in logs))


class CsvForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[csv]`: how the file is written."""

    delimiter: str = ""
    """Guessed from the header when empty."""
    encoding: str = "utf-8-sig"
    quote: str = '"'
    """Empty: quotes are letters like any other."""
    columns: list[str] = []
    """Names, for a file whose first line is a row already."""
    skip_lines: int = 0
    """Lines above the header."""


class Log:
    """One CSV file: `columns`, and rows as dicts with the number in column `#`.

    `prefix` stands before the number, so that rows of several files differ.
    """

    sparse = False

    def __init__(self, path: Path, form: CsvForm, prefix: str = "") -> None:
        self.path = path
        self.trouble: list[str] = []
        self._form = form
        self._prefix = prefix
        with _text(path, form) as lines:
            start = lines.readline()
            if said := _SEPARATOR.fullmatch(start.strip().lstrip("\ufeff")):
                # Excel's own first line
                form = self._form = msgspec.structs.replace(
                    form, delimiter=form.delimiter or said[1], skip_lines=form.skip_lines + 1
                )
                start = lines.readline()
        if not start.strip() and not form.columns:
            raise MappingError(f"{path} is empty: the first line must name the columns.")
        bare = re.sub(r'"[^"]*"', "", start)
        self.delimiter = form.delimiter or max(_DELIMITERS, key=bare.count)
        self._names = _named(form.columns or next(self._values(), []))
        self.columns = frozenset(self._names) | {NUMBER}

    def _values(self, refuse: Callable[[str], None] | None = None) -> Iterator[list[str]]:
        """Every line's values, header included; `refuse` hears of a quote that never closes.
        Raises `MappingError`.
        """
        form = self._form
        options: dict[str, Any] = {"delimiter": self.delimiter}
        options |= {"quotechar": form.quote} if form.quote else {"quoting": csv.QUOTE_NONE}
        number = 0
        with _text(self.path, form) as lines:
            try:
                read = _Lines(lines)
                for values in csv.reader(read, **options):
                    if form.quote and read.swallowed(values, form.quote):
                        if refuse:
                            refuse(
                                f"{self.path.name}, after row {number - (not form.columns)}: a "
                                "quote never closes, and takes all lines behind it. If quotes "
                                'quote nothing, say quote = "" under [csv].'
                            )
                        continue
                    yield values
                    number += 1
            except csv.Error as error:
                raise MappingError(
                    f"{self.path}, after row {number}: {error}. If a quote there quotes "
                    'nothing, say quote = "" under [csv].'
                ) from error
            except TypeError as error:
                raise MappingError(f"[csv]: {error}.") from error

    def rows(self, refuse: Callable[[str], None] | None = None) -> Iterator[dict[str, str]]:
        """All rows, values without spaces around them; `refuse` hears why a row is none."""
        values = self._values(refuse)
        if not self._form.columns:
            next(values, None)
        names, width = self._names, len(self._names)
        for number, found in enumerate(values, 1):
            if not any(found):
                continue
            if len(found) > width and any(found[width:]):
                if refuse:
                    refuse(
                        f"{self.path.name}, row {number}: {len(found)} values for {width} columns."
                    )
                continue
            row = dict(zip(names, map(str.strip, found), strict=False))
            if len(found) < width:
                row |= dict.fromkeys(names[len(found) :], "")
            row[NUMBER] = f"{self._prefix}{number}"
            yield row


class _Lines:
    """Lines of a file, of which it knows the last one."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines
        self._last = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._last = line
            yield line

    def swallowed(self, values: list[str], quote: str) -> bool:
        """Whether a value that began with a quote goes on to the end of the file."""
        return bool(values) and "\n" in values[-1] and not self._last.rstrip().endswith(quote)


@contextmanager
def _text(path: Path, form: CsvForm) -> Iterator[TextIO]:
    """The file behind its first `skip_lines`. What goes wrong in reading is a `MappingError`."""
    try:
        # Universal newlines: a bare carriage return ends a line too.
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding=form.encoding, newline=None) as lines:
            for _ in range(form.skip_lines):
                lines.readline()
            yield lines
    except EOFError as error:
        raise MappingError(f"{path} ends in the middle: {error}.") from error
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror or error}.") from error
    except LookupError as error:
        raise MappingError(f"[csv]: {form.encoding!r} is no encoding.") from error
    except UnicodeError as error:
        with path.open("rb") as start:
            packed = start.read(4) in _NO_TEXT
        if packed:
            raise MappingError(
                f"{path} is a spreadsheet or an archive; save each of its sheets as CSV."
            ) from error
        raise MappingError(
            f"{path} is not {form.encoding}; name its encoding under [csv] in the mapping, "
            'often encoding = "cp1252" or "utf-16".'
        ) from error


def _named(names: Sequence[str]) -> list[str]:
    """Names without byte-order mark and spaces; a missing one is `column 3`, a second of the same
    name `Date (2)`.
    """
    found: list[str] = []
    for place, name in enumerate(names, 1):
        plain = name.replace("\ufeff", "").strip() or f"column {place}"
        again = sum(1 for other in names[: place - 1] if other.strip() == name.strip())
        found.append(f"{plain} ({again + 1})" if again and name.strip() else plain)
    return found
