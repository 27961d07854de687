"""Aircall's machines: the AI voice agent, which answers callers, and what its models say of a call.

The voice agent stands in the call (`call_id`) like a menu: it begins, passes the caller on to
people, or ends.  `ended` and `escalated` both tell a hand-over: it counts once.  What it asked the
caller comes as `summary`.  Of the models a sentiment, a topic and a summary concern a journey; they
are a model's words, marked as such.  Shapes: Aircall's API reference ("AI Voice Agent",
"Conversation Intelligence") and public clients of it.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor
from schemas.events import ConversationUpdated, SelfserviceStepped
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import dig, rows, table, text
from streams.channels.draft import CUSTOMER, Draft, identifier

_END_REASONS = {
    "answered": "success",
    "escalated": "escalated",
    "disconnected": "failure",
    "caller_hung_up": "left",
}
_SCORES = {"positive": 1.0, "neutral": 0.0, "negative": -1.0}
_WRITTEN = {"summary", "custom_summary", "action_item"}
INTELLIGENCE = _WRITTEN | {
    "conversation_intelligence", "transcription", "realtime_transcription", "sentiment", "topics",
    "playbook_result", "call_evaluation",
}  # fmt: skip


def read_voice_agent(data: dict[str, Any], draft: Draft, what: str, at_ms: int | None) -> Parsed:
    draft.conversation = text(data, "call_id") or text(data, "id")
    if not draft.conversation:
        return malformed("The voice agent's event names no call.")
    draft.identifiers = identifier("phone", text(data, "external_caller_number"), "network")
    bot = text(data, "ai_voice_agent_id") or None
    actor, personal, step = Actor("bot", bot), {}, what
    match what:
        case "started":
            outcome, at_ms = "started", times.any_form(data.get("started_at")) or at_ms
        case "escalated":
            outcome = "escalated"
        case "ended":
            reason = text(data, "call_end_reason")
            outcome, at_ms = (
                _END_REASONS.get(reason, "progressed"),
                times.any_form(data.get("ended_at")) or at_ms,
            )
            step = "escalated" if outcome == "escalated" else reason or "ended"
            actor = CUSTOMER if outcome == "left" else actor
        case "summary":
            outcome, step, actor = "progressed", "intake", CUSTOMER
            personal = {"text": _answers(table(data, "extracted_data"))}
        case _:
            return unknown(f"Aircall sends no event {draft.native_type!r} that we know.")
    session = text(data, "ai_voice_agent_session_id") or draft.conversation
    stepped = draft.event(
        SelfserviceStepped,
        f"voice agent/{session}/{step}",
        at_ms,
        actor=actor,
        personal=personal,
        resource=text(data, "ai_voice_agent_name") or "ai voice agent",
        step=step,
        outcome=outcome,
    )
    return Parsed((stepped,))


def _answers(extracted: dict[str, Any]) -> str:
    told = ((name, text(value)) for name, value in extracted.items())
    return "; ".join(f"{name}: {answer}" for name, answer in told if answer)


def read_intelligence(data: dict[str, Any], draft: Draft, what: str, at_ms: int | None) -> Parsed:
    """`what` is the event's name before its dot."""
    draft.conversation = text(data, "call_id")
    fields: dict[str, Any] = {}
    for row in rows(data, "sentiments") or rows(data, "participants"):
        if text(row, "type") == "external" and text(row, "value").lower() in _SCORES:
            fields["sentiment"] = _SCORES[text(row, "value").lower()]
    topics = data.get("topics") or (data.get("content") if what == "topics" else None)
    if topic := text(topics) or text(dig(topics, 0)):
        fields["topic"] = topic
    note = _written(data) if what in _WRITTEN else ""
    if note:
        fields |= {"note": True, "personal": {"note": note}}
    if not fields or not draft.conversation:
        return ignored(f"{draft.native_type}: holds no sentiment, topic or summary of a call.")
    updated = draft.event(
        ConversationUpdated,
        f"{what}/{draft.conversation}/{text(data, 'id') or at_ms}/{at_ms}",
        at_ms,
        by_model="aircall",
        **fields,
    )
    return Parsed((updated,))


def _written(data: dict[str, Any]) -> str:
    """A summary is a text, action items are a list of them."""
    for name in ("content", "summary", "result", "action_items"):
        found = data.get(name)
        lines = found if isinstance(found, list) else [found]
        said = [text(line) or text(line, "content") or text(line, "text") for line in lines]
        if any(said):
            return "\n".join(filter(None, said))
    return ""
