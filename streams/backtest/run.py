"""Runs history through the identity fold, the journeys fold and the KPIs; no servers."""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from schemas.cloudevents import decode_fact
from schemas.events import Event, EventBase
from streams.backtest.kept import KeptRows
from streams.backtest.mapping import Edges, EventMapping, MappingFile
from streams.backtest.rows import Log
from streams.backtest.template import MappingError
from streams.channels.base import Parsed
from streams.channels.registry import adapters
from streams.engine.driver import Driver
from streams.fold import Fold, PaneDelta, Record
from streams.policy import Policy, changed
from streams.stages.journeys import Journeys
from streams.stages.normalise import Normalise

CHUNK = 500_000
"""Events sorted in memory at a time; a longer log is sorted in pieces on disk."""

MISTAKES = 100
"""Sentences kept of rows that cannot be read; the others are counted."""

_KEY = b"a backtest's customer ids are nobody's secret"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Event)

Progress = Callable[[int], None]


class Result(msgspec.Struct):
    """What came out. `facts` counts the published revisions by type and state."""

    events: int = 0
    rows: int = 0
    skipped: int = 0
    refused: int = 0
    mistakes: list[str] = []
    """Why rows were refused: the first of them."""
    by_type: Counter[str] = msgspec.field(default_factory=Counter)
    facts: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    notices: Counter[str] = msgspec.field(default_factory=Counter)
    customers: set[str] = msgspec.field(default_factory=set)
    cells: Counter[str] = msgspec.field(default_factory=Counter)
    figures: list[dict[str, Any]] = []

    def mistaken(self, sentence: str) -> None:
        """A row or a part of one that cannot be read."""
        self.refused += 1
        if len(self.mistakes) < MISTAKES:
            self.mistakes.append(sentence)


class _States(dict[str, Any]):
    """Everything is in memory: what is not there does not exist."""

    def __missing__(self, key: str) -> None:
        return None


class _Lane(Driver):
    """A driver without a store; pane deltas are summed over all time."""

    def __init__(self, fold: Fold, cells: Counter[str]) -> None:
        super().__init__(fold, "backtest", fold.input_topic, 0)
        self.states = _States()
        self._cells = cells

    def _pane(self, delta: PaneDelta) -> None:
        self._cells[delta.cell] += delta.amount

    def push(self, prepared: Any, time_ms: int) -> Iterator[tuple[str, bytes]]:
        """One record through the fold; what it publishes, as (topic role, value)."""
        record = Record(self.fold.input_topic, 0, self.at.offset, time_ms, None, None)
        self.advance([(record, prepared)], 1 << 60)
        self._dirty.clear()  # nothing is stored: states need no encoding
        for outgoing in self.take().outbox:
            yield outgoing.publish.topic, outgoing.publish.value


def replay(
    events: Iterable[EventBase], policy: dict[str, Any], facts_out: IO[bytes] | None = None
) -> Result:
    """Folds events that are in order of time. Raises `MappingError` for a wrong policy."""
    result = Result()
    domains: dict[str, bytes] = {}
    normalise = _Lane(Normalise(domains, [], adapters(), 1), Counter())
    journeys = _Lane(Journeys(), result.cells)
    try:
        started = changed(Policy(), "backtest", policy)
    except msgspec.ValidationError as error:
        raise MappingError(f"[policy]: {error}.") from error
    for event in events:
        if event.domain not in domains:
            domains[event.domain] = _KEY
            journeys.states[f"policy:{event.domain}"] = started
        result.events += 1
        result.by_type[str(event.__struct_config__.tag)] += 1
        for topic, value in normalise.push(Parsed((event,)), event.time_ms):
            if topic == "events":
                _through(journeys, value, event.time_ms, result, facts_out)
    return result


def _through(
    journeys: _Lane, value: bytes, time_ms: int, result: Result, facts_out: IO[bytes] | None
) -> None:
    """An event of the normalise stage, and what it sends itself (a customer that moves)."""
    queue = [value]
    while queue:
        record = Record("events", 0, 0, time_ms, None, queue.pop(0))
        prepared = journeys.fold.prepare(record)
        result.customers.add(prepared.customer)
        for topic, found in journeys.push(prepared, time_ms):
            match topic:
                case "events":
                    queue.append(found)
                case "journeys":
                    fact = decode_fact(found)
                    result.facts[str(fact.__struct_config__.tag), fact.state] += 1
                    if facts_out is not None:
                        facts_out.write(_encode(fact) + b"\n")
                case "notifications":
                    result.notices["notices"] += 1


def mapped(
    log: Log, file: MappingFile, result: Result, progress: Progress | None = None
) -> Iterator[EventBase]:
    """The events of a CSV under a mapping; what cannot be read is counted in `result`."""
    kept = KeptRows(log, file)
    mapping = EventMapping(file, kept.columns)
    edges = Edges(mapping, kept.rows()) if mapping.groups else None
    for row in kept.rows(progress):
        try:
            yield from mapping.events(row, edges)
        except MappingError as error:
            result.mistaken(str(error))
    result.rows += kept.read
    result.skipped += kept.skipped


def json_lines(path: Path, result: Result) -> Iterator[EventBase]:
    """Canonical events, bare or as CloudEvents, one a line."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                result.rows += 1
                try:
                    yield _event(line)
                except (msgspec.DecodeError, RecursionError) as error:
                    result.mistaken(f"Line {number}: {error}.")
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror}.") from error


def _event(line: bytes) -> EventBase:
    raw = msgspec.json.decode(line)
    if isinstance(raw, dict) and isinstance(raw.get("data"), dict):
        raw = {**raw["data"]}
    if isinstance(raw, dict):
        raw.setdefault("domain", "history")
        raw.setdefault("recorded_ms", raw.get("time_ms"))
    event: EventBase = msgspec.convert(raw, Event)
    return event


def in_order(events: Iterable[EventBase]) -> Iterator[EventBase]:
    """Sorted by time, ties in the order given; long logs in pieces on disk."""
    pieces: list[IO[bytes]] = []
    chunk: list[tuple[int, int, EventBase]] = []
    try:
        for number, event in enumerate(events):
            chunk.append((event.time_ms, number, event))
            if len(chunk) >= CHUNK:
                pieces.append(_spill(chunk))
                chunk = []
        chunk.sort(key=lambda item: item[:2])
        if not pieces:
            yield from (event for _, _, event in chunk)
            return
        pieces.append(_spill(chunk))
        for _, _, line in heapq.merge(*(_unspill(piece) for piece in pieces)):
            yield _decode.decode(line)
    finally:
        for piece in pieces:
            piece.close()


def _spill(chunk: list[tuple[int, int, EventBase]]) -> IO[bytes]:
    chunk.sort(key=lambda item: item[:2])
    piece = tempfile.TemporaryFile()  # noqa: SIM115 - closed by in_order
    for time_ms, number, event in chunk:
        piece.write(b"%d %d " % (time_ms, number) + _encode(event) + b"\n")
    piece.seek(0)
    return piece


def _unspill(piece: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    for line in piece:
        time_ms, number, event = line.split(b" ", 2)
        yield int(time_ms), int(number), event
