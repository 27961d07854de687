"""Intercom's calls: `call.started` and `call.ended` tell a call as it stands."""

from __future__ import annotations

from schemas.common import Actor, ConversationRef
from schemas.events import (
    AgentConnected,
    ContactEnded,
    ConversationLinked,
    ConversationOpened,
    Durations,
    EventBase,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import table, text
from streams.channels.draft import CUSTOMER, identifier
from streams.channels.intercom_notification import Notification

_BY_COMPANY = {"outbound", "out"}


def read_call(note: Notification) -> Parsed:
    """A call as it stands: begun, answered, ended; each once, whichever topic tells it first."""
    item, draft = table(note.item, "call") or note.item, note.draft
    last, ident = note.topic.rpartition(".")[2], text(item, "id")
    if last in {"transcription_available", "recording_available"}:
        return ignored(f"{note.topic}: a recording can be fetched; the call itself is told.")
    if last not in {"started", "ended"}:
        return unknown(f"Intercom has no topic {note.topic!r} that we know.")
    if not ident:
        return malformed(f"{note.topic}: the call has no id.")
    began, answered, ended = (
        times.any_form(item.get(name)) for name in ("initiated_at", "answered_at", "ended_at")
    )
    outbound = text(item, "direction") in _BY_COMPANY
    agent = text(item, "admin_id")
    draft.channel, draft.conversation = "voice", f"call/{ident}"
    draft.identifiers = (
        *draft.vendor_id(text(item, "contact_id")),
        *identifier("phone", text(item, "phone"), "network"),
    )
    caller = Actor("agent", agent or None) if outbound else CUSTOMER
    events: list[EventBase] = [
        draft.event(
            ConversationOpened,
            f"call/{ident}",
            began or times.any_form(item.get("created_at")) or note.at_ms,
            actor=caller,
            initiated_by="agent" if outbound else "customer",
            direction="outbound" if outbound else "inbound",
        )
    ]
    if talk := text(item, "conversation_id"):
        events.append(
            draft.event(
                ConversationLinked,
                f"call/{ident}/conversation",
                began or note.at_ms,
                rel="related",
                other=ConversationRef(draft.source_name, talk),
            )
        )
    if answered is not None and agent:
        events.append(
            draft.event(
                AgentConnected, f"call/{ident}/{agent}", answered, actor=caller, agent=agent
            )
        )
    if last == "ended" or ended is not None:
        events.append(
            draft.event(
                ContactEnded,
                f"call/{ident}/ended",
                ended or note.at_ms,
                reason=text(item, "ended_reason") or text(item, "state") or None,
                answered=answered is not None,
                durations=Durations(
                    total_ms=_between(began, ended), talk_ms=_between(answered, ended)
                ),
            )
        )
    return Parsed(tuple(events))


def _between(first_ms: int | None, last_ms: int | None) -> int | None:
    return None if first_ms is None or last_ms is None else max(0, last_ms - first_ms)
