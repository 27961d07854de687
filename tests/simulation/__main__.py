"""`make simulate SEEDS=1000 FIRST=1`: runs seeds; a failing one is shrunk and told.

`--without "epoch check"` runs the build without that guard, to see how it is caught.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from typing import Any

from tests.simulation.guards import MUTATIONS, Mutation
from tests.simulation.run import Plan, kinds, simulate
from tests.simulation.shrink import shrink, told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--without", choices=[m.guard for m in MUTATIONS], help="leave out a guard")
    given = parser.parse_args()
    mutation = next((m for m in MUTATIONS if m.guard == given.without), None)
    started, struck, seen, records = time.monotonic(), Counter[str](), Counter[str](), 0
    for seed in range(given.first, given.first + given.seeds):
        plan = Plan.of(seed)
        verdict = simulate(plan, _broken(mutation))
        struck.update(blow.kind for blow in plan.blows)
        seen.update(verdict.seen)
        records += verdict.records
        if verdict.faults:
            print(_report(plan, verdict.faults, mutation))
            return 1
    seconds = time.monotonic() - started
    print(f"{given.seeds} seeds from {given.first} on, {records:,} records in the logs, "
          f"{seconds:.0f} s: nothing lost, nothing twice")  # fmt: skip
    print("  done to it: " + ", ".join(f"{kind} {n}" for kind, n in sorted(struck.items())))
    print("  answered: " + ", ".join(f"{what} {n}" for what, n in sorted(seen.items())))
    return 0


def _broken(mutation: Mutation | None) -> Any:
    return mutation.applied() if mutation else None


def _report(plan: Plan, faults: Any, mutation: Mutation | None) -> str:
    wanted = kinds(faults)

    def fails(smaller: Plan) -> bool:
        return bool(kinds(simulate(smaller, _broken(mutation)).faults) & wanted)

    small = shrink(plan, fails)
    left = simulate(small, _broken(mutation)).faults
    without = f" --without {mutation.guard!r}" if mutation else ""
    return (
        f"Seed {plan.seed} fails: {', '.join(sorted(wanted))}. What is left of it:\n"
        f"{told(small, left)}\n"
        f"Again: .venv/bin/python -m tests.simulation --seeds 1 --first {plan.seed}{without}"
    )


if __name__ == "__main__":
    sys.exit(main())
