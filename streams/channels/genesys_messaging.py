"""Genesys Cloud open messaging: what its webhook sends to the company's own channel, and what the
company's software sends in (normalised messages, the same shape both ways).

A message has `direction`, `type` (Text, Structured, Receipt, Event), `channel` with both ends and
the time, and from an agent or bot (`originatingEntity`) a `conversationId`.  A receipt has the id
of the message that it is about; its `direction` is that message's.
Dedupe: the message's id; a receipt its id and status.  Retried five times within 85 seconds.
Sources: developer.genesys.cloud, "Open messaging": "Outbound messages", "Validate webhook
notifications".
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Identifier, Ref
from schemas.events import EventBase, MessagePosted, MessageStatusChanged
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import rows, table, text
from streams.channels.draft import BOT, CUSTOMER, Draft, identifier
from streams.channels.genesys_media import channel, phone
from streams.channels.ids import event_id

_RECEIPTS = {
    "sent": "sent",
    "published": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "removed": "deleted",
}


def is_open_message(body: dict[str, Any]) -> bool:
    ends = table(body, "channel")
    return bool(ends) and bool(text(body, "type") or text(body, "text") or text(body, "direction"))


def read_open_message(body: dict[str, Any], draft: Draft) -> Parsed:
    ends = table(body, "channel")
    kind = text(body, "type").lower() or "text"
    draft.native_type = f"openmessaging.{kind}"
    ident = text(body, "id") or text(ends, "messageId")
    way = text(body, "direction").lower()
    if way not in {"inbound", "outbound"}:
        return malformed("The message does not say whether it came in or goes out.")
    inbound = way == "inbound"
    customer = table(ends, "from" if inbound else "to")
    platform = text(ends, "platform")
    draft.channel = channel("MESSAGE", "WEBMESSAGING" if "web" in platform.lower() else platform)
    draft.identifiers = _who(customer, draft)
    # The customer's id may be his number: it stands in no conversation's id as it is.
    thread = event_id(draft.source_name, text(customer, "id"))
    ours = text(ends, "to" if inbound else "from", "id")
    draft.conversation = text(body, "conversationId") or f"{ours}/{thread}"
    if not ident or not text(customer, "id"):
        return malformed("The message has no id, or names no customer.")
    at_ms = times.iso(ends.get("time"))
    if kind == "receipt":
        return _receipt(body, draft, ident, at_ms)
    if kind == "event":
        return _events(body, draft, ident, at_ms)
    if kind not in {"text", "structured", "media", "message"}:
        return unknown(f"Open messaging sends no message of type {kind!r} that we know.")
    content = rows(body, "content")
    if reactions := [part for part in content if "reaction" in text(part, "contentType").lower()]:
        return _reaction(reactions, draft, ident, at_ms)
    by_bot = text(body, "originatingEntity").lower() == "bot"
    actor = CUSTOMER if inbound else BOT if by_bot else Actor("agent")
    native = text(ends, "messageId")
    posted = draft.event(
        MessagePosted,
        f"message/{ident}",
        at_ms,
        actor=actor,
        message_id=ident,
        direction="inbound" if inbound else "outbound",
        in_reply_to=text(body, "relatedMessages", 0, "id") or None,
        refs=(Ref("twin", native),) if native and native != ident else (),
        personal={"text": _words(body, content), "name": _name(customer)},
    )
    return Parsed((posted,))


def is_bot_request(body: dict[str, Any]) -> bool:
    """The bot connector hands your bot what the customer has written."""
    return bool(table(body, "inputMessage")) and "botId" in body


def read_bot_request(body: dict[str, Any], draft: Draft) -> Parsed:
    """It names the conversation, not the customer, and has no time."""
    said = table(body, "inputMessage")
    ident, draft.conversation = text(body, "messageId"), text(body, "genesysConversationId")
    if not ident or not draft.conversation:
        return malformed("The bot's request has no message id, or names no conversation.")
    draft.native_type = "botconnector.message"
    posted = draft.event(
        MessagePosted,
        f"message/{ident}",
        None,
        actor=CUSTOMER,
        message_id=ident,
        direction="inbound",
        refs=(Ref("bot", text(body, "botId")),),
        personal={"text": _words(said, rows(said, "content"))},
    )
    return Parsed((posted,))


def _who(customer: dict[str, Any], draft: Draft) -> tuple[Identifier, ...]:
    """His id on the company's own channel; a number or address there is what that channel says."""
    ident, kind = text(customer, "id"), text(customer, "idType").lower()
    found = draft.vendor_id(f"open/{ident}" if ident else "")
    if kind == "phone" or draft.channel == "sms":
        return found + phone(ident if ident.startswith("+") else f"+{ident}", "network")
    if kind == "email":
        return found + identifier("email", ident, "claimed")
    if draft.channel == "whatsapp":
        return found + identifier("whatsapp", ident.removeprefix("+"), "asserted")
    return found


def _name(customer: dict[str, Any]) -> str:
    first, last = text(customer, "firstName"), text(customer, "lastName")
    both = " ".join(filter(None, (first, last)))
    return both or text(customer, "nickname") or text(customer, "nickName")


def _words(body: dict[str, Any], content: list[dict[str, Any]]) -> str:
    """The text, or what the customer chose, or the kinds of what is attached."""
    if said := text(body, "text") or text(body, "buttonResponse", "text"):
        return said
    told = [_part(part) for part in content]
    if any(told):
        return ", ".join(filter(None, told))
    kinds = [
        (text(part, "attachment", "mediaType") or text(part, "contentType") or "content").lower()
        for part in content
    ]
    return f"[{', '.join(kinds) or text(body, 'type').lower()}]"


def _part(part: dict[str, Any]) -> str:
    """A button's or quick reply's words, a card's title; nothing of an attachment."""
    for name, inner in part.items():
        if isinstance(inner, dict) and name != "attachment":
            cards = [text(card, "title") for card in rows(inner, "cards")]
            said = text(inner, "text") or text(inner, "title") or ", ".join(filter(None, cards))
            return said or text(inner, "payload")
    return ""


def _receipt(body: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    status = _RECEIPTS.get(text(body, "status").lower())
    if status is None:
        return unknown(f"A receipt with a status that we do not know: {text(body, 'status')!r}.")
    reasons = [text(reason, "message") or text(reason, "code") for reason in rows(body, "reasons")]
    changed = draft.event(
        MessageStatusChanged,
        f"message/{ident}/{status}",
        at_ms,
        message_id=ident,
        status=status,
        reason="; ".join(dict.fromkeys(filter(None, reasons))) or None
        if status == "failed"
        else None,
    )
    return Parsed((changed,))


def _reaction(
    reactions: list[dict[str, Any]], draft: Draft, ident: str, at_ms: int | None
) -> Parsed:
    events: list[EventBase] = []
    for part in reactions:
        for reaction in rows(part, "reactions") or [part]:
            shown = text(reaction, "reactionType") or text(reaction, "emoji")
            events.append(
                draft.event(
                    MessageStatusChanged,
                    f"message/{ident}/reacted/{shown}",
                    at_ms,
                    actor=CUSTOMER,
                    message_id=ident,
                    status="reacted",
                    personal={"text": shown},
                )
            )
    return Parsed(tuple(events))


def _events(body: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    """Signs of life; of what an event may be only a reaction changes anything."""
    kinds = [text(event, "eventType").lower() for event in rows(body, "events")]
    reactions = [event for event in rows(body, "events") if "reaction" in event]
    if reactions:
        return _reaction(reactions, draft, text(body, "originalMessageId") or ident, at_ms)
    return ignored(f"{', '.join(kinds) or 'An event'}: a sign of life, not an act.")
