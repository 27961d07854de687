"""The driver's own promises: panes that end, poison that is set aside, clocks that are not pushed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from streams.engine.batch import Position
from streams.engine.driver import Driver, Unreadable
from streams.engine.upstream import CLOCK_HEADER
from streams.fold import POSITION_HEADER, Fold, Ledger, PaneDelta, Publish, Record, Timer, View

HOUR = 3_600_000
START = 1_790_000_000_000 // HOUR * HOUR


class Toy(Fold):
    """Every record counts, sets a timer 100 ms on, and publishes; `bad` timers raise."""

    name, version, input_topic = "toy", "1", "events"
    broken = False

    def prepare(self, record: Record) -> Any:
        return (record.value or b"").decode()

    def keys(self, prepared: Any) -> Iterable[str]:
        return ()

    def apply(self, prepared: Any, record: Record, view: View) -> None:
        view.emit(PaneDelta("n", view.now_ms, 1))
        view.emit(Ledger(view.now_ms, prepared, b"1"))
        view.emit(Publish("journeys", "k", str(view.now_ms).encode()))
        if prepared == "timer":
            view.set_timer(Timer(view.now_ms + 100, "x", "t"))

    def fire(self, timer: Timer, view: View) -> None:
        if self.broken:
            raise ValueError("a bug")

    def encode(self, key: str, state: Any) -> bytes:
        return b""

    def decode(self, key: str, raw: bytes) -> Any:
        return None


def record(
    offset: int, at_ms: int, upstream: str = "webhooks/0", clock: int | None = None
) -> Record:
    headers = [(POSITION_HEADER, f"main/{upstream}/{offset}/0/0".encode())]
    if clock is not None:
        headers.append((CLOCK_HEADER, str(clock).encode()))
    return Record("events", 0, offset, at_ms, b"", b"timer", tuple(headers))


@pytest.fixture
def driver() -> Driver:
    made = Driver(Toy(), "main", "events", 0)
    made.states["x"] = None
    return made


def go(driver: Driver, *records: Record) -> Any:
    driver.advance(driver.prepare(records), 1 << 30)
    return driver.take()


def test_a_pane_ends_by_a_timer_of_the_fold_when_its_time_is_over(driver: Driver) -> None:
    first = go(driver, record(0, START))
    assert set(first.panes) == {("10s", START), ("5m", START // 300_000 * 300_000), ("1h", START)}
    later = go(driver, record(1, START + 3 * HOUR))
    assert list(later.expired) == [("10s", START)]
    much_later = go(driver, record(2, START + 41 * 24 * HOUR))
    assert ("1h", START) in much_later.expired
    assert not any(timer.kind == "expire" and timer.due_ms < START + 41 * 24 * HOUR
                   for timer, _ in driver.timers._live.values())  # fmt: skip


def test_a_pane_that_two_clocks_touched_ends_when_both_have_passed(driver: Driver) -> None:
    go(driver, record(0, START), record(1, START, "webhooks/1"))
    assert not go(driver, record(2, START + 3 * HOUR)).expired
    assert ("10s", START) in go(driver, record(3, START + 3 * HOUR, "webhooks/1")).expired


def test_a_timer_on_which_the_fold_fails_is_set_aside_by_its_position(driver: Driver) -> None:
    driver.fold.broken = True  # type: ignore[attr-defined]
    go(driver, record(0, START))
    with pytest.raises(ValueError, match="a bug"):
        go(driver, record(1, START + 200))
    assert driver.at == Position(1, 0)
    driver.skip = {Position(1, 0)}
    found = go(driver, record(1, START + 200))
    [letter] = [o.publish for o in found.outbox if o.publish.topic == "dead-letters"]
    assert dict(letter.headers)["dead-reason"] == b"poison"
    assert found.after == Position(2)
    assert any(o.publish.topic == "journeys" for o in found.outbox)  # the record itself is folded


def test_a_record_that_cannot_be_prepared_fails_in_its_turn(driver: Driver) -> None:
    good, bad = record(0, START), record(1, START)
    prepared = [(good, "x", None), (bad, Unreadable(ValueError("no")), None)]
    with pytest.raises(ValueError, match="no"):
        driver.advance(prepared, 10)
    assert driver.at == Position(1)


def test_what_comes_by_another_way_is_applied_on_its_clock_and_does_not_move_it(
    driver: Driver,
) -> None:
    go(driver, record(0, START))
    moved = go(driver, record(1, START + 500, "events/2", clock=0))
    assert driver.clocks == {0: START}
    assert [o.publish.value for o in moved.outbox] == [str(START).encode()]
    assert not moved.fired
