"""The KPIs.  Adding one is adding one definition here; nothing else changes.

Each definition says which parts of which facts it counts, and everything that a reader must know to
reconcile it with another tool.  Targets are the defaults of the product's documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from schemas.facts import (
    ChannelSwitched,
    ContactRepeated,
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
from streams.kpis.cells import bucket

Parts = tuple[tuple[str, int], ...]
"""(part, amount) of what a fact adds."""

_NONE: Parts = ()
_ONE: Parts = (("n", 1),)
_HIT: Parts = (("hit", 1),)
_BOTH: Parts = (("n", 1), ("hit", 1))

Unit = Literal["count", "ratio", "ms", "score"]

Theme = Literal["volume", "speed", "quality", "continuity"]
"""Under which heading the board shows it."""


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """`n` and `hit` make a ratio, `n`, `sum` and buckets a duration, `n` and `sum` a score (in
    thousandths), `n` a count.
    """

    name: str
    title: str
    unit: Unit
    theme: Theme
    counts: str
    """What it counts, in words: goes into docs/kpis.md."""
    clock: str = ""
    excludes: str = ""
    of: tuple[type[FactBase], ...]
    """The facts that it looks at."""
    parts: Callable[[FactBase], Parts]
    detail: Callable[[FactBase], str] = lambda _: ""
    better: Literal["higher", "lower", "neither"] = "neither"
    target: float | None = None
    """Ratio as 0 to 1, ms, or score; None when every tenant sets his own."""
    amber: float | None = None
    """Where amber ends; None is 10 % beside the target."""
    channel_targets: Mapping[str, float] = {}
    version: int = 1


def _opened(fact: FactBase) -> bool:
    return isinstance(fact, JourneyOpened) and not fact.proactive


def _volume(fact: FactBase) -> Parts:
    return _ONE if _opened(fact) else _NONE


_LONGEST_MS = 10 * 366 * 86_400_000
"""Ten years: nothing takes longer, and one wrong figure must not fill up a pane's sum."""


def _duration(ms: int) -> Parts:
    ms = min(ms, _LONGEST_MS)
    return ("n", 1), ("sum", ms), (bucket(ms), 1)


def _reply(which: str) -> Callable[[FactBase], Parts]:
    def parts(fact: FactBase) -> Parts:
        if isinstance(fact, ReplyMeasured) and fact.which == which:
            return _duration(fact.ms)
        return _NONE

    return parts


def _reply_business(fact: FactBase) -> Parts:
    if isinstance(fact, ReplyMeasured) and fact.which == "first" and fact.business_ms is not None:
        return _duration(fact.business_ms)
    return _NONE


def _resolution_business(fact: FactBase) -> Parts:
    if (
        isinstance(fact, JourneyResolved)
        and fact.fcr != "excluded"
        and fact.business_ms is not None
    ):
        return _duration(fact.business_ms)
    return _NONE


def _resolution(fact: FactBase) -> Parts:
    if isinstance(fact, JourneyResolved) and fact.fcr != "excluded":
        return _duration(fact.duration_ms)
    return _NONE


def _per_request(
    kind: type[FactBase], test: Callable[[FactBase], bool]
) -> Callable[[FactBase], Parts]:
    """Events of a kind per opened journey."""

    def parts(fact: FactBase) -> Parts:
        if _opened(fact):
            return _ONE
        return _HIT if isinstance(fact, kind) and test(fact) else _NONE

    return parts


def _switch_detail(fact: FactBase) -> str:
    return f"{fact.from_}→{fact.to}" if isinstance(fact, ChannelSwitched) else ""


def _transfer_detail(fact: FactBase) -> str:
    return fact.kind if isinstance(fact, TransferStarted | TransferConcluded) else ""


def _forced(fact: FactBase) -> bool:
    return isinstance(fact, ChannelSwitched) and fact.forced


def _handoff(fact: FactBase) -> bool:
    return isinstance(fact, TransferStarted) and fact.kind == "handoff"


def _success(fact: FactBase) -> Parts:
    if not isinstance(fact, TransferConcluded):
        return _NONE
    return _BOTH if fact.outcome == "successful" else _ONE


def _abandonment(fact: FactBase) -> Parts:
    if isinstance(fact, QueueAbandoned):
        return (("short", 1),) if fact.short else _BOTH
    return _ONE if isinstance(fact, QueueWaited) else _NONE


def _answer_speed(fact: FactBase) -> Parts:
    if isinstance(fact, QueueWaited) and fact.outcome == "answered":
        return _duration(fact.wait_ms)
    return _NONE


def _sla(fact: FactBase) -> Parts:
    """A queue's promise is the service level's."""
    if isinstance(fact, SlaMet | SlaBreached) and fact.clock != "queue":
        return _kept(fact)
    return _NONE


def _service_level(fact: FactBase) -> Parts:
    if isinstance(fact, SlaMet | SlaBreached) and fact.clock == "queue":
        return _kept(fact)
    return _NONE


def _kept(fact: SlaMet | SlaBreached) -> Parts:
    return _BOTH if isinstance(fact, SlaMet) else _ONE


def _sla_detail(fact: FactBase) -> str:
    return fact.clock if isinstance(fact, SlaMet | SlaBreached) else ""


def _share(fact: FeedbackJoined) -> float | None:
    """The score on a scale from 0 to 1; beyond its scale it is none."""
    if fact.score is None or fact.scale_min is None or fact.scale_max is None:
        return None
    span = fact.scale_max - fact.scale_min
    share = (fact.score - fact.scale_min) / span if span > 0 else -1
    return share if 0 <= share <= 1 else None


def _csat(fact: FactBase) -> Parts:
    if isinstance(fact, FeedbackJoined) and fact.instrument in {"csat", "rating"}:
        share = _share(fact)
        if share is not None:
            return _BOTH if share >= 0.75 else _ONE
    return _NONE


def _nps(fact: FactBase) -> Parts:
    if not isinstance(fact, FeedbackJoined) or fact.instrument != "nps" or fact.score is None:
        return _NONE
    if not 0 <= fact.score <= 10:
        return _NONE
    if fact.score >= 9:
        return ("n", 1), ("sum", 100_000)
    return (("n", 1), ("sum", -100_000)) if fact.score <= 6 else _ONE


def _ces(fact: FactBase) -> Parts:
    if isinstance(fact, FeedbackJoined) and fact.instrument == "ces":
        share = _share(fact)
        if share is not None:
            effort = share if fact.easy_is_low is not False else 1 - share
            return ("n", 1), ("sum", round(1_000 * (1 + 6 * effort)))
    return _NONE


def _fcr(fact: FactBase) -> Parts:
    if isinstance(fact, JourneyResolved) and fact.cycle == 1:
        answers: Mapping[str, Parts] = {"pending": (("pending", 1),), "yes": _BOTH, "no": _ONE}
        return answers.get(fact.fcr, _NONE)
    return _NONE


def _reopened(fact: FactBase) -> Parts:
    if isinstance(fact, JourneyResolved):
        return _ONE
    return _HIT if isinstance(fact, JourneyReopened) else _NONE


def _multichannel(fact: FactBase) -> Parts:
    if not isinstance(fact, JourneyClosed):
        return _NONE
    return _BOTH if len({visit.channel for visit in fact.path}) > 1 else _ONE


_SOCIAL = dict.fromkeys(("social", "whatsapp", "sms", "messenger", "instagram"), 4 * 3600000.0)
_REPLY_TARGETS = {"chat": 60_000.0, "email": 86_400_000.0, "form": 86_400_000.0, **_SOCIAL}

KPIS: tuple[Kpi, ...] = (
    Kpi(
        name="volume", title="Requests", unit="count", theme="volume",
        of=(JourneyOpened,), parts=_volume,
        counts="Journeys opened: needs of customers, over whatever channels they take.",
        excludes="Proactive ones, until the customer acts.",
    ),
    Kpi(
        name="first_reply_time", title="First reply time", unit="ms", theme="speed",
        of=(ReplyMeasured,), better="lower",
        parts=_reply("first"), channel_targets=_REPLY_TARGETS,
        counts="From the first unanswered message of a cycle to a human's first public answer.",
        clock="Wall time; starts at the message, not at the ticket; any channel may answer.",
        excludes="Bots, automatic replies, notes; calls and visits (see speed of answer).",
    ),
    Kpi(
        name="next_reply_time", title="Next reply time", unit="ms", theme="speed",
        of=(ReplyMeasured,), better="lower",
        parts=_reply("next"), channel_targets=_REPLY_TARGETS,
        counts="The same for every later wait of the cycle: one sample a waiting period.",
        clock="Wall time.", excludes="As first reply time.",
    ),
    Kpi(
        name="resolution_time", title="Resolution time", unit="ms", theme="speed",
        of=(JourneyResolved,), better="lower",
        parts=_resolution,
        counts="From the first act of a cycle to its resolution; one sample a cycle.",
        clock="Wall time; a reopened journey starts a new cycle and a new clock.",
        excludes="Proactive journeys without an act.",
    ),
    Kpi(
        name="first_reply_business", title="First reply, open hours", unit="ms", theme="speed",
        of=(ReplyMeasured,), better="lower", parts=_reply_business,
        counts="First reply time, counted only while the team that had the conversation was open.",
        clock="The team's calendar, in its zone, without holidays.",
        excludes="Teams without a calendar.",
    ),
    Kpi(
        name="resolution_business", title="Resolution, open hours", unit="ms", theme="speed",
        of=(JourneyResolved,), better="lower", parts=_resolution_business,
        counts="Resolution time, counted only while the team was open.",
        clock="From the first act of the cycle, by the team's calendar.",
        excludes="Teams without a calendar; proactive journeys without an act.",
    ),
    Kpi(
        name="switch_rate", title="Channel switches", unit="ratio", theme="continuity",
        of=(JourneyOpened, ChannelSwitched),
        parts=_per_request(ChannelSwitched, lambda _: True), detail=_switch_detail,
        counts="Channel switches per journey opened, chosen and forced.",
        excludes="Channels used in parallel; repeat contacts.",
    ),
    Kpi(
        name="forced_switch_rate", title="Forced switches", unit="ratio", theme="continuity",
        of=(JourneyOpened, ChannelSwitched), better="lower",
        parts=_per_request(ChannelSwitched, _forced), detail=_switch_detail,
        target=0.10, amber=0.12,
        counts="Switches that the system or its silence caused, per journey opened.",
        excludes="Switches of the customer's own choice.",
    ),
    Kpi(
        name="transfer_rate", title="Transfers", unit="ratio", theme="continuity",
        of=(JourneyOpened, TransferStarted), better="lower",
        parts=_per_request(TransferStarted, lambda f: not _handoff(f)), detail=_transfer_detail,
        counts="Transfers between agents, queues and teams, per journey opened.",
        excludes="Consultations, first assignments, hand-offs from a bot.",
    ),
    Kpi(
        name="handoff_rate", title="Bot hand-offs", unit="ratio", theme="continuity",
        of=(JourneyOpened, TransferStarted),
        parts=_per_request(TransferStarted, _handoff),
        counts="Hand-offs from a bot to a human, per journey opened.",
    ),
    Kpi(
        name="transfer_success_rate", title="Successful transfers", unit="ratio",
        theme="continuity",
        of=(TransferConcluded,), better="higher",
        parts=_success, detail=_transfer_detail,
        counts="Of concluded transfers, those that a human accepted, with the context not missing, "
        "and that did not bounce back within ten minutes.",
        excludes="Transfers still under way.",
    ),
    Kpi(
        name="abandonment_rate", title="Queue abandonment", unit="ratio", theme="quality",
        of=(QueueWaited, QueueAbandoned), better="lower",
        parts=_abandonment, target=0.05, amber=0.10,
        counts="Stays in a queue that the customer ended himself, of all stays.",
        excludes="Short ones (under five seconds), counted apart.",
    ),
    Kpi(
        name="speed_of_answer", title="Speed of answer", unit="ms", theme="speed",
        of=(QueueWaited,), better="lower",
        parts=_answer_speed,
        counts="How long answered customers waited in the queue.",
        clock="The vendor's own figure where it gives one.",
    ),
    Kpi(
        name="sla_met_rate", title="SLA met", unit="ratio", theme="speed",
        of=(SlaMet, SlaBreached), better="higher", parts=_sla,
        detail=_sla_detail,
        counts="Promises kept, of those kept or broken: first reply, next reply, resolution.",
        excludes="Promises still running; those to a queue (see service level).",
    ),
    Kpi(
        name="service_level", title="Service level", unit="ratio", theme="speed",
        of=(SlaMet, SlaBreached), better="higher", parts=_service_level,
        counts="Waits in a queue that were answered within what the policy promises to that queue, "
        "of those answered and of those given up after the promise was broken.",
        clock="From entering the queue to the answer; open hours if the promise says so.",
        excludes="Queues to which nothing is promised; callers who left before it was due.",
    ),
    Kpi(
        name="csat", title="CSAT", unit="ratio", theme="quality",
        of=(FeedbackJoined,), better="higher", parts=_csat,
        channel_targets={"voice": 0.85, "chat": 0.83, "email": 0.79, "social": 0.67},
        counts="Answers in the upper quarter of their scale (4 and 5 of 5, good of good and bad).",
        excludes="Surveys without an answer; what lies beyond its scale, or has none.",
    ),
    Kpi(
        name="nps", title="NPS", unit="score", theme="quality",
        of=(FeedbackJoined,), better="higher", parts=_nps, target=50, amber=30,
        counts="Share of 9 and 10 less share of 0 to 6, times 100.",
        excludes="Surveys without an answer; what lies beyond 0 to 10.",
    ),
    Kpi(
        name="ces", title="Customer effort", unit="score", theme="quality",
        of=(FeedbackJoined,), better="lower", parts=_ces, target=3,
        amber=4, counts="Mean effort from 1 (easy) to 7 (hard), whatever way the scale was asked.",
        excludes="As CSAT.",
    ),
    Kpi(
        name="fcr", title="First contact resolution", unit="ratio", theme="quality",
        of=(JourneyResolved,), better="higher", parts=_fcr,
        target=0.80, amber=0.70,
        counts="First cycles whose customer did not come back about it on any channel within the "
        "look-back of seven days, of those whose look-back is over.",
        clock="Known late: a resolution is pending until the customer returns or the time is over.",
        excludes="Proactive journeys; pending ones, which are counted apart.",
    ),
    Kpi(
        name="repeat_rate", title="Repeat contacts", unit="ratio", theme="quality",
        of=(JourneyOpened, ContactRepeated), better="lower",
        parts=_per_request(ContactRepeated, lambda _: True),
        counts="Journeys that follow one closed within seven days on a compatible topic, per "
        "journey opened.",
    ),
    Kpi(
        name="reopen_rate", title="Reopened", unit="ratio", theme="quality",
        of=(JourneyResolved, JourneyReopened), better="lower", parts=_reopened,
        counts="Journeys reopened, per resolution.",
    ),
    Kpi(
        name="multichannel_rate", title="Several channels", unit="ratio", theme="continuity",
        of=(JourneyClosed,), parts=_multichannel,
        counts="Closed journeys whose customer used more than one channel, of closed journeys.",
    ),
)  # fmt: skip

BY_FACT: Mapping[type[FactBase], tuple[Kpi, ...]] = {
    kind: tuple(kpi for kpi in KPIS if kind in kpi.of) for kpi in KPIS for kind in kpi.of
}

BY_NAME: Mapping[str, Kpi] = {kpi.name: kpi for kpi in KPIS}
