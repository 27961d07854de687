"""Where a contact of Amazon Connect's waits and who takes it: queue, agent, hold."""

from __future__ import annotations

from schemas.common import Actor, Party
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ContactHeld,
    EventBase,
    QueueEntered,
    QueueLeft,
)
from streams.channels.amazon_connect_contact import Contact, span
from streams.channels.draft import CUSTOMER, SYSTEM


def read_queued(contact: Contact) -> list[EventBase]:
    what = f"queued/{contact.queue}/{contact.queued_ms}"
    queue = contact.queue or "unknown"
    if contact.task:
        return [contact.one(AssignmentChanged, what, contact.queued_ms, to=Party(queue=queue))]
    return [contact.one(QueueEntered, what, contact.queued_ms, actor=CUSTOMER, queue=queue)]


def read_connected(contact: Contact) -> list[EventBase]:
    found: list[EventBase] = []
    what = f"connected/{contact.agent}/{contact.answered_ms}"
    if contact.task:
        to = Party(agent=contact.agent or None, queue=contact.queue or None)
        return [contact.one(AssignmentChanged, what, contact.answered_ms, to=to)]
    if contact.queued_ms:
        found.append(left(contact, "answered", contact.answered_ms))
    called = Actor("agent", contact.agent or None) if contact.outbound else CUSTOMER
    found.append(
        contact.one(
            AgentConnected,
            what,
            contact.answered_ms,
            actor=called,
            agent=contact.agent or "unknown",
            mode="monitor" if contact.method == "MONITOR" else "owner",
        )
    )
    return found


def read_held(contact: Contact, phase: str, name: str) -> list[EventBase]:
    at_ms = contact.time(name)
    return [contact.one(ContactHeld, f"{phase}/{at_ms or contact.sent_ms}", at_ms, phase=phase)]


def left(contact: Contact, outcome: str, at_ms: int | None) -> EventBase:
    return contact.one(
        QueueLeft,
        f"left/{contact.queue}/{contact.queued_ms}",
        at_ms,
        actor=CUSTOMER if outcome == "abandoned" else SYSTEM,
        queue=contact.queue or "unknown",
        outcome=outcome,
        wait_ms=span(contact.queued_ms, at_ms),
    )
