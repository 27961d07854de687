"""From an event to an entry, and which entries are acts.

An act is what a customer really does: a public message, an answered call, a call that entered a
queue, a submitted form, a bot or self-service session with at least one step of his.  Not acts:
automatic replies, bounces, receipts, reactions, echoes of other apps, a widget opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.common import Party
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    AssignmentChanged,
    ContactEnded,
    ContextViewed,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    MessagePosted,
    MessageStatusChanged,
    NotificationOutcome,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TaskProgressed,
    TransferReported,
)
from streams.journeys.state import Entry
from streams.lexicon.courtesy import is_thanks

_UNDELIVERED = frozenset({"failed", "bounced"})


def entries_of(event: EventBase, position: int) -> tuple[Entry, ...]:
    """What the event means for a timeline; nothing for receipts and the like."""
    found = _meaning(event)
    if found is None:
        return ()
    kind, data = found
    entry = Entry(
        event.time_ms,
        position,
        event.id,
        kind,
        event.channel,
        conversation_of(event),
        event.actor.id or "",
        data,
        arrived_ms=event.recorded_ms,
        refs=tuple(_references(event)),
        mark=_mark(event),
        sequence=event.sequence or 0,
    )
    if isinstance(event, ConversationUpdated):
        return _updates(event, entry)
    return (entry,)


def _references(event: EventBase) -> Iterator[str]:
    """Keys of other conversations that the event points to."""
    if isinstance(event, ConversationLinked):
        yield f"{event.other.source}:{event.other.id}"
    for ref in event.refs:
        if ref.rel in {"conversation", "ticket", "callback", "deflection", "related"}:
            yield f"{ref.source or event.source}:{ref.id}"


def _mark(event: EventBase) -> str:
    """Equal for the same text, however its spaces and capitals are written."""
    text = " ".join(event.personal.get("text", "").lower().split())
    if not text or not isinstance(event, MessagePosted):
        return ""
    return hashlib.blake2s(text.encode(), digest_size=4).hexdigest()


def conversation_of(event: EventBase) -> str:
    """`source:id`, or empty."""
    ref = event.conversation
    return f"{ref.source}:{ref.id}" if ref else ""


def _meaning(event: EventBase) -> tuple[str, dict[str, Any]] | None:
    match event:
        case MessagePosted():
            return _message(event)
        case QueueEntered():
            return "act", {"queue": event.queue, "queued": True}
        case QueueLeft():
            data: dict[str, Any] = {"queue": event.queue, "outcome": event.outcome}
            if event.wait_ms is not None:
                data["wait_ms"] = event.wait_ms
            return "left", data
        case AgentConnected(mode="owner"):
            called_back = event.actor.kind == "agent"
            return "connected", {"agent": event.agent} | ({"callback": True} if called_back else {})
        case AgentConnected(mode="consult" | "conference"):
            return "consulted", {"agent": event.agent}
        case AgentDisconnected():
            return "gone", {"agent": event.agent}
        case AgentOffered():
            return "offered", {"agent": event.agent, "outcome": event.outcome}
        case AssignmentChanged():
            return "assigned", {"to": _party(event.to)} | (
                {"from": _party(event.from_)} if event.from_ else {}
            )
        case TransferReported():
            data = {"kind": event.kind, "phase": event.phase}
            if event.to:
                data["to"] = _party(event.to)
            if event.from_:
                data["from"] = _party(event.from_)
            return "transfer", data
        case ConversationOpened():
            data = {"by": event.initiated_by, "direction": event.direction}
            return "opened", data | {
                name: value
                for name, value in (
                    ("rel", event.rel),
                    ("queue", event.queue),
                    ("topic", event.topic),
                )
                if value
            }
        case ConversationUpdated():
            return "status", {}
        case ConversationLinked():
            return "linked", {"rel": event.rel, "other": f"{event.other.source}:{event.other.id}"}
        case ContactEnded():
            data = {"by": event.by, "final": event.final}
            if event.reason:
                data["reason"] = event.reason
            if event.answered is not None:
                data["answered"] = event.answered
            return "ended", data
        case FeedbackReceived():
            return "feedback", {
                "instrument": event.instrument,
                "score": event.score,
                "min": event.scale_min,
                "max": event.scale_max,
                "easy_is_low": event.easy_is_low,
            }
        case SelfserviceStepped():
            return _step(event)
        case TaskProgressed():
            data = {
                "task": f"{event.task_kind}:{event.task_id}",
                "step": event.step,
                "state": event.state,
            }
            return "task", data
        case ContextViewed():
            return "viewed", {"agent": event.actor.id or "", "purpose": event.purpose}
        case NotificationOutcome(outcome="delivered", purpose="context"):
            return "told", {}
        case MessageStatusChanged() if event.status in _UNDELIVERED:
            return "undelivered", {"message": event.message_id}
    return None


def _message(event: MessagePosted) -> tuple[str, dict[str, Any]] | None:
    if event.visibility == "internal":
        return "note", {}
    if event.owner == "other":
        return None  # another app owns the thread: evidence, but nobody of ours waits
    by_customer = event.actor.kind == "customer" and event.direction == "inbound"
    if event.automated != "no":
        return None if by_customer else ("auto", {"why": event.automated})
    if by_customer:
        # The data keeps it from being merged with what he says beside.
        return "act", {"thanks": True} if is_thanks(event.personal.get("text", "")) else {}
    return {"agent": ("reply", {}), "bot": ("bot", {})}.get(event.actor.kind, ("auto", {}))


def _step(event: SelfserviceStepped) -> tuple[str, dict[str, Any]]:
    data = {"resource": event.resource, "step": event.step, "outcome": event.outcome}
    # The session is an act once the customer has taken a step in it, not when it opens.
    acted = event.actor.kind == "customer" and event.outcome == "progressed"
    return ("act" if acted else "stepped"), data


def _updates(event: ConversationUpdated, entry: Entry) -> tuple[Entry, ...]:
    """One entry for each thing that the update says."""
    found = []
    if event.status:
        found.append(_as(entry, "status", {"status": event.status}))
    if event.topic:
        found.append(_as(entry, "topic", {"topic": event.topic}))
    if event.sentiment is not None:
        found.append(_as(entry, "sentiment", {"sentiment": event.sentiment}))
    if event.urgency or event.priority:
        data = {"urgency": event.urgency, "priority": event.priority}
        found.append(_as(entry, "urgency", {k: v for k, v in data.items() if v}))
    if event.note:
        found.append(_as(entry, "note", {}))
    if event.commitment:
        data = {"what": event.commitment.what}
        due = {"due_ms": event.commitment.due_ms} if event.commitment.due_ms else {}
        found.append(_as(entry, "promised", data | due))
    return tuple(found)


def _as(entry: Entry, kind: str, data: dict[str, Any]) -> Entry:
    return msgspec.structs.replace(entry, kind=kind, data=data)


def _party(party: Party) -> dict[str, str]:
    names = ("agent", "team", "queue", "bot", "app")
    return {name: value for name in names if (value := getattr(party, name))}
