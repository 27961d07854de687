"""Aircall webhooks (telephony, and messages on numbers).

Each body carries its source's `token`; there is no other signature.  There is no event id: a
call's event is its id, name and timestamp.  `call.hungup` comes at once and is provisional,
`call.ended` about 30 s later with the full figures.  Deliveries repeat (up to 50 tries) and have
no order.  Calls are read in `aircall_calls.py`, text messages and contacts in
`aircall_messages.py`.  Shapes: Aircall's API reference (webhooks, call events).
"""

from __future__ import annotations

from streams.channels import times
from streams.channels.about import About
from streams.channels.aircall_calls import Call
from streams.channels.aircall_intelligence import (
    INTELLIGENCE,
    read_intelligence,
    read_voice_agent,
)
from streams.channels.aircall_messages import read_contact, read_message
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    unknown,
)
from streams.channels.body import read_json, read_object, table, text
from streams.channels.draft import Draft
from streams.channels.signatures import any_secret


class Aircall(Adapter):
    vendor = "aircall"
    title = "Aircall"
    options = ()
    about = About(
        gives=(
            "messages", "receipts", "states", "ends", "queue", "agents", "bots", "transfers",
            "self-care",
        ),
        identities={
            "phone": ("asserted", "curated", "network"),
            "email": ("curated",),
            "whatsapp": ("asserted",),
            "vendor": ("asserted",),
        },
        transfer="call.transferred, external_transferred, unsuccessful_transfer",
        lacks="menus (IVR) in full, ratings",
        retries="up to 50 times, then the webhook is switched off; no order",
    )  # fmt: skip
    # `call.ended` comes about 30 s after `call.hungup`, with figures that are a correction only:
    # that somebody answered, or hung up, is told at once, so silence need not wait for it.

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """The token stands in the body: it has to be parsed before it is believed."""
        try:
            given = text(read_json(request.body), "token")
        except ValueError as error:
            return Rejected("malformed", str(error))
        return any_secret(source, given, lambda key: key, "the body's token")

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        # Numbers in proxy mode call back under `event_name`, with a time in milliseconds.
        name = text(body, "event") or text(body, "event_name")
        resource, _, what = name.partition(".")
        draft = Draft(request, source, name, "voice")
        at_ms = times.any_form(body.get("timestamp"))
        data = table(body, "data")
        match resource:
            case "call":
                return Call(data, draft, at_ms).parsed(what)
            case "message" | "group_message":
                return read_message(data, draft, what, at_ms)
            case "contact":
                return read_contact(data, draft, what, at_ms)
            case "ai_voice_agent":
                return read_voice_agent(data, draft, what, at_ms)
            case "user" | "number" | "team" | "integration" | "analytics":
                return ignored(f"{name}: about the company's own set-up, not about a customer.")
        if resource in INTELLIGENCE or (what in {"created", "analyzed"} and "call_id" in data):
            return read_intelligence(data, draft, resource, at_ms)
        return unknown(f"Aircall sends no event {name!r} that we know.")
