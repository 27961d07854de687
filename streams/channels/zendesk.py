"""Zendesk event webhooks (`zen:event-type:…`) and messaging tickets.

`id` (a UUID or ULID) is the event's own and signed; `time` has 0 to 9 digits of fraction.  Ids
are texts and may exceed 2^53.  Enum values come in either case.  Delivery may repeat, may omit,
and keeps no order.  Trigger webhooks carry whatever an admin typed: they are kept as unknown.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Channel, ConversationRef, Identifier, Party, Trust
from schemas.events import (
    AssignmentChanged,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
)
from streams.channels import times
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    unknown,
)
from streams.channels.body import dig, read_object, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, base64_hmac, fresh

_PREFIX = "zen:event-type:"
_CHANNELS: dict[str, Channel] = {
    "email": "email",
    "mail": "email",
    "web": "form",
    "web_form": "form",
    "web_widget": "chat",
    "mobile_sdk": "app",
    "mobile": "app",
    "chat": "chat",
    "native_messaging": "chat",
    "messaging": "chat",
    "whatsapp": "whatsapp",
    "sms": "sms",
    "voice": "voice",
    "phone": "voice",
    "facebook": "messenger",
    "facebook_messenger": "messenger",
    "instagram_dm": "instagram",
    "telegram": "telegram",
    "line": "line",
    "viber": "viber",
    "twitter": "social",
    "twitter_dm": "social",
    "any_channel": "messaging",
    "api": "web",
    "help_center": "form",
}
_STATUSES = {
    "new": "open",
    "open": "open",
    "pending": "on_hold",
    "hold": "on_hold",
    "on-hold": "on_hold",
    "solved": "resolved",
    "closed": "closed",
    "deleted": "deleted",
}


class Zendesk(Adapter):
    vendor = "zendesk"
    title = "Zendesk"
    keep_headers = ("x-zendesk-webhook-invocation-id",)

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """Base64 of HMAC-SHA256 over timestamp and raw body."""
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
        full = text(body, "type")
        if not full.startswith(_PREFIX):
            return unknown(
                "This is no Zendesk event webhook (no zen:event-type): a trigger's own body has to "
                "be sent through the cloudevents source."
            )
        kind = full.removeprefix(_PREFIX)
        room, _, what = kind.partition(".")
        draft = Draft(request, source, kind)
        match room:
            case "ticket":
                return _Ticket(body, draft).parsed(what)
            case "messaging_ticket" | "conversation":
                return _messaging(body, draft, what)
            case "user":
                return _user(body, draft, what)
            case "organization" | "article" | "community_post" | "agent" | "agent_availability":
                return ignored(f"{kind}: not about a customer's conversation.")
        if room in {"omnichannel_routing", "knowledge", "omnichannel_config"}:
            return ignored(f"{kind}: not about a customer's conversation.")
        return unknown(f"Zendesk sends no event {kind!r} that we know.")


class _Ticket:
    """`ticket.*`: what changed stands in `event`, what is now so in `detail`."""

    def __init__(self, body: dict[str, Any], draft: Draft) -> None:
        self._body = body
        self._draft = draft
        self._detail = table(body, "detail")
        self._event = table(body, "event")
        self._at_ms = times.iso(body.get("time"))
        self._key = text(body, "id")
        draft.conversation = text(self._detail, "id") or text(body, "subject").rpartition(":")[2]
        via = (
            text(self._event, "comment", "via", "channel")
            or text(self._detail, "via", "channel")
            or text(self._event, "meta", "via", "channel")
        )
        draft.channel = _CHANNELS.get(via.lower(), "email")
        requester = text(self._detail, "requester_id")
        draft.identifiers = draft.vendor_id(f"user/{requester}" if requester else "")
        if address := text(self._detail, "via", "source", "from", "address"):
            by_phone = draft.channel in {"voice", "sms", "whatsapp"}
            draft.identifiers += identifier("phone" if by_phone else "email", address, "claimed")

    def parsed(self, what: str) -> Parsed:
        make = getattr(self, f"_{what}", None)
        if make is None:
            if what.startswith(("custom_field", "external_id", "form", "brand", "organization")):
                return ignored(f"ticket.{what}: changes nothing that a journey depends on.")
            return unknown(f"Zendesk sends no event 'ticket.{what}' that we know.")
        found = make()
        if found is None:
            return ignored(f"ticket.{what}: changes nothing that a journey depends on.")
        return Parsed(tuple(found))

    def _one(self, cls: type[EventBase], suffix: str = "", /, **fields: Any) -> EventBase:
        return self._draft.event(cls, f"{self._key}{suffix}", self._at_ms, **fields)

    def _created(self) -> list[EventBase]:
        """A ticket from outside holds the customer's first words in its description."""
        requester, submitter = (
            text(self._detail, "requester_id"),
            text(self._detail, "submitter_id"),
        )
        by_customer = not submitter or submitter == requester
        opened = self._one(
            ConversationOpened,
            "/opened",
            actor=CUSTOMER if by_customer else Actor("agent", submitter),
            initiated_by="customer" if by_customer else "agent",
            direction="inbound" if by_customer else "outbound",
            queue=text(self._detail, "group_id") or None,
            topic=text(self._detail, "type").lower() or None,
            personal={"subject": text(self._detail, "subject")},
        )
        said = text(self._detail, "description") or text(self._detail, "subject")
        if not by_customer or not said or self._draft.channel in {"voice", "chat"}:
            return [opened]
        first = self._one(
            MessagePosted,
            "/first",
            actor=CUSTOMER,
            message_id=f"{self._draft.conversation}/first",
            direction="inbound",
            personal={"text": said, "subject": text(self._detail, "subject")},
        )
        return [opened, first]

    def _comment_added(self) -> list[EventBase]:
        comment = table(self._event, "comment")
        author = table(comment, "author")
        staff = author.get("is_staff")
        role = text(author, "role").lower()
        if text(author, "type") == "system" or role in {"bot", "system"}:
            actor = Actor("bot", text(author, "id") or None)
        elif staff is True or role in {"agent", "admin"}:
            actor = Actor("agent", text(author, "id") or None)
        elif staff is False or text(author, "id") == text(self._detail, "requester_id"):
            actor = CUSTOMER
        else:
            actor = Actor("agent", text(author, "id") or None)
        public = comment.get("is_public", comment.get("public", True))
        return [
            self._one(
                MessagePosted,
                actor=actor,
                message_id=text(comment, "id") or self._key,
                direction="inbound" if actor == CUSTOMER else "outbound",
                visibility="public" if public else "internal",
                personal={"text": text(comment, "body"), "name": text(author, "name")},
            )
        ]

    def _updated(self, **fields: Any) -> list[EventBase]:
        return [self._one(ConversationUpdated, **fields)]

    def _status_changed(self) -> list[EventBase]:
        current = text(self._event, "current") or text(self._detail, "status")
        return self._updated(status=_STATUSES.get(current.lower(), "open"), actor=self._actor())

    def _actor(self) -> Actor:
        who = text(self._detail, "actor_id") or text(self._event, "actor", "id")
        return Actor("agent", who) if who else SYSTEM

    def _custom_status_changed(self) -> list[EventBase] | None:
        category = text(self._event, "current", "status_category") or text(self._detail, "status")
        return (
            self._updated(status=_STATUSES[category.lower()])
            if category.lower() in _STATUSES
            else None
        )

    def _soft_deleted(self) -> list[EventBase]:
        return self._updated(status="deleted")

    _permanently_deleted = _soft_deleted
    _marked_as_spam = _soft_deleted

    def _undeleted(self) -> list[EventBase]:
        return self._updated(status="open")

    def _priority_changed(self) -> list[EventBase]:
        return self._updated(priority=(text(self._event, "current") or "none").lower())

    def _subject_changed(self) -> list[EventBase] | None:
        return None

    def _description_changed(self) -> list[EventBase] | None:
        return None

    def _type_changed(self) -> list[EventBase]:
        return self._updated(topic=(text(self._event, "current") or "none").lower())

    _ticket_type_changed = _type_changed

    def _tags_changed(self) -> list[EventBase]:
        now = dig(self._detail, "tags")
        if not isinstance(now, list):
            now = dig(self._event, "tags_added") or dig(self._event, "current") or []
        return self._updated(tags=tuple(tag for tag in now if isinstance(tag, str)))

    def _agent_assignment_changed(self) -> list[EventBase]:
        return self._assigned("agent", "assignee_id")

    def _group_assignment_changed(self) -> list[EventBase]:
        return self._assigned("team", "group_id")

    def _assigned(self, field: str, now: str) -> list[EventBase]:
        current = text(self._event, "current") or text(self._detail, now)
        previous = text(self._event, "previous")
        other = {"agent": text(self._detail, "assignee_id"), "team": text(self._detail, "group_id")}
        to = Party(**{**{k: v or None for k, v in other.items()}, field: current or None})
        before = Party(**{field: previous}) if previous else None
        return [self._one(AssignmentChanged, actor=self._actor(), to=to, from_=before)]

    def _merged(self) -> list[EventBase]:
        other = (
            text(self._event, "target_ticket_id")
            or text(self._event, "current")
            or text(self._event, "merged_into")
        )
        source = self._draft.conversation
        if not other:
            return self._updated(status="closed")
        linked = self._one(
            ConversationLinked,
            rel="merged",
            other=ConversationRef(self._draft.source_name, other),
            conversation=source,
        )
        return [linked]

    def _satisfaction_changed(self) -> list[EventBase] | None:
        return self._rated(text(self._event, "current", "score") or text(self._event, "current"))

    _satisfaction_rating_changed = _satisfaction_changed

    def _csat_received(self) -> list[EventBase] | None:
        return self._rated(text(self._event, "csat", "rating") or text(self._event, "rating"))

    def _rated(self, score: str) -> list[EventBase] | None:
        """Good and bad (also with a comment), or the newer 1 to 5."""
        word = score.lower().partition("_")[0].partition("with")[0].strip()
        if word in {"good", "bad"}:
            value, low, high = float(word == "good"), 0.0, 1.0
        elif score.isdigit():
            value, low, high = float(score), 1.0, 5.0
        else:
            return None
        comment = text(self._event, "comment") or text(self._event, "current", "comment")
        return [
            self._one(
                FeedbackReceived,
                actor=CUSTOMER,
                instrument="csat",
                score=value,
                scale_min=low,
                scale_max=high,
                personal={"comment": comment},
            )
        ]

    def _requester_changed(self) -> list[EventBase] | None:
        return None

    _ccs_changed = _requester_changed
    _followers_changed = _requester_changed
    _email_cc_added = _requester_changed
    _attachment_linked_to_comment = _requester_changed
    _attachment_redacted_from_comment = _requester_changed
    _comment_redacted = _requester_changed
    _comment_made_private = _requester_changed
    _problem_link_changed = _requester_changed
    _task_due_at_changed = _requester_changed
    _schedule_changed = _requester_changed
    _sla_policy_changed = _requester_changed
    _submitter_changed = _requester_changed
    _locale_changed = _requester_changed
    _next_sla_breach_changed = _requester_changed


def _messaging(body: dict[str, Any], draft: Draft, what: str) -> Parsed:
    event, detail = table(body, "event"), table(body, "detail")
    draft.channel = _CHANNELS.get(text(detail, "via", "channel").lower(), "chat")
    draft.conversation = text(detail, "id") or text(event, "conversation_id")
    actor_type = text(event, "actor", "type").lower()
    actor_id = text(event, "actor", "id")
    if what not in {"message_added", "message_created"}:
        if what in {"typing", "read", "activity"}:
            return ignored(f"{draft.native_type}: a sign of life, not an act.")
        return unknown(f"Zendesk sends no event {draft.native_type!r} that we know.")
    if actor_type in {"system", "bot"} or actor_id.startswith("zd:"):
        actor = Actor("bot", actor_id or None)
    elif actor_type in {"agent", "admin", "business"}:
        actor = Actor("agent", actor_id or None)
    else:
        actor = CUSTOMER
    if actor == CUSTOMER:
        draft.identifiers = draft.vendor_id(f"user/{actor_id}" if actor_id else "")
    posted = draft.event(
        MessagePosted,
        text(body, "id"),
        times.iso(body.get("time")),
        actor=actor,
        message_id=text(event, "message", "id") or text(body, "id"),
        direction="inbound" if actor == CUSTOMER else "outbound",
        personal={
            "text": text(event, "message", "body"),
            "name": text(event, "actor", "name") if actor == CUSTOMER else "",
        },
    )
    return Parsed((posted,))


def _user(body: dict[str, Any], draft: Draft, what: str) -> Parsed:
    """A user's record is the help desk's card of the customer: curated."""
    event, detail = table(body, "event"), table(body, "detail")
    draft.channel = "web"
    ident = text(detail, "id") or text(body, "subject").rpartition(":")[2]
    if text(detail, "role").lower() in {"agent", "admin"}:
        return ignored(f"user.{what}: about an agent, not about a customer.")
    mine = draft.vendor_id(f"user/{ident}")
    if what == "merged":
        other = text(event, "current") or text(event, "merged_into") or text(event, "user", "id")
        found = (*mine, *draft.vendor_id(f"user/{other}" if other else ""))
    else:
        found = (*mine, *_reach(event, detail))
    if len(found) < 2:
        return ignored(f"user.{what}: nothing by which the person could be recognised elsewhere.")
    linked = draft.event(
        IdentityLinked,
        text(body, "id"),
        times.iso(body.get("time")),
        identifiers=found,
        rel="merged" if what == "merged" else "same",
        by="vendor",
        personal={"name": text(detail, "name")},
    )
    return Parsed((linked,))


def _reach(event: dict[str, Any], detail: dict[str, Any]) -> tuple[Identifier, ...]:
    trust: Trust = "curated"
    kind = text(event, "identity", "type") or text(event, "type")
    value = text(event, "identity", "value") or text(event, "value")
    found: tuple[Identifier, ...] = ()
    if kind.lower() == "email":
        found += identifier("email", value, trust)
    elif kind.lower() in {"phone_number", "phone"}:
        found += identifier("phone", value, trust)
    email = text(detail, "email")
    return (
        *found,
        *identifier("email", email if "@" in email else "", trust),
        *identifier("phone", text(detail, "phone"), trust),
        *identifier("crm", text(detail, "external_id"), trust),
    )
