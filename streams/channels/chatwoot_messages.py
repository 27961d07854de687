"""What is said at Chatwoot, and what becomes of it: receipts, edits, survey answers, forms, calls.

A phone call stands in its conversation as a message that moves on.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Ref
from schemas.events import (
    AgentConnected,
    ContactEnded,
    Durations,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import dig, number, plain, rows, table, text
from streams.channels.chatwoot_people import MESSAGE_TYPES, actor_of, card, distinct
from streams.channels.draft import CUSTOMER, Draft, identifier

_RECEIPTS = {"delivered", "read", "failed"}


def read_message(body: dict[str, Any], conversation: dict[str, Any], draft: Draft) -> Parsed:
    raw_type = text(body, "message_type")
    message_type = MESSAGE_TYPES.get(raw_type, raw_type)
    ident = text(body, "id")
    if message_type == "activity":
        return ignored("An activity line of Chatwoot's own; the change has an event of its own.")
    if not ident:
        return malformed("The message has no id.")
    if message_type not in MESSAGE_TYPES.values():
        return unknown(f"Chatwoot has no message type {raw_type!r} that we know: who speaks?")
    if not draft.identifiers:
        contact = table(body, "sender" if message_type == "incoming" else "contact")
        draft.identifiers = (
            *draft.vendor_id(text(contact, "id")),
            *card(contact, "claimed", "claimed"),
        )
    at_ms = times.any_form(body.get("created_at"))
    attributes = table(body, "content_attributes")
    if text(body, "content_type") == "voice_call":
        return _call(body, draft, ident, at_ms)
    automated = "no"
    if message_type == "template":
        automated = "greeting"
    elif dig(body, "additional_attributes", "campaign_id"):
        automated = "campaign"
    elif attributes.get("automation_rule_id") or dig(attributes, "email", "auto_reply") is True:
        automated = "auto_reply"
    posted = draft.event(
        MessagePosted,
        f"message/{ident}",
        at_ms,
        actor=actor_of(body, message_type),
        message_id=ident,
        direction="inbound" if message_type == "incoming" else "outbound",
        visibility="internal" if body.get("private") is True else "public",
        automated=automated,
        in_reply_to=text(attributes, "in_reply_to") or None,
        refs=_twin(body),
        personal={
            "text": text(body, "content") or _mail(attributes) or _attachments(body),
            "subject": text(attributes, "email", "subject"),
            "name": text(conversation, "meta", "sender", "name"),
        },
    )
    return Parsed((posted,))


def _twin(body: dict[str, Any]) -> tuple[Ref, ...]:
    """The message's id at the medium: whoever carries it tells it by that."""
    native_id = text(body, "source_id")
    return (Ref("twin", native_id),) if native_id else ()


def _mail(attributes: dict[str, Any]) -> str:
    """A mail that has no text part has its words in HTML."""
    markup = table(attributes, "email", "html_content")
    return plain(text(markup, "reply") or text(markup, "full"))


def _attachments(body: dict[str, Any]) -> str:
    if dig(body, "content_attributes", "is_unsupported") is True:
        return "[unsupported]"
    kinds = [text(attachment, "file_type") or "file" for attachment in rows(body, "attachments")]
    return f"[{', '.join(kinds)}]" if kinds else ""


def read_change(body: dict[str, Any], draft: Draft) -> Parsed:
    """A survey answer, a filled-in form, a receipt, a deletion or an edit."""
    ident = text(body, "id")
    at_ms = times.any_form(body.get("updated_at"))
    attributes = table(body, "content_attributes")
    if not ident:
        return malformed("The message has no id.")
    if text(body, "content_type") == "voice_call":
        return _call(body, draft, ident, at_ms)
    submitted = attributes.get("submitted_values")
    if survey := table(submitted, "csat_survey_response"):
        return _rated(survey, draft, ident, at_ms)
    if submitted or attributes.get("submitted_email"):
        return _submitted(body, draft, ident, at_ms)
    status = text(body, "status")
    if attributes.get("deleted"):
        status = "deleted"
    elif text(body, "source_id") and "source_id" in table(body, "previous_changes"):
        status = "sent"  # the carrier took it, and gave it an id
    elif status not in _RECEIPTS:
        if not attributes.get("edited") and not body.get("previous_changes"):
            return ignored("A message was touched, with no change that concerns a customer.")
        status = "edited"
    changed = draft.event(
        MessageStatusChanged,
        f"message/{ident}/{status}" + (f"/{at_ms}" if status == "edited" else ""),
        at_ms,
        message_id=ident,
        status=status,
        reason=text(attributes, "external_error") or None,
        refs=_twin(body),
    )
    return Parsed((changed,))


def _rated(survey: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    comment = text(survey, "feedback_message")
    score = number(survey, "rating")
    if score is None and not comment:
        return ignored("The survey was opened, and not answered yet.")
    rated = draft.event(
        FeedbackReceived,
        f"csat/{ident}/{score}/{comment}",
        at_ms,
        actor=CUSTOMER,
        instrument="csat",
        score=score,
        scale_min=1.0,
        scale_max=5.0,
        survey_id=ident,
        personal={"comment": comment},
    )
    return Parsed((rated,))


def _submitted(body: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    """The customer chose an option or filled in what the bot showed him."""
    attributes = table(body, "content_attributes")
    answers = [
        ": ".join(filter(None, (text(row, "name") or text(row, "title"), text(row, "value"))))
        for row in rows(attributes, "submitted_values")
    ]
    email = text(attributes, "submitted_email")
    content_type = text(body, "content_type") or "form"
    stepped: EventBase = draft.event(
        SelfserviceStepped,
        f"message/{ident}/submitted",
        at_ms,
        actor=CUSTOMER,
        resource=content_type,
        step="submitted",
        outcome="progressed",
        personal={"text": "; ".join(filter(None, [*answers, email]))},
    )
    if not email or not draft.identifiers:
        return Parsed((stepped,))
    linked = draft.event(
        IdentityLinked,
        f"message/{ident}/email/{email}",
        at_ms,
        actor=CUSTOMER,
        identifiers=distinct(*draft.identifiers, *identifier("email", email, "claimed")),
        rel="same",
        by="contact",
    )
    return Parsed((stepped, linked))


def _call(body: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    """A phone call stands in the conversation as a message whose `data.status` moves on."""
    draft.channel = "voice"
    data = table(body, "content_attributes", "data")
    status = text(data, "status").replace("_", "-")
    outbound = text(data, "call_direction") == "outbound"
    if status in {"in-progress", "answered"}:
        accepted = data.get("accepted_by")
        agent = text(accepted, "id") or text(accepted) or text(body, "sender", "id")
        connected = draft.event(
            AgentConnected,
            f"call/{ident}/connected",
            at_ms,
            actor=Actor("agent", agent or None) if outbound else CUSTOMER,
            agent=agent or "unknown",
        )
        return Parsed((connected,))
    if status in {"completed", "no-answer", "busy", "failed", "canceled", "cancelled"}:
        talk_s = number(data, "meta", "duration")
        ended = draft.event(
            ContactEnded,
            f"call/{ident}/ended",
            at_ms,
            reason=status,
            answered=status == "completed",
            durations=None if talk_s is None else Durations(talk_ms=round(talk_s * 1_000)),
        )
        return Parsed((ended,))
    if status in {"ringing", "initiated", "queued", ""}:
        return ignored("A call rings; that it was answered or ended comes by itself.")
    return unknown(f"A call of Chatwoot's has no status {status!r} that we know.")
