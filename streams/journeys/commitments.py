"""What agents promised this customer, and whether they kept it."""

from __future__ import annotations

from typing import Any

from streams.journeys.state import Entry, Journey

SAME_BREATH_MS = 60_000
"""What is said within a minute of a promise belongs to it and does not keep it."""


def commitments(journey: Journey, now_ms: int) -> list[dict[str, Any]]:
    """Those not kept yet, in the order made: `what`, `due_ms` or None, `at_ms`, `by` (the agent),
    `state` (open, late).  A journey that is resolved has none.
    """
    if journey.resolved_ms:
        return []
    found = []
    for number, entry in enumerate(journey.timeline):
        if entry.kind != "promised" or _kept(entry, journey.timeline[number + 1 :]):
            continue
        due_ms = entry.data.get("due_ms")
        found.append(
            {
                "what": entry.data["what"],
                "due_ms": due_ms,
                "at_ms": entry.at_ms,
                "by": entry.actor or None,
                "state": "late" if due_ms is not None and due_ms < now_ms else "open",
            }
        )
    return found


def _kept(promise: Entry, later: list[Entry]) -> bool:
    """A call back by any call of ours, an answer by any later word; the rest by the resolution."""
    wanted = {
        "call_back": frozenset({"connected"}),
        "answer": frozenset({"connected", "reply"}),
    }.get(promise.data["what"], frozenset())
    return any(
        entry.kind in wanted and (entry.until_ms or entry.at_ms) > promise.at_ms + SAME_BREATH_MS
        for entry in later
    )
