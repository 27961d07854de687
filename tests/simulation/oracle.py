"""The oracle: each fold once over its log, record by record, as plainly as it can be said.

It shares nothing with the engine but the folds and the names of effects: no batches, no cache, no
heap of timers.  What a lane must hold and must have published in the end is what stands here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from streams.fold import (
    POSITION_HEADER,
    Fold,
    Ledger,
    LiveDelta,
    PaneDelta,
    Publish,
    Recent,
    Record,
    Timer,
    Waiting,
)

SIZES = {"10s": (10_000, 7_200_000), "5m": (300_000, 259_200_000), "1h": (3_600_000, 3_456_000_000)}
"""Width and time kept (ms) of each size of pane, as docs/kpis.md states them."""

CLOCK = "filrouge-clock"


class Effect(msgspec.Struct, frozen=True):
    """A record that must be published."""

    pos: str
    publish: Publish
    timestamp_ms: int


class Oracle:
    """One lane. Also the view that its fold sees."""

    def __init__(self, fold: Fold, keyspace: str, partition: int) -> None:
        self.fold = fold
        self.partition = partition
        self._lane = f"{keyspace}/{fold.input_topic}/{partition}"
        self.states: dict[str, Any] = {}
        self.timers: dict[tuple[str, str, int], tuple[Timer, int]] = {}
        self.clocks: dict[int, int] = {}
        self.marks: dict[str, tuple[int, ...]] = {}
        self.panes: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.live: dict[str, int] = defaultdict(int)
        self.waiting: dict[str, dict[str, int]] = defaultdict(dict)
        self.ledger: dict[int, dict[str, bytes]] = defaultdict(dict)
        self.recent: dict[str, list[bytes]] = defaultdict(list)
        self.effects: list[Effect] = []
        self.offset = self.step = 0
        self.now_ms = self._clock = 0
        self._seen: set[tuple[str, tuple[int, ...]]] = set()
        self._asked: list[Any] = []
        self._changed: dict[str, Any] = {}

    # Over the log -------------------------------------------------------------------------

    def over(self, records: Sequence[Record]) -> Oracle:
        for record in records:
            self.offset, self.step = record.offset, 0
            self._record(record)
            self.offset, self.step = record.offset + 1, 0
        return self

    def _record(self, record: Record) -> None:
        headers = dict(record.headers)
        clock, moves = self.partition, True
        if (pos := headers.get(POSITION_HEADER)) is not None:
            *lane, offset, step, index = pos.decode().split("/")
            upstream, mark = "/".join(lane), (int(offset), int(step), int(index))
            if (upstream, mark) in self._seen:
                return  # the relay's repeat
            self._seen.add((upstream, mark))
            self.marks[upstream] = max(mark, self.marks.get(upstream, mark))
            if record.topic != "webhooks":
                moves = CLOCK not in headers
                clock = int(headers.get(CLOCK, lane[-1].encode()))
        now_ms = max(self.clocks.get(clock, 0), record.timestamp_ms)
        if not moves:
            now_ms = self.clocks.get(clock) or record.timestamp_ms
        self._silence(clock, now_ms)
        self._clock, self.now_ms = clock, now_ms
        self._try(lambda: self.fold.apply(self.fold.prepare(record), record, self), record)
        if moves:
            self.clocks[clock] = now_ms

    def _silence(self, clock: int, now_ms: int) -> None:
        """Timers that are due, the earliest first, those that they set included."""
        while due := [t for t, c in self.timers.values() if c == clock and t.due_ms <= now_ms]:
            timer = min(due)
            del self.timers[timer.entity, timer.kind, timer.number]
            self._clock, self.now_ms = clock, now_ms
            if timer.kind == "expire":
                self._expire(timer)
            else:
                self._try(lambda timer=timer: self.fold.fire(timer, self), timer)
            self.step += 1

    def _try(self, call: Any, what: Record | Timer) -> None:
        self._asked, self._changed = [], {}
        try:
            call()
        except Exception:
            self._asked, self._changed = [_letter(what)], {}
        self.states |= self._changed
        asked, self._asked, index = self._asked, [], 0
        for effect in asked:
            if isinstance(effect, Publish):
                self._publish(effect, index)
                index += 1
            else:
                self._do(effect)

    # Effects ------------------------------------------------------------------------------

    def _publish(self, publish: Publish, index: int) -> None:
        if publish.topic == self.fold.input_topic:
            named = (CLOCK, str(self._clock).encode())
            publish = msgspec.structs.replace(publish, headers=(*publish.headers, named))
        pos = f"{self._lane}/{self.offset}/{self.step}/{index}"
        self.effects.append(Effect(pos, publish, self.now_ms))

    def _do(self, effect: Any) -> None:
        match effect:
            case Timer():
                name = (effect.entity, effect.kind, effect.number)
                self.timers[name] = (effect, self._clock)
            case (entity, kind, number):
                self.timers.pop((entity, kind, number), None)
            case PaneDelta():
                for size, (width_ms, kept_ms) in SIZES.items():
                    start = effect.at_ms // width_ms * width_ms
                    if self._keep(size, start, width_ms + kept_ms):
                        self.panes[size, start][effect.cell] += effect.amount
            case Ledger():
                hour = effect.at_ms // 3_600_000 * 3_600_000
                if self._keep("1h", hour, sum(SIZES["1h"])):
                    _put(self.ledger[hour], effect.entry, effect.value)
            case LiveDelta():
                self.live[effect.cell] += effect.amount
            case Waiting():
                _put(self.waiting[effect.name], effect.member, effect.since_ms)
            case Recent():
                self.recent[effect.name] = [effect.value, *self.recent[effect.name]][:100]

    def _keep(self, size: str, start: int, length_ms: int) -> bool:
        if start + length_ms <= self.now_ms:
            return False
        self._do(Timer(start + length_ms, f"{size}:{start}", "expire", self._clock))
        return True

    def _expire(self, timer: Timer) -> None:
        if any(name[:2] == (timer.entity, "expire") for name in self.timers):
            return  # another clock still needs it
        size, _, start = timer.entity.partition(":")
        self.panes.pop((size, int(start)), None)
        if size == "1h":
            self.ledger.pop(int(start), None)

    # What the fold sees -------------------------------------------------------------------

    @property
    def position(self) -> str:
        return f"{self._lane}/{self.offset}/{self.step}"

    def get(self, key: str) -> Any:
        return self._changed[key] if key in self._changed else self.states.get(key)

    def put(self, key: str, state: Any) -> None:
        self._changed[key] = state

    def delete(self, key: str) -> None:
        self._changed[key] = None

    def set_timer(self, timer: Timer) -> None:
        self._asked.append(timer)

    def clear_timer(self, entity: str, kind: str, number: int = 0) -> None:
        self._asked.append((entity, kind, number))

    def emit(self, effect: Any) -> None:
        self._asked.append(effect)


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        into.pop(key, None)
    else:
        into[key] = value


def _letter(what: Record | Timer) -> Publish:
    """What is set aside goes to the dead letters; its wording is the engine's own."""
    from streams.engine.dead_letters import poison_letter, poison_timer

    return poison_letter(what) if isinstance(what, Record) else poison_timer(what)
