"""CloudEvents: the three modes, and what does not come in by the open door."""

from __future__ import annotations

import orjson

from streams.demo.traffic.cloudevents import Company
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body, Raw

CALL = Company("source", SECRET).contact(WHO, NOW_MS)
SIGNS = "body and time"
WORDS = ("Nadia", "example.com", "parcel")

PERSON = {"kind": "email", "value": "nadia@example.com", "trust": "curated"}


def event(kind: str, /, ident: str = "1", **data: object) -> Body:
    return {
        "specversion": "1.0",
        "type": f"filrouge.{kind}",
        "source": "shop",
        "id": ident,
        "time": "2026-09-21T14:13:20Z",
        "data": {"actor": {"kind": "customer"}, "identifiers": [PERSON], **data},
    }


MESSAGE = event(
    "message.posted",
    channel="chat",
    conversation="t1",
    message_id="m1",
    direction="inbound",
    personal={"text": "Where is my parcel?"},
)
BINARY = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-type": "filrouge.task.progressed",
    "ce-source": "shop",
    "ce-id": "9",
    "ce-time": "2026-09-21T14:13:20Z",
}
TASK = {
    "actor": {"kind": "customer"},
    "identifiers": [PERSON],
    "task_kind": "cart",
    "task_id": "9007199254740993",
    "step": "address",
    "state": "progressed",
}

BODIES: Bodies = {
    "structured": (MESSAGE, ("message.posted",)),
    "batch": ([MESSAGE, event("context.viewed", "2")], ("message.posted", "context.viewed")),
    "the same twice": ([MESSAGE, MESSAGE], ("message.posted",)),
    "binary": (Raw(orjson.dumps(TASK), BINARY), ("task.progressed",)),
    "all abilities": (
        [
            event("message.status_changed", "s", message_id="m1", status="read"),
            event("conversation.updated", "u", conversation="t1", status="resolved"),
            event("contact.ended", "e", conversation="t1"),
            event("queue.entered", "q", conversation="t1", queue="first"),
            event("agent.connected", "a", conversation="t1", agent="7"),
            event("assignment.changed", "b", conversation="t1", to={"bot": "helper"}),
            event("feedback.received", "f", instrument="csat", score=5),
            event("consent.changed", "c", purpose="notices", state="granted"),
        ],
        (
            "message.status_changed",
            "conversation.updated",
            "contact.ended",
            "queue.entered",
            "agent.connected",
            "assignment.changed",
            "feedback.received",
            "consent.changed",
        ),
    ),
    "bare": (
        {"type": "task.progressed", "id": "3", "time": "2026-09-21T14:13:20Z", **TASK},
        ("task.progressed",),
    ),
    "short forms": (
        event(
            "message.posted",
            channel="chat",
            conversation=7,
            actor="agent:8",
            message_id="m2",
            direction="outbound",
        ),
        ("message.posted",),
    ),
    "a field that there is not": (
        event("conversation.updated", conversation="t1", status="open", order=7),
        ("conversation.updated",),
    ),
    "words in the wrong place": (
        event("message.posted", message_id="m3", direction="inbound", text="Where is my parcel?"),
        ("message.posted", "partial"),
    ),
    "a personal field that there is not": (
        event("message.posted", message_id="m4", direction="inbound", personal={"surname": "x"}),
        ("message.posted",),
    ),
    "a time that cannot be read": (
        {**MESSAGE, "time": "21/09/2026 14:13"},
        ("message.posted", "partial"),
    ),
    "a misspelt half of a party": (
        event("assignment.changed", conversation="t1", to={"agents": "7"}),
        "malformed",
    ),
    "a part that is good": (
        [MESSAGE, event("conversation.updated", "2", status="solved")],
        ("message.posted", "partial"),
    ),
    "empty batch": ([], "ignored"),
    "unknown type": (event("parcel.levitated"), "unknown_type"),
    "first-party type": (event("clock.tick"), "malformed"),
    "no id": ({**MESSAGE, "id": ""}, "malformed"),
    "a field is missing": (event("message.posted", channel="chat"), "malformed"),
    "an item that is no event": ([7], "malformed"),
}
