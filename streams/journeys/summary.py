"""Of entries that are sealed, those that stay: what comes still depends on them.

How each conversation stands, who waits, what was asked first, what is under way, who served it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from streams.journeys import tasks
from streams.journeys.findings import ACTS, WORK, Cycle
from streams.journeys.repeats import DONE, HANDS, RUNS, begins_anew
from streams.journeys.state import TIMELINE, Entry, Journey
from streams.journeys.switches import bears_on, undecided
from streams.policy import Policy

_HUMAN = frozenset({"reply", "connected"})


class Summary(NamedTuple):
    """Of entries that are sealed, up to a line (ms): the numbers of those that stay, and the
    subjects about them of which more may be concluded.
    """

    line_ms: int
    stay: set[int]
    open: list[str]


def end_ms(entry: Entry) -> int:
    return (entry.until_ms or entry.at_ms) if entry.kind in RUNS else entry.at_ms


def summarise(journey: Journey, first: list[Entry], cycle: Cycle, policy: Policy) -> Summary:
    """The newest entries stay, and of the older ones those on which what comes depends."""
    too_many = len(journey.timeline) - TIMELINE * 3 // 4
    cuts = range(min(too_many, len(first) - 1), len(first))
    between = [cut for cut in cuts if end_ms(first[cut - 1]) < first[cut].at_ms]
    for cut in between or cuts:
        stay, subjects = _depended_on(journey, first, cut, cycle, policy)
        if cut - len(stay) >= too_many:
            break
    if cut - len(stay) < len(journey.timeline) - TIMELINE:
        stay = {0, *sorted(stay)[-TIMELINE // 4 :]}  # so much is under way that it does not fit
    return Summary(end_ms(first[cut - 1]), stay | set(range(cut, len(first))), subjects)


def _depended_on(
    journey: Journey, first: list[Entry], cut: int, cycle: Cycle, policy: Policy
) -> tuple[set[int], list[str]]:
    """Of the entries before `cut`."""
    subjects: list[str] = []
    stay = {0, *_as_it_stands(first, cut), *_causes(first, cut)}
    stay |= {number for number in range(cut) if first[number].id == cycle.resolved_id}
    for number, about in (
        *_clocks(first, cut),
        *_tasks(first, cut, cycle),
        *_escalated(journey, first, cut),
    ):
        begins = first[number].at_ms > journey.sealed_ms
        # Of what was sealed already the end may be gone: what is over stays so.
        goes_on = [s for s in about if begins or f"{journey.id}/{s}" in journey.open]
        if goes_on:
            subjects += goes_on
            stay |= {number, *_served_by(first, number)}
    for number in undecided(journey, first[:cut], end_ms(first[cut - 1]), policy):
        ident = first[number].id
        stay.add(number)
        subjects += [f"switch/{ident}", f"context/switch/{ident}"]
    return stay, subjects


def _clocks(first: list[Entry], cut: int) -> Iterator[tuple[int, list[str]]]:
    """Of the cycle's first act, of who waits for an answer, and who is in a queue."""
    waits: dict[str, int] = {}
    queued: dict[tuple[str, str], int] = {}
    acts = [number for number in range(cut) if first[number].kind in ACTS]
    for number in acts[:1]:
        yield number, [f"sla/resolution/{first[number].id}"]
    for number, entry in enumerate(first[:cut]):
        if entry.asks:
            waits.setdefault(entry.conversation, number)
            if entry.data.get("queued"):
                queued[entry.conversation, entry.data["queue"]] = number
        elif entry.kind in _HUMAN:
            waits = {}
        if entry.kind == "left":
            queued.pop((entry.conversation, entry.data["queue"]), None)
        elif entry.kind == "connected":
            queued = {place: n for place, n in queued.items() if place[0] != entry.conversation}
    for number in waits.values():
        ident = first[number].id
        kinds = ("reply", "awaited", "risk", "sla/first_reply", "sla/next_reply")
        yield number, [f"{kind}/{ident}" for kind in kinds]
    for number in queued.values():
        yield number, [f"queue/{first[number].id}", f"sla/queue/{first[number].id}"]


def _tasks(first: list[Entry], cut: int, cycle: Cycle) -> Iterator[tuple[int, list[str]]]:
    latest = {e.data["task"]: n for n, e in enumerate(first) if e.kind == "task"}
    return ((n, [tasks.subject(task, cycle)]) for task, n in latest.items() if n < cut)


def _escalated(journey: Journey, first: list[Entry], cut: int) -> Iterator[tuple[int, list[str]]]:
    """Of whom a bot said that he needs a human, and has none yet: a hand-off may begin there."""
    waits: dict[str, int] = {}
    for number, entry in enumerate(first[:cut]):
        if entry.kind in _HUMAN:
            waits.pop(entry.conversation, None)
        elif entry.kind == "stepped" and entry.data["outcome"] == "escalated":
            waits.setdefault(entry.conversation, number)
    for number in waits.values():
        subject = f"transfer/{first[number].id}"
        begun = journey.published.get(f"{journey.id}/{subject}")
        if begun is None or begun.state != "asserted":
            yield number, [subject, f"{subject}/concluded", f"context/{subject}"]


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
        if entry.kind in HANDS:
            latest["hands", where] = number
        if entry.kind in WORK:
            latest["work", ""] = number
        if entry.kind in _HUMAN:
            latest["human", where] = number
        if entry.kind in ACTS:
            latest["last act", entry.channel] = number
        if entry.kind == "act":
            latest["act", ""] = number
        if entry.data.get("queue"):
            latest["queue", entry.channel] = number
        if entry.kind == "auto" or entry.data.get("outcome") == "escalated":
            latest[entry.kind, entry.channel] = number  # it may have sent him to a channel
        if entry.kind == "assigned" and entry.data["to"].get("team"):
            latest["team", ""] = number
        for name in ("priority", "urgency"):
            if entry.kind == "urgency" and entry.data.get(name):
                latest[name, where] = number
        if entry.kind == "promised":
            promises.append(number)
    if done is not None:
        yield done
    yield from latest.values()
    yield from promises[-5:]


def _causes(first: list[Entry], cut: int) -> Iterator[int]:
    """Why the customer may go on elsewhere: his latest act, and what came after it."""
    acts = [number for number in range(cut) if first[number].kind in ACTS]
    latest: dict[tuple[str, str], int] = {}
    for number in range(acts[-1] if acts else 0, cut):
        if (cause := bears_on(first[number])) is not None:
            latest[cause] = number
    yield from latest.values()
    if acts:
        yield from _served_by(first, acts[-1])


def _served_by(first: list[Entry], number: int) -> Iterator[int]:
    """In which queue it came, and which team had it then."""
    before = list(enumerate(first[: number + 1]))
    channel = first[number].channel
    yield from [n for n, e in before if e.data.get("queue") and e.channel == channel][-1:]
    yield from [n for n, e in before if e.kind == "assigned" and e.data["to"].get("team")][-1:]
