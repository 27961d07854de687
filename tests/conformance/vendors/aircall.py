"""Aircall: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.aircall import Line
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body

CALL = Line("source", SECRET).event("call.created", 1, WHO, NOW_MS)
SIGNS = "nothing"
WORDS = ("Nadia",)


def call(event: str, **data: Any) -> Body:
    shown = {
        "id": 9007199254740993,
        "direction": "inbound",
        "status": "initial",
        "raw_digits": "+1 212-555-0105",
        "started_at": NOW_S - 40,
        "number": {"id": 7, "name": "Support", "digits": "+1 555-010-0700"},
        **data,
    }
    return {
        "resource": event.partition(".")[0],
        "event": event,
        "timestamp": NOW_S,
        "token": "x",
        "data": shown,
    }


BODIES: Bodies = {
    "created": (call("call.created"), ("conversation.opened", "queue.entered")),
    "rings": (call("call.ringing_on_agent", user={"id": 501}), ("agent.offered",)),
    "answered": (call("call.answered", user={"id": 501}), ("queue.left", "agent.connected")),
    "handed to a colleague": (
        call("call.transferred", user={"id": 501}, transferred_to={"id": 502}),
        ("transfer.reported",),
    ),
    "hung up": (call("call.hungup", answered_at=NOW_S - 30), ("contact.ended",)),
    "voicemail": (call("call.voicemail_left"), ("message.posted",)),
    "card": (
        {
            "resource": "contact",
            "event": "contact.updated",
            "timestamp": NOW_S,
            "token": "x",
            "data": {
                "id": 77,
                "first_name": "Nadia",
                "phone_numbers": [{"label": "Work", "value": "+12125550105"}],
                "emails": [{"label": "Work", "value": "nadia@example.com"}],
            },
        },
        ("identity.linked",),
    ),
    "unknown": (call("call.levitated"), "unknown_type"),
}
