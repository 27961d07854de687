"""A conversation or a ticket of Intercom's as it stands: its medium, its customer, who has it.

The medium of a conversation is its source's, of a ticket its channel.  Intercom does not tell who
had the conversation before, nor a queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.common import Actor, Channel, Identifier, Party
from schemas.events import EventBase
from streams.channels import times
from streams.channels.body import rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft
from streams.channels.mail_text import unquoted

Card = Callable[[dict[str, Any]], tuple[Identifier, ...]]

_CHANNELS: dict[str, Channel] = {
    "email": "email",
    "facebook": "messenger",
    "instagram": "instagram",
    "phone_call": "voice",
    "phone_switch": "voice",
    "push": "app",
    "sms": "sms",
    "twitter": "social",
    "whatsapp": "whatsapp",
}
_PEOPLE = {"user", "lead", "contact", "visitor"}


class Talk:
    """What a notification brings along: the conversation, and its newest parts."""

    def __init__(
        self, item: dict[str, Any], draft: Draft, at_ms: int | None, key: str, card: Card
    ) -> None:
        self.draft, self.topic, self.at_ms = draft, draft.native_type, at_ms
        self.around = item  # what stands beside the conversation: a tag, a contact
        self.card = card
        self.item = table(item, "ticket") or table(item, "conversation") or item
        is_part = text(self.item, "type").endswith("_part")
        # A contact is attached to a conversation that is shown as Intercom keeps it: a `model`.
        self.ident = (
            text(self.item, "conversation_id")
            or ("" if is_part else text(self.item, "id"))
            or text(self.item, "model", "id")
        )
        draft.conversation = self.ident
        self.source = table(self.item, "source") or table(self.item, "conversation_message")
        medium = text(self.source, "type") or text(self.item, "channel")  # a ticket's
        draft.channel = _CHANNELS.get(medium, "chat")
        self.parts = self._newest()
        # What tells one change from the next when no part does.
        self.stamp = text(self.item, "updated_at") or key
        self.key = key
        draft.identifiers = card(self._customer())

    def _newest(self) -> list[dict[str, Any]]:
        listed = (
            rows(self.item, "conversation_parts", "conversation_parts")
            or rows(self.item, "conversation_parts")
            or rows(self.item, "ticket_parts", "ticket_parts")
            or rows(self.item, "ticket_parts")
        )
        single = [
            part
            for part in (
                table(self.around, "conversation_part"), table(self.around, "ticket_part"),
                self.item if text(self.item, "part_type") else {},
            )
            if part
        ]  # fmt: skip
        return listed + single

    def _customer(self) -> dict[str, Any]:
        """The first contact; what the author of any words adds to it is his if it is he."""
        contacts = (
            rows(self.item, "contacts", "contacts")
            or rows(self.item, "contacts", "data")
            or rows(self.item, "contacts")
            or rows(self.item, "customers")
        )
        authors = [
            author
            for one in (self.source, *self.parts)
            if text(author := table(one, "author"), "type") in _PEOPLE
        ]
        first = table(self.item, "user") or (contacts or authors or [{}])[0]
        for author in authors:
            if text(author, "id") == text(first, "id"):
                first = {**author, **{name: value for name, value in first.items() if value}}
        return first

    def one(self, cls: type[EventBase], key: str, /, **fields: Any) -> EventBase:
        at_ms = fields.pop("at_ms", None) or self.at_ms
        return self.draft.event(cls, key, at_ms, **fields)

    def holder(self) -> Party:
        """API 2 tells both ids; API 1 one `assignee`, of a type."""
        assignee = table(self.item, "assignee")
        kind, ident = text(assignee, "type"), some_id(assignee, "id")
        if ident and kind != "nobody_admin":
            return Party(team=ident) if kind == "team" else Party(agent=ident)
        agent = some_id(self.item, "admin_assignee_id") or some_id(self.item, "assigned_admin_id")
        return Party(agent=agent or None, team=some_id(self.item, "team_assignee_id") or None)

    def updated_ms(self) -> int | None:
        return times.any_form(self.item.get("updated_at"))


def some_id(value: Any, *path: str) -> str:
    """An id, empty when it stands for nobody."""
    found = text(value, *path)
    return "" if found == "0" else found


def state_of(item: dict[str, Any]) -> str:
    """A ticket's state is an object, in older versions a text; a conversation's is a text."""
    ticket = item.get("ticket_state")
    found = text(ticket, "category") or text(ticket) or text(item, "state")
    shown_open = item.get("type") != "ticket" and isinstance(item.get("open"), bool)
    if not found and shown_open:  # a ticket is open in the inbox whatever its state
        found = "open" if item["open"] else "closed"
    return found.lower()


def actor_of(author: dict[str, Any]) -> Actor:
    """A bot writes in an admin's name: `from_ai_agent` says more than the type."""
    kind, ident = text(author, "type"), some_id(author, "id") or None
    if kind in _PEOPLE:
        return CUSTOMER
    if kind in {"bot", "operator"} or author.get("from_ai_agent") or author.get("is_ai_answer"):
        return Actor("bot", ident)
    return Actor("agent", ident) if kind == "admin" else SYSTEM


def text_of(said: dict[str, Any]) -> str:
    words = unquoted(text(said, "body"))
    if words:
        return words
    kinds = [text(one, "content_type") or "file" for one in rows(said, "attachments")]
    return f"[{', '.join(kinds)}]" if kinds else ""
