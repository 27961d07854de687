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
    for name, taken in outcome.rss_mb.items():
        third = max(1, len(taken) // 3)
        thirds = [max(taken[:third]), max(taken[third : 2 * third] or [0]), max(taken[-third:])]
        found.append(
            (
                f"memory of {name}, by thirds of the run",
                f"{thirds[0]}, {thirds[1]}, {thirds[2]} MiB",
            )
        )
    return found


def _block(outcome: Outcome, store: str) -> str:
    judged = Counter(fault.kind for fault in outcome.faults)
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(outcome.struck.items()))
    rows = [
        ("run", f"{outcome.seconds / 60:.0f} minutes, {store}, seed {outcome.plan.seed}"),
        ("webhooks acknowledged", f"{outcome.webhooks:,}"),
        ("records in Kafka", f"{outcome.records:,}"),
        *_memory(outcome),
        ("faults", f"{outcome.struck.total()}: {faults}"),
        *((kind, str(judged[kind])) for kind in KINDS),
        ("recovery, p50", f"{outcome.recovery_s(0.5):.1f} s"),
        ("recovery, p99", f"{outcome.recovery_s(0.99):.1f} s"),
    ]
    if outcome.plan.steady:
        rows = [row for row in rows if row[0] not in {"faults", "recovery, p50", "recovery, p99"}]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
