"""Where a Freshdesk ticket stands: status, priority, tags, who has it.

Source: developers.freshdesk.com, API v2, tickets (numbers of status and priority).
"""

from __future__ import annotations

from typing import Any

from schemas.common import Party
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    Status,
)
from streams.channels.body import text
from streams.channels.draft import SYSTEM
from streams.channels.freshdesk_ticket import AGENT, GROUP, Ticket

_STATUSES: dict[str, Status] = {
    "2": "open",
    "3": "on_hold",
    "4": "resolved",
    "5": "closed",
    "open": "open",
    "pending": "on_hold",
    "resolved": "resolved",
    "closed": "closed",
}
"""The four that cannot be renamed away; 6 and 7 are "waiting" at first, and may be anything."""

_WAITING = ("waiting", "awaiting", "pending", "on hold")
_PRIORITIES = {"1": "low", "2": "medium", "3": "high", "4": "urgent"}


def updated(ticket: Ticket, **fields: Any) -> EventBase:
    key = f"{ticket.key}/{'+'.join(fields)}/{ticket.digest}"
    return ticket.draft.event(ConversationUpdated, key, ticket.at_ms, actor=SYSTEM, **fields)


def status_of(ticket: Ticket, to: str) -> Status:
    """A status of your own is open, unless it says that somebody waits."""
    named = ticket.get("status").lower()
    for one in (to.lower(), named):
        if one in _STATUSES:
            return _STATUSES[one]
    word = named or to.lower()
    return "on_hold" if word in {"6", "7"} or word.startswith(_WAITING) else "open"


def priority_of(ticket: Ticket, to: str) -> str:
    named = ticket.get("priority").lower()
    return _PRIORITIES.get(to, "") or _PRIORITIES.get(named, named) or to.lower() or "none"


def tags_of(ticket: Ticket) -> tuple[str, ...]:
    return tuple(filter(None, (tag.strip() for tag in ticket.get("tags").split(","))))


def assigned(ticket: Ticket, field: str, value: Any) -> EventBase:
    """The template may know the agent by address, the trigger knows him by number: whoever the
    template names is taken, so that one agent has one name.
    """
    now = {"agent": ticket.holder.agent, "team": ticket.holder.team}
    shown = AGENT if field == "agent" else GROUP
    from_ = None
    if not any(name in ticket.fields for name in shown):
        now[field] = text(value, "to") or (text(value) or None)
        before = text(value, "from")
        from_ = Party(**{field: before}) if before else None
    return ticket.draft.event(
        AssignmentChanged,
        f"{ticket.key}/holder/{field}/{ticket.digest}",
        ticket.at_ms,
        actor=SYSTEM,
        to=Party(**now),
        from_=from_,
    )


def read_standing(ticket: Ticket, told: set[type[EventBase]]) -> list[EventBase]:
    """What the template shows besides, each kind once."""
    found: list[EventBase] = []
    if ticket.holder != Party() and AssignmentChanged not in told:
        found.append(
            ticket.draft.event(
                AssignmentChanged,
                f"{ticket.key}/stands/{ticket.digest}",
                ticket.at_ms,
                actor=SYSTEM,
                to=ticket.holder,
            )
        )
    status, priority = ticket.get("status"), ticket.get("priority")
    if (status or priority) and not {ConversationUpdated, ConversationOpened} & told:
        fields: dict[str, Any] = {"status": status_of(ticket, "")} if status else {}
        fields |= {"priority": priority_of(ticket, "")} if priority else {}
        found.append(updated(ticket, **fields))
    return found
