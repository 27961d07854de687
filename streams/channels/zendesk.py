"""Zendesk event webhooks (`zen:event-type:…`).

`id` (a UUID or ULID) is the event's own and signed; `time` has 0 to 9 digits of fraction.  Ids
are texts and may exceed 2^53; "0" and "-1" stand for nobody.  Enum values come in either case.
Delivery may repeat, may omit, and keeps no order.  A ticket is one conversation, and its medium
may change from comment to comment.  Trigger webhooks carry whatever an admin typed: they are kept
as unknown.  Messaging has webhooks of its own, of another shape (`sunshine.py`).
Shapes: developer.zendesk.com, webhooks, event types.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from schemas.common import Actor, Channel, ConversationRef, Identifier, Party, Ref, Trust
from schemas.events import (
    AssignmentChanged,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
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
from streams.channels.body import dig, read_object, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, base64_hmac, fresh
from streams.channels.sunshine import is_conversation_webhook, read_conversations

_TYPE = re.compile(r"zen:event-type[:/](\w+)\.(\w+)")
"""With a slash here and there in the documentation."""

_MEDIA: dict[Channel, tuple[str, ...]] = {
    "email": ("email", "mail", "mailgun", "connect_mail", "side_conversation"),
    "form": ("web", "web_form", "web_widget", "help_center", "helpcenter", "topic", "blog",
             "chat_offline_message", "recovered_from_suspended_tickets"),
    "chat": ("chat", "chat_transcript", "native_messaging", "messaging"),
    "bot": ("answer_bot", "answer_bot_api", "answer_bot_for_web_widget", "answer_bot_for_sdk"),
    "app": ("mobile", "mobile_sdk", "iphone"),
    "voice": ("voice", "phone", "phone_call_inbound", "phone_call_outbound", "voicemail",
              "api_phone_call_inbound", "api_phone_call_outbound", "api_voicemail"),
    "sms": ("sms", "text_message", "twilio_sms", "messagebird_sms", "connect_sms"),
    "whatsapp": ("whatsapp",),
    "messenger": ("facebook_message", "facebook_messenger",
                  "sunshine_conversations_facebook_messenger"),
    "instagram": ("instagram_dm",),
    "telegram": ("telegram",),
    "line": ("line",),
    "viber": ("viber",),
    "rcs": ("google_rcs",),
    "slack": ("business_messaging_slack_connect", "answer_bot_for_slack"),
    "messaging": ("any_channel", "apple_business_chat", "google_business_messages", "kakaotalk",
                  "wechat", "sunshine_conversations_api", "omnichannel"),
    "social": ("facebook", "facebook_post", "twitter", "twitter_dm", "twitter_favorite",
               "sunshine_conversations_twitter_dm"),
    "web": ("api", "web_service"),
}  # fmt: skip
_CHANNELS = {native: channel for channel, names in _MEDIA.items() for native in names}
_STATUSES: dict[str, Status] = {
    "new": "open",
    "open": "open",
    "pending": "on_hold",
    "hold": "on_hold",
    "on-hold": "on_hold",
    "solved": "resolved",
    "closed": "closed",
    "deleted": "deleted",
    "scrubbed": "deleted",
}
_NO_MATTER = {
    "attachment_linked_to_comment", "attachment_redacted_from_comment", "brand_changed",
    "csat_requested", "custom_field_changed", "description_changed", "email_ccs_changed",
    "external_id_changed", "followers_changed", "form_changed", "next_sla_breach_changed",
    "ola_policy_changed", "organization_changed", "problem_link_changed", "requester_changed",
    "schedule_changed", "sla_policy_changed", "subject_changed", "submitter_changed",
    "task_due_at_changed", "ticket_type_changed", "type_changed",
}  # fmt: skip
"""Of a ticket; a changed requester is named by each later event of the ticket."""

_CARDS = {
    "created", "details_changed", "external_id_changed", "identity_changed", "identity_created",
    "name_changed",
}  # fmt: skip
"""Events of a user that tell how he can be reached."""

_USER_NO_MATTER = {
    "active_changed", "alias_changed", "custom_field_changed", "custom_role_changed",
    "default_group_changed", "deleted", "group_membership_created", "group_membership_deleted",
    "identity_deleted", "last_login_changed", "notes_changed", "only_private_comments_changed",
    "organization_membership_created", "organization_membership_deleted", "password_changed",
    "photo_changed", "role_changed", "suspended_changed", "tags_changed", "time_zone_changed",
}  # fmt: skip

_FIRST_COMMENT_MS = 60_000
"""A comment that repeats the description so soon after the ticket is the description."""


class Zendesk(Adapter):
    """Option `users`: `claimed` if your users' records are filled in by themselves; else they are
    curated, but for identities that Zendesk calls unverified.
    """

    vendor = "zendesk"
    title = "Zendesk"
    about = About(
        gives=(
            "messages", "receipts", "states", "agents", "bots", "transfers", "self-care", "ratings",
        ),
        identities={
            "phone": ("asserted", "curated"),
            "email": ("curated", "claimed"),
            "whatsapp": ("asserted",),
            "user": ("asserted",),
            "crm": ("curated",),
            "vendor": ("asserted",),
        },
        transfer="ticket.agent_ and group_assignment_changed, switchboard:passControl",
        lacks="presence in a queue; calls of Talk but for the ticket they leave",
        retries="a 409 up to 3 times; may come twice or not at all, in any order",
    )  # fmt: skip
    keep_headers = ("x-zendesk-webhook-invocation-id",)

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """Base64 of HMAC-SHA256 over timestamp and raw body; the messaging platform signs nothing
        and sends its webhook's secret as it is.
        """
        if (key := request.headers.get("x-api-key")) is not None:
            return any_secret(source, key, lambda secret: secret, "X-API-Key")
        stamp = request.headers.get("x-zendesk-webhook-signature-timestamp", "")
        message = stamp.encode() + request.body
        return any_secret(
            source,
            request.headers.get("x-zendesk-webhook-signature"),
            lambda key: base64_hmac(key, message),
            "X-Zendesk-Webhook-Signature",
        ) or fresh(request, times.any_form(stamp), "X-Zendesk-Webhook-Signature-Timestamp")

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        if is_conversation_webhook(body):
            return read_conversations(body, request, source)
        named = _TYPE.fullmatch(text(body, "type"))
        if named is None:
            return unknown(
                "This is no Zendesk event webhook (no zen:event-type): a trigger's own body has to "
                "be sent through the cloudevents source."
            )
        if not text(body, "id"):
            return malformed("The event has no id.")
        room, what = named.groups()
        draft = Draft(request, source, f"{room}.{what}")
        match room:
            case "ticket":
                return _Ticket(body, draft).parsed(what)
            case "messaging_ticket" | "conversation":
                return _messaging(body, draft, what)
            case "user":
                return _user(body, draft, what, source)
            case "community_post" | "article" if what in {"created", "comment_created"}:
                return _post(body, draft, room)
            case "agent":
                return ignored(
                    f"{room}.{what}: about an agent; who has a ticket comes with "
                    "ticket.agent_assignment_changed."
                )
            case (
                "organization" | "article" | "community_post" | "agent_availability"
                | "omnichannel_config" | "messaging_live_metrics"
            ):  # fmt: skip
                return ignored(f"{room}.{what}: not about a customer's conversation.")
        return unknown(f"Zendesk sends no event '{room}.{what}' that we know.")


def _id(value: Any, *path: str) -> str:
    """An id, empty when it stands for nobody."""
    found = text(value, *path)
    return "" if found in {"0", "-1"} else found


class _Ticket:
    """`ticket.*`: what changed stands in `event`, what is now so in `detail`."""

    def __init__(self, body: dict[str, Any], draft: Draft) -> None:
        self._draft = draft
        self._detail = table(body, "detail")
        self._event = table(body, "event")
        self._at_ms = times.iso(body.get("time"))
        self._key = text(body, "id")
        self._requester = _id(self._detail, "requester_id")
        position = dig(self._event, "meta", "sequence", "position")
        self._sequence = position if type(position) is int and abs(position) < 2**53 else None
        draft.conversation = text(self._detail, "id") or text(body, "subject").rpartition(":")[2]
        via = text(self._event, "comment", "via", "channel") or text(self._detail, "via", "channel")
        draft.channel = _CHANNELS.get(via.lower(), "email")
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
        who = _id(self._detail, "actor_id")
        if who and who == self._requester:
            return CUSTOMER
        return Actor("agent", who) if who else SYSTEM

    # A ticket and what is said in it --------------------------------------------------------

    def _created(self) -> list[EventBase]:
        """A ticket from outside holds the customer's first words in its description."""
        submitter = _id(self._detail, "submitter_id")
        by_customer = not submitter or submitter == self._requester
        group = _id(self._detail, "group_id") or None
        assignee = _id(self._detail, "assignee_id") or None
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
        status = _STATUSES.get(text(self._detail, "status").lower(), "open")
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
        ident = _id(author, "id") or _id(comment, "author_id")
        staff = author.get("is_staff")
        role = text(author, "role").lower()
        if role in {"bot", "system"} or text(author, "type") == "system":
            actor = Actor("bot", ident or None)
        elif staff is False or role == "end-user" or (staff is None and ident == self._requester):
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
        if current not in _STATUSES:
            raise ValueError(f"Zendesk has no ticket status {current!r} that we know.")
        return self._updated(status=_STATUSES[current])

    def _custom_status_changed(self) -> list[EventBase]:
        """Custom statuses belong to a category, which is the ticket's status."""
        status = _STATUSES.get(text(self._detail, "status").lower())
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
            "agent": _id(self._detail, "assignee_id") or None,
            "team": _id(self._detail, "group_id") or None,
        }
        if "current" in self._event:
            now[field] = _id(self._event, "current") or None
        previous = _id(self._event, "previous")
        return [
            self._one(
                AssignmentChanged,
                actor=self._actor(),
                to=Party(**now),
                from_=Party(**{field: previous}) if previous else None,
            )
        ]

    def _merged(self) -> list[EventBase]:
        target = _id(self._event, "target_ticket_id") or _id(self._event, "current")
        if not target:
            return self._updated(status="closed")
        other = ConversationRef(self._draft.source_name, target)
        return [self._one(ConversationLinked, actor=self._actor(), rel="merged", other=other)]

    def _rated(self) -> list[EventBase]:
        """Good or bad, or one to five."""
        given = next(
            (
                found
                for found in (
                    dig(self._event, "satisfaction_score"),
                    dig(self._event, "satisfaction_rating"),
                    dig(self._event, "csat"),
                    dig(self._event, "current"),
                    self._event,
                )
                if found
            ),
            None,
        )
        score = text(given) or text(given, "score") or text(given, "rating")
        word = score.lower()
        if word.startswith(("good", "bad")):
            value, low, high = float(word.startswith("good")), 0.0, 1.0
        elif word.isdecimal():
            value, low, high = float(word), 1.0, 5.0
        elif word in {"offered", "unoffered"}:
            return []
        else:
            raise ValueError(f"Zendesk has no satisfaction score {score!r} that we know.")
        comment = text(given, "comment") or text(given, "comment", "body")
        return [
            self._one(
                FeedbackReceived,
                actor=CUSTOMER,
                instrument="csat",
                score=value,
                scale_min=low,
                scale_max=high,
                personal={"comment": comment or text(self._event, "comment")},
            )
        ]


def _messaging(body: dict[str, Any], draft: Draft, what: str) -> Parsed:
    """A line of a messaging conversation; it stands in the ticket that it belongs to."""
    if what != "message_added":
        return unknown(f"Zendesk sends no event {draft.native_type!r} that we know.")
    event, detail = table(body, "event"), table(body, "detail")
    draft.channel = _CHANNELS.get(text(detail, "via", "channel").lower(), "chat")
    draft.conversation = text(detail, "id") or text(event, "conversation_id")
    kind, ident = text(event, "actor", "type").lower(), text(event, "actor", "id")
    if kind == "trigger":
        actor = SYSTEM
    elif kind in {"system", "bot"} or ident.startswith("zd:"):
        actor = Actor("bot", ident or None)
    elif kind in {"agent", "admin"}:
        actor = Actor("agent", ident or None)
    elif kind in {"end_user", "end-user", "user"}:
        actor = CUSTOMER
    else:
        return unknown(f"Zendesk has no actor type {kind!r} that we know.")
    by_customer = actor == CUSTOMER
    if by_customer and ident:
        draft.identifiers = draft.vendor_id(f"user/{ident}")
    message_id = text(event, "message", "id") or text(body, "id")
    platform_id = text(event, "conversation_id")
    posted = draft.event(
        MessagePosted,
        f"message/{message_id}",
        times.iso(body.get("time")),
        actor=actor,
        # The messaging platform's own webhooks name the thread so.
        refs=(Ref("conversation", platform_id),) if platform_id else (),
        message_id=message_id,
        direction="inbound" if by_customer else "outbound",
        automated="auto_reply" if kind == "trigger" else "no",
        personal={
            "text": text(event, "message", "body"),
            "name": text(event, "actor", "name") if by_customer else "",
        },
    )
    return Parsed((posted,))


def _post(body: dict[str, Any], draft: Draft, room: str) -> Parsed:
    """What somebody wrote in public; whether customer or agent is not told."""
    event, detail = table(body, "event"), table(body, "detail")
    author = _id(event, "author_id") or _id(event, "user_id") or _id(detail, "user_id")
    draft.channel, draft.conversation = "social", f"{room}/{text(detail, 'id')}"
    draft.identifiers = draft.vendor_id(f"user/{author}" if author else "")
    posted = draft.event(
        MessagePosted,
        text(body, "id"),
        times.iso(body.get("time")),
        actor=Actor("external", author or None),
        message_id=_id(event, "comment_id") or text(body, "id"),
        direction="inbound",
        personal={
            "text": text(event, "body") or text(event, "comment", "body") or text(event, "details"),
            "subject": text(event, "title"),
        },
    )
    return Parsed((posted,))


def _user(body: dict[str, Any], draft: Draft, what: str, source: SourceConfig) -> Parsed:
    """A user's record is the help desk's card of the customer."""
    if what in _USER_NO_MATTER:
        return ignored(f"user.{what}: tells no new way to recognise the person.")
    if what != "merged" and what not in _CARDS:
        return unknown(f"Zendesk sends no event 'user.{what}' that we know.")
    event, detail = table(body, "event"), table(body, "detail")
    ident = _id(detail, "id") or text(body, "subject").rpartition(":")[2]
    if text(detail, "role").lower() in {"agent", "admin"}:
        return ignored(f"user.{what}: about an agent, not about a customer.")
    found = draft.vendor_id(f"user/{ident}" if ident else "")
    if what == "merged":
        for other in _users_named(event):
            found += draft.vendor_id(f"user/{other}") if other != ident else ()
    else:
        found += _reach(event, detail, source)
    if len(found) < 2:
        return ignored(f"user.{what}: nothing by which the person could be recognised elsewhere.")
    linked = draft.event(
        IdentityLinked,
        text(body, "id"),
        times.iso(body.get("time")),
        channel="web",
        identifiers=found,
        rel="merged" if what == "merged" else "same",
        by="vendor",
        personal={"name": text(detail, "name")},
    )
    return Parsed((linked,))


def _users_named(event: dict[str, Any]) -> list[str]:
    """The ids of the users that a merge names, under whatever name."""
    found = [
        _id(value) or _id(value, "id")
        for name, value in event.items()
        if "user" in name or name in {"current", "previous", "merged_into", "winner", "loser"}
    ]
    return list(dict.fromkeys(filter(None, found)))


def _reach(
    event: dict[str, Any], detail: dict[str, Any], source: SourceConfig
) -> tuple[Identifier, ...]:
    """E-mail, phone and the company's own id, each once."""
    trust: Trust = "claimed" if source.options.get("users") == "claimed" else "curated"
    identity = next(
        (
            found
            for found in (table(event, "identity"), table(event, "current"), event)
            if text(found, "type") and text(found, "value")
        ),
        {},
    )
    kind, value = text(identity, "type").lower(), text(identity, "value")
    theirs: Trust = "claimed" if identity.get("verified") is False else trust
    found: tuple[Identifier, ...] = ()
    if kind == "email":
        found += identifier("email", value, theirs)
    elif kind in {"phone_number", "phone"}:
        found += identifier("phone", value, theirs)
    elif kind in {"twitter", "facebook"}:
        found += identifier("social", f"{kind}:{value}", theirs)
    email, phone = text(detail, "email"), text(detail, "phone")
    if "@" in email and email != value:
        found += identifier("email", email, trust)
    if phone != value:
        found += identifier("phone", phone, trust)
    return found + identifier("crm", text(detail, "external_id"), trust)
