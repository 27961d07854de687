"""Mails that the company sent, as its vendor's events tell of them: receipts, and refusals of more.

The conversation is the mail's own id, so that an answer, which refers to it, joins it; or the
thread that the company told the vendor along with the mail.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Ref
from schemas.events import ConsentChanged, EventBase, MessageStatusChanged
from streams.channels.base import SourceConfig
from streams.channels.body import text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.mail_headers import mail_id, mailboxes
from streams.channels.mail_reports import diagnosis

_REACHED = {"delivered", "opened", "clicked"}
"""Somebody has that mailbox; until then an address is but what somebody typed."""


def receipt(
    draft: Draft, key: str, time_ms: int | None, *, address: str, status: str, message_id: str,
    reasons: tuple[str, ...] = (), refs: tuple[Ref, ...] = (),
) -> EventBase:  # fmt: skip
    """`draft.conversation` is set: the mail's own id, or the thread that the company told."""
    boxes = mailboxes(address)
    return draft.event(
        MessageStatusChanged,
        key,
        time_ms,
        actor=CUSTOMER if status in {"opened", "clicked"} else SYSTEM,
        identifiers=identifier(
            "email", boxes[0][1] if boxes else "", "network" if status in _REACHED else "claimed"
        ),
        message_id=message_id,
        status=status,
        reason=diagnosis(*reasons) or None,
        refs=refs,
    )


def consent(
    draft: Draft, key: str, time_ms: int | None, *, purpose: str, state: str, evidence: str,
    address: str = "", refs: tuple[Ref, ...] = (),
) -> EventBase:  # fmt: skip
    """Who unsubscribes has the mailbox.  Purpose `all` for a complaint, `marketing` for a refusal
    of such mails as it was.
    """
    boxes = mailboxes(address)
    fields: dict[str, Any] = {"refs": refs}
    if boxes:
        fields["identifiers"] = identifier("email", boxes[0][1], "network")
    return draft.event(
        ConsentChanged,
        key,
        time_ms,
        actor=CUSTOMER,
        purpose=purpose,
        state=state,
        evidence=evidence,
        consent_channel="email",
        **fields,
    )


def thread_of(table: Any, source: SourceConfig) -> tuple[str, tuple[Ref, ...]]:
    """What the company wrote along with a mail it sent: `conversation`, the Message-ID of the
    thread's first mail, and `ticket`.
    """
    thread = text(table, "conversation") or text(table, "conversation_id")
    ticket = text(table, "ticket") or text(table, "ticket_id")
    refs = (Ref("ticket", ticket[:128], source.options.get("tickets")),) if ticket else ()
    return (mail_id(thread) if thread else ""), refs
