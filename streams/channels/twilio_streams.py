"""Twilio's JSON.  Event Streams: CloudEvents, one or an array, at least once; beside them the
resources of its REST API.

Only `id`, `type` and `data` are believed of the envelope: Twilio's own samples have a time in
`datacontenttype`.  What a webhook tells too has the same key there and here.
Source: Twilio's documentation, "Event types" (TaskRouter, Messaging, Conversations, Voice).
"""

from __future__ import annotations

from typing import Any

from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, malformed, unknown
from streams.channels.body import table, text
from streams.channels.twilio_conversations import read_conversations
from streams.channels.twilio_messages import Form, read_message
from streams.channels.twilio_resources import is_resource, read_resource
from streams.channels.twilio_taskrouter import read_taskrouter
from streams.channels.twilio_voice import Call, read_conference

_ASIDE = {
    "eventstreams.": "a test",
    "voice.insights.": "figures about the quality of calls",
    "voice.twiml.": "what the call's program asked for",
    "video.": "about a room; calls and tasks tell who waits",
    "studio.": "a step of the company's own flow",
    "accountsecurity.": "about log-ins, not about a conversation",
    "verify.": "about log-ins, not about a conversation",
    "error": "about the company's own programs",
    "super-sim.": "about SIM cards",
    "iam.": "about the company's own account",
    "audit": "about the company's own account",
}


def read_stream(items: list[Any], request: Request, source: SourceConfig) -> list[Parsed]:
    """What each of the events gives."""
    return [_one(item, request, source) for item in items]


def _one(item: Any, request: Request, source: SourceConfig) -> Parsed:
    if is_resource(item):
        return read_resource(item, request, source)
    kind = text(item, "type").removeprefix("com.twilio.")
    if not text(item, "type").startswith("com.twilio."):
        return unknown(f"Twilio Event Streams sends no event {text(item, 'type')!r} that we know.")
    data = table(item, "data")
    if not data:
        return malformed(f"{kind}: the event holds no data.")
    room, _, what = kind.partition(".")
    if room == "taskrouter":
        inner = table(data, "payload")
        return read_taskrouter({**data, **inner}, what, request, source, text(item, "id"))
    if room == "messaging":
        return _message(what, data, request, source)
    if room == "conversations":
        return _conversation(what, data, request, source)
    if kind == "engagement.link-clicked":
        return _message("message.clicked", data, request, source)
    for beginning, why in _ASIDE.items():
        if kind.startswith(beginning) and not table(data, "request", "parameters"):
            return ignored(f"{kind}: {why}.")
    if room == "voice":
        return _voice(what, data, request, source)
    return unknown(f"Twilio Event Streams sends no event 'com.twilio.{kind}' that we know.")


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _form(data: dict[str, Any]) -> dict[str, str]:
    """As the webhook's form would have it: `messageSid` is `MessageSid`, parts have a dot."""
    form: dict[str, str] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            form |= {f"{_capital(name)}.{key}": text(value, key) for key in value}
        elif not isinstance(value, list) and value is not None:
            form[_capital(name)] = str(value)
    return {name: value for name, value in form.items() if value}


def _message(what: str, data: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    form = _form(data)
    form.setdefault("MessageSid", text(data, "message_sid") or text(data, "smsSid"))
    inbound = what.startswith("inbound")
    form["MessageStatus"] = "received" if inbound else what.rpartition(".")[2]
    if inbound:
        form.setdefault("Body", "")
    at_ms = times.any_form(data.get("timestamp")) or times.any_form(data.get("click_time"))
    return read_message(form, request, source, at_ms)


def _conversation(
    what: str, data: dict[str, Any], request: Request, source: SourceConfig
) -> Parsed:
    """`message.added` is `onMessageAdded`."""
    words = what.replace("-", ".").split(".")
    form = {**_form(data), "EventType": "on" + "".join(_capital(word) for word in words)}
    return read_conversations(form, request, source)


def _voice(what: str, data: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    """The call-back that was made, with its parameters."""
    parameters = table(data, "request", "parameters")
    form: Form = {name: text(parameters, name) for name in parameters}
    at_ms = times.any_form(data.get("timestamp"))
    if "conference" in what:
        named = {"StatusCallbackEvent": what.rpartition("conference.")[2].replace(".", "-")}
        return read_conference({**named, **form}, request, source, at_ms)
    status = what.rpartition(".")[2]
    if ".call." in f".{what}" and "twiml" not in what:
        form = {"CallSid": text(data, "sid"), "CallStatus": status, **form}
    if not form.get("CallSid"):
        return ignored(f"voice.{what}: nothing that happened to the customer.")
    return Call(form, request, source, at_ms).parsed()
