"""The contract of a store: where a lane's state, position and outbox live together.

`MemoryStore` and `RedisStore` pass the same conformance tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec

from streams.engine.batch import Batch, Outgoing, Position


class Pins(msgspec.Struct, frozen=True):
    """What a lane's state belongs to. A store that holds another one's state refuses."""

    cluster: str
    topic: str
    partitions: int
    keyspace: str
    group: str
    fold: str


class Claimed(msgspec.Struct, frozen=True):
    """The lane is ours: its epoch, and everything that the driver needs to go on."""

    epoch: int
    position: Position | None
    """None when nothing has ever been committed."""
    clocks: dict[int, int]
    marks: dict[str, tuple[int, int, int]]
    timers: list[bytes]
    outbox: list[Outgoing]
    skip: set[Position]
    hold_below: int
    claims: int
    """How often the lane was claimed at this very position: a record that kills shows here."""


class ClaimRefusedError(Exception):
    """The lane cannot be claimed; the text says why and what to do."""


class OutOfDateError(ClaimRefusedError):
    """A later generation of the group has claimed the lane: it is not ours any more."""


class SupersededError(ClaimRefusedError):
    """A worker of the same name began later and has the lane: this one must end."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another worker runs under the name {name!r} and began later: this one ends. "
            "Each worker needs a `worker.instance` of its own."
        )


class FencedError(Exception):
    """Another worker has claimed the lane: what we hold is void.  `owner` is its name, `born_ms`
    when it began (0: its name is no other's).
    """

    def __init__(self, owner: str = "", born_ms: int = 0) -> None:
        super().__init__("another worker has claimed this partition")
        self.owner, self.born_ms = owner, born_ms


class StaleError(Exception):
    """The store has lost our claim, or its position is not the one that this commit continues:
    claim again, at once.
    """


class Store(ABC):
    """One lane's home. Calls are made in order, a commit may be under way while a load is."""

    @abstractmethod
    async def claim(
        self, pins: Pins, owner: str, generation: int, session_ms: int, born_ms: int = 0
    ) -> Claimed:
        """Raises the epoch. `born_ms` is when the process began, for a name that outlives it.
        Refuses when the pins differ (`ClaimRefusedError`); and, while the stored claim is younger
        than three session timeouts, a lower generation of another owner (`OutOfDateError`) and an
        older process of the same name (`SupersededError`).
        """

    @abstractmethod
    async def load(self, keys: Sequence[str]) -> list[bytes | None]:
        """States by key."""

    @abstractmethod
    async def commit(self, epoch: int, batch: Batch, trim_to: str | None) -> None:
        """All of the batch or nothing. `trim_to` is the outbox entry up to which everything is
        published. Raises `FencedError`, `StaleError`, or what the connection raises.
        """

    @abstractmethod
    async def begin(self, epoch: int, offset: int, hold_below: int = 0) -> None:
        """The first position of a lane that has none.  Effects of inputs below `hold_below` were
        published in an earlier life, or must not be. Raises `FencedError`, `StaleError`.
        """

    @abstractmethod
    async def set_aside(self, epoch: int, position: Position) -> None:
        """Puts a position on the durable skip list. Raises `FencedError`, `StaleError`."""

    async def close(self) -> None:
        """Gives the connection back."""
        return
