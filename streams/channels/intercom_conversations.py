"""Intercom's conversations and tickets, as a notification brings them along.

The body holds the conversation as it stands and its newest parts; what happened is told by the
parts.  Each has an id, so that two topics about one part (`admin.closed` with a last word,
`admin.assigned` and `admin.open.assigned`) count once.  A part may say several things: a reply that
also assigns, a close with a note.  Where a topic comes without its part, the conversation's state
is told instead.

The medium of a conversation is its source's; a part that carries the headers of a mail came by
mail, so a chat that goes on by mail is a switch under one id.  Intercom does not tell who had the
conversation before, nor a queue.  Part types are many and grow: they are read by their words
(`close`, `assign_and_reopen`, `note_and_unsnooze`, `ticket_state_updated_by_admin`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from schemas.common import Actor, Channel, ConversationRef, Identifier, Party
from schemas.events import (
    AssignmentChanged,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    Initiator,
    MessagePosted,
    MessageStatusChanged,
    Status,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import dig, number, plain, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft

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
_INITIATORS: dict[str, Initiator] = {
    "customer_initiated": "customer",
    "admin_initiated": "agent",
    "operator_initiated": "bot",
    "automated": "campaign",
    "campaigns_initiated": "campaign",
}
_BEGAN: dict[str, Initiator] = {"customer": "customer", "bot": "bot"}
_WORDS: dict[str, Status] = {
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

_STATES: dict[str, Status] = {
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
_SHOWN = {"comment", "quick", "assign", "assignment", *_WORDS}
"""Words of the types whose text the customer reads."""

_SILENT = {"conversation_summary", "language_detection_details", "conversation_rating_changed",
           "conversation_rating_remarked"}  # fmt: skip
"""Their texts are not said to anybody, or come elsewhere in the body."""

_SAID: dict[str, Actor] = {
    "conversation.user.replied": CUSTOMER,
    "conversation.admin.replied": Actor("agent"),
    "conversation.operator.replied": Actor("bot"),
    "conversation.admin.noted": Actor("agent"),
    "ticket.contact.replied": CUSTOMER,
    "ticket.admin.replied": Actor("agent"),
    "ticket.note.created": Actor("agent"),
}
"""Topics about something said, and by whom if the part does not come along."""

_NOTES = {"conversation.admin.noted", "ticket.note.created"}
_OPENING = {"conversation.user.created", "conversation.admin.single.created", "ticket.created"}
_NO_NEWS = {
    "conversation.company.updated", "conversation.contact.detached", "ticket.attribute.updated",
    "ticket.contact.detached", "conversation.admin.replied.translated",
    "ticket.admin.replied.translated",
}  # fmt: skip


def read_talk(
    item: dict[str, Any], draft: Draft, at_ms: int | None, key: str, card: Card
) -> Parsed:
    """`at_ms` and `key` are the notification's; `card` tells who somebody is."""
    return _Talk(item, draft, at_ms, key, card).parsed()


class _Talk:
    """A conversation or a ticket as it stands, with its newest parts."""

    def __init__(
        self, item: dict[str, Any], draft: Draft, at_ms: int | None, key: str, card: Card
    ) -> None:
        self._draft, self._topic, self._at_ms = draft, draft.native_type, at_ms
        self._around = item  # what stands beside the conversation: a tag, a contact
        self._card = card
        self._item = table(item, "ticket") or table(item, "conversation") or item
        is_part = text(self._item, "type").endswith("_part")
        # A contact is attached to a conversation that is shown as Intercom keeps it: a `model`.
        self._ident = (
            text(self._item, "conversation_id")
            or ("" if is_part else text(self._item, "id"))
            or text(self._item, "model", "id")
        )
        draft.conversation = self._ident
        self._source = table(self._item, "source") or table(self._item, "conversation_message")
        medium = text(self._source, "type") or text(self._item, "channel")  # a ticket's
        draft.channel = _CHANNELS.get(medium, "chat")
        self._parts = self._newest()
        # What tells one change from the next when no part does.
        self._stamp = text(self._item, "updated_at") or key
        self._key = key
        draft.identifiers = card(self._customer())

    def _newest(self) -> list[dict[str, Any]]:
        listed = (
            rows(self._item, "conversation_parts", "conversation_parts")
            or rows(self._item, "conversation_parts")
            or rows(self._item, "ticket_parts", "ticket_parts")
            or rows(self._item, "ticket_parts")
        )
        single = [
            part
            for part in (
                table(self._around, "conversation_part"), table(self._around, "ticket_part"),
                self._item if text(self._item, "part_type") else {},
            )
            if part
        ]  # fmt: skip
        return listed + single

    def _customer(self) -> dict[str, Any]:
        """The first contact; what the author of any words adds to it is his if it is he."""
        contacts = (
            rows(self._item, "contacts", "contacts")
            or rows(self._item, "contacts", "data")
            or rows(self._item, "contacts")
            or rows(self._item, "customers")
        )
        authors = [
            author
            for one in (self._source, *self._parts)
            if text(author := table(one, "author"), "type") in _PEOPLE
        ]
        first = table(self._item, "user") or (contacts or authors or [{}])[0]
        for author in authors:
            if text(author, "id") == text(first, "id"):
                first = {**author, **{name: value for name, value in first.items() if value}}
        return first

    def parsed(self) -> Parsed:
        if self._topic in _NO_NEWS:
            return ignored(f"{self._topic}: changes nothing that a journey depends on.")
        if not self._ident:
            return malformed(f"{self._topic}: it is not said which conversation.")
        maker = self._maker()
        if maker is None:
            return unknown(f"Intercom has no topic {self._topic!r} that we know.")
        told = [event for part in self._parts for event in self._part(part)]
        added = [*maker(told)]
        told = added + told if self._topic in _OPENING else told + added
        told += [*self._rated(), *self._linked()]
        if not told:
            return ignored(f"{self._topic}: nothing in it that a journey depends on.")
        return Parsed(tuple(told))

    def _maker(self) -> Callable[[list[EventBase]], Iterator[EventBase]] | None:
        """What the topic adds to what the parts have told."""
        topic, last = self._topic, self._topic.rpartition(".")[2]
        if topic in _OPENING:
            return self._opened
        if topic in _SAID:
            return self._said
        if last == "assigned":
            return self._assigned
        if last in _WORDS or topic in {"ticket.state.updated", "ticket.resolved"}:
            return self._status
        makers: dict[str, Callable[[list[EventBase]], Iterator[EventBase]]] = {
            "conversation.updated": self._stands,
            "conversation.deleted": self._deleted,
            "conversation.read": self._read,
            "conversation.priority.updated": self._priority,
            "conversation.contact.attached": self._attached,
            "ticket.contact.attached": self._attached,
            "conversation_part.tag.created": self._tags,
            "conversation_part.redacted": self._redacted,
            "conversation.rating.added": self._nothing,
            "conversation.rating.remarked": self._nothing,
            "ticket.rating.provided": self._nothing,
        }
        return makers.get(topic)

    def _one(self, cls: type[EventBase], key: str, /, **fields: Any) -> EventBase:
        at_ms = fields.pop("at_ms", None) or self._at_ms
        return self._draft.event(cls, key, at_ms, **fields)

    # What a part says -------------------------------------------------------------------------

    def _part(self, part: dict[str, Any]) -> Iterator[EventBase]:
        ident, kind = text(part, "id"), text(part, "part_type").lower()
        if not ident:
            return
        key = f"part/{ident}"
        about: dict[str, Any] = {
            "at_ms": times.any_form(part.get("created_at")),
            "actor": _actor(table(part, "author")),
        }
        words = set(kind.split("_"))
        if part.get("redacted") is True:
            yield self._one(
                MessageStatusChanged,
                f"{key}/deleted",
                message_id=ident,
                status="deleted",
                at_ms=times.any_form(part.get("updated_at")),
            )
        elif kind not in _SILENT and (
            text(part, "body") or rows(part, "attachments") or kind in {"comment", "note"}
        ):
            yield self._message(part, key, kind, words, about)
        if words & {"assign", "assignment"}:
            yield self._one(AssignmentChanged, f"{key}/assigned", to=self._given_to(part), **about)
        status = next((_WORDS[word] for word in kind.split("_") if word in _WORDS), None)
        if status is None and "state" in words:  # a ticket's
            status = _STATES.get(_state(part))
        if status is not None:
            yield self._one(ConversationUpdated, f"{key}/status", status=status, **about)

    def _message(
        self, part: dict[str, Any], key: str, kind: str, words: set[str], about: dict[str, Any]
    ) -> EventBase:
        ident, by_customer = text(part, "id"), about["actor"] == CUSTOMER
        by_mail = table(part, "email_message_metadata")
        # A type that we do not know is shown to nobody, unless the topic calls it a reply.
        shown = by_customer or self._topic in _SAID or kind in _NOTICES or bool(words & _SHOWN)
        internal = "note" in words or not shown
        author = table(part, "author")
        return self._one(
            MessagePosted,
            key,
            channel="email" if by_mail else self._draft.channel,
            message_id=ident,
            direction="inbound" if by_customer else "outbound",
            visibility="internal" if internal else "public",
            automated="auto_reply" if kind in _NOTICES else "no",
            personal={
                "text": _text(part),
                "subject": text(by_mail, "subject"),
                "name": text(author, "name") if by_customer else "",
            },
            **about,
        )

    def _given_to(self, part: dict[str, Any]) -> Party:
        """The part tells its half; the other one is the conversation's, if it says the same."""
        now, given = self._holder(), table(part, "assigned_to")
        kind, ident = text(given, "type"), _who(given, "id")
        if not ident:
            return now if not given else Party()
        if kind == "team":
            return Party(agent=now.agent, team=ident) if now.team == ident else Party(team=ident)
        if kind == "bot":
            return Party(bot=ident)
        return Party(agent=ident, team=now.team) if now.agent == ident else Party(agent=ident)

    # What a topic adds ------------------------------------------------------------------------

    def _nothing(self, told: list[EventBase]) -> Iterator[EventBase]:
        yield from ()

    def _opened(self, told: list[EventBase]) -> Iterator[EventBase]:
        key = f"conversation/{self._ident}"
        at_ms = times.any_form(self._item.get("created_at"))
        by, author, said = self._first_words(told)
        subject = text(self._source, "subject") or text(self._item, "title")
        attributes = table(self._item, "ticket_attributes")
        subject = subject or text(attributes, "_default_title_")
        yield self._one(
            ConversationOpened,
            key,
            at_ms=at_ms,
            actor=CUSTOMER if by == "customer" else author,
            initiated_by=by,
            direction="inbound" if by == "customer" else "outbound",
            queue=self._holder().team,
            personal={"subject": plain(subject)},
        )
        if said:
            greeting = by == "customer" and author != CUSTOMER
            first = text(self._source, "id")  # which may come again as a part
            yield self._one(
                MessagePosted,
                f"part/{first}" if first else f"{key}/first",
                at_ms=at_ms,
                actor=author,
                message_id=first or f"{self._ident}/first",
                direction="inbound" if author == CUSTOMER else "outbound",
                automated="campaign" if by == "campaign" else "greeting" if greeting else "no",
                personal={"text": said, "subject": plain(subject)},
            )
        if (holder := self._holder()) != Party():
            yield self._one(AssignmentChanged, f"{key}/first-holder", at_ms=at_ms, to=holder)

    def _first_words(self, told: list[EventBase]) -> tuple[Initiator, Actor, str]:
        """Who began, and whose the first words are.  Where the customer opened the Messenger, a
        bot may have greeted him: the conversation is his all the same.
        """
        by_customer = self._topic == "conversation.user.created"
        if self._source:
            author = _actor(table(self._source, "author"))
            by = _INITIATORS.get(text(self._source, "delivered_as"))
            if by_customer:
                author = CUSTOMER if author == SYSTEM else author
                by = "customer" if by in {None, "bot"} else by
            return by or _BEGAN.get(author.kind, "agent"), author, _text(self._source)
        if self._topic != "ticket.created":
            author = CUSTOMER if by_customer else Actor("agent")
            return _BEGAN.get(author.kind, "agent"), author, ""
        # A ticket has no source: the author of its first part opened it, else its customer did.
        first = self._parts[0] if self._parts else {}
        author = _actor(table(first, "author"))
        if author == SYSTEM:
            internal = text(self._item, "category").lower() not in {"", "customer"}
            author = Actor("agent") if internal else CUSTOMER
        said_already = any(isinstance(event, MessagePosted) for event in told)
        description = text(self._item, "ticket_attributes", "_default_description_")
        words = "" if said_already or author != CUSTOMER else plain(description)
        return _BEGAN.get(author.kind, "agent"), author, words

    def _said(self, told: list[EventBase]) -> Iterator[EventBase]:
        if not any(isinstance(event, MessagePosted | MessageStatusChanged) for event in told):
            actor = _SAID[self._topic]
            yield self._one(
                MessagePosted,
                f"said/{self._key}",
                actor=actor,
                message_id=self._key,
                direction="inbound" if actor == CUSTOMER else "outbound",
                visibility="internal" if self._topic in _NOTES else "public",
            )

    def _assigned(self, told: list[EventBase]) -> Iterator[EventBase]:
        if not any(isinstance(event, AssignmentChanged) for event in told):
            to = self._holder()
            key = f"conversation/{self._ident}/holder/{to.agent}/{to.team}/{self._stamp}"
            yield self._one(AssignmentChanged, key, to=to, actor=SYSTEM)

    def _status(self, told: list[EventBase]) -> Iterator[EventBase]:
        if any(isinstance(event, ConversationUpdated) and event.status for event in told):
            return
        last = self._topic.rpartition(".")[2]
        status = _WORDS.get(last) or _STATES.get(last) or _STATES.get(_state(self._item))
        if status is None:
            raise ValueError(f"{self._topic}: Intercom has no state {_state(self._item)!r} that "
                             "we know.")  # fmt: skip
        by_agent = self._topic.startswith("conversation.admin.")
        yield self._updated(
            f"status/{status}", status=status, actor=Actor("agent") if by_agent else SYSTEM
        )

    def _stands(self, told: list[EventBase]) -> Iterator[EventBase]:
        """A topic that says only that something changed: all as it now stands."""
        if status := _STATES.get(_state(self._item)):
            yield self._updated(f"status/{status}", status=status, **self._what_else())
        if (holder := self._holder()) != Party():
            key = f"conversation/{self._ident}/holder/{holder.agent}/{holder.team}/{self._stamp}"
            yield self._one(AssignmentChanged, key, to=holder, at_ms=self._updated_ms())

    def _what_else(self) -> dict[str, Any]:
        topics = [text(one, "name") for one in rows(self._item, "topics", "topics")]
        return {
            "priority": self._urgency(),
            "topic": next(filter(None, topics), None),
            "tags": self._tag_names() or None,
            "at_ms": self._updated_ms(),
        }

    def _updated(self, what: str, **fields: Any) -> EventBase:
        key = f"conversation/{self._ident}/{what}/{self._stamp}"
        return self._one(ConversationUpdated, key, **fields)

    def _deleted(self, told: list[EventBase]) -> Iterator[EventBase]:
        key = f"conversation/{self._ident}/deleted"
        yield self._one(ConversationUpdated, key, status="deleted")

    def _read(self, told: list[EventBase]) -> Iterator[EventBase]:
        """The customer has read everything up to then."""
        until = f"until/{self._at_ms}"
        yield self._one(MessageStatusChanged, f"conversation/{self._ident}/read/{self._key}",
                        actor=CUSTOMER, message_id=until, status="read")  # fmt: skip

    def _priority(self, told: list[EventBase]) -> Iterator[EventBase]:
        yield self._updated(f"priority/{self._urgency()}", priority=self._urgency() or "none")

    def _urgency(self) -> str | None:
        found = dig(self._item, "priority")
        if isinstance(found, bool):
            return "priority" if found else "none"
        return {"not_priority": "none", "": None}.get(text(found), text(found))

    def _attached(self, told: list[EventBase]) -> Iterator[EventBase]:
        """Somebody joined: his card, if it says more than his id."""
        found = self._card(table(self._around, "contact"))
        if len(found) > 1:
            known = "/".join(f"{i.kind}={i.value}" for i in found)
            yield self._one(IdentityLinked, f"card/{known}", identifiers=found, conversation="",
                            rel="same", by="vendor")  # fmt: skip

    def _tags(self, told: list[EventBase]) -> Iterator[EventBase]:
        if names := self._tag_names():
            yield self._updated(f"tags/{'/'.join(names)}", tags=names)

    def _tag_names(self) -> tuple[str, ...]:
        found = [
            *rows(self._item, "tags", "tags"),
            *rows(self._item, "tags_added", "tags"),
            *(tag for part in self._parts for tag in rows(part, "tags")),
            table(self._around, "tag"),
        ]
        return tuple(dict.fromkeys(filter(None, (text(tag, "name") for tag in found))))

    def _redacted(self, told: list[EventBase]) -> Iterator[EventBase]:
        if not any(isinstance(event, MessageStatusChanged) for event in told):
            part = self._parts[-1] if self._parts else {}
            ident = text(part, "id") or text(self._around, "id")
            yield self._one(MessageStatusChanged, f"part/{ident}/deleted", message_id=ident,
                            status="deleted")  # fmt: skip

    def _rated(self) -> Iterator[EventBase]:
        """A rating stands in the conversation from then on: it counts once, with its remark."""
        for name in ("conversation_rating", "ticket_rating", "rating"):
            found = dig(self._item, name) or dig(self._around, name)
            score = number(found) if not isinstance(found, dict) else number(found, "rating")
            remark = text(found, "remark")
            if score is None and not remark:
                continue
            asked = text(found, "created_at") or text(found, "requested_at")
            by_topic = ".rating." in self._topic
            yield self._one(
                FeedbackReceived,
                f"rating/{self._ident}/{asked}/{score}/{remark}",
                at_ms=times.any_form(dig(found, "updated_at"))
                or (self._at_ms if by_topic else times.any_form(asked)),
                actor=CUSTOMER,
                instrument="csat",
                score=score,
                scale_min=1.0,
                scale_max=5.0,
                survey_id=self._ident,
                personal={"comment": remark},
            )
            return

    def _linked(self) -> Iterator[EventBase]:
        """Tickets that belong to the conversation, conversations that belong to the ticket."""
        for other in rows(self._item, "linked_objects", "data"):
            ident, kind = text(other, "id"), text(other, "type")
            if ident and kind in {"ticket", "conversation"}:
                yield self._one(
                    ConversationLinked,
                    f"linked/{self._ident}/{ident}",
                    rel="ticket",
                    other=ConversationRef(self._draft.source_name, ident),
                )

    # How it stands ----------------------------------------------------------------------------

    def _holder(self) -> Party:
        """API 2 tells both ids; API 1 one `assignee`, of a type."""
        assignee = table(self._item, "assignee")
        kind, ident = text(assignee, "type"), _who(assignee, "id")
        if ident and kind != "nobody_admin":
            return Party(team=ident) if kind == "team" else Party(agent=ident)
        agent = _who(self._item, "admin_assignee_id") or _who(self._item, "assigned_admin_id")
        return Party(agent=agent or None, team=_who(self._item, "team_assignee_id") or None)

    def _updated_ms(self) -> int | None:
        return times.any_form(self._item.get("updated_at"))


def _who(value: Any, *path: str) -> str:
    """An id, empty when it stands for nobody."""
    found = text(value, *path)
    return "" if found == "0" else found


def _state(item: dict[str, Any]) -> str:
    """A ticket's state is an object, in older versions a text; a conversation's is a text."""
    ticket = item.get("ticket_state")
    found = text(ticket, "category") or text(ticket) or text(item, "state")
    if not found and isinstance(item.get("open"), bool):
        found = "open" if item["open"] else "closed"
    return found.lower()


def _actor(author: dict[str, Any]) -> Actor:
    """A bot writes in an admin's name: `from_ai_agent` says more than the type."""
    kind, ident = text(author, "type"), _who(author, "id") or None
    if kind in _PEOPLE:
        return CUSTOMER
    if kind in {"bot", "operator"} or author.get("from_ai_agent") or author.get("is_ai_answer"):
        return Actor("bot", ident)
    return Actor("agent", ident) if kind == "admin" else SYSTEM


def _text(said: dict[str, Any]) -> str:
    words = plain(text(said, "body"))
    if words:
        return words
    kinds = [text(one, "content_type") or "file" for one in rows(said, "attachments")]
    return f"[{', '.join(kinds)}]" if kinds else ""
