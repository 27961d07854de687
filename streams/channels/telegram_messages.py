"""What is said to a Telegram bot or by it: messages, what becomes of them, buttons under them.

A contact's number is the sender's own only if `contact.user_id` is his id, then Telegram has
verified it; another card is another's.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Ref
from schemas.events import EventBase, IdentityLinked, MessagePosted, MessageStatusChanged
from streams.channels.base import Parsed, ignored, malformed
from streams.channels.body import dig, rows, table, text
from streams.channels.draft import CUSTOMER, identifier
from streams.channels.telegram_acts import read_service
from streams.channels.telegram_update import Update

_SAID = (
    "photo", "document", "video", "voice", "audio", "animation", "sticker", "video_note",
    "location", "venue", "contact", "poll", "dice", "game", "story", "invoice", "paid_media",
    "checklist", "passport_data",
)  # fmt: skip
"""What a message may hold instead of a text.  Some hold a general thing and a special one (a
venue's location, an animation's document): the later name is meant.
"""


def read_message(update: Update) -> Parsed:
    item = update.item
    ident = update.message_key(item)
    if not ident or not text(update.chat, "id"):
        return malformed("The message has no id, or no chat.")
    if made := read_service(update, ident):
        return made
    holds = [name for name in _SAID if item.get(name)]
    said = text(item, "text") or text(item, "caption")
    if not said and not holds:
        what = ", ".join(sorted(item.keys() - {"message_id", "from", "chat", "date"}))
        return ignored(f"A line about the chat itself, which nobody said: {what or 'empty'}.")
    events = [_posted(update, ident, said or f"[{holds[-1]}]")]
    return Parsed((*events, *_own_contact(update, ident)))


def _posted(update: Update, ident: str, said: str) -> EventBase:
    item, actor = update.item, update.by
    forwarded = item.get("is_automatic_forward") is True
    automated = "campaign" if forwarded or text(update.chat, "type") == "channel" else "no"
    if item.get("is_from_offline") is True:
        automated = "auto_reply"
    replied = update.message_key(table(item, "reply_to_message"))
    command, _, reference = said.partition(" ")
    started = command.partition("@")[0] == "/start" and actor == CUSTOMER
    return update.one(
        MessagePosted,
        ident,
        actor=actor,
        message_id=ident,
        direction="inbound" if actor.kind in {"customer", "external"} else "outbound",
        automated=automated,
        in_reply_to=replied or None,
        refs=(Ref("referral", reference.strip()),) if started and reference.strip() else (),
        personal={"text": said, "name": update.name()},
    )


def _own_contact(update: Update, ident: str) -> tuple[EventBase, ...]:
    contact = table(update.item, "contact")
    phone = text(contact, "phone_number").replace(" ", "")
    own = bool(update.user_id) and text(contact, "user_id") == update.user_id
    if not phone or not own or update.by != CUSTOMER:
        return ()
    linked = update.one(
        IdentityLinked,
        f"{ident}/contact",
        actor=CUSTOMER,
        identifiers=(
            *update.draft.identifiers,
            *identifier("phone", "+" + phone.lstrip("+"), "asserted"),
        ),
        rel="same",
        by="contact",
    )
    return (linked,)


def read_edited(update: Update) -> Parsed:
    ident = update.message_key(update.item)
    if not ident or not text(update.chat, "id"):
        return malformed("The edited message has no id, or no chat.")
    return Parsed((_touched(update, ident, "edited", actor=update.by),))


def _touched(update: Update, ident: str, status: str, **fields: Any) -> EventBase:
    return update.one(
        MessageStatusChanged,
        f"{ident}/{status}/{update.at_ms}",
        message_id=ident,
        status=status,
        **fields,
    )


def read_deleted(update: Update) -> Parsed:
    if not text(update.chat, "id"):
        return malformed("The deleted messages have no chat.")
    found = update.item.get("message_ids")
    idents = found if isinstance(found, list) else []
    events = [
        _touched(update, update.message_key({"message_id": ident}), "deleted")
        for ident in dict.fromkeys(text(ident) for ident in idents)
        if ident
    ]
    return Parsed(tuple(events)) if events else malformed("No deleted message is named.")


def read_reacted(update: Update) -> Parsed:
    ident = update.message_key(update.item)
    if not ident or not text(update.chat, "id"):
        return malformed("The message that was reacted to is not named.")
    now = rows(update.item, "new_reaction")
    shown = " ".join(text(one, "emoji") or text(one, "type") for one in now)
    status = "reacted" if now else "unreacted"
    touched = _touched(update, ident, status, actor=update.by, personal={"text": shown})
    return Parsed((touched,))


def read_pressed(update: Update) -> Parsed:
    """A button under a message: its words stand for the customer's."""
    data = text(update.item, "data")
    message = table(update.item, "message")
    shown = dig(message, "reply_markup", "inline_keyboard")
    lines = shown if isinstance(shown, list) else []
    buttons = [button for line in lines for button in rows(line)]
    words = next((text(b, "text") for b in buttons if text(b, "callback_data") == data), "")
    ident = text(update.item, "id") or update.id
    if not update.user_id or not ident:
        return malformed("Nobody is named who pressed the button.")
    if update.by != CUSTOMER:
        return ignored("A button was pressed, by one of the company's own.")
    update.draft.identifiers = identifier("telegram", update.user_id, "asserted")
    pressed = update.one(
        MessagePosted,
        ident,
        at_ms=None,
        actor=CUSTOMER,
        message_id=f"callback/{ident}",
        direction="inbound",
        in_reply_to=update.message_key(message) or None,
        personal={
            "text": words or data or text(update.item, "game_short_name") or "[button]",
            "name": update.name(),
        },
    )
    return Parsed((pressed,))
