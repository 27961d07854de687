"""Where a record came from: which lane's relay sent it, and whose clock it moves."""

from __future__ import annotations

import msgspec

from streams.fold import POSITION_HEADER, Record

CLOCK_HEADER = "filrouge-clock"
"""On records from a lane to its own topic: the clock by which the receiver's timers must fire."""


class Upstream(msgspec.Struct, frozen=True, gc=False):
    """Where a relayed record came from: the lane, the clock of its domain (a partition of
    `webhooks`), and the mark.  `moves` is False when it came by another way than its clock's own:
    what that clock has still to tell may be on its way.
    """

    lane: str
    clock: int
    mark: tuple[int, int, int]
    moves: bool = True


def upstream_of(record: Record) -> Upstream | None:
    """From the position header; None for what came from outside.  A record that a lane sent to its
    own topic names the clock of the input that caused it.
    """
    position = clock = None
    for name, value in record.headers:
        if name == POSITION_HEADER:
            position = value
        elif name == CLOCK_HEADER:
            clock = int(value)
    if position is None:
        return None
    lane, offset, step, index = position.decode().rsplit("/", 3)
    mark = (int(offset), int(step), int(index))
    if clock is not None:
        return Upstream(lane, clock, mark, moves=False)
    return Upstream(lane, int(lane.rpartition("/")[2]), mark)
