"""Postmark: what became of the mails that it sends, and mails that come in, told by `RecordType`.

`MessageID` is Postmark's own; the mail's Message-ID is the same at `mtasv.net`, so that an answer
refers to it.  A hard bounce and the suppression that follows it are one fact, told twice; so are a
complaint and its suppression.  Older bodies have no `RecordType`: their fields tell it.  Nothing is
signed.
Source: Postmark's documentation of its webhooks and bounce types, its Node library's `BounceType`;
the check's payload and the headers of inbound mails from django-anymail's tests.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from schemas.events import EventBase, MessagePosted
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
    unknown,
)
from streams.channels.body import read_object, rows, table, text
from streams.channels.draft import CUSTOMER, Draft, identifier
from streams.channels.mail import plus_tokens, read_mail
from streams.channels.mail_headers import Headers, domain_of, mail_id, mailboxes
from streams.channels.mail_message import Mail, completed, read_mime
from streams.channels.mail_sent import consent, receipt, thread_of
from streams.channels.mail_text import words
from streams.channels.signatures import bearer

_STATUSES = {"Delivery": "delivered", "Open": "opened", "Click": "clicked"}
_BOUNCES = {
    "HardBounce": "bounced",
    "Transient": "deferred",
    "DnsError": "deferred",
    "OpenRelayTest": "deferred",
    **dict.fromkeys(
        ("SoftBounce", "SpamNotification", "VirusNotification", "Unknown", "BadEmailAddress",
         "ManuallyDeactivated", "Unconfirmed", "Blocked", "SMTPApiError", "DMARCPolicy",
         "TemplateRenderingFailed"),
        "failed",
    ),
}  # fmt: skip
_ANSWERS = {"AutoResponder", "AddressChange", "ChallengeVerification"}
"""Kinds of bounce that are mails which a machine of the customer's wrote back."""

_FIELD_OF = {
    "SuppressSending": "SubscriptionChange",
    "TypeCode": "Bounce",
    "BouncedAt": "Bounce",
    "DeliveredAt": "Delivery",
    "OriginalLink": "Click",
    "ReadSeconds": "Open",
    "FirstOpen": "Open",
    "FromFull": "Inbound",
    "RawEmail": "Inbound",
    "TextBody": "Inbound",
    "HtmlBody": "Inbound",
    "OriginalRecipient": "Inbound",
    "Attachments": "Inbound",
}
_ENVELOPE = re.compile(r"envelope-from=[\"<]*([^\s;\">]*)", re.IGNORECASE)


class Postmark(Adapter):
    """Options `ours` and `tickets`: see `mail.py`."""

    vendor = "postmark"
    title = "Postmark"
    options = ("ours", "tickets")
    about = About(
        gives=("messages", "receipts", "consent"),
        identities={
            "email": ("network", "claimed"),
        },
        transfer="",
        lacks="texts of mails that you send, agents, queues, status",
        retries="events 9 times in 72 min, mails 10 times; the same MessageID",
    )
    keep_headers = ("x-pm-webhook-trace-id",)

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """The secret is the password in the URL (basic authorization), or a bearer token."""
        return bearer(request, source)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        kind = text(body, "RecordType") or next(
            (kind for name, kind in _FIELD_OF.items() if name in body), ""
        )
        match kind:
            case "Inbound":
                return _inbound(body, Draft(request, source, "Inbound"), source)
            case "Delivery" | "Open" | "Click" | "Bounce" | "SpamComplaint" | "SubscriptionChange":
                return _Sent(body, kind, Draft(request, source, kind, "email"), source).parsed()
        return unknown(f"Postmark sends no record {kind!r} that we know.")


# Mails that were sent -----------------------------------------------------------------------------


class _Sent:
    """`Recipient`, or `Email` in what is a bounce; each kind has its own name for the time."""

    def __init__(self, body: dict[str, Any], kind: str, draft: Draft, source: SourceConfig) -> None:
        self._body = body
        self._kind = kind
        self._draft = draft
        self._ident = mail_id(text(body, "MessageID"))
        self._address = text(body, "Email") or text(body, "Recipient")
        stamps = ("BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt")
        self._stamp = next((found for name in stamps if (found := text(body, name))), "")
        self._at_ms = times.iso(self._stamp)
        thread, self._refs = thread_of(table(body, "Metadata"), source)
        draft.conversation = thread or self._ident

    def parsed(self) -> Parsed:
        if not self._ident and not mailboxes(self._address):
            return malformed(f"This {self._kind} names neither a mail nor an address.")
        match self._kind:
            case "Bounce":
                return self._bounced(text(self._body, "Type"))
            case "SpamComplaint":
                return Parsed((self._complained(),))
            case "SubscriptionChange":
                return self._suppressed()
        repeated = "" if self._kind == "Delivery" else self._stamp
        link = text(self._body, "OriginalLink")
        status = _STATUSES[self._kind]
        return Parsed((self._receipt(f"{status}/{self._about}/{repeated}/{link}", status),))

    @property
    def _about(self) -> str:
        return f"{self._ident}/{self._address}"

    def _receipt(self, key: str, status: str, *reasons: str) -> EventBase:
        return receipt(
            self._draft, key, self._at_ms, address=self._address, status=status,
            message_id=self._ident, reasons=reasons, refs=self._refs,
        )  # fmt: skip

    def _consent(self, key: str, state: str, *, purpose: str, evidence: str) -> EventBase:
        return consent(
            self._draft, key, self._at_ms, purpose=purpose, state=state, address=self._address,
            evidence=f"Postmark {evidence}", refs=self._refs,
        )  # fmt: skip

    def _complained(self) -> EventBase:
        key = f"complained/{self._about}"
        return self._consent(key, "denied", purpose="all", evidence="SpamComplaint")

    def _bounced(self, kind: str) -> Parsed:
        key = f"bounce/{kind}/{self._about}/{text(self._body, 'ID') or self._stamp}"
        if kind == "SpamComplaint":
            return Parsed((self._complained(),))
        if kind in {"Unsubscribe", "Subscribe"}:
            state = "denied" if kind == "Unsubscribe" else "granted"
            return Parsed((self._consent(key, state, purpose="marketing", evidence=kind),))
        if kind in _ANSWERS:
            return Parsed((self._answered(key),))
        if kind == "InboundError":
            return unknown("Postmark could not hand over a mail that came in: see its activity.")
        status = _BOUNCES.get(kind)
        if status is None:
            return unknown(f"Postmark has no bounce of type {kind!r} that we know.")
        if status == "bounced":
            key = f"bounced/{self._about}"
        details = text(self._body, "Details") or text(self._body, "Description")
        return Parsed((self._receipt(key, status, kind, details),))

    def _answered(self, key: str) -> EventBase:
        """An out-of-office note and its like: our mail has arrived, and nobody has read it."""
        content = text(self._body, "Content")
        mail = read_mime(content.encode("utf-8", "replace"))
        boxes = mailboxes(self._address)
        return self._draft.event(
            MessagePosted,
            key,
            self._at_ms,
            actor=CUSTOMER,
            identifiers=identifier("email", boxes[0][1] if boxes else "", "network"),
            message_id=f"{self._ident}/answer/{text(self._body, 'ID') or self._stamp}",
            direction="inbound",
            automated="auto_reply",
            in_reply_to=self._ident or None,
            refs=self._refs,
            personal={"text": words(mail.text, mail.markup)},
        )

    def _suppressed(self) -> Parsed:
        reason = text(self._body, "SuppressionReason")
        suppressed = self._body.get("SuppressSending")
        if not isinstance(suppressed, bool):
            return malformed("It is not said whether the address was suppressed or freed again.")
        if not suppressed:
            if text(self._body, "Origin") != "Recipient":
                return ignored("Not the customer himself lifted the suppression: no consent.")
            key = f"subscribed/{self._about}/{self._stamp}"
            return Parsed(
                (self._consent(key, "granted", purpose="marketing", evidence="resubscribed"),)
            )
        match reason:
            case "HardBounce":
                return Parsed((self._receipt(f"bounced/{self._about}", "bounced", reason),))
            case "SpamComplaint":
                return Parsed((self._complained(),))
            case "ManualSuppression":
                pass
            case _:
                return unknown(f"Postmark has no suppression reason {reason!r} that we know.")
        key = f"unsubscribed/{self._about}/{self._stamp}"
        stream = text(self._body, "MessageStream")
        evidence = reason + (f" in stream {stream}" if stream else "")
        return Parsed((self._consent(key, "denied", purpose="marketing", evidence=evidence),))


# Mails that come in -------------------------------------------------------------------------------


def _inbound(body: dict[str, Any], draft: Draft, source: SourceConfig) -> Parsed:
    told = Headers((text(row, "Name"), text(row, "Value")) for row in rows(body, "Headers"))
    raw = text(body, "RawEmail")
    mail = read_mime(raw.encode("utf-8", "surrogateescape")) if raw.strip() else _parsed(body, told)
    full = table(body, "FromFull")
    form = {
        "from": _box(full) or text(body, "From"),
        "to": text(body, "To") or ", ".join(_box(row) for row in rows(body, "ToFull")),
        "cc": text(body, "Cc") or ", ".join(_box(row) for row in rows(body, "CcFull")),
        "subject": text(body, "Subject"),
        "date": text(body, "Date"),
        "reply-to": text(body, "ReplyTo"),
    }
    recipient = text(body, "OriginalRecipient")
    token = text(body, "MailboxHash")
    headers = completed(mail.headers, form)
    whole = msgspec.structs.replace(
        mail,
        headers=headers,
        said=text(body, "StrippedTextReply"),
        envelope_from=_envelope(told),
        envelope_to=tuple(address for _, address in mailboxes(recipient)),
        tokens=(token,) if token else plus_tokens(recipient),
        ident=text(body, "MessageID"),
        signed_by=_signers(told, headers),
        spf=_spf(told),
    )
    return read_mail(whole, draft, source)


def _parsed(body: dict[str, Any], told: Headers) -> Mail:
    attachments = tuple(text(row, "Name") or "file" for row in rows(body, "Attachments"))
    return Mail(told, text(body, "TextBody"), text(body, "HtmlBody"), attachments=attachments)


def _box(full: dict[str, Any]) -> str:
    address = text(full, "Email")
    name = text(full, "Name").replace("\\", "").replace('"', "'")
    return f'"{name}" <{address}>' if address and name else address


def _tests(told: Headers) -> str:
    """SpamAssassin's findings; Postmark always runs it, and writes above the sender's words."""
    return told.first("x-spam-tests") or ""


def _signers(told: Headers, headers: Headers) -> tuple[str, ...]:
    """A signature of the author's own domain holds: DKIM_VALID_AU."""
    if "DKIM_VALID_AU" not in _tests(told):
        return ()
    authors = [address for value in headers.raw("from") for _, address in mailboxes(value)]
    return tuple(domain_of(address) for address in authors[:1])


def _spf(told: Headers) -> bool:
    checked = told.first("received-spf") or ""
    return checked.lower().startswith("pass") or (not checked and "SPF_PASS" in _tests(told))


def _envelope(told: Headers) -> str | None:
    """Whom the sending server named: what SPF was checked for.  A `Return-Path` counts only above
    the first `Received`: further down it is the sender's.
    """
    if found := _ENVELOPE.search(told.first("received-spf") or ""):
        return found.group(1)
    return told.above("received", "return-path") or None
