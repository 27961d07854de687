"""The rows of a log under a mapping: what stands for nothing emptied, skipped rows left out, other
files looked up, reply trees and sessions resolved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from streams.backtest.clock import log_reader
from streams.backtest.condition import compile_condition
from streams.backtest.errors import MappingError
from streams.backtest.join import Join
from streams.backtest.mapping_file import MappingFile
from streams.backtest.rows import NUMBER, Rows, columns_of
from streams.backtest.sessions import SESSION, Sessions
from streams.backtest.template import Render, Row, compile_template
from streams.backtest.tree import ROOT, Tree


def _is_new(row: Row, seen: set[int]) -> bool:
    """Whether no row in `seen` has the same values; it is among them from then on."""
    mark = hash(frozenset((name, value) for name, value in row.items() if name != NUMBER))
    new = mark not in seen
    seen.add(mark)
    return new


class KeptRows:
    """The files of one log under a mapping, one after the other; they may be read more than once.
    `columns` are those that a row of any of them has.  `lookups` are the files of each `[join]`.
    Raises `MappingError`.
    """

    def __init__(
        self, logs: Sequence[Rows], file: MappingFile, lookups: Mapping[str, Sequence[Rows]] = {}
    ) -> None:
        self._logs = logs
        self._file = file
        self._missing = frozenset(file.missing)
        self._named = file.named
        own = self.columns = columns_of(logs)
        if own == {NUMBER}:
            reasons = [reason for log in logs for reason in log.trouble]
            because = f"; the first: {reasons[0]}" if reasons else "."
            raise MappingError(f"There are no rows in {logs[0].path}{because}")
        self.joins = [
            Join(name, file.join[name], found, own, self._named, self._emptied)
            for name, found in lookups.items()
        ]
        for join in self.joins:
            self.columns |= join.columns
        self._read_time = log_reader(file.time)
        self._skip = [self._skipping(skip, n) for n, skip in enumerate(file.skip, 1)]
        self.read = 0
        self.skipped = 0
        self._added: list[tuple[str, Callable[[Row], str]]] = []
        if file.tree is not None:
            tree = Tree(self._render(file.tree.id), self._render(file.tree.parent), self.rows())
            self._add("tree", ROOT, tree.root)
        if file.sessions is not None:
            time, spec = self._render(file.sessions.time), file.sessions
            sessions = Sessions(
                self._render(spec.of), lambda row: self._time_ms(time(row)), spec.gap_s, self.rows()
            )
            self._add("sessions", SESSION, sessions.session)

    def _skipping(self, skip: Mapping[str, object], number: int) -> Callable[[Row], bool]:
        where = f"[[skip]] number {number}"
        if set(skip) != {"when"}:
            raise MappingError(f"{where} has `when` and nothing else: when = {{ … }}.")
        try:
            return compile_condition(skip["when"], self.columns, self._named, self._read_time)
        except MappingError as error:
            raise MappingError(f"{where}: {str(error).rstrip('.')}.") from error

    def _emptied(self, row: dict[str, str]) -> None:
        if self._missing:
            for name, value in row.items():
                if value in self._missing:
                    row[name] = ""

    def _add(self, table: str, column: str, value: Callable[[Row], str]) -> None:
        if column in self.columns:
            raise MappingError(
                f"The log has a column {column!r} of its own: [{table}] cannot add it."
            )
        self._added.append((column, value))
        self.columns |= {column}

    def _render(self, template: str) -> Render:
        return compile_template(template, self.columns, self._named)

    def _time_ms(self, text: str) -> int | None:
        try:
            return self._read_time(text) if text else None
        except MappingError:
            return None

    def rows(
        self,
        progress: Callable[[int], None] | None = None,
        refuse: Callable[[str], None] | None = None,
    ) -> Iterator[dict[str, str]]:
        """One pass; `read` and `skipped` count the rows of the last one.  `progress` hears of it
        now and then, `refuse` why a row is none.
        """
        self.read = self.skipped = 0
        for join in self.joins:
            join.asked = join.missed = 0
        seen: set[int] = set()
        for log in self._logs:
            for row in log.rows(refuse):
                self.read += 1
                if progress and self.read % 1_000 == 0:
                    progress(self.read)
                if self._file.drop_repeated and not _is_new(row, seen):
                    self.skipped += 1
                    continue
                self._emptied(row)
                for join in self.joins:
                    join.add(row)
                if any(test(row) for test in self._skip):
                    self.skipped += 1
                    continue
                for column, value_of in self._added:
                    row[column] = value_of(row)
                yield row

    def hints(self) -> list[str]:
        """What a reader of the last pass should know."""
        return [hint for join in self.joins for hint in join.hints()]
