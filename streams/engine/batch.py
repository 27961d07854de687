"""What a batch of records and timers came to: everything that one commit changes."""

from __future__ import annotations

import msgspec

from streams.fold import Count, Observe, Publish


class Position(msgspec.Struct, frozen=True, order=True, gc=False):
    """The next record to apply, and how many timers were fired before it already."""

    offset: int
    step: int = 0


class Outgoing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An effect on its way to a topic. `entry` is its id in the outbox stream, `pos` its id for
    the world, `timestamp_ms` the time of the input that caused it, `offset` that input's.
    """

    entry: str
    pos: str
    timestamp_ms: int
    offset: int
    publish: Publish


class Batch(msgspec.Struct):
    """Folded and not yet committed. Everything is absolute or summed, nothing is ordered but
    `outbox` and `recent`.
    """

    before: Position
    after: Position
    records: int = 0
    fired: int = 0
    states: dict[str, bytes | None] = {}
    timers: dict[str, int | None] = {}
    """Encoded timer → due (ms), None when it is cleared or has fired."""
    panes: dict[tuple[str, int], dict[str, int]] = {}
    expired: dict[tuple[str, int], None] = {}
    """Panes that are over, in the order of their end; what `panes` adds comes after."""
    live: dict[str, int] = {}
    waiting: dict[str, dict[str, int | None]] = {}
    ledger: dict[int, dict[str, bytes | None]] = {}
    recent: dict[str, list[bytes]] = {}
    outbox: list[Outgoing] = []
    counts: list[Count | Observe] = []
    skipped: list[str] = []
    """Why records were not folded: `repeat`, `poison`."""
    clocks: dict[int, int] = {}
    marks: dict[str, tuple[int, int, int]] = {}
