"""`make bench`: asks every question and writes docs/performance.md.

`python -m benchmarks.run drain_small normalise` asks only these; what the page says of the others
stays.
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

from benchmarks import (
    adapters,
    backtest,
    context,
    cpu_split,
    drain,
    drain_small,
    gateway,
    latency,
    normalise,
    recovery,
    state_size,
)
from benchmarks.peers import page

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
RUNS = int(os.environ.get("RUNS", "3"))

Rows = list[tuple[str, list[tuple[float, float]]]]


def _head() -> str:
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("faust-streaming", "redis", "msgspec")
    )
    return f"""# Performance

Written by `make bench`. Kafka, Redis and the system under test share the machine: read the figures
as ratios of one run. CPU is user and system time of the worker's own process, all threads. What drains
has the second core for itself (drains, normalise, peers); for the rest all share both.

Machine: {platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()},
{packages}; Kafka 4.1, Redis 7.
"""


def _rates(found: Rows, unit: str) -> list[str]:
    lines = [
        f"| system, median of {RUNS} (range) | {unit}/s | own CPU s per million |",
        "|---|---|---|",
    ]
    for name, runs in found:
        rates, cpus = [r for r, _ in runs], [c for _, c in runs]
        lines.append(f"| {name} | {_spread(rates)} | {_spread(cpus)} |")
    return lines


def _drain() -> list[str]:
    found = drain.rows(RUNS)
    ours = median(rate for rate, _ in found[0][1])
    ratios = [ours / median(rate for rate, _ in runs) for _, runs in found[1:]]
    return [
        "How fast does one worker process fold a backlog of canonical events, with everything the",
        "journeys stage does? (`benchmarks/drain.py`; the same fold in a stock Faust agent:",
        "`benchmarks/stock_faust.py`.) Goal: 40,000 events/s, 25 CPU s per million.",
        "",
        *_rates(found, "events"),
        "",
        "Ratios: " + ", ".join(f"{ratio:.1f}" for ratio in ratios) + ".",
    ]


def _drain_small() -> list[str]:
    return [
        "What does the engine itself cost? Per-customer state, a switch of channel to an output",
        "topic, a counter a pane (`benchmarks/drain_small.py`). Goal: 120,000 events/s, 8 CPU s",
        "per million.",
        "",
        *_rates(drain_small.rows(RUNS), "events"),
    ]


def _normalise() -> list[str]:
    return [
        "How fast does one worker normalise the webhooks of one domain? WhatsApp's messages and",
        "echoes (`benchmarks/normalise.py`). Goal: 25,000 webhooks/s.",
        "",
        *_rates(normalise.rows(RUNS), "webhooks"),
    ]


def _cpu_split() -> list[str]:
    found = cpu_split.rows(RUNS)
    whole = sum(median(runs) for _, runs in found)
    return [
        "Where does the CPU of the journeys stage go? The worker's parts one after another, on a",
        "real Redis and Kafka (`benchmarks/cpu_split.py`); fetching and Faust come on top.",
        "",
        "| part | CPU s per million | share |",
        "|---|---|---|",
        *(f"| {n} | {median(runs):,.1f} | {median(runs) / whole:.0%} |" for n, runs in found),
    ]


def _state_size() -> list[str]:
    return [
        "What does a customer cost? Bytes of Redis with an open journey and when all is sealed",
        "(excerpts included), and the fold's CPU an event under Zipf load",
        "(`benchmarks/state_size.py`). Goals: 2 KB, 1 KB, and a cost that does not grow.",
        "",
        "| customers | CPU µs an event | bytes, open | bytes, at rest |",
        "|---|---|---|---|",
        *(
            f"| {customers:,} | {used:,.0f} | {busy:,.0f} | {rest:,.0f} |"
            for customers, used, busy, rest in state_size.rows()
        ),
    ]


def _gateway() -> list[str]:
    found = gateway.rows(RUNS)
    return [
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
    ]


def _adapters() -> list[str]:
    found = adapters.rows()
    return [
        "How many bodies a second of CPU does each adapter read (all samples of the conformance",
        "suite that give events), and how many requests does it verify? (`benchmarks/adapters.py`;",
        "goal: median 50,000, none under 10,000.)",
        "",
        "| vendor | bodies/s | verified/s |",
        "|---|---|---|",
        *(f"| {name} | {read:,.0f} | {verified:,.0f} |" for name, read, verified in found),
        f"| median | {median(read for _, read, _ in found):,.0f} | |",
    ]


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{median(ordered):,.0f} ({ordered[0]:,.0f}–{ordered[-1]:,.0f})"


SECTIONS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "drain": ("Drain, full logic", _drain),
    "cpu_split": ("Where the CPU goes", _cpu_split),
    "drain_small": ("Drain, small fold", _drain_small),
    "normalise": ("Normalise", _normalise),
    "state_size": ("A customer", _state_size),
    "peers": ("Peers", lambda: page.section(RUNS)),
    "latency": ("Latency", lambda: latency.section(RUNS)),
    "recovery": ("Recovery", lambda: recovery.section(RUNS)),
    "backtest": ("Backtest", lambda: backtest.section(RUNS)),
    "context": ("Console", lambda: context.section(RUNS)),
    "gateway": ("Gateway", _gateway),
    "adapters": ("Adapters", _adapters),
}


def main(names: list[str]) -> None:
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    parts = re.split(r"^## ", before, flags=re.MULTILINE)[1:]
    known = dict(part.split("\n", 1) for part in parts)
    for name in names or SECTIONS:
        title, ask = SECTIONS[name]
        at_load = f"{os.getloadavg()[0]:.1f}"
        said = [
            *ask(),
            "",
            f"`python -m benchmarks.run {name}`; load of the machine before: {at_load}.",
        ]
        known[title] = "\n" + "\n".join(said) + "\n"
        sys.stdout.write(f"## {title}\n{known[title]}")
    ours = [title for title, _ in SECTIONS.values()]
    order = [*ours, *(title for title in known if title not in ours)]
    sections = [f"## {title}\n\n{known[title].strip()}\n" for title in order if title in known]
    PAGE.write_text("\n".join([_head(), *sections]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
