"""Freshdesk automation webhooks: whatever template an admin wrote, all values texts.

There is no event id, no signature, and no time unless the template asks for one.  `triggered_event`
says what set the rule off, in a notation of its own (`{status:{from:4,to:6}}`), and only the first
of several changes.  So a body tells what triggered it.  Where the ticket stands besides (owner,
group, status) it tells only if it has a time or no trigger: a body that is sent again an hour later
would else undo what came since.  Without a time two equal bodies are one event and its retry.

What the template may look like is told in `freshdesk_template.py`, the ticket in it in
`freshdesk_ticket.py`.  What it means is read in `freshdesk_created.py`, `freshdesk_messages.py` and
`freshdesk_state.py`.

Sources: Freshdesk support, "Using webhooks in automation rules" (retries);
developers.freshdesk.com, API v2, tickets (numbers of source); zulip,
`zerver/webhooks/freshdesk/view.py` (first change only).
"""

from __future__ import annotations

import re
from typing import Any

from schemas.events import EventBase, Status
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    together,
    unknown,
)
from streams.channels.body import text
from streams.channels.draft import Draft
from streams.channels.freshdesk_created import read_created
from streams.channels.freshdesk_messages import rating_of, read_comment, read_rating
from streams.channels.freshdesk_state import (
    assigned,
    priority_of,
    read_standing,
    status_of,
    tags_of,
    updated,
)
from streams.channels.freshdesk_template import number_in_url, pseudo_json, read_fields
from streams.channels.freshdesk_ticket import Ticket
from streams.channels.ids import digest
from streams.channels.signatures import bearer

_WITHOUT_MEANING = {
    "due_by", "frdueby", "fr_due_by", "mail_del_failure_alert", "product_id", "product",
    "time_sheet_action", "type", "ticket_type", "subject", "description", "internal_agent_id",
    "internal_group_id", "sentiment",
}  # fmt: skip
_ACTIONS: dict[str, Status | None] = {
    "update": None,
    "updated": None,
    "delete": "deleted",
    "deleted": "deleted",
    "marked_spam": "deleted",
    "marked_as_spam": "deleted",
    "spam": "deleted",
    "restored": "open",
    "unspam": "open",
}
_WORDS = {
    "created": ("ticket_action", "created"),
    "replied": ("reply_sent", "sent"),
    "reply": ("reply_sent", "sent"),
    "updated": ("ticket_action", "updated"),
    "deleted": ("ticket_action", "deleted"),
}
"""Where a template says in a word of its own what happened: `created`, `ticket replied`."""


class Freshdesk(Adapter):
    """Option `contacts`: `curated` if only colleagues and your own systems keep the contacts'
    records; else what stands in them is claimed.
    """

    vendor = "freshdesk"
    title = "Freshdesk"
    options = ("contacts",)
    about = About(
        gives=("messages", "states", "agents", "transfers", "ratings"),
        identities={
            "phone": ("claimed",),
            "email": ("claimed",),
            "crm": ("curated",),
            "vendor": ("asserted",),
        },
        transfer="triggered_event responder_id or group_id; else another agent or group",
        lacks="ids and times of its own, receipts, queues, all but the first of several changes",
        retries="after 5, 30 and 60 minutes with the same body; dropped after a day of delay",
    )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """Nothing is signed: basic auth, a header `Authorization: Bearer …`, or `?token=`."""
        return bearer(request, source)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        fields = read_fields(request)
        draft = Draft(request, source, "ticket", "email")
        draft.conversation = fields.get("id") or fields.get("display_id") or number_in_url(fields)
        if not draft.conversation:
            return unknown(
                "The template names no ticket: it needs ticket_id, as docs/vendors/freshdesk.md "
                "writes it."
            )
        return _parsed(Ticket(fields, draft, source))


def _parsed(ticket: Ticket) -> Parsed:
    changes = _changes(ticket)
    ticket.draft.native_type = "+".join(changes) or "ticket"
    parts = [_change(ticket, name, value) for name, value in changes.items()]
    if not changes:
        parts.append(Parsed(tuple(_untold(ticket))))
    if not changes or (ticket.at_ms is not None and changes.get("ticket_action") != "created"):
        known = {type(event) for part in parts for event in part.events}
        parts.append(Parsed(tuple(read_standing(ticket, known))))
    return together(parts, "The ticket is named, and nothing is said of it.")


def _changes(ticket: Ticket) -> dict[str, Any]:
    """What set the rule off."""
    told = ticket.get("triggered_event", "event", "event_type", "trigger")
    if told.startswith("{"):
        return pseudo_json(told)
    words = re.split(r"[\s_.:-]+", told.lower())
    if "note" in words:
        return {"note_type": "private" if "private" in words else "public"}
    return dict(_WORDS[word] for word in words if word in _WORDS)


def _change(ticket: Ticket, name: str, value: Any) -> Parsed:
    to = text(value, "to") or text(value)
    match name:
        case "ticket_action" if to.lower().startswith("create"):
            return Parsed(tuple(read_created(ticket)))
        case "ticket_action" if to.lower() in _ACTIONS:
            status = _ACTIONS[to.lower()]
            if status:
                return Parsed((updated(ticket, status=status),))
            return ignored("The ticket was updated; nothing says in what.")
        case "note_type":
            return Parsed((read_comment(ticket, private=to.lower() == "private"),))
        case "reply_sent" | "reply" | "customer_reply" | "agent_reply":
            return Parsed((read_comment(ticket, private=False),))
        case "status":
            return Parsed((updated(ticket, status=status_of(ticket, to)),))
        case "priority":
            return Parsed((updated(ticket, priority=priority_of(ticket, to)),))
        case "responder_id" | "agent" | "agent_id":
            return Parsed((assigned(ticket, "agent", value),))
        case "group_id" | "group":
            return Parsed((assigned(ticket, "team", value),))
        case "customer_feedback" | "satisfaction_rating" | "survey" | "feedback":
            return read_rating(ticket, to)
        case "tags" | "tag_names":
            return Parsed((updated(ticket, tags=tags_of(ticket)),))
    if name in _WITHOUT_MEANING:
        return ignored(f"{name} changed: nothing that a journey depends on.")
    return unknown(f"Freshdesk triggers no {name!r} that we know.")


def _untold(ticket: Ticket) -> list[EventBase]:
    """Nothing says what happened: the latest words, or the first if there are no others.  The
    same words in the next body are the same message.
    """
    found: list[EventBase] = []
    public, private = ticket.get("latest_public_comment"), ticket.get("latest_private_comment")
    if public or ticket.get("latest_comment", "comment", "comment_body", "reply_body"):
        key = digest([public, ticket.get("latest_comment", "comment", "comment_body")])
        found.append(read_comment(ticket, private=False, key=key, known=False))
    if private:
        key = digest([private, "private"])
        found.append(read_comment(ticket, private=True, key=key, known=False))
    if not found and ticket.get("description", "description_text"):
        found += read_created(ticket)
    if rating_of(ticket, ""):
        found += read_rating(ticket, "").events
    return found
