"""A mail as the vendor hands it over, or read from its source (RFC 5322, MIME)."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser

import msgspec

from streams.channels.mail_headers import Headers, in_charset
from streams.channels.mail_reports import Report, read_report


class Mail(msgspec.Struct, frozen=True):
    """`said` is the vendor's own cut of the writer's words.  `envelope_from` is None when untold,
    and empty when there is no way back.  `signed_by` are the domains whose signature the vendor has
    checked, `spf` that the envelope's domain allows the sending server.  `ident` is the vendor's
    own id; `tokens` stand after the plus in our address.
    """

    headers: Headers
    text: str = ""
    markup: str = ""
    said: str = ""
    attachments: tuple[str, ...] = ()
    envelope_from: str | None = None
    envelope_to: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()
    spf: bool = False
    ident: str = ""
    report: Report | None = None
    tokens: tuple[str, ...] = ()


def read_mime(raw: bytes) -> Mail:
    """A whole mail.  Raises `ValueError` when its parts are nested beyond reading."""
    try:
        message = BytesParser().parsebytes(raw)
        leaves = [part for part in message.walk() if not part.is_multipart()]
        report = read_report(message)
    except RecursionError as error:
        raise ValueError("The mail's parts are nested too deeply to be read.") from error
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    attachments: list[str] = []
    for part in leaves:
        kind = part.get_content_type()
        name = _filename(part)
        if kind in texts and not name and part.get_content_disposition() != "attachment":
            texts[kind].append(_content(part))
        elif name or kind not in texts:
            attachments.append(name or kind)
    return Mail(
        headers=Headers((name, str(value)) for name, value in message.raw_items()),
        text="\n".join(texts["text/plain"]),
        markup="\n".join(texts["text/html"]),
        attachments=tuple(attachments),
        report=report,
    )


def _content(part: Message) -> str:
    raw = part.get_payload(decode=True)
    charset = part.get_param("charset")
    return (
        in_charset(raw, charset if isinstance(charset, str) else "utf-8")
        if isinstance(raw, bytes)
        else ""
    )


def _filename(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return "file"


def completed(headers: Headers, form: Mapping[str, str]) -> Headers:
    """With the vendor's own fields where a header is missing."""
    extra = [
        (name, form[name])
        for name in ("from", "to", "cc", "subject", "date", "reply-to")
        if form.get(name) and headers.first(name) is None
    ]
    return Headers([*headers.pairs, *extra]) if extra else headers
