"""`make bench`: asks every question and writes docs/performance.md."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks import drain

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
RUNS = 3


def main() -> None:
    found = drain.rows(RUNS)
    lines = [
        "# Performance",
        "",
        "Written by `make bench`. Kafka, Redis and the system under test share the machine:",
        "read the figures as ratios of one run.",
        "",
        f"Machine: {platform.machine()}, {os.cpu_count()} cores; "
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("faust-streaming", "redis", "msgspec"))
        + "; Kafka 4.1, Redis 7.",
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
    ours = median(rate for rate, _ in found[0][1])
    ratios = [ours / median(rate for rate, _ in runs) for _, runs in found[1:]]
    lines += ["", "Ratios: " + ", ".join(f"{ratio:.1f}" for ratio in ratios) + ".", ""]
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    sys.stdout.write("\n".join(lines[-8:]) + "\n")


if __name__ == "__main__":
    main()
