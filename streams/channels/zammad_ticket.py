"""A ticket of Zammad's as it is now, and the article that was added: who, what, where it stands."""

from __future__ import annotations

import re
from typing import Any

from schemas.common import Actor, Identifier, Party, Ref, Trust
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    MessageStatusChanged,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored
from streams.channels.body import dig, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.mail_text import unquoted
from streams.channels.zammad_words import (
    INITIATORS,
    SENDERS,
    STATES,
    STATUSES,
    TYPES,
    id_of,
    medium_of,
    name_of,
    yes,
)

_ORDINARY = "2 normal"
_ONE_SAVE_MS = 5_000
_NUMBER = re.compile(r"\+?\d{8,15}")


class Told:
    """A ticket as it is now, and the article that was added."""

    def __init__(
        self,
        ticket: dict[str, Any],
        article: dict[str, Any],
        draft: Draft,
        request: Request,
        source: SourceConfig,
    ) -> None:
        self._ticket, self._article, self._draft = ticket, article, draft
        self._customer = id_of(ticket, "customer")
        self._type = name_of(article, "type", TYPES)
        self._sender = name_of(article, "sender", SENDERS)
        first = name_of(ticket, "create_article_type", TYPES)
        medium = self._type if self._type not in {"", "note"} else first
        draft.channel = medium_of(medium)
        draft.identifiers = self._who(source)
        self._key = f"ticket/{draft.conversation}"
        # What tells this state from the next one.
        self._stamp = (
            text(ticket, "updated_at")
            or text(article, "updated_at")
            or request.headers.get("x-zammad-delivery", "")
        )
        self._at_ms = self._since_ms()

    def _since_ms(self) -> int | None:
        """Since when it stands so.  What was saved together with the article is as old as it, so
        that the order of `parsed` holds.
        """
        updated_ms = times.any_form(self._ticket.get("updated_at"))
        written_ms = times.any_form(self._article.get("created_at"))
        if updated_ms is None or written_ms is None:
            return updated_ms or written_ms
        return written_ms if abs(updated_ms - written_ms) <= _ONE_SAVE_MS else updated_ms

    def parsed(self) -> Parsed:
        """In one save the ticket has its owner, then something is said, then it may be closed."""
        opened = self._opened()
        found = [*opened, *self._holder(), *self._said(), *self._state(just_opened=bool(opened))]
        if not found:
            return ignored("The body says neither what was written nor where the ticket stands.")
        return Parsed(tuple(found))

    # Who ----------------------------------------------------------------------------------------

    def _who(self, source: SourceConfig) -> tuple[Identifier, ...]:
        card = table(self._ticket, "customer")
        trust = _card_trust(card, self._customer, source)
        found = self._draft.vendor_id(f"user/{self._customer}" if self._customer else "")
        found += identifier("email", text(card, "email"), trust)
        found += identifier("phone", text(card, "phone"), trust)
        if text(card, "mobile") != text(card, "phone"):
            found += identifier("phone", text(card, "mobile"), trust)
        if self._sender == "Customer":
            found += self._address()
        return found

    def _address(self) -> tuple[Identifier, ...]:
        """What the medium itself says of the sender."""
        number = _NUMBER.search(text(self._article, "from").replace(" ", ""))
        if number is None:
            return ()
        digits = number.group().removeprefix("+")
        if self._draft.channel == "whatsapp":
            return (
                *identifier("whatsapp", digits, "asserted"),
                *identifier("phone", f"+{digits}", "asserted"),
            )
        if self._draft.channel == "sms":
            return identifier("phone", number.group(), "network")
        return ()

    def _actor(self, value: dict[str, Any], field: str) -> Actor:
        who = id_of(value, field)
        if who and who == self._customer:
            return CUSTOMER
        return Actor("agent", who) if who else SYSTEM

    # What was said ------------------------------------------------------------------------------

    def _opened(self) -> list[EventBase]:
        """With its first article a ticket comes into being."""
        ident = text(self._article, "id")
        articles = dig(self._ticket, "article_ids")
        first = text(self._ticket, "article_count") == "1" or (
            isinstance(articles, list) and [str(one) for one in articles] == [ident]
        )
        if not first:
            return []
        by = name_of(self._ticket, "create_article_sender", SENDERS) or self._sender
        by_customer = by == "Customer"
        return [
            self._draft.event(
                ConversationOpened,
                f"{self._key}/opened",
                times.any_form(self._ticket.get("created_at")),
                actor=CUSTOMER if by_customer else self._actor(self._ticket, "created_by"),
                initiated_by=INITIATORS.get(by, "customer"),
                direction="inbound" if by_customer else "outbound",
                queue=self._team() or None,
                personal={"subject": text(self._ticket, "title")},
            )
        ]

    def _said(self) -> list[EventBase]:
        article, ident = self._article, text(self._article, "id")
        if not ident:
            return []
        at_ms = times.any_form(article.get("created_at"))
        actor = self._writer()
        by_customer = actor == CUSTOMER
        note = self._type == "note" and not by_customer
        preferences = table(article, "preferences")
        automated = self._sender == "System" or (
            by_customer and yes(preferences.get("is-auto-response"))
        )
        native_id, card = text(article, "message_id"), table(self._ticket, "customer")
        named = " ".join(filter(None, (text(card, "firstname"), text(card, "lastname"))))
        posted: list[EventBase] = [
            self._draft.event(
                MessagePosted,
                f"article/{ident}",
                at_ms,
                actor=actor,
                message_id=ident,
                direction="inbound" if actor.kind in {"customer", "external"} else "outbound",
                visibility="internal" if note or yes(article.get("internal")) else "public",
                automated="auto_reply" if automated else "no",
                in_reply_to=text(article, "in_reply_to") or None,
                refs=(Ref("twin", native_id),) if native_id else (),
                personal={
                    "text": unquoted(text(article, "body")) or _attachments(article),
                    "subject": text(article, "subject") or text(self._ticket, "title"),
                    "name": named or text(card, "fullname"),
                },
            )
        ]
        if text(preferences, "delivery_status") == "fail":
            posted.append(
                self._draft.event(
                    MessageStatusChanged,
                    f"article/{ident}/failed",
                    times.any_form(preferences.get("delivery_status_date")),
                    message_id=ident,
                    status="failed",
                )
            )
        return posted

    def _writer(self) -> Actor:
        """The sender says whose side he is on: a colleague may be the ticket's customer himself.
        A payload of your own may leave it out: then whoever wrote it down is asked, and if that is
        not told either, somebody wrote it.
        """
        if self._sender == "Customer":
            return CUSTOMER
        if self._sender == "System":
            return SYSTEM
        who = id_of(self._article, "created_by")
        if who and who == self._customer and self._sender != "Agent":
            return CUSTOMER
        if who:
            return Actor("agent", who)
        named = text(self._article, "created_by_id") or text(self._article, "created_by", "id")
        return SYSTEM if self._sender or named else Actor("external")

    # Where it stands ----------------------------------------------------------------------------

    def _team(self) -> str:
        return (
            text(self._ticket, "group_id")
            or text(self._ticket, "group", "id")
            or name_of(self._ticket, "group")
        )

    def _holder(self) -> list[EventBase]:
        """Also that nobody has it, if the body says so."""
        to = Party(agent=id_of(self._ticket, "owner") or None, team=self._team() or None)
        if to == Party() and not {"owner_id", "owner", "group_id", "group"} & self._ticket.keys():
            return []
        return [
            self._draft.event(
                AssignmentChanged,
                f"{self._key}/holder/{to.agent}/{to.team}/{self._stamp}",
                self._at_ms,
                actor=self._actor(self._ticket, "updated_by"),
                to=to,
            )
        ]

    def _state(self, *, just_opened: bool) -> list[EventBase]:
        """A state of your own making is open, unless its name says pending or closed."""
        state = name_of(self._ticket, "state", STATES).lower()
        priority = name_of(self._ticket, "priority").lower()
        status = STATUSES.get(state)
        if status is None and state:
            status = "open"
            if state.startswith(("pending", "waiting", "on hold")):
                status = "on_hold"
            elif state.startswith(("closed", "resolved", "solved")):
                status = "closed"
        if just_opened and status in {None, "open"} and priority in {"", _ORDINARY}:
            return []  # so begins every ticket
        if status is None and not priority:
            return []
        return [
            self._draft.event(
                ConversationUpdated,
                f"{self._key}/state/{state}/{priority}/{self._stamp}",
                self._at_ms,
                actor=self._actor(self._ticket, "updated_by"),
                status=status,
                priority=priority or None,
            )
        ]


def _card_trust(card: dict[str, Any], customer: str, source: SourceConfig) -> Trust:
    option = source.options.get("users", "")
    by = id_of(card, "created_by")
    curated = option == "curated" or (option != "claimed" and by not in {"", customer})
    return "curated" if curated else "claimed"


def _attachments(article: dict[str, Any]) -> str:
    kinds = [
        text(one, "preferences", "Mime-Type").partition("/")[0] or "file"
        for one in rows(article, "attachments")
    ]
    return f"[{', '.join(kinds)}]" if kinds else ""
