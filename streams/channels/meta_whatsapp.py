"""WhatsApp Cloud API (Meta).

One body is a batch: entries, changes, and in each change messages, statuses, calls, echoes.  The
same message may stand twice in one body, and a whole batch comes again after anything but a 2xx,
for up to seven days; a message's id (`wamid`) is its dedupe key, a status' is id and status.
A customer may have no number, only a business-scoped user id (BSUID), and both may change.
Shapes: Meta's webhook reference and the public test suites of pywa, courier and others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.events import EventBase
from streams.channels.about import About
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.body import read_object, rows, text
from streams.channels.meta import MetaWebhook
from streams.channels.meta_whatsapp_calls import read_call
from streams.channels.meta_whatsapp_change import Change, error_words
from streams.channels.meta_whatsapp_messages import read_history, read_message
from streams.channels.meta_whatsapp_people import (
    read_click,
    read_handover,
    read_preference,
    read_rekey,
)
from streams.channels.meta_whatsapp_receipts import read_status

_ABOUT_THE_ACCOUNT = (
    "account_", "automatic_events", "business_", "campaign_status_", "flows", "group_",
    "message_template_", "partner_solutions", "payment_configuration_", "phone_number_",
    "security", "smb_app_state_sync", "template_", "tracking_events", "web_",
)  # fmt: skip
"""Beginnings of the names of fields in which no customer does anything."""

_ON_PREMISES = {"messages", "statuses"}
"""The on-premises API, which some providers still speak, sends what a change holds by itself."""


class MetaWhatsApp(MetaWebhook):
    vendor = "meta_whatsapp"
    title = "WhatsApp Cloud"
    options = ("verify_token",)
    about = About(
        gives=(
            "messages", "receipts", "states", "ends", "agents", "transfers", "self-care", "consent",
        ),
        identities={
            "phone": ("asserted",),
            "whatsapp": ("asserted",),
            "bsuid": ("asserted",),
        },
        transfer="messaging_handovers (control_passed)",
        lacks="which agent answered, resolution, what your own system sends through the API",
        retries="the whole batch, up to 7 days; receipts out of order",
    )  # fmt: skip

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        changes = [
            (entry, change) for entry in rows(body, "entry") for change in rows(entry, "changes")
        ]
        if not changes and "field" in body:  # as the App Dashboard's test button shows it
            changes = [({}, body)]
        elif not changes and not _ON_PREMISES.isdisjoint(body):
            changes = [({}, {"value": body})]
        events: dict[str, EventBase] = {}
        reasons: list[str] = []
        strange = False
        for entry, change in changes:
            found = Change(request, source, entry, change)
            events |= {event.id: event for event in _events(found)}
            reasons += found.reasons
            strange |= found.strange
        kind = text(body, "object")
        if not changes and kind != "whatsapp_business_account":
            strange = True
            reasons.append(f"This is a body of {kind or 'nothing'}, not of a WhatsApp account.")
        reason = " ".join(dict.fromkeys(reasons))
        if events:
            return Parsed(
                tuple(events.values()), reason if strange else "", "partial" if strange else ""
            )
        if strange:
            return Parsed(reason=reason, code="unknown_type")
        return Parsed(reason=reason or "The batch is empty: no entry with changes.", code="ignored")


_PARTS: dict[str, Callable[[Change, dict[str, Any]], list[EventBase]]] = {
    "messages": lambda change, message: read_message(change, message, inbound=True),
    "message_echoes": lambda change, message: read_message(change, message, inbound=False),
    "statuses": read_status,
    "calls": read_call,
    "user_preferences": read_preference,
    "user_actions": read_click,
    "user_id_update": read_rekey,
    "history": read_history,
}
"""What a change may hold, in the order in which it is told."""


def _events(change: Change) -> list[EventBase]:
    value = change.value
    found: list[EventBase] = []
    for name, read in _PARTS.items():
        for part in rows(value, name):
            found += read(change, part)
    if "control_passed" in value or change.field == "messaging_handovers":
        found += read_handover(change)
    for error in rows(value, "errors"):
        change.reasons.append(f"Meta reports an error: {error_words(error)}.")
    if not found and not change.reasons:
        _nothing(change, known=not _PARTS.keys().isdisjoint(value))
    return found


def _nothing(change: Change, *, known: bool) -> None:
    what = f"{change.field or 'A change without a field'} {text(change.value, 'event')}".strip()
    if known:
        change.reasons.append("The batch is empty.")
    elif change.field.startswith(_ABOUT_THE_ACCOUNT):
        change.reasons.append(f"{what}: about the account, not about what a customer did.")
    else:
        change.odd(f"{what}: WhatsApp sends no such field that we know.")
