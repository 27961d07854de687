"""The rules.  Adding a notice is adding one rule here and its texts in `templates`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from schemas.facts import (
    ChannelSwitched,
    FactBase,
    FeedbackJoined,
    JourneyResolved,
    KpiAlertRaised,
    QueueAbandoned,
    SentimentAlerted,
    SlaAtRisk,
    SlaBreached,
    TaskAbandoned,
    TransferConcluded,
    TransferStarted,
)
from streams.policy import Policy


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Which fact makes which notice.

    `cancelled_by` names fact types of the same journey that take the reason away; a retracted fact
    always does.  `consent` says that the customer must have granted it (silence counts as no);
    service notices need none, but a denial of `all` or of `service` stops them.
    """

    name: str
    fact: type[FactBase]
    when: Callable[[FactBase], bool] = lambda _: True
    audience: Literal["customer", "agent", "supervisor", "system"]
    purpose: str
    template: str
    consent: bool = False
    delay_ms: Callable[[Policy], int] = lambda _: 0
    expires_ms: Callable[[Policy], int] = lambda policy: policy.notice_expires_ms
    cancelled_by: tuple[str, ...] = ()
    cooldown: bool = True
    version: int = 1


def _forced(fact: FactBase) -> bool:
    return isinstance(fact, ChannelSwitched) and fact.forced


def _reply_clock(fact: FactBase) -> bool:
    return isinstance(fact, SlaAtRisk | SlaBreached) and fact.clock in {"first_reply", "next_reply"}


def _went_wrong(fact: FactBase) -> bool:
    return isinstance(fact, TransferConcluded) and fact.outcome != "successful"


def _gave_up(fact: FactBase) -> bool:
    return isinstance(fact, QueueAbandoned) and not fact.short


def _very_bad(fact: FactBase) -> bool:
    if not isinstance(fact, FeedbackJoined) or fact.score is None:
        return False
    low, high = fact.scale_min, fact.scale_max
    if low is None or high is None or high <= low:
        return False
    return (fact.score - low) / (high - low) <= 0.25


def _by_customer(fact: FactBase) -> bool:
    return isinstance(fact, JourneyResolved) and fact.contacts > 0


RULES: tuple[Rule, ...] = (
    Rule(
        name="switch.customer", fact=ChannelSwitched, when=_forced, audience="customer",
        purpose="service", template="switch.customer",
    ),
    Rule(
        name="switch.agent", fact=ChannelSwitched, audience="agent", purpose="context",
        template="switch.agent", cooldown=False,
    ),
    Rule(
        name="transfer.customer", fact=TransferStarted, audience="customer", purpose="service",
        template="transfer.customer", cancelled_by=("transfer.concluded",),
    ),
    Rule(
        name="transfer.agent", fact=TransferStarted, audience="agent", purpose="context",
        template="transfer.agent", cooldown=False,
    ),
    Rule(
        name="transfer.failed", fact=TransferConcluded, when=_went_wrong, audience="supervisor",
        purpose="quality", template="transfer.failed", cooldown=False,
    ),
    Rule(
        name="reply.waiting", fact=SlaAtRisk, when=_reply_clock, audience="customer",
        purpose="service", template="reply.waiting",
        cancelled_by=("reply.measured", "journey.resolved"),
    ),
    Rule(
        name="sla.at_risk", fact=SlaAtRisk, audience="agent", purpose="sla",
        template="sla.at_risk", cancelled_by=("reply.measured", "journey.resolved"), cooldown=False,
    ),
    Rule(
        name="sla.breached", fact=SlaBreached, audience="supervisor", purpose="sla",
        template="sla.breached", cooldown=False,
    ),
    Rule(
        name="queue.abandoned", fact=QueueAbandoned, when=_gave_up, audience="customer",
        purpose="service", template="queue.abandoned", cancelled_by=("channel.switched",),
    ),
    Rule(
        name="task.abandoned", fact=TaskAbandoned, audience="customer", purpose="marketing",
        template="task.abandoned", consent=True,
    ),
    Rule(
        name="survey", fact=JourneyResolved, when=_by_customer, audience="customer",
        purpose="survey", template="survey", expires_ms=lambda policy: policy.survey_expires_ms,
        cancelled_by=("journey.reopened",),
    ),
    Rule(
        name="feedback.very_bad", fact=FeedbackJoined, when=_very_bad, audience="supervisor",
        purpose="quality", template="feedback.very_bad", cooldown=False,
    ),
    Rule(
        name="sentiment.very_bad", fact=SentimentAlerted, audience="supervisor",
        purpose="quality", template="sentiment.very_bad", cooldown=False,
    ),
    Rule(
        name="kpi.off_target", fact=KpiAlertRaised, audience="supervisor", purpose="kpi",
        template="kpi.off_target", cooldown=False,
    ),
)  # fmt: skip
