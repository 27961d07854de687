"""The judge: what stands in the log and in the stores, against the oracle.  In Jepsen's terms.

- **lost**: an effect that must be published is not.
- **doubled**: figures say more than the log holds (a batch was applied twice).
- **conflicting**: one id, two contents.
- **phantom**: an effect that the log does not call for.
- **skipped**: a record was passed over, or the run never came to its end.
- **out of order**: an effect came for the first time after a later one of its lane.
- **dirty**: an effect was published before its commit (Jepsen's aborted read).
- **usurped**: the rightful owner of a lane was fenced off, or another one wrote.
- **wrong**: state, timers, clocks or marks differ from the oracle's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from streams.engine.memory_store import MemoryStore
from streams.engine.partition import partition_for
from streams.engine.timers import timer_from
from streams.fold import POSITION_HEADER, Record
from tests.simulation.kafka import COUNTS, Log
from tests.simulation.oracle import Effect, Oracle


class Fault(msgspec.Struct, frozen=True):
    """Something that must not be."""

    kind: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"


def judge_lane(oracle: Oracle, store: MemoryStore, name: str, end: int) -> Iterator[Fault]:
    """One lane's home against its oracle."""
    at = store.position
    if at is None or at.offset != end:
        yield Fault("skipped", f"{name} stands at {at}, its log ends at {end}")
        return
    yield from _figures(name, "panes", _flat(oracle.panes), _flat(store.panes))
    yield from _figures(name, "live", oracle.live, store.live)
    encoded = {k: oracle.fold.encode(k, s) for k, s in oracle.states.items() if s is not None}
    timers = {(timer, clock) for timer, clock in oracle.timers.values()}
    for what, want, have in (
        ("states", encoded, store.states),
        ("timers", timers, {timer_from(member) for member in store.timers}),
        ("waiting", _filled(oracle.waiting), _filled(store.waiting)),
        ("ledger", _filled(oracle.ledger), _filled(store.ledger)),
        ("recent", _filled(oracle.recent), _filled(store.recent)),
        ("clocks", oracle.clocks, store._clocks),
        ("marks", oracle.marks, store._marks),
    ):
        if want != have:
            yield Fault("wrong", f"{name}: {what} differ: {_difference(want, have)}")


def judge_log(oracles: Mapping[str, Oracle], log: Log) -> Iterator[Fault]:
    """What was published against what should be; `oracles` by lane (`keyspace/topic/partition`)."""
    wanted = {effect.pos: effect for oracle in oracles.values() for effect in oracle.effects}
    found: dict[str, Record] = {}
    for where, records in log.parts.items():
        newest: dict[str, tuple[int, ...]] = {}
        for record in records:
            raw = dict(record.headers).get(POSITION_HEADER)
            if raw is None:
                continue
            pos = raw.decode()
            if (known := found.get(pos)) is not None:
                if _content(known) != _content(record):
                    yield Fault("conflicting", f"{pos} has two contents in {where}")
                continue
            found[pos] = record
            lane, mark = _split(pos)
            if mark < newest.get(lane, ()):
                yield Fault("out of order", f"{pos} came after {newest[lane]} in {where}")
            newest[lane] = max(mark, newest.get(lane, mark))
    for pos in wanted.keys() - found.keys():
        yield Fault("lost", f"{pos} for {wanted[pos].publish.topic} was never published")
    for pos in found.keys() - wanted.keys():
        yield Fault("phantom", f"{pos} in {found[pos].topic} is no effect of the log")
    for pos in wanted.keys() & found.keys():
        if not _is(wanted[pos], found[pos]):
            yield Fault("conflicting", f"{pos} in {found[pos].topic} is not what the oracle says")


def _split(pos: str) -> tuple[str, tuple[int, ...]]:
    lane, *mark = pos.rsplit("/", 3)
    return lane, tuple(map(int, mark))


def _content(record: Record) -> tuple[Any, ...]:
    return (record.topic, record.partition, record.key, record.value, record.headers)


def _is(effect: Effect, record: Record) -> bool:
    publish = effect.publish
    partition = publish.partition
    if partition is None:
        partition = partition_for(publish.key, COUNTS[publish.topic])
    headers = (
        *(header for header in publish.headers if header[0] != POSITION_HEADER),
        (POSITION_HEADER, effect.pos.encode()),
    )
    on_time = record.topic == "webhooks" or record.timestamp_ms == effect.timestamp_ms
    return on_time and _content(record) == (
        publish.topic, partition, publish.key.encode(), publish.value, headers,
    )  # fmt: skip


def _flat(panes: Mapping[Any, Mapping[str, int]]) -> dict[Any, int]:
    return {(*pane, cell): n for pane, cells in panes.items() for cell, n in cells.items()}


def _filled(tables: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: table for name, table in tables.items() if table}


def _figures(
    name: str, what: str, want: Mapping[Any, int], have: Mapping[Any, int]
) -> Iterator[Fault]:
    for cell in sorted(want.keys() | have.keys(), key=str):
        more = have.get(cell, 0) - want.get(cell, 0)
        if more:
            kind = "doubled" if more > 0 else "lost"
            yield Fault(kind, f"{name}: {what} {cell} is {more:+d} off")


def _difference(want: Any, have: Any) -> str:
    if isinstance(want, set):
        return f"missing {sorted(want - have)[:2]}, too many {sorted(have - want)[:2]}"
    keys = [k for k in want.keys() | have.keys() if want.get(k) != have.get(k)]
    return ", ".join(
        f"{k!r}: {want.get(k)!r} ≠ {have.get(k)!r}"[:300] for k in sorted(keys, key=str)[:2]
    )
