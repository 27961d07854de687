"""Facts: what a fold concluded.  One tagged union, `Fact`, on topic `journeys`.

A fact has a subject and a revision.  A higher revision replaces the lower one; state
`retracted` takes it back.  A fact carries no text and no identifier: only pseudonymous ids.
`at_ms` is when the thing it states happened, not when we found out.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.common import ConversationRef, Part, Party


class FactBase(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="type"
):
    """Common fields.

    `subject_id` is a function of the journey and of vendors' ids, never of an offset.
    `journey` is `<customer>.<n>`, `cycle` counts its open→resolved spans from 1.
    `channel`, `queue`, `team`, `topic` are the dimensions that KPIs split by.
    `pos` is filled by the engine when the fact is published (`keyspace/topic/p/o/s/i`).
    """

    subject_id: str
    revision: int = 1
    state: Literal["asserted", "retracted"] = "asserted"
    domain: str
    customer: str
    journey: str
    cycle: int = 1
    at_ms: int
    channel: str = ""
    queue: str = ""
    team: str = ""
    topic: str = ""
    certainty: Literal["certain", "probable", "inferred"] = "certain"
    evidence: tuple[str, ...] = ()
    policy: str = ""
    fold: str = ""
    pos: str = ""


class JourneyOpened(FactBase, frozen=True, kw_only=True, tag="journey.opened"):
    initiated_by: str
    follows: str | None = None
    proactive: bool = False
    """Opened by us; outside volume and FCR until the customer acts."""


class ConversationAttached(FactBase, frozen=True, kw_only=True, tag="conversation.attached"):
    """`rule` names why: conversation, reference, expectation, topic, waiting, latest, new…"""

    conversation: ConversationRef
    rule: str


class JourneyResolved(FactBase, frozen=True, kw_only=True, tag="journey.resolved"):
    """End of a cycle. `fcr` is pending until a repeat (no) or the look-back's end (yes)."""

    duration_ms: int
    business_ms: int | None = None
    """The same in open hours; None when the team has no calendar."""
    by: str = ""
    fcr: Literal["pending", "yes", "no", "excluded"] = "pending"
    contacts: int = 0
    """Acts of the customer in this cycle."""


class JourneyReopened(FactBase, frozen=True, kw_only=True, tag="journey.reopened"):
    after_ms: int


class JourneyMerged(FactBase, frozen=True, kw_only=True, tag="journey.merged"):
    into: str


class JourneySplit(FactBase, frozen=True, kw_only=True, tag="journey.split"):
    into: str


class Visit(Part, frozen=True):
    """One stay on a channel along the path."""

    channel: str
    acts: int
    duration_ms: int


class JourneyClosed(FactBase, frozen=True, kw_only=True, tag="journey.closed"):
    """No later event changes the journey any more (but for a join)."""

    how: Literal["resolved", "abandoned", "expired", "sealed"]
    path: tuple[Visit, ...] = ()
    duration_ms: int = 0


SwitchCause = Literal[
    "agent_invited",
    "callback",
    "deflected",
    "handed_off",
    "bot_failed",
    "queue_overflow",
    "out_of_hours",
    "undelivered",
    "abandoned_queue",
    "unanswered",
    "customer",
]


class ChannelSwitched(FactBase, frozen=True, kw_only=True, tag="channel.switched"):
    """`channel` (the dimension) is where the customer came to, that is `to`."""

    from_: str = msgspec.field(name="from")
    to: str
    gap_ms: int
    cause: SwitchCause
    forced: bool
    parallel: bool = False
    context: Literal["delivered", "viewed", "absent", "unknown"] = "unknown"


class TransferStarted(FactBase, frozen=True, kw_only=True, tag="transfer.started"):
    kind: Literal["blind", "warm", "external", "queue", "handoff", "unknown"]
    to: Party
    from_: Party = msgspec.field(name="from")


class TransferConcluded(FactBase, frozen=True, kw_only=True, tag="transfer.concluded"):
    kind: Literal["blind", "warm", "external", "queue", "handoff", "unknown"]
    to: Party
    from_: Party = msgspec.field(name="from")
    outcome: Literal["successful", "bounced", "refused", "failed", "no_context"]
    ping_pong: bool = False


class ContextReady(FactBase, frozen=True, kw_only=True, tag="context.ready"):
    """Why a context was made; the excerpts travel on a topic of their own."""

    reason: Literal["switch", "transfer", "handoff"]
    summary: dict[str, str] = {}


class ReplyAwaited(FactBase, frozen=True, kw_only=True, tag="reply.awaited"):
    """The customer waits since `at_ms`; retracted when somebody answers."""

    deadline_ms: int = 0


class ReplyMeasured(FactBase, frozen=True, kw_only=True, tag="reply.measured"):
    which: Literal["first", "next"]
    ms: int
    business_ms: int | None = None
    """In open hours; None when the team has no calendar."""
    by: str = ""


SlaClock = Literal["first_reply", "next_reply", "resolution", "queue"]


class SlaAtRisk(FactBase, frozen=True, kw_only=True, tag="sla.at_risk"):
    clock: SlaClock
    target_ms: int
    due_ms: int


class SlaBreached(FactBase, frozen=True, kw_only=True, tag="sla.breached"):
    clock: SlaClock
    target_ms: int
    due_ms: int


class SlaMet(FactBase, frozen=True, kw_only=True, tag="sla.met"):
    clock: SlaClock
    target_ms: int
    due_ms: int


class QueueWaited(FactBase, frozen=True, kw_only=True, tag="queue.waited"):
    """A stay in a queue that ended otherwise than by the customer leaving it."""

    wait_ms: int
    outcome: str


class QueueAbandoned(FactBase, frozen=True, kw_only=True, tag="queue.abandoned"):
    wait_ms: int
    short: bool = False


class ContactRepeated(FactBase, frozen=True, kw_only=True, tag="contact.repeated"):
    """A new journey about the same thing, `within_ms` of the close of journey `of`."""

    of: str
    within_ms: int


class TaskAbandoned(FactBase, frozen=True, kw_only=True, tag="task.abandoned"):
    task_kind: str
    task_id: str
    step: str


class FeedbackJoined(FactBase, frozen=True, kw_only=True, tag="feedback.joined"):
    instrument: str
    score: float | None = None
    scale_min: float | None = None
    scale_max: float | None = None
    easy_is_low: bool | None = None


class SentimentAlerted(FactBase, frozen=True, kw_only=True, tag="sentiment.alerted"):
    sentiment: float


class KpiAlertRaised(FactBase, frozen=True, kw_only=True, tag="kpi.alerted"):
    kpi: str
    value: float
    target: float


Fact = (
    JourneyOpened
    | ConversationAttached
    | JourneyResolved
    | JourneyReopened
    | JourneyMerged
    | JourneySplit
    | JourneyClosed
    | ChannelSwitched
    | TransferStarted
    | TransferConcluded
    | ContextReady
    | ReplyAwaited
    | ReplyMeasured
    | SlaAtRisk
    | SlaBreached
    | SlaMet
    | QueueWaited
    | QueueAbandoned
    | ContactRepeated
    | TaskAbandoned
    | FeedbackJoined
    | SentimentAlerted
    | KpiAlertRaised
)
