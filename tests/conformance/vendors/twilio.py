"""Twilio: a body of each documented kind."""

from __future__ import annotations

from streams.channels.twilio import signed_parameters
from streams.demo.traffic.twilio import Messages
from tests.conformance.vendors import SECRET, URL, WHO, Bodies, Form

CALL = Messages("source", SECRET, URL).sms(WHO, "x", "hello")
SIGNS = "body"
WORDS = ("Nadia",)

SMS = {"MessageSid": "SM1", "From": "+12125550105", "To": "+15550100800", "Body": "Hi, Nadia here"}
CALLING = {
    "CallSid": "CA1",
    "From": "+12125550105",
    "To": "+15550100800",
    "Direction": "inbound",
    "Timestamp": "Mon, 21 Sep 2026 14:13:20 +0000",
}

TASK = {
    "Sid": "EV1",
    "TaskSid": "WT1",
    "TaskChannelUniqueName": "voice",
    "TaskQueueName": "Support",
    "TaskAttributes": '{"from": "+12125550105", "call_sid": "CA1"}',
    "Timestamp": "1790000000",
}

BODIES: Bodies = {
    "sms": (Form({**SMS, "SmsStatus": "received"}), ("message.posted",)),
    "receipt": (
        Form({"MessageSid": "SM2", "MessageStatus": "delivered", "To": "+12125550105"}),
        ("message.status_changed",),
    ),
    "call ended": (
        Form({**CALLING, "CallStatus": "completed", "CallDuration": "61"}),
        ("contact.ended",),
    ),
    "whatsapp": (
        Form({**SMS, "MessageSid": "SM3", "From": "whatsapp:+12125550105"}),
        ("message.posted",),
    ),
    "task waits": (Form({**TASK, "EventType": "task.created"}), ("queue.entered",)),
    "task offered": (
        Form({**TASK, "EventType": "reservation.created", "Sid": "EV2", "WorkerSid": "WK1"}),
        ("agent.offered",),
    ),
    "task handed on": (
        Form({**TASK, "EventType": "task.transfer-initiated", "Sid": "EV3", "WorkerSid": "WK1"}),
        ("transfer.reported",),
    ),
    "nothing of ours": (Form({"AccountSid": "AC1"}), "unknown_type"),
}


def same(one: bytes, other: bytes) -> bool:
    """Another spelling of the same parameters (%2B and %2b) has the same signature."""
    return signed_parameters(one) == signed_parameters(other)
