"""`make bench`: asks every question and writes docs/performance.md."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks import drain

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
RUNS = 1


def main() -> None:
    found = drain.rows(RUNS)
    lines = [
        "# Performance",
        "",
        "Written by `make bench`. Kafka, Redis and the system under test share the machine: read the",
        "figures as ratios of one run.",
        "",
        f"Machine: {platform.machine()}, 2 cores; Python {platform.python_version()}, faust-streaming "
        f"{version('faust-streaming')}, redis-py {version('redis')}, msgspec {version('msgspec')}; "
        "Kafka 4.1, Redis 7.",
        "",
        "## Drain, full logic",
        "",
        "How fast does one worker process fold a backlog of canonical events, with everything the",
        "journeys stage does? (`benchmarks/drain.py`; the same fold in a stock Faust agent:",
        "`benchmarks/stock_faust.py`.)",
        "",
        f"| system, median of {RUNS} (range) | events/s | own CPU s per million |",
        "|---|---|---|",
    ]
    for name, runs in found:
        rates, cpus = sorted(r for r, _ in runs), sorted(c for _, c in runs)
        lines.append(
            f"| {name} | {median(rates):,.0f} ({rates[0]:,.0f}–{rates[-1]:,.0f}) "
            f"| {median(cpus):,.0f} ({cpus[0]:,.0f}–{cpus[-1]:,.0f}) |"
        )
    ratio = median(r for r, _ in found[0][1]) / median(r for r, _ in found[1][1])
    lines += ["", f"Ratio: {ratio:.1f}.", ""]
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    sys.stdout.write("\n".join(lines[-8:]) + "\n")


if __name__ == "__main__":
    main()
