"""Whole conversations of Genesys Cloud (`v2.conversations.…`, `v2.users.{id}.conversations…`, and
the answer of `GET /api/v2/conversations/{id}`): what is so, told again with every change.

A conversation has participants (`purpose`: customer, external, ivr, flow, acd, agent, user…), each
with sessions by medium (`calls`, `messages`, …); topics of one medium put the session's fields on
the participant itself.  Everything has its times, so each phase has its key: told again it is the
same event.  Here, unlike in single events, a consultation can be seen: another agent was connected,
and neither of them passed the conversation on.
Do not subscribe these topics beside the detail events: both tell the same, in other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from schemas.common import Actor, Channel, Party
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    ContactEnded,
    ContactHeld,
    ConversationOpened,
    Durations,
    EventBase,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
    WrapupEnded,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed
from streams.channels.body import number, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft
from streams.channels.genesys_media import (
    NOT_TAKEN,
    PASSED,
    by_whom,
    channel,
    disconnect,
    phone,
    reached_at,
)

_SESSIONS = {
    "calls": "VOICE",
    "callbacks": "CALLBACK",
    "chats": "CHAT",
    "messages": "MESSAGE",
    "emails": "EMAIL",
    "videos": "VIDEO",
    "cobrowsesessions": "COBROWSE",
    "screenshares": "SCREENSHARE",
}
_OF_ONE_MEDIUM = re.compile(r"\.conversations\.(call|callback|chat|message|email)s\b")
_AGENTS = {"agent", "user"}
_FLOWS = {"ivr", "flow", "workflow", "bot"}
_AT_ONCE_MS = 5_000
"""An agent who is connected so soon after the queue has answered it."""


class _Session(NamedTuple):
    """One participant in one medium."""

    participant: dict[str, Any]
    told: dict[str, Any]
    media: str
    purpose: str
    agent: str
    start_ms: int | None
    connected_ms: int | None
    end_ms: int | None
    reason: str

    @property
    def key(self) -> str:
        return f"{text(self.participant, 'id')}/{text(self.told, 'id')}"


def is_conversation(body: dict[str, Any]) -> bool:
    return isinstance(body.get("participants"), list) and bool(text(body, "id"))


def read_conversation(body: dict[str, Any], draft: Draft) -> Parsed:
    topic = draft.native_type
    draft.native_type = topic or "conversation"
    draft.conversation = text(body, "id")
    medium = _OF_ONE_MEDIUM.search(topic)
    sessions = list(_sessions(body, medium.group(1).upper() if medium else ""))
    if not sessions:
        return malformed("Nobody takes part in this conversation.")
    first = next((s for s in sessions if s.purpose in {"customer", "external"}), sessions[0])
    draft.channel = _channel(first)
    _name_customer(body, first, draft)
    events = [event for session in sessions for event in _events(session, sessions, draft)]
    events.sort(key=lambda event: event.time_ms)
    if not events:
        return ignored("Nothing has happened in this conversation that has a time.")
    return Parsed(tuple(events))


def _sessions(body: dict[str, Any], medium: str) -> Iterator[_Session]:
    for participant in rows(body, "participants"):
        found = [
            (told, media) for name, media in _SESSIONS.items() for told in rows(participant, name)
        ]
        if not found and (medium or text(participant, "state")):
            found = [(participant, medium or text(participant, "mediaType"))]
        for told, media in found:
            yield _Session(
                participant,
                told,
                media,
                text(participant, "purpose").lower(),
                text(participant, "userId") or text(participant, "user", "id"),
                _time(told, "startAlertingTime")
                or _time(participant, "startTime")
                or _time(told, "connectedTime"),
                _time(told, "connectedTime") or _time(participant, "connectedTime"),
                _time(told, "disconnectedTime") or _time(participant, "endTime"),
                disconnect(text(told, "disconnectType")),
            )


def _time(value: dict[str, Any], name: str) -> int | None:
    return times.iso(value.get(name))


def _channel(session: _Session) -> Channel:
    kind = text(session.told, "type") or text(session.participant, "messageType")
    return channel(session.media, kind)


def _name_customer(body: dict[str, Any], session: _Session, draft: Draft) -> None:
    participant = session.participant
    contact = text(participant, "externalContactId") or text(session.told, "externalContact", "id")
    draft.identifiers = draft.vendor_id(f"contact/{contact}" if contact else "")
    if session.purpose not in {"customer", "external"}:
        return
    if session.media in {"VOICE", "VIDEO"}:
        for address in (
            text(participant, "ani"),
            text(participant, "address"),
            text(body, "address"),
        ):
            if found := phone(address, "network"):
                draft.identifiers += found
                return
    elif session.media == "CALLBACK":
        asked = session.told.get("callbackNumbers")
        for one in asked if isinstance(asked, list) else ():
            draft.identifiers += phone(text(one), "claimed")
    else:
        other = table(session.told, "fromAddress") or table(participant, "fromAddress")
        draft.identifiers += reached_at(draft, text(other, "addressNormalized"))


def _events(session: _Session, sessions: list[_Session], draft: Draft) -> Iterator[EventBase]:
    if session.purpose == "customer":
        yield from _customer(session, sessions, draft)
    elif session.purpose == "acd":
        yield from _queue(session, sessions, draft)
    elif session.purpose in _FLOWS:
        yield from _flow(session, draft)
    elif session.purpose in _AGENTS and session.agent:
        yield from _agent(session, sessions, draft)


def _one(
    session: _Session, draft: Draft, cls: type[EventBase], what: str, at_ms: int, **fields: Any
) -> EventBase:
    key = f"conversation/{draft.conversation}/{session.key}/{what}/{at_ms}"
    return draft.event(cls, key, at_ms, **fields)


def _span(start_ms: int | None, end_ms: int | None) -> int | None:
    if start_ms is None or end_ms is None or end_ms < start_ms:
        return None
    return end_ms - start_ms


def _customer(session: _Session, sessions: list[_Session], draft: Draft) -> Iterator[EventBase]:
    outbound = text(session.told, "direction").lower() == "outbound"
    callback = session.media == "CALLBACK"
    by_customer = callback or not outbound
    if session.start_ms is not None:
        yield _one(
            session, draft, ConversationOpened, "opened", session.start_ms,
            actor=CUSTOMER if by_customer else Actor("agent"),
            initiated_by="customer" if by_customer else "agent",
            direction="outbound" if callback or outbound else "inbound",
            rel="callback" if callback else None,
            personal={
                "name": text(session.participant, "name"),
                "subject": text(session.told, "subject"),
            },
        )  # fmt: skip
    if session.end_ms is not None:
        agents = [s for s in sessions if s.purpose in _AGENTS and s.connected_ms is not None]
        by = by_whom(session.reason)
        if by == "unknown" and any(s.reason == "CLIENT" for s in agents):
            by = "agent"
        yield _one(
            session, draft, ContactEnded, "ended", session.end_ms,
            actor={"customer": CUSTOMER, "agent": Actor("agent")}.get(by, SYSTEM),
            by=by,
            reason=session.reason.lower() or None,
            answered=bool(agents),
            durations=Durations(total_ms=_span(session.start_ms, session.end_ms)),
        )  # fmt: skip


def _queue(session: _Session, sessions: list[_Session], draft: Draft) -> Iterator[EventBase]:
    queue = text(session.participant, "queueId") or text(session.participant, "queue", "id")
    if session.start_ms is None:
        return
    yield _one(
        session, draft, QueueEntered, "queued", session.start_ms,
        actor=CUSTOMER, queue=queue or "unknown",
    )  # fmt: skip
    if session.end_ms is None:
        return
    outcome: Literal["answered", "abandoned", "flow_out", "system"] = "system"
    latest_ms = session.end_ms + _AT_ONCE_MS
    if any(
        s.purpose in _AGENTS
        and s.connected_ms is not None
        and session.start_ms <= s.connected_ms <= latest_ms
        for s in sessions
    ):
        outcome = "answered"
    elif "TRANSFER" in session.reason:
        outcome = "flow_out"
    elif session.reason in {"CLIENT", "ENDPOINT", "PEER"}:
        outcome = "abandoned"
    yield _one(
        session, draft, QueueLeft, "left", session.end_ms,
        actor=CUSTOMER if outcome == "abandoned" else SYSTEM,
        queue=queue or "unknown",
        outcome=outcome,
        wait_ms=_span(session.start_ms, session.end_ms),
    )  # fmt: skip


def _flow(session: _Session, draft: Draft) -> Iterator[EventBase]:
    if session.start_ms is not None:
        yield _one(
            session, draft, SelfserviceStepped, "entered", session.start_ms,
            resource=session.purpose, step="entered", outcome="started",
        )  # fmt: skip
    if session.end_ms is not None:
        passed = session.reason in PASSED
        yield _one(
            session, draft, SelfserviceStepped, "ended", session.end_ms,
            resource=session.purpose,
            step=session.reason.lower() or "ended",
            outcome="escalated" if passed else "left",
        )  # fmt: skip


def _agent(session: _Session, sessions: list[_Session], draft: Draft) -> Iterator[EventBase]:
    agent = Actor("agent", session.agent)
    outbound = text(session.told, "direction").lower() == "outbound"
    if session.start_ms is not None and not outbound:
        yield _one(
            session, draft, AgentOffered, "offered", session.start_ms,
            agent=session.agent, outcome="ringing",
        )  # fmt: skip
    if session.connected_ms is None:
        if session.end_ms is not None and not outbound:
            declined = "declined" if session.reason == "CLIENT" else "missed"
            yield _one(
                session, draft, AgentOffered, "not taken", session.end_ms,
                agent=session.agent, outcome=NOT_TAKEN.get(session.reason, declined),
            )  # fmt: skip
        return
    yield _one(
        session, draft, AgentConnected, "connected", session.connected_ms,
        actor=agent if outbound else CUSTOMER,
        agent=session.agent,
        mode="consult" if _beside_another(session, sessions) else "owner",
    )  # fmt: skip
    held_ms = _time(session.told, "startHoldTime")
    if session.told.get("held") is True and held_ms is not None:
        yield _one(session, draft, ContactHeld, "held", held_ms, actor=agent, phase="held")
    if session.end_ms is not None:
        yield from _gone(session, draft, agent, session.end_ms)


def _beside_another(session: _Session, sessions: list[_Session]) -> bool:
    """Another agent had the conversation when this one was connected, and kept it."""
    at_ms = session.connected_ms or 0
    return any(
        other is not session
        and other.purpose in _AGENTS
        and other.agent != session.agent
        and other.connected_ms is not None
        and other.connected_ms < at_ms
        and (other.end_ms is None or other.end_ms > at_ms)
        for other in sessions
    )


def _gone(session: _Session, draft: Draft, agent: Actor, end_ms: int) -> Iterator[EventBase]:
    if passed := PASSED.get(session.reason):
        queue = text(session.participant, "queueId") or None
        yield _one(
            session, draft, TransferReported, "transfer", end_ms,
            actor=agent, kind=passed.kind, phase=passed.phase,
            from_=Party(agent=session.agent, queue=queue),
        )  # fmt: skip
    yield _one(
        session, draft, AgentDisconnected, "gone", end_ms,
        actor=agent, agent=session.agent, reason=session.reason.lower() or None,
    )  # fmt: skip
    work = table(session.told, "afterCallWork")
    code = table(session.told, "wrapup") or table(session.participant, "wrapup")
    spent_s = number(code, "durationSeconds")
    worked_ms = _time(work, "endTime") or _time(code, "endTime")
    if (code or text(work, "state") == "complete") and worked_ms is not None:
        yield _one(
            session, draft, WrapupEnded, "wrapup", worked_ms,
            actor=agent,
            agent=session.agent,
            code=text(code, "code") or None,
            duration_ms=round(spent_s * 1_000)
            if spent_s is not None
            else _span(_time(work, "startTime"), worked_ms),
            personal={"note": text(code, "notes")},
        )  # fmt: skip
