"""Zendesk's tickets: how they begin, what is said in them, where they stand, who has them.

A ticket is one conversation, and its medium may change from comment to comment.  What changed
stands in `event`, what is now so in `detail`.
Source: developer.zendesk.com, webhooks, event types, "Ticket events".
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
    MessagePosted,
    MessageStatusChanged,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import dig, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.zendesk_words import CHANNELS, STATUSES, some_id

_NO_MATTER = {
    "attachment_linked_to_comment", "attachment_redacted_from_comment", "brand_changed",
    "csat_requested", "custom_field_changed", "description_changed", "email_ccs_changed",
    "external_id_changed", "followers_changed", "form_changed", "next_sla_breach_changed",
    "ola_policy_changed", "organization_changed", "problem_link_changed", "requester_changed",
    "schedule_changed", "sla_policy_changed", "subject_changed", "submitter_changed",
    "task_due_at_changed", "ticket_type_changed", "type_changed",
}  # fmt: skip
"""Of a ticket; a changed requester is named by each later event of the ticket."""

_FIRST_COMMENT_MS = 60_000
"""A comment that repeats the description so soon after the ticket is the description."""


class Ticket:
    """`ticket.*`: what changed stands in `event`, what is now so in `detail`."""

    def __init__(self, body: dict[str, Any], draft: Draft) -> None:
        self._draft = draft
        self._detail = table(body, "detail")
        self._event = table(body, "event")
        self._at_ms = times.iso(body.get("time"))
        self._key = text(body, "id")
        self._requester = some_id(self._detail, "requester_id")
        position = dig(self._event, "meta", "sequence", "position")
        self._sequence = position if type(position) is int and abs(position) < 2**53 else None
        draft.conversation = text(self._detail, "id") or text(body, "subject").rpartition(":")[2]
        via = text(self._event, "comment", "via", "channel") or text(self._detail, "via", "channel")
        draft.channel = CHANNELS.get(via.lower(), "email")
        draft.identifiers = draft.vendor_id(f"user/{self._requester}" if self._requester else "")
        if address := text(self._detail, "via", "source", "from", "address"):
            by_phone = draft.channel in {"voice", "sms", "whatsapp"}
            draft.identifiers += identifier("phone" if by_phone else "email", address, "claimed")

    def parsed(self, what: str) -> Parsed:
        if what in _NO_MATTER:
            return ignored(f"ticket.{what}: changes nothing that a journey depends on.")
        makers: dict[str, Callable[[], list[EventBase]]] = {
            "created": self._created,
            "comment_added": self._comment_added,
            "comment_redacted": self._comment_changed,
            "comment_made_private": self._comment_changed,
            "status_changed": self._status_changed,
            "custom_status_changed": self._custom_status_changed,
            "soft_deleted": lambda: self._updated(status="deleted"),
            "permanently_deleted": lambda: self._updated(status="deleted"),
            "marked_as_spam": lambda: self._updated(status="deleted"),
            "undeleted": lambda: self._updated(status="open"),
            "priority_changed": self._priority_changed,
            "tags_changed": self._tags_changed,
            "agent_assignment_changed": lambda: self._assigned("agent"),
            "group_assignment_changed": lambda: self._assigned("team"),
            "merged": self._merged,
            "csat_received": self._rated,
            "satisfaction_changed": self._rated,
            "satisfaction_rating_changed": self._rated,
            "satisfaction_score_changed": self._rated,
        }
        if what not in makers:
            return unknown(f"Zendesk sends no event 'ticket.{what}' that we know.")
        if not self._draft.conversation:
            return malformed("The ticket has no id.")
        events = tuple(makers[what]())
        if not events:
            return ignored(f"ticket.{what}: the ticket stands as it stood.")
        return Parsed(events)

    def _one(self, cls: type[EventBase], suffix: str = "", /, **fields: Any) -> EventBase:
        return self._draft.event(
            cls, f"{self._key}{suffix}", self._at_ms, sequence=self._sequence, **fields
        )

    def _updated(self, **fields: Any) -> list[EventBase]:
        return [self._one(ConversationUpdated, actor=self._actor(), **fields)]

    def _actor(self) -> Actor:
        """Who did it: the requester himself, somebody else, or a rule."""
        who = some_id(self._detail, "actor_id")
        if who and who == self._requester:
            return CUSTOMER
        return Actor("agent", who) if who else SYSTEM

    # A ticket and what is said in it --------------------------------------------------------

    def _created(self) -> list[EventBase]:
        """A ticket from outside holds the customer's first words in its description."""
        submitter = some_id(self._detail, "submitter_id")
        by_customer = submitter == self._requester or not (submitter and self._requester)
        group = some_id(self._detail, "group_id") or None
        assignee = some_id(self._detail, "assignee_id") or None
        found = [
            self._one(
                ConversationOpened,
                "/opened",
                actor=CUSTOMER if by_customer else Actor("agent", submitter),
                initiated_by="customer" if by_customer else "agent",
                direction="inbound" if by_customer else "outbound",
                queue=group,
                personal={"subject": text(self._detail, "subject")},
            )
        ]
        said = text(self._detail, "description") or text(self._detail, "subject")
        if by_customer and said and self._draft.channel not in {"voice", "chat"}:
            found.append(self._said_first(said, ""))
        if assignee:
            to = Party(agent=assignee, team=group)
            found.append(self._one(AssignmentChanged, "/holder", actor=self._actor(), to=to))
        status = STATUSES.get(text(self._detail, "status").lower(), "open")
        if status != "open":
            found.append(
                self._one(ConversationUpdated, "/status", actor=self._actor(), status=status)
            )
        return found

    def _said_first(self, said: str, name: str) -> EventBase:
        """The description is the first comment, and Zendesk tells it twice: one key for both."""
        ticket = self._draft.conversation
        return self._draft.event(
            MessagePosted,
            f"ticket/{ticket}/first",
            self._at_ms,
            actor=CUSTOMER,
            message_id=f"{ticket}/first",
            direction="inbound",
            personal={"text": said, "subject": text(self._detail, "subject"), "name": name},
        )

    def _comment_added(self) -> list[EventBase]:
        comment = table(self._event, "comment")
        author = table(comment, "author")
        if not author and not text(comment, "author_id"):
            raise ValueError("The event does not say who wrote the comment.")
        ident = some_id(author, "id") or some_id(comment, "author_id")
        staff = author.get("is_staff")
        role = text(author, "role").lower()
        if role in {"bot", "system"} or text(author, "type") == "system":
            actor = Actor("bot", ident or None)
        elif (
            staff is False
            or role == "end-user"
            or (staff is None and ident and ident == self._requester)
        ):
            actor = CUSTOMER
        else:
            actor = Actor("agent", ident) if ident else SYSTEM
        public = comment.get("is_public", comment.get("public", True)) is not False
        said, name = text(comment, "body"), text(author, "name")
        if actor == CUSTOMER and public and self._repeats_description(said):
            return [self._said_first(said, name)]
        return [
            self._one(
                MessagePosted,
                actor=actor,
                message_id=text(comment, "id") or self._key,
                direction="inbound" if actor == CUSTOMER else "outbound",
                visibility="public" if public else "internal",
                personal={"text": said, "name": name if actor == CUSTOMER else ""},
            )
        ]

    def _repeats_description(self, said: str) -> bool:
        created_ms = times.iso(self._detail.get("created_at"))
        return (
            bool(said.strip())
            and said.strip() == text(self._detail, "description").strip()
            and created_ms is not None
            and self._at_ms is not None
            and self._at_ms - created_ms <= _FIRST_COMMENT_MS
        )

    def _comment_changed(self) -> list[EventBase]:
        comment = text(self._event, "comment", "id") or self._key
        return [
            self._one(
                MessageStatusChanged,
                actor=self._actor(),
                message_id=comment,
                status="edited",
                reason=self._draft.native_type.removeprefix("ticket.comment_"),
            )
        ]

    # Where it stands ------------------------------------------------------------------------

    def _status_changed(self) -> list[EventBase]:
        current = (text(self._event, "current") or text(self._detail, "status")).lower()
        if current == "archived":
            return []  # a closed ticket went into the archive
        if current not in STATUSES:
            raise ValueError(f"Zendesk has no ticket status {current!r} that we know.")
        return self._updated(status=STATUSES[current])

    def _custom_status_changed(self) -> list[EventBase]:
        """Custom statuses belong to a category, which is the ticket's status."""
        status = STATUSES.get(text(self._detail, "status").lower())
        return self._updated(status=status) if status else []

    def _priority_changed(self) -> list[EventBase]:
        current = text(self._event, "current") or text(self._detail, "priority")
        return self._updated(priority=current.lower() or "none")

    def _tags_changed(self) -> list[EventBase]:
        now = dig(self._detail, "tags")
        if isinstance(now, str):
            now = now.split()
        if not isinstance(now, list):
            now = dig(self._event, "tags_added") or []
        return self._updated(tags=tuple(tag for tag in now if isinstance(tag, str)))

    def _assigned(self, field: str) -> list[EventBase]:
        """`event` tells the half that changed, `detail` the other one."""
        now = {
            "agent": some_id(self._detail, "assignee_id") or None,
            "team": some_id(self._detail, "group_id") or None,
        }
        if "current" in self._event:
            now[field] = some_id(self._event, "current") or None
        previous = some_id(self._event, "previous")
        return [
            self._one(
                AssignmentChanged,
                actor=self._actor(),
                to=Party(**now),
                from_=Party(**{field: previous}) if previous else None,
            )
        ]

    def _merged(self) -> list[EventBase]:
        target = some_id(self._event, "target_ticket_id") or some_id(self._event, "current")
        if not target:
            return self._updated(status="closed")
        other = ConversationRef(self._draft.source_name, target)
        return [self._one(ConversationLinked, actor=self._actor(), rel="merged", other=other)]

    def _rated(self) -> list[EventBase]:
        """Good or bad, or one to five; by itself, in an object, or among a survey's answers."""
        told = {
            name: part for name, part in self._event.items() if name not in {"meta", "previous"}
        }
        named = ("current", "satisfaction_score", "satisfaction_rating", "csat")
        score = _first(told, "score", "rating") or next(
            filter(None, (text(told, name) for name in named)), ""
        )
        word = score.lower()
        if word.startswith(("good", "bad")):
            value, low, high = float(word.startswith("good")), 0.0, 1.0
        elif word.isdecimal():
            value, low, high = float(word), 1.0, 5.0
        elif word in {"offered", "unoffered"}:
            return []
        else:
            raise ValueError(f"Zendesk has no satisfaction score {score!r} that we know.")
        return [
            self._one(
                FeedbackReceived,
                actor=CUSTOMER,
                instrument="csat",
                score=value,
                scale_min=low,
                scale_max=high,
                personal={"comment": _first(told, "comment", "body") or _said_freely(told)},
            )
        ]


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """The object and all objects in it, outer ones first."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from _parts(part)


def _first(value: Any, *names: str) -> str:
    """The first text that has one of these names, however deep."""
    return next(
        (said for part in _parts(value) for name in names if (said := text(part, name))), ""
    )


def _said_freely(value: Any) -> str:
    """The answer to a survey's open question."""
    free = (part for part in _parts(value) if text(part, "type") == "open_ended")
    return next(filter(None, (text(part, "value") for part in free)), "")
