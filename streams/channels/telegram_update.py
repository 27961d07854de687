"""An Update of Telegram's: what happened, who did it, in which thread.

Times are whole seconds; a pressed button, a deleted message and a vote have none of their own.
Whom to believe: the user's id is Telegram's own word.  In a private chat the chat's id is the
user's; in a group everybody has a thread of his own.  In the direct messages to a channel the topic
names whose it is: whoever else writes there answers for the channel.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Identifier
from schemas.events import EventBase
from streams.channels import times
from streams.channels.base import Request, SourceConfig
from streams.channels.body import table, text
from streams.channels.draft import CUSTOMER, Draft, identifier

_ANONYMOUS_ADMIN = "1087968824"
_AS_A_CHANNEL = "136817688"
"""Stands for a person who writes into a group in the name of a channel of his."""

_TELEGRAM_ITSELF = "777000"
"""Sends on into a group what was posted in its channel."""


class Update:
    """Its one field (`kind`) and what is in it (`item`); `by` is who did it."""

    def __init__(self, body: dict[str, Any], request: Request, source: SourceConfig) -> None:
        self.id = text(body, "update_id")
        self.kind = next((name for name, value in body.items() if isinstance(value, dict)), "")
        self.item = table(body, self.kind)
        self.user = table(self.item, "from") or table(self.item, "user")
        # The message itself, or the one that a button hangs on.
        self._message = table(self.item, "message") or self.item
        self.chat = table(self._message, "chat")
        # Whose topic it is, in the direct messages to a channel.
        self._asker = text(self._message, "direct_messages_topic", "user", "id")
        changed = self.item.get("edit_date") if self.kind.startswith("edited") else None
        self.at_ms = times.seconds(changed or self.item.get("date"))
        agents = source.options.get("agents", "").replace(" ", "")
        self._agents = frozenset(filter(None, agents.split(",")))
        self.by = self._actor()
        self.draft = Draft(request, source, self.kind, "telegram")
        self.draft.conversation = self._thread()
        self.draft.identifiers = self._who()

    @property
    def private(self) -> bool:
        return text(self.chat, "type") == "private"

    @property
    def user_id(self) -> str:
        return text(self.user, "id")

    def _thread(self) -> str:
        """A private chat; in a group the topic, else the thread of the person who writes or who is
        answered.  A company's own account has its chats apart from its bot's.
        """
        chat, message = text(self.chat, "id"), self._message
        if connection := text(message, "business_connection_id"):
            return f"{connection}/{chat}"
        if self.kind == "poll_answer":
            return ""  # the poll may have been anywhere
        if text(self.chat, "type") not in {"group", "supergroup"}:
            return chat or self.user_id
        if self._asker:
            return f"{chat}/{self._asker}"
        if message.get("is_topic_message"):
            return f"{chat}/{text(message, 'message_thread_id')}"
        replied = text(message, "reply_to_message", "from", "id")
        person = self.user_id if self.by == CUSTOMER else replied
        return f"{chat}/{person}" if person else chat

    def _actor(self) -> Actor:
        user = self.user_id
        spoke_as = text(self.item, "sender_chat", "id")
        in_its_name = bool(spoke_as) and spoke_as == text(self.chat, "id")
        if text(self.chat, "type") == "channel" or user == _ANONYMOUS_ADMIN or in_its_name:
            return Actor("agent")
        if self._asker and spoke_as:
            return Actor("agent")  # the channel itself
        if user == _AS_A_CHANNEL or (spoke_as and not user):
            return Actor("external", spoke_as or None)
        if self.user.get("is_bot") is True or table(self.item, "sender_business_bot"):
            return Actor("bot", user or None)
        if user in self._agents:
            return Actor("agent", user)
        if self._asker and user and user != self._asker:
            return Actor("agent", user)
        # The chats of a company's own account are all private.
        by_owner = bool(text(self.item, "business_connection_id"))
        if by_owner and user and user != text(self.chat, "id"):
            return Actor("agent", user)  # the company's own account writes to its customer
        return Actor("bot") if user == _TELEGRAM_ITSELF else CUSTOMER

    def _who(self) -> tuple[Identifier, ...]:
        """The customer: of a private chat its other side, else whoever did it."""
        if self.private:
            return identifier("telegram", text(self.chat, "id"), "asserted")
        if self._asker or self.by == CUSTOMER:
            return identifier("telegram", self._asker or self.user_id, "asserted")
        return ()

    def name(self) -> str:
        card = self.user if self.by == CUSTOMER else self.chat
        return " ".join(filter(None, (text(card, "first_name"), text(card, "last_name"))))

    def one(self, cls: type[EventBase], what: str, /, **fields: Any) -> EventBase:
        at_ms = fields.pop("at_ms", self.at_ms)
        return self.draft.event(cls, f"{self.id}/{self.kind}/{what}", at_ms, **fields)

    def message_key(self, message: dict[str, Any]) -> str:
        """A message's id holds in its chat only."""
        ident = text(message, "message_id")
        chat = text(message, "chat", "id") or text(self.chat, "id")
        connection = text(message, "business_connection_id") or text(
            self.item, "business_connection_id"
        )
        return "/".join(filter(None, (connection, chat, ident))) if ident else ""
