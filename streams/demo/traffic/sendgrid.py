"""SendGrid: events of sent mails, and mails that come in; both signed with a key pair."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.utils import format_datetime

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.mail import MailGenerator

_KEY = ec.derive_private_key(0x53656E64477269643A20696E76656E746564, ec.SECP256R1())
PUBLIC_KEY = base64.b64encode(
    _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
"""The source's secret, as SendGrid shows it."""

_BOUNDARY = "xYzZY"
INBOX = "support@mail.shop.example"


class Mails:
    """An account that sends mails and takes in those to `INBOX`."""

    def __init__(self, source: str) -> None:
        self._source = source

    def event(self, kind: str, mail: str, who: Person, at_ms: int, **fields: object) -> Call:
        """Of one mail that was sent: processed, delivered, open, click, bounce, unsubscribe…"""
        body = [
            {
                "email": who.email,
                "timestamp": at_ms // 1_000,
                "event": kind,
                "sg_event_id": base64.urlsafe_b64encode(f"{kind}-{mail}-{at_ms}".encode()).decode(),
                "sg_message_id": f"{mail}.recvd-69cbc48b94-n2vpp-1-67D30649-1.0",
                **({} if kind in {"open", "click"} else {"smtp-id": f"<{mail}@geopod-ismtpd-8>"}),
                **fields,
            }
        ]
        return self._signed(orjson.dumps(body) + b"\r\n", "application/json", at_ms)

    def inbound(
        self, ident: str, who: Person, subject: str, text: str, at_ms: int, answers: str = "",
        agent: Agent | None = None,
    ) -> Call:  # fmt: skip
        name, sender = (agent.name, agent.email) if agent else (who.name, who.email)
        to = who.email if agent else INBOX
        date = format_datetime(datetime.fromtimestamp(at_ms / 1_000, UTC))
        headers = [
            f"From: {name} <{sender}>",
            f"To: {to}",
            f"Date: {date}",
            f"Subject: {subject}",
            f"Message-ID: <{ident}@mail.home.example>",
            *([f"In-Reply-To: <{answers}>", f"References: <{answers}>"] if answers else []),
        ]
        fields = {
            "headers": "\r\n".join(headers) + "\r\n",
            "dkim": f"{{@{sender.partition('@')[2]} : pass}}",
            "to": to,
            "from": f"{name} <{sender}>",
            "subject": subject,
            "text": text,
            "envelope": orjson.dumps({"to": [INBOX], "from": sender}).decode(),
            "charsets": '{"to":"UTF-8","from":"UTF-8","subject":"UTF-8","text":"UTF-8"}',
            "SPF": "pass",
            "attachments": "0",
        }
        parts = [
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        body = ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode()
        return self._signed(body, f"multipart/form-data; boundary={_BOUNDARY}", at_ms)

    def _signed(self, body: bytes, content_type: str, at_ms: int) -> Call:
        stamp = str(at_ms // 1_000)
        signature = _KEY.sign(stamp.encode() + body, ec.ECDSA(SHA256()))
        return Call(
            self._source,
            body,
            {
                "Content-Type": content_type,
                "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            },
        )


class Traffic(MailGenerator):
    vendor = "sendgrid"
    mails: Mails

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, PUBLIC_KEY, url)
        self.mails = Mails(source)

    def receipt(self, ident: str, who: Person, at_ms: int, thread: str) -> Call:
        return self.mails.event("delivered", ident, who, at_ms, conversation=thread)
