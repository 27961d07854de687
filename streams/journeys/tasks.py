"""Carts, forms, bookings: what was begun and left lying."""

from __future__ import annotations

from schemas.facts import TaskAbandoned
from streams.journeys.findings import Cycle, Findings
from streams.journeys.state import Entry

_UNDER_WAY = frozenset({"started", "progressed"})


def conclude(cycle: Cycle, found: Findings) -> None:
    if "task" not in cycle.kinds:
        return
    latest: dict[str, Entry] = {}
    for entry in cycle.entries:
        if entry.kind == "task":
            latest[entry.data["task"]] = entry
    for task, entry in latest.items():
        due_ms = entry.at_ms + found.policy.task_abandon_ms
        if entry.data["state"] in _UNDER_WAY and found.silent_since(due_ms):
            kind, _, ident = task.partition(":")
            found.add(
                TaskAbandoned, f"task/{task}", cycle, due_ms, entry.channel, (entry.id,),
                task_kind=kind, task_id=ident, step=entry.data["step"],
            )  # fmt: skip
