"""Postmark: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.postmark import Server
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body

CALL = Server("source", SECRET).inbound("m-1", WHO, "Broken lamp", "hello", NOW_MS)
SIGNS = "nothing"
WORDS = ("Zoé", "zoe@example.com", "broken", "does not light")

SENT = "883953f4-6105-42a2-a16a-77a8eac79483"
INBOX = "451d9b70cf@inbound.postmarkapp.com"
AT = "2026-09-21T10:13:20.3963933-04:00"


def record(kind: str, **fields: Any) -> Body:
    return {
        "RecordType": kind,
        "ServerID": 23,
        "MessageID": SENT,
        "MessageStream": "outbound",
        "Tag": "orders",
        "Metadata": {},
        **fields,
    }


def read(kind: str, **fields: Any) -> Body:
    return record(kind, Recipient="zoe@example.com", ReceivedAt=AT, UserAgent="Mozilla", **fields)


def bounce(kind: str, code: int, **fields: Any) -> Body:
    told: Body = {"ID": 4323372036854775807, "Type": kind, "TypeCode": code, "Email": "zoe@example.com",
                  "BouncedAt": AT, "Details": "550 <zoe@example.com> no such user", "Inactive": True}  # fmt: skip
    return record("Bounce", **told | fields)


def suppressed(reason: str | None, *, sending: bool = True, origin: str = "Recipient") -> Body:
    return record(
        "SubscriptionChange", Recipient="zoe@example.com", ChangedAt=AT, Origin=origin,
        SuppressSending=sending, SuppressionReason=reason,
    )  # fmt: skip


def inbound(*more: tuple[str, str], **fields: Any) -> Body:
    headers = [
        ("Return-Path", "<zoe@example.com>"),
        ("Received", "from mail.home.example by inbound.postmarkapp.com"),
        ("X-Spam-Status", "No"),
        ("X-Spam-Tests", "DKIM_SIGNED,DKIM_VALID,SPF_PASS"),
        ("Message-ID", "<m-1@mail.home.example>"),
        *more,
    ]
    return {
        "From": "zoe@example.com",
        "FromFull": {"Email": "zoe@example.com", "Name": "Zoé Marchand", "MailboxHash": ""},
        "To": INBOX,
        "ToFull": [{"Email": INBOX, "Name": "", "MailboxHash": ""}],
        "CcFull": [],
        "OriginalRecipient": INBOX,
        "Subject": "My lamp is broken",
        "MessageID": "22c74902-a0c1-4511-804f-341342852c90",
        "MessageStream": "inbound",
        "ReplyTo": "",
        "MailboxHash": "",
        "Date": "Mon, 21 Sep 2026 16:13:20 +0200",
        "TextBody": "It does not light.\r\n\r\nOn Monday, Shop wrote:\r\n> Is it in order?",
        "HtmlBody": "<p>It does not light.</p>",
        "StrippedTextReply": "",
        "Tag": "",
        "Headers": [{"Name": name, "Value": value} for name, value in headers],
        "Attachments": [],
        **fields,
    }


RAW = (
    'From: "Zoé Marchand" <zoe@example.com>\nTo: a@in.shop.example\nSubject: My lamp is broken\n'
    "Message-ID: <m-1@mail.home.example>\nDate: Mon, 21 Sep 2026 16:13:20 +0200\n\n"
    "It does not light.\n"
)
STATUS, POSTED, CONSENT = ("message.status_changed",), ("message.posted",), ("consent.changed",)

BODIES: Bodies = {
    "delivery": (record("Delivery", Recipient="zoe@example.com", DeliveredAt=AT, Details="ok"), STATUS),
    "open": (read("Open", FirstOpen=True, ReadSeconds=3), STATUS),
    "click": (read("Click", OriginalLink="https://shop.example/o", ClickLocation="HTML"), STATUS),
    "hard bounce": (bounce("HardBounce", 1), STATUS),
    "soft bounce": (bounce("SoftBounce", 4096), STATUS),
    "tried again": (bounce("Transient", 2), STATUS),
    "blocked": (bounce("Blocked", 100006), STATUS),
    "out of office": (bounce("AutoResponder", 64, Content="Subject: Away\n\nBack on Monday."), POSTED),
    "unsubscribed by mail": (bounce("Unsubscribe", 16), CONSENT),
    "subscribed by mail": (bounce("Subscribe", 32), CONSENT),
    "complaint as a bounce": (bounce("SpamComplaint", 100001), CONSENT),
    "a mail that was lost": (bounce("InboundError", 100008), "unknown_type"),
    "a new bounce": (bounce("Levitated", 7), "unknown_type"),
    "bounce in the old form": (
        {name: value for name, value in bounce("HardBounce", 1).items() if name != "RecordType"}, STATUS
    ),
    "complaint": (
        record("SpamComplaint", ID=42, Type="SpamComplaint", Email="zoe@example.com", BouncedAt=AT),
        CONSENT,
    ),
    "unsubscribed": (suppressed("ManualSuppression"), CONSENT),
    "subscribed": (suppressed(None, sending=False), CONSENT),
    "lifted by the company": (suppressed(None, sending=False, origin="Customer"), "ignored"),
    "suppressed after a bounce": (suppressed("HardBounce"), STATUS),
    "suppressed after a complaint": (suppressed("SpamComplaint"), CONSENT),
    "of a thread of ours": (
        read("Open", Metadata={"conversation": "<m-1@mail.home.example>", "ticket": "77"}), STATUS
    ),
    "something new": (record("Levitation"), "unknown_type"),
    "nothing": ({}, "unknown_type"),
    "nobody": (record("Delivery", MessageID=""), "malformed"),
    "mail": (inbound(), POSTED),
    "mail with its source": (inbound(RawEmail=RAW), POSTED),
    "mail of HTML alone": (inbound(TextBody=""), POSTED),
    "mail of an attachment alone": (
        {"Attachments": [{"Name": "lamp.png", "ContentType": "image/png", "Content": "AA=="}],
         "OriginalRecipient": INBOX},
        POSTED,
    ),
    "mail to a hash": (
        inbound(OriginalRecipient="451d9b70cf+Order-7@inbound.postmarkapp.com", MailboxHash="Order-7"),
        POSTED,
    ),
    "answer": (
        inbound(("In-Reply-To", f"<{SENT}@mtasv.net>"), ("References", f"<{SENT}@mtasv.net>")), POSTED
    ),
    "automatic mail": (inbound(("Auto-Submitted", "auto-replied")), POSTED),
    "empty mail": ({"RecordType": "Inbound"}, "malformed"),
}  # fmt: skip
