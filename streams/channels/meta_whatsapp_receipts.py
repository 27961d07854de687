"""Receipts of what we sent: of messages, and of payments that were asked for in one."""

from __future__ import annotations

from typing import Any, Literal

from schemas.events import EventBase, MessageStatusChanged, TaskProgressed
from streams.channels import times
from streams.channels.body import number, table, text
from streams.channels.draft import CUSTOMER
from streams.channels.meta_whatsapp_calls import read_call_status
from streams.channels.meta_whatsapp_change import Change, error_words
from streams.channels.meta_whatsapp_people import consent

_STATUSES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "played",
    "failed": "failed",
    "deleted": "deleted",
    "pending": "queued",
    "accepted": "queued",
}
_OPTED_OUT = "131050"
"""The error of a marketing message to somebody who wants none."""


def read_status(change: Change, status: dict[str, Any]) -> list[EventBase]:
    ident, state = text(status, "id"), text(status, "status").lower()
    at_ms = times.seconds(status.get("timestamp"))
    if not ident:
        return change.odd(f"A status {state!r} of a message without an id.")
    group = text(status, "recipient_type") == "group"
    told = tuple(
        text(status, f"recipient_{'participant_' if group else ''}{name}")
        for name in ("id", "user_id")
    )
    person = change.who((*told, text(status, "from")), alone=change.alone("statuses"))
    draft = change.turn_to(person, f"status.{state}")
    kind = text(status, "type")
    if kind == "call":
        return read_call_status(change, ident, state, person, at_ms)
    if kind == "payment":
        return _payment(change, status, state, at_ms)
    if state not in _STATUSES:
        return change.odd(f"A status that we do not know: {state!r}.")
    suffix = ""
    if group:
        # Each member has his own receipt; the thread is the group's.
        suffix = f"/{person.key}"
        draft.identifiers, draft.conversation = (), f"group/{text(status, 'recipient_id')}"
    error = table(status, "errors", 0)
    found: list[EventBase] = [
        draft.event(
            MessageStatusChanged,
            f"status/{ident}/{state}{suffix}",
            at_ms,
            message_id=ident,
            status=_STATUSES[state],
            reason=error_words(error) or None,
        )
    ]
    if text(error, "code") == _OPTED_OUT:
        found.append(consent(change, "marketing", False, f"status/{ident}", at_ms))
    return found


def _payment(
    change: Change, status: dict[str, Any], state: str, at_ms: int | None
) -> list[EventBase]:
    """Amounts are `value / offset`, in the currency's unit; ours are hundredths."""
    payment = table(status, "payment")
    states: dict[str, Literal["progressed", "completed", "cancelled"]] = {
        "pending": "progressed",
        "captured": "completed",
        "success": "completed",
        "failed": "cancelled",
        "canceled": "cancelled",
    }
    if state not in states:
        return change.odd(f"A payment status that we do not know: {state!r}.")
    amount = table(payment, "amount") or table(payment, "transaction", "amount")
    value, offset = number(amount, "value"), number(amount, "offset") or 100
    task = text(payment, "reference_id") or text(status, "id")
    transaction = text(payment, "transaction", "id")
    return [
        change.draft.event(
            TaskProgressed,
            f"payment/{task}/{transaction}/{state}",
            at_ms,
            actor=CUSTOMER,
            task_kind="payment",
            task_id=task,
            step=state,
            state=states[state],
            value=round(value * 100 / offset) if value is not None and offset >= 1 else None,
            currency=text(payment, "currency") or text(payment, "transaction", "currency") or None,
        )
    ]
