"""Postmark: one JSON object a webhook, basic authorization, times with seven digits."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Call, Person

INBOX = "451d9b70cf9364d2+order-7@inbound.postmarkapp.com"


class Server:
    """A Postmark server that sends mails and takes in those to `INBOX`."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        login = base64.b64encode(f"postmark:{secret}".encode()).decode()
        self._headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}

    def delivered(self, mail: str, who: Person, at_ms: int) -> Call:
        return self._record("Delivery", mail, at_ms, "DeliveredAt", {"Recipient": who.email})

    def opened(self, mail: str, who: Person, at_ms: int) -> Call:
        fields = {"Recipient": who.email, "FirstOpen": True, "ReadSeconds": 5}
        return self._record("Open", mail, at_ms, "ReceivedAt", fields)

    def bounced(self, mail: str, who: Person, at_ms: int) -> Call:
        fields = {"Email": who.email, "ID": who.number, "Type": "HardBounce", "TypeCode": 1}
        return self._record("Bounce", mail, at_ms, "BouncedAt", fields)

    def inbound(
        self, ident: str, who: Person, subject: str, text: str, at_ms: int, answers: str = ""
    ) -> Call:
        """A mail by the customer; `answers` is the Message-ID of the one that he answers."""
        headers = {
            "Received-SPF": f"Pass (sender SPF authorized) envelope-from={who.email};",
            "X-Spam-Tests": "DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,SPF_PASS",
            "Message-ID": f"<{ident}@mail.home.example>",
            **({"In-Reply-To": f"<{answers}>", "References": f"<{answers}>"} if answers else {}),
        }
        body = {
            "From": who.email,
            "FromFull": {"Email": who.email, "Name": who.name, "MailboxHash": ""},
            "To": INBOX,
            "OriginalRecipient": INBOX,
            "Subject": subject,
            "MessageID": f"in-{ident}",
            "MessageStream": "inbound",
            "MailboxHash": "order-7",
            "Date": format_datetime(datetime.fromtimestamp(at_ms / 1_000, UTC)),
            "TextBody": text,
            "HtmlBody": "",
            "StrippedTextReply": text,
            "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
            "Attachments": [],
        }
        return Call(self._source, orjson.dumps(body), self._headers)

    def _record(self, kind: str, mail: str, at_ms: int, stamp: str, fields: dict[str, Any]) -> Call:
        body = {
            "RecordType": kind,
            "ServerID": 23,
            "MessageID": mail,
            "MessageStream": "outbound",
            stamp: rfc3339(at_ms).removesuffix("Z") + "0000Z",
            "Metadata": {},
            **fields,
        }
        return Call(self._source, orjson.dumps(body), self._headers)
