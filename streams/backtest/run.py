"""Runs history through the identity fold, the journeys fold and the KPIs; no servers."""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import IO, Any

import msgspec

from schemas.cloudevents import decode_fact
from schemas.events import Event, EventBase
from streams.backtest.edges import Edges
from streams.backtest.errors import MappingError, unknown_key
from streams.backtest.kept import KeptRows
from streams.backtest.mapping import EventMapping
from streams.backtest.mapping_file import MappingFile
from streams.backtest.nobody import Nobody
from streams.backtest.opening import Opening
from streams.backtest.standing import Standing
from streams.backtest.states import IN_MEMORY, States
from streams.backtest.without_act import WithoutAct
from streams.channels.base import Parsed, SourceConfig
from streams.channels.registry import adapters
from streams.engine.driver import Driver
from streams.engine.open_batch import OpenBatch
from streams.engine.timers import TimerBook
from streams.fold import (
    Count,
    Effect,
    Fold,
    Ledger,
    LiveDelta,
    Observe,
    PaneDelta,
    Recent,
    Record,
    Waiting,
)
from streams.journeys.state import CustomerState
from streams.policy import Policy, changed
from streams.stages.journeys import Journeys
from streams.stages.normalise import Normalise

CHUNK = 100_000
"""Events sorted in memory at a time; a longer log is sorted in pieces on disk."""

MISTAKES = 100
"""Sentences kept about rows that cannot be read; the rows are all counted."""

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
    hints: list[str] = []
    """What in the mapping has had no effect."""
    by_type: Counter[str] = msgspec.field(default_factory=Counter)
    facts: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    standing: Standing = msgspec.field(default_factory=Standing)
    notices: Counter[str] = msgspec.field(default_factory=Counter)
    customers: int = 0
    """Different ones, as identity sees them at the end."""
    cells: Counter[str] = msgspec.field(default_factory=Counter)
    figures: list[dict[str, Any]] = []
    opened: Opening | None = None
    """What stands behind the figures that were asked for."""
    without_act: WithoutAct = msgspec.field(default_factory=WithoutAct)

    def mistaken(self, *sentences: str) -> None:
        """A row that cannot be read, or some events of it."""
        self.refused += 1
        self.mistakes += sentences[: MISTAKES - len(self.mistakes)]


class _Sums(OpenBatch):
    """Pane deltas are summed over all time, and nothing is live."""

    def __init__(self, fold: Fold, timers: TimerBook, cells: Counter[str]) -> None:
        super().__init__(fold.input_topic, "backtest", timers)
        self._cells = cells
        self._done |= dict.fromkeys((LiveDelta, Waiting, Ledger, Recent, Count, Observe), _nothing)

    def _pane(self, delta: PaneDelta) -> None:
        self._cells[delta.cell] += delta.amount

    def listen(self, entry: Callable[[Ledger], None]) -> None:
        """`entry` hears what opens figures."""
        self._done[Ledger] = entry


class _Lane(Driver):
    """A driver without a store."""

    states: States
    open: _Sums

    def __init__(self, fold: Fold, cells: Counter[str], in_memory: int) -> None:
        super().__init__(fold, "backtest", fold.input_topic, 0)
        self.states = States(fold, in_memory)
        self.open = _Sums(fold, self.timers, cells)

    def push(self, prepared: Any, time_ms: int) -> Iterator[tuple[str, bytes]]:
        """One record through the fold; what it publishes, as (topic role, value)."""
        record = Record(self.fold.input_topic, 0, self.at.offset, time_ms, None, None)
        self.advance([(record, prepared, None)], 1 << 60)
        self._dirty.clear()  # nothing is committed: states need no encoding
        self.states.make_room()
        for outgoing in self.take().outbox:
            yield outgoing.publish.topic, outgoing.publish.value


def _nothing(_: Effect) -> None:
    """What only a live board shows is not kept."""


def replay(
    events: Iterable[EventBase],
    policy: dict[str, Any],
    facts_out: IO[bytes] | None = None,
    in_memory: int = IN_MEMORY,
    *,
    regions: Mapping[str, str] = {},
    opening: Collection[str] = (),
) -> Result:
    """Folds events that are in order of time; at most `in_memory` states of each fold are not on
    disk.  `regions` says where a source's phone numbers without country code are from, `opening`
    which KPIs shall be opened. Raises `MappingError` for a wrong policy.
    """
    result = Result()
    domains: dict[str, bytes] = {}
    sources = [SourceConfig(name, "", "", options={"region": at}) for name, at in regions.items()]
    normalise = _Lane(Normalise(domains, sources, adapters(), 1), Counter(), in_memory)
    journeys = _Lane(Journeys(), result.cells, in_memory)
    if opening:
        result.opened = Opening(opening)
        journeys.open.listen(result.opened.entry)
    if strange := sorted(set(policy) - set(Policy.__struct_fields__)):
        told = unknown_key("field", strange[0], Policy.__struct_fields__)
        raise MappingError(f"[policy]: {told}.")
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
        result.without_act.event(event)
        for topic, value in normalise.push(Parsed((event,)), event.time_ms):
            if topic == "events":
                _through(journeys, value, event.time_ms, result, facts_out)
    result.customers = sum(
        isinstance(state, CustomerState) and not state.moved_to
        for _, state in journeys.states.everything()
    )
    for lane in (normalise, journeys):
        lane.states.close()
    return result


def _through(
    journeys: _Lane, value: bytes, time_ms: int, result: Result, facts_out: IO[bytes] | None
) -> None:
    """An event of the normalise stage, and what it sends itself (a customer that moves)."""
    queue = [value]
    while queue:
        prepared = journeys.fold.prepare(Record("events", 0, 0, time_ms, None, queue.pop(0)))
        for topic, found in journeys.push(prepared, time_ms):
            match topic:
                case "events":
                    queue.append(found)
                case "journeys":
                    fact = decode_fact(found)
                    result.facts[str(fact.__struct_config__.tag), fact.state] += 1
                    result.standing.hear(fact)
                    result.without_act.fact(fact)
                    if result.opened is not None:
                        result.opened.fact(fact)
                    if facts_out is not None:
                        facts_out.write(_encode(fact) + b"\n")
                case "notifications":
                    result.notices["notices"] += 1


def mapped(
    kept: KeptRows, file: MappingFile, result: Result, progress: Progress | None = None
) -> Iterator[EventBase]:
    """The events of a log under a mapping; what cannot be read is counted in `result`."""
    nobody = Nobody(file.region)
    mapping = EventMapping(file, kept.columns)
    edges = Edges(mapping.groups, mapping.time_of, kept.rows()) if mapping.groups else None
    for row in kept.rows(progress, result.mistaken):
        mistakes: list[str] = []
        for event in mapping.events(row, edges, mistakes.append):
            nobody.hear(event)
            yield event
        if mistakes:
            result.mistaken(*mistakes)
    result.rows += kept.read
    result.skipped += kept.skipped
    result.hints += [*mapping.idle(), *kept.hints(), *nobody.hints()]


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
