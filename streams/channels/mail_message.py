"""A mail as the vendor hands it over, or read from its source (RFC 5322, MIME)."""

from __future__ import annotations

from collections.abc import Mapping
from email.parser import BytesParser

import msgspec

from streams.channels.mail_headers import Headers
from streams.channels.mail_parts import Leaf, Pairs, UnusualError, of_message, usual
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
        pairs, leaves = usual(raw)
    except UnusualError:
        return _read_by_library(raw)
    return _mail(pairs, leaves)


def _read_by_library(raw: bytes) -> Mail:
    try:
        message = BytesParser().parsebytes(raw)
        leaves = of_message(message)
        report = read_report(message)
    except RecursionError as error:
        raise ValueError("The mail's parts are nested too deeply to be read.") from error
    pairs = [(name, str(value)) for name, value in message.raw_items()]
    return _mail(pairs, leaves, report)


def _mail(pairs: Pairs, leaves: list[Leaf], report: Report | None = None) -> Mail:
    said = [(leaf.kind, leaf.text) for leaf in leaves if leaf.text is not None]
    files = [leaf for leaf in leaves if leaf.text is None]
    return Mail(
        headers=Headers(pairs),
        text="\n".join(text for kind, text in said if kind == "text/plain"),
        markup="\n".join(text for kind, text in said if kind == "text/html"),
        attachments=tuple(
            leaf.name or leaf.kind
            for leaf in files
            if leaf.name or leaf.kind not in {"text/plain", "text/html"}
        ),
        report=report,
    )


def completed(headers: Headers, form: Mapping[str, str]) -> Headers:
    """With the vendor's own fields where a header is missing."""
    extra = [
        (name, form[name])
        for name in ("from", "to", "cc", "subject", "date", "reply-to")
        if form.get(name) and headers.first(name) is None
    ]
    return Headers([*headers.pairs, *extra]) if extra else headers
