"""`python -m tests.fuzz --minutes 10`, or `--case FILE` to play a failure again.

A third of the time each: Hypothesis on shapes of bodies, atheris on bytes (where it is installed),
raw sockets at the gateway.  Exit code 1 when something failed.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.adapters import fuzz_adapters
from tests.fuzz.cases import check_body, load, pieces_of, raw_of
from tests.fuzz.gateway import fuzz_gateway, replay


def play_again(path: Path) -> int:
    case = load(path)
    try:
        if case.kind == "gateway":
            asyncio.run(replay(pieces_of(case)))
        else:
            check_body(case.vendor, raw_of(case))
    except Exception as error:
        print(f"It fails still: {type(error).__name__}: {error}")
        raise
    print("It does not fail any more.")
    return 0


def fuzz_bytes(seconds: float) -> list[str]:
    """libFuzzer ends its process, so it has one of its own; of its chatter we keep two lines."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.bytes", str(max(1, round(seconds)))],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    ran = next((x.split()[-1] for x in done.stdout.splitlines() if "executed_units" in x), "no")
    print(f"bytes: {ran} bodies")
    if done.returncode == 0:
        return []
    said = [line for line in done.stdout.splitlines() if "play it again" in line]
    return said or ["bytes: atheris ended badly:\n" + done.stdout[-2_000:]]


def fuzz(seconds: float, seed: int) -> int:
    print(f"Fuzzing for {seconds:.0f} s, seed {seed}")
    has_atheris = importlib.util.find_spec("atheris") is not None
    share = seconds / (3 if has_atheris else 2)
    failures = fuzz_adapters(share, seed)
    if has_atheris:
        failures += fuzz_bytes(share)
    else:
        print("atheris is not installed (`pip install --group fuzz`): no bytes led by coverage")
    failures += fuzz_gateway(share, seed)
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=int(time.time()) * 1_000_000)
    parser.add_argument("--case", type=Path)
    chosen = parser.parse_args()
    sys.exit(play_again(chosen.case) if chosen.case else fuzz(chosen.minutes * 60, chosen.seed))
