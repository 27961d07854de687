"""A contact record of Amazon Connect's, from the stream of its records: a whole contact, told when
it is over.

It holds what the contact events tell one after the other, under other names: `Agent` and `Queue`
for `agentInfo` and `queueInfo`.  Its times are whole seconds, so it stands for the events and not
beside them.  A contact that has a next one was passed on: the conversation does not end with it.
Source: Amazon Connect administrator guide, "Contact records data model".
"""

from __future__ import annotations

from typing import Any

from schemas.events import EventBase
from streams.channels.amazon_connect_agents import read_connected, read_queued
from streams.channels.amazon_connect_begin import read_initiated
from streams.channels.amazon_connect_contact import Contact
from streams.channels.amazon_connect_end import read_completed
from streams.channels.body import table, text

RECORD = "CONTACT_RECORD"


def is_record(detail: dict[str, Any]) -> bool:
    """A contact that names no phase, and has the shape of a record."""
    return not text(detail, "eventType") and bool({"agent", "queue"} & detail.keys())


def as_event(record: dict[str, Any]) -> dict[str, Any]:
    """The record by the names of a contact event."""
    agent, queue = table(record, "agent"), table(record, "queue")
    told = {
        **record,
        "eventType": RECORD,
        "agentInfo": {**agent, "agentArn": text(agent, "arn")},
        "queueInfo": {**queue, "queueArn": text(queue, "arn") or text(queue, "name")},
    }
    if text(record, "nextContactId"):
        told["disconnectReason"] = "TRANSFERRED"
    return told


def read_record(contact: Contact) -> list[EventBase]:
    found = read_initiated(contact)
    if contact.queued_ms:
        found += read_queued(contact)
    if contact.answered_ms:
        found += read_connected(contact)
    if contact.ended_ms:
        found += read_completed(contact)
    return found
