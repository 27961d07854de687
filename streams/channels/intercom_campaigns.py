"""What became of one message of an Intercom campaign, or of a survey: `content_stat.*`."""

from __future__ import annotations

from typing import Any

from schemas.common import Channel
from schemas.events import (
    ConsentChanged,
    EventBase,
    FeedbackReceived,
    MessagePosted,
    MessageStatusChanged,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed
from streams.channels.body import number, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM
from streams.channels.intercom_notification import Notification

_STATS: dict[str, str] = {
    "open": "opened",
    "click": "clicked",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "failure": "failed",
    "push_failure": "failed",
    "sms_failure": "failed",
    "reaction": "reacted",
}
"""What happened to one message of a campaign."""

_CAMPAIGNS: dict[str, Channel] = {
    "email": "email",
    "chat": "chat",
    "post": "chat",
    "push": "app",
    "sms": "sms",
    "whatsapp": "whatsapp",
}
"""Campaigns that write to somebody; banners, tours and the like are shown in a product."""


def read_campaign(note: Notification) -> Parsed:
    item, draft = note.item, note.draft
    stat = table(item, "content_stat") or item
    kind = text(stat, "content_type").lower() or note.topic.partition(".")[2]
    what, ident = text(stat, "stat_type").lower(), text(stat, "receipt_id") or text(stat, "id")
    at_ms = times.any_form(item.get("created_at")) or note.at_ms
    draft.channel = _CAMPAIGNS.get(kind, "web")
    draft.identifiers = note.card(table(item, "contact") or table(item, "user"))
    if kind == "survey" and what in {"answer", "completion"}:
        return _answers(note, stat, ident, at_ms)
    if what in {"unsubscribe", "spam_complaint"} and draft.identifiers:
        return _opted_out(note, what, ident, at_ms)
    if kind not in _CAMPAIGNS or (what != "receipt" and what not in _STATS):
        return ignored(f"{note.topic}, {what or 'nothing'}: no message to somebody; a reply to "
                       "one comes as a conversation.")  # fmt: skip
    if not draft.identifiers or not ident:
        return malformed(f"{note.topic}: it is not said which message to whom.")
    draft.conversation = f"campaign/{ident}"
    if what == "receipt":
        event: EventBase = draft.event(
            MessagePosted,
            f"campaign/{ident}",
            at_ms,
            actor=SYSTEM,
            message_id=f"campaign/{ident}",
            direction="outbound",
            automated="campaign",
        )
    else:
        event = draft.event(
            MessageStatusChanged,
            f"campaign/{ident}/{what}/{text(stat, 'id')}",
            at_ms,
            actor=CUSTOMER if what in {"open", "click", "reaction"} else SYSTEM,
            message_id=f"campaign/{ident}",
            status=_STATS[what],
            reason=what,
        )
    return Parsed((event,))


def _opted_out(note: Notification, what: str, ident: str, at_ms: int | None) -> Parsed:
    changed = note.draft.event(
        ConsentChanged,
        f"campaign/{ident}/{what}",
        at_ms,
        actor=CUSTOMER,
        purpose="marketing",
        state="denied",
        evidence=what,
        consent_channel=note.draft.channel,
    )
    return Parsed((changed,))


def _answers(note: Notification, stat: dict[str, Any], ident: str, at_ms: int | None) -> Parsed:
    """An answer comes by itself, and again with all others when the survey is complete."""
    found = rows(stat, "answers") or rows(note.item, "answers")
    single = table(stat, "answer") or (stat if text(stat, "question_id") else note.item)
    if not found and text(single, "question_id"):
        found = [single]
    if not note.draft.identifiers:
        return malformed(f"{note.topic}: it is not said whose answer it is.")
    events = tuple(
        note.draft.event(
            FeedbackReceived,
            f"survey/{ident}/{text(answer, 'question_id')}",
            times.any_form(answer.get("answered_at")) or at_ms,
            actor=CUSTOMER,
            instrument="survey",
            score=number(answer, "response"),
            survey_id=text(answer, "question_id"),
            personal={"comment": text(answer, "response")},
        )
        for answer in found
    )
    return Parsed(events) if events else ignored(f"{note.topic}: no answer is told.")
