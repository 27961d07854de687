"""The simulator in CI: a thousand seeds, and that a seed is a bug report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.examples import QUICK
from tests.simulation.guards import MUTATIONS
from tests.simulation.run import Plan, kinds, simulate
from tests.simulation.shrink import shrink, told

BLOCK = 50
ROOT = Path(__file__).resolve().parents[2]
_TRACE = """
import hashlib
from tests.simulation.run import Plan, simulate
verdicts = [simulate(Plan.of(seed)) for seed in (7, 11, 23)]
print([(v.steps, hashlib.sha256(b"".join(v.trace)).hexdigest()) for v in verdicts])
"""


@pytest.mark.parametrize(
    "first",
    [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(1 + BLOCK, 1_001, BLOCK))],
)
def test_nothing_is_lost_or_counted_twice(first: int) -> None:
    for seed in range(first, first + (BLOCK // 5 if QUICK else BLOCK)):
        plan = Plan.of(seed)
        faults = simulate(plan).faults
        if faults:
            wanted = kinds(faults)
            small = shrink(plan, lambda p, w=wanted: bool(kinds(simulate(p).faults) & w))
            pytest.fail(
                f"Again: make simulate SEEDS=1 FIRST={seed}\n{told(small, simulate(small).faults)}"
            )


@pytest.mark.long
def test_the_nemesis_bites() -> None:
    """A simulator in which nothing happens would be green too."""
    seen = Counter[str]()
    for seed in range(1, BLOCK):
        seen.update(simulate(Plan.of(seed)).seen)
    wanted = {
        "FencedError", "StaleError", "ClaimRefusedError", "set aside", "held back", "end",
        "exit by LaneError", "exit by ValueError", "exit by ClaimRefusedError",
    }  # fmt: skip
    assert wanted <= seen.keys(), f"never seen: {wanted - seen.keys()}"


def test_a_seed_gives_the_same_bytes_in_every_process() -> None:
    def trace(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", _TRACE]
        return subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        ).stdout

    assert trace("1") == trace("2")


def test_a_failing_plan_becomes_small() -> None:
    """Without the high-water mark a crash or two are enough; the rest is dropped."""
    mutation = next(m for m in MUTATIONS if m.guard == "high-water mark between stages")

    def fails(plan: Plan) -> bool:
        return "phantom" in kinds(simulate(plan, mutation.applied()).faults)

    plan = next(plan for plan in map(Plan.of, range(1, 100)) if fails(plan))
    small = shrink(plan, fails)
    assert fails(small)
    assert len(small.webhooks) + len(small.blows) < (len(plan.webhooks) + len(plan.blows)) / 2
