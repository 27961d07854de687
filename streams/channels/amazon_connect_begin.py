"""How a contact of Amazon Connect's begins, in its flow; and who its customer turns out to be."""

from __future__ import annotations

from typing import Literal

from schemas.common import Actor, ConversationRef, Party
from schemas.events import (
    ConversationLinked,
    ConversationOpened,
    EventBase,
    IdentityLinked,
    SelfserviceStepped,
    TransferReported,
)
from streams.channels.amazon_connect_contact import BEGUN, Begun, Contact
from streams.channels.body import text
from streams.channels.draft import CUSTOMER, SYSTEM

_TRANSFERS: dict[str, Literal["unknown", "queue"]] = {
    "TRANSFER": "unknown",
    "QUEUE_TRANSFER": "queue",
}


def read_initiated(contact: Contact) -> list[EventBase]:
    if kind := _TRANSFERS.get(contact.method):
        to = Party(agent=contact.agent or None, queue=contact.queue or None)
        return [
            contact.one(
                TransferReported,
                "transfer",
                contact.began_ms,
                kind=kind,
                phase="started",
                to=to if to != Party() else None,
                refs=contact.previous(),
            )
        ]
    if contact.method == "DISCONNECT":
        # The flow that runs once the agent has gone, such as a survey.
        return [_stepped(contact, "disconnect flow", "entered", contact.began_ms)]
    begun = BEGUN.get(contact.method or contact.draft.native_type, Begun("system", "inbound"))
    if contact.outbound and contact.method == "API":
        begun = Begun("system", "outbound")
    if contact.task:
        begun = Begun("system", "inbound")
    elif contact.detail.get("campaign"):
        begun = Begun("campaign", "outbound")
    actor = {"customer": CUSTOMER, "agent": Actor("agent", contact.agent or None)}
    opened = contact.one(
        ConversationOpened,
        "opened",
        contact.began_ms,
        actor=SYSTEM if begun.rel else actor.get(begun.by, SYSTEM),
        initiated_by=begun.by,
        direction=begun.direction,
        rel="persistent" if contact.related and not begun.rel else begun.rel,
        queue=contact.queue or None,
        refs=contact.previous(),
    )
    if not contact.related:
        return [opened]
    linked = contact.one(
        ConversationLinked,
        f"related/{contact.related}",
        contact.began_ms,
        rel="related",
        other=ConversationRef(contact.draft.source_name, contact.related),
    )
    return [opened, linked]


def read_answered_by_system(contact: Contact) -> list[EventBase]:
    """The flow has the contact; of a call of ours it says who or what picked up."""
    step = text(contact.detail, "answeringMachineDetectionStatus").lower() or "connected"
    return [_stepped(contact, "flow", step, contact.time("connectedToSystemTimestamp"))]


def read_updated(contact: Contact) -> list[EventBase]:
    """Of what may change, only who the customer is concerns us."""
    changed = contact.detail.get("updatedProperties")
    told = " ".join(map(str, changed)).lower() if isinstance(changed, list) else ""
    customer = text(contact.detail, "customerId")
    if "customerid" not in told or not customer:
        return []
    return [contact.one(IdentityLinked, f"customer/{customer}", None, rel="same", by="crm")]


def _stepped(contact: Contact, resource: str, step: str, at_ms: int | None) -> EventBase:
    return contact.one(
        SelfserviceStepped, f"{resource}/{step}", at_ms,
        resource=resource, step=step, outcome="started",
    )  # fmt: skip
