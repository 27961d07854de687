"""What a backtest prints: facts by type, KPIs with their dimensions, the log's own figures."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from schemas.events import EventBase
from streams.backtest.errors import MappingError
from streams.backtest.history import History
from streams.backtest.opening import Opening
from streams.backtest.run import Result, in_order, replay
from streams.kpis.definitions import BY_NAME
from streams.kpis.scorecard import as_json as figures_json
from streams.kpis.scorecard import duration, scorecard

_SHOWN_MISTAKES = 5
_SHOWN_GROUPS = 10
_SHOWN_ENTRIES = 20
_encode = msgspec.json.Encoder().encode

NO_ACT = (
    "No request was counted: none of the events is an act of a customer (message.posted inbound, "
    "queue.entered, agent.connected, selfservice.stepped that progressed). conversation.opened "
    "alone is none, nor is what the company writes."
)


def backtest_files(
    files: Sequence[Path], mappings: Sequence[Path], facts: Path | None, events: Path | None,
    by: Sequence[str], opening: Sequence[str] = (), *, as_json: bool,
) -> None:  # fmt: skip
    """Reads the files, folds them, prints; `opening` names KPIs whose entries shall be shown.
    Raises `MappingError`, `ValueError`.
    """
    scorecard({}, by=by)  # a wrong name is said before the work, not after it
    Opening(opening)
    history = History(files, mappings)
    read = Result()
    started = time.perf_counter()
    with ExitStack() as stack:
        facts_out = stack.enter_context(_written(facts)) if facts else None
        events_out = stack.enter_context(_written(events)) if events else None
        read.figures = history.figures()  # before the folding: a mistake is said at once
        bar = stack.enter_context(_bar())
        ordered = in_order(history.events(read, lambda name: _task(bar, f"reading {name}")))
        folding = _task(bar, "folding")
        result = replay(
            _passing(ordered, folding, events_out), history.policy(), facts_out,
            regions=history.regions(), opening=opening,
        )  # fmt: skip
    result.rows, result.skipped, result.figures = read.rows, read.skipped, read.figures
    result.refused, result.mistakes, result.hints = read.refused, read.mistakes, read.hints
    if not result.events and result.mistakes:
        raise MappingError(
            f"None of the {result.rows} rows could be read; the first: {result.mistakes[0]}"
        )
    if not result.rows:
        result.hints.append("The files have no rows.")
    [requests] = scorecard(result.cells, only=["volume"])
    if result.events and not requests.n:
        result.hints.append(NO_ACT)
    result.hints += result.without_act.hints()
    seconds = time.perf_counter() - started
    if as_json:
        sys.stdout.write(orjson.dumps(_object(result, by, seconds)).decode() + "\n")
    else:
        _print(result, by, seconds)


def _written(path: Path) -> IO[bytes]:
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


def _task(bar: Progress, name: str) -> Callable[[int], None]:
    task = bar.add_task(name, total=None)
    return lambda done: bar.update(task, completed=done)


def _passing(
    events: Iterator[EventBase], progress: Callable[[int], None], out: IO[bytes] | None
) -> Iterator[EventBase]:
    for number, event in enumerate(events, 1):
        if number % 500 == 0:
            progress(number)
        if out is not None:
            out.write(_encode(event) + b"\n")
        yield event


def _object(result: Result, by: Sequence[str], seconds: float) -> dict[str, Any]:
    facts = {
        kind: {
            "asserted": result.facts[kind, "asserted"],
            "retracted": result.facts[kind, "retracted"],
        }
        for kind in sorted({kind for kind, _ in result.facts})
    }
    return {
        "rows": result.rows,
        "rows_skipped": result.skipped,
        "rows_refused": result.refused,
        "mistakes": result.mistakes,
        "hints": result.hints,
        "events": result.events,
        "events_by_type": dict(sorted(result.by_type.items())),
        "customers": result.customers,
        "facts": facts,
        "facts_standing": {kind: result.standing.counts[kind] for kind in facts},
        "notices": result.notices["notices"],
        "kpis": figures_json(scorecard(result.cells)),
        "kpis_by": {name: figures_json(scorecard(result.cells, by=[name])) for name in by},
        "figures": result.figures,
        **({"opened": result.opened.entries()} if result.opened else {}),
        "seconds": round(seconds, 3),
    }


def _print(result: Result, by: Sequence[str], seconds: float) -> None:
    out = Console(markup=False, emoji=False)  # a log's names may hold brackets and colons
    rate = result.events / seconds if seconds else 0
    out.print(
        f"{result.rows} rows, {result.events} events, {result.customers} customers "
        f"in {seconds:.1f} s ({rate:,.0f} events/s)"
    )
    if result.skipped:
        out.print(f"{result.skipped} rows left out by the mapping")
    if result.mistakes:
        out.print(f"{result.refused} rows could not be read; the first:", style="red")
        for sentence in result.mistakes[:_SHOWN_MISTAKES]:
            out.print(f"  {sentence}")
    for sentence in result.hints:
        out.print(sentence, style="yellow")
    table = Table(
        "fact", "asserted", "retracted", "standing",
        title="Facts: revisions published, and what stands at the end",
    )  # fmt: skip
    for kind in sorted({kind for kind, _ in result.facts}):
        published = (result.facts[kind, state] for state in ("asserted", "retracted"))
        table.add_row(kind, *map(str, published), str(result.standing.counts[kind]))
    out.print(table)
    _print_kpis(out, result, ())
    for name in by:
        _print_kpis(out, result, (name,))
    if result.figures:
        _print_figures(out, result.figures)
    for name, entries in (result.opened.entries() if result.opened else {}).items():
        _print_opened(out, name, entries)


def _print_kpis(out: Console, result: Result, by: Sequence[str]) -> None:
    title = "KPIs, our definitions" + (f", by {by[0]}" if by else "")
    table = Table("KPI", *by, "value", "n", "median", "target", title=title)
    for one in scorecard(result.cells, by=by):
        if not one.n and not one.hits:
            continue
        median = duration(one.median) if one.median is not None else ""
        text = Text(one.text, style=_RICH.get(one.colour, ""))
        if one.pending:
            text.append(f" ({one.pending} pending)", style="default")
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


def _print_opened(out: Console, kpi: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """The first of what a figure counts: of a rate what is above its line, if anything is."""
    hits = [entry for entry in entries if entry["parts"].get("hit")]
    shown = (hits or entries)[:_SHOWN_ENTRIES]
    title = f"{BY_NAME[kpi].title}: {len(entries)} entries"
    if hits:
        title += f", {len(hits)} of them hits"
    title += f"; {len(shown)} shown (--json has all)"
    table = Table(title=title)
    table.add_column("UTC", no_wrap=True)
    for name in ("journey", "cycle", "threads", "what", "counts"):
        table.add_column(name, overflow="fold")
    for entry in shown:
        at = datetime.fromtimestamp(entry["at_ms"] / 1_000, UTC)
        table.add_row(
            f"{at:%Y-%m-%d %H:%M:%S}", entry["journey"], str(entry["cycle"]),
            ", ".join(entry["conversations"]), " ".join(entry["dims"].values()),
            ", ".join(f"{part} {amount}" for part, amount in entry["parts"].items()),
        )  # fmt: skip
    out.print(table)


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
