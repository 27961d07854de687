"""Replies: since when the customer waits, how long it took, and whether the promise was kept.

The clock starts with the first unanswered message of the customer and stops with the first answer
of a human, on whatever channel.  Bots and our own automatic mails never stop it.  A call or a
visitor in a queue has a clock of his own (`queues`).
"""

from __future__ import annotations

from typing import Literal

from schemas.facts import ReplyAwaited, ReplyMeasured
from streams.journeys.findings import Cycle, Findings
from streams.journeys.promises import business_ms, promised, settled, waits
from streams.journeys.state import Entry

Which = Literal["first", "next"]

_SPOKEN = frozenset({"voice", "in_person"})
"""Nobody writes there: who waits, waits in a queue."""


def conclude(cycle: Cycle, found: Findings) -> None:
    waiting: Entry | None = None
    journey = found.journey
    begun = journey.answered and cycle.number == journey.cycles + 1
    which: Which = "next" if begun else "first"
    for entry in cycle.entries:
        if entry.asks and entry.channel not in _SPOKEN:
            waiting = waiting or entry
        elif entry.kind in {"reply", "connected"} and waiting is not None:
            _answered(waiting, entry, which, cycle, found)
            which, waiting = "next", None
    found.journey.waiting_ms = 0
    if waiting is not None and cycle.resolved_ms is None:
        found.journey.waiting_ms = waiting.at_ms
        _waits(waiting, which, cycle, found)
    elif waiting is not None and which == "first" and not waiting.data.get("thanks"):
        _never_answered(waiting, cycle, found)
    _resolution(cycle, found)


def _never_answered(act: Entry, cycle: Cycle, found: Findings) -> None:
    """Resolved without a word to whoever had asked: the promise that was broken by then stays so.
    What still ran is void, and so is a later wait: whoever resolves finds nothing left to answer.
    """
    running = promised("first_reply", act, found)
    if running is not None and cycle.resolved_ms is not None and cycle.resolved_ms > running.due_ms:
        settled(running, cycle.resolved_ms, cycle, found)


def _answered(act: Entry, reply: Entry, which: Which, cycle: Cycle, found: Findings) -> None:
    evidence, clock = (act.id, reply.id), _clock(which)
    if found.stands(cycle, evidence, f"reply/{act.id}", f"sla/{clock}/{act.id}"):
        return
    found.add(
        ReplyMeasured, f"reply/{act.id}", cycle, reply.at_ms, act.channel, evidence,
        which=which, ms=reply.at_ms - act.at_ms,
        business_ms=business_ms(act, reply.at_ms, found),
        by=reply.actor or reply.data.get("agent", ""),
    )  # fmt: skip
    if (running := promised(clock, act, found)) is not None:
        settled(running, reply.at_ms, cycle, found)


def _waits(act: Entry, which: Which, cycle: Cycle, found: Findings) -> None:
    running = promised(_clock(which), act, found)
    found.add(
        ReplyAwaited, f"awaited/{act.id}", cycle, act.at_ms, act.channel, (act.id,),
        deadline_ms=running.due_ms if running else None,
    )  # fmt: skip
    if running is not None:
        waits(running, cycle, found)


def _clock(which: Which) -> Literal["first_reply", "next_reply"]:
    return "first_reply" if which == "first" else "next_reply"


def _resolution(cycle: Cycle, found: Findings) -> None:
    """From the first act of the cycle to its resolution."""
    if not cycle.acts or found.journey.proactive:
        return
    running = promised("resolution", cycle.acts[0], found)
    if running is None:
        return
    if cycle.resolved_ms is not None:
        settled(running, cycle.resolved_ms, cycle, found)
    else:
        waits(running, cycle, found, warn=False)
