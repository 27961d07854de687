"""A transfer that its vendor names: it may be told before or after what it comes to, and twice."""

from __future__ import annotations

from streams.journeys.chains import Holding, begin
from streams.journeys.moved import Hands, Moved
from streams.journeys.state import Entry


def named(entry: Entry, holding: Holding, moved: list[Moved]) -> None:
    phase, after = entry.data["phase"], entry.data.get("to", {})
    transfer = holding.open
    kind = entry.data["kind"]
    if (holding.bot and not holding.human) or entry.data.get("from", {}).get("bot"):
        kind = "handoff"
    elif kind in {"unknown", "blind"}:
        kind = _kind(kind, after, holding)
        if kind == "blind" and not after and holding.queued:
            kind, after = "queue", {"queue": holding.queued}  # told before the transfer
    if phase == "failed":
        if transfer is None:
            transfer = begin(entry, kind, after, holding, moved, named=True)
        transfer.fail(entry.at_ms)
        holding.open = None
        return
    by = entry.data.get("from", {})
    if phase == "accepted" and transfer and _is_taken(transfer, holding, by, after):
        if not transfer.named:
            transfer.kind, transfer.named = kind, True
        return
    hands = holding.hands
    if phase == "started" and transfer is not None and transfer.goes_elsewhere(after):
        transfer.fail(entry.at_ms)  # nobody took it there
        hands = transfer.before
    if transfer is not None and _was_consulting(transfer, by, after):
        transfer.kind, transfer.named = kind, True
    elif transfer is None or not transfer.waits:
        transfer = begin(entry, kind, after, holding, moved, named=True)
        transfer.before = by or hands
        if kind == "handoff" and not transfer.before:
            transfer.before = {"bot": "bot"}
    elif transfer.kind in {"blind", "unknown"}:
        # Implied first, then named: one transfer.
        transfer.kind, transfer.named = kind, True
    if phase == "accepted" and transfer.accepted_ms is None:
        transfer.accept(after.get("agent", "") if transfer.turned_down else "", entry.at_ms)
        if not after and not transfer.after and holding.consulted:
            transfer.after = after = {"agent": holding.consulted}
    if after:
        holding.hands = after


def _is_taken(transfer: Moved, holding: Holding, by: Hands, after: Hands) -> bool:
    """Whoever it was for has taken it, and now it is said to have arrived."""
    before = transfer.before.get("agent")
    if transfer.accepted_ms is None or transfer.outcome or holding.hands.get("agent") == before:
        return False
    told = [(by.get("agent"), before)]
    parts = ("agent",) if after.get("agent") else ("queue", "team")
    told += [(after.get(part), transfer.after.get(part)) for part in parts]
    told = [(said, known) for said, known in told if said]
    return bool(told) and all(said == known for said, known in told)


def _was_consulting(transfer: Moved, by: Hands, after: Hands) -> bool:
    """Another agent was connected without a word, and now the one before him says that he passes it
    on to him: until then he had consulted him.
    """
    return (
        not transfer.named
        and not transfer.outcome
        and transfer.accepted_ms == transfer.started_ms
        and bool(by.get("agent"))
        and by.get("agent") == transfer.before.get("agent")
        and after.get("agent") in {None, transfer.after.get("agent")}
        and not after.get("team")
    )


def _kind(told: str, to: Hands, holding: Holding) -> str:
    """What a transfer comes to of which its vendor says no more than that it is one; whatever
    names a team or queue and no agent goes to a queue.
    """
    if told == "unknown" and holding.consulted:
        return "warm"
    return "queue" if to and not to.get("agent") else "blind"
