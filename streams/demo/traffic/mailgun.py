"""Mailgun: events as JSON, mails as forms; a signature in the body, over time and token only."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.mail import MailGenerator

INBOX = "support@mail.shop.example"


class Domain:
    """A sending domain with a route that forwards what comes to `INBOX`."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def event(self, kind: str, mail: str, who: Person, at_ms: int, **fields: Any) -> Call:
        """Of one mail that was sent: accepted, delivered, failed, opened, clicked, complained…"""
        body = {
            "signature": self._signature(f"{kind}/{mail}", at_ms),
            "event-data": {
                "event": kind,
                "id": hashlib.sha256(f"{kind}/{mail}/{at_ms}".encode()).hexdigest()[:22],
                "timestamp": at_ms / 1_000,
                "recipient": who.email,
                "message": {"headers": {"message-id": f"{mail}@shop.example", "to": who.email}},
                **fields,
            },
        }
        return Call(self._source, orjson.dumps(body), {"Content-Type": "application/json"})

    def inbound(
        self, ident: str, who: Person, subject: str, text: str, at_ms: int, answers: str = "",
        agent: Agent | None = None,
    ) -> Call:  # fmt: skip
        name, sender = (agent.name, agent.email) if agent else (who.name, who.email)
        to = who.email if agent else INBOX
        headers = [
            ["X-Mailgun-Spf", "Pass"],
            ["X-Mailgun-Incoming", "Yes"],
            ["Received", "from mail.home.example by mxa.mailgun.org with SMTP"],
            ["From", f"{name} <{sender}>"],
            ["To", to],
            ["Date", format_datetime(datetime.fromtimestamp(at_ms / 1_000, UTC))],
            ["Subject", subject],
            ["Message-Id", f"<{ident}@mail.home.example>"],
            *([["In-Reply-To", f"<{answers}>"], ["References", f"<{answers}>"]] if answers else []),
        ]
        form = {
            "recipient": INBOX,
            "sender": sender,
            "from": f"{name} <{sender}>",
            "subject": subject,
            "body-plain": text,
            "stripped-text": text,
            "message-headers": orjson.dumps(headers).decode(),
            **self._signature(f"inbound/{ident}", at_ms),
        }
        headers_out = {"Content-Type": "application/x-www-form-urlencoded"}
        return Call(self._source, urlencode(form).encode(), headers_out)

    def _signature(self, what: str, at_ms: int) -> dict[str, str]:
        stamp = str(at_ms // 1_000)
        token = hashlib.sha256(f"{what}/{at_ms}".encode()).hexdigest()[:50]
        digest = hmac.new(self._secret.encode(), f"{stamp}{token}".encode(), hashlib.sha256)
        return {"timestamp": stamp, "token": token, "signature": digest.hexdigest()}


class Traffic(MailGenerator):
    vendor = "mailgun"
    mails: Domain

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self.mails = Domain(source, secret)

    def receipt(self, ident: str, who: Person, at_ms: int, thread: str) -> Call:
        return self.mails.event(
            "delivered", ident, who, at_ms, **{"user-variables": {"conversation": thread}}
        )
