"""What is said in Front: messages, comments among colleagues, answers to surveys; what failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from schemas.common import Actor, Ref
from schemas.events import EventBase, FeedbackReceived, MessagePosted, MessageStatusChanged
from streams.channels import times
from streams.channels.body import number, plain, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM
from streams.channels.front_event import Event
from streams.channels.front_people import linked, teammate
from streams.channels.mail_text import unquoted

_SURVEYS = {"csat", "smart_csat"}
_SCORE = re.compile(r"\b(\d{1,2})\s*(?:/|out of)\s*(\d{1,2})\b")


def read_message(event: Event) -> Iterator[EventBase]:
    message = event.message
    told = message.get("is_inbound")
    inbound = told if isinstance(told, bool) else event.kind == "inbound"
    if message.get("is_draft") is True:
        return
    ident = text(message, "id") or event.key
    author = table(message, "author")
    source = event.actor()
    if inbound:
        actor = CUSTOMER
    elif author:
        actor = teammate(author)
    else:
        actor = source if source != SYSTEM else Actor("agent")
    replied = linked(message, "message_replied_to")
    forwarded = event.kind == "forward"  # to somebody else
    yield event.one(
        MessagePosted,
        f"message/{ident}",
        times.any_form(message.get("created_at")),
        actor=actor,
        message_id=ident,
        direction="inbound" if inbound else "outbound",
        visibility="internal" if forwarded else "public",
        automated="auto_reply"
        if text(author, "type") == "rule" or "autoreply" in event.draft.native_type
        else "campaign"
        if text(author, "type") == "bulk_reply"
        else "no",
        in_reply_to=replied or None,
        refs=(Ref("in_reply_to", replied),) if replied else (),
        personal={
            "text": _words(message),
            "subject": text(message, "subject") or text(event.conversation, "subject"),
            "name": text(event.recipient, "name"),
        },
    )


def read_failure(event: Event) -> Iterator[EventBase]:
    ident = text(event.message, "id") or linked(event.conversation, "last_message")
    bounced = event.kind == "message_bounce_error"
    yield event.one(
        MessageStatusChanged,
        actor=SYSTEM,
        message_id=ident or event.key,
        status="bounced" if bounced else "failed",
        reason=text(event.message, "error_type") or None,
    )


def read_comment(event: Event) -> Iterator[EventBase]:
    """An internal comment; the answer to a survey comes as a comment of the survey's."""
    comment = event.told if text(event.told, "id").startswith("com_") else event.target
    ident = text(comment, "id")
    author = table(comment, "author")
    at_ms = times.any_form(comment.get("posted_at"))
    if text(author, "type") in _SURVEYS:
        yield _rated(event, comment, ident, at_ms)
        return
    yield event.one(
        MessagePosted,
        f"comment/{ident}" if ident else event.key,
        at_ms,
        actor=teammate(author) if author else event.actor(),
        message_id=ident or event.key,
        direction="outbound",
        visibility="internal",
        personal={"text": plain(text(comment, "body"))},
    )


def _rated(event: Event, comment: dict[str, Any], ident: str, at_ms: int | None) -> EventBase:
    """Front words the answer as a text, in which the score stands as `4/5` or `4 out of 5`."""
    said = plain(text(comment, "body"))
    found = _SCORE.search(said)
    return event.one(
        FeedbackReceived,
        f"comment/{ident}" if ident else event.key,
        at_ms,
        actor=CUSTOMER,
        instrument="csat",
        score=number(found[1]) if found else None,
        scale_min=1.0 if found else None,
        scale_max=number(found[2]) if found else None,
        survey_id=ident or None,
        personal={"comment": said},
    )


def _words(message: dict[str, Any]) -> str:
    words = text(message, "text") or unquoted(text(message, "body")) or text(message, "blurb")
    if words.strip():
        return words.strip()
    kinds = [text(one, "content_type") or "file" for one in rows(message, "attachments")]
    return f"[{', '.join(kinds)}]" if kinds else ""
