"""What a fold is: `(states, record, clock) → (states, effects)`, synchronous and pure.

A fold reads and writes the states of its partition through a `View`, and asks for everything
else by effects.  The engine (or `backtest`, without servers) calls it record by record in the
order of the log, timers in between, and commits a batch of them at once.

One rule makes a retry safe: a fold never changes a state in place, it puts a new one.  `View.get`
raises `StateNotLoaded` for a state that is not in memory; what the fold asked for until then is
taken back, the state is loaded, and the fold is called again from the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol

import msgspec

TopicRole = Literal["webhooks", "events", "journeys", "context", "notifications", "dead-letters"]
"""Topics by role; their names are settings."""

POSITION_HEADER = "filrouge-pos"
"""Every record that a relay publishes says in this header which effect of which log it is:
`keyspace/topic/partition/offset/step/index`."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record of the input topic. `timestamp_ms` is the broker's time (or the input's)."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Timer(msgspec.Struct, frozen=True, order=True, gc=False):
    """The order of the fields is the order of a sweep. One timer per (entity, kind, number)."""

    due_ms: int
    entity: str
    kind: str
    number: int = 0


class Publish(msgspec.Struct, frozen=True, gc=False):
    """A record for another topic, by the outbox. The partition follows from `key` (murmur2, as
    Kafka's own clients do it) unless `partition` names one.
    """

    topic: TopicRole
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


class PaneDelta(msgspec.Struct, frozen=True, gc=False):
    """Add `amount` to `cell` in the pane of every size that holds `at_ms`."""

    cell: str
    at_ms: int
    amount: int


class LiveDelta(msgspec.Struct, frozen=True, gc=False):
    """Add `amount` to the live gauge `cell`."""

    cell: str
    amount: int


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """`member` has been in the live list `name` since `since_ms`; None takes it out."""

    name: str
    member: str
    since_ms: int | None


class Ledger(msgspec.Struct, frozen=True, gc=False):
    """What opens a figure: in the hour of `at_ms`, `entry` (a fact's subject) contributed
    `value`; None takes the entry out.
    """

    at_ms: int
    entry: str
    value: bytes | None


class Recent(msgspec.Struct, frozen=True, gc=False):
    """A line for the console's short list `name`; the newest 100 are kept."""

    name: str
    value: bytes


class Count(msgspec.Struct, frozen=True, gc=False):
    """Raise the Prometheus counter `metric` of `streams.metrics` once the batch is committed."""

    metric: str
    labels: tuple[str, ...] = ()
    amount: int = 1


class Observe(msgspec.Struct, frozen=True, gc=False):
    """Put `value` into the histogram `metric` of `streams.metrics` once the batch is committed."""

    metric: str
    value: float
    labels: tuple[str, ...] = ()


Effect = Publish | PaneDelta | LiveDelta | Waiting | Ledger | Recent | Count | Observe


class StateNotLoaded(Exception):  # noqa: N818 - a request, not an error
    """The fold needs these states; load them and call again."""

    def __init__(self, *keys: str) -> None:
        super().__init__(*keys)
        self.keys = keys


class View(Protocol):
    """What a fold sees and may do while one record or timer is applied."""

    @property
    def now_ms(self) -> int:
        """The clock of the log: that of the record's upstream partition, this record included;
        while a timer fires, the time that made it fire.
        """

    @property
    def position(self) -> str:
        """`keyspace/topic/partition/offset/step` of what is being applied."""

    def get(self, key: str) -> Any:
        """The decoded state, or None. Raises `StateNotLoaded` when it is not in memory."""

    def put(self, key: str, state: Any) -> None: ...

    def delete(self, key: str) -> None: ...

    def set_timer(self, timer: Timer) -> None:
        """Replaces the timer of the same (entity, kind, number). It fires before the first
        record of its clock whose time is `due_ms` or later.
        """

    def clear_timer(self, entity: str, kind: str, number: int = 0) -> None: ...

    def emit(self, effect: Effect) -> None: ...


class Fold(Protocol):
    """One stage's logic."""

    name: str
    version: str
    """Changes when states written by the older code cannot be read any more."""
    input_topic: TopicRole

    def prepare(self, record: Record) -> Any:
        """Decode, once. Bad data is no exception: return what `apply` makes a dead letter of."""

    def keys(self, prepared: Any) -> Iterable[str]:
        """The states that `apply` will surely read; they are loaded for a whole batch at once."""

    def apply(self, prepared: Any, record: Record, view: View) -> None: ...

    def fire(self, timer: Timer, view: View) -> None:
        """`timer.entity` is a state key; it is loaded before the call."""

    def encode(self, key: str, state: Any) -> bytes: ...

    def decode(self, key: str, raw: bytes) -> Any: ...
