"""Freshdesk automation webhooks: whatever template an admin wrote, all values texts.

There is no event id, no signature, and no time unless the template asks for one.  `triggered_event`
says what set the rule off, in a notation of its own (`{status:{from:4,to:6}}`), and only the first
of several changes.  So a body tells what triggered it.  Where the ticket stands besides (owner,
group, status) it tells only if it has a time or no trigger: a body that is sent again an hour later
would else undo what came since.  Without a time two equal bodies are one event and its retry.

What the template may look like is told in `freshdesk_template.py`.  A comment comes as
`Author : <div>…</div>`: its author is told by that and nothing else.

Sources: Freshdesk support, "Using webhooks in automation rules" (retries);
developers.freshdesk.com, API v2, tickets (numbers of status and source) and satisfaction ratings;
zulip, `zerver/webhooks/freshdesk/view.py` (first change only); a bot of Wechaty's (the form of a
comment).
"""

from __future__ import annotations

import re
from typing import Any

from schemas.common import Actor, Channel, Identifier, Party, Trust
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    MessagePosted,
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
    together,
    unknown,
)
from streams.channels.body import plain, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.freshdesk_template import number_in_url, pseudo_json, read_fields
from streams.channels.ids import digest
from streams.channels.signatures import bearer

_STATUSES: dict[str, Status] = {
    "2": "open",
    "3": "on_hold",
    "4": "resolved",
    "5": "closed",
    "open": "open",
    "pending": "on_hold",
    "resolved": "resolved",
    "closed": "closed",
}
"""The four that cannot be renamed away; 6 and 7 are "waiting" at first, and may be anything."""

_WAITING = ("waiting", "awaiting", "pending", "on hold")
_PRIORITIES = {"1": "low", "2": "medium", "3": "high", "4": "urgent"}
_MEDIA: dict[Channel, tuple[str, ...]] = {
    "email": ("1", "10", "email", "outbound email", "outbound_email"),
    "form": ("2", "9", "portal", "feedback widget", "feedback_widget", "web form"),
    "voice": ("3", "phone", "freshcaller"),
    "chat": ("7", "chat", "freshchat"),
    "app": ("8", "mobihelp"),
    "bot": ("12", "bot"),
    "social": ("4", "5", "6", "forum", "twitter", "facebook"),
    "whatsapp": ("13", "whatsapp"),
    "messaging": ("11", "ecommerce"),
    "sms": ("sms",),
    "instagram": ("instagram",),
    "line": ("line",),
    "telegram": ("telegram",),
}
_CHANNELS = {name: channel for channel, names in _MEDIA.items() for name in names}
_OUTBOUND = {"10", "outbound email", "outbound_email"}

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

_BY_CUSTOMER = {"customer", "requester"}
"""Words of a trigger that name the author of a reply."""

_AGENT = ("agent_id", "responder_id", "agent_email", "agent_name")
_GROUP = ("group_id", "group_name", "group")
_RATINGS = {
    "extremely happy": 3, "very happy": 2, "happy": 1, "neutral": 0, "unhappy": -1,
    "very unhappy": -2, "extremely unhappy": -3,
    "103": 3, "102": 2, "101": 1, "100": 0, "-101": -1, "-102": -2, "-103": -3,
}  # fmt: skip
_COMMENT = re.compile(r"\s*([^<>:]{1,120}?)\s+:\s+(.*)", re.DOTALL)


class Freshdesk(Adapter):
    """Option `contacts`: `curated` if only colleagues and your own systems keep the contacts'
    records; else what stands in them is claimed.
    """

    vendor = "freshdesk"
    title = "Freshdesk"
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
        return _Ticket(fields, draft, source).parsed()


# What it says ---------------------------------------------------------------------------------


class _Ticket:
    def __init__(self, fields: dict[str, str], draft: Draft, source: SourceConfig) -> None:
        self._fields, self._draft = fields, draft
        self._key = f"ticket/{draft.conversation}"
        self._digest = digest(fields)
        self._at_ms = self._time("updated_at", "modified_at", "modified_on", "timestamp", "time")
        medium = self._get("source", "source_name").lower()
        draft.channel = _CHANNELS.get(medium, "email")
        self._outbound = medium in _OUTBOUND
        self._holder = Party(
            agent=self._get(*_AGENT) or None,
            team=self._get(*_GROUP) or None,
        )
        draft.identifiers = self._who(source)

    def _get(self, *names: str) -> str:
        for name in names:
            if value := self._fields.get(name):
                return value
        return ""

    def _time(self, *names: str) -> int | None:
        return times.any_form(self._get(*names))

    def _who(self, source: SourceConfig) -> tuple[Identifier, ...]:
        """In Freshdesk an address is one contact, so it stands for him if no id does."""
        trust: Trust = "curated" if source.options.get("contacts") == "curated" else "claimed"
        email = self._person("email")
        found: tuple[Identifier, ...] = ()
        for ident in (self._person("id"), email.lower()):
            found += self._draft.vendor_id(f"contact/{ident}" if ident else "")
        found += identifier("email", email, trust)
        phone, mobile = self._person("phone"), self._person("mobile")
        found += identifier("phone", phone, trust)
        found += identifier("phone", mobile if mobile != phone else "", trust)
        return found + identifier("crm", self._person("unique_external_id"), "curated")

    def _person(self, what: str) -> str:
        return self._get(f"requester_{what}", f"contact_{what}", f"customer_{what}")

    def parsed(self) -> Parsed:
        changes = self._changes()
        self._draft.native_type = "+".join(changes) or "ticket"
        parts = [self._change(name, value) for name, value in changes.items()]
        if not changes:
            parts.append(Parsed(tuple(self._untold())))
        if not changes or (self._at_ms is not None and changes.get("ticket_action") != "created"):
            known = {type(event) for part in parts for event in part.events}
            parts.append(Parsed(tuple(self._stands(known))))
        return together(parts, "The ticket is named, and nothing is said of it.")

    def _changes(self) -> dict[str, Any]:
        """What set the rule off."""
        told = self._get("triggered_event", "event", "event_type", "trigger")
        if told.startswith("{"):
            return pseudo_json(told)
        words = re.split(r"[\s_.:-]+", told.lower())
        if "note" in words:
            return {"note_type": "private" if "private" in words else "public"}
        return dict(_WORDS[word] for word in words if word in _WORDS)

    def _change(self, name: str, value: Any) -> Parsed:
        to = text(value, "to") or text(value)
        match name:
            case "ticket_action" if to.lower().startswith("create"):
                return Parsed(tuple(self._created()))
            case "ticket_action" if to.lower() in _ACTIONS:
                status = _ACTIONS[to.lower()]
                if status:
                    return Parsed((self._updated(status=status),))
                return ignored("The ticket was updated; nothing says in what.")
            case "note_type":
                return Parsed((self._commented(private=to.lower() == "private"),))
            case "reply_sent" | "reply" | "customer_reply" | "agent_reply":
                return Parsed((self._commented(private=False),))
            case "status":
                return Parsed((self._updated(status=self._status(to)),))
            case "priority":
                return Parsed((self._updated(priority=self._priority(to)),))
            case "responder_id" | "agent" | "agent_id":
                return Parsed((self._assigned("agent", value),))
            case "group_id" | "group":
                return Parsed((self._assigned("team", value),))
            case "customer_feedback" | "satisfaction_rating" | "survey" | "feedback":
                return self._rated(to)
            case "tags" | "tag_names":
                return Parsed((self._updated(tags=self._tags()),))
        if name in _WITHOUT_MEANING:
            return ignored(f"{name} changed: nothing that a journey depends on.")
        return unknown(f"Freshdesk triggers no {name!r} that we know.")

    # What was said ------------------------------------------------------------------------------

    def _created(self) -> list[EventBase]:
        created_ms = self._time("created_at", "created_on") or self._at_ms
        actor = Actor("agent", self._holder.agent) if self._outbound else CUSTOMER
        found: list[EventBase] = [
            self._draft.event(
                ConversationOpened,
                f"{self._key}/opened",
                created_ms,
                actor=actor,
                initiated_by="agent" if self._outbound else "customer",
                direction="outbound" if self._outbound else "inbound",
                queue=self._holder.team,
                personal={"subject": self._get("subject")},
            ),
            self._draft.event(
                MessagePosted,
                f"{self._key}/first",
                created_ms,
                actor=actor,
                message_id=f"{self._draft.conversation}/first",
                direction="outbound" if self._outbound else "inbound",
                personal={
                    "text": plain(self._get("description", "description_text"))
                    or self._get("subject"),
                    "subject": self._get("subject"),
                    "name": self._person("name"),
                },
            ),
        ]
        if self._holder != Party():
            found.append(
                self._draft.event(
                    AssignmentChanged, f"{self._key}/first-holder", created_ms, to=self._holder
                )
            )
        status = self._status("") if self._get("status") else "open"
        if status != "open":
            found.append(
                self._draft.event(
                    ConversationUpdated, f"{self._key}/first-status", created_ms, status=status
                )
            )
        return found

    def _commented(self, *, private: bool, key: str = "", known: bool = True) -> EventBase:
        """A reply or a note. `known`: something said that one was written just now."""
        written = self._get("latest_private_comment" if private else "latest_public_comment")
        written = written or self._get("latest_comment", "comment", "comment_body", "reply_body")
        found = _COMMENT.fullmatch(written)
        author, words = found.groups() if found else ("", written)
        actor = self._author(author, Actor("agent") if known else Actor("external"))
        if private and actor == CUSTOMER:
            actor = Actor("agent")  # a customer writes no private notes
        ident = key or self._digest
        return self._draft.event(
            MessagePosted,
            f"{self._key}/comment/{ident}",
            self._at_ms,
            actor=actor,
            message_id=f"{self._draft.conversation}/{ident}",
            direction="outbound" if actor.kind == "agent" else "inbound",
            visibility="internal" if private else "public",
            personal={
                "text": plain(words),
                "subject": self._get("subject"),
                "name": self._person("name") if actor == CUSTOMER else "",
            },
        )

    def _author(self, name: str, otherwise: Actor) -> Actor:
        requester, agent = self._person("name"), self._get("agent_name")
        trigger = self._get("triggered_event", "event", "event_type", "trigger")
        if _BY_CUSTOMER & set(re.split(r"[^a-z]+", trigger.lower())):
            return CUSTOMER
        if not name or not (requester or agent):
            return otherwise
        if name.casefold() == requester.casefold():
            return CUSTOMER
        if name.casefold() == agent.casefold():
            return Actor("agent", self._holder.agent)
        return Actor("agent") if requester else otherwise

    def _untold(self) -> list[EventBase]:
        """Nothing says what happened: the latest words, or the first if there are no others.  The
        same words in the next body are the same message.
        """
        found: list[EventBase] = []
        public, private = self._get("latest_public_comment"), self._get("latest_private_comment")
        if public or self._get("latest_comment", "comment", "comment_body", "reply_body"):
            key = digest([public, self._get("latest_comment", "comment", "comment_body")])
            found.append(self._commented(private=False, key=key, known=False))
        if private:
            key = digest([private, "private"])
            found.append(self._commented(private=True, key=key, known=False))
        if not found and self._get("description", "description_text"):
            found += self._created()
        if self._rating(""):
            found += self._rated("").events
        return found

    # Where it stands ----------------------------------------------------------------------------

    def _updated(self, **fields: Any) -> EventBase:
        key = f"{self._key}/{'+'.join(fields)}/{self._digest}"
        return self._draft.event(ConversationUpdated, key, self._at_ms, actor=SYSTEM, **fields)

    def _status(self, to: str) -> Status:
        """A status of your own is open, unless it says that somebody waits."""
        named = self._get("status").lower()
        for one in (to.lower(), named):
            if one in _STATUSES:
                return _STATUSES[one]
        word = named or to.lower()
        return "on_hold" if word in {"6", "7"} or word.startswith(_WAITING) else "open"

    def _priority(self, to: str) -> str:
        named = self._get("priority").lower()
        return _PRIORITIES.get(to, "") or _PRIORITIES.get(named, named) or to.lower() or "none"

    def _tags(self) -> tuple[str, ...]:
        return tuple(filter(None, (tag.strip() for tag in self._get("tags").split(","))))

    def _assigned(self, field: str, value: Any) -> EventBase:
        """The template may know the agent by address, the trigger knows him by number: whoever the
        template names is taken, so that one agent has one name.
        """
        now = {"agent": self._holder.agent, "team": self._holder.team}
        shown = _AGENT if field == "agent" else _GROUP
        from_ = None
        if not any(name in self._fields for name in shown):
            now[field] = text(value, "to") or (text(value) or None)
            before = text(value, "from")
            from_ = Party(**{field: before}) if before else None
        return self._draft.event(
            AssignmentChanged,
            f"{self._key}/holder/{field}/{self._digest}",
            self._at_ms,
            actor=SYSTEM,
            to=Party(**now),
            from_=from_,
        )

    def _stands(self, told: set[type[EventBase]]) -> list[EventBase]:
        """What the template shows besides, each kind once."""
        found: list[EventBase] = []
        if self._holder != Party() and AssignmentChanged not in told:
            found.append(
                self._draft.event(
                    AssignmentChanged,
                    f"{self._key}/stands/{self._digest}",
                    self._at_ms,
                    actor=SYSTEM,
                    to=self._holder,
                )
            )
        status, priority = self._get("status"), self._get("priority")
        if (status or priority) and not {ConversationUpdated, ConversationOpened} & told:
            fields: dict[str, Any] = {"status": self._status("")} if status else {}
            fields |= {"priority": self._priority("")} if priority else {}
            found.append(self._updated(**fields))
        return found

    # How he liked it ----------------------------------------------------------------------------

    def _rating(self, told: str) -> str:
        return told or self._get(
            "satisfaction_rating", "survey_rating", "feedback_rating", "rating"
        )

    def _rated(self, told: str) -> Parsed:
        """From extremely unhappy (-3) to extremely happy (3); the old survey has 1 happy, 2
        neutral and 3 unhappy.
        """
        rating = self._rating(told).lower()
        comment = self._get("feedback", "survey_comment", "feedback_comment", "feedback_text")
        if rating in _RATINGS:
            score, most = float(_RATINGS[rating]), 3.0
        elif rating in {"1", "2", "3"}:
            score, most = 2.0 - float(rating), 1.0
        else:
            return malformed(f"Freshdesk has no satisfaction rating {rating!r} that we know.")
        rated = self._draft.event(
            FeedbackReceived,
            f"{self._key}/rated/{rating}/{digest(comment)}",
            self._at_ms,
            actor=CUSTOMER,
            instrument="csat",
            score=score,
            scale_min=-most,
            scale_max=most,
            personal={"comment": plain(comment)},
        )
        return Parsed((rated,))
