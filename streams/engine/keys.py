"""Names of everything that one lane keeps in Redis: all of it in one slot of a cluster.

A lane is one stage on one partition.  `{tag}` in each key is chosen so that the partitions of a
stage spread evenly over the 16384 slots: slot(p) = floor((p + ½) · 16384 / N).
"""

from __future__ import annotations

import binascii
import itertools
from functools import lru_cache

PANES: tuple[tuple[str, int, int], ...] = (
    ("10s", 10_000, 2 * 3_600_000),
    ("5m", 300_000, 3 * 86_400_000),
    ("1h", 3_600_000, 40 * 86_400_000),
)
"""Pane sizes: name, width in ms, how long they are kept in ms."""


@lru_cache(maxsize=1024)
def slot_tag(partition: int, count: int) -> str:
    """The first number whose text falls into the partition's slot (CRC16 as Redis has it)."""
    slot = int((partition + 0.5) * 16384 / count)
    for number in itertools.count():
        if binascii.crc_hqx(str(number).encode(), 0) % 16384 == slot:
            return str(number)
    raise AssertionError  # itertools.count never ends


def origin_key(keyspace: str) -> str:
    """Says whether the keyspace's first life began with empty topics (`streams.engine.origin`)."""
    return f"fr:{keyspace}:origin"


def domain_keys_key(keyspace: str) -> str:
    """Hash: domain → fingerprint of its key (`streams.engine.domain_keys`)."""
    return f"fr:{keyspace}:domains"


class LaneKeys:
    """The Redis keys of stage `lane`, partition `partition` of `count`."""

    def __init__(self, keyspace: str, lane: str, partition: int, count: int) -> None:
        self.partition = partition
        self.base = f"fr:{keyspace}:{lane}:{partition}:{{{slot_tag(partition, count)}}}"
        self.fence = f"{self.base}:fence"  # hash: owner's epoch, position, clocks, marks
        self.states = f"{self.base}:states"  # hash: state key → bytes
        self.timers = f"{self.base}:timers"  # sorted set: due ms → timer
        self.outbox = f"{self.base}:outbox"  # stream of effects not known to be published
        self.live = f"{self.base}:live"  # hash: live cell → integer
        self.pane_index = f"{self.base}:panes"  # sorted set: commit number → pane changed by it
        self.skip = f"{self.base}:skip"  # set: positions set aside as poison

    def pane(self, size: str, start_ms: int) -> str:
        """Hash: cell → integer."""
        return f"{self.base}:pane:{size}:{start_ms}"

    def ledger(self, hour_ms: int) -> str:
        """Hash: entry → value, of the hour that starts at `hour_ms`."""
        return f"{self.base}:ledger:{hour_ms}"

    def recent(self, name: str) -> str:
        """List, newest first."""
        return f"{self.base}:recent:{name}"

    def waiting(self, name: str) -> str:
        """Sorted set: since ms → member."""
        return f"{self.base}:waiting:{name}"


def reconciled(keyspace: str, source: str) -> str:
    """Text: how far the vendor's API was asked, ms. Of no lane: one a source."""
    return f"fr:{keyspace}:reconciled:{source}"
