"""Postmark: one JSON object a webhook, basic authorization, times with seven digits."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.mail import MailGenerator

INBOX = "451d9b70cf9364d2+order-7@inbound.postmarkapp.com"


class Server:
    """A Postmark server that sends mails and takes in those to `INBOX`."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        login = base64.b64encode(f"postmark:{secret}".encode()).decode()
        self._headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}

    def delivered(
        self, mail: str, who: Person, at_ms: int, metadata: Mapping[str, str] | None = None
    ) -> Call:
        """`metadata` is what the company told along with its mail."""
        fields = {"Recipient": who.email, "Metadata": metadata or {}}
        return self._record("Delivery", mail, at_ms, "DeliveredAt", fields)

    def opened(self, mail: str, who: Person, at_ms: int) -> Call:
        fields = {"Recipient": who.email, "FirstOpen": True, "ReadSeconds": 5}
        return self._record("Open", mail, at_ms, "ReceivedAt", fields)

    def bounced(self, mail: str, who: Person, at_ms: int) -> Call:
        fields = {"Email": who.email, "ID": who.number, "Type": "HardBounce", "TypeCode": 1}
        return self._record("Bounce", mail, at_ms, "BouncedAt", fields)

    def inbound(
        self, ident: str, who: Person, subject: str, text: str, at_ms: int, answers: str = "",
        agent: Agent | None = None,
    ) -> Call:  # fmt: skip
        name, sender = (agent.name, agent.email) if agent else (who.name, who.email)
        to = who.email if agent else INBOX
        headers = {
            "Received-SPF": f"Pass (sender SPF authorized) envelope-from={sender};",
            "X-Spam-Tests": "DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,SPF_PASS",
            "Message-ID": f"<{ident}@mail.home.example>",
            **({"In-Reply-To": f"<{answers}>", "References": f"<{answers}>"} if answers else {}),
        }
        body = {
            "From": sender,
            "FromFull": {"Email": sender, "Name": name, "MailboxHash": ""},
            "To": to,
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


class Traffic(MailGenerator):
    vendor = "postmark"
    mails: Server

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self.mails = Server(source, secret)

    def receipt(self, ident: str, who: Person, at_ms: int, thread: str) -> Call:
        return self.mails.delivered(ident, who, at_ms, {"conversation": thread})
