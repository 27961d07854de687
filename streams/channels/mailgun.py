"""Mailgun: events (JSON with a signature block), older events and mails that come in (forms).

The signature covers a time and a token, not the body: see `verify`.  A form's event has the
company's variables among its fields, so that of a repeated name the first is Mailgun's, but the
last for the signature's own three.  A mail comes by a route's `forward()` or `store(notify=)`,
parsed, or whole (`body-mime`) if the URL ends in `mime`.  An event's `id` is unique within a day.
Source: Mailgun's documentation, "Webhook Payloads", "Webhooks", "Receiving Messages via HTTP",
"Event Structure"; the older form, the odd codes and the doubled fields from django-anymail's tests.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from schemas.common import Ref
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
    unknown,
)
from streams.channels.body import BodyError, dig, is_json, read_json, read_object, table, text
from streams.channels.draft import Draft
from streams.channels.mail import plus_tokens, read_mail
from streams.channels.mail_headers import Headers, domain_of, mail_id, mailboxes
from streams.channels.mail_message import Mail, completed, read_mime
from streams.channels.mail_sent import consent, receipt, thread_of
from streams.channels.multipart import form_fields
from streams.channels.signatures import any_secret, fresh, hex_hmac

_STATUSES = {
    "accepted": "queued",
    "rejected": "failed",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "dropped": "failed",
    "bounced": "bounced",
}
_SIGNED = ("timestamp", "token", "signature")
_ONCE = {"delivered", "dropped", "bounced", "accepted", "rejected"}
"""Happen once to a mail and an address."""

_RETRIED_MS = 9 * 3_600_000
"""Mailgun tries again for eight hours, with the signature of the first try."""


class Mailgun(Adapter):
    """Options `ours` and `tickets`: see `mail.py`."""

    vendor = "mailgun"
    title = "Mailgun"
    options = ("ours", "tickets")
    about = About(
        gives=("messages", "receipts", "consent"),
        identities={
            "email": ("network", "claimed"),
        },
        transfer="",
        lacks="texts of mails that you send, agents, queues, status",
        retries="8 h until a 200, 406 stops them; the same id",
    )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """HMAC-SHA256 over timestamp and token.  It does not cover the body: who has seen one
        signature can send another body with it while its time holds.  A subaccount's events carry
        the main account's signature beside their own.
        """
        last: Rejected | None = None
        for block in _signatures(request):
            stamp, token = text(block, "timestamp"), text(block, "token")
            message = f"{stamp}{token}".encode("utf-8", "replace")
            last = any_secret(
                source,
                text(block, "signature") if stamp and token else "",
                lambda key, m=message: hex_hmac(key, m),  # type: ignore[misc]
                "the body",
            ) or fresh(request, times.seconds(stamp), "timestamp", _RETRIED_MS)
            if last is None:
                return None
        return last

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        if not is_json(request.body):
            return _form(request, source, _fields(request))
        body = read_object(request.body)
        data = table(body, "event-data")
        if not data and ({"message", "flags", "log-level", "delivery-status"} & body.keys()):
            data = body  # as the events API and the documentation show it
        if data:
            return _event(data, request, source)
        if "event-data" in body:
            return malformed("The event has no data.")
        return _form(request, source, {name: text(body, name) for name in body})


def _signatures(request: Request) -> list[dict[str, Any]]:
    """The blocks that may hold the signature; one at least."""
    if not is_json(request.body):
        fields = form_fields(request)
        return [{field.name: field.text for field in fields if field.name in _SIGNED}]
    try:
        body = read_json(request.body)
    except BodyError:
        return [{}]
    return [table(body, "signature"), *filter(None, [table(body, "parent-signature")])]


def _fields(request: Request) -> dict[str, str]:
    """Of repeated fields the first; of a file its name."""
    form: dict[str, str] = {}
    for field in form_fields(request):
        form.setdefault(field.name, field.text if field.file is None else field.file)
    return form


# Events -------------------------------------------------------------------------------------------


def _event(data: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    kind = text(data, "event").lower()
    headers = table(data, "message", "headers")
    if kind == "stored":
        return _stored(data, request, source)
    if kind == "accepted" and dig(data, "flags", "is-routed") is True:
        return ignored("A mail came in; the route that takes it sends the mail itself.")
    address = text(data, "recipient") or text(headers, "to")
    status = _STATUSES.get(kind, "")
    if kind == "failed":
        status = _failed(text(data, "severity"), text(data, "reason"))
    delivery = table(data, "delivery-status")
    reasons = (
        text(data, "reason") or text(data, "reject", "reason"),
        text(delivery, "message") or text(delivery, "description"),
    )
    known = (text(data, "id"), text(data, "timestamp"))
    told = _Told(
        kind, status, address, mail_id(text(headers, "message-id")), times.seconds(known[1]),
        "/".join((*known, "" if all(known) else text(data, "url"))),
        reasons if status in {"bounced", "failed", "deferred"} else (),
        *thread_of(table(data, "user-variables"), source),
    )  # fmt: skip
    return told.parsed(request, source)


def _failed(severity: str, reason: str) -> str:
    """Mailgun itself drops what it knows will not be taken (`suppress-…`): no server refused it."""
    if severity == "temporary":
        return "deferred"
    refused = severity == "permanent" and reason != "old" and not reason.startswith("suppress")
    return "bounced" if refused else "failed"


class _Told(msgspec.Struct, frozen=True):
    """What an event of either form tells; `when` tells it from the next one of its kind."""

    kind: str
    status: str
    address: str
    ident: str
    at_ms: int | None
    when: str
    reasons: tuple[str, ...]
    thread: str
    refs: tuple[Ref, ...]

    def parsed(self, request: Request, source: SourceConfig) -> Parsed:
        purpose = {"unsubscribed": "marketing", "complained": "all"}.get(self.kind)
        if not self.status and not purpose:
            return unknown(f"Mailgun sends no event {self.kind!r} that we know.")
        if not self.ident and not mailboxes(self.address):
            return malformed(f"This {self.kind!r} names neither a mail nor an address.")
        draft = Draft(request, source, self.kind, "email", self.thread or self.ident)
        key = f"{self.kind}/{self.ident}/{self.address}/{self.when}"
        told: EventBase
        if purpose:
            told = consent(
                draft, key, self.at_ms, purpose=purpose, state="denied", address=self.address,
                evidence=f"Mailgun {self.kind}", refs=self.refs,
            )  # fmt: skip
        else:
            told = receipt(
                draft, key, self.at_ms, address=self.address, status=self.status,
                message_id=self.ident, reasons=self.reasons, refs=self.refs,
            )  # fmt: skip
        return Parsed((told,))


def _stored(data: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    """A mail that came in and was stored by a route without `notify`: only its head is told."""
    headers = Headers(
        (name, text(value)) for name, value in table(data, "message", "headers").items()
    )
    to = text(data, "recipient") or text(data, "envelope", "targets")
    mail = Mail(
        headers,
        ident=text(data, "id"),
        envelope_to=tuple(address for _, address in mailboxes(to)),
        tokens=plus_tokens(to),
        attachments=tuple(
            text(one, "filename") or "file" for one in _rows(data, "message", "attachments")
        ),
    )
    at_ms = times.seconds(data.get("timestamp"))
    return read_mail(mail, Draft(request, source, "stored"), source, at_ms)


def _rows(value: Any, *path: str) -> list[Any]:
    found = dig(value, *path)
    return found if isinstance(found, list) else []


# Forms --------------------------------------------------------------------------------------------


def _form(request: Request, source: SourceConfig, form: Mapping[str, str]) -> Parsed:
    kind = form.get("event", "").lower()
    if kind and kind != "stored":
        return _legacy(request, source, form, kind)
    if not {"body-plain", "body-html", "body-mime", "message-headers", "sender"} & form.keys():
        return malformed("This is neither an event of Mailgun's nor a mail: it has no mail in it.")
    mail = _mail(form)
    return read_mail(mail, Draft(request, source, "inbound"), source, _stamp(form))


def _stamp(form: Mapping[str, str]) -> int | None:
    return times.seconds(form.get("timestamp"))


def _legacy(request: Request, source: SourceConfig, form: Mapping[str, str], kind: str) -> Parsed:
    ident = form.get("Message-Id") or form.get("message-id") or _header_id(form)
    said = form.get("error") or form.get("notification") or form.get("description", "")
    ident = mail_id(ident)
    # Opens and clicks are many: each has its own token, which a retry repeats.
    when = "" if kind in _ONCE and ident else _fingerprint(form)
    told = _Told(
        kind, _STATUSES.get(kind, ""), form.get("recipient", ""), ident, _stamp(form), when,
        (form.get("code", ""), said) if kind in {"dropped", "bounced"} else (),
        *thread_of(dict(form), source),
    )  # fmt: skip
    return told.parsed(request, source)


def _fingerprint(form: Mapping[str, str]) -> str:
    if token := form.get("token"):
        return token
    told = "\x00".join(f"{name}={form[name]}" for name in sorted(form) if name not in _SIGNED)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _header_id(form: Mapping[str, str]) -> str:
    return _headers(form).first("message-id") or ""


def _headers(form: Mapping[str, str]) -> Headers:
    """`message-headers` is a JSON list of pairs; a value may be a list with its parameters."""
    try:
        listed = orjson.loads(form.get("message-headers", ""))
    except orjson.JSONDecodeError:
        listed = []
    found = [
        (pair[0], pair[1] if isinstance(pair[1], str) else text(pair[1], 0))
        for pair in (listed if isinstance(listed, list) else [])
        if isinstance(pair, list) and len(pair) > 1 and isinstance(pair[0], str)
    ]
    return Headers(found)


def _mail(form: Mapping[str, str]) -> Mail:
    headers = _headers(form)
    if form.get("body-mime", "").strip():
        mail = read_mime(form["body-mime"].encode("utf-8", "surrogateescape"))
    else:
        # Their text has no quotes and no signature; it may be missing, or have lost everything.
        mail = Mail(
            headers,
            form.get("body-plain", ""),
            form.get("body-html", "") or form.get("stripped-html", ""),
            form.get("stripped-text", ""),
            _attachments(form),
        )
    lower = {name.lower(): value for name, value in form.items()}
    return msgspec.structs.replace(
        mail,
        headers=_with_ids(completed(mail.headers, lower), lower),
        envelope_from=form.get("sender"),
        envelope_to=tuple(address for _, address in mailboxes(form.get("recipient", ""))),
        tokens=plus_tokens(form.get("recipient", "")),
        signed_by=_signers(mail.headers),
        spf=_verdict(mail.headers, "x-mailgun-spf"),
    )


def _with_ids(headers: Headers, form: Mapping[str, str]) -> Headers:
    names = ("message-id", "in-reply-to", "references")
    extra = [(n, form[n]) for n in names if form.get(n) and headers.first(n) is None]
    return Headers([*headers.pairs, *extra]) if extra else headers


def _verdict(headers: Headers, name: str) -> bool:
    """What stands above the first `Received` is Mailgun's; below it is whatever the sender wrote,
    who may well claim to have passed.
    """
    return headers.above("received", name).strip().lower() == "pass"


def _signers(headers: Headers) -> tuple[str, ...]:
    """The domains whose signature holds.  Mailgun says that one does, not which: of several it is
    clear only when they are one, or when its spam filter names the author's (`DKIM_VALID_AU`).
    """
    if not _verdict(headers, "x-mailgun-dkim-check-result"):
        return ()
    signed = tuple({_signer(value) for value in headers.all("dkim-signature")})
    if "DKIM_VALID_AU" in headers.above("received", "x-mailgun-spam-rules"):
        authors = [address for value in headers.raw("from") for _, address in mailboxes(value)]
        return tuple(domain_of(address) for address in authors[:1])
    return signed if len(signed) == 1 else ()


def _signer(signature: str) -> str:
    for part in signature.split(";"):
        name, _, value = part.partition("=")
        if name.strip().lower() == "d":
            return domain_of("@" + "".join(value.split()))
    return ""


def _attachments(form: Mapping[str, str]) -> tuple[str, ...]:
    try:
        listed = orjson.loads(form.get("attachments", ""))
    except orjson.JSONDecodeError:
        named = [form[name] or "file" for name in form if re.fullmatch(r"attachment-\d+", name)]
        count = form.get("attachment-count", "")
        return tuple(named) or ("file",) * (min(int(count), 100) if count.isdecimal() else 0)
    return tuple(text(one, "name") or "file" for one in listed) if isinstance(listed, list) else ()
