"""Transfers and hand-offs: what is told of a conversation that changes hands (`hands`).

Successful: a human accepted, the context was not missing, and it did not bounce back within ten
minutes.  A→B→A within that time is one bounced transfer, and ping-pong.

A transfer may lead into another conversation, also another vendor's (bot platform → help desk →
telephony): whoever serves the customer there accepts it (`chains`), and the chain goes on there.
"""

from __future__ import annotations

from schemas.common import Party
from schemas.facts import ContextReady, TransferConcluded, TransferStarted
from streams.journeys.findings import Cycle, Findings
from streams.journeys.hands import follow
from streams.journeys.held import MOST, Held, latest, read, written
from streams.journeys.moved import Moved
from streams.journeys.state import Entry, Journey

_BEGINS = frozenset({"bot", "status", "assigned", "transfer", "connected", "stepped"})
"""Without one of these nothing can change hands."""


def conclude(cycle: Cycle, found: Findings) -> list[Moved]:
    """The cycle's transfers, with their facts."""
    held, moved = _carried(cycle, found.journey)
    if not held and cycle.kinds.isdisjoint(_BEGINS):
        return []
    follow([e for e in cycle.entries if not _is_sealed(e, cycle, found)], held, moved, found)
    for transfer in moved:
        _facts(transfer, cycle, found)
    return moved


def _is_sealed(entry: Entry, cycle: Cycle, found: Findings) -> bool:
    journey = found.journey
    return cycle.number == journey.cycles + 1 and entry.at_ms <= journey.sealed_ms


def _carried(cycle: Cycle, journey: Journey) -> tuple[Held, list[Moved]]:
    """Whose everything was where the sealed part ends."""
    if cycle.number != journey.cycles + 1:
        return {}, []
    return read(journey.held)


def carried_on(cycle: Cycle, found: Findings, line_ms: int) -> tuple[bytes, list[Moved]]:
    """What must be known at a line (ms) to go on from there (`Journey.held`), and the transfers of
    which more may be concluded.
    """
    held, moved = _carried(cycle, found.journey)
    fresh = [e for e in cycle.entries if not _is_sealed(e, cycle, found) and e.at_ms <= line_ms]
    follow(fresh, held, moved, found)
    stands = {s for s, fact in found.journey.published.items() if fact.state == "asserted"}
    subject = f"{found.journey.id}/transfer/"
    held = latest(held)
    going = {h.open.id for h in held.values() if h.open}
    open_ = [
        t
        for t in moved
        if subject + t.id in stands
        and (t.id in going or f"{subject}{t.id}/concluded" not in stands)
    ]
    going |= {t.id for t in open_}
    going |= {t.id for t in _since_he_acted(moved, cycle, line_ms)}
    return written(held, moved, going), open_


def _since_he_acted(moved: list[Moved], cycle: Cycle, line_ms: int) -> list[Moved]:
    """One of these may be why the customer goes on elsewhere."""
    acts = (act.until_ms or act.at_ms for act in cycle.acts if act.at_ms <= line_ms)
    last_ms = max(acts, default=0)
    return [transfer for transfer in moved if transfer.started_ms >= last_ms][-MOST:]


def _facts(transfer: Moved, cycle: Cycle, found: Findings) -> None:
    subject = f"transfer/{transfer.id}"
    hands = {"to": Party(**transfer.after), "from_": Party(**transfer.before)}
    found.add(
        TransferStarted, subject, cycle, transfer.started_ms, transfer.channel, (transfer.id,),
        kind=transfer.kind, **hands,
    )  # fmt: skip
    reason = "handoff" if transfer.kind == "handoff" else "transfer"
    found.add(
        ContextReady, f"context/{subject}", cycle, transfer.started_ms, transfer.channel,
        (transfer.id,), reason=reason, summary={"kind": transfer.kind},
    )  # fmt: skip
    outcome, at_ms = _outcome(transfer, cycle, found)
    if outcome:
        found.add(
            TransferConcluded, f"{subject}/concluded", cycle, at_ms, transfer.channel,
            (transfer.id,), kind=transfer.kind, outcome=outcome,
            ping_pong=outcome == "bounced" and bool(transfer.before.get("agent")), **hands,
        )  # fmt: skip


def _outcome(transfer: Moved, cycle: Cycle, found: Findings) -> tuple[str, int]:
    policy = found.policy
    if transfer.outcome in {"bounced", "failed"}:
        return transfer.outcome, transfer.failed_ms or transfer.started_ms
    if transfer.accepted_ms is not None:
        due_ms = max(transfer.accepted_ms, transfer.started_ms + policy.bounce_ms)
        return ("successful", due_ms) if found.silent_since(due_ms) else ("", 0)
    if transfer.outcome == "refused" or transfer.turned_down:
        since_ms = transfer.declined_ms or transfer.failed_ms or 0
        due_ms = max(since_ms, transfer.started_ms + policy.bounce_ms)
        return ("refused", due_ms) if found.silent_since(due_ms) else ("", 0)
    if cycle.resolved_ms is not None and (
        transfer.after.get("agent") or transfer.after.get("team")
    ):
        return "successful", cycle.resolved_ms  # it was resolved in these hands
    due_ms = transfer.started_ms + policy.silence_ms
    return ("failed", due_ms) if found.silent_since(due_ms) else ("", 0)
