"""Transfers and hand-offs: the conversation changes hands.

What a vendor names (a transfer event) and what it only implies (another assignee) are the same
transfer.  Consulting is none, and the first assignment neither; but who was consulted takes what is
then passed on, unless its vendor names somebody else.  From a bot to a human it is a
hand-off.  Successful: a human accepted, the context was not missing, and it did not bounce back
within ten minutes.  A→B→A within that time is one bounced transfer, and ping-pong.

A transfer may lead into another conversation, also another vendor's (bot platform → help desk →
telephony): whoever serves the customer there accepts it (`chains`), and the chain goes on there.
"""

from __future__ import annotations

from schemas.common import Party
from schemas.facts import ContextReady, TransferConcluded, TransferStarted
from streams.journeys.chains import Hands, Holding, Moved, begin, continued
from streams.journeys.findings import Cycle, Findings
from streams.journeys.held import MOST, Held, latest, read, written
from streams.journeys.state import Entry, Journey

_BEGINS = frozenset({"bot", "status", "assigned", "transfer", "connected", "stepped"})
"""Without one of these nothing can change hands."""


def conclude(cycle: Cycle, found: Findings) -> list[Moved]:
    """The cycle's transfers, with their facts."""
    held, moved = _carried(cycle, found.journey)
    if not held and cycle.kinds.isdisjoint(_BEGINS):
        return []
    _follow([e for e in cycle.entries if not _is_sealed(e, cycle, found)], held, moved, found)
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
    _follow(fresh, held, moved, found)
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


def _follow(entries: list[Entry], held: Held, moved: list[Moved], found: Findings) -> None:
    for entry in entries:
        holding = continued(entry, held, moved, found.policy)
        match entry.kind:
            case "bot":
                holding.bot = True
            case "status" if entry.data["status"] == "pending_bot":
                holding.bot = True
            case "status" if entry.data["status"] == "open":
                _out_of_the_bot(entry, holding, moved)
            case "assigned":
                _assigned(entry, holding, moved, found)
            case "transfer":
                _named(entry, holding, moved)
            case "connected" | "reply":
                _human(entry, holding, moved, found)
            case "consulted":
                _consulted(entry, holding)
            case "gone":
                _gone(entry, holding, moved)
            case "stepped" if entry.data["outcome"] == "escalated":
                holding.escalated = holding.escalated or entry
            case "offered" if entry.data["outcome"] == "declined":
                if waiting := holding.waiting:
                    waiting.declined_ms = waiting.declined_ms or entry.at_ms
            case "left" if entry.data["outcome"] == "abandoned":
                if waiting := holding.waiting:
                    _fails(waiting, entry.at_ms)
            case "ended":
                _ended(entry, holding)


def _out_of_the_bot(entry: Entry, holding: Holding, moved: list[Moved]) -> None:
    """Pending → open: the bot gives up the conversation."""
    if holding.bot and not holding.human and holding.open is None:
        begin(entry, "handoff", {}, holding, moved, named=True).before = {"bot": "bot"}


def _assigned(entry: Entry, holding: Holding, moved: list[Moved], found: Findings) -> None:
    new: Hands = entry.data["to"]
    old = holding.hands or entry.data.get("from", {})
    transfer = holding.open
    if _same(old, new):
        return
    if transfer is not None and _returns(transfer, new, entry.at_ms, found):
        _bounces(transfer, entry.at_ms)
        holding.open, holding.hands = None, new
        return
    if transfer is not None and transfer.accepted_ms is None and not transfer.outcome:
        if not _goes_past(transfer, new):
            # Queue first, then a name in it: the same transfer comes to its end.
            transfer.after = {**transfer.after, **new}
            holding.hands = {**holding.hands, **new}
            if new.get("agent"):
                transfer.declined_ms = None  # it is offered to somebody else
            return
        _fails(transfer, entry.at_ms)
    if new.get("agent") and holding.bot and not holding.human:
        begin(entry, "handoff", new, holding, moved, named=False).before = {"bot": "bot"}
    elif old and new and _left_hands(old, new):
        holding.hands = old
        kind = "blind" if new.get("agent") else "queue"
        begin(entry, kind, new, holding, moved, named=False)
    holding.hands = new


def _same(old: Hands, new: Hands) -> bool:
    return old == new or (
        old.get("agent", "") == new.get("agent", "") and old.get("team", "") == new.get("team", "")
    )


def _left_hands(old: Hands, new: Hands) -> bool:
    """It changed hands: another agent, or another team without a name. Getting a first name
    within the same team, or being put down by everybody, is none.
    """
    if old.get("agent") and new.get("agent"):
        return old["agent"] != new["agent"]
    if old.get("team") and new.get("team"):
        return old["team"] != new["team"]
    return bool(old.get("agent") and new.get("team") and not new.get("agent"))


def _goes_past(transfer: Moved, new: Hands) -> bool:
    """It was somebody's by name, who did not take it, and goes on to another agent or a queue; or a
    team's, none of whom took it, and goes on to another team: that is the next transfer.  (What a
    bot gave up may pass through several teams before a human has it.)
    """
    agent, team = transfer.after.get("agent"), transfer.after.get("team")
    if agent:
        return new.get("agent", "") != agent and bool(new.get("agent") or new.get("team"))
    if transfer.kind == "handoff" or new.get("agent"):
        return False
    return bool(team and new.get("team") and new["team"] != team)


def _goes_elsewhere(transfer: Moved, new: Hands) -> bool:
    """Its vendor named it, nobody has taken it, and the vendor names another to somewhere else."""
    if not transfer.named or transfer.accepted_ms is not None or transfer.outcome:
        return False
    queue, other = transfer.after.get("queue"), new.get("queue")
    return _goes_past(transfer, new) or bool(
        queue and other and queue != other and not new.get("agent")
    )


def _returns(transfer: Moved, new: Hands, at_ms: int, found: Findings) -> bool:
    if at_ms - transfer.started_ms > found.policy.bounce_ms:
        return False
    before = transfer.before
    if before.get("agent"):
        return new.get("agent") == before["agent"]
    return bool(before.get("team")) and new.get("team") == before["team"] and not new.get("agent")


def _bounces(transfer: Moved, at_ms: int) -> None:
    """It comes back; what an agent had declined, and nobody taken, was never away."""
    if _is_refused(transfer):
        _fails(transfer, at_ms)
        return
    transfer.outcome = "bounced"
    transfer.failed_ms = at_ms


def _is_refused(transfer: Moved) -> bool:
    return transfer.declined_ms is not None and transfer.accepted_ms is None


def _takes(transfer: Moved, agent: str, at_ms: int) -> None:
    """A human accepts it: whoever it was meant for, if he does not decline."""
    named = "" if transfer.declined_ms is not None else transfer.after.get("agent")
    transfer.accepted_ms = at_ms
    if agent:
        transfer.after = {**transfer.after, "agent": named or agent}


def _named(entry: Entry, holding: Holding, moved: list[Moved]) -> None:
    phase, after = entry.data["phase"], entry.data.get("to", {})
    transfer = holding.open
    kind = entry.data["kind"]
    if (holding.bot and not holding.human) or entry.data.get("from", {}).get("bot"):
        kind = "handoff"
    elif kind in {"unknown", "blind"}:
        kind = _kind(kind, after, holding)
    if phase == "failed":
        if transfer is None:
            transfer = begin(entry, kind, after, holding, moved, named=True)
        _fails(transfer, entry.at_ms)
        holding.open = None
        return
    hands = holding.hands
    if phase == "started" and transfer is not None and _goes_elsewhere(transfer, after):
        _fails(transfer, entry.at_ms)  # nobody took it there
        hands = transfer.before
    if transfer is not None and _was_consulting(transfer, entry.data.get("from", {}), after):
        transfer.kind, transfer.named = kind, True
    elif transfer is None or transfer.outcome or transfer.accepted_ms is not None:
        transfer = begin(entry, kind, after, holding, moved, named=True)
        transfer.before = entry.data.get("from") or hands
        if kind == "handoff" and not transfer.before:
            transfer.before = {"bot": "bot"}
    elif transfer.kind in {"blind", "unknown"}:
        # Implied first, then named: one transfer.
        transfer.kind, transfer.named = kind, True
    if phase == "accepted" and transfer.accepted_ms is None:
        _takes(transfer, after.get("agent", "") if _is_refused(transfer) else "", entry.at_ms)
        if not after and not transfer.after and holding.consulted:
            transfer.after = after = {"agent": holding.consulted}
    if after:
        holding.hands = after


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


def _consulted(entry: Entry, holding: Holding) -> None:
    """Another agent is connected beside the one who has it.  If that one has passed it on already,
    this is who takes it: some vendors tell no more of a transfer past the queues.
    """
    agent, transfer = entry.data["agent"], holding.open
    holding.consulted = agent
    if (
        transfer is not None
        and transfer.named
        and not transfer.outcome
        and transfer.accepted_ms is None
        and agent != transfer.before.get("agent")
    ):
        transfer.accepted_ms = entry.at_ms
        transfer.after = {**transfer.after, "agent": agent}
        holding.hands = {"agent": agent}


def _gone(entry: Entry, holding: Holding, moved: list[Moved]) -> None:
    """An agent took the conversation without a word of a transfer, and is gone before the one who
    had it: he was consulted (through a queue, say), and nothing has changed hands.
    """
    agent, transfer = entry.data["agent"], holding.open
    if transfer is None or transfer.named or transfer.accepted_ms != transfer.started_ms:
        return
    if agent == transfer.after.get("agent"):
        transfer.left = True
    elif transfer.left and agent == transfer.before.get("agent"):
        moved[:] = [one for one in moved if one is not transfer]
        holding.open, holding.hands = None, transfer.before
        holding.consulted = transfer.after.get("agent", "")


def _human(entry: Entry, holding: Holding, moved: list[Moved], found: Findings) -> None:
    """A human acts: he accepts what was passed to him."""
    agent = entry.data.get("agent") or entry.actor
    if holding.bot and not holding.human and holding.open is None:
        to = {"agent": agent} if agent else {}
        begin(entry, "handoff", to, holding, moved, named=False).before = {"bot": "bot"}
    holding.human = True
    transfer = holding.open
    if transfer is not None and transfer.presumed and transfer.conversation != entry.conversation:
        transfer.accepted_ms, transfer.failed_ms, transfer.outcome = None, None, ""
        transfer.presumed = False
    if transfer is not None and not transfer.outcome:
        came_back = bool(agent) and agent == transfer.before.get("agent")
        if came_back and entry.kind == "connected":
            if entry.at_ms - transfer.started_ms <= found.policy.bounce_ms:
                _bounces(transfer, entry.at_ms)
                holding.open = None
        elif not came_back and transfer.accepted_ms is None:
            _takes(transfer, agent, entry.at_ms)
            transfer.into = entry.conversation
    elif entry.kind == "connected" and holding.hands.get("agent", agent) != agent:
        # Another agent takes the same call or chat, without a word of a transfer before.
        begin(
            entry, "blind", {"agent": agent}, holding, moved, named=False
        ).accepted_ms = entry.at_ms
    if agent and (entry.kind == "connected" or not holding.hands.get("agent")):
        holding.hands = {**holding.hands, "agent": agent}


def _fails(transfer: Moved, at_ms: int) -> None:
    if not transfer.outcome:
        transfer.outcome = "refused" if _is_refused(transfer) else "failed"
        transfer.failed_ms = at_ms


def _ended(entry: Entry, holding: Holding) -> None:
    """The contact is over: a transfer that its vendor reported, and did not take back, arrived."""
    transfer = holding.waiting
    if transfer is None:
        return
    arrived = transfer.named and transfer.kind != "handoff" and entry.data.get("answered")
    if arrived and not _is_refused(transfer):
        transfer.accepted_ms, transfer.presumed = entry.at_ms, True
    elif entry.data.get("final"):
        _fails(transfer, entry.at_ms)
        transfer.presumed = True


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
    if transfer.outcome == "refused" or _is_refused(transfer):
        since_ms = transfer.declined_ms or transfer.failed_ms or 0
        due_ms = max(since_ms, transfer.started_ms + policy.bounce_ms)
        return ("refused", due_ms) if found.silent_since(due_ms) else ("", 0)
    if cycle.resolved_ms is not None and (
        transfer.after.get("agent") or transfer.after.get("team")
    ):
        return "successful", cycle.resolved_ms  # it was resolved in these hands
    due_ms = transfer.started_ms + policy.silence_ms
    return ("failed", due_ms) if found.silent_since(due_ms) else ("", 0)
