"""One run: load, faults in a seeded order, heal, drain, judge."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from streams.demo.run import _send_policy
from streams.settings import load as load_settings
from tests.chaos.judge import judge, read_log
from tests.chaos.load import Load
from tests.chaos.nemesis import Nemesis
from tests.chaos.stack import WORKERS, Stack
from tests.servers.redis import ClusterRedis, SentinelRedis
from tests.simulation.judge import Fault

PATIENCE_S = 150.0
"""Longer than this to come back from a fault is a hang, on a slow machine too."""


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


class Outcome(msgspec.Struct):
    plan: Plan
    seconds: float = 0.0
    webhooks: int = 0
    records: int = 0
    struck: Counter[str] = Counter()
    recoveries_s: list[float] = []
    ends: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    faults: list[Fault] = []
    rss_mb: dict[str, list[int]] = {}
    """Of a steady run: resident memory of each worker, every ten seconds."""

    def recovery_s(self, share: float) -> float:
        """From the moment a fault was healed until all that Kafka held then was folded."""
        times = sorted(self.recoveries_s)
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
        return "\n".join(lines + [str(fault) for fault in self.faults[:20]])


async def run(
    plan: Plan, folder: Path, store: SentinelRedis | ClusterRedis, brokers: int = 3
) -> Outcome:
    """Raises `TimeoutError` when something does not come back: that is a hang."""
    outcome = Outcome(plan, struck=Counter(), recoveries_s=[], ends=Counter(), faults=[], rss_mb={})
    started = time.monotonic()

    def say(sentence: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {sentence}", flush=True)

    with Stack(folder, store, brokers) as stack:
        outcome.ends = stack.ends
        for name in ("gateway", *WORKERS):
            stack.start(name)
        for name in ("gateway", *WORKERS):
            await stack.ready(name)
        _send_policy(stack.kafka.bootstrap)
        say("gateway and workers are up")
        load = Load(f"http://127.0.0.1:{stack.ports['gateway']}", plan.seed, plan.per_s)
        supervising = asyncio.create_task(stack.supervise())
        loading = asyncio.create_task(load.run())
        nemesis = Nemesis(stack, load, plan.seed, plan.burst)
        try:
            if plan.steady:
                await _steady(plan, stack, outcome)
            else:
                await _faults(plan, stack, nemesis, outcome, say)
            load.stop()
            await asyncio.wait_for(loading, PATIENCE_S)
            say("the load has ended")
            await _drain(stack)
            say("all is drained")
        finally:
            supervising.cancel()
            loading.cancel()
            await asyncio.gather(supervising, loading, return_exceptions=True)
        await _stop_workers(stack)
        outcome.seconds = time.monotonic() - started
        outcome.webhooks, outcome.refused = load.acknowledged.total(), load.refused
        log = await asyncio.to_thread(read_log, stack.kafka.bootstrap)
        outcome.records = log.records
        say("judging")
        settings = load_settings(str(stack.settings), {})
        outcome.faults = await judge(settings, log, load.sent, load.acknowledged)
    say(outcome.told())
    return outcome


async def _faults(
    plan: Plan, stack: Stack, nemesis: Nemesis, outcome: Outcome, say: Callable[[str], None]
) -> None:
    chance = random.Random(plan.seed)
    ends = time.monotonic() + plan.seconds
    kinds = list(plan.kinds or nemesis.kinds(stack.store))
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            await asyncio.sleep(chance.uniform(0.5, 2))
            await nemesis.strike(kind)
            took = await stack.caught_up(PATIENCE_S)
            for name in ("gateway", *WORKERS):
                await stack.ready(name)
            outcome.struck[kind] += 1
            outcome.recoveries_s.append(took)
            say(f"{kind}: caught up {took:.1f} s after it was healed")
            if time.monotonic() > ends and len(outcome.struck) == len(kinds):
                return


async def _steady(plan: Plan, stack: Stack, outcome: Outcome) -> None:
    ends = time.monotonic() + plan.seconds
    while time.monotonic() < ends:
        await asyncio.sleep(10)
        for name in WORKERS:
            status = Path(f"/proc/{stack.children[name].pid}/status").read_text()
            kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
            outcome.rss_mb.setdefault(name, []).append(int(kib) // 1_024)


async def _drain(stack: Stack) -> None:
    """All folded; then what the last timers concluded is folded too."""
    await stack.caught_up(PATIENCE_S)
    await asyncio.sleep(6)
    await stack.caught_up(PATIENCE_S)


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
        await stack.caught_up(PATIENCE_S)
    raise AssertionError(f"SIGTERM ends workers with {codes}")
