"""WhatsApp Cloud API: batches signed with `X-Hub-Signature-256`; times in whole seconds."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson

from streams.demo.traffic.call import Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told

BUSINESS_NUMBER = "15550100900"


def message(source: str, secret: str, who: Person, ident: str, text: str, at_ms: int) -> Call:
    """A text by the customer."""
    return _signed(
        source,
        secret,
        {
            "contacts": [{"profile": {"name": who.name}, "wa_id": who.wa_id}],
            "messages": [
                {
                    "from": who.wa_id,
                    "id": f"wamid.{ident}",
                    "timestamp": str(at_ms // 1_000),
                    "type": "text",
                    "text": {"body": text},
                }
            ],
        },
    )


def echo(source: str, secret: str, who: Person, ident: str, text: str, at_ms: int) -> Call:
    """An answer that an agent wrote in the business app."""
    return _signed(
        source,
        secret,
        {
            "contacts": [{"profile": {"name": who.name}, "wa_id": who.wa_id}],
            "message_echoes": [
                {
                    "from": BUSINESS_NUMBER,
                    "to": who.wa_id,
                    "id": f"wamid.{ident}",
                    "timestamp": str(at_ms // 1_000),
                    "type": "text",
                    "text": {"body": text},
                }
            ],
        },
        field="smb_message_echoes",
    )


def status(source: str, secret: str, who: Person, ident: str, state: str, at_ms: int) -> Call:
    """A receipt: sent, delivered, read, failed."""
    return _signed(
        source,
        secret,
        {
            "statuses": [
                {
                    "id": f"wamid.{ident}",
                    "status": state,
                    "timestamp": str(at_ms // 1_000),
                    "recipient_id": who.wa_id,
                }
            ]
        },
    )


def _signed(source: str, secret: str, value: dict[str, Any], field: str = "messages") -> Call:
    metadata = {"display_phone_number": BUSINESS_NUMBER, "phone_number_id": "900100"}
    body = orjson.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": "900900",
                    "changes": [
                        {
                            "field": field,
                            "value": {
                                "messaging_product": "whatsapp",
                                "metadata": metadata,
                                **value,
                            },
                        }
                    ],
                }
            ],
        }
    )
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
    return Call(source, body, headers)


class Traffic(Generator):
    vendor = "meta_whatsapp"
    channel = "whatsapp"

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        ident = f"in{visit.number()}"
        call = message(self.source, self.secret, visit.who, ident, text, at_ms)
        return [told(call, "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        ident = f"out{visit.number()}"
        said = echo(self.source, self.secret, visit.who, ident, text, at_ms)
        read = status(self.source, self.secret, visit.who, ident, "read", at_ms)
        return [told(said, "message.posted"), told(read, "message.status_changed")]
