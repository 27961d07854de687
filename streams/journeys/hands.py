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
from streams.journeys.named import named
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
                named(entry, holding, moved)
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
            case "act" if entry.data.get("queued"):
                _queued(entry, holding, found)
            case "left":
                holding.queued = ""
                waiting = holding.waiting
                if waiting is not None and entry.data["outcome"] == "abandoned":
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
    out_of_the_bot = bool(old.get("bot") and new) and not new.get("bot")
    if _same(old, new) and not out_of_the_bot:
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
    if (new.get("agent") or out_of_the_bot) and holding.bot and not holding.human:
        begin(entry, "handoff", new, holding, moved, named=False).before = {"bot": "bot"}
    elif old and new and _left_hands(old, new):
        holding.hands = old
        kind = "blind" if new.get("agent") else "queue"
        begin(entry, kind, new, holding, moved, named=False)
    holding.hands = new


def _same(old: Hands, new: Hands) -> bool:
    return old == new or (
        old.get("agent", "") == new.get("agent", "") and _place(old) == _place(new)
    )


def _place(hands: Hands) -> str:
    return hands.get("team") or hands.get("queue", "")


def _left_hands(old: Hands, new: Hands) -> bool:
    """It changed hands: another agent, or another team without a name. Getting a first name
    within the same team, or being put down by everybody, is none.
    """
    if old.get("agent") and new.get("agent"):
        return old["agent"] != new["agent"]
    if _place(old) and _place(new):
        return _place(old) != _place(new)
    return bool(old.get("agent") and _place(new) and not new.get("agent"))


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


def _queued(entry: Entry, holding: Holding, found: Findings) -> None:
    """The customer waits: what was passed on to whoever it may be goes to this queue."""
    holding.queued = entry.data["queue"]
    _not_over(entry, holding, found)
    transfer = holding.waiting
    if transfer is not None and transfer.kind == "blind" and not transfer.after:
        transfer.kind, transfer.after = "queue", {"queue": holding.queued}


def _not_over(entry: Entry, holding: Holding, found: Findings) -> None:
    """The contact of the agent who passed it on had ended, and the conversation goes on: what
    became of the transfer followed from that end only.
    """
    transfer = holding.open
    if (
        transfer is not None
        and transfer.presumed
        and transfer.conversation == entry.conversation
        and entry.at_ms - transfer.started_ms <= found.policy.bounce_ms
    ):
        transfer.anew()


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
    if entry.kind == "connected":
        holding.queued = ""
    transfer = holding.open
    if transfer is not None and transfer.presumed and transfer.conversation != entry.conversation:
        transfer.anew()
    came_back = transfer is not None and bool(agent) and agent == transfer.before.get("agent")
    if transfer is not None and transfer.waits and not came_back:
        transfer.accept(agent, entry.at_ms)
        transfer.into = entry.conversation
    elif transfer is not None and _is_by(transfer, agent) and not came_back:
        transfer.after = {**transfer.after, "agent": agent}
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


def _is_by(transfer: Moved, agent: str) -> bool:
    """It was accepted without a word of by whom: now he speaks."""
    known = bool(transfer.after.keys() & {"agent", "app"})
    return bool(agent) and not transfer.outcome and not known


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
    if transfer is None or (holding.queued and entry.data.get("answered")):
        return  # or an agent has gone, and the customer waits for the next one
    arrived = transfer.named and transfer.kind != "handoff" and entry.data.get("answered")
    if arrived and not transfer.turned_down:
        transfer.accepted_ms, transfer.presumed = entry.at_ms, True
    elif entry.data.get("final"):
        transfer.fail(entry.at_ms)
        transfer.presumed = True
