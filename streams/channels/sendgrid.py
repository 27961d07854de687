"""SendGrid: events of the mails that it sends (a JSON array), and mails that come in (a form).

Events carry no thread.  `smtp-id` is the mail's Message-ID, but opens and clicks have only
`sg_message_id`; both begin with the same id, unless the company set a Message-ID of its own.
Inbound Parse sends either the parsed mail, each field in the charset that `charsets` names, or the
whole of it (`email`); `dkim` looks like JSON and is none.
Source: Twilio's documentation, "Event Webhook Reference", "Inbound Email Parse Webhook", "Securing
your Inbound Parse Webhooks"; shapes also from sendgrid-python's and django-anymail's tests.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from schemas.events import EventBase
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    malformed,
    together,
    unknown,
)
from streams.channels.body import is_json, read_json, text
from streams.channels.draft import Draft
from streams.channels.key_pairs import is_ecdsa_signed, public_key
from streams.channels.mail import plus_tokens, read_mail
from streams.channels.mail_headers import from_block, in_charset, mail_id
from streams.channels.mail_message import Mail, completed, read_mime
from streams.channels.mail_sent import consent, receipt, thread_of
from streams.channels.multipart import form_fields
from streams.channels.signatures import NO_SECRET, bearer, fresh

_STATUSES = {
    "processed": "queued",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "blocked": "failed",
    "dropped": "failed",
    "open": "opened",
    "click": "clicked",
}
_CONSENTS = {
    "unsubscribe": ("marketing", "denied"),
    "group_unsubscribe": ("marketing", "denied"),
    "group_resubscribe": ("marketing", "granted"),
    "spamreport": ("all", "denied"),
}
_SIGNATURE = "x-twilio-email-event-webhook-signature"
_STAMP = "x-twilio-email-event-webhook-timestamp"

_EVENTS_RETRIED_MS = 86_400_000
_MAILS_RETRIED_MS = 3 * 86_400_000
"""How long SendGrid tries again.  It does not say whether it signs anew; the signature covers the
body, and a body that comes twice gives the same events.
"""

_PATH = re.compile(r"\.(?:filter|recvd)[\w-]*[.-]")
"""Where SendGrid's route through its servers begins in `sg_message_id`."""

_ATTACHED = re.compile(r"attachment\d+")
_CHECKED = re.compile(r"@([\w.-]+)\s*:\s*pass", re.IGNORECASE)


class SendGrid(Adapter):
    """A secret that is a public key checks signatures; any other is the token of an unsigned URL.
    Options `ours` and `tickets`: see `mail.py`.
    """

    vendor = "sendgrid"
    title = "SendGrid"
    options = ("ours", "tickets")
    about = About(
        gives=("messages", "receipts", "consent"),
        identities={
            "email": ("network", "claimed"),
        },
        transfer="",
        lacks="texts of mails that you send, agents, queues, status",
        retries="events up to 24 h, mails 3 days; the same sg_event_id or Message-ID",
    )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """ECDSA (P-256, SHA-256) over timestamp and raw body, the last line break included.
        Inbound Parse signs likewise once a security policy is attached; else its URL has a token.
        """
        if not source.secrets:
            return NO_SECRET
        signature = request.headers.get(_SIGNATURE)
        if signature is None:
            tokens = tuple(secret for secret in source.secrets if public_key(secret) is None)
            if not tokens:
                return Rejected(
                    "no_signature", f"The request has no signature in {_SIGNATURE}, and the source "
                    "has no token beside its public key.",
                )  # fmt: skip
            return bearer(request, msgspec.structs.replace(source, secrets=tokens))
        stamp = request.headers.get(_STAMP, "")
        message = stamp.encode("utf-8", "replace") + request.body
        if not any(_signed(secret, signature, message) for secret in source.secrets):
            return Rejected(
                "bad_signature",
                f"The signature in {_SIGNATURE} does not fit: another key, or a body changed on "
                "its way.",
            )
        retried_ms = _EVENTS_RETRIED_MS if is_json(request.body) else _MAILS_RETRIED_MS
        return fresh(request, times.seconds(stamp), _STAMP, retried_ms)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        if not is_json(request.body):
            return _inbound(request, source, {f.name: f.value for f in form_fields(request)})
        body = read_json(request.body)
        if (
            isinstance(body, dict)
            and "event" not in body
            and {"headers", "email", "from"} & {*body}
        ):
            values = {str(name): text(body, name).encode() for name in body}
            return _inbound(request, source, values)
        events = [body] if isinstance(body, dict) else body
        found = [
            _event(one, request, source)
            if isinstance(one, dict)
            else malformed("A part of the list is no event.")
            for one in events
        ]
        return together(found, "SendGrid sent an empty list: a test of the connection.")


def _signed(secret: str, signature: str, message: bytes) -> bool:
    try:
        return is_ecdsa_signed(secret, base64.b64decode(signature, validate=True), message)
    except ValueError:  # no base64
        return False


# Events -------------------------------------------------------------------------------------------


def _event(row: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    kind = text(row, "event").lower()
    if kind == "account_status_change":
        return ignored("account_status_change: about your account at SendGrid, not a customer.")
    if kind not in _STATUSES and kind not in _CONSENTS:
        return unknown(f"SendGrid sends no event {kind!r} that we know.")
    own, native = mail_id(text(row, "smtp-id")), text(row, "sg_message_id")
    ident = _message_id(native) or own or native
    address = text(row, "email")
    if not ident and not address:
        return malformed(f"A {kind} that names neither a mail nor an address.")
    thread, refs = thread_of(row, source)
    draft = Draft(request, source, kind, "email", thread or own or ident)
    at_ms = times.seconds(row.get("timestamp"))
    key = "/".join((kind, text(row, "sg_event_id"), ident, address, text(row, "timestamp")))
    if kind in _CONSENTS:
        purpose, state = _CONSENTS[kind]
        group = text(row, "asm_group_id")
        told: EventBase = consent(
            draft, key, at_ms, purpose=purpose, state=state, address=address, refs=refs,
            evidence=f"SendGrid {kind}" + (f" of group {group}" if group else ""),
        )  # fmt: skip
        return Parsed((told,))
    status = _STATUSES[kind]
    if kind == "bounce" and text(row, "type") == "blocked":
        status = "failed"  # refused this time; the address is not given up
    said = text(row, "reason") or (text(row, "response") if status == "deferred" else "")
    reasons = (text(row, "status"), said)
    if kind == "open" and row.get("sg_machine_open") is True:
        reasons = ("", "opened by a machine, for privacy")
    told = receipt(
        draft, key, at_ms, address=address, status=status, message_id=ident, reasons=reasons,
        refs=refs,
    )  # fmt: skip
    return Parsed((told,))


def _message_id(native: str) -> str:
    """`sg_message_id` up to the route; empty when it is nothing but one."""
    return _PATH.split(f".{native}", maxsplit=1)[0].removeprefix(".")


# Mails --------------------------------------------------------------------------------------------


def _inbound(request: Request, source: SourceConfig, values: Mapping[str, bytes]) -> Parsed:
    if not {"headers", "email", "from", "text", "html", "envelope"} & values.keys():
        return malformed(
            "This is neither a list of events nor a mail of Inbound Parse: it has no mail in it."
        )
    form = _decoded(values)
    envelope = _json(form.get("envelope", ""))
    listed = envelope.get("to")
    sent_to = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, str)]
    mail = _mail(form, values)
    whole = msgspec.structs.replace(
        mail,
        headers=completed(mail.headers, form),
        envelope_from=text(envelope, "from") if "from" in envelope else None,
        envelope_to=tuple(one.strip().lower() for one in sent_to),
        tokens=plus_tokens(*sent_to),
        signed_by=tuple(_CHECKED.findall(form.get("dkim", ""))),
        spf=form.get("SPF", "").strip().lower() == "pass",
    )
    return read_mail(whole, Draft(request, source, "inbound"), source)


def _mail(form: Mapping[str, str], values: Mapping[str, bytes]) -> Mail:
    if values.get("email", b"").strip():
        return read_mime(values["email"])
    info = _json(form.get("attachment-info", ""))
    return Mail(
        from_block(form.get("headers", "")),
        form.get("text", ""),
        form.get("html", ""),
        attachments=tuple(text(one, "filename") or name for name, one in sorted(info.items())),
    )


def _decoded(values: Mapping[str, bytes]) -> dict[str, str]:
    charsets = _json(values.get("charsets", b"").decode("utf-8", "replace"))
    return {
        name: in_charset(value, text(charsets, name) or "utf-8").strip()
        for name, value in values.items()
        if name != "email" and not _ATTACHED.fullmatch(name)
    }


def _json(value: str) -> dict[str, Any]:
    if not value:
        return {}
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
