"""Which files are read under which mapping."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from schemas.events import EventBase
from streams.backtest import figures, json_log, lines, xes
from streams.backtest.compiler import Compiler
from streams.backtest.errors import MappingError
from streams.backtest.json_log import JsonLog
from streams.backtest.kept import KeptRows
from streams.backtest.mapping_file import MappingFile, load
from streams.backtest.rows import CsvForm, Log, Rows
from streams.backtest.run import Result, mapped
from streams.backtest.xes import XesLog


class _Mapped:
    """A mapping, with the files that it is for and those that its joins look up in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = load(path)
        self.logs: list[Path] = []
        self.lookups: dict[str, list[Path]] = {name: [] for name in self.file.join}

    def looks_up(self, path: Path) -> bool:
        """Whether a join of it takes the file."""
        names = [name for name, join in self.file.join.items() if _fits(path, join.files)]
        for name in names:
            self.lookups[name].append(path)
        return bool(names)

    def take(self, path: Path) -> bool:
        """Whether it takes the file as a log."""
        if self.file.files:
            wanted = _fits(path, self.file.files)
        else:  # canonical events need no mapping; one takes them only if it names them
            looked_up = any(path in paths for paths in self.lookups.values())
            wanted = not looked_up and not (_is_lines(path) and lines.is_canonical(path))
        if wanted:
            self.logs.append(path)
        return wanted

    def check(self) -> None:
        """Raises `MappingError` for a join without a file."""
        for name, found in self.lookups.items():
            if self.logs and not found:
                patterns = ", ".join(self.file.join[name].files)
                raise MappingError(
                    f"[join.{name}]: none of the files is called {patterns}; name it among the "
                    "FILES, beside the log."
                )


class History:
    """Canonical events, and logs by mapping: the files of one mapping are one log, several
    mappings name their files.  Raises `MappingError`.
    """

    def __init__(self, files: Sequence[Path], mappings: Sequence[Path]) -> None:
        self._mapped = [_Mapped(path) for path in mappings]
        several = len(self._mapped) > 1
        for one in self._mapped:
            if several and not one.file.files:
                raise MappingError(
                    f"{one.path} does not say which files it is for, and there are several "
                    'mappings: add for instance files = ["calls*.csv"].'
                )
            with self._naming(one):
                figures.check(one.file.figure)
        self._lines: list[Path] = []
        tables: list[Path] = []
        logs: set[Path] = set()
        for path in files:
            taken = False
            for one in self._mapped:
                taken |= one.looks_up(path)
                taken |= path not in logs and one.take(path)
                logs.update(one.logs)  # the first mapping that wants a log has it
            if taken:
                tables.append(path)
            elif _is_lines(path):
                self._lines.append(path)
            else:
                raise self._nobodys(path)
        for one in self._mapped:
            with self._naming(one):
                one.check()
        # A row's number is its own in all files: in the second one `2.1`, `2.2`…
        self._prefixes = {
            path: f"{place}." if place > 1 else "" for place, path in enumerate(tables, 1)
        }
        self._mapped = [one for one in self._mapped if one.logs]

    def _nobodys(self, path: Path) -> MappingError:
        if not self._mapped:
            return MappingError(
                f"{path} is not canonical events (.jsonl): name a mapping with --mapping; "
                "docs/backtest.md tells how to write one in twenty minutes."
            )
        patterns = ", ".join(pattern for one in self._mapped for pattern in one.file.files)
        return MappingError(f"No mapping is for {path}: they are for {patterns}.")

    @contextmanager
    def _naming(self, one: _Mapped) -> Iterator[None]:
        """Of several mappings, a mistake says in which one it is."""
        try:
            yield
        except MappingError as error:
            if len(self._mapped) < 2 or str(one.path) in str(error):
                raise
            raise MappingError(f"{one.path}: {error}") from error

    def policy(self) -> dict[str, Any]:
        """Of all mappings."""
        policy: dict[str, Any] = {}
        for one in self._mapped:
            for name, value in one.file.policy.items():
                if policy.setdefault(name, value) != value:
                    raise MappingError(f"[policy]: {name} differs between the mappings.")
        return policy

    def regions(self) -> dict[str, str]:
        """Source → where its phone numbers without country code are from."""
        return {one.file.source: one.file.region for one in self._mapped if one.file.region}

    def events(
        self, read: Result, progress: Callable[[str], Callable[[int], None]]
    ) -> Iterator[EventBase]:
        """As the files have them; `read` counts rows and mistakes."""
        return itertools.chain(
            *(_read(path, read) for path in self._lines),
            *(self._events(one, read, progress(one.file.source)) for one in self._mapped),
        )

    def _events(
        self, one: _Mapped, read: Result, progress: Callable[[int], None]
    ) -> Iterator[EventBase]:
        with self._naming(one):
            yield from mapped(self._kept(one), one.file, read, progress)

    def _kept(self, one: _Mapped) -> KeptRows:
        file = one.file
        lookups = {
            name: [self._opened(path, file, file.join[name].csv) for path in paths]
            for name, paths in one.lookups.items()
        }
        return KeptRows([self._opened(path, file) for path in one.logs], file, lookups)

    def _opened(self, path: Path, file: MappingFile, csv: CsvForm | None = None) -> Rows:
        prefix = self._prefixes[path]
        name = path.name.removesuffix(".gz")
        if name.endswith(json_log.SUFFIXES):
            return JsonLog(path, file.json, prefix)
        if name.endswith(xes.SUFFIX):
            return XesLog(path, prefix)
        return Log(path, csv or file.csv, prefix)

    def figures(self) -> list[dict[str, Any]]:
        """Of each mapping, over its files."""
        found = []
        for one in self._mapped:
            if one.file.figure:
                with self._naming(one):
                    kept = self._kept(one)
                    make = Compiler(kept.columns, one.file)
                    found += figures.figures(one.file.figure, list(kept.rows()), make)
        return found


def _fits(path: Path, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path.name, pattern) for pattern in patterns)


def _is_lines(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(json_log.LINES)


def _read(path: Path, read: Result) -> Iterator[EventBase]:
    for event in lines.events(path, read.mistaken):
        read.rows += 1
        if event is not None:
            yield event
