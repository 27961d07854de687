"""What a backtest prints: facts by type, KPIs with their dimensions, the log's own figures."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from schemas.events import EventBase
from streams.backtest import mapping as mappings
from streams.backtest.figures import Compiler, figures
from streams.backtest.kept import KeptRows
from streams.backtest.rows import Log
from streams.backtest.run import Result, in_order, json_lines, mapped, replay
from streams.backtest.template import MappingError
from streams.kpis.scorecard import as_json as figures_json
from streams.kpis.scorecard import duration, scorecard

_SHOWN_MISTAKES = 5
_SHOWN_GROUPS = 10


def backtest_files(
    files: Sequence[Path], mapping: Path | None, facts: Path | None, by: Sequence[str], *,
    as_json: bool,
) -> None:  # fmt: skip
    """Reads the files, folds them, prints. Raises `MappingError`, `ValueError`."""
    scorecard({}, by=by)  # a wrong dimension is said before the work, not after it
    file = mappings.load(mapping) if mapping else None
    read = Result()
    started = time.perf_counter()
    with ExitStack() as stack:
        facts_out = stack.enter_context(_written(facts)) if facts else None
        bar = stack.enter_context(_bar())
        sources = [_events(path, file, read, bar) for path in files]
        ordered = in_order(itertools.chain.from_iterable(sources))
        folding = bar.add_task("folding", total=None)
        result = replay(_counted(ordered, bar, folding), file.policy if file else {}, facts_out)
    result.rows, result.skipped = read.rows, read.skipped
    result.refused, result.mistakes = read.refused, read.mistakes
    if not result.events and result.mistakes:
        raise MappingError(
            f"None of the {result.rows} rows could be read; the first: {result.mistakes[0]}"
        )
    if file and file.figure:
        result.figures = _figures(files, file)
    seconds = time.perf_counter() - started
    if as_json:
        sys.stdout.write(orjson.dumps(_object(result, by, seconds)).decode() + "\n")
    else:
        _print(result, by, seconds)


def _written(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise MappingError(f"{path} cannot be written: {error.strerror}.") from error


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _counted(events: Iterator[EventBase], bar: Progress, task: Any) -> Iterator[EventBase]:
    for number, event in enumerate(events, 1):
        if number % 500 == 0:
            bar.update(task, completed=number)
        yield event


def _events(
    path: Path, file: mappings.MappingFile | None, read: Result, bar: Progress
) -> Iterator[EventBase]:
    if path.suffix in {".jsonl", ".ndjson"}:
        return json_lines(path, read)
    if file is None:
        raise MappingError(
            f"{path} is not canonical events (.jsonl): name a mapping with --mapping; "
            "docs/backtest.md tells how to write one in twenty minutes."
        )
    log = _log(path, file)
    task = bar.add_task(f"reading {path.name}", total=None)
    return mapped(log, file, read, lambda rows: bar.update(task, completed=rows))


def _log(path: Path, file: mappings.MappingFile) -> Log:
    return Log(path, file.csv.get("delimiter", ""), file.csv.get("encoding", "utf-8-sig"))


def _figures(files: Sequence[Path], file: mappings.MappingFile) -> list[dict[str, Any]]:
    rows: list[Any] = []
    make: Compiler | None = None
    for path in files:
        kept = KeptRows(_log(path, file), file)
        make = make or Compiler(kept.columns, file)
        rows += kept.rows()
    return figures(file.figure, rows, make) if make else []


def _object(result: Result, by: Sequence[str], seconds: float) -> dict[str, Any]:
    facts: dict[str, dict[str, int]] = {}
    for (kind, state), n in sorted(result.facts.items()):
        facts.setdefault(kind, {"asserted": 0, "retracted": 0})[state] = n
    return {
        "rows": result.rows,
        "rows_skipped": result.skipped,
        "rows_refused": result.refused,
        "mistakes": result.mistakes,
        "events": result.events,
        "events_by_type": dict(sorted(result.by_type.items())),
        "customers": len(result.customers),
        "facts": facts,
        "notices": result.notices["notices"],
        "kpis": figures_json(scorecard(result.cells)),
        "kpis_by": {name: figures_json(scorecard(result.cells, by=[name])) for name in by},
        "figures": result.figures,
        "seconds": round(seconds, 3),
    }


def _print(result: Result, by: Sequence[str], seconds: float) -> None:
    out = Console()
    rate = result.events / seconds if seconds else 0
    out.print(
        f"{result.rows} rows, {result.events} events, {len(result.customers)} customers "
        f"in {seconds:.1f} s ({rate:,.0f} events/s)"
    )
    if result.skipped:
        out.print(f"{result.skipped} rows left out by the mapping")
    if result.mistakes:
        out.print(f"[red]{result.refused} rows could not be read[/red]; the first:")
        for sentence in result.mistakes[:_SHOWN_MISTAKES]:
            out.print(f"  {sentence}", markup=False)
    table = Table("fact", "asserted", "retracted", title="Facts published, by revision")
    for kind in sorted({kind for kind, _ in result.facts}):
        table.add_row(
            kind, str(result.facts[kind, "asserted"]), str(result.facts[kind, "retracted"])
        )
    out.print(table)
    _print_kpis(out, result, ())
    for name in by:
        _print_kpis(out, result, (name,))
    if result.figures:
        _print_figures(out, result.figures)


def _print_kpis(out: Console, result: Result, by: Sequence[str]) -> None:
    title = "KPIs, our definitions" + (f", by {by[0]}" if by else "")
    table = Table("KPI", *by, "value", "n", "median", "target", title=title)
    for one in scorecard(result.cells, by=by):
        if not one.n and not one.hits:
            continue
        median = duration(one.median) if one.median is not None else ""
        text = one.text if one.colour == "none" else f"[{_RICH[one.colour]}]{one.text}[/]"
        target = "" if one.target is None else _target(one.unit, one.target)
        table.add_row(one.title, *one.dims.values(), text, str(one.n or one.hits), median, target)
    out.print(table)


_RICH = {"green": "green", "amber": "yellow", "red": "red"}


def _target(unit: str, target: float) -> str:
    return (
        f"{100 * target:g} %"
        if unit == "ratio"
        else duration(target)
        if unit == "ms"
        else f"{target:g}"
    )


def _print_figures(out: Console, found: Sequence[dict[str, Any]]) -> None:
    title = "The log's figures, under its authors' definitions"
    table = Table("figure", "numbers", "why ours differ", title=title)
    for one in found:
        table.add_row(one["name"], _numbers(one), one["why"])
        for name, numbers in itertools.islice(one.get("by", {}).items(), _SHOWN_GROUPS):
            table.add_row(f"  {name}", _numbers(numbers), "")
    out.print(table)


def _numbers(one: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4f}".rstrip("0").rstrip(".")
        if isinstance(value, float)
        else f"{name} {value}"
        for name, value in one.items()
        if name not in {"name", "kind", "why", "by"} and value is not None
    )
