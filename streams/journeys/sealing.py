"""When a timeline is full, its older part is sealed.

What was concluded of that part stays as it was said last: it is neither changed nor taken back, and
leaves the state.  Of the entries those stay on which what comes still depends (the summary): who
has each conversation, who waits, what was asked of the cycle first, what is under way.  A cycle that
is over goes as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.facts import ContextReady, Fact, JourneyReopened, JourneyResolved, Visit
from streams.journeys.findings import Cycle
from streams.journeys.repeats import compacted
from streams.journeys.state import TIMELINE, Entry, Journey

_OF_THE_CYCLE = (JourneyResolved, JourneyReopened)
_HUMAN = frozenset({"reply", "connected"})
_ACTS = frozenset({"act", "connected"})
_HANDED = frozenset({"assigned", "connected", "transfer"})
_WAYS = 32
"""Stays on a channel that a journey's way remembers."""


def standing(journey: Journey, facts: dict[str, Fact]) -> dict[str, Fact]:
    """Of what is concluded now, all that is not about the sealed part alone."""
    if not journey.sealed:
        return facts
    sealed = {e.id for e in journey.timeline if e.at_ms <= journey.sealed_ms}
    found = {
        subject: fact
        for subject, fact in facts.items()
        if subject in journey.published or _is_new(journey, fact, sealed)
    }
    return {s: f for s, f in found.items() if not _is_alone(s, f, found)}


def _is_new(journey: Journey, fact: Fact, sealed: set[str]) -> bool:
    if not fact.evidence:
        return fact.at_ms > journey.sealed_ms
    if not sealed.intersection(fact.evidence):
        return True
    return fact.subject_id in journey.open


def _is_alone(subject: str, fact: Fact, found: dict[str, Fact]) -> bool:
    """A context for a change that is not among them."""
    return isinstance(fact, ContextReady) and subject.replace("/context/", "/", 1) not in found


def make_room(journey: Journey, cycles: list[Cycle]) -> None:
    """After everything was concluded from the whole timeline (a fork's)."""
    if len(journey.timeline) <= TIMELINE:
        return
    journey.timeline = compacted(journey.timeline)
    for number, cycle in enumerate(cycles):
        if len(journey.timeline) <= TIMELINE:
            return
        later = cycles[number + 1] if number + 1 < len(cycles) else None
        first = [e for e in journey.timeline if later is None or _before(e, later.entries[0])]
        if later is None or _is_pending(journey, cycle):
            _seal(journey, first, _summary(journey, first, cycle))
        if later is not None and len(journey.timeline) > TIMELINE:
            first = [e for e in journey.timeline if _before(e, later.entries[0])]
            journey.open = []
            _seal(journey, first, set())
            journey.cycles, journey.cycle_ms = cycle.number, later.opened_ms
            journey.reopened_after_ms, journey.contacts = later.reopened_after_ms, 0


def _before(entry: Entry, other: Entry) -> bool:
    return (entry.at_ms, entry.position) < (other.at_ms, other.position)


def _is_pending(journey: Journey, cycle: Cycle) -> bool:
    fact = journey.published.get(f"{journey.id}/resolved/{cycle.number}")
    return isinstance(fact, JourneyResolved) and fact.fcr == "pending"


def _seal(journey: Journey, first: list[Entry], stay: set[int]) -> None:
    """Drops the entries of `first` but those of the numbers in `stay`."""
    gone = [entry for number, entry in enumerate(first) if number not in stay]
    if not gone:
        return
    line = gone[-1]
    since_ms = journey.sealed_ms
    journey.sealed += sum(entry.count for entry in gone)
    journey.sealed_ms = max(since_ms, line.until_ms or line.at_ms)
    journey.contacts += sum(entry.count for entry in gone if entry.kind in _ACTS)
    acts = [
        entry
        for entry in journey.timeline
        if entry.kind in _ACTS and since_ms < entry.at_ms <= journey.sealed_ms
    ]
    journey.way = way([*journey.way, *way_of(acts)])[-_WAYS:]
    away = {id(entry) for entry in gone}
    journey.timeline = [e for e in journey.timeline if id(e) not in away]
    ids = {e.id for e in journey.timeline} | {e.last_id for e in journey.timeline}
    sealed = {e.id for e in journey.timeline if e.at_ms <= journey.sealed_ms}
    kept = {
        subject: fact
        for subject, fact in journey.published.items()
        if ids.issuperset(fact.evidence)
        and (isinstance(fact, _OF_THE_CYCLE) or _is_new(journey, fact, sealed))
    }
    journey.published = {s: f for s, f in kept.items() if not _is_alone(s, f, kept)}


# The summary ---------------------------------------------------------------------------------------


def _summary(journey: Journey, first: list[Entry], cycle: Cycle) -> set[int]:
    """The numbers of the entries in `first` that stay: the newest, and of the older ones those on
    which what comes depends.  What may still be concluded of those is put into `journey.open`.
    """
    wanted = TIMELINE * 3 // 4
    too_many = len(journey.timeline) - wanted
    for cut in range(too_many, len(first)):
        open_, stay = _depended_on(journey, first, cut, cycle)
        if cut - len(stay) >= too_many or cut == len(first) - 1:
            break
    if cut - len(stay) < len(journey.timeline) - TIMELINE:
        # So much is under way that it does not fit: the oldest of it goes.
        stay = {0, *sorted(stay)[-(TIMELINE // 2) :]} if len(stay) > TIMELINE // 2 else stay
    journey.open = [f"{journey.id}/{subject}" for subject in open_]
    return stay | set(range(cut, len(first)))


def _depended_on(
    journey: Journey, first: list[Entry], cut: int, cycle: Cycle
) -> tuple[list[str], set[int]]:
    """Of the entries before `cut`: the subjects of what may still be concluded, and the numbers of
    those on which what comes depends.
    """
    subjects: list[str] = []
    stay = {0, *_as_it_stands(first, cut), *_first_act(first, cut)}
    stay |= {n for n in range(cut) if first[n].id == cycle.resolved_id}
    under_way = (*_clocks(first, cut), *_tasks(first, cut), *_transfers(journey, first, cut))
    for number, about in under_way:
        subjects += about
        stay |= {number, *_served_by(first, number)}
        if any(subject.startswith("transfer/") for subject in about):
            stay |= set(_around(first, number, cut))
    return subjects, stay


def _first_act(first: list[Entry], cut: int) -> Iterator[int]:
    """The cycle's first act, and its answer."""
    begun = False
    for number, entry in enumerate(first[:cut]):
        if begun and entry.kind in _HUMAN:
            yield number
            return
        if entry.kind in _ACTS and not begun:
            begun = True
            yield number


def _clocks(first: list[Entry], cut: int) -> Iterator[tuple[int, list[str]]]:
    """Of the cycle's first act, of who waits for an answer, and who is in a queue."""
    waits: dict[str, int] = {}
    queued: dict[str, int] = {}
    acts = [number for number in range(cut) if first[number].kind in _ACTS]
    for number in acts[:1]:
        yield number, [f"sla/resolution/{first[number].id}"]
    for number, entry in enumerate(first[:cut]):
        if entry.kind == "act":
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
    """Whose each conversation is, its status, its queue; the latest act, word, and promises."""
    latest: dict[tuple[str, str], int] = {}
    humans: dict[str, int] = {}
    promises: list[int] = []
    for number, entry in enumerate(first[:cut]):
        where = entry.conversation
        if entry.kind in _HANDED | {"status", "ended", "bot", "consulted"}:
            latest[entry.kind, where] = number
        if entry.kind in _HUMAN:
            humans[where] = latest["human", where] = number
        if entry.kind in _ACTS:
            latest["last act", ""] = number
        if entry.data.get("queue"):
            latest["queue", entry.channel] = number
        if entry.kind == "assigned" and entry.data["to"].get("team"):
            latest["team", ""] = number
        for name in ("priority", "urgency"):
            if entry.kind == "urgency" and entry.data.get(name):
                latest[name, ""] = number
        if entry.kind == "promised":
            promises.append(number)
    yield from (n for (kind, where), n in latest.items() if kind != "bot" or where not in humans)
    yield from promises[-5:]


def _transfers(
    journey: Journey, first: list[Entry], cut: int
) -> Iterator[tuple[int, list[str]]]:
    """Those that are not concluded yet, and the last one of each conversation."""
    latest: dict[str, int] = {}
    open_: dict[int, str] = {}
    for number, entry in enumerate(first[:cut]):
        subject = f"transfer/{entry.id}"
        began = journey.published.get(f"{journey.id}/{subject}")
        if began is None or began.state != "asserted":
            continue
        ended = journey.published.get(f"{journey.id}/{subject}/concluded")
        if ended is None or ended.state != "asserted":
            open_[number] = subject
        latest[entry.conversation] = number
    for number in latest.values():
        open_.setdefault(number, f"transfer/{first[number].id}")
    for number, subject in open_.items():
        yield number, [subject, f"{subject}/concluded", f"context/{subject}"]


def _around(first: list[Entry], begun: int, cut: int) -> Iterator[int]:
    """Who had it before, and what became of it."""
    where = first[begun].conversation
    before = [
        n for n in range(begun) if first[n].conversation == where and first[n].kind in _HANDED
    ]
    yield from before[-1:]
    humans = 0
    for number in range(begun + 1, cut):
        entry = first[number]
        humans += entry.kind in _HUMAN
        if entry.conversation == where and (
            entry.kind not in _HUMAN | {"act", "auto", "note", "bot"}
            or (entry.kind in _HUMAN and humans <= 2)
        ):
            yield number


def _served_by(first: list[Entry], number: int) -> Iterator[int]:
    """In which queue it came, and which team had it then."""
    act = first[number]
    queue = [n for n in range(number) if first[n].data.get("queue")]
    yield from [n for n in queue if first[n].channel == act.channel][-1:]
    yield from [
        n
        for n in range(number)
        if first[n].kind == "assigned" and first[n].data["to"].get("team")
    ][-1:]


# A customer's way over the channels ------------------------------------------------------------------


def way_of(acts: list[Entry]) -> list[Visit]:
    """One visit for each stay on a channel."""
    visits: list[Visit] = []
    since_ms = 0
    for act in acts:
        until_ms = act.until_ms or act.at_ms
        if visits and visits[-1].channel == act.channel:
            visits[-1] = Visit(act.channel, visits[-1].acts + act.count, until_ms - since_ms)
        else:
            since_ms = act.at_ms
            visits.append(Visit(act.channel, act.count, until_ms - since_ms))
    return visits


def way(visits: list[Visit]) -> list[Visit]:
    """Stays that follow each other on one channel are one."""
    found: list[Visit] = []
    for visit in visits:
        if found and found[-1].channel == visit.channel:
            last = found[-1]
            found[-1] = Visit(visit.channel, last.acts + visit.acts, last.duration_ms + visit.duration_ms)
        else:
            found.append(visit)
    return found
