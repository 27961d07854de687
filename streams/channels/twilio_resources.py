"""A message or a call as Twilio's REST API shows it, in JSON: what a program of yours passes on.

The names of the call-backs' parameters mean the same in capitals; here times come along.  A message
that was sent is told with its words, which no call-back does.
Source: Twilio's documentation, "Message resource", "Call resource".
"""

from __future__ import annotations

from typing import Any

from schemas.events import MessagePosted
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.body import text
from streams.channels.draft import BOT, SYSTEM
from streams.channels.twilio_messages import draft_of, read_message
from streams.channels.twilio_voice import Call

_MESSAGES = ("SM", "MM")


def is_resource(item: Any) -> bool:
    return text(item, "sid")[:2] in {*_MESSAGES, "CA"} and bool(text(item, "status"))


def read_resource(item: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    sid, status = text(item, "sid"), text(item, "status")
    form = {"From": text(item, "from"), "To": text(item, "to")}
    if not sid.startswith(_MESSAGES):
        at_ms = times.any_form(item.get("end_time")) or times.any_form(item.get("start_time"))
        form |= {
            "CallSid": sid,
            "CallStatus": status,
            "Direction": text(item, "direction"),
            "CallDuration": text(item, "duration"),
            "AnsweredBy": text(item, "answered_by"),
            "ParentCallSid": text(item, "parent_call_sid"),
        }
        return Call(form, request, source, at_ms).parsed()
    at_ms = times.any_form(item.get("date_sent")) or times.any_form(item.get("date_created"))
    form |= {
        "MessageSid": sid,
        "MessageStatus": status,
        "ErrorCode": text(item, "error_code"),
        "ErrorMessage": text(item, "error_message"),
    }
    said = text(item, "body")
    if text(item, "direction") == "inbound":
        inbound = {**form, "Body": said, "NumMedia": text(item, "num_media"), "MessageStatus": ""}
        return read_message(inbound, request, source, at_ms)
    found = read_message(form, request, source, at_ms)
    posted = draft_of(form, request, source).event(
        MessagePosted,
        f"message/{sid}",
        times.any_form(item.get("date_created")) or at_ms,
        actor=BOT if text(item, "direction") == "outbound-reply" else SYSTEM,
        message_id=sid,
        direction="outbound",
        personal={"text": said},
    )
    return Parsed((posted, *found.events), found.reason, found.code)
