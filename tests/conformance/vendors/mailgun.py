"""Mailgun: a body of each documented kind."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from streams.demo.traffic.mailgun import Domain
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body, Form, Raw

CALL = Domain("source", SECRET).inbound("m-1", WHO, "Broken lamp", "hello", NOW_MS)
SIGNS = "time"
WINDOW_MS = 9 * 3_600_000
WORDS = ("Zoé", "zoe@example.com", "broken", "does not light")

ZOE = "Zoé Marchand <zoe@example.com>"
INBOX = "support@in.shop.example"
SENT = "20260921141320.1.5E0C@shop.example"
SIGNED = {"timestamp": str(NOW_S), "token": "t" * 50, "signature": "f" * 64}


def unsigned(body: bytes) -> bytes:
    """A form without its signature."""
    return urlencode([pair for pair in parse_qsl(body.decode()) if pair[0] != "signature"]).encode()


def event(kind: str, **fields: Any) -> Body:
    return {
        "signature": dict(SIGNED),
        "event-data": {
            "id": f"e-{kind}",
            "event": kind,
            "timestamp": NOW_S + 0.25,
            "recipient": "zoe@example.com",
            "message": {"headers": {"message-id": SENT, "to": ZOE, "from": "shop@shop.example"}},
            "user-variables": {},
            **fields,
        },
    }


def failed(severity: str, reason: str, message: str, code: int) -> Body:
    status = {"message": message, "description": "", "code": code, "attempt-no": 1}
    return event("failed", severity=severity, reason=reason, **{"delivery-status": status})


def legacy(kind: str, **fields: str) -> Form:
    told = {"event": kind, "recipient": "zoe@example.com", "domain": "shop.example"}
    return Form({**told, "Message-Id": f"<{SENT}>", **SIGNED, **fields})


def headers(*more: list[str], **changed: str) -> str:
    listed = [
        ["X-Mailgun-Spam-Rules", "DKIM_SIGNED, DKIM_VALID, DKIM_VALID_AU"],
        ["X-Mailgun-Dkim-Check-Result", "Pass"],
        ["X-Mailgun-Spf", "Pass"],
        ["Received", "from mail.home.example by mxa.mailgun.org with SMTP"],
        ["Dkim-Signature", "v=1; a=rsa-sha256; d=example.com; s=k1; h=from; bh=x; b=y"],
        ["From", ZOE],
        ["To", INBOX],
        ["Date", "Mon, 21 Sep 2026 16:13:20 +0200"],
        ["Subject", "My lamp is broken"],
        ["Message-Id", "<m-1@mail.home.example>"],
        ["Content-Type", ["multipart/mixed", {"boundary": "b"}]],
        *more,
    ]
    kept = [[name, changed.get(name.lower(), value)] for name, value in listed]
    return json.dumps([pair for pair in kept if pair[1]])


def inbound(*more: list[str], **fields: str) -> Form:
    told = {
        "recipient": INBOX,
        "sender": "zoe@example.com",
        "from": ZOE,
        "subject": "My lamp is broken",
        "body-plain": "It does not light.\n\nOn Monday, Shop wrote:\n> Is it in order?",
        "stripped-text": "It does not light.",
        "body-html": "<p>It does not light.</p>",
        "message-headers": headers(*more),
        **SIGNED,
    }
    return Form({**told, **{name.replace("_", "-"): value for name, value in fields.items()}})


MIME = f"""\
X-Mailgun-Spf: Pass
Received: from mail.home.example by mxa.mailgun.org
From: {ZOE}
Date: Mon, 21 Sep 2026 16:13:20 +0200
Message-ID: <m-1@mail.home.example>
Subject: My lamp is broken
To: {INBOX}
MIME-Version: 1.0
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

It does not light=E2=80=A6
"""


def with_files() -> Raw:
    fields = inbound(stripped_text="", body_plain="", body_html="").fields
    body = "".join(
        f'--xYzZY\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    file = 'name="attachment-1"; filename="lamp.png"\r\nContent-Type: image/png'
    body += f"--xYzZY\r\nContent-Disposition: form-data; {file}\r\n\r\nPNG\r\n--xYzZY--\r\n"
    return Raw(body.encode(), {"content-type": "multipart/form-data; boundary=xYzZY"})


STATUS, POSTED, CONSENT = ("message.status_changed",), ("message.posted",), ("consent.changed",)

BODIES: Bodies = {
    "accepted": (event("accepted"), STATUS),
    "rejected": (event("rejected", recipient="", reject={"reason": "Sandbox"}), STATUS),
    "delivered": (event("delivered", **{"delivery-status": {"code": 250, "message": "OK"}}), STATUS),
    "failed for good": (failed("permanent", "bounce", "550 <zoe@example.com> unknown", 550), STATUS),
    "failed for now": (failed("temporary", "greylisted", "450 later", 450), STATUS),
    "not tried": (failed("permanent", "suppress-bounce", "Not delivering", 605), STATUS),
    "opened": (event("opened", ip="192.0.2.7"), STATUS),
    "clicked": (event("clicked", url="https://shop.example/o"), STATUS),
    "clicked, with little said": (
        {"event-data": {"event": "clicked", "timestamp": NOW_S, "recipient": "zoe@example.com",
                        "url": "https://shop.example/o"}},
        STATUS,
    ),
    "unsubscribed": (event("unsubscribed"), CONSENT),
    "complained": (event("complained"), CONSENT),
    "of a thread of ours": (
        event("delivered", **{"user-variables": {"conversation": "<m-1@mail.home.example>", "ticket": "77"}}),
        STATUS,
    ),
    "not wrapped": (event("delivered", flags={"is-test-mode": False})["event-data"], STATUS),
    "stored": (
        event("stored", recipient=INBOX,
              message={"headers": {"message-id": "m-1@mail.home.example", "from": ZOE, "to": INBOX,
                                   "subject": "My lamp is broken"}, "attachments": []}),
        POSTED,
    ),
    "mail on its way in": (event("accepted", flags={"is-routed": True}), "ignored"),
    "something new": (event("levitated"), "unknown_type"),
    "nobody": (event("opened", recipient=None, message={}), "malformed"),
    "no data": ({"signature": SIGNED, "event-data": None}, "malformed"),
    "form: delivered": (legacy("delivered"), STATUS),
    "form: bounced": (legacy("bounced", code="5.1.1", error="smtp;550 <zoe@example.com> not found"), STATUS),
    "form: dropped": (legacy("dropped", code="605", description="Not delivering", reason="hardfail"), STATUS),
    "form: opened": (legacy("opened"), STATUS),
    "form: clicked": (legacy("clicked", url="https://shop.example/o"), STATUS),
    "form: unsubscribed": (legacy("unsubscribed"), CONSENT),
    "form: complained": (legacy("complained"), CONSENT),
    "form: something new": (legacy("levitated"), "unknown_type"),
    "mail": (inbound(), POSTED),
    "mail as it was stored": (
        inbound(attachments='[{"name": "lamp.png", "url": "https://storage.example/0", "size": 3}]',
                stripped_text="", body_plain="", body_html=""),
        POSTED,
    ),
    "mail with a file": (with_files(), POSTED),
    "whole mail": (
        Form({"recipient": INBOX, "sender": "zoe@example.com", "body-mime": MIME, **SIGNED}), POSTED
    ),
    "answer": (inbound(["In-Reply-To", f"<{SENT}>"], ["References", f"<{SENT}>"]), POSTED),
    "out of office": (inbound(["Auto-Submitted", "auto-replied"]), POSTED),
    "mail without headers": (inbound(message_headers="[]"), POSTED),
    "no mail": (Form({"hello": "world", **SIGNED}), "malformed"),
}  # fmt: skip
