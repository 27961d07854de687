"""Chatwoot account webhooks.

Bodies and signature follow the code of Chatwoot 4.2 and later (`lib/webhooks/trigger.rb`, the
presenters, PR #13573 for the signature).  There is no event id: a message has its id, a
conversation only a display id and `updated_at`.  Times are ISO texts, whole seconds and floats
mixed in one body.  4.2 never retries; later versions repeat with the same delivery id.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Channel, Identifier, Party, Trust
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
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
from streams.channels.body import dig, read_object, rows, table, text
from streams.channels.draft import BOT, CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, bearer, fresh, hex_hmac

_CHANNELS: dict[str, Channel] = {
    "Channel::WebWidget": "chat",
    "Channel::Email": "email",
    "Channel::Whatsapp": "whatsapp",
    "Channel::Sms": "sms",
    "Channel::TwilioSms": "sms",
    "Channel::FacebookPage": "messenger",
    "Channel::Instagram": "instagram",
    "Channel::Telegram": "telegram",
    "Channel::Line": "line",
    "Channel::Voice": "voice",
    "Channel::TwitterProfile": "social",
    "Channel::Tiktok": "social",
}
_STATUSES = {
    "open": "open",
    "resolved": "resolved",
    "pending": "pending_bot",
    "snoozed": "snoozed",
}
_MESSAGE_TYPES = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}
_RECEIPTS = {"delivered", "read", "failed"}
_WITHOUT_MEANING = {
    "conversation_typing_on": "typing",
    "conversation_typing_off": "typing",
    "inbox_created": "an inbox was set up",
    "inbox_updated": "an inbox was changed",
}


class Chatwoot(Adapter):
    vendor = "chatwoot"
    title = "Chatwoot"
    keep_headers = ("x-chatwoot-delivery",)

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """`sha256=` and HMAC-SHA256 of `{timestamp}.{body}`; versions before it sign nothing and
        carry a token in the URL (`?token=`).
        """
        stamp = request.headers.get("x-chatwoot-timestamp", "")
        given = request.headers.get("x-chatwoot-signature")
        if given is None:
            return bearer(request, source)
        message = stamp.encode() + b"." + request.body
        return any_secret(
            source, given, lambda key: f"sha256={hex_hmac(key, message)}", "X-Chatwoot-Signature"
        ) or fresh(request, times.seconds(stamp), "X-Chatwoot-Timestamp")

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        kind = text(body, "event")
        if kind in _WITHOUT_MEANING:
            return ignored(f"{kind}: {_WITHOUT_MEANING[kind]}.")
        draft = Draft(request, source, kind)
        match kind:
            case "message_created" | "message_updated":
                return _message(body, draft, updated=kind == "message_updated")
            case "conversation_created":
                return Parsed((_opened(body, draft),))
            case "conversation_status_changed" | "conversation_updated":
                return _changed(body, draft)
            case "conversation_resolved" | "conversation_opened":
                _describe(body, draft)
                status = "resolved" if kind == "conversation_resolved" else "open"
                return Parsed((_status(body, draft, status),))
            case "contact_created" | "contact_updated":
                return _contact_card(body, draft, source)
            case "webwidget_triggered":
                return Parsed((_widget(body, draft),))
        return unknown(f"Chatwoot sends no event {kind!r} that we know.")


def _describe(conversation: dict[str, Any], draft: Draft) -> None:
    """Channel, conversation and customer from a conversation's object."""
    draft.conversation = text(conversation, "id")
    inbox = table(conversation, "contact_inbox")
    native = text(conversation, "channel")
    draft.channel = _CHANNELS.get(native, "messaging")
    address = text(inbox, "source_id")
    if native == "Channel::TwilioSms" and address.startswith("whatsapp:"):
        draft.channel = "whatsapp"
    contact = table(conversation, "meta", "sender")
    verified = bool(dig(conversation, "meta", "hmac_verified") or inbox.get("hmac_verified"))
    draft.identifiers = _identifiers(contact, draft, verified=verified)
    if draft.channel == "chat":
        draft.identifiers += identifier("cookie", address, "asserted")


def _identifiers(
    contact: dict[str, Any], draft: Draft, *, verified: bool
) -> tuple[Identifier, ...]:
    """Chatwoot's contact id holds within this source.  What a website visitor typed is only
    claimed, unless the site has signed it (`hmac_verified`).
    """
    if text(contact, "type") not in {"contact", ""}:
        return ()
    trust: Trust = "curated" if verified else "claimed"
    phone: Trust = "asserted" if draft.channel == "whatsapp" else trust
    if draft.channel in {"sms", "voice"}:
        phone = "network"
    return (
        *draft.vendor_id(text(contact, "id")),
        *identifier("user", text(contact, "identifier"), "asserted" if verified else "claimed"),
        *identifier("phone", text(contact, "phone_number"), phone),
        *identifier("email", text(contact, "email"), trust),
    )


def _actor(sender: dict[str, Any], message_type: str) -> Actor:
    kind = text(sender, "type").lower()
    if kind == "contact" or message_type == "incoming":
        return CUSTOMER
    if kind in {"agent_bot", "captain_assistant", "captain::assistant"}:
        return Actor("bot", text(sender, "id") or None)
    if kind == "user":
        return Actor("agent", text(sender, "id") or None)
    return SYSTEM if message_type != "outgoing" else BOT


def _message(body: dict[str, Any], draft: Draft, *, updated: bool) -> Parsed:
    conversation = table(body, "conversation")
    _describe(conversation, draft)
    raw_type = body.get("message_type")
    message_type = _MESSAGE_TYPES.get(raw_type, "") if isinstance(raw_type, int) else text(raw_type)
    ident = text(body, "id")
    at_ms = times.any_form(body.get("created_at"))
    if message_type == "activity":
        return ignored("An activity line of Chatwoot's own; the change has an event of its own.")
    if not ident:
        return ignored("A message without an id.")
    if updated:
        return _message_updated(body, draft, ident)
    if message_type == "incoming" and not draft.identifiers:
        draft.identifiers = draft.vendor_id(text(body, "sender", "id"))
    sender = table(body, "sender")
    attributes = table(body, "content_attributes")
    automated = "no"
    if message_type == "template":
        automated = "greeting"
    elif attributes.get("automation_rule_id"):
        automated = "auto_reply"
    elif dig(body, "additional_attributes", "campaign_id"):
        automated = "campaign"
    event = draft.event(
        MessagePosted,
        f"message/{ident}",
        at_ms,
        actor=_actor(sender, message_type),
        message_id=ident,
        direction="inbound" if message_type == "incoming" else "outbound",
        visibility="internal" if body.get("private") else "public",
        automated=automated,
        in_reply_to=text(attributes, "in_reply_to") or None,
        personal={
            "text": text(body, "content") or _attachments(body),
            "name": text(conversation, "meta", "sender", "name"),
        },
    )
    return Parsed((event,))


def _attachments(body: dict[str, Any]) -> str:
    kinds = [text(attachment, "file_type") or "file" for attachment in rows(body, "attachments")]
    return f"[{', '.join(kinds)}]" if kinds else ""


def _message_updated(body: dict[str, Any], draft: Draft, ident: str) -> Parsed:
    at_ms = times.any_form(body.get("updated_at"))
    stamp = text(body, "updated_at")
    attributes = table(body, "content_attributes")
    survey = table(attributes, "submitted_values", "csat_survey_response")
    if survey:
        score = dig(survey, "rating")
        event: EventBase = draft.event(
            FeedbackReceived,
            f"csat/{ident}/{score}/{text(survey, 'feedback_message')}",
            at_ms,
            actor=CUSTOMER,
            instrument="csat",
            score=float(score) if isinstance(score, int | float) else None,
            scale_min=1.0,
            scale_max=5.0,
            survey_id=ident,
            personal={"comment": text(survey, "feedback_message")},
        )
        return Parsed((event,))
    status = text(body, "status")
    if attributes.get("deleted"):
        status = "deleted"
    elif status not in _RECEIPTS:
        if not dig(body, "content_attributes", "edited") and not body.get("previous_changes"):
            return ignored("A message was touched, with no change that concerns a customer.")
        status = "edited"
    event = draft.event(
        MessageStatusChanged,
        f"message/{ident}/{status}/{stamp}",
        at_ms,
        message_id=ident,
        status=status,
        reason=text(attributes, "external_error") or None,
    )
    return Parsed((event,))


def _opened(body: dict[str, Any], draft: Draft) -> EventBase:
    _describe(body, draft)
    first = table(body, "messages", 0)
    outgoing = first.get("message_type") in {1, "outgoing", 3, "template"}
    return draft.event(
        ConversationOpened,
        f"conversation/{draft.conversation}",
        times.any_form(body.get("created_at")),
        actor=SYSTEM if outgoing else CUSTOMER,
        initiated_by="agent" if outgoing else "customer",
        direction="outbound" if outgoing else "inbound",
        queue=text(body, "meta", "team", "name") or None,
        personal={"name": text(body, "meta", "sender", "name")},
    )


def _changed(body: dict[str, Any], draft: Draft) -> Parsed:
    """`changed_attributes` says what; the rest of the body says what is now so."""
    _describe(body, draft)
    changed: dict[str, Any] = {}
    for change in rows(body, "changed_attributes"):
        changed |= change
    events: list[EventBase] = []
    if "status" in changed or draft.native_type == "conversation_status_changed":
        events.append(_status(body, draft, text(body, "status")))
    if "assignee_id" in changed or "team_id" in changed:
        events.append(_assignment(body, draft, changed))
    fields: dict[str, Any] = {}
    if "priority" in changed:
        fields["priority"] = text(body, "priority") or "none"
    if "label_list" in changed or "labels" in changed or "cached_label_list" in changed:
        fields["tags"] = tuple(
            label for label in body.get("labels") or () if isinstance(label, str)
        )
    if fields:
        events.append(
            draft.event(
                ConversationUpdated,
                f"conversation/{draft.conversation}/fields/{text(body, 'updated_at')}",
                times.any_form(body.get("updated_at")),
                **fields,
            )
        )
    if not events:
        what = ", ".join(sorted(changed)) or "nothing named"
        return ignored(f"The conversation changed in what does not concern a journey: {what}.")
    return Parsed(tuple(events))


def _status(body: dict[str, Any], draft: Draft, status: str) -> EventBase:
    # Both conversation_updated and conversation_status_changed tell it: one key for both.
    return draft.event(
        ConversationUpdated,
        f"conversation/{draft.conversation}/status/{status}/{text(body, 'updated_at')}",
        times.any_form(body.get("updated_at")) or times.any_form(body.get("timestamp")),
        status=_STATUSES.get(status, "open"),
    )


def _assignment(body: dict[str, Any], draft: Draft, changed: dict[str, Any]) -> EventBase:
    meta = table(body, "meta")
    agent = text(meta, "assignee", "id") or text(changed, "assignee_id", "current_value")
    team = text(meta, "team", "name") or text(changed, "team_id", "current_value")
    before = Party(
        agent=text(changed, "assignee_id", "previous_value") or None,
        team=text(changed, "team_id", "previous_value") or None,
    )
    return draft.event(
        AssignmentChanged,
        f"conversation/{draft.conversation}/assignment/{text(body, 'updated_at')}",
        times.any_form(body.get("updated_at")),
        to=Party(agent=agent or None, team=team or None),
        from_=before if before != Party() else None,
    )


def _contact_card(body: dict[str, Any], draft: Draft, source: SourceConfig) -> Parsed:
    """A contact card is curated, unless option `contacts` says `claimed` (a website whose
    visitors fill the cards in by themselves).
    """
    trust: Trust = "claimed" if source.options.get("contacts") == "claimed" else "curated"
    found = (
        *draft.vendor_id(text(body, "id")),
        *identifier("user", text(body, "identifier"), trust),
        *identifier("phone", text(body, "phone_number"), trust),
        *identifier("email", text(body, "email"), trust),
    )
    if len(found) < 2:
        return ignored("The contact card holds nothing by which the person could be recognised.")
    values = "/".join(f"{i.kind}={i.value}" for i in found)
    event = draft.event(
        IdentityLinked,
        f"contact/{values}",
        times.any_form(body.get("updated_at")) or times.any_form(body.get("created_at")),
        identifiers=found,
        channel="web",
        rel="same",
        by="contact",
        personal={"name": text(body, "name")},
    )
    return Parsed((event,))


def _widget(body: dict[str, Any], draft: Draft) -> EventBase:
    draft.channel = "chat"
    current = table(body, "current_conversation")
    draft.conversation = text(current, "id")
    stamp = text(body, "event_info", "initiated_at", "timestamp")
    return draft.event(
        SelfserviceStepped,
        f"widget/{text(body, 'id')}/{stamp}",
        times.javascript(stamp) or times.iso(stamp),
        actor=CUSTOMER,
        identifiers=(
            *draft.vendor_id(text(body, "contact", "id")),
            *identifier("cookie", text(body, "source_id"), "asserted"),
        ),
        resource="widget",
        step="opened",
        outcome="started",
    )
