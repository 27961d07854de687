"""Chains of hands over several conversations: a transfer begun in one is accepted in another.

A vendor knows only its own conversations.  Bot platform, help desk and telephony tell three of
them; what joins them is a transfer under way that fits whoever serves the customer next: the agent,
or the team or queue that it was meant for (settings map them to one name), or, if nothing was said,
a conversation that began after it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from streams.journeys.moved import Hands, Moved
from streams.journeys.state import Entry
from streams.policy import Policy


class Holding(msgspec.Struct, gc=False):
    """Who has a conversation, or a chain of them, now."""

    since_ms: int
    last_ms: int
    source: str
    channel: str
    hands: Hands = {}
    human: bool = False
    bot: bool = False
    escalated: Entry | None = None
    """A step of a bot said that a human is needed."""
    open: Moved | None = None
    consulted: str = ""
    """Who is connected beside the one who has it."""
    places: list[str] = []
    """Its queues and teams, each once."""
    queued: str = ""
    """The queue in which the customer waits."""

    @property
    def waiting(self) -> Moved | None:
        """The transfer that nobody has taken yet.  What happens in a queue concerns no other: a
        wait after that is a story of its own.
        """
        return self.open if self.open is not None and self.open.waits else None


def begin(
    entry: Entry, kind: str, after: Hands, holding: Holding, moved: list[Moved], *, named: bool
) -> Moved:
    transfer = Moved(
        entry.id, entry.conversation, entry.channel, kind, entry.at_ms, holding.hands, after,
        named=named,
    )  # fmt: skip
    moved.append(transfer)
    holding.open = transfer
    return transfer


def continued(
    entry: Entry, held: dict[str, Holding], moved: list[Moved], policy: Policy
) -> Holding:
    """The holding of the entry's conversation: its own, or the one of the chain that it goes on
    from.
    """
    holding = held.get(entry.conversation)
    if holding is None:
        holding = Holding(entry.at_ms, entry.at_ms, entry.source, entry.channel)
        held[entry.conversation] = holding
    holding.last_ms = entry.at_ms
    if entry.data:
        holding.places += [place for place in _places(entry) if place not in holding.places]
    if entry.kind not in {"connected", "reply"} or holding.human or holding.open is not None:
        return holding
    agent = str(entry.data.get("agent") or entry.actor)
    others = [other for other in _handing_over(held) if other is not holding]
    for other in others:
        if other.open and _fits(other.open, entry, agent, holding, other, policy):
            break
    else:
        other = next((o for o in others if _bot_gave_up(o, entry, policy)), holding)
        if other is not holding:
            given = other.escalated or entry
            begin(given, "handoff", {}, other, moved, named=False).before = {"bot": "bot"}
    other.places += [place for place in holding.places if place not in other.places]
    held[entry.conversation] = other
    return other


def _handing_over(held: dict[str, Holding]) -> Iterator[Holding]:
    """Those from which one may go on, each once; the one whose transfer began last first."""
    once = {id(h): h for h in held.values() if h.open or ((h.bot or h.escalated) and not h.human)}
    yield from sorted(once.values(), key=lambda h: -(h.open.started_ms if h.open else 0))


def _places(entry: Entry) -> list[str]:
    to = entry.data.get("to", {}) if entry.kind == "assigned" else {}
    found = (entry.data.get("queue"), to.get("queue"), to.get("team"))
    return [str(place) for place in found if place]


def _fits(
    transfer: Moved, entry: Entry, agent: str, mine: Holding, other: Holding, policy: Policy
) -> bool:
    """Is it this transfer that brought the customer to this agent?"""
    under_way = transfer.presumed or transfer.waits
    if not under_way or entry.at_ms - transfer.started_ms > policy.silence_ms:
        return False
    to = transfer.after
    if to.get("agent") and agent:
        return to["agent"] == agent
    if agent and agent == transfer.before.get("agent"):
        return False
    wanted = {to[part] for part in ("team", "queue") if to.get(part)}
    if wanted and mine.places:
        return not wanted.isdisjoint(mine.places)
    elsewhere = mine.source != other.source
    return mine.since_ms >= transfer.started_ms or (transfer.kind == "handoff" and elsewhere)


def _bot_gave_up(other: Holding, entry: Entry, policy: Policy) -> bool:
    """Another vendor's bot had the customer lately, and no human has: this one takes over."""
    if other.human or other.open is not None or other.source == entry.source:
        return False
    if entry.at_ms - other.last_ms > policy.silence_ms:
        return False
    return other.escalated is not None or (other.bot and other.channel in {entry.channel, "bot"})
