"""What else a Telegram user does: he pays, votes, sends a web app's form, blocks the bot.

Some of it stands as a message in the chat.
"""

from __future__ import annotations

from typing import Any

from schemas.events import (
    ConsentChanged,
    EventBase,
    FeedbackReceived,
    SelfserviceStepped,
    TaskProgressed,
)
from streams.channels.base import Parsed, ignored, malformed
from streams.channels.body import number, table, text
from streams.channels.draft import CUSTOMER
from streams.channels.telegram_update import Update


def read_service(update: Update, ident: str) -> Parsed | None:
    """What stands as a message in the chat, and is an act of another kind."""
    item = update.item
    if data := table(item, "web_app_data"):
        stepped = update.one(
            SelfserviceStepped,
            ident,
            actor=CUSTOMER,
            resource="web app",
            step="submitted",
            outcome="progressed",
            personal={"text": text(data, "data") or text(data, "button_text")},
        )
        return Parsed((stepped,))
    if item.get("successful_payment"):
        return bought(update, "payment", "paid", "completed", table(item, "successful_payment"))
    if item.get("refunded_payment"):
        return bought(update, "payment", "refunded", "cancelled", table(item, "refunded_payment"))
    if isinstance(item.get("write_access_allowed"), dict):
        return Parsed((_consent(update, granted=True),))
    return None


def read_voted(update: Update) -> Parsed:
    poll, chosen = text(update.item, "poll_id"), update.item.get("option_ids")
    if not update.user_id:
        return ignored("A vote in the name of a channel, of nobody in particular.")
    if not isinstance(chosen, list) or not chosen:
        return ignored("A vote was taken back.")
    answers = ", ".join(text(one) for one in chosen)
    voted = update.one(
        FeedbackReceived,
        f"{poll}/{update.user_id}",
        actor=CUSTOMER,
        instrument="survey",
        survey_id=poll or None,
        personal={"comment": f"options {answers}"},
    )
    return Parsed((voted,))


def read_member(update: Update) -> Parsed:
    """In a private chat: the customer has blocked the bot, or lets it write again."""
    if not update.private:
        return ignored("my_chat_member: the bot came into a group, or left it.")
    old = text(update.item, "old_chat_member", "status")
    new = text(update.item, "new_chat_member", "status")
    if new not in {"kicked", "member"} or old == new:
        return ignored(f"my_chat_member: the bot is {new or 'not told'}, as it was.")
    return Parsed((_consent(update, granted=new == "member"),))


def _consent(update: Update, *, granted: bool) -> EventBase:
    return update.one(
        ConsentChanged,
        "consent",
        actor=CUSTOMER,
        purpose="all",
        state="granted" if granted else "denied",
        evidence=update.id,
        consent_channel="telegram",
    )


def bought(
    update: Update, task: str, step: str, state: str, money: dict[str, Any] | None = None
) -> Parsed:
    """`total_amount` is in the smallest units of the currency."""
    told = update.item if money is None else money
    ident = (
        text(told, "invoice_payload")
        or text(told, "paid_media_payload")
        or text(told, "telegram_payment_charge_id")
    )
    if not ident:
        return malformed("The payment names no invoice.")
    total = number(told, "total_amount")
    progressed = update.one(
        TaskProgressed,
        f"{step}/{ident}",
        actor=CUSTOMER,
        task_kind=task,
        task_id=ident,
        step=step,
        state=state,
        value=None if total is None else round(total),
        currency=text(told, "currency") or None,
    )
    return Parsed((progressed,))
