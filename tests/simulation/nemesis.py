"""The nemesis: which faults a seed brings, and how each is done and undone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from tests.simulation.chance import Chance

if TYPE_CHECKING:
    from tests.simulation.run import Run

KINDS = (
    "kill",  # kill -9 of a worker, at whatever await it stands
    "pause",  # SIGSTOP longer than the session, so that a zombie wakes after a new owner claimed
    "term",  # SIGTERM
    "rebalance",  # partitions move while batches are under way
    "unkind redis",  # answers of writes are lost, or a client sends them twice
    "redis away",  # one shard does not answer
    "redis loses",  # one shard loses a suffix of its writes, the others do not
    "redis lost",  # FLUSHALL of one shard
    "kafka refuses",  # producers end; what was on the wire may or may not arrive
    "ticks lost",  # no tick arrives
    "stale fetch",  # what is fetched after a claim begins too late
    "hole",  # offsets without a record, as compaction leaves them
    "log cut",  # an outage longer than retention; the operator restores the log
    "lane lags",  # one partition is not read for a while, the others are
    "slow wire",  # what one worker sends to one partition of events arrives late
    "night",  # hours or days without anything
)

WEIGHTS = {"redis lost": 2, "log cut": 2, "hole": 2, "night": 2, "unkind redis": 8, "slow wire": 6}
"""Others have 4."""


class Blow(msgspec.Struct, frozen=True):
    """One fault. `length_s` is how long it lasts, `which` chooses whom it hits."""

    at_s: float
    kind: str
    length_s: float
    which: int

    def __str__(self) -> str:
        return f"{self.at_s:6.2f} s  {self.kind} ({self.length_s:.2f} s, {self.which})"


def blows(seed: int, seconds: float) -> list[Blow]:
    """In order of time."""
    chance = Chance(seed, "nemesis")
    kinds = [kind for kind in KINDS for _ in range(WEIGHTS.get(kind, 4))]
    # Few kinds a run, several times each: what they do together shows.
    kinds = [chance.pick(kinds) for _ in range(chance.number(1, 4))]
    if "log cut" in kinds:  # a rebuild of a cut log lacks what was cut, by no fault of ours
        kinds = [kind for kind in kinds if not kind.startswith("redis l")]
    night_s = chance.between(2.0, seconds)
    found = [Blow(night_s, "night", 0.0, chance.number(0, 999))]
    for _ in range(chance.number(1, 8)):
        # Half of them come when much is due.
        at_s = (
            chance.between(0.5, seconds) if chance.one_in(2) else night_s + chance.between(-1, 0.5)
        )
        length_s, which = chance.between(0.2, 5.0), chance.number(0, 999)
        found.append(Blow(at_s, chance.pick(kinds), length_s, which))
    return sorted(found, key=lambda blow: blow.at_s)


async def strike(run: Run, blow: Blow) -> None:
    """Does the fault; those that last are undone after their time."""
    workers = sorted(run.workers)
    worker = run.workers[workers[blow.which % len(workers)]]
    shard = blow.which % run.shards
    match blow.kind:
        case "kill":
            run.kill(worker)
        case "term":
            worker.stopping = True
        case "pause":
            worker.node.stop()
            await asyncio.sleep(2 * blow.length_s)
            worker.node.go_on(run.loop)
        case "rebalance":
            run.group.rebalance()
        case "unkind redis":
            run.servers.unkind = 0.4
            await asyncio.sleep(2 * blow.length_s)
            run.servers.unkind = 0.0
        case "redis away":
            run.servers.down.add(shard)
            await asyncio.sleep(blow.length_s)
            run.servers.down.discard(shard)
        case "redis loses":
            for home in run.servers.homes.values():
                if home.shard == shard:
                    since_s = run.loop.time() - blow.length_s / 2
                    home.lose(run.loop.time(), sum(at_s <= since_s for at_s, *_ in home.writes))
        case "redis lost":
            for home in run.servers.homes.values():
                if home.shard == shard:
                    home.lose(run.loop.time(), 0)
        case "kafka refuses":
            for other in run.workers.values():
                if (relay := getattr(other, "relay", None)) and relay._producer is not None:
                    relay._producer.broken = True
                    relay._fatal = True
        case "ticks lost":
            run.ticks_lost += 1
            await asyncio.sleep(blow.length_s)
            run.ticks_lost -= 1
        case "stale fetch":
            run.stale_fetches = True
        case "hole":
            where = sorted(run.log.parts)[blow.which % len(run.log.parts)]
            run.log.hole(where, 1 + blow.which % 5)
        case "log cut":
            where = ("webhooks" if blow.which % 2 else "events", blow.which // 2 % 2)
            everybody = list(run.workers.values())
            for other in everybody:
                other.node.stop()
            await asyncio.sleep(blow.length_s)
            if run.home_of(where).store.position is not None and not run.healing:
                run.log.begins[where] = run.log.last(where)
            for other in everybody:
                other.node.go_on(run.loop)
            await asyncio.sleep(blow.length_s)
            run.log.begins[where] = 0
        case "lane lags":
            where = sorted(run.group.owners)[blow.which % len(run.group.owners)]
            run.lagging.add(where)
            await asyncio.sleep(blow.length_s)
            run.lagging.discard(where)
        case "slow wire":
            wire = (worker.name, ("events", blow.which // 8 % 3))
            run.log.slow[wire] = blow.length_s
            await asyncio.sleep(blow.length_s)
            run.log.slow.pop(wire, None)
        case "night":
            run.night_ms += (600_000, 7_200_000, 90_000_000, 700_000_000)[blow.which % 4]
