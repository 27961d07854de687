"""How fast does `filrouge backtest` fold a log, and does its memory stay flat?
`COUNT=10_000_000 python -m benchmarks.backtest`.

The load of the drain as a log of canonical events, stretched over a year: customers come, write a
dozen times within some weeks, and go.  The command runs as a user would run it; its memory is read
once a second.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.load import cpu_seconds, events

COUNT = int(os.environ.get("COUNT", "200_000"))
YEAR_MS = 365 * 86_400_000
AT_A_TIME = 2_000
"""Customers who have a need at one time."""

START_MS = 1_750_000_000_000
_encode = msgspec.json.Encoder().encode


class Measured(msgspec.Struct, frozen=True):
    """`memory_mb` is at each tenth of the time that it took."""

    events: int
    cpu_s: float
    wall_s: float
    memory_mb: list[int]


def _passing_by() -> Callable[[random.Random], int]:
    """A dozen events after he came, a customer goes."""
    seen = 0

    def pick(dice: random.Random) -> int:
        nonlocal seen
        seen += 1
        return seen // 12 + dice.randrange(AT_A_TIME)

    return pick


def write_log(file: Path, count: int) -> None:
    with file.open("wb") as out:
        for number, event in enumerate(events(count, 0, _passing_by())):
            at_ms = START_MS + number * YEAR_MS // count
            out.write(_encode(msgspec.structs.replace(event, time_ms=at_ms, recorded_ms=at_ms)))
            out.write(b"\n")


def _memory_mb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


def measured(count: int = COUNT) -> Measured:
    """Raises `RuntimeError` when the command fails or counts other events than the log's."""
    with tempfile.TemporaryDirectory() as folder:
        log, told = Path(folder) / "log.jsonl", Path(folder) / "told.json"
        write_log(log, count)
        command = [sys.executable, "-m", "streams.cli", "backtest", "--json", str(log)]
        memory: list[int] = []
        started, cpu = time.perf_counter(), 0.0
        with told.open("wb") as out:
            backtest = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
            while backtest.poll() is None:
                memory.append(_memory_mb(backtest.pid))
                cpu = max(cpu, cpu_seconds(backtest.pid))
                time.sleep(1)
        took_s = time.perf_counter() - started
        if backtest.returncode:
            raise RuntimeError(f"the backtest ended with {backtest.returncode}")
        if (found := json.loads(told.read_bytes())["events"]) != count:
            raise RuntimeError(f"the backtest counted {found} events of {count}")
    tenths = [memory[(len(memory) - 1) * tenth // 10] for tenth in range(1, 11)]
    return Measured(count, cpu, took_s, tenths)


def section(runs: int) -> list[str]:
    found = sorted((measured() for _ in range(runs)), key=lambda one: one.cpu_s)[runs // 2]
    return [
        "How fast does `filrouge backtest` fold a log of canonical events that spans a year, and does",
        "its memory stay flat? (`benchmarks/backtest.py`; reading, sorting and the report are counted,",
        "too.) Goal: 50,000 events/s; flat for 10 million events.",
        "",
        "| events | events/s of CPU | memory (MB) at each tenth of the way |",
        "|---|---|---|",
        (
            f"| {found.events:,} | {found.events / found.cpu_s:,.0f} |"
            f" {', '.join(str(mb) for mb in found.memory_mb)} |"
        ),
    ]


if __name__ == "__main__":
    found = measured()
    print(f"{found.events:,} events, {found.events / found.cpu_s:,.0f} a second of CPU")
    print("MB at each tenth:", *found.memory_mb)
