"""Replies: since when the customer waits, how long it took, and whether the promise was kept.

The clock starts with the first unanswered message of the customer and stops with the first answer
of a human, on whatever channel.  Bots and our own automatic mails never stop it.  A call in a queue
has its own clock (`queues`).
"""

from __future__ import annotations

from schemas.facts import ReplyAwaited, ReplyMeasured, SlaAtRisk, SlaBreached, SlaMet
from streams.journeys.findings import Cycle, Findings
from streams.journeys.state import Entry


def conclude(cycle: Cycle, found: Findings) -> None:
    waiting: Entry | None = None
    answered = 0
    for entry in cycle.entries:
        if entry.kind == "act" and entry.channel != "voice":
            waiting = waiting or entry
        elif entry.kind in {"reply", "connected"} and waiting is not None:
            _answered(waiting, entry, "next" if answered else "first", cycle, found)
            answered += 1
            waiting = None
    found.journey.waiting_ms = 0
    if waiting is not None and cycle.resolved_ms is None:
        found.journey.waiting_ms = waiting.at_ms
        _waits(waiting, "next" if answered else "first", cycle, found)
    _resolution(cycle, found)


def _answered(act: Entry, reply: Entry, which: str, cycle: Cycle, found: Findings) -> None:
    ms = reply.at_ms - act.at_ms
    found.add(
        ReplyMeasured, f"reply/{act.id}", cycle, reply.at_ms, act.channel, (act.id, reply.id),
        which=which, ms=ms, by=reply.actor or reply.data.get("agent", ""),
    )  # fmt: skip
    target_ms = found.policy.reply_target_ms(act.channel, which)
    _kept(f"{which}_reply", act, target_ms, reply.at_ms, cycle, found)


def _kept(
    clock: str, act: Entry, target_ms: int, at_ms: int, cycle: Cycle, found: Findings
) -> None:
    due_ms = act.at_ms + target_ms
    kind, when_ms = (SlaMet, at_ms) if at_ms <= due_ms else (SlaBreached, due_ms)
    subject = f"sla/{clock}/{act.id}"
    found.add(
        kind, subject, cycle, when_ms, act.channel, (act.id,),
        clock=clock, target_ms=target_ms, due_ms=due_ms,
    )  # fmt: skip


def _waits(act: Entry, which: str, cycle: Cycle, found: Findings) -> None:
    policy = found.policy
    target_ms = policy.reply_target_ms(act.channel, which)
    due_ms = act.at_ms + target_ms
    clock = f"{which}_reply"
    found.add(
        ReplyAwaited, f"awaited/{act.id}", cycle, act.at_ms, act.channel, (act.id,),
        deadline_ms=due_ms,
    )  # fmt: skip
    fields = {"clock": clock, "target_ms": target_ms, "due_ms": due_ms}
    risk_ms = act.at_ms + int(target_ms * policy.at_risk_share)
    if found.silent_since(risk_ms):
        found.add(SlaAtRisk, f"risk/{act.id}", cycle, risk_ms, act.channel, (act.id,), **fields)
    if found.silent_since(due_ms):
        found.add(
            SlaBreached, f"sla/{clock}/{act.id}", cycle, due_ms, act.channel, (act.id,), **fields
        )


def _resolution(cycle: Cycle, found: Findings) -> None:
    """From the first act of the cycle to its resolution."""
    if not cycle.acts or found.journey.proactive:
        return
    act, target_ms = cycle.acts[0], found.policy.resolution_target_ms
    if cycle.resolved_ms is not None:
        _kept("resolution", act, target_ms, cycle.resolved_ms, cycle, found)
    elif found.silent_since(act.at_ms + target_ms):
        _kept("resolution", act, target_ms, act.at_ms + target_ms + 1, cycle, found)
