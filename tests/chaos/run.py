"""One run: load, faults in a seeded order, heal, drain, judge."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from streams.demo.run import send_policy
from streams.settings_file import load as load_settings
from tests.chaos.judge import judge, read_log
from tests.chaos.load import Load
from tests.chaos.nemesis import Nemesis
from tests.chaos.stack import WORKERS, Stack
from tests.servers.redis import ClusterRedis, SentinelRedis
from tests.simulation.judge import Fault

PATIENCE_S = 120.0
"""Longer than this to come back from a fault is told as a trouble, on a slow machine too."""

HANG_S = 600.0
"""What has not come back by then does not come back: no more faults, judge what there is."""

REBUILDS = frozenset({"FLUSHALL"})
"""After these all is folded again from the log's beginning, which takes as long as the log is."""

MEMORY_EVERY_S = 10.0

Say = Callable[[str], None]


class Plan(msgspec.Struct, frozen=True):
    seed: int
    seconds: float
    """Faults go on for so long; each kind comes once at least."""
    kinds: tuple[str, ...] = ()
    """Only these; empty: all that there are."""
    per_s: float = 30.0
    burst: int = 1_000
    """Messages of the one customer who writes all at once."""
    steady: bool = False
    """No faults: memory is looked at instead."""


class Recovery(msgspec.Struct, frozen=True):
    kind: str
    took_s: float
    """From the moment a fault was healed until all that Kafka held then was folded."""


class Outcome(msgspec.Struct):
    plan: Plan
    seconds: float = 0.0
    webhooks: int = 0
    records: int = 0
    recoveries: list[Recovery] = []
    ends: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    faults: list[Fault] = []
    """What the judge found."""
    troubles: list[str] = []
    """What did not come back, or not in time, or could not be judged."""
    rss_mb: dict[str, list[int]] = {}
    """Resident memory of each process, every ten seconds."""

    @property
    def struck(self) -> Counter[str]:
        return Counter(recovery.kind for recovery in self.recoveries)

    @property
    def good(self) -> bool:
        return not self.faults and not self.troubles

    def recovery_s(self, share: float, kind: str = "") -> float:
        """The recovery that `share` of all do not exceed; of one kind of fault, or of all."""
        times = sorted(r.took_s for r in self.recoveries if kind in ("", r.kind))
        return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0

    def told(self) -> str:
        kinds = Counter(fault.kind for fault in self.faults)
        lines = [
            f"seed {self.plan.seed}: {self.seconds:.0f} s, {self.struck.total()} faults",
            f"{self.webhooks:,} webhooks acknowledged, {self.records:,} records in Kafka",
            "faults: " + ", ".join(f"{kind} {n}" for kind, n in sorted(self.struck.items())),
            f"recovery: p50 {self.recovery_s(0.5):.1f} s, p99 {self.recovery_s(0.99):.1f} s",
            "ends of processes: " + (", ".join(f"{k}: {n}" for k, n in sorted(self.ends.items())) or "none"),
            "not acknowledged: " + (", ".join(f"{k}: {n}" for k, n in sorted(self.refused.items())) or "none"),
            "judged: " + (", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())) or "nothing lost, nothing twice"),
        ]  # fmt: skip
        return "\n".join(lines + self.troubles + [str(fault) for fault in self.faults[:20]])


async def run(
    plan: Plan, folder: Path, store: SentinelRedis | ClusterRedis, brokers: int = 3
) -> Outcome:
    """Raises only when the stack does not come up; what goes wrong later stands in `troubles`."""
    outcome = Outcome(plan)
    started = time.monotonic()

    def say(sentence: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {sentence}", flush=True)

    with Stack(folder, store, brokers) as stack:
        outcome.ends = stack.ends
        for name in ("gateway", *WORKERS):
            stack.start(name)
        for name in ("gateway", *WORKERS):
            await stack.ready(name)
        send_policy(stack.kafka.bootstrap)
        say("gateway and workers are up")
        load = Load(f"http://127.0.0.1:{stack.ports['gateway']}", plan.seed, plan.per_s)
        outcome.refused = load.refused
        beside = [
            asyncio.create_task(work)
            for work in (stack.supervise(), _watch_memory(stack, outcome), load.run())
        ]
        try:
            await _break_and_drain(plan, stack, load, outcome, say, beside[-1])
        except Exception as error:  # noqa: BLE001 - it stands in the outcome, and fails the run
            _trouble(outcome, say, f"the run: {error!r}")
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        try:
            await _stop_workers(stack)
            outcome.webhooks = load.acknowledged.total()
            say("judging")
            log = await asyncio.to_thread(read_log, stack.kafka.bootstrap)
            outcome.records = log.records
            settings = load_settings(str(stack.settings), {})
            outcome.faults = await judge(settings, log, load.sent, load.acknowledged)
        except Exception as error:  # noqa: BLE001 - as above
            _trouble(outcome, say, f"could not be judged: {error!r}")
        outcome.seconds = time.monotonic() - started
    say(outcome.told())
    return outcome


def _trouble(outcome: Outcome, say: Say, sentence: str) -> None:
    outcome.troubles.append(sentence)
    say(sentence)


async def _break_and_drain(
    plan: Plan, stack: Stack, load: Load, outcome: Outcome, say: Say, loading: asyncio.Task[None]
) -> None:
    if plan.steady:
        await asyncio.sleep(plan.seconds)
    else:
        await _faults(plan, stack, Nemesis(stack, load, plan.seed, plan.burst), outcome, say)
    load.stop()
    await asyncio.wait_for(loading, HANG_S)
    say("the load has ended")
    await _drain(stack)
    say("all is drained")


async def _faults(plan: Plan, stack: Stack, nemesis: Nemesis, outcome: Outcome, say: Say) -> None:
    chance = random.Random(plan.seed)
    ends = time.monotonic() + plan.seconds
    kinds = list(plan.kinds or nemesis.kinds(stack.store))
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            await asyncio.sleep(chance.uniform(0.5, 2))
            try:
                await nemesis.strike(kind)
            except Exception as error:  # noqa: BLE001 - it stands in the outcome
                _trouble(outcome, say, f"{kind}: {error!r}")
                await nemesis.heal()
            took = await stack.caught_up(HANG_S)
            for name in ("gateway", *WORKERS):
                await stack.ready(name)
            outcome.recoveries.append(Recovery(kind, took))
            say(f"{kind}: caught up {took:.1f} s after it was healed")
            if took > PATIENCE_S and kind not in REBUILDS:
                _trouble(outcome, say, f"{kind}: {took:.0f} s to come back")
            if time.monotonic() > ends and len(outcome.struck) == len(kinds):
                return


async def _watch_memory(stack: Stack, outcome: Outcome) -> None:
    """Of the processes as they are: one that was killed begins small again."""
    taken: defaultdict[str, list[int]] = defaultdict(list)
    outcome.rss_mb = taken
    while True:
        await asyncio.sleep(MEMORY_EVERY_S)
        for name, pid in stack.pids().items():
            with contextlib.suppress(OSError, StopIteration):  # it has just ended
                status = Path(f"/proc/{pid}/status").read_text()
                kib = next(line.split()[1] for line in status.splitlines() if "VmRSS" in line)
                taken[name].append(int(kib) // 1_024)


async def _drain(stack: Stack) -> None:
    """All folded; then what the last timers concluded is folded too."""
    await stack.caught_up(HANG_S)
    await asyncio.sleep(6)
    await stack.caught_up(HANG_S)


async def _stop_workers(stack: Stack) -> None:
    """They commit and publish what is folded: Redis and Kafka stand still."""
    stack.held |= set(WORKERS)
    for _ in range(3):
        for name in WORKERS:
            stack.children[name].send_signal(signal.SIGTERM)
        codes = [await asyncio.to_thread(stack.children[name].wait, 60) for name in WORKERS]
        if not any(codes):
            return
        # One could not publish all in time: it comes back for that, as it would for an operator.
        for name in WORKERS:
            stack.start(name)
            await stack.ready(name)
        await stack.caught_up(HANG_S)
    raise AssertionError(f"SIGTERM ends workers with {codes}")
