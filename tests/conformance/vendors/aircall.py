"""Aircall: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.aircall import Line
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body

CALL = Line("source", SECRET).event("call.created", 1, WHO, NOW_MS)
SIGNS = "nothing"
WORDS = ("Nadia", "parcel")


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


def event(name: str, resource: str, **data: Any) -> Body:
    return {
        "resource": resource,
        "event": name,
        "timestamp": NOW_S,
        "token": "x",
        "data": data,
    }


def text_message(what: str, **data: Any) -> Body:
    shown = {
        "id": "m1",
        "external_number": "+12125550105",
        "raw_digits": "+1 212-555-0105",
        "body": "Where is my parcel?",
        "created_at": "2026-09-21T14:13:20.000Z",
        "channel": None,
        "number": {"id": 7, "name": "Support"},
        **data,
    }
    return event(f"message.{what}", "message", **shown)


def voice_agent(what: str, **data: Any) -> Body:
    """An AI voice agent in a call."""
    shown = {
        "id": 41,
        "call_id": 41,
        "ai_voice_agent_id": "va-1",
        "ai_voice_agent_name": "Reception",
        "ai_voice_agent_session_id": "s-1",
        "number_id": 7,
        **data,
    }
    return event(f"ai_voice_agent.{what}", "ai_voice_agent", **shown)


def intelligence(name: str, **data: Any) -> Body:
    return event(name, "conversation_intelligence", id=5, call_id=41, **data)


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
    "text message": (text_message("received"), ("message.posted",)),
    "text message in proxy mode": (
        {
            "event_name": "message.received",
            "timestamp": NOW_MS,
            "token": "x",
            "data": text_message("received")["data"],
        },
        ("message.posted",),
    ),
    "whatsapp message": (text_message("sent", channel="whatsapp"), ("message.posted",)),
    "receipt": (
        text_message("status_updated", status="delivered"),
        ("message.status_changed",),
    ),
    "message to several": (
        event(
            "group_message.received",
            "message",
            id="g1",
            group_conversation_id="gc1",
            participants=["12125550105", "12125550106"],
            body="Where is our parcel?",
        ),
        ("message.posted",),
    ),
    "machine answers": (
        voice_agent("started", external_caller_number="+12125550105"),
        ("selfservice.stepped",),
    ),
    "machine asks": (
        voice_agent("summary", extracted_data={"about": "a parcel", "order": None}),
        ("selfservice.stepped",),
    ),
    "machine hands over": (
        voice_agent("escalated", escalation_reason="asked for a person"),
        ("selfservice.stepped",),
    ),
    "machine is done": (
        voice_agent("ended", call_end_reason="caller_hung_up", ended_at=NOW_S),
        ("selfservice.stepped",),
    ),
    "machine levitates": (voice_agent("levitated"), "unknown_type"),
    "machine in no call": (event("ai_voice_agent.started", "ai_voice_agent"), "malformed"),
    "sentiment": (
        intelligence("sentiment.created", participants=[{"type": "external", "value": "NEGATIVE"}]),
        ("conversation.updated",),
    ),
    "topics": (intelligence("topics.created", content=["refund"]), ("conversation.updated",)),
    "summary": (
        intelligence("summary.created", content="Nadia asks for her parcel."),
        ("conversation.updated",),
    ),
    "to do": (
        intelligence("action_item.created", content=["Trace the parcel"]),
        ("conversation.updated",),
    ),
    "transcript": (intelligence("transcription.created", content={"utterances": []}), "ignored"),
    "what is said": (intelligence("realtime_transcription.utterances_received"), "ignored"),
    "report": (event("analytics.report_created", "analytics", download_url="x"), "ignored"),
    "unknown": (call("call.levitated"), "unknown_type"),
}
