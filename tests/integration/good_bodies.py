"""A customer's message as vendors of every kind send it, and how each signs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from streams.channels.signatures import base64_hmac, hex_hmac, standard_webhook
from streams.channels.twilio import signed_parameters
from tests.conformance.vendors import (
    NOW_MS,
    SECRET,
    chatwoot,
    cloudevents,
    intercom,
    meta_messenger,
    meta_whatsapp,
    slack,
    telegram,
    twilio,
    zendesk,
)

PUBLIC = "https://hooks.example.com"
NOW_S = NOW_MS // 1_000
BIG = 2**53 + 1
"""The first whole number that a double cannot hold."""

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
Headers = Mapping[str, str]


# How each vendor signs --------------------------------------------------------------------------


def sign(vendor: str, body: bytes, at_ms: int = NOW_MS) -> dict[str, str]:
    """The headers of a request that the vendor made at this time."""
    at = str(at_ms // 1_000)
    match vendor:
        case "chatwoot":
            digest = hex_hmac(SECRET, f"{at}.".encode() + body)
            return JSON | {"x-chatwoot-timestamp": at, "x-chatwoot-signature": f"sha256={digest}"}
        case "meta_whatsapp" | "meta_messenger":
            return JSON | {"x-hub-signature-256": f"sha256={hex_hmac(SECRET, body)}"}
        case "zendesk":
            return JSON | {
                "x-zendesk-webhook-signature-timestamp": at,
                "x-zendesk-webhook-signature": base64_hmac(SECRET, at.encode() + body),
            }
        case "slack":
            digest = hex_hmac(SECRET, f"v0:{at}:".encode() + body)
            return JSON | {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={digest}"}
        case "cloudevents":
            digest = standard_webhook(SECRET, f"w1.{at}.".encode() + body)
            return {
                "content-type": "application/cloudevents-batch+json"
                if body.startswith(b"[")
                else "application/cloudevents+json",
                "webhook-id": "w1",
                "webhook-timestamp": at,
                "webhook-signature": f"v1,{digest}",
            }
        case "intercom":
            return JSON | {"x-hub-signature": f"sha1={hex_hmac(SECRET, body, 'sha1')}"}
        case "telegram":
            return JSON | {"x-telegram-bot-api-secret-token": SECRET}
        case "twilio":
            said = f"{PUBLIC}/v1/in/twilio{signed_parameters(body)}"
            return FORM | {
                "x-twilio-signature": base64_hmac(
                    SECRET, said.encode("utf-8", "surrogateescape"), "sha1"
                )
            }
    raise AssertionError(vendor)


# What each vendor says ----------------------------------------------------------------------------


def message(vendor: str, ident: int = 900, at_s: int = NOW_S) -> Any:
    """A customer's message; `ident` is its id, or its conversation's where messages have none."""
    match vendor:
        case "chatwoot":
            return chatwoot.chatwoot_message(id=ident, created_at=at_s, updated_at=at_s)
        case "meta_whatsapp":
            text = {"body": "Hello"}
            return meta_whatsapp.wa_message("text", text, id=f"wamid.{ident}", timestamp=str(at_s))
        case "meta_messenger":
            told = meta_messenger.said(mid=f"m_{ident}", text="Hello")
            told["entry"][0]["messaging"][0]["timestamp"] = at_s * 1_000
            told["entry"][0]["time"] = at_s * 1_000
            return told
        case "zendesk":
            told = zendesk.zendesk_comment("Hello")
            told["event"]["comment"]["id"] = str(ident)
            told["id"] = f"01J{ident}"
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
            return told | {"time": when}
        case "slack":
            ts = f"{at_s}.{ident % 1_000_000:06}"
            line = slack.line(ts=ts, event_ts=ts)
            return slack.callback(line, event_id=f"Ev{ident}", event_time=at_s)
        case "cloudevents":
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
            fields = {"channel": "chat", "conversation": "t1", "direction": "inbound"}
            told = cloudevents.event(
                "message.posted",
                str(ident),
                message_id=str(ident),
                personal={"text": "x"},
                **fields,
            )
            return told | {"time": when}
        case "intercom":
            item = intercom.talk(id=str(ident), created_at=at_s, updated_at=at_s)
            item["source"]["id"] = f"s{ident}"
            return intercom.notification(
                "conversation.user.created", item, id=f"notif_{ident}", created_at=at_s
            )
        case "telegram":
            held = telegram.message(message_id=ident, date=at_s, text="Hello")
            return telegram.update("message", held, ident)
        case "twilio":
            return {**twilio.SMS, "SmsStatus": "received", "MessageSid": f"SM{ident}"}
    raise AssertionError(vendor)


UNKNOWN: dict[str, Any] = {
    "chatwoot": {"event": "conversation_levitated", "id": 1},
    "meta_whatsapp": meta_whatsapp.change("levitations"),
    "meta_messenger": meta_messenger.change("levitations", verb="add"),
    "zendesk": zendesk.zendesk("ticket.levitated"),
    "slack": slack.about("levitated"),
    "cloudevents": cloudevents.event("parcel.levitated"),
    "intercom": intercom.notification("conversation.admin.levitated", intercom.talk()),
    "telegram": {"update_id": 31, "levitation": {"date": NOW_S}},
    "twilio": dict(twilio.task("task.levitated").fields),
}

EMPTY: dict[str, list[Any]] = {
    "meta_whatsapp": [
        {"object": "whatsapp_business_account", "entry": []},
        {"object": "whatsapp_business_account", "entry": [{"id": "5001", "changes": []}]},
        meta_whatsapp.change("messages", messages=[]),
    ],
    "meta_messenger": [{"object": "page", "entry": []}, meta_messenger.batch("page")],
    "cloudevents": [[]],
    "telegram": [{"ok": True, "result": []}],
}

VENDORS = sorted(UNKNOWN)
TAKEN = {200, 204}

TIMED = [vendor for vendor in VENDORS if vendor != "twilio"]
"""Those whose message says when it was written."""


def wire(vendor: str, body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return urlencode(body).encode() if vendor == "twilio" else orjson.dumps(body)
