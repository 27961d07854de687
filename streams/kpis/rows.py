"""A cycle as one row: what an analyst puts into a spreadsheet or a warehouse.

A row is made of the facts that stand of a cycle and of nothing else, so whoever reads topic
`journeys` can make it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from schemas.cloudevents import rfc3339
from schemas.facts import (
    ChannelSwitched,
    ConversationAttached,
    Fact,
    FactBase,
    FeedbackJoined,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyMeasured,
    SlaBreached,
    SlaMet,
    TransferConcluded,
    TransferStarted,
)

F = TypeVar("F", bound=FactBase)

COLUMNS: Mapping[str, str] = {
    "domain": "The identity domain.",
    "customer": "Pseudonymous id.",
    "journey": "The need; its page is `/journeys/<id>`.",
    "cycle": "1, and one more each time it came back.",
    "opened_at": "When the cycle began, UTC.",
    "initiated_by": "Who acted first in the journey: `customer` or `agent`.",
    "state": "`open`, `resolved`, or `expired`: nobody said anything for a month.",
    "topic": "What it is about, as it stands now.",
    "channels": "The customer's way in this cycle: `whatsapp>voice`.",
    "queue": "The last queue, or empty.",
    "team": "The last team, or empty.",
    "agents": "Who answered, took over or passed on, in this order: `501|502`.",
    "conversations": "How many conversations the journey has, of whatever vendors.",
    "contacts": "Acts of the customer in this cycle; known once it is resolved.",
    "first_reply_s": "Seconds to the first answer of a human, on any channel.",
    "first_reply_open_s": "The same in the team's open hours; empty without a calendar.",
    "replies": "Waits that were answered, the first among them.",
    "queue_wait_s": "Seconds in queues, all stays together.",
    "abandoned": "Stays in a queue that the customer left.",
    "switches": "Channel switches.",
    "forced_switches": "Those that the customer did not choose.",
    "transfers": "Transfers and hand-offs begun.",
    "transfers_failed": "Those that bounced, failed, were refused or lacked the context.",
    "ping_pong": "Those that came back to whom they came from.",
    "promises_kept": "Promises of replies, resolution and queue that were kept.",
    "promises_broken": "And that were broken.",
    "resolved_at": "When it was resolved, UTC.",
    "resolved_by": "How we know: `status` of a vendor, or `silence` after a call.",
    "resolution_s": "Seconds from the first act; the KPI leaves out what we began ourselves.",
    "resolution_open_s": "The same in the team's open hours; empty without a calendar.",
    "fcr": "`yes`, `no`, `pending`, `excluded`; the KPI counts first cycles.",
    "csat": "The last score that the customer gave, on the scale that he was shown.",
    "csat_best": "The best of that scale.",
    "nps": "0 to 10.",
    "ces": "The last effort score.",
    "repeats": "The journey that this one repeats, or empty.",
}
"""Name → meaning, in the order of a row."""


def rows(facts: Iterable[Fact]) -> Iterator[tuple[int, dict[str, Any]]]:
    """When each cycle of one journey began (ms) and its row, the first first, from the last
    revisions of the journey's facts in any order.  What is not so, or not known, is None.
    """
    stands = sorted(
        (fact for fact in facts if fact.state == "asserted"), key=lambda f: (f.at_ms, f.subject_id)
    )
    opened = _last(stands, JourneyOpened)
    if opened is None:
        return  # it was joined into another one
    again = {fact.cycle: fact for fact in stands if isinstance(fact, JourneyReopened)}
    closed = _last(stands, JourneyClosed)
    conversations = sum(isinstance(fact, ConversationAttached) for fact in stands)
    for number in sorted({1, *again}):
        mine = [fact for fact in stands if fact.cycle == number]
        begun: FactBase = again[number] if number > 1 else opened
        row = _row(begun, mine)
        row["initiated_by"] = opened.initiated_by
        row["repeats"] = opened.follows
        row["conversations"] = conversations
        row["cycle"] = number
        if row["state"] == "open" and number == max({1, *again}) and closed is not None:
            row["state"] = closed.how
        yield begun.at_ms, {name: row.get(name) for name in COLUMNS}


def _row(begun: FactBase, mine: list[Fact]) -> dict[str, Any]:
    resolved = _last(mine, JourneyResolved)
    replies = _all(mine, ReplyMeasured)
    first = next((reply for reply in replies if reply.which == "first"), None)
    waits = [one.wait_ms for one in mine if isinstance(one, QueueWaited | QueueAbandoned)]
    switches = _all(mine, ChannelSwitched)
    ended = _all(mine, TransferConcluded)
    csat, nps, ces = (_scored(mine, instrument) for instrument in ("csat", "nps", "ces"))
    return {
        "domain": begun.domain,
        "customer": begun.customer,
        "journey": begun.journey,
        "opened_at": rfc3339(begun.at_ms),
        "state": "resolved" if resolved else "open",
        "topic": begun.topic or None,
        "channels": ">".join((begun.channel, *(one.to for one in switches))),
        "queue": _latest(mine, "queue"),
        "team": _latest(mine, "team"),
        "agents": "|".join(_agents(mine)) or None,
        "contacts": resolved.contacts if resolved else None,
        "first_reply_s": _seconds(first.ms if first else None),
        "first_reply_open_s": _seconds(first.business_ms if first else None),
        "replies": len(replies),
        "queue_wait_s": _seconds(sum(waits) if waits else None),
        "abandoned": len(_all(mine, QueueAbandoned)),
        "switches": len(switches),
        "forced_switches": sum(switch.forced for switch in switches),
        "transfers": len(_all(mine, TransferStarted)),
        "transfers_failed": sum(one.outcome != "successful" for one in ended),
        "ping_pong": sum(one.ping_pong for one in ended),
        "promises_kept": len(_all(mine, SlaMet)),
        "promises_broken": len(_all(mine, SlaBreached)),
        "resolved_at": rfc3339(resolved.at_ms) if resolved else None,
        "resolved_by": (resolved.by or None) if resolved else None,
        "resolution_s": _seconds(resolved.duration_ms if resolved else None),
        "resolution_open_s": _seconds(resolved.business_ms if resolved else None),
        "fcr": resolved.fcr if resolved else None,
        "csat": csat.score if csat else None,
        "csat_best": csat.scale_max if csat else None,
        "nps": nps.score if nps else None,
        "ces": ces.score if ces else None,
    }


def _all(facts: Iterable[Fact], kind: type[F]) -> list[F]:
    return [fact for fact in facts if isinstance(fact, kind)]


def _last(facts: Iterable[Fact], kind: type[F]) -> F | None:
    return next(reversed(_all(facts, kind)), None)


def _scored(facts: Iterable[Fact], instrument: str) -> FeedbackJoined | None:
    given = [f for f in _all(facts, FeedbackJoined) if f.instrument == instrument]
    return next((f for f in reversed(given) if f.score is not None), None)


def _latest(facts: list[Fact], dimension: str) -> str | None:
    named = (str(getattr(fact, dimension)) for fact in reversed(facts))
    return next((name for name in named if name), None)


def _agents(facts: Iterable[Fact]) -> Iterator[str]:
    seen: set[str] = set()
    for fact in facts:
        match fact:
            case ReplyMeasured():
                named: tuple[str | None, ...] = (fact.by,)
            case TransferStarted():
                named = (fact.from_.agent, fact.to.agent)
            case _:
                named = ()
        for agent in named:
            if agent and agent not in seen:
                seen.add(agent)
                yield agent


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1_000
