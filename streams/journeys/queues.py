"""Queues: how long a customer waited for a human, and whether he gave up."""

from __future__ import annotations

from schemas.facts import QueueAbandoned, QueueWaited
from streams.journeys.findings import Cycle, Findings
from streams.journeys.promises import promised, settled, waits
from streams.journeys.state import Entry

_ENDS = frozenset({"left", "connected"})
"""What ends a wait."""


def conclude(cycle: Cycle, found: Findings) -> None:
    if cycle.kinds.isdisjoint(_ENDS) and not any(act.data for act in cycle.acts):
        return  # nobody entered a queue, and nobody left one
    entered: dict[tuple[str, str], Entry] = {}
    for entry in cycle.entries:
        place = (entry.conversation, str(entry.data.get("queue", "")))
        if entry.kind == "act" and entry.data.get("queued"):
            if not found.is_over(cycle, entry, f"queue/{entry.id}"):
                entered[place] = entry
        elif entry.kind == "left":
            _left(entry, entered.pop(place, None), cycle, found)
        elif entry.kind == "connected":
            # A vendor that names no end of the wait: the agent's voice is it.
            for waited in [p for p in entered if p[0] == entry.conversation]:
                begin = entered.pop(waited)
                _waited(begin, entry.at_ms - begin.at_ms, "answered", entry, cycle, found)
    if cycle.resolved_ms is None:
        for begin in entered.values():
            if (running := promised("queue", begin, found)) is not None:
                waits(running, cycle, found, warn=False)


def _left(entry: Entry, begin: Entry | None, cycle: Cycle, found: Findings) -> None:
    wait_ms = entry.data.get("wait_ms")
    if wait_ms is None:
        if begin is None:
            return
        wait_ms = entry.at_ms - begin.at_ms
    subject = begin or entry
    if entry.data["outcome"] == "abandoned":
        found.add(
            QueueAbandoned, f"queue/{subject.id}", cycle, entry.at_ms, entry.channel,
            _both(subject, entry), queue=entry.data["queue"], wait_ms=max(0, wait_ms),
            short=wait_ms < found.policy.short_abandon_ms,
        )  # fmt: skip
        # Who gave up while the promise still ran was not kept waiting too long: it is void.
        _promise(subject, wait_ms, cycle, found, kept_is_void=True)
    else:
        _waited(subject, wait_ms, entry.data["outcome"], entry, cycle, found)


def _waited(
    begin: Entry, wait_ms: int, outcome: str, end: Entry, cycle: Cycle, found: Findings
) -> None:
    found.add(
        QueueWaited, f"queue/{begin.id}", cycle, end.at_ms, end.channel, _both(begin, end),
        queue=str(begin.data.get("queue", "")), wait_ms=max(0, wait_ms), outcome=outcome,
    )  # fmt: skip
    if outcome == "answered":
        _promise(begin, wait_ms, cycle, found)


def _both(begin: Entry, end: Entry) -> tuple[str, ...]:
    return (end.id,) if begin is end else (begin.id, end.id)


def _promise(
    begin: Entry, wait_ms: int, cycle: Cycle, found: Findings, *, kept_is_void: bool = False
) -> None:
    """Service level: the wait against what is promised to this queue."""
    running = promised("queue", begin, found)
    if running is None or begin.kind != "act":
        return
    end_ms = begin.at_ms + wait_ms
    if not kept_is_void or end_ms > running.due_ms:
        settled(running, end_ms, cycle, found)
