"""Writes a run's figures into docs/reliability.md: one block for each kind of Redis, the last run's."""

from __future__ import annotations

from collections import Counter

from tests.chaos.run import Outcome
from tests.servers.kafka import ROOT

PAGE = ROOT / "docs" / "reliability.md"
KINDS = ("lost", "doubled", "conflicting", "phantom", "skipped", "out of order", "wrong")


def write(outcome: Outcome, store: str) -> None:
    store = "steady load" if outcome.plan.steady else store
    begin, end = f"<!-- chaos, {store}: written by make chaos -->", f"<!-- chaos, {store}: end -->"
    text = PAGE.read_text(encoding="utf-8")
    block = f"{begin}\n{_block(outcome, store)}\n{end}"
    if begin in text:
        text = text[: text.index(begin)] + block + text[text.index(end) + len(end) :]
    else:
        text = f"{text.rstrip()}\n\n{block}\n"
    PAGE.write_text(text, encoding="utf-8")


def _memory(outcome: Outcome) -> list[tuple[str, str]]:
    """The largest resident memory of each third of the run."""
    found = []
    for name, taken in sorted(outcome.rss_mb.items()):
        third = max(1, len(taken) // 3)
        thirds = [max(taken[:third]), max(taken[third : 2 * third] or [0]), max(taken[-third:])]
        found.append((f"memory of {name}, by thirds", ", ".join(map(str, thirds)) + " MiB"))
    return found


def _block(outcome: Outcome, store: str) -> str:
    judged = Counter(fault.kind for fault in outcome.faults)
    ends = ", ".join(f"{name}: {count}" for name, count in sorted(outcome.ends.items()))
    rows = [
        ("run", f"{outcome.seconds / 60:.0f} minutes, {store}, seed {outcome.plan.seed}"),
        ("webhooks acknowledged", f"{outcome.webhooks:,}"),
        ("records in Kafka", f"{outcome.records:,}"),
        *_memory(outcome),
        *((kind, str(judged[kind])) for kind in KINDS),
        ("troubles", "; ".join(told.splitlines()[0] for told in outcome.troubles) or "none"),
    ]
    if not outcome.plan.steady:
        rows += [
            ("faults", str(outcome.struck.total())),
            ("ends of processes (exit code, or signal below 0)", ends or "none"),
            ("recovery, p50", f"{outcome.recovery_s(0.5):.1f} s"),
            ("recovery, p99", f"{outcome.recovery_s(0.99):.1f} s"),
        ]
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    if outcome.recoveries:
        lines += ["", "| fault | times | recovery, p50 | longest |", "|---|---|---|---|"]
    for kind, count in sorted(outcome.struck.items()):
        half, most = outcome.recovery_s(0.5, kind), outcome.recovery_s(1, kind)
        lines.append(f"| {kind} | {count} | {half:.1f} s | {most:.1f} s |")
    return "\n".join(lines)
