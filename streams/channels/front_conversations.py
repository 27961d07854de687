"""Front's conversations: who has them, where they stand, what they are called, which became one.

An event tells the conversation as it stands then, so a change of assignee does not say who had it
before.  A preview tells hardly more than that something changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.common import ConversationRef, Party
from schemas.events import (
    AssignmentChanged,
    ConversationLinked,
    ConversationUpdated,
    EventBase,
    Status,
)
from streams.channels.body import dig, rows, table, text
from streams.channels.draft import SYSTEM
from streams.channels.front_event import Event
from streams.channels.front_people import party

STATUSES: dict[str, Status] = {
    "archive": "closed",
    "reopen": "open",
    "reminder": "open",
    "restore": "open",
    "snooze": "snoozed",
    "trash": "deleted",
}
"""What a change of the conversation means; the kinds are the events' own names."""
_CATEGORIES: dict[str, Status] = {
    "open": "open",
    "waiting": "on_hold",
    "resolved": "resolved",
    "archived": "closed",
    "assigned": "open",
    "unassigned": "open",
    "deleted": "deleted",
    "snoozed": "snoozed",
}
"""A ticket's category of status; without ticketing a conversation's own status."""


def read_assignment(event: Event) -> Iterator[EventBase]:
    """`assignee_changed` is told of both; then the conversation's own assignee says which."""
    assignee = table(event.conversation, "assignee")
    if event.kind == "assign" and text(event.target, "id").startswith("tea_"):
        assignee = event.target
    if event.kind == "unassign":
        assignee = {}
    elif not assignee and "assignee" not in event.conversation:
        return  # a preview does not say who
    yield event.one(AssignmentChanged, to=party(assignee))


def read_move(event: Event) -> Iterator[EventBase]:
    """Into another inbox: that is another team's."""
    inbox = text(event.inbox, "id")
    assignee = party(table(event.conversation, "assignee"))
    to = Party(agent=assignee.agent, bot=assignee.bot, queue=inbox or None)
    if to != Party():
        yield event.one(AssignmentChanged, to=to)


def read_status(event: Event) -> Iterator[EventBase]:
    """Who has it when it is opened again is not told once more."""
    status = STATUSES[event.kind]
    yield event.one(ConversationUpdated, status=status)
    holder = party(table(event.conversation, "assignee"))
    if status == "open" and holder != Party():
        yield event.one(AssignmentChanged, f"{event.key}/holder", actor=SYSTEM, to=holder)


def read_ticket(event: Event) -> Iterator[EventBase]:
    told = text(event.conversation, "status_category") or text(event.conversation, "status")
    if status := _CATEGORIES.get(told.lower()):
        yield event.one(ConversationUpdated, status=status)


def read_tags(event: Event) -> Iterator[EventBase]:
    """All tags as they now are; a preview does not say what other tags there are."""
    if "tags" in event.conversation:
        names = [text(tag, "name") for tag in rows(event.conversation, "tags")]
        yield event.one(ConversationUpdated, tags=tuple(filter(None, dict.fromkeys(names))))


def read_topic(event: Event) -> Iterator[EventBase]:
    name = text(event.target, "name") or text(event.told, "topic", "name")
    if name:
        yield event.one(ConversationUpdated, topic=name, by_model="front")


def read_merge(event: Event) -> Iterator[EventBase]:
    """The conversations that are no more, each into the one of the event."""
    found = dig(event.told, "target", "data")
    gone = found if isinstance(found, list) else dig(found, "ids")
    into = ConversationRef(event.draft.source_name, event.draft.conversation)
    for one in gone if isinstance(gone, list) else []:
        if ident := text(one) or text(one, "id"):
            yield event.one(
                ConversationLinked,
                f"{event.key}/{ident}",
                conversation=ident,
                rel="merged",
                other=into,
            )
