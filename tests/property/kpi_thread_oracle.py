"""What figures a thread should give, read off it as a person would: from docs/journeys.md alone.

Of one journey whose timeline is whole: when each cycle was resolved is taken from its facts; replies,
promises, resolutions, switches, queues, scores and returns are found again, by plain loops.  The
result are rows (KPI, at ms, channel, n, hit, value), as `rows_of` makes them of the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.property import kpi_oracle as oracle
from tests.world import DAY, HOUR, MINUTE

Row = tuple[str, int, str, int, int, float]

TOLD = (
    "volume", "first_reply_time", "next_reply_time", "resolution_time", "switch_rate",
    "abandonment_rate", "speed_of_answer", "sla_met_rate", "csat", "nps", "ces", "fcr",
    "repeat_rate", "reopen_rate", "multichannel_rate",
)  # fmt: skip
"""KPIs that a thread tells by itself."""

SPOKEN = {"voice", "in_person"}
REPLY_MS = {"chat": MINUTE, "voice": MINUTE, "whatsapp": 4 * HOUR, "email": 24 * HOUR}
RESOLUTION_MS = 72 * HOUR
GRACE_MS = 5_000
PARALLEL_MS = 5 * MINUTE
LOOK_BACK_MS = 7 * DAY


def rows_of(facts: Iterable[Any]) -> list[Row]:
    """What these facts count."""
    found = []
    for kpi in TOLD:
        for one in oracle.samples(kpi, facts):
            fact = one.fact
            found.append((kpi, fact.at_ms, fact.channel, one.n, one.hit, round(one.value, 6)))
    return sorted(found)


def rows(journey: Any, facts: list[Any], followed_ms: int, now_ms: int) -> list[Row]:
    """The same, read off the thread. `facts` stand, `followed_ms` is when a journey began that
    follows this one (0: none does), `now_ms` the time by which silence has spoken.
    """
    ends = {f.cycle: f.at_ms for f in facts if oracle.tag(f) == "journey.resolved"}
    cycles = list(_cycles(journey.timeline, facts, ends))
    found: list[Row] = []
    for number, entries in enumerate(cycles, 1):
        end_ms = ends.get(number)
        later = [e for some in cycles[number:] for e in some if _acts(e)]
        found += _replies(entries, end_ms, now_ms)
        found += _resolution(number, entries, end_ms, now_ms)
        found += _switches([e for e in entries if _acts(e)])
        found += _queues(entries)
        found += _scores(entries)
        if end_ms is not None:
            back = [*[e.at_ms for e in later], *([followed_ms] if followed_ms else [])]
            found += _first_contact(number, entries, end_ms, back, now_ms)
            found.append(("reopen_rate", end_ms, _last_channel(journey, entries), 1, 0, 0))
        if number > 1:
            found.append(("reopen_rate", entries[0].at_ms, entries[0].channel, 0, 1, 0))
    return sorted([*found, *_whole(journey, facts, cycles)])


def _acts(entry: Any) -> bool:
    """A message, a call that entered a queue, an answered call, a step in a bot."""
    return entry.kind in {"act", "connected"}


def _answers(entry: Any) -> bool:
    """A human's word, or his taking a call."""
    return entry.kind in {"reply", "connected"}


def _cycles(timeline: list[Any], facts: list[Any], ends: dict[int, int]) -> Iterator[list[Any]]:
    """Each resolution ends one; what begins the next is named by its fact."""
    begins = [f for f in facts if oracle.tag(f) == "journey.reopened"]
    first = {f.evidence[0] for f in begins}
    current: list[Any] = []
    started: set[str] = set()
    for entry in timeline:
        if entry.id in first and entry.id not in started and (_acts(entry) or _opens(entry)):
            started.add(entry.id)
            yield current
            current = []
        current.append(entry)
    yield current


def _opens(entry: Any) -> bool:
    return entry.kind == "status" and entry.data["status"] == "open"


def _replies(entries: list[Any], end_ms: int | None, now_ms: int) -> Iterator[Row]:
    """From the first unanswered message to the first answer, on whatever channel."""
    waiting, kpi = None, "first_reply_time"
    for entry in entries:
        asks = entry.kind == "act" and "step" not in entry.data and entry.channel not in SPOKEN
        if asks and waiting is None:
            waiting = entry
        elif _answers(entry) and waiting is not None:
            ms, channel = entry.at_ms - waiting.at_ms, waiting.channel
            yield kpi, entry.at_ms, channel, 1, 0, ms
            yield _promise(channel, waiting.at_ms + REPLY_MS[channel], entry.at_ms)
            waiting, kpi = None, "next_reply_time"
    if waiting is None or (end_ms is not None and kpi == "next_reply_time"):
        return  # whoever resolves finds nothing left to answer
    due_ms = waiting.at_ms + REPLY_MS[waiting.channel]
    if end_ms > due_ms if end_ms is not None else now_ms >= due_ms + GRACE_MS:
        yield _promise(waiting.channel, due_ms, due_ms + 1)


def _promise(channel: str, due_ms: int, at_ms: int) -> Row:
    """Kept when it came, or broken when it was due."""
    kept = at_ms <= due_ms
    return "sla_met_rate", at_ms if kept else due_ms, channel, 1, int(kept), 0


def _resolution(number: int, entries: list[Any], end_ms: int | None, now_ms: int) -> Iterator[Row]:
    """From the first act of the cycle."""
    acts = [e for e in entries if _acts(e)]
    if not acts:
        return
    due_ms = acts[0].at_ms + RESOLUTION_MS
    if end_ms is not None:
        ms = end_ms - acts[0].at_ms
        yield "resolution_time", end_ms, acts[-1].channel, 1, 0, ms
        yield _promise(acts[0].channel, due_ms, end_ms)
    elif now_ms >= due_ms + GRACE_MS:
        yield _promise(acts[0].channel, due_ms, due_ms + 1)


def _switches(acts: list[Any]) -> Iterator[Row]:
    """He goes on elsewhere, and is not back within five minutes."""
    if not acts:
        return
    on = acts[0].channel
    for number, act in enumerate(acts):
        back = [e for e in acts[number:] if e.channel == on and e.at_ms - act.at_ms <= PARALLEL_MS]
        if act.channel != on and not back:
            on = act.channel
            yield "switch_rate", act.at_ms, on, 0, 1, 0


def _queues(entries: list[Any]) -> Iterator[Row]:
    """Each stay, until he left or somebody took it."""
    stays: dict[tuple[str, str], int] = {}
    for entry in entries:
        place = (entry.conversation, entry.data.get("queue", ""))
        if entry.data.get("queued"):
            stays[place] = entry.at_ms
        elif entry.kind == "left":
            begun_ms = stays.pop(place, None)
            wait_ms = entry.data.get("wait_ms")
            if wait_ms is None and begun_ms is None:
                continue
            wait_ms = entry.at_ms - begun_ms if wait_ms is None else wait_ms
            yield from _stay(entry, entry.data["outcome"], wait_ms)
        elif entry.kind == "connected":
            for other in [one for one in stays if one[0] == entry.conversation]:
                yield from _stay(entry, "answered", entry.at_ms - stays.pop(other))


def _stay(end: Any, outcome: str, wait_ms: int) -> Iterator[Row]:
    if outcome == "abandoned":
        long = int(wait_ms >= 5_000)
        yield "abandonment_rate", end.at_ms, end.channel, long, long, 0
        return
    yield "abandonment_rate", end.at_ms, end.channel, 1, 0, 0
    if outcome == "answered":
        yield "speed_of_answer", end.at_ms, end.channel, 1, 0, wait_ms


def _scores(entries: list[Any]) -> Iterator[Row]:
    for entry in entries:
        if entry.kind != "feedback":
            continue
        data, at = entry.data, (entry.at_ms, entry.channel)
        score, low, high = data["score"], data["min"], data["max"]
        if score is None:
            continue
        if data["instrument"] == "nps":
            if 0 <= score <= 10:
                yield "nps", *at, 1, 0, 100 if score > 8 else 0 if score > 6 else -100
        elif low is not None and low <= score <= high:
            share = (score - low) / (high - low)
            if data["instrument"] == "ces":
                effort = 1 - share if data["easy_is_low"] is False else share
                yield "ces", *at, 1, 0, round(1 + 6 * effort, 6)
            else:
                yield "csat", *at, 1, int(share >= 0.75), 0


def _first_contact(
    number: int, entries: list[Any], end_ms: int, back: list[int], now_ms: int
) -> Iterator[Row]:
    """Of the first cycle: did he come back, on any channel?"""
    acts = [e for e in entries if _acts(e)]
    if number > 1 or not acts:
        return
    if any(at_ms - end_ms <= LOOK_BACK_MS for at_ms in back):
        yield "fcr", end_ms, acts[-1].channel, 1, 0, 0
    elif now_ms >= end_ms + LOOK_BACK_MS + GRACE_MS:
        yield "fcr", end_ms, acts[-1].channel, 1, 1, 0
    else:
        yield "fcr", end_ms, acts[-1].channel, 0, 0, 0


def _whole(journey: Any, facts: list[Any], cycles: list[list[Any]]) -> Iterator[Row]:
    """Of the journey as a whole: a request once he has acted; a return; the channels at its end."""
    entries = [e for some in cycles for e in some]
    acts = [e for e in entries if _acts(e)]
    opened_ms = min(e.at_ms for e in entries if _acts(e) or e.kind == "reply")
    first = [e.channel for e in cycles[0] if _acts(e)]
    channel = first[0] if first else journey.attached[0].channel
    if acts:
        for kpi in ("volume", "switch_rate", "repeat_rate"):
            yield kpi, opened_ms, channel, 1, 0, 0
    if journey.follows:
        yield "repeat_rate", opened_ms, channel, 0, 1, 0
    for fact in facts:
        if oracle.tag(fact) == "journey.closed":
            several = int(len({e.channel for e in acts}) > 1)
            yield "multichannel_rate", fact.at_ms, fact.channel, 1, several, 0


def _last_channel(journey: Any, entries: list[Any]) -> str:
    acts = [e for e in entries if _acts(e)]
    return str(acts[-1].channel if acts else journey.attached[0].channel)
