"""Olark: one webhook a chat, sent when it is over: the transcript, and what the visitor thought.

A form with one field, `data`, that holds JSON.  Olark signs nothing: the URL carries the secret,
`https://olark:<secret>@<gateway>/v1/in/<source>`.  A line has no id but its place in the
transcript, which does not change when Olark sends it again.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor
from schemas.events import (
    ContactEnded,
    ConversationOpened,
    EventBase,
    FeedbackReceived,
    MessagePosted,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import Adapter, Parsed, Rejected, Request, SourceConfig, unknown
from streams.channels.body import number, read_form, read_json, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import bearer

_FROM_VISITOR = {"MessageToOperator", "OfflineMessage"}
_LINES = {*_FROM_VISITOR, "MessageToVisitor"}


class Olark(Adapter):
    vendor = "olark"
    title = "Olark"
    about = About(
        gives=("messages", "states", "ends", "agents", "ratings"),
        identities={"phone": ("claimed",), "email": ("claimed",), "vendor": ("asserted",)},
        lacks="everything while the chat goes on: a transcript comes when it is over",
        retries="not documented; a line keeps its place, so a repeat is recognised",
    )
    lateness_ms = 3_600_000
    """A chat may last."""

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        return bearer(request, source)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_json(read_form(request).get("data", "").encode())
        kind, ident = text(body, "kind"), text(body, "id")
        if kind != "Conversation" or not ident:
            return unknown(f"Olark sends no {kind!r} that we know.")
        lines = [line for line in rows(body, "items") if text(line, "kind") in _LINES]
        if not lines:
            return unknown("The transcript has no line that we know.")
        draft = Draft(request, source, kind, "chat", ident)
        visitor = table(body, "visitor")
        draft.identifiers = (
            *draft.vendor_id(text(visitor, "id")),
            *identifier("email", text(visitor, "emailAddress"), "claimed"),
            *identifier("phone", text(visitor, "phoneNumber"), "claimed"),
        )
        events: list[EventBase] = [_opened(draft, body, lines[0])]
        events += [_line(draft, line, place) for place, line in enumerate(lines)]
        events += _end(draft, visitor, lines)
        return Parsed(tuple(events))


def _at_ms(line: dict[str, Any]) -> int | None:
    return times.seconds(line.get("timestamp"))


def _opened(draft: Draft, body: dict[str, Any], first: dict[str, Any]) -> EventBase:
    by_visitor = text(first, "kind") in _FROM_VISITOR
    group = next((text(one, "name") for one in rows(body, "groups")), "")
    return draft.event(
        ConversationOpened,
        f"chat/{draft.conversation}",
        _at_ms(first),
        actor=CUSTOMER if by_visitor else _operator(first),
        initiated_by="customer" if by_visitor else "agent",
        direction="inbound" if by_visitor else "outbound",
        queue=group or None,
        personal={"name": text(body, "visitor", "fullName")},
    )


def _operator(line: dict[str, Any]) -> Actor:
    return Actor("agent", text(line, "operatorId") or None)


def _line(draft: Draft, line: dict[str, Any], place: int) -> EventBase:
    inbound = text(line, "kind") in _FROM_VISITOR
    ident = f"{draft.conversation}/{place}"
    return draft.event(
        MessagePosted,
        f"line/{ident}",
        _at_ms(line),
        actor=CUSTOMER if inbound else _operator(line),
        message_id=ident,
        direction="inbound" if inbound else "outbound",
        personal={"text": text(line, "body")},
    )


def _end(draft: Draft, visitor: dict[str, Any], lines: list[dict[str, Any]]) -> list[EventBase]:
    """A chat that somebody took part in is over; what was left while nobody was there is not."""
    found: list[EventBase] = []
    last_ms = _at_ms(lines[-1])
    if text(lines[-1], "kind") != "OfflineMessage":
        found.append(
            draft.event(
                ContactEnded,
                f"chat/{draft.conversation}/ended",
                last_ms,
                actor=SYSTEM,
                answered=any(text(line, "kind") == "MessageToVisitor" for line in lines),
            )
        )
    score = number(visitor, "chat_feedback", "overall_chat")
    comment = text(visitor, "chat_feedback", "comments")
    if score is not None or comment:
        found.append(
            draft.event(
                FeedbackReceived,
                f"chat/{draft.conversation}/feedback",
                last_ms,
                actor=CUSTOMER,
                instrument="csat",
                score=score,
                scale_min=1.0,
                scale_max=5.0,
                personal={"comment": comment},
            )
        )
    return found
