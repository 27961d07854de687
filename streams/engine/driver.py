"""Drives a fold over records, purely: no I/O, no wall clock, nothing awaited.

The live lane, `backtest` and the property tests all run this same code.  `Driver` holds what the
fold may see (states, timers, clocks) and collects what it asks for into a `Batch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from streams.engine.batch import Batch, Position
from streams.engine.dead_letters import poison_letter, poison_timer
from streams.engine.open_batch import OpenBatch, Request
from streams.engine.timers import EXPIRE, TimerBook
from streams.engine.upstream import Upstream, upstream_of
from streams.fold import Count, Effect, Fold, Publish, Record, StateNotLoaded, Timer

_ABSENT: Any = object()
_NO_MARK = (-1, 0, 0)


class Gap(Exception):  # noqa: N818 - a request to the lane, not an error
    """The batch begins after the position: records between are missing."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


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
        self.open = OpenBatch(fold.input_topic, self._prefix, self.timers)
        self._relayed = fold.input_topic != "webhooks"
        self._dirty: set[str] = set()
        self._undo: dict[str, Any] = {}
        self._asked: list[Request] = []
        self._now_ms = 0
        self._clock = 0

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
        self.open.add(self._asked, self.at, self._clock, self._now_ms)
        self._asked, self._undo = [], {}

    def _take_back(self) -> None:
        """The fold did not come through: as if it had not been called."""
        for key, state in self._undo.items():
            if state is _ABSENT:
                del self.states[key]
            else:
                self.states[key] = state
        self._asked, self._undo = [], {}

    # How records go through -------------------------------------------------------------

    def prepare(self, records: Iterable[Record]) -> list[Prepared]:
        """Decodes records, once."""
        read, prepared = self.fold.prepare, []
        for record in records:
            try:
                value = read(record)
            except Exception as error:  # noqa: BLE001 - raised again when it is this record's turn
                value = Unreadable(error)
            prepared.append((record, value, upstream_of(record) if record.headers else None))
        return prepared

    def wanted(self, prepared: Sequence[Prepared]) -> set[str]:
        """States that this batch will read and that are not in memory."""
        read, known = self.fold.keys, self.states
        missing: set[str] = set()
        latest: dict[int, int] = {}
        for record, value, upstream in prepared:
            if type(value) is not Unreadable:
                for key in read(value):
                    if key not in known:
                        missing.add(key)
            clock = self._clock_of(upstream) if upstream else self.partition
            if record.timestamp_ms > latest.get(clock, 0):
                latest[clock] = record.timestamp_ms
        for clock, now_ms in latest.items():
            due = self.timers.due_entities(clock, now_ms)
            missing.update(key for key in due if key not in known)
        return missing

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
            clock = self._clock_of(upstream) if upstream else self.partition
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
            if self.open.full(limit):
                return done
        return done

    def _sweep(self, clock: int, now_ms: int, limit: int) -> bool:
        """Fires what is due, in order. False when the batch is full then, or before."""
        while (timer := self.timers.due(clock, now_ms)) is not None:
            if self.open.full(limit):
                return False
            if timer.kind != EXPIRE and timer.entity not in self.states:
                raise StateNotLoaded(timer.entity)
            self._clock, self._now_ms = clock, now_ms
            self.timers.disarm(timer.entity, timer.kind, timer.number)
            try:
                if timer.kind == EXPIRE:
                    self.open.expire(timer)
                elif self.skip and self.at in self.skip:
                    self._set_aside(poison_timer(timer))
                else:
                    self.fold.fire(timer, self)
            except BaseException:
                self._take_back()
                self.timers.arm(timer, clock)
                raise
            self._come_through()
            self.open.fired(timer, clock)
            self.at = Position(self.at.offset, self.at.step + 1)
        return not self.open.full(limit)

    def _apply(
        self, record: Record, value: Any, clock: int, now_ms: int, upstream: Upstream | None
    ) -> None:
        self._clock, self._now_ms = clock, now_ms
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
            self.clocks[clock] = self.open.batch.clocks[clock] = now_ms
        if upstream:
            self.marks[upstream.lane] = self.open.batch.marks[upstream.lane] = upstream.mark
        self.open.batch.records += 1
        self.at = Position(record.offset + 1)

    def _clock_of(self, upstream: Upstream) -> int:
        """`webhooks` has the broker's own time, one clock; the others keep one per upstream."""
        return upstream.clock if self._relayed else self.partition

    def _set_aside(self, letter: Publish) -> None:
        self.emit(letter)
        self.emit(Count("dead_letters_total", ("poison",)))
        self.open.batch.skipped.append("poison")

    def _skipped(self, why: str) -> None:
        self.open.batch.skipped.append(why)
        self.open.batch.records += 1
        self.at = Position(self.at.offset + 1)

    def pass_gap(self, offset: int) -> None:
        """The log has a true hole here (compaction, transaction markers): go on after it."""
        self.at = Position(offset)

    def take(self) -> Batch:
        """The open batch, closed: states encoded; a new one is begun."""
        batch = self.open.close(self.at)
        batch.clocks = dict(self.clocks) if batch.clocks else {}
        batch.marks = dict(self.marks) if batch.marks else {}
        for key in sorted(self._dirty):
            state = self.states[key]
            batch.states[key] = None if state is None else self.fold.encode(key, state)
        self._dirty = set()
        return batch

    def empty(self) -> bool:
        """Nothing to commit: not even the position moved."""
        return self.open.batch.before == self.at

    def learn(self, loaded: Iterable[tuple[str, bytes | None]]) -> None:
        """States that were loaded from the store."""
        for key, raw in loaded:
            if key not in self.states:
                self.states[key] = None if raw is None else self.fold.decode(key, raw)
