"""A Freshdesk ticket that was just made: its first words, and where it stands from the start."""

from __future__ import annotations

from schemas.common import Actor, Party
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    MessagePosted,
)
from streams.channels.draft import CUSTOMER
from streams.channels.freshdesk_state import status_of
from streams.channels.freshdesk_ticket import Ticket
from streams.channels.mail_text import unquoted


def read_created(ticket: Ticket) -> list[EventBase]:
    created_ms = ticket.time("created_at", "created_on") or ticket.at_ms
    actor = Actor("agent", ticket.holder.agent) if ticket.outbound else CUSTOMER
    found: list[EventBase] = [
        ticket.draft.event(
            ConversationOpened,
            f"{ticket.key}/opened",
            created_ms,
            actor=actor,
            initiated_by="agent" if ticket.outbound else "customer",
            direction="outbound" if ticket.outbound else "inbound",
            queue=ticket.holder.team,
            personal={"subject": ticket.get("subject")},
        ),
        ticket.draft.event(
            MessagePosted,
            f"{ticket.key}/first",
            created_ms,
            actor=actor,
            message_id=f"{ticket.draft.conversation}/first",
            direction="outbound" if ticket.outbound else "inbound",
            personal={
                "text": unquoted(ticket.get("description", "description_text"))
                or ticket.get("subject"),
                "subject": ticket.get("subject"),
                "name": ticket.person("name"),
            },
        ),
    ]
    if ticket.holder != Party():
        found.append(
            ticket.draft.event(
                AssignmentChanged, f"{ticket.key}/first-holder", created_ms, to=ticket.holder
            )
        )
    status = status_of(ticket, "") if ticket.get("status") else "open"
    if status != "open":
        found.append(
            ticket.draft.event(
                ConversationUpdated, f"{ticket.key}/first-status", created_ms, status=status
            )
        )
    return found
