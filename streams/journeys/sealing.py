"""When a timeline is full, its older part is sealed.

What was concluded of that part stays as it was said last: it is neither changed nor taken back,
and leaves the state.  Of the entries those stay on which what comes still depends (the summary):
how each conversation stands, who waits, what was asked first, what is under way.  A cycle that is
over goes as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from schemas.facts import (
    ChannelSwitched,
    ContextReady,
    Fact,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyMeasured,
    TransferStarted,
    Visit,
)
from streams.journeys import transfers
from streams.journeys.findings import Cycle, Findings
from streams.journeys.repeats import DONE, RUNS, begins_anew, compacted
from streams.journeys.state import CONVERSATIONS, TIMELINE, Entry, Journey

_OF_THE_CYCLE = (JourneyResolved, JourneyReopened)
_HUMAN = frozenset({"reply", "connected"})
_ACTS = frozenset({"act", "connected"})
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
    return {s: f for s, f in found.items() if not _is_alone(s, f, found)}


def _unsealed(journey: Journey) -> set[str]:
    fresh = [entry for entry in journey.timeline if entry.at_ms > journey.sealed_ms]
    return {entry.id for entry in fresh} | {entry.last_id for entry in fresh}


def _is_new(journey: Journey, fact: Fact, known: set[str]) -> bool:
    if fact.subject_id in journey.open:
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
    journey.timeline = compacted(journey.timeline, journey.sealed_ms)
    for cycle, later in zip_longest(found.cycles, found.cycles[1:]):
        if len(journey.timeline) <= TIMELINE:
            return
        if later is None or _is_pending(journey, cycle):
            first = [e for e in journey.timeline if later is None or _before(e, later)]
            _seal(journey, first, _summary(journey, first, cycle), cycle, found)
        if later is not None and len(journey.timeline) > TIMELINE:
            first = [e for e in journey.timeline if _before(e, later)]
            line_ms = min(_end_ms(first[-1]), later.entries[0].at_ms - 1)
            _seal(journey, first, Summary(line_ms, set(), []), cycle, found)
            journey.cycles, journey.cycle_ms = cycle.number, later.opened_ms
            journey.reopened_after_ms, journey.contacts = later.reopened_after_ms, 0
            journey.on, journey.held, journey.answered, journey.open = "", b"", False, []


def _before(entry: Entry, later: Cycle) -> bool:
    begin = later.entries[0]
    return (entry.at_ms, entry.position) < (begin.at_ms, begin.position)


def _is_pending(journey: Journey, cycle: Cycle) -> bool:
    """Is more to be concluded of a cycle that is over: whether once was enough, how a transfer
    ended?
    """
    fact = journey.published.get(f"{journey.id}/resolved/{cycle.number}")
    if isinstance(fact, JourneyResolved) and fact.fcr == "pending":
        return True
    stands = {s: f for s, f in journey.published.items() if f.state == "asserted"}
    return any(
        isinstance(f, TransferStarted)
        and f.cycle == cycle.number
        and f"{s}/concluded" not in stands
        for s, f in stands.items()
    )


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
    switched = [f for f in switches if f.cycle == cycle.number and f.at_ms <= line_ms]
    begun_on = journey.on or next((e.channel for e in first if e.kind in _ACTS), "")
    journey.on = max(switched, key=lambda fact: fact.at_ms).to if switched else begun_on
    journey.held = held
    journey.answered = journey.answered or any(
        isinstance(f, ReplyMeasured) and f.cycle == cycle.number and f.at_ms <= line_ms
        for f in asserted
    )
    journey.sealed += sum(entry.count for entry in gone)
    journey.sealed_ms = line_ms
    journey.contacts += sum(entry.count for entry in gone if entry.kind in _ACTS)
    fresh = [e for e in journey.timeline if since_ms < e.at_ms <= line_ms and e.kind in _ACTS]
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
    kept = {
        subject: fact
        for subject, fact in journey.published.items()
        if _is_new(journey, fact, known)
        or (isinstance(fact, _OF_THE_CYCLE) and ids.issuperset(fact.evidence))
        or isinstance(fact, ContextReady)
    }
    journey.published = {s: f for s, f in kept.items() if not _is_alone(s, f, kept)}
    journey.before = {s: f for s, f in journey.before.items() if s in journey.published}


# The summary -------------------------------------------------------------------------------------


class Summary(NamedTuple):
    """Of entries that are sealed, up to a line (ms): the numbers of those that stay, and the
    subjects about them of which more may be concluded.
    """

    line_ms: int
    stay: set[int]
    open: list[str]


def _end_ms(entry: Entry) -> int:
    return (entry.until_ms or entry.at_ms) if entry.kind in RUNS else entry.at_ms


def _summary(journey: Journey, first: list[Entry], cycle: Cycle) -> Summary:
    """The newest entries stay, and of the older ones those on which what comes depends."""
    too_many = len(journey.timeline) - TIMELINE * 3 // 4
    cuts = range(min(too_many, len(first) - 1), len(first))
    between = [cut for cut in cuts if _end_ms(first[cut - 1]) < first[cut].at_ms]
    for cut in between or cuts:
        stay, subjects = _depended_on(journey, first, cut, cycle)
        if cut - len(stay) >= too_many:
            break
    if cut - len(stay) < len(journey.timeline) - TIMELINE:
        stay = {0, *sorted(stay)[-TIMELINE // 4 :]}  # so much is under way that it does not fit
    return Summary(_end_ms(first[cut - 1]), stay | set(range(cut, len(first))), subjects)


def _depended_on(
    journey: Journey, first: list[Entry], cut: int, cycle: Cycle
) -> tuple[set[int], list[str]]:
    """Of the entries before `cut`."""
    subjects: list[str] = []
    stay = {0, *_as_it_stands(first, cut)}
    stay |= {number for number in range(cut) if first[number].id == cycle.resolved_id}
    for number, about in (*_clocks(first, cut), *_tasks(first, cut)):
        begins = first[number].at_ms > journey.sealed_ms
        # Of what was sealed already the end may be gone: what is over stays so.
        goes_on = [s for s in about if begins or f"{journey.id}/{s}" in journey.open]
        if goes_on:
            subjects += goes_on
            stay |= {number, *_served_by(first, number)}
    for number in range(cut):
        if f"{journey.id}/transfer/{first[number].id}" in journey.published:
            stay |= set(_served_by(first, number))
    return stay, subjects


def _clocks(first: list[Entry], cut: int) -> Iterator[tuple[int, list[str]]]:
    """Of the cycle's first act, of who waits for an answer, and who is in a queue."""
    waits: dict[str, int] = {}
    queued: dict[str, int] = {}
    acts = [number for number in range(cut) if first[number].kind in _ACTS]
    for number in acts[:1]:
        yield number, [f"sla/resolution/{first[number].id}"]
    for number, entry in enumerate(first[:cut]):
        if entry.asks:
            waits.setdefault(entry.conversation, number)
            if entry.data.get("queued"):
                queued[entry.conversation] = number
        elif entry.kind in _HUMAN:
            waits = {}
        if entry.kind in {"left", "connected"}:
            queued.pop(entry.conversation, None)
    for number in waits.values():
        ident = first[number].id
        kinds = ("reply", "awaited", "risk", "sla/first_reply", "sla/next_reply")
        yield number, [f"{kind}/{ident}" for kind in kinds]
    for number in queued.values():
        yield number, [f"queue/{first[number].id}", f"sla/queue/{first[number].id}"]


def _tasks(first: list[Entry], cut: int) -> Iterator[tuple[int, list[str]]]:
    latest = {e.data["task"]: n for n, e in enumerate(first) if e.kind == "task"}
    return ((number, [f"task/{task}"]) for task, number in latest.items() if number < cut)


def _as_it_stands(first: list[Entry], cut: int) -> Iterator[int]:
    """Whose each conversation is, its status, its queue; the latest act, word, and promises.  And
    a resolution, with what came back after it: what stood before them is said anew (`repeats`).
    """
    latest: dict[tuple[str, str], int] = {}
    promises: list[int] = []
    done: int | None = None
    for number, entry in enumerate(first[:cut]):
        where = entry.conversation
        if entry.data.get("status") in DONE:
            done = number
        elif done is not None and begins_anew(entry):
            latest["done", ""], latest["anew", ""], done = done, number, None
        if entry.kind in {"assigned", "status", "ended"}:
            latest[entry.kind, where] = number
        if entry.kind in _HUMAN:
            latest["human", where] = number
        if entry.kind in _ACTS:
            latest["last act", entry.channel] = number
        if entry.data.get("queue"):
            latest["queue", entry.channel] = number
        if entry.kind == "assigned" and entry.data["to"].get("team"):
            latest["team", ""] = number
        for name in ("priority", "urgency"):
            if entry.kind == "urgency" and entry.data.get(name):
                latest[name, ""] = number
        if entry.kind == "promised":
            promises.append(number)
    if done is not None:
        yield done
    yield from latest.values()
    yield from promises[-5:]


def _served_by(first: list[Entry], number: int) -> Iterator[int]:
    """In which queue it came, and which team had it then."""
    before = list(enumerate(first[: number + 1]))
    channel = first[number].channel
    yield from [n for n, e in before if e.data.get("queue") and e.channel == channel][-1:]
    yield from [n for n, e in before if e.kind == "assigned" and e.data["to"].get("team")][-1:]


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
