"""Which files are read under which mapping."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from schemas.events import EventBase
from streams.backtest import figures, lines
from streams.backtest.compiler import Compiler
from streams.backtest.errors import MappingError
from streams.backtest.kept import KeptRows
from streams.backtest.mapping import MappingFile, load
from streams.backtest.rows import Log
from streams.backtest.run import Result, mapped

_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class History:
    """Canonical events, and CSV files by mapping: the files of one mapping are one log, several
    mappings name their files.  Raises `MappingError`.
    """

    def __init__(self, files: Sequence[Path], mappings: Sequence[Path]) -> None:
        loaded = [load(path) for path in mappings]
        for path, file in zip(mappings, loaded, strict=True):
            if len(loaded) > 1 and not file.files:
                raise MappingError(
                    f"{path} does not say which files it is for, and there are several mappings: "
                    'add for instance files = ["calls*.csv"].'
                )
        for file in loaded:
            figures.check(file.figure)
        self._lines = [path for path in files if path.name.endswith(_SUFFIXES)]
        self._logs: list[tuple[MappingFile, list[Path]]] = [(file, []) for file in loaded]
        tables = [path for path in files if path not in self._lines]
        for path in tables:
            self._paths_for(path).append(path)
        # A row's number is its own in all files: in the second one `2.1`, `2.2`…
        self._prefixes = {
            path: f"{place}." if place > 1 else "" for place, path in enumerate(tables, 1)
        }
        self._logs = [(file, paths) for file, paths in self._logs if paths]

    def _paths_for(self, path: Path) -> list[Path]:
        if not self._logs:
            raise MappingError(
                f"{path} is not canonical events (.jsonl): name a mapping with --mapping; "
                "docs/backtest.md tells how to write one in twenty minutes."
            )
        for file, paths in self._logs:
            if not file.files or any(fnmatchcase(path.name, one) for one in file.files):
                return paths
        patterns = ", ".join(one for file, _ in self._logs for one in file.files)
        raise MappingError(f"No mapping is for {path}: they are for {patterns}.")

    def policy(self) -> dict[str, Any]:
        """Of all mappings."""
        policy: dict[str, Any] = {}
        for file, _ in self._logs:
            for name, value in file.policy.items():
                if policy.setdefault(name, value) != value:
                    raise MappingError(f"[policy]: {name} differs between the mappings.")
        return policy

    def events(
        self, read: Result, progress: Callable[[str], Callable[[int], None]]
    ) -> Iterator[EventBase]:
        """As the files have them; `read` counts rows and mistakes."""
        return itertools.chain(
            *(_read(path, read) for path in self._lines),
            *(
                mapped(self._opened(file, paths), file, read, progress(file.source))
                for file, paths in self._logs
            ),
        )

    def _opened(self, file: MappingFile, paths: Sequence[Path]) -> list[Log]:
        return [Log(path, file.csv, self._prefixes[path]) for path in paths]

    def figures(self) -> list[dict[str, Any]]:
        """Of each mapping, over its files."""
        found = []
        for file, paths in self._logs:
            if file.figure:
                kept = KeptRows(self._opened(file, paths), file)
                make = Compiler(kept.columns, file)
                found += figures.figures(file.figure, list(kept.rows()), make)
        return found


def _read(path: Path, read: Result) -> Iterator[EventBase]:
    for event in lines.events(path, read.mistaken):
        read.rows += 1
        if event is not None:
            yield event
