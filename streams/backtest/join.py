"""Columns out of another file: `[join.NAME]` looks each row up in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from streams.backtest.errors import MappingError
from streams.backtest.rows import NUMBER, CsvForm, Rows, columns_of
from streams.backtest.template import Named, compile_template


class JoinSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[join.NAME]`: the files to look up in, what names one of their rows, what in a row of the
    log names the one that is meant, and how those files are written, if otherwise than the log.
    """

    files: list[str]
    key: str
    on: str
    csv: CsvForm | None = None


class Join:
    """What one `[join]` table adds: columns `NAME.Column`, empty for a row that finds nothing.
    The rows of its files are held in memory; of several with one key the first counts.
    """

    def __init__(
        self,
        name: str,
        spec: JoinSpec,
        logs: Sequence[Rows],
        columns: frozenset[str],
        named: Named,
        plain: Callable[[dict[str, str]], None],
    ) -> None:
        """`columns` are the log's own, `plain` empties what stands for nothing."""
        self._where = f"[join.{name}]"
        try:
            self._on = compile_template(spec.on, columns, named)
            theirs = columns_of(logs)
            key = compile_template(spec.key, theirs, named)
        except MappingError as error:
            raise MappingError(f"{self._where}: {str(error).rstrip('.')}.") from error
        names = {column: f"{name}.{column}" for column in theirs - {NUMBER}}
        self.columns = frozenset(names.values())
        self._nothing = dict.fromkeys(self.columns, "")
        self._by_key: dict[str, Mapping[str, str]] = {}
        for log in logs:
            for row in log.rows():
                plain(row)
                if (ident := key(row)) and ident not in self._by_key:
                    self._by_key[ident] = {names[column]: row[column] for column in names}
        self.asked = self.missed = 0
        """Rows of the log that named one, and those of them that found none."""

    def add(self, row: dict[str, str]) -> None:
        """Its columns for a row of the log."""
        key = self._on(row)
        found = self._by_key.get(key)
        self.asked += bool(key)
        self.missed += bool(key) and found is None
        row.update(self._nothing if found is None else found)

    def hints(self) -> list[str]:
        """A sentence if rows found nothing."""
        if not self.missed:
            return []
        return [f"{self._where}: {self.missed} of {self.asked} rows found nothing there."]
