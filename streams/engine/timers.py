"""The timers of one lane, in memory: a heap for each clock.

A clock is an upstream partition: a timer waits for the time of the records that come from there,
so that one busy domain cannot make another's silence look too long.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import msgspec

from streams.fold import Timer

EXPIRE = "expire"
"""The kind of the engine's own timers: each ends a pane (`size:start`) on the clock `number`."""

_SMALL = 1_024
"""A heap not longer than this is left alone."""

TimerKey = tuple[str, str, int]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, str, int, int, int]).decode


def timer_member(timer: Timer, clock: int) -> str:
    """A timer as a member of the sorted set (its due time is the score too)."""
    return _encode((timer.entity, timer.kind, timer.number, clock, timer.due_ms)).decode()


def timer_from(member: str | bytes) -> tuple[Timer, int]:
    """The timer and its clock."""
    entity, kind, number, clock, due_ms = _decode(member)
    return Timer(due_ms, entity, kind, number), clock


class TimerBook:
    """One timer per (entity, kind, number); the order of a sweep is that of `Timer`'s fields."""

    def __init__(self) -> None:
        self._live: dict[TimerKey, tuple[Timer, int]] = {}
        self._heaps: dict[int, list[Timer]] = {}
        self._sizes: dict[int, int] = {}
        """How long each heap may get before what is no longer set is taken out."""

    def __len__(self) -> int:
        return len(self._live)

    def arm(self, timer: Timer, clock: int) -> None:
        self._live[timer.entity, timer.kind, timer.number] = (timer, clock)
        heap = self._heaps.setdefault(clock, [])
        heapq.heappush(heap, timer)
        if len(heap) > self._sizes.get(clock, _SMALL):
            self._swept_out(clock, heap)

    def _swept_out(self, clock: int, heap: list[Timer]) -> None:
        """Timers that were set anew leave their old ones in the heap until those come up, which may
        be a month: when half of it may be such, they go at once.
        """
        once = {timer for timer in heap if self.holds(timer, clock)}
        heap[:] = once
        heapq.heapify(heap)
        self._sizes[clock] = max(_SMALL, 2 * len(heap))

    def clock_of(self, entity: str, kind: str, number: int) -> int | None:
        """The clock that the timer waits for; None when there is none."""
        found = self._live.get((entity, kind, number))
        return found[1] if found else None

    def any_of(self, entity: str, kind: str) -> bool:
        """Whether a timer numbered by its clock is set on any clock."""
        return any((entity, kind, clock) in self._live for clock in self._heaps)

    def holds(self, timer: Timer, clock: int) -> bool:
        return self._live.get((timer.entity, timer.kind, timer.number)) == (timer, clock)

    def disarm(self, entity: str, kind: str, number: int) -> Timer | None:
        """What was set, or None. The heap forgets it when it comes up."""
        found = self._live.pop((entity, kind, number), None)
        return found[0] if found else None

    def due(self, clock: int, now_ms: int) -> Timer | None:
        """The next timer to fire, without taking it out."""
        heap = self._heaps.get(clock, [])
        while heap and heap[0].due_ms <= now_ms:
            timer = heap[0]
            if self.holds(timer, clock):
                return timer
            heapq.heappop(heap)
        return None

    def due_entities(self, clock: int, now_ms: int) -> set[str]:
        """Entities of all timers due: their states can be loaded in one call."""
        due = _due_in(self._heaps.get(clock, []), now_ms)
        return {timer.entity for timer in due if timer.kind != EXPIRE}

    def overdue(self, wall_ms: int) -> set[int]:
        """Clocks that have a timer due by the wall clock: candidates for a tick."""
        return {clock for clock in self._heaps if self.due(clock, wall_ms) is not None}

    def count_due(self, wall_ms: int) -> int:
        """By the wall clock, on whatever clock of the log."""
        return len(
            {
                (timer, clock)
                for clock, heap in self._heaps.items()
                for timer in _due_in(heap, wall_ms)
                if self.holds(timer, clock)
            }
        )


def _due_in(heap: list[Timer], now_ms: int) -> Iterator[Timer]:
    """In no order, and only those are looked at: below a timer that is not due none is."""
    at = [0]
    while at:
        number = at.pop()
        if number < len(heap) and heap[number].due_ms <= now_ms:
            yield heap[number]
            at += (2 * number + 1, 2 * number + 2)
