"""Mails that machines write about a mail of ours: delivered or not (RFC 3464), read (8098), taken
for spam (5965).

A report names the mail that it is about by its Message-ID, in a field of its own or in the headers
that it gives back.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import Literal

import msgspec

from streams.channels.mail_headers import Headers, from_block, mail_id, mailboxes

Outcome = Literal["bounced", "deferred", "delivered", "read", "complained"]

_ACTIONS: dict[str, Outcome] = {
    "failed": "bounced",
    "delayed": "deferred",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}
_LONGEST_REASON = 300
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']{1,128}@[^\s<>()\[\]:;,\"']{1,255}")


class Report(msgspec.Struct, frozen=True):
    """What happened to our mail `about` (its Message-ID, empty if untold) on its way to whom."""

    outcome: Outcome
    about: str
    recipient: str = ""
    reason: str = ""


def read_report(message: Message) -> Report | None:
    """None when the mail is no report, or one that cannot be read."""
    if message.get_content_type() != "multipart/report":
        return None
    parts = [part for part in message.walk() if part is not message]
    about = next(
        (ident for part in parts if (ident := _original(part))), ""
    )  # of the mail given back
    for part in parts:
        match part.get_content_type():
            case "message/delivery-status":
                return _delivery(_blocks(part), about)
            case "message/disposition-notification":
                return _reading(_blocks(part), about)
            case "message/feedback-report":
                return _abuse(_blocks(part), about)
    return None


def diagnosis(*parts: str) -> str:
    """A mail server's words in one line, without anybody's address."""
    said = " ".join(" ".join(part for part in parts if part)[:2_000].split())
    return _ADDRESS.sub("…", said)[:_LONGEST_REASON]


def _blocks(part: Message) -> list[Headers]:
    """The groups of fields in such a part: the library reads each as a message of its own."""
    payload = part.get_payload()
    if isinstance(payload, list):
        inner = [one for one in payload if isinstance(one, Message)]
        return [Headers((name, str(value)) for name, value in one.items()) for one in inner]
    raw = part.get_payload(decode=True)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(payload)
    return [from_block(block) for block in re.split(r"(?:\r?\n){2,}", text) if block.strip()]


def _field(blocks: list[Headers], name: str) -> str:
    return next((found for block in blocks if (found := block.first(name))), "")


def _address(value: str) -> str:
    """`rfc822; zoe@…` and its like."""
    found = mailboxes(value.partition(";")[2] or value)
    return found[0][1] if found else ""


def _original(part: Message) -> str:
    """The Message-ID of the mail that the report gives back, whole or its headers only."""
    if part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers"}:
        raw = part.get_payload(decode=True)
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
        return mail_id(from_block(text).first("message-id") or "")
    inner = part.get_payload()
    if part.get_content_type() != "message/rfc822" or not isinstance(inner, list) or not inner:
        return ""
    return mail_id(str(inner[0].get("message-id") or "")) if isinstance(inner[0], Message) else ""


def _delivery(blocks: list[Headers], about: str) -> Report | None:
    outcome = _ACTIONS.get(_field(blocks, "action").strip().lower())
    if outcome is None:
        return None
    code = _field(blocks, "diagnostic-code").partition(";")
    return Report(
        outcome,
        mail_id(_field(blocks, "original-message-id")) or about,
        _address(_field(blocks, "original-recipient") or _field(blocks, "final-recipient")),
        diagnosis(_field(blocks, "status"), code[2] or code[0]),
    )


def _reading(blocks: list[Headers], about: str) -> Report | None:
    shown = "displayed" in _field(blocks, "disposition").lower()
    return Report(
        "read" if shown else "delivered",
        mail_id(_field(blocks, "original-message-id")) or about,
        _address(_field(blocks, "original-recipient") or _field(blocks, "final-recipient")),
    )


def _abuse(blocks: list[Headers], about: str) -> Report | None:
    return Report("complained", about, _address(_field(blocks, "original-rcpt-to")))
