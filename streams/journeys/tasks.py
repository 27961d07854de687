"""Carts, forms, bookings: what was begun and left lying, once for each cycle in which it was."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.facts import Fact, TaskAbandoned
from streams.journeys.findings import Cycle, Findings
from streams.journeys.state import Entry

_UNDER_WAY = frozenset({"started", "progressed"})


def conclude(cycle: Cycle, found: Findings) -> None:
    if "task" not in cycle.kinds:
        return
    latest = {entry.data["task"]: entry for entry in cycle.entries if entry.kind == "task"}
    for task, entry in latest.items():
        due_ms = entry.at_ms + found.policy.task_abandon_ms
        if entry.data["state"] not in _UNDER_WAY or _goes_on(task, due_ms, cycle, found):
            continue
        if found.silent_since(due_ms):
            kind, _, ident = task.partition(":")
            found.add(
                TaskAbandoned, subject(task, cycle), cycle, due_ms, entry.channel, (entry.id,),
                task_kind=kind, task_id=ident, step=entry.data["step"],
            )  # fmt: skip


def subject(task: str, cycle: Cycle) -> str:
    """Of its being left lying in this cycle; `task` is `kind:id`."""
    return f"task/{task}" if cycle.number == 1 else f"task-{cycle.number}/{task}"


def _goes_on(task: str, due_ms: int, cycle: Cycle, found: Findings) -> bool:
    """Did he take it up again in time, when the need had come back?"""
    return any(
        _is_taken_up(task, due_ms, later.entries)
        for later in found.cycles
        if later.number > cycle.number and "task" in later.kinds
    )


def taken_up(fact: Fact, later: Iterable[Entry]) -> bool:
    """Is it about a task of a cycle before these entries, that he went on with in time?"""
    return isinstance(fact, TaskAbandoned) and _is_taken_up(_task(fact), fact.at_ms, later)


def may_change(fact: Fact, cycle: Cycle, stay: Iterable[Entry]) -> bool:
    """Is it about a task of this cycle of which these entries still tell?"""
    return (
        isinstance(fact, TaskAbandoned)
        and fact.cycle == cycle.number
        and any(e.kind == "task" and e.data["task"] == _task(fact) for e in stay)
    )


def _task(fact: TaskAbandoned) -> str:
    return f"{fact.task_kind}:{fact.task_id}"


def _is_taken_up(task: str, due_ms: int, later: Iterable[Entry]) -> bool:
    return any(e.kind == "task" and e.data["task"] == task and e.at_ms <= due_ms for e in later)
