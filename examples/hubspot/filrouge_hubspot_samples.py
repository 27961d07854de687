"""HubSpot for the conformance suite: a body of each kind, with invented people."""

from __future__ import annotations

from typing import Any

import orjson
from filrouge_hubspot import signed

from schemas.cloudevents import rfc3339
from streams.channels.signatures import base64_hmac
from streams.demo.traffic.call import Call
from tests.conformance.vendors import NOW_MS, SECRET, URL, Bodies, Body

WORDS = ("Nadia", "example.com", "parcel")
SIGNS = "body and time"

NADIA = {
    "actorId": "V-105",
    "name": "Nadia Example",
    "deliveryIdentifier": {"type": "HS_EMAIL_ADDRESS", "value": "nadia@example.com"},
}
BY_PHONE = {"deliveryIdentifier": {"type": "HS_PHONE_NUMBER", "value": "+12125550105"}}
AGENT = {"actorId": "A-7", "name": "Bo"}
UNTOLD = {"type": "HS_EMAIL_ADDRESS", "value": "desk@example.org"}


def event(kind: str, ident: int = 1, **more: Any) -> Body:
    return {
        "eventId": ident,
        "subscriptionId": 9,
        "portalId": 62515,
        "appId": 2,
        "occurredAt": NOW_MS,
        "subscriptionType": f"conversation.{kind}",
        "attemptNumber": 0,
        "objectId": 9598272090,
        "changeSource": "CONVERSATIONS",
        **more,
    }


def message(by: str, words: str, ident: str = "m1", kind: str = "MESSAGE", **more: Any) -> Body:
    """A new message, with HubSpot's answer beside it."""
    inbound = by.startswith("V-")
    told = {
        "id": ident,
        "type": kind if kind == "COMMENT" else "MESSAGE",
        "conversationsThreadId": "9598272090",
        "createdAt": rfc3339(NOW_MS),
        "createdBy": by,
        "direction": "INCOMING" if inbound else "OUTGOING",
        "channelId": "1002",
        "senders": [NADIA if inbound else {**AGENT, "deliveryIdentifier": UNTOLD}],
        "recipients": [] if inbound else [NADIA],
        "text": words,
        "richText": f"<p>{words}</p>",
        **more,
    }
    return event("newMessage", 2, messageId=ident, messageType=kind, message=told)


def changed(name: str, value: str, ident: int = 3) -> Body:
    return event("propertyChange", ident, propertyName=name, propertyValue=value)


BARE = event("newMessage", 2, messageId="m1", messageType="MESSAGE")
ASKED = message("V-105", "Where is my parcel?")

_HELLO = orjson.dumps([message("V-105", "hello")])
CALL = Call(
    "source",
    _HELLO,
    {
        "Content-Type": "application/json",
        "X-HubSpot-Request-Timestamp": str(NOW_MS),
        "X-HubSpot-Signature-v3": base64_hmac(SECRET, signed("POST", URL, _HELLO, str(NOW_MS))),
    },
)

BODIES: Bodies = {
    "begun": ([event("creation")], ("conversation.opened",)),
    "asked": ([ASKED], ("message.posted",)),
    "asked by phone": ([message("V-105", "My parcel?", senders=[BY_PHONE])], ("message.posted",)),
    "only markup": ([message("V-105", "parcel", text=None)], ("message.posted",)),
    "answered": ([message("A-7", "The parcel comes today.", "m2")], ("message.posted",)),
    "by a bot": ([message("B-3", "Which parcel?", channelId="1000")], ("message.posted",)),
    "by HubSpot": (
        [message("S-hubspot", "Hello!", kind="WELCOME_MESSAGE")],
        ("message.posted",),
    ),
    "a note": ([message("A-7", "Nadia's parcel is lost", kind="COMMENT")], ("message.posted",)),
    "a batch": (
        [ASKED, changed("assignedTo", "A-7"), changed("status", "CLOSED", 4)],
        ("message.posted", "assignment.changed", "conversation.updated"),
    ),
    "nobody has it": ([changed("assignedTo", "")], ("assignment.changed",)),
    "open again": ([changed("status", "OPEN")], ("conversation.updated",)),
    "gone": ([event("deletion"), event("privacyDeletion", 5)], ("conversation.updated",) * 2),
    "not asked for": ([BARE], "unknown_type"),
    "one not asked for": ([BARE, event("creation", 6)], ("conversation.opened", "partial")),
    "archived": ([changed("isArchived", "false")], "ignored"),
    "of a contact": ([{**event("x"), "subscriptionType": "contact.creation"}], "ignored"),
    "empty": ([], "ignored"),
    "no list": (event("creation"), "malformed"),
    "no conversation": ([{**event("creation"), "objectId": None}], "malformed"),
}
