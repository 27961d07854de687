"""Twilio messages (SMS, MMS, WhatsApp, RCS, Messenger): what comes in, and receipts.

A form names the message (`MessageSid`) and its status, and carries no time.  `EventType` of a
WhatsApp receipt (READ, DELIVERED) says what `MessageStatus` says.
Dedupe: the message, a receipt with its status.
Source: Twilio's documentation, "Twilio's request to your webhook URL", "Track outbound message
status", "Advanced Opt-Out".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from schemas.common import Ref
from schemas.events import (
    ConsentChanged,
    EventBase,
    MessagePosted,
    MessageStatusChanged,
    TaskProgressed,
)
from streams.channels.base import Parsed, Request, SourceConfig, unknown
from streams.channels.body import BodyError, read_json, table, text
from streams.channels.draft import CUSTOMER, Draft
from streams.channels.ids import event_id
from streams.channels.twilio_people import address, person

Form = Mapping[str, str]

RECEIPTS = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
    "clicked": "clicked",
}
_STOPPED = "21610"
"""The error of a message to somebody who has said STOP."""

_STOP_WORDS = {
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"
}  # fmt: skip
_START_WORDS = {"START", "UNSTOP"}


def read_message(
    form: Form, request: Request, source: SourceConfig, at_ms: int | None = None
) -> Parsed:
    """`at_ms` is known from Event Streams only."""
    sid = form.get("MessageSid") or form.get("SmsSid") or form.get("SmsMessageSid") or ""
    if not sid:
        return unknown("The form names neither a message, a call, nor an event.")
    draft = draft_of(form, request, source)
    if _is_inbound(form):
        return _posted(form, draft, sid, at_ms)
    return _receipt(form, draft, sid, _status(form), at_ms)


def _status(form: Form) -> str:
    return (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()


def _is_inbound(form: Form) -> bool:
    said = "Body" in form or "NumMedia" in form
    return said and _status(form) in {"received", "receiving", ""}


def draft_of(form: Form, request: Request, source: SourceConfig) -> Draft:
    """The medium, the customer at the other end, and his thread with our number."""
    to, sender = address(form.get("To", "")), address(form.get("From", ""))
    channel = to.channel if to.channel != "sms" else sender.channel
    if not to.value and not sender.value:
        channel = "messaging"
    draft = Draft(request, source, f"message.{_status(form) or 'received'}", channel)
    ours, customer = (to, sender) if _is_inbound(form) else (sender, to)
    if customer.value:
        draft.identifiers = person(
            customer._replace(channel=channel), source.name, form.get("WaId", "")
        )
    if ours.value and customer.value:
        # The customer's number stands in no conversation's id as it is.
        draft.conversation = f"{channel}/{ours.value}/{event_id(source.name, customer.value)}"
    return draft


def _posted(form: Form, draft: Draft, sid: str, at_ms: int | None) -> Parsed:
    body = form.get("Body", "")
    advert = form.get("ReferralSourceId") or form.get("ReferralCtwaClid") or ""
    posted = draft.event(
        MessagePosted,
        f"message/{sid}",
        at_ms,
        actor=CUSTOMER,
        message_id=sid,
        direction="inbound",
        in_reply_to=form.get("OriginalRepliedMessageSid") or None,
        refs=(Ref("referral", advert),) if advert else (),
        personal={
            "text": body or form.get("ButtonText", "") or _holds(form),
            "name": form.get("ProfileName", ""),
        },
    )
    events: list[EventBase] = [posted]
    if form.get("FlowData"):
        events.append(
            draft.event(
                TaskProgressed,
                f"form/{sid}",
                at_ms,
                actor=CUSTOMER,
                task_kind="form",
                task_id=sid,
                step="flow",
                state="submitted",
            )
        )
    if wish := _wish(form, draft, body):
        events.append(_consent(draft, sid, at_ms, wish))
    return Parsed(tuple(events))


def _holds(form: Form) -> str:
    """What a message without words brings."""
    if form.get("Latitude"):
        return f"[location {form.get('Label') or form.get('Address') or ''}".rstrip() + "]"
    if flow := form.get("FlowData") or form.get("InteractiveData"):
        return _answers(flow)
    count = form.get("NumMedia", "0")
    kinds = [form.get(f"MediaContentType{n}", "") for n in range(min(int(count), 10))] if (
        count.isdigit()
    ) else []  # fmt: skip
    told = ", ".join(filter(None, kinds))
    return f"[{told or 'media'}]" if kinds else ""


def _answers(flow: str) -> str:
    """What the customer filled in, which stands as a JSON text in the form."""
    try:
        told = table(read_json(flow.encode("utf-8", "replace")))
    except BodyError:
        return flow
    return "; ".join(f"{name}: {value}" for name in told if (value := text(told, name))) or flow


def _wish(form: Form, draft: Draft, body: str) -> Literal["granted", "denied", ""]:
    """STOP and START: as Twilio says, else by the words on which it blocks a number itself."""
    word = form.get("OptOutType", "").upper()
    if not word and draft.channel == "sms":
        word = body.strip().upper()
    if word in _STOP_WORDS:
        return "denied"
    return "granted" if word in _START_WORDS else ""


def _receipt(form: Form, draft: Draft, sid: str, status: str, at_ms: int | None) -> Parsed:
    if status not in RECEIPTS:
        return unknown(f"A message status that we do not know: {status!r}.")
    code = form.get("ErrorCode", "")
    reason = form.get("ErrorMessage") or form.get("ChannelStatusMessage") or code
    changed = draft.event(
        MessageStatusChanged,
        f"message/{sid}/{status}",
        at_ms,
        message_id=sid,
        status=RECEIPTS[status],
        reason=(reason if code != "0" else "") or None,
    )
    if code == _STOPPED:
        return Parsed((changed, _consent(draft, sid, at_ms, "denied")))
    return Parsed((changed,))


def _consent(
    draft: Draft, sid: str, at_ms: int | None, state: Literal["granted", "denied"]
) -> EventBase:
    return draft.event(
        ConsentChanged,
        f"consent/{sid}",
        at_ms,
        actor=CUSTOMER,
        purpose="all",
        state=state,
        evidence=sid,
        consent_channel=draft.channel,
    )
