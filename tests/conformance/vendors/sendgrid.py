"""SendGrid: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.sendgrid import PUBLIC_KEY, Mails
from tests.conformance.vendors import NOW_MS, NOW_S, WHO, Bodies, Body, Raw

SECRET = PUBLIC_KEY
CALL = Mails("source").inbound("m-1", WHO, "Broken lamp", "hello", NOW_MS)
SIGNS = "body and time"
WINDOW_MS = 3 * 86_400_000
WORDS = ("Zoé", "zoe@example.com", "broken", "does not light")

ZOE = "Zoé Marchand <zoe@example.com>"
INBOX = "support@in.shop.example"
SENT = "kX9bQ2mTTqS3fYp7hZ0a1w"


def event(kind: str, **fields: Any) -> list[Body]:
    return [
        {
            "email": "zoe@example.com",
            "timestamp": NOW_S,
            "smtp-id": f"<{SENT}@geopod-ismtpd-3-1>",
            "event": kind,
            "category": ["orders"],
            "sg_event_id": f"e-{kind}",
            "sg_message_id": f"{SENT}.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
            **fields,
        }
    ]


def form(fields: dict[str, str | bytes], files: dict[str, bytes] | None = None) -> Raw:
    """As Inbound Parse posts it."""
    body = b""
    for name, value in fields.items():
        raw = value.encode() if isinstance(value, str) else value
        body += f'--xYzZY\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        body += raw + b"\r\n"
    for name, raw in (files or {}).items():
        head = f'name="{name}"; filename="{name}.txt"\r\nContent-Type: text/plain'
        body += f"--xYzZY\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
        body += raw + b"\r\n"
    return Raw(body + b"--xYzZY--\r\n", {"content-type": "multipart/form-data; boundary=xYzZY"})


def headers(*more: str) -> str:
    return "\r\n".join(
        [
            "Received: by mx0042.sendgrid.net with SMTP; Mon, 21 Sep 2026 14:13:21 +0000 (UTC)",
            f"From: {ZOE}",
            f"To: {INBOX}",
            "Date: Mon, 21 Sep 2026 16:13:20 +0200",
            "Subject: My lamp is broken",
            "Message-ID: <m-1@mail.home.example>",
            *more,
            "",
        ]
    )


def inbound(*more: str, **fields: str | bytes) -> Raw:
    return form(
        {
            "headers": headers(*more),
            "dkim": "{@example.com : pass}",
            "to": INBOX,
            "from": ZOE,
            "subject": "My lamp is broken",
            "text": "It does not light.\r\n",
            "html": "<p>It does not light.</p>",
            "envelope": f'{{"to":["{INBOX}"],"from":"zoe@example.com"}}',
            "sender_ip": "192.0.2.7",
            "attachments": "0",
            "charsets": '{"to":"UTF-8","subject":"UTF-8","from":"UTF-8","text":"UTF-8"}',
            "SPF": "pass",
            **fields,
        }
    )


def raw_mail(mail: str) -> Raw:
    return form(
        {
            "email": mail.replace("\n", "\r\n"),
            "dkim": "{@example.com : pass}",
            "envelope": f'{{"to":["{INBOX}"],"from":"zoe@example.com"}}',
            "SPF": "pass",
        }
    )


WHOLE = f"""\
From: {ZOE}
To: {INBOX}
Date: Mon, 21 Sep 2026 16:13:20 +0200
Subject: My lamp is broken
Message-ID: <m-1@mail.home.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

It does not light: caf=E9.
--inner
Content-Type: text/html; charset=utf-8

<p>It does not light.</p>
--inner--
--outer
Content-Type: image/png; name=lamp.png
Content-Disposition: attachment; filename=lamp.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--outer--
"""

DSN = f"""\
From: Mail Delivery Subsystem <mailer-daemon@mx.home.example>
To: {INBOX}
Date: Mon, 21 Sep 2026 16:13:20 +0200
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-1@mx.home.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=r

--r
Content-Type: text/plain

Your mail could not be delivered.
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.home.example

Final-Recipient: rfc822; zoe@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <zoe@example.com> unknown user

--r
Content-Type: message/rfc822

Message-ID: <{SENT}@geopod-ismtpd-3-1>
Subject: Your order

Hello
--r--
"""

STATUS, POSTED, CONSENT = ("message.status_changed",), ("message.posted",), ("consent.changed",)

BODIES: Bodies = {
    "processed": (event("processed"), STATUS),
    "deferred": (event("deferred", response="450 try again later", attempt="5"), STATUS),
    "delivered": (event("delivered", response="250 OK"), STATUS),
    "bounce": (event("bounce", type="bounce", status="5.1.1", reason="550 <zoe@example.com> unknown"), STATUS),
    "block": (event("bounce", type="blocked", reason="550 too many"), STATUS),
    "dropped": (event("dropped", reason="Bounced Address", status="5.0.0"), STATUS),
    "dropped, with a route for an id": (
        event("dropped", reason="Invalid", sg_message_id="filter0093p1las1.9128.5717FB8127.0"), STATUS
    ),
    "open": ([{**event("open")[0], "smtp-id": ""}], STATUS),
    "opened by a machine": (event("open", sg_machine_open=True), STATUS),
    "click": (event("click", url="https://shop.example/o?mail=1", url_offset={"index": 0}), STATUS),
    "unsubscribe": (event("unsubscribe"), CONSENT),
    "unsubscribe from a group": (event("group_unsubscribe", asm_group_id=12), CONSENT),
    "subscribe to a group again": (event("group_resubscribe", asm_group_id=12), CONSENT),
    "spam report": (event("spamreport"), CONSENT),
    "account": (event("account_status_change", type="compliance_suspend"), "ignored"),
    "several": (event("processed") + event("delivered") + event("open"), STATUS * 3),
    "the same twice": (event("delivered") + event("delivered"), STATUS),
    "something new": (event("levitated"), "unknown_type"),
    "nobody": (event("open", email="", sg_message_id="", **{"smtp-id": ""}), "malformed"),
    "empty list": ([], "ignored"),
    "a list of nothing": ([1, None], "malformed"),
    "of a thread of ours": (event("delivered", conversation="<m-1@mail.home.example>", ticket="77"), STATUS),
    "mail": (inbound(), POSTED),
    "mail in other charsets": (
        inbound(
            text="Elle est cassée.".encode("windows-1252"),
            charsets='{"text":"windows-1252","subject":"UTF-8","from":"UTF-8"}',
        ),
        POSTED,
    ),
    "answer": (
        inbound(f"In-Reply-To: <{SENT}@geopod-ismtpd-3-1>", f"References: <{SENT}@geopod-ismtpd-3-1>"),
        POSTED,
    ),
    "out of office": (inbound("Auto-Submitted: auto-replied (vacation)"), POSTED),
    "mail of HTML alone": (inbound(text=""), POSTED),
    "mail of an attachment alone": (
        form({"headers": headers(), "attachments": "1",
              "attachment-info": '{"attachment1":{"filename":"a.txt","type":"text/plain"}}'},
             {"attachment1": b"\xff\x00--xYzZ"}),
        POSTED,
    ),
    "whole mail": (raw_mail(WHOLE), POSTED),
    "undeliverable": (raw_mail(DSN), STATUS),
    "empty mail": (form({"email": ""}), "malformed"),
    "no mail": (form({"hello": "world"}), "malformed"),
}  # fmt: skip
