"""Drives a fold over records, purely: no I/O, no wall clock, nothing awaited.

The live lane, `backtest` and the property tests all run this same code.  `Driver` holds what the
fold may see (states, timers, clocks) and collects what it asks for into a `Batch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from streams.engine.batch import Batch, Outgoing, Position
from streams.engine.keys import PANES
from streams.engine.timers import EXPIRE, TimerBook
from streams.fold import (
    POSITION_HEADER,
    Count,
    Effect,
    Fold,
    Ledger,
    LiveDelta,
    Observe,
    PaneDelta,
    Publish,
    Recent,
    Record,
    StateNotLoaded,
    Timer,
    Waiting,
)

MAX_VALUE_BYTES = 900_000
"""Kafka's default limit is 1 MiB a record, headers included; what is larger would never leave."""

CLOCK_HEADER = "filrouge-clock"
"""On records from a lane to its own topic: the clock by which the receiver's timers must fire."""

_HOUR_MS = 3_600_000
_LEDGER_KEPT_MS = next(kept_ms for size, _, kept_ms in PANES if size == "1h")
OpenPanes = tuple[int, list[dict[str, int]]]
_FINEST_MS = min(width_ms for _, width_ms, _ in PANES)
_FOREVER_MS = 1 << 62
_NO_PANES: OpenPanes = (0, [])
_ABSENT: Any = object()
_NO_MARK = (-1, 0, 0)
_encode_timer = msgspec.json.Encoder().encode
_decode_timer = msgspec.json.Decoder(tuple[str, str, int, int, int])


class Gap(Exception):  # noqa: N818 - a request to the lane, not an error
    """The batch begins after the position: records between are missing."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


class Upstream(msgspec.Struct, frozen=True, gc=False):
    """Where a relayed record came from: the lane, the clock of its domain (a partition of
    `webhooks`), and the mark.  `moves` is False when it came by another way than its clock's own:
    what that clock has still to tell may be on its way.
    """

    lane: str
    clock: int
    mark: tuple[int, int, int]
    moves: bool = True


def upstream_of(record: Record) -> Upstream | None:
    """From the position header; None for what came from outside.  A record that a lane sent to its
    own topic names the clock of the input that caused it.
    """
    position = clock = None
    for name, value in record.headers:
        if name == POSITION_HEADER:
            position = value
        elif name == CLOCK_HEADER:
            clock = int(value)
    if position is None:
        return None
    lane, offset, step, index = position.decode().rsplit("/", 3)
    mark = (int(offset), int(step), int(index))
    if clock is not None:
        return Upstream(lane, clock, mark, moves=False)
    return Upstream(lane, int(lane.rpartition("/")[2]), mark)


def timer_member(timer: Timer, clock: int) -> str:
    """A timer as a member of the sorted set (its due time is the score too)."""
    return _encode_timer((timer.entity, timer.kind, timer.number, clock, timer.due_ms)).decode()


def timer_from(member: str | bytes) -> tuple[Timer, int]:
    """The timer and its clock."""
    entity, kind, number, clock, due_ms = _decode_timer.decode(member)
    return Timer(due_ms, entity, kind, number), clock


class Unreadable(msgspec.Struct, frozen=True):
    """What stands for a record on which the fold's `prepare` fails: it fails in its turn."""

    error: Exception


Prepared = tuple[Record, Any, Upstream | None]
"""A record, what the fold's `prepare` made of it (or `Unreadable`), and where it came from."""


class Driver:
    """One fold on one partition. Also the `View` that the fold sees."""

    def __init__(self, fold: Fold, keyspace: str, topic: str, partition: int) -> None:
        self.fold = fold
        self.partition = partition
        self._prefix = f"{keyspace}/{topic}/{partition}"
        self.at = Position(0)
        self.states: dict[str, Any] = {}
        """Decoded states in memory, None for "known not to exist"; newest use last."""
        self.timers = TimerBook()
        self.clocks: dict[int, int] = {}
        self.marks: dict[str, tuple[int, int, int]] = {}
        self.skip: set[Position] = set()
        """Set aside as poison: the record or timer that is next at such a position is passed over,
        now and in replays.
        """
        self._relayed = fold.input_topic != "webhooks"
        self.hold_below = 0
        """Effects of inputs below this offset were published before; a rebuild keeps silent."""
        self._dirty: set[str] = set()
        self._undo: dict[str, Any] = {}
        self._asked: list[Effect | Timer | tuple[str, str, int]] = []
        self._batch = Batch(self.at, self.at)
        self._panes: dict[tuple[int, int], OpenPanes] = {}
        self._now_ms = 0
        self._clock = 0
        self._index = 0
        self._done: dict[type, Callable[[Any], None]] = {
            Timer: self._arm,
            tuple: self._clear,
            Publish: self._publish,
            PaneDelta: self._pane,
            LiveDelta: self._live,
            Waiting: self._waiting,
            Ledger: self._ledger,
            Recent: self._recent,
            Count: self._count,
            Observe: self._count,
        }

    # What the fold sees -----------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        return self._now_ms

    @property
    def position(self) -> str:
        return f"{self._prefix}/{self.at.offset}/{self.at.step}"

    def get(self, key: str) -> Any:
        try:
            return self.states[key]
        except KeyError:
            raise StateNotLoaded(key) from None

    def put(self, key: str, state: Any) -> None:
        self._undo.setdefault(key, self.states.get(key, _ABSENT))
        self.states[key] = state

    def delete(self, key: str) -> None:
        self.put(key, None)

    def set_timer(self, timer: Timer) -> None:
        self._asked.append(timer)

    def clear_timer(self, entity: str, kind: str, number: int = 0) -> None:
        self._asked.append((entity, kind, number))

    def emit(self, effect: Effect) -> None:
        self._asked.append(effect)

    # What the fold asked for, once it has come through ------------------------------------

    def _come_through(self) -> None:
        """The record or timer is done: what it asked for becomes part of the batch."""
        self._dirty.update(self._undo)
        asked, self._asked, self._undo = self._asked, [], {}
        for request in asked:
            self._done[type(request)](request)

    def _take_back(self) -> None:
        """The fold did not come through: as if it had not been called."""
        for key, state in self._undo.items():
            if state is _ABSENT:
                del self.states[key]
            else:
                self.states[key] = state
        self._asked, self._undo = [], {}

    def _arm(self, timer: Timer) -> None:
        if self.timers.holds(timer, self._clock):
            return
        self._clear((timer.entity, timer.kind, timer.number))
        self.timers.arm(timer, self._clock)
        self._batch.timers[timer_member(timer, self._clock)] = timer.due_ms

    def _clear(self, name: tuple[str, str, int]) -> None:
        clock = self.timers.clock_of(*name)
        if clock is not None:
            timer = self.timers.disarm(*name)
            assert timer is not None
            self._batch.timers[timer_member(timer, clock)] = None

    def _live(self, delta: LiveDelta) -> None:
        live = self._batch.live
        live[delta.cell] = live.get(delta.cell, 0) + delta.amount

    def _waiting(self, waiting: Waiting) -> None:
        self._batch.waiting.setdefault(waiting.name, {})[waiting.member] = waiting.since_ms

    def _ledger(self, line: Ledger) -> None:
        hour = line.at_ms - line.at_ms % _HOUR_MS
        if not self._kept("1h", hour, _HOUR_MS + _LEDGER_KEPT_MS):
            return
        self._batch.ledger.setdefault(hour, {})[line.entry] = line.value

    def _recent(self, recent: Recent) -> None:
        self._batch.recent.setdefault(recent.name, []).append(recent.value)

    def _count(self, count: Count | Observe) -> None:
        self._batch.counts.append(count)

    def _publish(self, publish: Publish) -> None:
        index, self._index = self._index, self._index + 1
        if self.at.offset < self.hold_below:
            return
        if len(publish.value) > MAX_VALUE_BYTES:
            publish = _too_large(publish)
            self._batch.counts.append(Count("dead_letters_total", ("too_large",)))
        if publish.topic == self.fold.input_topic:
            named = (CLOCK_HEADER, str(self._clock).encode())
            publish = msgspec.structs.replace(publish, headers=(*publish.headers, named))
        entry = f"{self.at.offset + 1}-{self.at.step * 100_000 + index}"
        pos = f"{self._prefix}/{self.at.offset}/{self.at.step}/{index}"
        self._batch.outbox.append(Outgoing(entry, pos, self._now_ms, self.at.offset, publish))

    def _pane(self, delta: PaneDelta) -> None:
        key = (self._clock, delta.at_ms // _FINEST_MS)
        until_ms, panes = self._panes.get(key, _NO_PANES)
        if self._now_ms >= until_ms:
            until_ms, panes = self._panes[key] = self._open_panes(delta.at_ms)
        for cells in panes:
            cells[delta.cell] = cells.get(delta.cell, 0) + delta.amount

    def _open_panes(self, at_ms: int) -> OpenPanes:
        """The panes of every size that hold `at_ms` and are still kept, and until when that holds:
        looked up once a batch, not once a delta.
        """
        until_ms, panes = _FOREVER_MS, []
        for size, width_ms, kept_ms in PANES:
            start = at_ms - at_ms % width_ms
            if self._kept(size, start, width_ms + kept_ms):
                panes.append(self._batch.panes.setdefault((size, start), {}))
                until_ms = min(until_ms, start + width_ms + kept_ms)
        return until_ms, panes

    def _kept(self, size: str, start_ms: int, length_ms: int) -> bool:
        """Whether the pane is still kept (a late take-back must not bring it back); if so, a timer
        on this clock sees to its end.  A pane ends when all clocks that touched it have passed.
        """
        due_ms = start_ms + length_ms
        if due_ms <= self._now_ms:
            return False
        self._arm(Timer(due_ms, f"{size}:{start_ms}", EXPIRE, self._clock))
        return True

    def _expire(self, timer: Timer) -> None:
        size, _, start = timer.entity.partition(":")
        if self.timers.any_of(timer.entity, EXPIRE):
            return
        pane = (size, int(start))
        self._batch.panes.pop(pane, None)
        self._batch.expired[pane] = None
        if size == "1h":
            self._batch.ledger.pop(pane[1], None)

    # How records go through -------------------------------------------------------------

    def prepare(self, records: Iterable[Record]) -> list[Prepared]:
        """Decodes records, once."""
        return [(record, self._read(record), upstream_of(record)) for record in records]

    def _read(self, record: Record) -> Any:
        try:
            return self.fold.prepare(record)
        except Exception as error:  # noqa: BLE001 - raised again when it is this record's turn
            return Unreadable(error)

    def wanted(self, prepared: Sequence[Prepared]) -> set[str]:
        """States that this batch will read and that are not in memory."""
        keys: set[str] = set()
        latest: dict[int, int] = {}
        for record, value, upstream in prepared:
            if type(value) is not Unreadable:
                keys.update(self.fold.keys(value))
            clock = self._clock_of(upstream)
            if record.timestamp_ms > latest.get(clock, 0):
                latest[clock] = record.timestamp_ms
        for clock, now_ms in latest.items():
            keys |= self.timers.due_entities(clock, now_ms)
        return {key for key in keys if key not in self.states}  # `-` would walk all the states

    def advance(self, prepared: Sequence[Prepared], limit: int) -> int:
        """Applies records from the position on, timers in between, until `limit` of both are in
        the open batch.

        Returns how many of `prepared` are done. Raises `Gap` when the first is not the one at the
        position, `StateNotLoaded` when a state must be loaded (call again with the rest), and
        whatever the fold raises (the batch must then be thrown away).
        """
        done = 0
        for record, value, upstream in prepared:
            if record.offset < self.at.offset:
                done += 1  # committed before: the batch begins too early and is cut
                continue
            if record.offset > self.at.offset:
                raise Gap(self.at.offset, record.offset)
            clock = self._clock_of(upstream)
            if upstream and upstream.mark <= self.marks.get(upstream.lane, _NO_MARK):
                self._skipped("repeat")
            else:
                now_ms = known_ms = self.clocks.get(clock, 0)
                if not known_ms or (
                    record.timestamp_ms > known_ms and (not upstream or upstream.moves)
                ):
                    now_ms = record.timestamp_ms
                if self.timers.due(clock, now_ms) and not self._sweep(clock, now_ms, limit):
                    return done
                self._apply(record, value, clock, now_ms, upstream)
            done += 1
            if self.full(limit):
                return done
        return done

    def full(self, limit: int) -> bool:
        return self._batch.records + self._batch.fired >= limit

    def _sweep(self, clock: int, now_ms: int, limit: int) -> bool:
        """Fires what is due, in order. False when the batch is full then, or before."""
        while (timer := self.timers.due(clock, now_ms)) is not None:
            if self.full(limit):
                return False
            if timer.kind != EXPIRE and timer.entity not in self.states:
                raise StateNotLoaded(timer.entity)
            self._begin(clock, now_ms)
            self.timers.disarm(timer.entity, timer.kind, timer.number)
            try:
                if timer.kind == EXPIRE:
                    self._expire(timer)
                elif self.skip and self.at in self.skip:
                    self._set_aside(poison_timer(timer))
                else:
                    self.fold.fire(timer, self)
            except BaseException:
                self._take_back()
                self.timers.arm(timer, clock)
                raise
            self._come_through()
            if not self.timers.holds(timer, clock):  # unless the fold armed the very same again
                self._batch.timers[timer_member(timer, clock)] = None
            self.at = Position(self.at.offset, self.at.step + 1)
            self._batch.fired += 1
        return not self.full(limit)

    def _apply(
        self, record: Record, value: Any, clock: int, now_ms: int, upstream: Upstream | None
    ) -> None:
        self._begin(clock, now_ms)
        try:
            if self.skip and self.at in self.skip:
                self._set_aside(poison_letter(record))
            elif type(value) is Unreadable:
                raise value.error  # noqa: TRY301 - it fails in its turn, as apply would
            else:
                self.fold.apply(value, record, self)
        except BaseException:
            self._take_back()
            raise
        self._come_through()
        if upstream is None or upstream.moves:
            self.clocks[clock] = self._batch.clocks[clock] = now_ms
        if upstream:
            self.marks[upstream.lane] = self._batch.marks[upstream.lane] = upstream.mark
        self._batch.records += 1
        self.at = Position(record.offset + 1)

    def _begin(self, clock: int, now_ms: int) -> None:
        self._clock, self._now_ms, self._index = clock, now_ms, 0

    def _clock_of(self, upstream: Upstream | None) -> int:
        """`webhooks` has the broker's own time, one clock; the others keep one per upstream."""
        return upstream.clock if upstream and self._relayed else self.partition

    def _set_aside(self, letter: Publish) -> None:
        self.emit(letter)
        self.emit(Count("dead_letters_total", ("poison",)))
        self._batch.skipped.append("poison")

    def _skipped(self, why: str) -> None:
        self._batch.skipped.append(why)
        self._batch.records += 1
        self.at = Position(self.at.offset + 1)

    def pass_gap(self, offset: int) -> None:
        """The log has a true hole here (compaction, transaction markers): go on after it."""
        self.at = Position(offset)

    def take(self) -> Batch:
        """The open batch, closed: states encoded; a new one is begun."""
        batch = self._batch
        batch.after = self.at
        batch.clocks = dict(self.clocks) if batch.clocks else {}
        batch.marks = dict(self.marks) if batch.marks else {}
        for key in sorted(self._dirty):
            state = self.states[key]
            batch.states[key] = None if state is None else self.fold.encode(key, state)
        self._dirty = set()
        self._batch, self._panes = Batch(self.at, self.at), {}
        return batch

    def empty(self) -> bool:
        """Nothing to commit: not even the position moved."""
        return self._batch.before == self.at

    def learn(self, loaded: Iterable[tuple[str, bytes | None]]) -> None:
        """States that were loaded from the store."""
        for key, raw in loaded:
            if key not in self.states:
                self.states[key] = None if raw is None else self.fold.decode(key, raw)


def poison_letter(record: Record) -> Publish:
    """What becomes of a record on which the fold fails each time."""
    headers = (
        *(header for header in record.headers if header[0] != POSITION_HEADER),
        ("dead-reason", b"poison"),
        ("dead-sentence", b"The fold fails on this record each time; it was set aside."),
        ("dead-topic", record.topic.encode()),
        ("dead-partition", str(record.partition).encode()),
        ("dead-offset", str(record.offset).encode()),
    )
    key = (record.key or b"").decode("utf-8", "replace")
    return Publish("dead-letters", key, record.value or b"", headers)


def poison_timer(timer: Timer) -> Publish:
    """What becomes of a timer on which the fold fails each time."""
    headers = (
        ("dead-reason", b"poison"),
        ("dead-sentence", b"The fold fails on this timer each time; it was set aside."),
    )
    return Publish("dead-letters", timer.entity, _encode_timer(timer), headers)


def _too_large(publish: Publish) -> Publish:
    sentence = f"An effect for {publish.topic} has {len(publish.value)} bytes, too many for Kafka."
    headers = (
        ("dead-reason", b"too_large"),
        ("dead-sentence", sentence.encode()),
        ("dead-topic", publish.topic.encode()),
    )
    return Publish("dead-letters", publish.key, publish.value[:10_000], headers)
