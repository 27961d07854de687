"""The store in memory: for `backtest`, tests and the reading of them. Same contract as Redis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from streams.engine.batch import Batch, Outgoing, Position
from streams.engine.store import (
    Claimed,
    ClaimRefusedError,
    FencedError,
    OutOfDateError,
    Pins,
    StaleError,
    Store,
    SupersededError,
)

K = TypeVar("K")
V = TypeVar("V")


class MemoryStore(Store):
    """One lane's home in plain dicts. `now_ms` may be moved by a test."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.epoch = 0
        self.position: Position | None = None
        self.states: dict[str, bytes] = {}
        self.timers: dict[str, int] = {}
        self.panes: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
        self.live: dict[str, int] = {}
        self.waiting: dict[str, dict[str, int]] = defaultdict(dict)
        self.ledger: dict[int, dict[str, bytes]] = defaultdict(dict)
        self.recent: dict[str, list[bytes]] = defaultdict(list)
        self.outbox: list[Outgoing] = []
        self._pins: Pins | None = None
        self._owner = ""
        self._born_ms = 0
        self._generation = 0
        self._claimed_ms = 0
        self._claims = 0
        self._claimed_at: object = None
        self._clocks: dict[int, int] = {}
        self._marks: dict[str, tuple[int, int, int]] = {}
        self._skip: set[Position] = set()
        self._hold = 0

    async def claim(
        self, pins: Pins, owner: str, generation: int, session_ms: int, born_ms: int = 0
    ) -> Claimed:
        if self._pins is not None and self._pins != pins:
            raise ClaimRefusedError(f"The state belongs to {self._pins}, this worker has {pins}.")
        young = self.now_ms - self._claimed_ms < 3 * session_ms
        if owner == self._owner and born_ms < self._born_ms and young:
            raise SupersededError(owner)
        if owner != self._owner and generation < self._generation and young:
            raise OutOfDateError(f"Worker {self._owner} claimed it in a later generation.")
        again = self.epoch > 0 and self._claimed_at == self.position
        self._claims = self._claims + 1 if again else 1
        self._claimed_at = self.position
        self.epoch += 1
        self._pins, self._owner, self._generation = pins, owner, generation
        self._claimed_ms, self._born_ms = self.now_ms, born_ms
        return self.read(self.epoch, self._claims)

    def read(self, epoch: int, claims: int) -> Claimed:
        """What a claim reads, once the epoch is its own."""
        return Claimed(
            epoch=epoch,
            position=self.position,
            clocks=dict(self._clocks),
            marks=dict(self._marks),
            timers=[member.encode() for member in self.timers],
            outbox=list(self.outbox),
            skip=set(self._skip),
            hold_below=self._hold,
            claims=claims,
        )

    async def load(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.states.get(key) for key in keys]

    async def commit(self, epoch: int, batch: Batch, trim_to: str | None) -> None:
        self._owned(epoch)
        if self.position != batch.before:
            raise StaleError("the store holds another position than this commit continues")
        _merge(self.states, batch.states)
        _merge(self.timers, batch.timers)
        for pane in batch.expired:
            self.panes.pop(pane, None)
            if pane[0] == "1h":
                self.ledger.pop(pane[1], None)
        for pane, cells in batch.panes.items():
            _add(self.panes[pane], cells)
        _add(self.live, batch.live)
        for name, members in batch.waiting.items():
            _merge(self.waiting[name], members)
        for hour, entries in batch.ledger.items():
            _merge(self.ledger[hour], entries)
        for name, lines in batch.recent.items():
            self.recent[name] = [*reversed(lines), *self.recent[name]][:100]
        if trim_to is not None:
            last = _order(trim_to)
            self.outbox = [entry for entry in self.outbox if _order(entry.entry) > last]
        self.outbox += batch.outbox
        self._clocks = batch.clocks or self._clocks
        self._marks = batch.marks or self._marks
        self.position = batch.after

    async def begin(self, epoch: int, offset: int, hold_below: int = 0) -> None:
        self._owned(epoch)
        self.position, self._hold = Position(offset), hold_below

    async def set_aside(self, epoch: int, position: Position) -> None:
        self._owned(epoch)
        self._skip.add(position)

    def _owned(self, epoch: int) -> None:
        if epoch != self.epoch:
            if self.epoch < epoch:
                raise StaleError("the store has lost this claim")
            raise FencedError(self._owner, self._born_ms)


def _merge(into: dict[K, V], changes: Mapping[K, V | None]) -> None:
    for key, value in changes.items():
        if value is None:
            into.pop(key, None)
        else:
            into[key] = value


def _add(into: dict[str, int], amounts: dict[str, int]) -> None:
    for cell, amount in amounts.items():
        total = into.get(cell, 0) + amount
        if total:
            into[cell] = total
        else:
            into.pop(cell, None)


def _order(entry: str) -> tuple[int, int]:
    first, second = entry.split("-")
    return int(first), int(second)
