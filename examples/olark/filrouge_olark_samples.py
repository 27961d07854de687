"""Olark for the conformance suite: a body of each kind, with invented people."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import orjson

from streams.demo.traffic.call import Call
from tests.conformance.vendors import NOW_S, SECRET, Bodies, Form

WORDS = ("Nadia", "example.com", "parcel")
SIGNS = "nothing"

VISITOR = {
    "kind": "Visitor",
    "id": "V-105",
    "fullName": "Nadia Example",
    "emailAddress": "nadia@example.com",
    "phoneNumber": "+12125550105",
}


def line(kind: str, seconds: float, body: str, **more: str) -> dict[str, Any]:
    return {"kind": kind, "timestamp": f"{NOW_S + seconds}", "body": body, **more}


def transcript(*items: dict[str, Any], **more: Any) -> dict[str, str]:
    data = {
        "kind": "Conversation",
        "id": "C-1",
        "items": list(items),
        "visitor": VISITOR,
        "groups": [{"kind": "Group", "name": "Orders", "id": "g1"}],
        **more,
    }
    return {"data": orjson.dumps(data).decode()}


ASKED = line("MessageToOperator", -60.5, "Where is my parcel?")
ANSWERED = line("MessageToVisitor", -30.25, "It comes today.", operatorId="7", nickname="Ada")
HAPPY = {**VISITOR, "chat_feedback": {"overall_chat": 5, "comments": "Nadia thanks you"}}

CALL = Call(
    "source",
    urlencode(transcript(line("MessageToOperator", 0, "hello"))).encode(),
    {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": "Basic " + base64.b64encode(f"olark:{SECRET}".encode()).decode(),
    },
)

_TALK = ("conversation.opened", "message.posted", "message.posted", "contact.ended")

BODIES: Bodies = {
    "answered": (Form(transcript(ASKED, ANSWERED)), _TALK),
    "rated": (Form(transcript(ASKED, ANSWERED, visitor=HAPPY)), (*_TALK, "feedback.received")),
    "the operator began": (Form(transcript(ANSWERED, ASKED)), _TALK),
    "left while nobody was there": (
        Form(transcript(line("OfflineMessage", 0, "Please call me about the parcel."))),
        ("conversation.opened", "message.posted"),
    ),
    "nothing said": (Form(transcript()), "unknown_type"),
    "another kind": (Form({"data": '{"kind": "Ping"}'}), "unknown_type"),
    "no field of ours": (Form({"payload": "{}"}), "malformed"),
}
