"""The KPIs once more, by plain loops over what stands: written from docs/kpis.md, not from the code.

`samples` picks from the facts that stand what one KPI counts, `figure` makes the KPI's value of
them.  Nothing of `streams.kpis` is used: no cells, no panes, no histograms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

SIZES = {"10s": 10_000, "5m": 300_000, "1h": 3_600_000}

WINDOWS = {
    "1m": (60_000, "10s"), "5m": (300_000, "10s"), "15m": (900_000, "10s"),
    "1h": (3_600_000, "10s"), "4h": (14_400_000, "5m"), "24h": (86_400_000, "5m"),
    "7d": (604_800_000, "1h"), "30d": (2_592_000_000, "1h"),
}  # fmt: skip
"""Name → length in ms, and the finest panes that are kept for as long."""

DIMENSIONS = ("channel", "queue", "team", "topic", "detail")


class Sample(NamedTuple):
    """One thing that a KPI counts. `value` is in ms or points; `hit` is the upper part of a ratio."""

    fact: Any
    n: int = 1
    hit: int = 0
    value: float = 0
    pending: int = 0
    short: int = 0
    detail: str = ""

    def dims(self) -> tuple[str, ...]:
        fact = self.fact
        return (fact.channel, fact.queue, fact.team, fact.topic, self.detail)


class Answer(NamedTuple):
    """A figure; durations and scores have no `hits`, and only durations `median` and `p90`."""

    value: float | None
    n: int
    hits: int | None = None
    median: float | None = None
    p90: float | None = None
    pending: int = 0


def tag(fact: Any) -> str:
    return str(fact.__struct_config__.tag)


def standing(facts: Iterable[Any]) -> list[Any]:
    """The last revision of each subject, without what was retracted."""
    last: dict[str, Any] = {}
    for fact in facts:
        if fact.subject_id not in last or fact.revision > last[fact.subject_id].revision:
            last[fact.subject_id] = fact
    return [fact for fact in last.values() if fact.state == "asserted"]


def samples(kpi: str, facts: Iterable[Any]) -> list[Sample]:
    """What `kpi` counts of the facts that stand."""
    return [sample for fact in facts for sample in COUNTS[kpi](fact)]


def _volume(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "journey.opened" and not fact.proactive:
        yield Sample(fact)


def _replies(which: str, name: str = "ms") -> Callable[[Any], Iterator[Sample]]:
    def found(fact: Any) -> Iterator[Sample]:
        if tag(fact) == "reply.measured" and fact.which == which:
            if (ms := getattr(fact, name)) is not None:
                yield Sample(fact, value=ms)

    return found


def _resolutions(name: str) -> Callable[[Any], Iterator[Sample]]:
    def found(fact: Any) -> Iterator[Sample]:
        if tag(fact) == "journey.resolved" and fact.fcr != "excluded":
            if (ms := getattr(fact, name)) is not None:
                yield Sample(fact, value=ms)

    return found


def _per_request(
    upper: Callable[[Any], bool], detail: Callable[[Any], str] = lambda _: ""
) -> Callable[[Any], Iterator[Sample]]:
    """Things per journey opened."""

    def found(fact: Any) -> Iterator[Sample]:
        if tag(fact) == "journey.opened" and not fact.proactive:
            yield Sample(fact)
        if upper(fact):
            yield Sample(fact, n=0, hit=1, detail=detail(fact))

    return found


def _way(fact: Any) -> str:
    return f"{fact.from_}→{fact.to}"


FORCED = {
    "agent_invited", "callback", "deflected", "handed_off", "bot_failed", "queue_overflow",
    "out_of_hours", "undelivered", "abandoned_queue", "unanswered",
}  # fmt: skip


def _success(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "transfer.concluded":
        yield Sample(fact, hit=int(fact.outcome == "successful"), detail=fact.kind)


def _abandonment(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "queue.waited":
        yield Sample(fact)
    elif tag(fact) == "queue.abandoned":
        short = fact.wait_ms < 5_000
        yield Sample(fact, n=0, short=1) if short else Sample(fact, hit=1)


def _speed_of_answer(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "queue.waited" and fact.outcome == "answered":
        yield Sample(fact, value=fact.wait_ms)


def _promises(
    clocks: set[str], detail: Callable[[Any], str] = lambda _: ""
) -> Callable[[Any], Iterator[Sample]]:
    def found(fact: Any) -> Iterator[Sample]:
        if tag(fact) in {"sla.met", "sla.breached"} and fact.clock in clocks:
            yield Sample(fact, hit=int(tag(fact) == "sla.met"), detail=detail(fact))

    return found


def _csat(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "feedback.joined" and fact.instrument in {"csat", "rating"} and _on_scale(fact):
        span = fact.scale_max - fact.scale_min
        yield Sample(fact, hit=int(fact.score - fact.scale_min >= 0.75 * span))


def _nps(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "feedback.joined" and fact.instrument == "nps" and fact.score is not None:
        if 0 <= fact.score <= 10:
            yield Sample(fact, value=100 * ((fact.score >= 9) - (fact.score <= 6)))


def _ces(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "feedback.joined" and fact.instrument == "ces" and _on_scale(fact):
        easy, hard = fact.scale_min, fact.scale_max
        if fact.easy_is_low is False:
            easy, hard = hard, easy
        yield Sample(fact, value=1 + 6 * (fact.score - easy) / (hard - easy))


def _on_scale(fact: Any) -> bool:
    if fact.score is None or fact.scale_min is None or fact.scale_max is None:
        return False
    return bool(fact.scale_min <= fact.score <= fact.scale_max and fact.scale_min < fact.scale_max)


def _fcr(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "journey.resolved" and fact.cycle == 1:
        if fact.fcr == "pending":
            yield Sample(fact, n=0, pending=1)
        elif fact.fcr in {"yes", "no"}:
            yield Sample(fact, hit=int(fact.fcr == "yes"))


def _reopened(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "journey.resolved":
        yield Sample(fact)
    elif tag(fact) == "journey.reopened":
        yield Sample(fact, n=0, hit=1)


def _several_channels(fact: Any) -> Iterator[Sample]:
    if tag(fact) == "journey.closed":
        yield Sample(fact, hit=int(len({visit.channel for visit in fact.path}) > 1))


def _is(name: str, test: Callable[[Any], bool] = lambda _: True) -> Callable[[Any], bool]:
    return lambda fact: tag(fact) == name and test(fact)


COUNTS: dict[str, Callable[[Any], Iterator[Sample]]] = {
    "volume": _volume,
    "first_reply_time": _replies("first"),
    "next_reply_time": _replies("next"),
    "resolution_time": _resolutions("duration_ms"),
    "first_reply_business": _replies("first", "business_ms"),
    "resolution_business": _resolutions("business_ms"),
    "switch_rate": _per_request(_is("channel.switched"), _way),
    "forced_switch_rate": _per_request(_is("channel.switched", lambda f: f.cause in FORCED), _way),
    "transfer_rate": _per_request(
        _is("transfer.started", lambda f: f.kind != "handoff"), lambda f: f.kind
    ),
    "handoff_rate": _per_request(_is("transfer.started", lambda f: f.kind == "handoff")),
    "transfer_success_rate": _success,
    "abandonment_rate": _abandonment,
    "speed_of_answer": _speed_of_answer,
    "sla_met_rate": _promises({"first_reply", "next_reply", "resolution"}, lambda f: f.clock),
    "service_level": _promises({"queue"}),
    "csat": _csat,
    "nps": _nps,
    "ces": _ces,
    "fcr": _fcr,
    "repeat_rate": _per_request(_is("contact.repeated")),
    "reopen_rate": _reopened,
    "multichannel_rate": _several_channels,
}


def figure(unit: str, counted: list[Sample]) -> Answer:
    """The value: none without a sample, but a count is zero then."""
    n = sum(sample.n for sample in counted)
    hits = sum(sample.hit for sample in counted)
    pending = sum(sample.pending for sample in counted)
    values = sorted(sample.value for sample in counted if sample.n)
    if unit == "count":
        return Answer(n, n)
    if unit == "ratio":
        return Answer(hits / n if n else None, n, hits, pending=pending)
    if not n:
        return Answer(None, 0)
    if unit == "score":
        return Answer(sum(values) / n, n)
    return Answer(sum(values) / n, n, None, reached_by(0.5, values), reached_by(0.9, values))


def reached_by(share: float, values: list[float]) -> float:
    """The smallest value that so large a share of all does not exceed."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def window(name: str, now_ms: int) -> tuple[int, int, str]:
    """From, until (without) and pane size of a rolling window: whole panes, the one of now last."""
    length_ms, size = WINDOWS[name]
    width_ms = SIZES[size]
    until_ms = (now_ms // width_ms + 1) * width_ms
    return until_ms - -(-length_ms // width_ms) * width_ms, until_ms, size
