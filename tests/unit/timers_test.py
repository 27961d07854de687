"""Timers in memory: in order, each once, and no more than are set."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.timers import TimerBook
from streams.fold import Timer

_steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.none() | st.integers(1, 50)),
    max_size=60,
)


@given(_steps)
def test_what_is_set_last_fires_once_and_in_order(steps: list[tuple[str, int, int | None]]) -> None:
    book = TimerBook()
    due: dict[tuple[str, int], int] = {}
    for entity, number, due_ms in steps:
        book.disarm(entity, "look", number)
        due.pop((entity, number), None)
        if due_ms is not None:
            book.arm(Timer(due_ms, entity, "look", number), 0)
            due[entity, number] = due_ms
    fired = []
    while (timer := book.due(0, 100)) is not None:
        book.disarm(timer.entity, timer.kind, timer.number)
        fired.append(timer)
    assert fired == sorted(Timer(ms, e, "look", n) for (e, n), ms in due.items())


def test_deadlines_that_are_moved_all_the_time_need_no_memory() -> None:
    book = TimerBook()
    for entity in range(500):
        for moved in range(200):
            book.disarm(str(entity), "look", 0)
            book.arm(Timer(1_000_000 + moved, str(entity), "look"), 0)
    assert len(book) == 500
    assert sum(sys.getsizeof(heap) for heap in book._heaps.values()) < 30_000


_moves = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 2),
        st.integers(0, 3),
        st.integers(0, 60) | st.none(),
    ),
    max_size=60,
)
"""Entity, clock, number, and when it is due (ms); None clears it."""


@given(_moves, st.integers(0, 60))
def test_what_is_due_is_counted_as_if_all_were_looked_at(
    moved: list[tuple[str, int, int, int | None]], wall_ms: int
) -> None:
    book = TimerBook()
    live: dict[tuple[str, int], int] = {}
    for entity, clock, number, due_ms in moved:
        book.disarm(entity, "look", number)
        live.pop((entity, number), None)
        if due_ms is not None:
            book.arm(Timer(due_ms, entity, "look", number), clock)
            live[entity, number] = due_ms
    assert book.count_due(wall_ms) == sum(due_ms <= wall_ms for due_ms in live.values())
