"""Channel switches: the customer goes on with the same need on another channel.

Between consecutive acts a → b of one cycle whose channels differ (media, not sources), unless he
acts on a's channel again within five minutes after b (then both run in parallel).  The cause is the
first that is found between a and b; forced is what the system or its silence did to him.
"""

from __future__ import annotations

import msgspec

from schemas.facts import ChannelSwitched, ContextReady, SwitchCause, TransferStarted
from streams.journeys.findings import ACTS, Cycle, Findings
from streams.journeys.moved import Moved
from streams.journeys.promises import promised
from streams.journeys.state import Entry, Journey
from streams.policy import Policy

_BEFORE_HANDS = frozenset({"callback", "agent_invited", "deflected"})
"""Causes that come before a hand-off."""
_UNANSWERED = 8
"""Switches in the sealed part that nobody has answered, whose context may still come."""
_OVERFLOW = frozenset({"overflow", "flow_out", "timeout"})
_HUMAN = frozenset({"reply", "connected"})
_UNTAKEN = frozenset({"failed", "refused"})
_CLOSED = frozenset({"out_of_opening_hours", "out_of_hours", "closed"})


def conclude(cycle: Cycle, moved: list[Moved], found: Findings) -> None:
    acts = cycle.acts
    if not acts:
        return
    journey = found.journey
    sealed = journey.on if cycle.number == journey.cycles + 1 else ""
    current, last = sealed or acts[0].channel, acts[0]
    for number, act in enumerate(acts):
        if sealed and act.at_ms <= journey.sealed_ms:
            if _goes_on(act, current, acts[number + 1 :], cycle, moved, found):
                current = act.channel
            last = act if act.channel == current else last
            continue
        if act.channel != current:
            if _parallel(act, current, acts[number + 1 :], found):
                found.parallel.add(f"{journey.id}/switch/{act.id}")
            else:
                _switched(last, act, cycle, moved, found)
                current = act.channel
        if act.channel == current:
            last = act


def _goes_on(
    act: Entry,
    current: str,
    later: list[Entry],
    cycle: Cycle,
    moved: list[Moved],
    found: Findings,
) -> bool:
    """A switch in the sealed part of which more may be said: that it was none after all, that a
    transfer had brought him there, or that the context came.  Returns whether `current` ends with
    it.
    """
    journey = found.journey
    subject = f"{journey.id}/switch/{act.id}"
    said = journey.published.get(subject) if subject in journey.open else None
    if not isinstance(said, ChannelSwitched):
        return False
    undecided = act.at_ms + found.policy.parallel_ms > journey.sealed_ms
    if undecided and _parallel(act, current, later, found):
        found.parallel.add(subject)
        return False
    context = said.context if said.context != "unknown" else _context(act, cycle)
    cause = said.cause
    if cause not in _BEFORE_HANDS and _handed_off(said.at_ms - said.gap_ms, act, moved):
        cause = "handed_off"
    found.facts[subject] = msgspec.structs.replace(
        said, revision=1, state="asserted", parallel=False, context=context, cause=cause,
        forced=cause != "customer",
    )  # fmt: skip
    ready = journey.published.get(f"{journey.id}/context/switch/{act.id}")
    if isinstance(ready, ContextReady):
        found.facts[ready.subject_id] = msgspec.structs.replace(
            ready, revision=1, state="asserted", summary={**ready.summary, "cause": cause}
        )
    return undecided


def _handed_off(since_ms: int, b: Entry, moved: list[Moved]) -> bool:
    return any(
        (m.kind == "handoff" or m.into == b.conversation != m.conversation)
        and since_ms <= m.started_ms <= b.at_ms
        for m in moved
    )


def bears_on(entry: Entry) -> tuple[str, str] | None:
    """Which cause of a switch this may be, if the switch comes before the customer acts again."""
    outcome = entry.data.get("outcome")
    match entry.kind:
        case "reply":
            return "agent_invited", entry.channel
        case "linked":
            return "linked", entry.data["rel"]
        case "stepped" if outcome in {"escalated", "failure"}:
            return "stepped", outcome
        case "left" if outcome in _OVERFLOW or outcome == "abandoned":
            return "left", "abandoned" if outcome == "abandoned" else "overflow"
        case "ended" if entry.data.get("reason") in _CLOSED:
            return "closed", ""
        case "undelivered":
            return "undelivered", ""
    return None


def undecided(journey: Journey, entries: list[Entry], line_ms: int, policy: Policy) -> list[int]:
    """The numbers of the acts up to a line whose switch more may be said of: he may still be back
    at once; whoever has him now may yet turn out to have taken a transfer; and the context may
    still reach whoever answers.
    """
    untaken = [
        fact.at_ms
        for subject, fact in journey.published.items()
        if isinstance(fact, TransferStarted)
        and getattr(journey.published.get(f"{subject}/concluded"), "outcome", "failed") in _UNTAKEN
    ]
    soon: list[int] = []
    unanswered: list[int] = []
    for number, entry in enumerate(entries):
        if entry.kind in _HUMAN:
            unanswered = [n for n in unanswered if entries[n].channel != entry.channel]
        if entry.kind in ACTS:
            said = journey.published.get(f"{journey.id}/switch/{entry.id}")
            if not isinstance(said, ChannelSwitched) or said.state != "asserted":
                continue
            if said.context == "unknown":
                unanswered.append(number)
            if entry.at_ms + policy.parallel_ms > line_ms or any(
                said.at_ms - said.gap_ms <= at_ms <= said.at_ms for at_ms in untaken
            ):
                soon.append(number)
    return sorted({*soon, *unanswered[-_UNANSWERED:]})


def _parallel(act: Entry, channel: str, later: list[Entry], found: Findings) -> bool:
    return any(
        e.channel == channel and e.at_ms - act.at_ms <= found.policy.parallel_ms for e in later
    )


def _switched(a: Entry, b: Entry, cycle: Cycle, moved: list[Moved], found: Findings) -> None:
    a = msgspec.structs.replace(a, at_ms=a.until_ms or a.at_ms, id=a.last_id or a.id)
    between = [e for e in cycle.entries if a.order <= e.order <= b.order]
    cause = _cause(a, b, between, moved, found)
    subject = f"switch/{b.id}"
    found.add(
        ChannelSwitched, subject, cycle, b.at_ms, b.channel, (a.id, b.id),
        from_=a.channel,
        to=b.channel,
        gap_ms=b.at_ms - a.at_ms,
        cause=cause,
        forced=cause != "customer",
        context=_context(b, cycle),
        rests_on=b.conversation if b.conversation != a.conversation else None,
    )  # fmt: skip
    found.add(
        ContextReady, f"context/{subject}", cycle, b.at_ms, b.channel, (b.id,),
        reason="switch", summary={"from": a.channel, "to": b.channel, "cause": cause},
    )  # fmt: skip


def _cause(
    a: Entry, b: Entry, between: list[Entry], moved: list[Moved], found: Findings
) -> SwitchCause:
    """What the system did first, then what it left undone, else the customer's own choice."""
    if b.data.get("callback"):
        return "callback"
    if any(e.kind == "reply" and e.channel == b.channel for e in between):
        return "agent_invited"
    if any(e.kind == "linked" and e.data["rel"] == "callback" for e in between):
        return "callback"
    steps = [e.data.get("outcome") for e in between if e.kind == "stepped"]
    if any(e.kind == "linked" and e.data["rel"] == "deflection" for e in between):
        return "deflected"
    if "escalated" in steps or _handed_off(a.at_ms, b, moved):
        return "handed_off"
    if "failure" in steps:
        return "bot_failed"
    left = [e.data["outcome"] for e in between if e.kind == "left"]
    if _OVERFLOW & set(left):
        return "queue_overflow"
    if _closed(a, between, found):
        return "out_of_hours"
    if any(e.kind == "undelivered" for e in between):
        return "undelivered"
    if "abandoned" in left:
        return "abandoned_queue"
    if _unanswered(a, b, between, found):
        return "unanswered"
    return "customer"


def _closed(a: Entry, between: list[Entry], found: Findings) -> bool:
    """He was told that it is closed, or wrote to a team whose calendar says so."""
    if any(e.kind == "ended" and e.data.get("reason") in _CLOSED for e in between):
        return True
    calendar = found.policy.calendar(found.team(a.at_ms))
    answered = any(e.kind in {"reply", "connected"} and e.at_ms > a.at_ms for e in between[:-1])
    return calendar is not None and not answered and not calendar.open_at(a.at_ms)


def _unanswered(a: Entry, b: Entry, between: list[Entry], found: Findings) -> bool:
    """Waited longer than half the target without any answer of a human."""
    if not a.asks or any(e.kind in {"reply", "connected"} and e is not b for e in between):
        return False
    running = promised("first_reply", a, found)
    return running is not None and b.at_ms > running.after(running.promise.target_ms // 2)


def _context(b: Entry, cycle: Cycle) -> str:
    """Did the context reach the agent before the first human word on the new channel?"""
    after = [e for e in cycle.entries if e.order >= b.order]
    for entry in after:
        if entry.kind == "told":
            return "delivered"
        if entry.kind == "viewed":
            return "viewed"
        human = entry.kind == "reply" or (entry.kind == "connected" and entry is not b)
        if human and entry.channel == b.channel:
            break
    return "unknown"
