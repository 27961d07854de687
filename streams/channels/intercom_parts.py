"""What a part of an Intercom conversation says: words, an assignment, a status.

Each part has an id, so that two topics about one part count once.  A part may say several things: a
reply that also assigns, a close with a note.  A part that carries the headers of a mail came by
mail, so a chat that goes on by mail is a switch under one id.  Part types are many and grow: they
are read by their words (`close`, `assign_and_reopen`, `ticket_state_updated_by_admin`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.common import Actor, Party
from schemas.events import (
    AssignmentChanged,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    MessageStatusChanged,
    Status,
)
from streams.channels import times
from streams.channels.body import count, rows, table, text
from streams.channels.draft import CUSTOMER
from streams.channels.intercom_talk import Talk, actor_of, some_id, state_of, text_of

WORDS: dict[str, Status] = {
    "close": "closed",
    "closed": "closed",
    "open": "open",
    "opened": "open",
    "reopen": "open",
    "snooze": "snoozed",
    "snoozed": "snoozed",
    "unsnooze": "open",
    "unsnoozed": "open",
}
"""In the types of parts and at the end of topics."""
STATES: dict[str, Status] = {
    "open": "open",
    "closed": "closed",
    "snoozed": "snoozed",
    "submitted": "open",
    "in_progress": "open",
    "waiting_on_customer": "on_hold",
    "resolved": "resolved",
}
"""Of a conversation, and of a ticket."""
_NOTICES = {"channel_and_reply_time_expectation", "auto_response", "office_hours_expectation"}
_SHOWN = {"comment", "quick", "assign", "assignment", *WORDS}
"""Words of the types whose text the customer reads."""
_SILENT = {"conversation_summary", "language_detection_details", "conversation_rating_changed",
           "conversation_rating_remarked"}  # fmt: skip
"""Their texts are not said to anybody, or come elsewhere in the body."""
NOTES = {"conversation.admin.noted", "ticket.note.created"}
SAID: dict[str, Actor] = {
    "conversation.user.replied": CUSTOMER,
    "conversation.admin.replied": Actor("agent"),
    "conversation.operator.replied": Actor("bot"),
    "conversation.admin.noted": Actor("agent"),
    "ticket.contact.replied": CUSTOMER,
    "ticket.admin.replied": Actor("agent"),
    "ticket.note.created": Actor("agent"),
}
"""Topics about something said, and by whom if the part does not come along."""


def read_part(talk: Talk, part: dict[str, Any]) -> Iterator[EventBase]:
    ident, kind = text(part, "id"), text(part, "part_type").lower()
    if not ident:
        return
    key = f"part/{ident}"
    about: dict[str, Any] = {
        "at_ms": times.any_form(part.get("created_at")),
        "actor": _author(talk, part),
        # Times are seconds, and a part that is added later has a higher number.
        "sequence": count(ident),
    }
    words = set(kind.split("_"))
    if part.get("redacted") is True:
        yield talk.one(
            MessageStatusChanged,
            f"{key}/deleted",
            message_id=ident,
            status="deleted",
            at_ms=times.any_form(part.get("updated_at")),
        )
    elif kind not in _SILENT and (
        text(part, "body") or rows(part, "attachments") or kind in {"comment", "note"}
    ):
        yield _message(talk, part, key, kind, words, about)
    if words & {"assign", "assignment"}:
        by = about["actor"]
        yield talk.one(
            AssignmentChanged,
            f"{key}/assigned",
            to=_given_to(talk, part),
            from_=Party(bot=by.id or "bot") if by.kind == "bot" else None,  # it gives it up
            **about,
        )
    status = next((WORDS[word] for word in kind.split("_") if word in WORDS), None)
    if status is None and "state" in words:  # a ticket's
        status = STATES.get(state_of(part))
    if status is None:
        return
    yield talk.one(ConversationUpdated, f"{key}/status", status=status, **about)
    # Who has it when it is opened again is not told once more.
    if status == "open" and not words & {"assign", "assignment"} and talk.holder() != Party():
        yield talk.one(AssignmentChanged, f"{key}/holder", to=talk.holder(), **about)


def _author(talk: Talk, part: dict[str, Any]) -> Actor:
    """Where the part does not name its author, the topic says whose side he is on."""
    author = table(part, "author")
    if not text(author, "type") and talk.topic in SAID:
        said = SAID[talk.topic]
        return said if said == CUSTOMER else Actor(said.kind, some_id(author, "id") or None)
    return actor_of(author)


def _message(
    talk: Talk, part: dict[str, Any], key: str, kind: str, words: set[str], about: dict[str, Any]
) -> EventBase:
    ident, by_customer = text(part, "id"), about["actor"] == CUSTOMER
    if ident == text(talk.source, "id"):  # the first words again: of a tag on them
        key = f"conversation/{talk.ident}/first"
    by_mail = table(part, "email_message_metadata")
    # A type that we do not know is shown to nobody, unless the topic calls it a reply.
    shown = by_customer or talk.topic in SAID or kind in _NOTICES or bool(words & _SHOWN)
    internal = "note" in words or talk.topic in NOTES or not shown
    author = table(part, "author")
    return talk.one(
        MessagePosted,
        key,
        channel="email" if by_mail else talk.draft.channel,
        message_id=ident,
        direction="inbound" if by_customer else "outbound",
        visibility="internal" if internal else "public",
        automated="auto_reply" if kind in _NOTICES else "no",
        personal={
            "text": text_of(part),
            "subject": text(by_mail, "subject"),
            "name": text(author, "name") if by_customer else "",
        },
        **about,
    )


def _given_to(talk: Talk, part: dict[str, Any]) -> Party:
    """The part tells its half; the other one is the conversation's, if it says the same."""
    now, given = talk.holder(), table(part, "assigned_to")
    kind, ident = text(given, "type"), some_id(given, "id")
    if not ident:
        return now if not given else Party()
    if kind == "team":
        return Party(agent=now.agent, team=ident) if now.team == ident else Party(team=ident)
    if kind == "bot":
        return Party(bot=ident)
    return Party(agent=ident, team=now.team) if now.agent == ident else Party(agent=ident)
