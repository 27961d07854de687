"""What was concluded before and is otherwise now: kept beside the journey, for whoever reads it."""

from __future__ import annotations

from schemas.facts import (
    ChannelSwitched,
    ConversationAttached,
    Fact,
    FeedbackJoined,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyMeasured,
    TransferConcluded,
    TransferStarted,
)


def corrects(old: Fact, new: Fact) -> bool:
    """Would somebody who had read the old one have read something else?

    A first contact resolution that was pending is known late, not corrected; evidence, dimensions
    and deliveries of the context that come in later change nothing that was said.
    """
    return old.state == "asserted" and _said(old) != _said(new)


def _said(fact: Fact) -> tuple[object, ...]:
    match fact:
        case ChannelSwitched():
            return fact.from_, fact.to, fact.cause
        case TransferStarted():
            return fact.kind, fact.from_, fact.to
        case TransferConcluded():
            return fact.outcome, fact.ping_pong
        case ReplyMeasured():
            return (fact.ms,)
        case JourneyResolved():
            return (fact.duration_ms,)
        case QueueWaited() | QueueAbandoned():
            return type(fact), fact.wait_ms
        case ConversationAttached():
            return fact.rule, fact.certainty
        case FeedbackJoined():
            return (fact.score,)
    return ()
