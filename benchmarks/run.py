"""`make bench`: asks every question and writes docs/performance.md.

`python -m benchmarks.run gateway adapters` asks only these and leaves the other sections.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks import adapters, drain, gateway

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
RUNS = 3


def head() -> str:
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("faust-streaming", "redis", "msgspec")
    )
    return (
        "# Performance\n\n"
        "Written by `make bench`. Kafka, Redis and the system under test share the machine:\n"
        "read the figures as ratios of one run.\n\n"
        f"Machine: {platform.machine()}, {os.cpu_count()} cores; "
        f"Python {platform.python_version()}, {versions}; Kafka 4.1, Redis 7.\n"
    )


def drained() -> str:
    found = drain.rows(RUNS)
    lines = [
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
        rates, cpus = [r for r, _ in runs], [c for _, c in runs]
        lines.append(f"| {name} | {_spread(rates)} | {_spread(cpus)} |")
    ours = median(rate for rate, _ in found[0][1])
    ratios = [ours / median(rate for rate, _ in runs) for _, runs in found[1:]]
    return "\n".join(
        [*lines, "", "Ratios: " + ", ".join(f"{ratio:.1f}" for ratio in ratios) + ".", ""]
    )


def webhooks() -> str:
    found = gateway.rows(RUNS)
    return "\n".join(
        [
            "## Gateway",
            "",
            "How many webhooks does one gateway take, verified and confirmed by Kafka",
            f"(`acks=all`), with the mix of all vendors over {gateway.CONNECTIONS} connections?",
            "Load, broker and gateway share the cores: what counts is the gateway's own CPU",
            "(librdkafka's threads included).",
            "(`benchmarks/gateway.py`; goal: 8,000 a second and core.)",
            "",
            f"| median of {RUNS} (range) | webhooks |",
            "|---|---|",
            f"| a second of the gateway's CPU | {_spread([per_core for _, per_core in found])} |",
            f"| a second of the clock | {_spread([rate for rate, _ in found])} |",
            "",
        ]
    )


def bodies() -> str:
    found = adapters.rows()
    lines = [
        "## Adapters",
        "",
        "How many bodies a second of CPU does each adapter read (all samples of the conformance",
        "suite that give events), and how many requests does it verify? (`benchmarks/adapters.py`;",
        "goal: median 50,000, none under 10,000.)",
        "",
        "| vendor | bodies/s | verified/s |",
        "|---|---|---|",
        *(f"| {name} | {read:,.0f} | {verified:,.0f} |" for name, read, verified in found),
        f"| median | {median(read for _, read, _ in found):,.0f} | |",
        "",
    ]
    return "\n".join(lines)


SECTIONS: dict[str, Callable[[], str]] = {
    "drain": drained,
    "gateway": webhooks,
    "adapters": bodies,
}


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{median(ordered):,.0f} ({ordered[0]:,.0f}–{ordered[-1]:,.0f})"


def main(asked: list[str]) -> None:
    before = re.split(r"\n(?=## )", PAGE.read_text(encoding="utf-8")) if PAGE.is_file() else []
    kept = {section.partition("\n")[0]: section for section in before[1:]}
    for name in asked or SECTIONS:
        section = SECTIONS[name]()
        kept[section.partition("\n")[0]] = section
        sys.stdout.write(section + "\n")
    PAGE.write_text(
        "\n".join([head(), *(s.rstrip() + "\n" for s in kept.values())]), encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
