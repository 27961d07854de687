"""What is the same for every mail that comes in, whoever hands it over.

Who wrote it (From; Reply-To where a form or a list stands in for the writer), whether a machine did
(RFC 3834), what it answers (RFC 5322, 3.6.4), what in it is the writer's own.  A thread is named by
its first mail: the first of References, else In-Reply-To, else the mail itself, so that all of its
mails carry one conversation id; the mail a company sends is named so too, by the vendor's events.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from schemas.common import Actor, Identifier, Ref, Trust
from schemas.events import EventBase, MessagePosted, MessageStatusChanged
from streams.channels import times
from streams.channels.base import Parsed, SourceConfig, malformed
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.mail_headers import domain_of, mail_id, mail_ids, mailboxes
from streams.channels.mail_message import Mail
from streams.channels.mail_reports import Report
from streams.channels.mail_sent import consent
from streams.channels.mail_text import words

_DAEMONS = {"mailer-daemon", "postmaster", "mail-daemon", "bounce", "bounces"}
_STANDS_IN = re.compile(
    r"(?:no|do[-_.]?not|ne[-_.]?pas)[-_.]?r[eé](?:ply|pondre|pondez|sponder)|nicht[-_.]?antworten"
)
_AUTOMATIC_PRECEDENCE = {"bulk", "junk", "auto_reply", "auto-reply"}
"""Not `list`: a support mailbox that is a Google Group marks its customers' own mails so."""

_SUBJECT_TICKET = re.compile(
    r"(?i)\[#{1,2}\s?(\d{1,20})#{0,2}\]|"
    r"\[(?:[^\W\d][\w .-]{0,30}?)?[#:]\s?(\d{2,20})\]|"
    r"\b(?:ticket|case|request|demande|dossier|vorgang|anfrage)\s?(?:id|no\.?|n°|nr\.?)?\s?[#:]\s?(\d{2,20})\b"
)


# Who wrote it -------------------------------------------------------------------------------------


class Writer(msgspec.Struct, frozen=True):
    name: str = ""
    address: str = ""
    trust: Trust = "claimed"
    reply_to: str = ""

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """Reply-To beside a proven From adds nothing: anybody can name a stranger there."""
        if self.address.partition("@")[0] in _DAEMONS:
            return ()
        own = identifier("email", self.address, self.trust)
        return own + (
            identifier("email", self.reply_to, "claimed") if self.trust == "claimed" else ()
        )


def writer(mail: Mail, ours: frozenset[str]) -> Writer:
    """A form of our own, or a no-reply address, stands in for the one whom Reply-To names."""
    name, address = _first_box(mail.headers.all("from"), mail.headers.raw("from"))
    address = address or _first_box([], [mail.envelope_from or ""])[1]
    answer_name, answer = _first_box(mail.headers.all("reply-to"), mail.headers.raw("reply-to"))
    if answer in mail.envelope_to or _is_ours(answer, ours) or answer == address:
        answer = ""
    if answer and (
        _STANDS_IN.match(address) or _is_ours(address, ours) or _same_house(address, mail)
    ):
        return Writer(answer_name or name, answer)
    return Writer(name, address, "network" if proven(mail, address) else "claimed", answer)


def proven(mail: Mail, address: str) -> bool:
    """Does the mail come from whom From names?  As DMARC asks: a domain that was checked, by
    signature or by envelope, is that of the address.
    """
    domain = domain_of(address)
    if any(_aligned(domain, one) for one in mail.signed_by):
        return True
    return mail.spf and _aligned(domain, domain_of(_first_box([], [mail.envelope_from or ""])[1]))


def _aligned(a: str, b: str) -> bool:
    """The same domain, or one below the other."""
    if not a or not b or min(a.count("."), b.count(".")) < 1:
        return False
    return a == b or a.endswith("." + b) or b.endswith("." + a)


def _first_box(shown: list[str], raw: list[str]) -> tuple[str, str]:
    """The raw header is split before it is decoded: an encoded name may hold a comma."""
    for value in (*raw, *shown):
        for name, address in mailboxes(value):
            return name, address
    return (shown or [""])[0], ""


def _is_ours(address: str, ours: frozenset[str]) -> bool:
    return bool(address) and (address in ours or domain_of(address) in ours)


def _same_house(address: str, mail: Mail) -> bool:
    """A mail within one domain with another's Reply-To: a contact form's."""
    return bool(address) and any(domain_of(to) == domain_of(address) for to in mail.envelope_to)


def recipients(mail: Mail) -> list[str]:
    boxes = [
        box for name in ("to", "cc") for value in mail.headers.raw(name) for box in mailboxes(value)
    ]
    return list(dict.fromkeys([address for _, address in boxes] + list(mail.envelope_to)))


# Whether a machine did ----------------------------------------------------------------------------


def is_automatic(mail: Mail) -> bool:
    """RFC 3834's `Auto-Submitted`, its forerunners, and mails that want no answer."""
    submitted = (mail.headers.first("auto-submitted") or "no").partition(";")[0].strip().lower()
    precedence = (mail.headers.first("precedence") or "").strip().lower()
    path = mail.headers.first("return-path")
    return (
        submitted not in {"no", ""}
        or precedence in _AUTOMATIC_PRECEDENCE
        or (path is not None and path.strip() in {"<>", ""})
        or (mail.envelope_from is not None and mail.envelope_from.strip() in {"<>", ""})
        or any(mail.headers.raw(name) for name in ("x-autoreply", "x-autorespond"))
        or mail.headers.first("x-failed-recipients") is not None
    )


# Which it is, and what it follows -----------------------------------------------------------------


def own_id(mail: Mail) -> str:
    """Its Message-ID, else the vendor's id, else a hash of what it says."""
    return mail_id(mail.headers.first("message-id") or "") or mail.ident or _hash(mail)


def follows(mail: Mail) -> tuple[str, str]:
    """The thread's first mail and the one that this one answers; empty when it answers none."""
    answers = [ident for value in mail.headers.raw("in-reply-to") for ident in mail_ids(value)]
    listed = [ident for value in mail.headers.raw("references") for ident in mail_ids(value)]
    return (listed or answers or [""])[0], answers[-1] if answers else ""


def _hash(mail: Mail) -> str:
    parts = [
        mail.headers.first("from") or mail.envelope_from or "",
        mail.headers.first("date") or "",
        mail.headers.first("subject") or "",
        *mail.envelope_to,
        mail.text or mail.markup,
        *mail.attachments,
    ]
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


# What it is about ---------------------------------------------------------------------------------


def plus_tokens(*addresses: str) -> tuple[str, ...]:
    """What stands after the plus in addresses of ours: their upper case may matter."""
    found = (address.partition("@")[0].partition("+")[2] for address in addresses)
    return tuple(token.strip() for token in found if token.strip())


def tickets(mail: Mail, source: SourceConfig) -> tuple[Ref, ...]:
    """Tickets named in our own address (`support+123@`) or in the subject (`[#123]`).  Option
    `tickets` names the source whose tickets they are.
    """
    found = list(mail.tokens)
    match = _SUBJECT_TICKET.search((mail.headers.first("subject") or "")[:1_000])
    if match:
        found.append(next(group for group in match.groups() if group))
    named = [re.sub(r"^id(?=\d+$)", "", token.strip())[:128] for token in found]
    return tuple(
        Ref("ticket", token, source.options.get("tickets"))
        for token in dict.fromkeys(named)
        if token
    )


# The event ----------------------------------------------------------------------------------------


def read_mail(mail: Mail, draft: Draft, source: SourceConfig, at_ms: int | None = None) -> Parsed:
    """`at_ms` is the vendor's time, for a mail without a Date.  Option `ours` lists domains and
    addresses of the company, separated by commas: what they write is outbound.
    """
    draft.channel = "email"
    date = mail.headers.first("date") or ""
    time_ms = times.mail(date) or times.iso(date) or at_ms
    if mail.report is not None and (told := _reported(mail.report, draft, time_ms)):
        return Parsed((told,))
    listed = source.options.get("ours", "").lower().split(",")
    ours = frozenset(one.strip().lstrip("@") for one in listed if one.strip())
    who = writer(mail, ours)
    subject = mail.headers.first("subject") or ""
    said = (mail.said.strip() or words(mail.text, mail.markup)) or _names(mail.attachments)
    if not said and not subject and not who.address:
        return malformed("The mail has neither a sender nor anything in it.")
    root, answers = follows(mail)
    if failed := mail.headers.first("x-failed-recipients"):
        report = Report("bounced", answers or root, _first_box([], [failed])[1])
        if told := _reported(report, draft, time_ms):
            return Parsed((told,))
    by_us = _is_ours(who.address, ours)
    ident = own_id(mail)
    draft.conversation = root or ident
    draft.identifiers = _addressee(mail, ours) if by_us else who.identifiers
    refs = tickets(mail, source)
    if answers and answers != root:
        refs = (*refs, Ref("conversation", answers))
    posted = draft.event(
        MessagePosted,
        f"mail/{ident}",
        time_ms,
        actor=Actor("agent", who.address) if by_us else CUSTOMER,
        message_id=ident,
        direction="outbound" if by_us else "inbound",
        automated="auto_reply" if is_automatic(mail) else "no",
        in_reply_to=answers or None,
        refs=refs,
        personal={"text": said, "subject": subject, "name": "" if by_us else who.name},
    )
    return Parsed((posted,))


def _addressee(mail: Mail, ours: frozenset[str]) -> tuple[Identifier, ...]:
    """The customer to whom a colleague wrote: the first who is none of ours."""
    others = [
        to for to in recipients(mail) if to not in mail.envelope_to and not _is_ours(to, ours)
    ]
    return identifier("email", others[0], "claimed") if others else ()


def _names(attachments: tuple[str, ...]) -> str:
    return f"[{', '.join(attachments)}]" if attachments else ""


def _reported(report: Report, draft: Draft, time_ms: int | None) -> EventBase | None:
    """What a report says of a mail of ours; None when it names neither the mail nor anybody."""
    if not report.about and not report.recipient:
        return None
    draft.conversation = report.about
    draft.identifiers = identifier("email", report.recipient, "claimed")
    key = f"report/{report.about}/{report.recipient}/{report.outcome}"
    if report.outcome == "complained":
        return consent(
            draft, key, time_ms, purpose="all", state="denied", evidence="spam complaint"
        )
    return draft.event(
        MessageStatusChanged,
        key + (f"/{time_ms}" if report.outcome == "deferred" else ""),
        time_ms,
        actor=CUSTOMER if report.outcome == "read" else SYSTEM,
        message_id=report.about,
        status=report.outcome,
        reason=report.reason or None,
    )
