"""Calls by WhatsApp: connect, then terminate, which tells when the talk began.

How a call that we made fares comes as statuses.  Source: Meta's documentation, "Cloud API Calling".
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor
from schemas.events import AgentConnected, ContactEnded, ConversationOpened, Durations, EventBase
from streams.channels import times
from streams.channels.body import number, text
from streams.channels.draft import CUSTOMER, Draft
from streams.channels.meta_whatsapp_change import Change, Person


def read_call(change: Change, call: dict[str, Any]) -> list[EventBase]:
    """WhatsApp voice: connect, then terminate, which tells when the talk began."""
    ident = text(call, "id")
    event = (text(call, "event") or text(call, "status")).lower()
    if not ident:
        return change.odd(f"A call event {event!r} without the call's id.")
    inbound = text(call, "direction") != "BUSINESS_INITIATED"
    sides = (text(call, "from"), text(call, "to"))
    ids = (text(call, "from_user_id"), text(call, "to_user_id"))
    told = (*sides, *ids) if inbound else (*reversed(sides), *reversed(ids))
    person = change.who(told, alone=change.alone("calls"))
    at_ms = times.seconds(call.get("timestamp"))
    if event == "connect":
        return [_opened(change, ident, person, at_ms, inbound=inbound)]
    if event in {"accept", "accepted"}:
        return [_connected(change, ident, person, at_ms, inbound=inbound)]
    if event in {"terminate", "rejected", "reject", "failed"}:
        talk_s = number(call, "duration") or 0
        answered = talk_s > 0
        found: list[EventBase] = []
        if answered and (began := times.seconds(call.get("start_time"))):
            found.append(_connected(change, ident, person, began, inbound=inbound))
        found.append(
            _turn_to_call(change, ident, person, f"calls.{event}").event(
                ContactEnded,
                f"call/{ident}/ended",
                at_ms,
                reason=text(call, "status").lower() or event,
                answered=answered,
                durations=Durations(talk_ms=round(talk_s * 1_000)) if answered else None,
            )
        )
        return found
    return change.odd(f"A call event that we do not know: {event!r}.")


def read_call_status(
    change: Change, ident: str, state: str, person: Person, at_ms: int | None
) -> list[EventBase]:
    """How a call that we made fares: it rings, is accepted or rejected; the end comes as
    `terminate`.
    """
    if state == "ringing":
        return [_opened(change, ident, person, at_ms, inbound=False)]
    if state == "accepted":
        return [_connected(change, ident, person, at_ms, inbound=False)]
    if state == "rejected":
        draft = _turn_to_call(change, ident, person, "calls.rejected")
        return [
            draft.event(
                ContactEnded,
                f"call/{ident}/rejected",
                at_ms,
                actor=CUSTOMER,
                by="customer",
                reason="rejected",
                final=False,
                answered=False,
            )
        ]
    return change.odd(f"A call status that we do not know: {state!r}.")


def _turn_to_call(change: Change, ident: str, person: Person, native_type: str) -> Draft:
    draft = change.turn_to(person, native_type)
    draft.channel, draft.conversation = "voice", f"call/{ident}"
    return draft


def _opened(
    change: Change, ident: str, person: Person, at_ms: int | None, *, inbound: bool
) -> EventBase:
    return _turn_to_call(change, ident, person, "calls.connect").event(
        ConversationOpened,
        f"call/{ident}/opened",
        at_ms,
        actor=CUSTOMER if inbound else Actor("agent"),
        initiated_by="customer" if inbound else "agent",
        direction="inbound" if inbound else "outbound",
    )


def _connected(
    change: Change, ident: str, person: Person, at_ms: int | None, *, inbound: bool
) -> EventBase:
    """Who of us talks is not told: the number stands for him."""
    return _turn_to_call(change, ident, person, "calls.accept").event(
        AgentConnected,
        f"call/{ident}/accepted",
        at_ms,
        actor=CUSTOMER if inbound else Actor("agent"),
        agent=change.number_id or "whatsapp",
    )
