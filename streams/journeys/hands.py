"""How a conversation changes hands, entry by entry: which transfers begin, are taken, or fail.

What a vendor names (a transfer event) and what it only implies (another assignee) are the same
transfer.  Consulting is none, and the first assignment neither; but who was consulted takes what is
then passed on, unless its vendor names somebody else.  From a bot to a human it is a hand-off.
"""

from __future__ import annotations

from streams.journeys.chains import Holding, begin, continued
from streams.journeys.findings import Findings
from streams.journeys.held import Held
from streams.journeys.moved import Hands, Moved
from streams.journeys.state import Entry


def follow(entries: list[Entry], held: Held, moved: list[Moved], found: Findings) -> None:
    """Through these entries: `held` is who has each conversation, `moved` every transfer so far."""
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
                    waiting.fail(entry.at_ms)
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
    if transfer is not None and transfer.returns(new, entry.at_ms, found.policy):
        transfer.bounce(entry.at_ms)
        holding.open, holding.hands = None, new
        return
    if transfer is not None and transfer.waits:
        if not transfer.goes_past(new):
            # Queue first, then a name in it: the same transfer comes to its end.
            transfer.after = {**transfer.after, **new}
            holding.hands = {**holding.hands, **new}
            if new.get("agent"):
                transfer.declined_ms = None  # it is offered to somebody else
            return
        transfer.fail(entry.at_ms)
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
        transfer.fail(entry.at_ms)
        holding.open = None
        return
    hands = holding.hands
    if phase == "started" and transfer is not None and transfer.goes_elsewhere(after):
        transfer.fail(entry.at_ms)  # nobody took it there
        hands = transfer.before
    if transfer is not None and _was_consulting(transfer, entry.data.get("from", {}), after):
        transfer.kind, transfer.named = kind, True
    elif transfer is None or not transfer.waits:
        transfer = begin(entry, kind, after, holding, moved, named=True)
        transfer.before = entry.data.get("from") or hands
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
        and transfer.waits
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
    came_back = transfer is not None and bool(agent) and agent == transfer.before.get("agent")
    if transfer is not None and transfer.waits and not came_back:
        transfer.accept(agent, entry.at_ms)
        transfer.into = entry.conversation
    elif entry.kind == "connected":
        until_ms = transfer.started_ms + found.policy.bounce_ms if transfer else 0
        if transfer and came_back and not transfer.outcome and entry.at_ms <= until_ms:
            transfer.bounce(entry.at_ms)
            holding.open = None
        elif _takes_over(agent, holding):
            begin(
                entry, "blind", {"agent": agent}, holding, moved, named=False
            ).accepted_ms = entry.at_ms
    if agent and (entry.kind == "connected" or not holding.hands.get("agent")):
        holding.hands = {**holding.hands, "agent": agent}


def _takes_over(agent: str, holding: Holding) -> bool:
    """Another agent takes the same call or chat, without a word of a transfer before."""
    if holding.hands.get("agent", agent) == agent:
        return False
    transfer = holding.open
    if transfer is None or transfer.outcome:
        return True
    return not transfer.waits and not transfer.presumed and transfer.after.get("agent") != agent


def _ended(entry: Entry, holding: Holding) -> None:
    """The contact is over: a transfer that its vendor reported, and did not take back, arrived."""
    transfer = holding.waiting
    if transfer is None:
        return
    arrived = transfer.named and transfer.kind != "handoff" and entry.data.get("answered")
    if arrived and not transfer.turned_down:
        transfer.accepted_ms, transfer.presumed = entry.at_ms, True
    elif entry.data.get("final"):
        transfer.fail(entry.at_ms)
        transfer.presumed = True
