"""Calls in Front, each step an event of its own.  Source: its OpenAPI schema, types of calls."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.common import Actor, Party
from schemas.events import (
    AgentConnected,
    AgentOffered,
    ContactEnded,
    ContactHeld,
    ConversationOpened,
    EventBase,
    QueueEntered,
    QueueLeft,
    TransferReported,
)
from streams.channels.body import text
from streams.channels.draft import CUSTOMER, SYSTEM
from streams.channels.front_event import Event
from streams.channels.front_people import party


def read_call_started(event: Event) -> Iterator[EventBase]:
    outbound = event.actor().kind == "agent" or event.message.get("is_inbound") is False
    yield event.one(
        ConversationOpened,
        actor=event.actor() if outbound else CUSTOMER,
        initiated_by="agent" if outbound else "customer",
        direction="outbound" if outbound else "inbound",
    )


def read_call_queued(event: Event) -> Iterator[EventBase]:
    yield event.one(QueueEntered, queue=_queue(event))


def _queue(event: Event) -> str:
    return text(event.inbox, "id") or "front"


def _left(event: Event, outcome: str) -> EventBase:
    """Nobody took it."""
    actor = CUSTOMER if outcome == "abandoned" else SYSTEM
    key = f"{event.key}/left"
    return event.one(QueueLeft, key, actor=actor, queue=_queue(event), outcome=outcome)


def read_call_connected(event: Event) -> Iterator[EventBase]:
    """The teammate of the event has it now; who called, only the call's message says."""
    agent = _agent(event)
    outbound = event.message.get("is_inbound") is False
    actor = Actor("agent", agent or None) if outbound else CUSTOMER
    yield event.one(AgentConnected, actor=actor, agent=agent or "unknown")


def read_call_missed(event: Event) -> Iterator[EventBase]:
    """By one teammate, or by all."""
    if agent := _agent(event):
        yield event.one(AgentOffered, agent=agent, outcome="missed")
    else:
        yield _left(event, "timeout")
        yield event.one(ContactEnded, reason="missed", answered=False)


def read_call_ended(event: Event) -> Iterator[EventBase]:
    given_up = event.kind == "call_abandoned"
    if given_up:
        yield _left(event, "abandoned")
    yield event.one(
        ContactEnded,
        actor=CUSTOMER if given_up else event.actor(),
        by="customer" if given_up else "agent" if event.actor().kind == "agent" else "unknown",
        reason=event.kind.removeprefix("call_"),
        answered=False if given_up else None,
    )


def read_call_held(event: Event) -> Iterator[EventBase]:
    yield event.one(ContactHeld, phase="resumed" if event.kind == "call_resumed" else "held")


def read_call_transferred(event: Event) -> Iterator[EventBase]:
    to = party(event.target) if text(event.target, "id").startswith("tea_") else Party()
    if queue := text(event.inbox, "id"):
        to = Party(agent=to.agent, queue=queue)
    yield event.one(
        TransferReported, kind="unknown", phase="accepted", to=to if to != Party() else None
    )


def _agent(event: Event) -> str:
    """The teammate of a call event stands on one side or the other."""
    for side in ("target", "source"):
        ident = text(event.told, side, "data", "id")
        if ident.startswith("tea_"):
            return ident
    return text(event.conversation, "assignee", "id")
