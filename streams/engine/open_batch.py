"""A batch in the making: what a fold asks for becomes what one commit changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from streams.engine.batch import Batch, Outgoing, Position
from streams.engine.dead_letters import MAX_VALUE_BYTES, too_large
from streams.engine.keys import PANES
from streams.engine.timers import EXPIRE, TimerBook, timer_member
from streams.engine.upstream import CLOCK_HEADER
from streams.fold import (
    Count,
    Effect,
    Ledger,
    LiveDelta,
    Observe,
    PaneDelta,
    Publish,
    Recent,
    Timer,
    Waiting,
)

_HOUR_MS = 3_600_000
_LEDGER_KEPT_MS = next(kept_ms for size, _, kept_ms in PANES if size == "1h")
_FINEST_MS = min(width_ms for _, width_ms, _ in PANES)
_FOREVER_MS = 1 << 62
OpenPanes = tuple[int, list[dict[str, int]]]
_NO_PANES: OpenPanes = (0, [])

Request = Effect | Timer | tuple[str, str, int]
"""What a fold asks for; a tuple (entity, kind, number) clears a timer."""


class OpenBatch:
    """See the module. `timers` is the lane's book: it is changed at once, not by the commit."""

    def __init__(self, input_topic: str, prefix: str, timers: TimerBook) -> None:
        """`prefix` is `keyspace/topic/partition`, the begin of every effect's id."""
        self.batch = Batch(Position(0), Position(0))
        self.hold_below = 0
        """Effects of inputs below this offset were published before; a rebuild keeps silent."""
        self._input_topic = input_topic
        self._prefix = prefix
        self._timers = timers
        self._panes: dict[tuple[int, int], OpenPanes] = {}
        self._at = Position(0)
        self._clock = 0
        self._now_ms = 0
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

    def add(self, asked: Iterable[Request], at: Position, clock: int, now_ms: int) -> None:
        """What one record or timer, applied at `at`, asked for."""
        self._at, self._clock, self._now_ms, self._index = at, clock, now_ms, 0
        for request in asked:
            self._done[type(request)](request)

    def full(self, limit: int) -> bool:
        return self.batch.records + self.batch.fired >= limit

    def close(self, after: Position) -> Batch:
        """The batch up to `after`; the next one is open."""
        batch, self.batch, self._panes = self.batch, Batch(after, after), {}
        batch.after = after
        return batch

    def _arm(self, timer: Timer) -> None:
        if self._timers.holds(timer, self._clock):
            return
        self._clear((timer.entity, timer.kind, timer.number))
        self._timers.arm(timer, self._clock)
        self.batch.timers[timer_member(timer, self._clock)] = timer.due_ms

    def _clear(self, name: tuple[str, str, int]) -> None:
        clock = self._timers.clock_of(*name)
        if clock is not None:
            timer = self._timers.disarm(*name)
            assert timer is not None
            self.batch.timers[timer_member(timer, clock)] = None

    def _live(self, delta: LiveDelta) -> None:
        live = self.batch.live
        live[delta.cell] = live.get(delta.cell, 0) + delta.amount

    def _waiting(self, waiting: Waiting) -> None:
        self.batch.waiting.setdefault(waiting.name, {})[waiting.member] = waiting.since_ms

    def _ledger(self, line: Ledger) -> None:
        hour = line.at_ms - line.at_ms % _HOUR_MS
        if not self._kept("1h", hour, _HOUR_MS + _LEDGER_KEPT_MS):
            return
        self.batch.ledger.setdefault(hour, {})[line.entry] = line.value

    def _recent(self, recent: Recent) -> None:
        self.batch.recent.setdefault(recent.name, []).append(recent.value)

    def _count(self, count: Count | Observe) -> None:
        self.batch.counts.append(count)

    def _publish(self, publish: Publish) -> None:
        index, self._index = self._index, self._index + 1
        if self._at.offset < self.hold_below:
            return
        if len(publish.value) > MAX_VALUE_BYTES:
            publish = too_large(publish)
            self.batch.counts.append(Count("dead_letters_total", ("too_large",)))
        if publish.topic == self._input_topic:
            named = (CLOCK_HEADER, str(self._clock).encode())
            publish = msgspec.structs.replace(publish, headers=(*publish.headers, named))
        entry = f"{self._at.offset + 1}-{self._at.step * 100_000 + index}"
        pos = f"{self._prefix}/{self._at.offset}/{self._at.step}/{index}"
        self.batch.outbox.append(Outgoing(entry, pos, self._now_ms, self._at.offset, publish))

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
                panes.append(self.batch.panes.setdefault((size, start), {}))
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

    def fired(self, timer: Timer, clock: int) -> None:
        """The timer goes, unless the fold armed the very same again."""
        if not self._timers.holds(timer, clock):
            self.batch.timers[timer_member(timer, clock)] = None
        self.batch.fired += 1

    def expire(self, timer: Timer) -> None:
        """The end of a pane, once no clock keeps it any more."""
        size, _, start = timer.entity.partition(":")
        if self._timers.any_of(timer.entity, EXPIRE):
            return
        pane = (size, int(start))
        self.batch.panes.pop(pane, None)
        self.batch.expired[pane] = None
        if size == "1h":
            self.batch.ledger.pop(pane[1], None)
