"""When a timeline is full, its older part is sealed.

What was concluded of that part stays as it was said last: it is neither changed nor taken back,
and leaves the state.  Of the entries those stay on which what comes still depends (the summary):
how each conversation stands, who waits, what was asked first, what is under way.  A cycle that is
over goes as a whole.
"""

from __future__ import annotations

from itertools import zip_longest

import msgspec

from schemas.facts import (
    ChannelSwitched,
    ContextReady,
    Fact,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyMeasured,
    Visit,
)
from streams.journeys import tasks, transfers
from streams.journeys.findings import ACTS, Cycle, Findings
from streams.journeys.repeats import compacted
from streams.journeys.state import CONVERSATIONS, TIMELINE, Entry, Journey
from streams.journeys.summary import Summary, end_ms, summarise

_OF_THE_CYCLE = (JourneyResolved, JourneyReopened)
_COMING = 32
"""Conclusions about cycles sealed as a whole that are waited for."""
_WAYS = 32
"""Stays on a channel that a journey's way remembers."""


def standing(journey: Journey, facts: dict[str, Fact]) -> dict[str, Fact]:
    """Of what is concluded now, all that is not about the sealed part alone."""
    if not journey.sealed:
        return facts
    known = _unsealed(journey)
    found = {
        subject: fact
        for subject, fact in facts.items()
        if subject in journey.published or _is_new(journey, fact, known)
    }
    return {s: _as_said(journey, f) for s, f in found.items() if not _is_alone(s, f, found)}


def _as_said(journey: Journey, fact: Fact) -> Fact:
    """Of a moment in the sealed part: the queue and the team of then may be gone, not what was said
    of them.
    """
    known = journey.published.get(fact.subject_id) if fact.at_ms <= journey.sealed_ms else None
    if known is None or known.at_ms != fact.at_ms or type(known) is not type(fact):
        return fact
    return msgspec.structs.replace(fact, queue=known.queue, team=known.team)


def _unsealed(journey: Journey) -> set[str]:
    fresh = [entry for entry in journey.timeline if entry.at_ms > journey.sealed_ms]
    return {entry.id for entry in fresh} | {entry.last_id for entry in fresh}


def _is_new(journey: Journey, fact: Fact, known: set[str]) -> bool:
    if fact.subject_id in journey.open or fact.subject_id in [f.subject_id for f in journey.coming]:
        return True
    if isinstance(fact, JourneyOpened):
        return False
    if not fact.evidence:
        return fact.at_ms > journey.sealed_ms
    if isinstance(fact, ChannelSwitched):
        return fact.evidence[-1] in known
    return known.issuperset(fact.evidence)


def _is_alone(subject: str, fact: Fact, found: dict[str, Fact]) -> bool:
    """A context for a change that is not among them."""
    return isinstance(fact, ContextReady) and subject.replace("/context/", "/", 1) not in found


def make_room(journey: Journey, found: Findings) -> None:
    """After everything was concluded from the whole timeline (a fork's)."""
    if len(journey.timeline) <= TIMELINE:
        return
    journey.coming = [f for f in journey.coming if not tasks.taken_up(f, journey.timeline)]
    journey.timeline = compacted(journey.timeline, journey.sealed_ms)
    for cycle, later in zip_longest(found.cycles, found.cycles[1:]):
        if len(journey.timeline) <= TIMELINE:
            return
        if later is None or _is_pending(journey, cycle):
            first = [e for e in journey.timeline if later is None or _before(e, later)]
            _seal(journey, first, summarise(journey, first, cycle, found.policy), cycle, found)
        if later is not None and len(journey.timeline) > TIMELINE:
            first = [e for e in journey.timeline if _before(e, later)]
            line_ms = min(end_ms(first[-1]), later.entries[0].at_ms - 1)
            _comes(journey, cycle, found)
            _seal(journey, first, Summary(line_ms, set(), []), cycle, found)
            journey.cycles, journey.cycle_ms = cycle.number, later.opened_ms
            journey.reopened_after_ms, journey.contacts = later.reopened_after_ms, 0
            journey.on, journey.held, journey.answered, journey.open = "", b"", False, []


def _comes(journey: Journey, cycle: Cycle, found: Findings) -> None:
    """How the transfers and tasks end that were under way when their cycle was over."""
    later = found.once_silent()
    later.look_at(cycle)
    transfers.conclude(cycle, later)
    tasks.conclude(cycle, later)
    said = {s for s, f in journey.published.items() if f.state == "asserted"}
    known = _unsealed(journey)
    waits = [f for f in later.facts.values() if _is_new(journey, f, known)]
    journey.coming = [f for f in (*journey.coming, *waits) if f.subject_id not in said][-_COMING:]


def _before(entry: Entry, later: Cycle) -> bool:
    begin = later.entries[0]
    return entry.order < begin.order


def _is_pending(journey: Journey, cycle: Cycle) -> bool:
    """Is it open yet whether once was enough, in a cycle that is over?"""
    fact = journey.published.get(f"{journey.id}/resolved/{cycle.number}")
    return isinstance(fact, JourneyResolved) and fact.fcr == "pending"


def _seal(
    journey: Journey, first: list[Entry], summary: Summary, cycle: Cycle, found: Findings
) -> None:
    """Drops the entries of `first` but those that the summary keeps."""
    gone = [entry for number, entry in enumerate(first) if number not in summary.stay]
    if not gone:
        return
    since_ms = journey.sealed_ms
    line_ms = max(since_ms, summary.line_ms)
    held, moving = transfers.carried_on(cycle, found, line_ms)
    asserted = [fact for fact in journey.published.values() if fact.state == "asserted"]
    switches = [f for f in asserted if isinstance(f, ChannelSwitched)]
    back_ms = found.policy.parallel_ms
    fresh_ms = since_ms - back_ms if since_ms else 0
    switched = [f for f in switches if f.cycle == cycle.number and fresh_ms < f.at_ms <= line_ms]
    begun_on = journey.on or next((e.channel for e in first if e.kind in ACTS), "")
    recent = [fact for fact in switched if fact.at_ms > line_ms - back_ms]
    if recent:  # he may still be back on the channel before them
        journey.on = min(recent, key=lambda fact: fact.at_ms).from_
    else:
        journey.on = max(switched, key=lambda fact: fact.at_ms).to if switched else begun_on
    journey.held = held
    journey.answered = journey.answered or any(
        isinstance(f, ReplyMeasured) and f.cycle == cycle.number and f.at_ms <= line_ms
        for f in asserted
    )
    journey.sealed += sum(entry.count for entry in gone)
    journey.sealed_ms = line_ms
    journey.contacts += sum(entry.count for entry in gone if entry.kind in ACTS)
    fresh = [e for e in journey.timeline if since_ms < e.at_ms <= line_ms and e.kind in ACTS]
    visits, journey.way_ms = way(journey, fresh)
    journey.way = visits[-_WAYS:]
    away = {id(entry) for entry in gone}
    journey.timeline = [entry for entry in journey.timeline if id(entry) not in away]
    kept_in = {entry.conversation for entry in journey.timeline}
    resting = [a.key for a in journey.attached if a.at_ms <= line_ms and a.key not in kept_in]
    forgotten = set(resting[:-CONVERSATIONS])
    journey.attached = [a for a in journey.attached if a.key not in forgotten]
    journey.open = [f"{journey.id}/{subject}" for subject in summary.open]
    for transfer in moving if summary.stay else ():  # a cycle that goes as a whole leaves nothing
        subject = f"{journey.id}/transfer/{transfer.id}"
        journey.open += [subject, f"{subject}/concluded"]
    known, ids = _unsealed(journey), {entry.id for entry in journey.timeline}
    stay = [first[number] for number in summary.stay]
    kept = {
        subject: fact
        for subject, fact in journey.published.items()
        if _is_new(journey, fact, known)
        or (isinstance(fact, _OF_THE_CYCLE) and ids.issuperset(fact.evidence))
        or isinstance(fact, ContextReady)
        or tasks.may_change(fact, cycle, stay)
    }
    journey.published = {s: f for s, f in kept.items() if not _is_alone(s, f, kept)}
    journey.before = {s: f for s, f in journey.before.items() if s in journey.published}


# A customer's way over the channels --------------------------------------------------------------


def way(journey: Journey, acts: list[Entry]) -> tuple[list[Visit], int]:
    """The way of the sealed part, gone on with these acts: one visit for each stay on a channel.
    And until when (ms) the last of them lasts.
    """
    visits, until_ms = list(journey.way), journey.way_ms
    for act in acts:
        ends_ms = max(until_ms, act.until_ms or act.at_ms)
        if visits and visits[-1].channel == act.channel:
            stay = visits[-1]
            longer_ms = ends_ms - (until_ms or act.at_ms)
            visits[-1] = Visit(act.channel, stay.acts + act.count, stay.duration_ms + longer_ms)
        else:
            visits.append(Visit(act.channel, act.count, ends_ms - act.at_ms))
        until_ms = ends_ms
    return visits, until_ms
