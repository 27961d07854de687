"""Intercom's conversations and tickets, as a notification brings them along.

The body holds the conversation as it stands (`intercom_talk.py`) and its newest parts; what
happened is told by the parts (`intercom_parts.py`).  Where a topic comes without its part, or says
more than it, the conversation's state is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from schemas.common import Actor, ConversationRef, Party
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
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import dig, number, plain, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft
from streams.channels.intercom_parts import NOTES, SAID, STATES, WORDS, read_part
from streams.channels.intercom_talk import Card, Talk, actor_of, state_of, text_of

_INITIATORS: dict[str, Initiator] = {
    "customer_initiated": "customer",
    "admin_initiated": "agent",
    "operator_initiated": "bot",
    "automated": "campaign",
    "campaigns_initiated": "campaign",
}
_BEGAN: dict[str, Initiator] = {"customer": "customer", "bot": "bot"}
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
    return _Told(item, draft, at_ms, key, card).parsed()


class _Told(Talk):
    def parsed(self) -> Parsed:
        if self.topic in _NO_NEWS:
            return ignored(f"{self.topic}: changes nothing that a journey depends on.")
        if not self.ident:
            return malformed(f"{self.topic}: it is not said which conversation.")
        maker = self._maker()
        if maker is None:
            return unknown(f"Intercom has no topic {self.topic!r} that we know.")
        told = [event for part in self.parts for event in read_part(self, part)]
        added = [*maker(told)]
        told = added + told if self.topic in _OPENING else told + added
        told += [*self._rated(), *self._linked()]
        if not told:
            return ignored(f"{self.topic}: nothing in it that a journey depends on.")
        return Parsed(tuple(told))

    def _maker(self) -> Callable[[list[EventBase]], Iterator[EventBase]] | None:
        """What the topic adds to what the parts have told."""
        topic, last = self.topic, self.topic.rpartition(".")[2]
        if topic in _OPENING:
            return self._opened
        if topic in SAID:
            return self._said
        if last == "assigned":
            return self._assigned
        if last in WORDS or topic in {"ticket.state.updated", "ticket.resolved"}:
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

    def _nothing(self, told: list[EventBase]) -> Iterator[EventBase]:
        yield from ()

    def _opened(self, told: list[EventBase]) -> Iterator[EventBase]:
        key = f"conversation/{self.ident}"
        at_ms = times.any_form(self.item.get("created_at"))
        by, author, said = self._first_words(told)
        subject = text(self.source, "subject") or text(self.item, "title")
        attributes = table(self.item, "ticket_attributes")
        subject = subject or text(attributes, "_default_title_")
        yield self.one(
            ConversationOpened,
            key,
            at_ms=at_ms,
            actor=CUSTOMER if by == "customer" else author,
            initiated_by=by,
            direction="inbound" if by == "customer" else "outbound",
            queue=self.holder().team,
            personal={"subject": plain(subject)},
        )
        if said:
            greeting = by == "customer" and author != CUSTOMER
            yield self.one(
                MessagePosted,
                f"{key}/first",
                at_ms=at_ms,
                actor=author,
                message_id=text(self.source, "id") or f"{self.ident}/first",
                direction="inbound" if author == CUSTOMER else "outbound",
                automated="campaign" if by == "campaign" else "greeting" if greeting else "no",
                personal={"text": said, "subject": plain(subject)},
            )
        if (holder := self.holder()) != Party():
            yield self.one(AssignmentChanged, f"{key}/first-holder", at_ms=at_ms, to=holder)

    def _first_words(self, told: list[EventBase]) -> tuple[Initiator, Actor, str]:
        """Who began, and whose the first words are.  Where the customer opened the Messenger, a
        bot may have greeted him: the conversation is his all the same.
        """
        by_customer = self.topic == "conversation.user.created"
        if self.source:
            author = actor_of(table(self.source, "author"))
            by = _INITIATORS.get(text(self.source, "delivered_as"))
            if author == SYSTEM and (by_customer or by == "customer"):
                author = CUSTOMER
            if by_customer:
                by = "customer" if by in {None, "bot"} else by
            return by or _BEGAN.get(author.kind, "agent"), author, text_of(self.source)
        if self.topic != "ticket.created":
            author = CUSTOMER if by_customer else Actor("agent")
            return _BEGAN.get(author.kind, "agent"), author, ""
        # A ticket has no source: the author of its first part opened it, else its customer did.
        first = self.parts[0] if self.parts else {}
        author = actor_of(table(first, "author"))
        if author == SYSTEM:
            internal = text(self.item, "category").lower() not in {"", "customer"}
            author = Actor("agent") if internal else CUSTOMER
        said_already = any(isinstance(event, MessagePosted) for event in told)
        description = text(self.item, "ticket_attributes", "_default_description_")
        words = "" if said_already or author != CUSTOMER else plain(description)
        return _BEGAN.get(author.kind, "agent"), author, words

    def _said(self, told: list[EventBase]) -> Iterator[EventBase]:
        if not any(isinstance(event, MessagePosted | MessageStatusChanged) for event in told):
            actor = SAID[self.topic]
            yield self.one(
                MessagePosted,
                f"said/{self.key}",
                actor=actor,
                message_id=self.key,
                direction="inbound" if actor == CUSTOMER else "outbound",
                visibility="internal" if self.topic in NOTES else "public",
            )

    def _assigned(self, told: list[EventBase]) -> Iterator[EventBase]:
        if not any(isinstance(event, AssignmentChanged) for event in told):
            to = self.holder()
            key = f"conversation/{self.ident}/holder/{to.agent}/{to.team}/{self.stamp}"
            yield self.one(AssignmentChanged, key, to=to, actor=SYSTEM)

    def _status(self, told: list[EventBase]) -> Iterator[EventBase]:
        if any(isinstance(event, ConversationUpdated) and event.status for event in told):
            return
        last = self.topic.rpartition(".")[2]
        status = WORDS.get(last) or STATES.get(last) or STATES.get(state_of(self.item))
        if status is None:
            raise ValueError(f"{self.topic}: Intercom has no state {state_of(self.item)!r} that "
                             "we know.")  # fmt: skip
        by_agent = self.topic.startswith("conversation.admin.")
        yield self._updated(
            f"status/{status}", status=status, actor=Actor("agent") if by_agent else SYSTEM
        )

    def _stands(self, told: list[EventBase]) -> Iterator[EventBase]:
        """A topic that says only that something changed: all as it now stands."""
        if status := STATES.get(state_of(self.item)):
            yield self._updated(f"status/{status}", status=status, **self._what_else())
        if (holder := self.holder()) != Party():
            key = f"conversation/{self.ident}/holder/{holder.agent}/{holder.team}/{self.stamp}"
            yield self.one(AssignmentChanged, key, to=holder, at_ms=self.updated_ms())

    def _what_else(self) -> dict[str, Any]:
        topics = [text(one, "name") for one in rows(self.item, "topics", "topics")]
        return {
            "priority": self._urgency(),
            "topic": next(filter(None, topics), None),
            "tags": self._tag_names() or None,
            "at_ms": self.updated_ms(),
        }

    def _updated(self, what: str, **fields: Any) -> EventBase:
        key = f"conversation/{self.ident}/{what}/{self.stamp}"
        return self.one(ConversationUpdated, key, **fields)

    def _deleted(self, told: list[EventBase]) -> Iterator[EventBase]:
        key = f"conversation/{self.ident}/deleted"
        yield self.one(ConversationUpdated, key, status="deleted")

    def _read(self, told: list[EventBase]) -> Iterator[EventBase]:
        """The customer has read everything up to then."""
        until = f"until/{self.at_ms}"
        yield self.one(MessageStatusChanged, f"conversation/{self.ident}/read/{self.key}",
                        actor=CUSTOMER, message_id=until, status="read")  # fmt: skip

    def _priority(self, told: list[EventBase]) -> Iterator[EventBase]:
        yield self._updated(f"priority/{self._urgency()}", priority=self._urgency() or "none")

    def _urgency(self) -> str | None:
        found = dig(self.item, "priority")
        if isinstance(found, bool):
            return "priority" if found else "none"
        return {"not_priority": "none", "": None}.get(text(found), text(found))

    def _attached(self, told: list[EventBase]) -> Iterator[EventBase]:
        """Somebody joined: his card, if it says more than his id."""
        found = self.card(table(self.around, "contact"))
        if len(found) > 1:
            known = "/".join(f"{i.kind}={i.value}" for i in found)
            yield self.one(IdentityLinked, f"card/{known}", identifiers=found, conversation="",
                            rel="same", by="vendor")  # fmt: skip

    def _tags(self, told: list[EventBase]) -> Iterator[EventBase]:
        if names := self._tag_names():
            yield self._updated(f"tags/{'/'.join(names)}", tags=names)

    def _tag_names(self) -> tuple[str, ...]:
        found = [
            *rows(self.item, "tags", "tags"),
            *rows(self.item, "tags_added", "tags"),
            *(tag for part in self.parts for tag in rows(part, "tags")),
            table(self.around, "tag"),
        ]
        return tuple(dict.fromkeys(filter(None, (text(tag, "name") for tag in found))))

    def _redacted(self, told: list[EventBase]) -> Iterator[EventBase]:
        if not any(isinstance(event, MessageStatusChanged) for event in told):
            part = self.parts[-1] if self.parts else {}
            ident = text(part, "id") or text(self.around, "id")
            yield self.one(MessageStatusChanged, f"part/{ident}/deleted", message_id=ident,
                            status="deleted")  # fmt: skip

    def _rated(self) -> Iterator[EventBase]:
        """A rating stands in the conversation from then on: it counts once, with its remark."""
        for name in ("conversation_rating", "ticket_rating", "rating"):
            found = dig(self.item, name) or dig(self.around, name)
            score = number(found) if not isinstance(found, dict) else number(found, "rating")
            remark = text(found, "remark")
            if score is None and not remark:
                continue
            asked = text(found, "created_at") or text(found, "requested_at")
            by_topic = ".rating." in self.topic
            yield self.one(
                FeedbackReceived,
                f"rating/{self.ident}/{asked}/{score}/{remark}",
                at_ms=times.any_form(dig(found, "updated_at"))
                or (self.at_ms if by_topic else times.any_form(asked)),
                actor=CUSTOMER,
                instrument="csat",
                score=score,
                scale_min=1.0,
                scale_max=5.0,
                survey_id=self.ident,
                personal={"comment": remark},
            )
            return

    def _linked(self) -> Iterator[EventBase]:
        """Tickets that belong to the conversation, conversations that belong to the ticket."""
        for other in rows(self.item, "linked_objects", "data"):
            ident, kind = text(other, "id"), text(other, "type")
            if ident and kind in {"ticket", "conversation"}:
                yield self.one(
                    ConversationLinked,
                    f"linked/{self.ident}/{ident}",
                    rel="ticket",
                    other=ConversationRef(self.draft.source_name, ident),
                )
