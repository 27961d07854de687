"""Telegram bots: each webhook is one Update; its one field besides `update_id` says what happened.

Telegram sends nothing that the bot itself says.  Post the answers of `sendMessage` and its like
(`{"ok": true, "result": {…}}`) to the same URL: they are read as what the bot said.  Answers of
`getUpdates` are read as the updates in them.

Dedupe: `update_id`, together with what it is about: after a week of silence the count goes on from
a random number, and two bots may share a source.
Who did it and where is told in `telegram_update.py`; messages are read in `telegram_messages.py`,
what else a customer does in `telegram_acts.py`.
Source: Telegram Bot API, "Update", "Message", "setWebhook", "Deep linking", "Business".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    together,
    unknown,
)
from streams.channels.body import read_object
from streams.channels.signatures import any_secret
from streams.channels.telegram_acts import bought, read_member, read_voted
from streams.channels.telegram_messages import (
    read_deleted,
    read_edited,
    read_message,
    read_pressed,
    read_reacted,
)
from streams.channels.telegram_update import Update

_READERS: Mapping[str, Callable[[Update], Parsed]] = {
    "message": read_message,
    "channel_post": read_message,
    "business_message": read_message,
    "guest_message": read_message,
    "edited_message": read_edited,
    "edited_channel_post": read_edited,
    "edited_business_message": read_edited,
    "deleted_business_messages": read_deleted,
    "message_reaction": read_reacted,
    "callback_query": read_pressed,
    "poll_answer": read_voted,
    "my_chat_member": read_member,
    "shipping_query": lambda update: bought(update, "payment", "shipping", "progressed"),
    "pre_checkout_query": lambda update: bought(update, "payment", "checkout", "submitted"),
    "purchased_paid_media": lambda update: bought(update, "paid media", "paid", "completed"),
}
_NO_MATTER = {
    "inline_query": "a search through the bot in some other chat",
    "chosen_inline_result": "a result of a search in some other chat was used",
    "poll": "the count of a poll; who voted comes as poll_answer",
    "message_reaction_count": "reactions of nobody in particular",
    "chat_join_request": "somebody asks to join a group",
    "chat_boost": "about a channel, not about a conversation",
    "removed_chat_boost": "about a channel, not about a conversation",
    "business_connection": "about the company's own set-up",
    "managed_bot": "about the company's own set-up",
    "chat_member": "somebody joined a group or left it",
}


class Telegram(Adapter):
    """Option `agents`: the ids of users who answer for the company (in groups), comma separated."""

    vendor = "telegram"
    title = "Telegram"
    options = ("agents",)
    about = About(
        gives=("messages", "receipts", "agents", "bots", "self-care", "ratings", "consent"),
        identities={
            "phone": ("asserted",),
            "telegram": ("asserted",),
        },
        transfer="",
        lacks="agents, queues, transfers, receipts, the bot's own words unless posted",
        retries="until a 2xx, gives up after a while; the same update_id",
    )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """Telegram signs nothing: it repeats the `secret_token` that `setWebhook` was given."""
        return any_secret(
            source,
            request.headers.get("x-telegram-bot-api-secret-token"),
            lambda secret: secret,
            "X-Telegram-Bot-Api-Secret-Token",
        )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        if "ok" not in body:
            return _parsed(Update(body, request, source))
        result = body.get("result")
        found = result if isinstance(result, list) else [result]
        parts = [
            _parsed(Update(_as_update(one), request, source))
            for one in found
            if isinstance(one, dict) and ("update_id" in one or "message_id" in one)
        ]
        return together(parts, "An answer of Telegram's without a message in it.")


def _as_update(found: dict[str, Any]) -> dict[str, Any]:
    """What `getUpdates` answers is an update, what `sendMessage` or `editMessageText` answer is the
    message.
    """
    if "update_id" in found:
        return found
    return {"edited_message" if "edit_date" in found else "message": found}


def _parsed(update: Update) -> Parsed:
    kind = update.kind
    if kind in _NO_MATTER:
        return ignored(f"{kind}: {_NO_MATTER[kind]}.")
    if not kind and update.id:
        return ignored("An update in which nothing happened.")
    if not kind:
        return unknown("This is no update of Telegram's: it has no update_id and no message.")
    if kind not in _READERS:
        return unknown(f"Telegram sends no update {kind!r} that we know.")
    return _READERS[kind](update)
