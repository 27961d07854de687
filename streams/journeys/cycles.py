"""Cycles: where a need was resolved, where it came back, and whether once was enough.

A cycle ends when a conversation of it is resolved or closed and nobody waits in another one, or
when an answered call or chat ended and the customer stayed silent for the window of its channel.
An act after that begins the next cycle.
"""

from __future__ import annotations

import msgspec

from schemas.facts import (
    ContactRepeated,
    ConversationAttached,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyAwaited,
    Visit,
)
from streams.journeys.findings import ACTS, WORK, Cycle, Findings
from streams.journeys.promises import business_ms
from streams.journeys.repeats import anew
from streams.journeys.sealing import way
from streams.journeys.state import Entry, Journey
from streams.policy import Policy, channel_group

_DONE = frozenset({"resolved", "closed"})


def split(journey: Journey, policy: Policy, found: Findings) -> list[Cycle]:
    """The journey's timeline as cycles; the last may be open."""
    cycles = [
        Cycle(
            journey.cycles + 1, [], journey.cycle_ms or journey.opened_ms,
            reopened_after_ms=journey.reopened_after_ms,
        )
    ]  # fmt: skip
    waits: dict[str, int] = {}
    same: dict[str, str] = {}
    for entry in anew(journey.timeline, journey.sealed_ms):
        if entry.kind == "twin":  # two vendors' conversations are one
            same[entry.conversation] = _told_in(entry, journey) or entry.conversation
        cycle = cycles[-1]
        if cycle.resolved_ms is not None and policy.courtesy and _only_thanks(entry):
            cycle.take(msgspec.structs.replace(entry, kind="thanks"))
            continue
        if cycle.resolved_ms is not None and _begins_anew(entry):
            cycles.append(
                Cycle(
                    cycle.number + 1, [], entry.at_ms,
                    reopened_after_ms=entry.at_ms - cycle.resolved_ms,
                )
            )  # fmt: skip
            cycle = cycles[-1]
            waits = {}
        cycle.take(entry)
        if entry.asks:
            waits.setdefault(same.get(entry.conversation, entry.conversation), entry.at_ms)
        elif entry.kind in {"reply", "connected"}:
            waits = {}
        elif entry.kind != "status" or cycle.resolved_ms is not None:
            continue
        elif not _was_nothing(entry, cycle, journey):
            _status(entry, cycle, waits, same.get(entry.conversation, entry.conversation))
    _ended_contacts(cycles[-1], policy, found)
    last = cycles[-1]
    journey.resolved_ms = last.resolved_ms or 0
    return cycles


def _begins_anew(entry: Entry) -> bool:
    if entry.kind in ACTS:
        return True
    return entry.kind == "status" and entry.data["status"] == "open"


def _only_thanks(entry: Entry) -> bool:
    return entry.kind == "act" and bool(entry.data.get("thanks"))


def _told_in(twin: Entry, journey: Journey) -> str:
    """The conversation in which the other vendor told the message."""
    told = (e for e in journey.timeline if e.mark == twin.mark and e.kind == twin.data["was"])
    return next((e.conversation for e in told), "")


def _was_nothing(entry: Entry, cycle: Cycle, journey: Journey) -> bool:
    """A resolution in the sealed part that ended no cycle, since somebody waited, ends none now
    that he who waited is gone from it.
    """
    if not journey.sealed or entry.at_ms > journey.sealed_ms:
        return False
    ended = journey.published.get(f"{journey.id}/resolved/{cycle.number}")
    return ended is None or ended.state != "asserted" or entry.id not in ended.evidence


def _status(entry: Entry, cycle: Cycle, waits: dict[str, int], mine: str) -> None:
    if entry.data["status"] not in _DONE:
        return
    if any(conversation != mine for conversation in waits):
        return  # somebody still waits for an answer on another channel
    cycle.resolved_ms, cycle.resolved_by, cycle.resolved_id = entry.at_ms, "status", entry.id


def _ended_contacts(cycle: Cycle, policy: Policy, found: Findings) -> None:
    """An answered call or chat that ended, and then silence: the need is met as far as anyone can
    tell.
    """
    if cycle.resolved_ms is not None or not cycle.acts:
        return
    last = cycle.acts[-1]
    if channel_group(last.channel) != "live" or not _was_served(last, cycle):
        return
    ends = [
        e
        for e in cycle.entries
        if e.kind == "ended"
        and e.conversation == last.conversation
        and e.at_ms >= last.at_ms  # a call before it, in the same conversation, is another
        and e.data.get("answered", True)  # who does not say it has told who answered
    ]
    if not ends:
        return
    end = next((e for e in reversed(ends) if e.data["final"]), ends[-1])
    if found.silent_since(end.at_ms + policy.window_ms(last.channel)):
        cycle.resolved_ms, cycle.resolved_by, cycle.resolved_id = end.at_ms, "silence", end.id


def _was_served(last: Entry, cycle: Cycle) -> bool:
    """Was a human there at the latest act? On the phone he took it; in a chat the customer may have
    had the last word, if he does not wait in a queue, and nobody has passed him on since.
    """
    if last.kind == "connected":
        return True
    if last.channel == "voice" or last.data.get("queued"):
        return False
    mine = (e for e in reversed(cycle.entries) if e.conversation == last.conversation)
    hands = next((e.kind for e in mine if e.kind in {"reply", "connected", "transfer"}), "")
    return hands in {"reply", "connected"}


def conclude(cycles: list[Cycle], found: Findings) -> None:
    """Opened, attached, resolved (with first contact resolution), reopened, repeated, closed."""
    journey, policy = found.journey, found.policy
    first = msgspec.structs.replace(cycles[0], number=1)
    found.look_at(None)  # who serves it comes later, and does not change how it began
    channel = first.acts[0].channel if first.acts else _channel_of(journey)
    found.add(
        JourneyOpened, "opened", first, journey.opened_ms, channel,
        initiated_by=journey.initiated_by,
        follows=journey.follows or None,
        proactive=journey.proactive,
    )  # fmt: skip
    for attached in journey.attached:
        found.add(
            ConversationAttached, f"attached/{attached.key}", first, attached.at_ms,
            attached.channel, conversation=attached.ref, rule=attached.rule,
        )  # fmt: skip
    if journey.follows:
        found.add(
            ContactRepeated, "repeated", first, journey.opened_ms, channel,
            of=journey.follows, within_ms=max(0, journey.follows_within_ms),
        )  # fmt: skip
    for cycle in cycles:
        found.look_at(cycle)
        if cycle.number > 1:
            again = cycle.entries[0]
            found.add(
                JourneyReopened, f"reopened/{cycle.number}", cycle, again.at_ms, again.channel,
                (again.id,), after_ms=cycle.reopened_after_ms,
            )  # fmt: skip
        if cycle.resolved_ms is not None:
            _resolved(cycle, cycles, found)
    _closed(cycles[-1], found, policy)


def _channel_of(journey: Journey) -> str:
    return journey.attached[0].channel if journey.attached else ""


def _resolved(cycle: Cycle, cycles: list[Cycle], found: Findings) -> None:
    assert cycle.resolved_ms is not None
    journey = found.journey
    channel = cycle.acts[-1].channel if cycle.acts else _channel_of(journey)
    begun_ms = cycle.acts[0].at_ms if cycle.acts else cycle.opened_ms
    found.add(
        JourneyResolved, f"resolved/{cycle.number}", cycle, cycle.resolved_ms, channel,
        (cycle.resolved_id,),
        duration_ms=max(0, cycle.resolved_ms - begun_ms),
        business_ms=business_ms(cycle.acts[0], cycle.resolved_ms, found) if cycle.acts else None,
        by=cycle.resolved_by,
        fcr=_fcr(cycle, cycles, found),
        contacts=sum(act.count for act in cycle.acts)
        + (journey.contacts if cycle is cycles[0] else 0),
    )  # fmt: skip


def _fcr(cycle: Cycle, cycles: list[Cycle], found: Findings) -> str:
    """Yes when the customer did not come back about it within the look-back, no when he did."""
    assert cycle.resolved_ms is not None
    lookback_ms = found.policy.fcr_lookback_ms
    if not cycle.acts or found.journey.proactive:
        return "excluded"
    after = [c for c in cycles if c.number > cycle.number and c.acts]
    came_back = [c.acts[0].at_ms for c in after] + (
        [found.journey.repeated_ms] if found.journey.repeated_ms else []
    )
    if any(at_ms - cycle.resolved_ms <= lookback_ms for at_ms in came_back):
        return "no"
    return "yes" if found.silent_since(cycle.resolved_ms + lookback_ms) else "pending"


def _closed(last: Cycle, found: Findings, policy: Policy) -> None:
    """Resolved and past every reopen window, or silent for a month, and nobody works on it."""
    journey = found.journey
    if last.resolved_ms is not None:
        channels = {entry.channel for entry in _attached(journey)}
        channels |= {visit.channel for visit in journey.way}
        due_ms = last.resolved_ms + max(map(policy.reopen_ms, channels))
        how, at_ms = "resolved", due_ms
    else:
        worked_ms = max((e.at_ms for e in last.entries if e.kind in WORK), default=0)
        due_ms = max(journey.last_ms, worked_ms) + policy.expire_ms
        how, at_ms = "expired", due_ms
    journey.closed_ms = 0
    if found.silent_since(due_ms):
        journey.closed_ms = at_ms
        if how == "expired":
            _wait_no_more(found)
        found.add(
            JourneyClosed, "closed", last, at_ms, journey.last_channel(),
            how=how, path=_path(journey), duration_ms=max(0, journey.last_ms - journey.opened_ms),
        )  # fmt: skip


def _wait_no_more(found: Findings) -> None:
    """Nobody answers any more what has expired."""
    found.journey.waiting_ms = 0
    found.facts = {s: f for s, f in found.facts.items() if not isinstance(f, ReplyAwaited)}


def _attached(journey: Journey) -> list[Entry]:
    acts = [e for e in journey.timeline if e.kind in ACTS]
    return acts or journey.timeline[-1:] or [Entry(journey.opened_ms, 0, "", "act", "email", "")]


def _path(journey: Journey) -> tuple[Visit, ...]:
    """The customer's way over the channels: one visit for each stay."""
    acts = [e for e in journey.timeline if e.kind in ACTS and e.at_ms > journey.sealed_ms]
    return tuple(way(journey, acts)[0])
