"""How a contact of Amazon Connect's ends.  COMPLETED repeats what DISCONNECTED said, and adds the
after-contact work.
"""

from __future__ import annotations

from typing import Literal

from schemas.common import Actor
from schemas.events import (
    AgentDisconnected,
    ContactEnded,
    Durations,
    EventBase,
    WrapupEnded,
)
from streams.channels.amazon_connect_agents import left
from streams.channels.amazon_connect_contact import Contact, span
from streams.channels.body import number
from streams.channels.draft import CUSTOMER, SYSTEM

_GAVE_UP_IN_QUEUE: dict[
    str, Literal["abandoned", "flow_out", "timeout", "transferred", "system"]
] = {
    "": "abandoned",
    "CUSTOMER_DISCONNECT": "abandoned",
    "CUSTOMER_NEVER_ARRIVED": "abandoned",
    "CONTACT_FLOW_DISCONNECT": "flow_out",
    "FLOW_DISCONNECT": "flow_out",
    "EXPIRED": "timeout",
    "IDLE_DISCONNECT": "timeout",
    "TRANSFERRED": "transferred",
}
"""Why a contact left its queue without an agent; anything else was the system."""


def read_disconnected(contact: Contact) -> list[EventBase]:
    """Of a contact that was passed on, only its agent goes: the conversation does not end."""
    answered = contact.answered
    by, reason = _by(contact.reason), contact.reason.lower() or None
    found: list[EventBase] = []
    if answered and contact.agent:
        found.append(
            contact.one(
                AgentDisconnected, "gone", contact.ended_ms, agent=contact.agent, reason=reason
            )
        )
    elif contact.queued_ms and not answered and not contact.task:
        outcome = _GAVE_UP_IN_QUEUE.get(contact.reason, "system")
        found.append(left(contact, outcome, contact.ended_ms or contact.sent_ms))
    if contact.reason == "TRANSFERRED":
        return found
    actors = {"customer": CUSTOMER, "agent": Actor("agent", contact.agent or None)}
    ended = contact.one(
        ContactEnded,
        "ended",
        contact.ended_ms,
        actor=actors.get(by, SYSTEM),
        by=by,
        reason=reason,
        answered=answered,
        durations=Durations(
            total_ms=span(contact.began_ms, contact.ended_ms),
            queue_ms=span(contact.queued_ms, contact.answered_ms or contact.ended_ms),
            talk_ms=span(contact.answered_ms, contact.ended_ms),
            hold_ms=_ms(contact, "customerHoldDuration"),
        ),
    )
    return [*found, ended]


def read_completed(contact: Contact) -> list[EventBase]:
    worked_ms = contact.time("agentInfo", "afterContactWorkEndTimestamp")
    found = read_disconnected(contact)
    if worked_ms is None:
        return found
    spent_ms = _ms(contact, "afterContactWorkDuration")
    wrapped = contact.one(
        WrapupEnded,
        "wrapup",
        worked_ms,
        actor=Actor("agent", contact.agent or None),
        agent=contact.agent or None,
        duration_ms=spent_ms
        if spent_ms is not None
        else span(contact.time("agentInfo", "afterContactWorkStartTimestamp"), worked_ms),
    )
    return [*found, wrapped]


def _ms(contact: Contact, name: str) -> int | None:
    """A duration of the agent's, told in seconds."""
    spent = number(contact.detail, "agentInfo", name)
    return None if spent is None or spent < 0 else round(spent * 1_000)


def _by(reason: str) -> Literal["customer", "agent", "system", "unknown"]:
    if reason.startswith("CUSTOMER"):
        return "customer"
    if reason.startswith(("AGENT", "BARGED")):
        return "agent"
    return "system" if reason else "unknown"
