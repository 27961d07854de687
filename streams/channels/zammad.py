"""Zammad webhooks of triggers and schedulers: `{ticket, article}`.

Zammad tells the state and no change: each body holds the whole ticket as it is now, and the article
that the trigger fired on, if there was one.  So a body says what was written, and besides where the
ticket stands; whether that is news the fold finds out.  `updated_at` tells one state from the next.
`X-Zammad-Delivery` is no key: several triggers may tell one thing, and a retry is rendered anew.

An article's type is the medium of what was said, its sender who said it.  A note goes to nobody.
A phone article is what a colleague wrote down of a call: it stands on the voice channel, where
nobody waits for a written answer.
A merged ticket does not say into which: it is gone (`deleted`), since its need lives on elsewhere.

A custom payload is understood as far as it keeps these names: nested, or flat with the variables'
own (`ticket.id`, `ticket_id`).
Sources: Zammad's code (`app/jobs/trigger_webhook_job`, `db/seeds/ticket_article_types.rb`,
`db/seeds/ticket_states.rb`, `app/models/channel/filter/auto_response_check.rb`) and its
administrator documentation, "Webhooks" (payload, headers, signature, custom payload).
"""

from __future__ import annotations

import re
from typing import Any

from schemas.common import Actor, Channel, Identifier, Party, Ref, Trust
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    Initiator,
    MessagePosted,
    MessageStatusChanged,
    Status,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    malformed,
    unknown,
)
from streams.channels.body import dig, plain, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, bearer, hex_hmac

_CHANNELS: dict[str, Channel] = {
    "email": "email",
    "sms": "sms",
    "chat": "chat",
    "fax": "messaging",
    "phone": "voice",
    "twitter status": "social",
    "twitter direct-message": "social",
    "facebook feed post": "social",
    "facebook feed comment": "social",
    "facebook direct-message": "messenger",
    "telegram personal-message": "telegram",
    "whatsapp message": "whatsapp",
    "web": "form",
}
_TYPES = (
    "", "email", "sms", "chat", "fax", "phone", "twitter status", "twitter direct-message",
    "facebook feed post", "facebook feed comment", "note", "web", "telegram personal-message",
    "facebook direct-message", "whatsapp message",
)  # fmt: skip
"""By their ids, which a new installation gives in this order."""

_SENDERS = ("", "Agent", "Customer", "System")
_INITIATORS: dict[str, Initiator] = {
    "Customer": "customer",
    "Agent": "agent",
    "System": "system",
}
_STATUSES: dict[str, Status] = {
    "new": "open",
    "open": "open",
    "pending reminder": "on_hold",
    "pending close": "on_hold",
    "closed": "closed",
    "merged": "deleted",
    "removed": "deleted",
}
_STATES = (
    "", "new", "open", "pending reminder", "closed", "merged", "removed", "pending close",
)  # fmt: skip
_ORDINARY = "2 normal"
_NOBODY = {"", "1"}
"""User 1 is Zammad itself: tickets without an owner are its, and what rules and mails do."""

_ONE_SAVE_MS = 5_000
_NUMBER = re.compile(r"\+?\d{8,15}")


_OF_A_TICKET = (
    "number", "title", "state", "state_id", "priority", "priority_id", "group", "group_id", "owner",
    "owner_id", "customer", "customer_id", "created_at", "updated_at",
)  # fmt: skip
"""Names of a flat custom payload that need no `ticket` before them."""


class Zammad(Adapter):
    """Option `users`: `curated` if only colleagues and your own systems keep the users' records,
    `claimed` if nobody does.  Without it a record that a colleague made is curated, one that came
    into being by a mail is claimed.
    """

    vendor = "zammad"
    title = "Zammad"
    options = ("users",)
    about = About(
        gives=("messages", "receipts", "states", "agents", "transfers"),
        identities={
            "phone": ("asserted", "curated", "network", "claimed"),
            "email": ("curated", "claimed"),
            "whatsapp": ("asserted",),
            "vendor": ("asserted",),
        },
        transfer="another owner_id or group_id than in the body before",
        lacks="what changed, receipts of deliveries, queues, ratings, the target of a merge",
        retries="four within two minutes, each with the state of then; known by the article's id",
    )
    keep_headers = ("x-zammad-trigger", "x-zammad-delivery")

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """`sha1=` and HMAC-SHA1 of the body; a webhook without a signature token can carry a
        bearer token or basic auth instead.
        """
        given = request.headers.get("x-hub-signature")
        if given is None:
            return bearer(request, source)
        return any_secret(
            source,
            given,
            lambda key: f"sha1={hex_hmac(key, request.body, 'sha1')}",
            "X-Hub-Signature",
        )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = _unfolded(read_object(request.body))
        ticket, article = table(body, "ticket"), table(body, "article")
        if not ticket and not article:
            return unknown(
                "This is a custom payload that names neither a ticket nor an article as Zammad "
                "does: switch Custom Payload off, or keep ticket.id, article.id and their kin."
            )
        draft = Draft(request, source, "article" if article else "ticket", "email")
        draft.conversation = text(ticket, "id") or text(article, "ticket_id")
        if not draft.conversation:
            return malformed("The ticket has no id.")
        return _Told(ticket, article, draft, request, source).parsed()


def _unfolded(body: dict[str, Any]) -> dict[str, Any]:
    """Flat names of a custom payload (`ticket.group.name`, `article_body`) as nested objects."""
    found = {name: dict(table(body, name)) for name in ("ticket", "article")}
    for name, value in body.items():
        room, _, path = name.replace("_", ".", 1).partition(".")
        if room in found and path:
            *way, last = path.split(".")
            place = found[room]
            for step in way:
                inner = place.get(step)
                place[step] = inner = dict(inner) if isinstance(inner, dict) else {}
                place = inner
            place.setdefault(last, value)
    if found["ticket"] and not isinstance(body.get("ticket"), dict):
        # `ticket_id` beside `state`: the rest is the ticket's too.
        found["ticket"] = {name: body[name] for name in _OF_A_TICKET if name in body} | found[
            "ticket"
        ]
    return found


def _name(value: dict[str, Any], field: str, by_id: tuple[str, ...] = ()) -> str:
    """`state: "open"`, `state: {"name": "open"}`, or only `state_id: 2`."""
    named = text(value, field) or text(value, field, "name")
    if named or not by_id:
        return named
    number = text(value, f"{field}_id")
    return by_id[int(number)] if number.isdecimal() and int(number) < len(by_id) else ""


def _id(value: dict[str, Any], field: str) -> str:
    """A user's id; empty for Zammad itself."""
    found = text(value, f"{field}_id") or text(value, field, "id")
    return "" if found in _NOBODY else found


def _yes(value: Any) -> bool:
    """A custom payload writes it as a text."""
    return value is True or value == "true"


class _Told:
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
        self._customer = _id(ticket, "customer")
        self._type = _name(article, "type", _TYPES)
        self._sender = _name(article, "sender", _SENDERS)
        first = _name(ticket, "create_article_type", _TYPES)
        medium = self._type if self._type not in {"", "note"} else first
        draft.channel = _medium(medium)
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
        who = _id(value, field)
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
        by = _name(self._ticket, "create_article_sender", _SENDERS) or self._sender
        by_customer = by == "Customer"
        return [
            self._draft.event(
                ConversationOpened,
                f"{self._key}/opened",
                times.any_form(self._ticket.get("created_at")),
                actor=CUSTOMER if by_customer else self._actor(self._ticket, "created_by"),
                initiated_by=_INITIATORS.get(by, "customer"),
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
        by_customer = self._sender == "Customer"
        note = self._type == "note" and not by_customer
        preferences = table(article, "preferences")
        automated = self._sender == "System" or (
            by_customer and _yes(preferences.get("is-auto-response"))
        )
        native_id, card = text(article, "message_id"), table(self._ticket, "customer")
        named = " ".join(filter(None, (text(card, "firstname"), text(card, "lastname"))))
        if by_customer:
            actor = CUSTOMER
        else:
            actor = SYSTEM if self._sender == "System" else self._actor(article, "created_by")
        posted: list[EventBase] = [
            self._draft.event(
                MessagePosted,
                f"article/{ident}",
                at_ms,
                actor=actor,
                message_id=ident,
                direction="inbound" if by_customer else "outbound",
                visibility="internal" if note or _yes(article.get("internal")) else "public",
                automated="auto_reply" if automated else "no",
                in_reply_to=text(article, "in_reply_to") or None,
                refs=(Ref("twin", native_id),) if native_id else (),
                personal={
                    "text": plain(text(article, "body")) or _attachments(article),
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

    # Where it stands ----------------------------------------------------------------------------

    def _team(self) -> str:
        return (
            text(self._ticket, "group_id")
            or text(self._ticket, "group", "id")
            or _name(self._ticket, "group")
        )

    def _holder(self) -> list[EventBase]:
        """Also that nobody has it, if the body says so."""
        to = Party(agent=_id(self._ticket, "owner") or None, team=self._team() or None)
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
        state = _name(self._ticket, "state", _STATES).lower()
        priority = _name(self._ticket, "priority").lower()
        status = _STATUSES.get(state)
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


def _medium(kind: str) -> Channel:
    """A type that an add-on brings along is named after its medium."""
    if kind in _CHANNELS:
        return _CHANNELS[kind]
    words = kind.lower().split()
    for medium in ("whatsapp", "telegram", "instagram", "viber", "line", "sms", "email", "chat"):
        if medium in words:
            return _CHANNELS.get(medium) or medium
    return "messaging" if kind else "email"


def _card_trust(card: dict[str, Any], customer: str, source: SourceConfig) -> Trust:
    option = source.options.get("users", "")
    by = _id(card, "created_by")
    curated = option == "curated" or (option != "claimed" and by not in {"", customer})
    return "curated" if curated else "claimed"


def _attachments(article: dict[str, Any]) -> str:
    kinds = [
        text(one, "preferences", "Mime-Type").partition("/")[0] or "file"
        for one in rows(article, "attachments")
    ]
    return f"[{', '.join(kinds)}]" if kinds else ""
