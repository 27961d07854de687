"""Amazon Connect contact events, by an EventBridge API destination (`eventbridge.py`).

A body is one phase of a contact and tells all phases so far with their times to the millisecond
(`amazon_connect_contact.py`).  What a phase means is told in `amazon_connect_begin.py`,
`amazon_connect_agents.py` and `amazon_connect_end.py`; a record of a whole contact is read in
`amazon_connect_record.py`.

Dedupe: contact, phase and its time.  Events are sent as best they can: some may be missing.
Not told: the words, and mostly who the customer is: we know his contacts by their ids.
Sources: Amazon Connect administrator guide, "Amazon Connect contact events", "Contact records data
model" (initiation methods, disconnect reasons), "Create a rule that generates an EventBridge
event"; Amazon EventBridge reference, "Amazon Connect events".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.events import ConversationUpdated, EventBase
from streams.channels import times
from streams.channels.about import About
from streams.channels.amazon_connect_agents import read_connected, read_held, read_queued
from streams.channels.amazon_connect_begin import (
    read_answered_by_system,
    read_initiated,
    read_updated,
)
from streams.channels.amazon_connect_contact import Contact, camel, name_of
from streams.channels.amazon_connect_end import read_completed, read_disconnected
from streams.channels.amazon_connect_record import RECORD, as_event, is_record, read_record
from streams.channels.base import Parsed, Request, SourceConfig, ignored, malformed, unknown
from streams.channels.body import read_object, table, text
from streams.channels.draft import Draft
from streams.channels.eventbridge import EventBridge

_CONTACT_EVENT = "Amazon Connect Contact Event"
_READERS: Mapping[str, Callable[[Contact], list[EventBase]]] = {
    "INITIATED": read_initiated,
    "WEBRTC_API": read_initiated,  # a call from the company's own page or app
    "CONNECTED_TO_SYSTEM": read_answered_by_system,
    "QUEUED": read_queued,
    "CONNECTED_TO_AGENT": read_connected,
    "DISCONNECTED": read_disconnected,
    "COMPLETED": read_completed,
    "PAUSED": lambda contact: read_held(contact, "held", "lastPausedTimestamp"),
    "RESUMED": lambda contact: read_held(contact, "resumed", "lastResumedTimestamp"),
    "CONTACT_DATA_UPDATED": read_updated,
    RECORD: read_record,
}
_AFTERMATH = (
    "Contact Lens Analysis State Change",
    "Contact Lens Automated Evaluation Submission Failed",
    "Contact Lens Evaluation",
    "Metrics Rules Matched",
    "Amazon Connect Rules Action Execution Failed",
    "AWS API Call via CloudTrail",
    "AWS Service Event via CloudTrail",
)


class AmazonConnect(EventBridge):
    vendor = "amazon_connect"
    title = "Amazon Connect"
    options = ()
    about = About(
        gives=("states", "ends", "queue", "agents", "transfers", "self-care"),
        identities={
            "phone": ("network",),
            "email": ("claimed",),
            "crm": ("curated",),
            "vendor": ("asserted",),
        },
        transfer="a new contact with initiationMethod TRANSFER or QUEUE_TRANSFER",
        lacks="what was said, holds on calls, ratings",
        retries="EventBridge, up to 24 hours; may come twice, no order; one may be missing",
    )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        kind = text(body, "detail-type")
        detail = camel(table(body, "detail"))
        if not kind and "contactId" in camel(body):  # the rule sends the detail alone
            kind, detail = _CONTACT_EVENT, camel(body)
            detail = as_event(detail) if is_record(detail) else detail
        at_ms = times.iso(body.get("time"))
        if kind == _CONTACT_EVENT:
            return _phase(Contact(request, source, detail, at_ms))
        if kind.startswith(_AFTERMATH):
            return ignored(f"{kind}: about the company's own work, not about what a customer did.")
        if "Contact Lens" in kind and "Match" in kind:
            return _rule(Draft(request, source, kind), detail, at_ms, text(body, "id"))
        return unknown(f"Amazon Connect sends no event {kind!r} that we know.")


def _phase(contact: Contact) -> Parsed:
    kind = contact.draft.native_type
    if not contact.id:
        return malformed("The contact has no id.")
    if kind == "AMD_DISABLED":
        return ignored("AMD_DISABLED: a setting of the dialler.")
    if kind not in _READERS:
        return unknown(f"Amazon Connect sends no contact event {kind!r} that we know.")
    if contact.method == "MONITOR" and kind != "CONNECTED_TO_AGENT":
        return ignored(f"{kind}: a supervisor listens in.")
    events = _READERS[kind](contact)
    if not events:
        return ignored(f"{kind}: nothing that a journey depends on has changed.")
    return Parsed(tuple(events))


def _rule(draft: Draft, detail: dict[str, Any], at_ms: int | None, ident: str) -> Parsed:
    """A rule of Contact Lens found its words, tone or category in a contact."""
    contact = name_of(text(detail, "contactArn"))
    tags = tuple(filter(None, (text(detail, "ruleName"), text(detail, "actionName"))))
    if not contact or not tags:
        return malformed("The rule names no contact, or not itself.")
    draft.channel = "chat" if "Chat" in draft.native_type else "voice"
    draft.channel = "email" if "Email" in draft.native_type else draft.channel
    draft.conversation = contact
    draft.identifiers = draft.vendor_id(f"contact/{contact}")
    key = f"rule/{ident or at_ms}/{contact}/{'/'.join(tags)}"
    updated = draft.event(ConversationUpdated, key, at_ms, tags=tags, by_model="Contact Lens")
    return Parsed((updated,))
