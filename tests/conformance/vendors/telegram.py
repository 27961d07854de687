"""Telegram: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.telegram import Bot
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body

CALL = Bot("source", SECRET).says(7, WHO, "hello", NOW_MS)
SIGNS = "nothing"
WORDS = ("Nadia", "Haddad", "+12125550109", "12125550109", "Blue, please")

USER = {"id": 7_001, "is_bot": False, "first_name": "Nadia", "last_name": "Haddad"}
BOT = {"id": 900_500, "is_bot": True, "first_name": "Desk"}
PRIVATE = {"id": 7_001, "type": "private", "first_name": "Nadia", "last_name": "Haddad"}
GROUP = {"id": -100_200, "type": "supergroup", "title": "Owners of boats"}
CHANNEL = {"id": -100_300, "type": "channel", "title": "News"}
PAID = {"currency": "EUR", "total_amount": 4_550, "invoice_payload": "order-12"}


def update(kind: str, item: Any, ident: int = 31) -> Body:
    return {"update_id": ident, kind: item}


def message(**holds: Any) -> Body:
    return {"message_id": 5, "from": USER, "chat": PRIVATE, "date": NOW_S, **holds}


def said(**holds: Any) -> Body:
    return update("message", message(**holds))


def member(old: str, new: str, chat: Body = PRIVATE) -> Body:
    return update(
        "my_chat_member",
        {
            "chat": chat,
            "from": USER,
            "date": NOW_S,
            "old_chat_member": {"user": BOT, "status": old},
            "new_chat_member": {"user": BOT, "status": new},
        },
    )


def pressed(data: str, message: Body, **more: Any) -> Body:
    item = {"id": "91", "from": USER, "message": message, "chat_instance": "1", "data": data}
    return update("callback_query", {**item, **more})


MENU = {
    "message_id": 4,
    "from": BOT,
    "chat": PRIVATE,
    "date": NOW_S - 600,
    "text": "Which colour?",
    "reply_markup": {"inline_keyboard": [[{"text": "Blue, please", "callback_data": "c:b"}]]},
}
POSTED, STATUS, TASK = ("message.posted",), ("message.status_changed",), ("task.progressed",)
CARD = {"phone_number": "12125550109", "first_name": "Nadia", "user_id": 7_001}
BUSINESS = {"business_connection_id": "bc1"}

BODIES: Bodies = {
    "text": (said(text="Nadia here"), POSTED),
    "photo": (said(photo=[{"file_id": "f"}], caption="Nadia's boat"), POSTED),
    "sticker": (said(sticker={"file_id": "f", "emoji": "x"}), POSTED),
    "voice": (said(voice={"file_id": "f", "duration": 3}), POSTED),
    "venue": (said(location={"latitude": 1}, venue={"title": "Haddad's"}), POSTED),
    "start": (said(text="/start"), POSTED),
    "start by a link": (said(text="/start boat-7"), POSTED),
    "own contact": (said(contact=CARD), ("message.posted", "identity.linked")),
    "another's contact": (said(contact={**CARD, "user_id": 7_002}), POSTED),
    "a contact without Telegram": (said(contact={"phone_number": "12125550109"}), POSTED),
    "web app": (said(web_app_data={"data": "Nadia", "button_text": "Register"}),
                ("selfservice.stepped",)),
    "paid": (said(successful_payment=PAID), TASK),
    "refunded": (said(refunded_payment=PAID), TASK),
    "writing allowed": (said(write_access_allowed={"from_request": True}), ("consent.changed",)),
    "pinned": (said(pinned_message=message(text="Nadia")), "ignored"),
    "joined": (said(chat=GROUP, new_chat_members=[USER]), "ignored"),
    "in a group": (said(chat=GROUP, text="Is it tight?"), POSTED),
    "in a topic": (
        said(chat=GROUP, text="Is it tight?", is_topic_message=True, message_thread_id=44), POSTED
    ),
    "an administrator": (
        said(chat=GROUP, text="It is.", reply_to_message=message(chat=GROUP),
             sender_chat=GROUP, **{"from": {"id": 1_087_968_824, "is_bot": True}}),
        POSTED,
    ),
    "sent on from the channel": (
        said(chat=GROUP, text="News", is_automatic_forward=True, sender_chat=CHANNEL,
             **{"from": {"id": 777_000, "is_bot": False}}),
        POSTED,
    ),
    "edited": (
        update("edited_message", message(text="Nadia here!", edit_date=NOW_S + 9)), STATUS
    ),
    "channel": (update("channel_post", {"message_id": 8, "chat": CHANNEL, "date": NOW_S,
                                        "text": "Sale"}), POSTED),
    "channel edited": (
        update("edited_channel_post", {"message_id": 8, "chat": CHANNEL, "date": NOW_S,
                                       "edit_date": NOW_S + 60, "text": "Sale!"}),
        STATUS,
    ),
    "button": (pressed("c:b", MENU), POSTED),
    "button without a message": (pressed("c:b", {}, inline_message_id="i1"), POSTED),
    "button in a group": (pressed("c:b", {**MENU, "chat": GROUP}), POSTED),
    "button in a topic": (
        pressed("c:b", {**MENU, "chat": GROUP, "is_topic_message": True, "message_thread_id": 44}),
        POSTED,
    ),
    "button of nobody": (pressed("c:b", MENU, **{"from": {}}), "malformed"),
    "reaction": (
        update("message_reaction", {
            "chat": PRIVATE, "message_id": 4, "user": USER, "date": NOW_S,
            "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "x"}]}),
        STATUS,
    ),
    "reaction taken back": (
        update("message_reaction", {
            "chat": PRIVATE, "message_id": 4, "user": USER, "date": NOW_S,
            "old_reaction": [{"type": "emoji", "emoji": "x"}], "new_reaction": []}),
        STATUS,
    ),
    "reactions counted": (
        update("message_reaction_count", {"chat": CHANNEL, "message_id": 4, "date": NOW_S}),
        "ignored",
    ),
    "vote": (
        update("poll_answer", {"poll_id": "p1", "user": USER, "option_ids": [2]}),
        ("feedback.received",),
    ),
    "vote taken back": (
        update("poll_answer", {"poll_id": "p1", "user": USER, "option_ids": []}), "ignored"
    ),
    "vote of a channel": (
        update("poll_answer", {"poll_id": "p1", "voter_chat": CHANNEL, "option_ids": [1]}),
        "ignored",
    ),
    "poll": (update("poll", {"id": "p1", "total_voter_count": 3}), "ignored"),
    "blocked": (member("member", "kicked"), ("consent.changed",)),
    "unblocked": (member("kicked", "member"), ("consent.changed",)),
    "bot in a group": (member("left", "member", GROUP), "ignored"),
    "bot's rights": (member("member", "restricted"), "ignored"),
    "member": (update("chat_member", {"chat": GROUP, "from": USER, "date": NOW_S}), "ignored"),
    "asks to join": (update("chat_join_request", {"chat": GROUP, "from": USER}), "ignored"),
    "search": (update("inline_query", {"id": "1", "from": USER, "query": "boat"}), "ignored"),
    "found": (update("chosen_inline_result", {"result_id": "1", "from": USER}), "ignored"),
    "boost": (update("chat_boost", {"chat": CHANNEL}), "ignored"),
    "business, customer": (update("business_message", message(text="Hi", **BUSINESS)), POSTED),
    "business, owner": (
        update("business_message", message(text="Hello", **BUSINESS, **{"from": {"id": 9}})), POSTED
    ),
    "business, away": (
        update("business_message", message(text="Back soon", is_from_offline=True, **BUSINESS,
                                           **{"from": {"id": 9}})),
        POSTED,
    ),
    "business, edited": (
        update("edited_business_message", message(text="Hi!", edit_date=NOW_S + 9, **BUSINESS)),
        STATUS,
    ),
    "business, deleted": (
        update("deleted_business_messages", {"chat": PRIVATE, "message_ids": [5, 6], **BUSINESS}),
        STATUS * 2,
    ),
    "business, nothing deleted": (
        update("deleted_business_messages", {"chat": PRIVATE, "message_ids": []}), "malformed"
    ),
    "business connection": (update("business_connection", {"id": "bc1", "user": USER}), "ignored"),
    "address of a parcel": (
        update("shipping_query", {"id": "1", "from": USER, "invoice_payload": "order-12"}), TASK
    ),
    "checkout": (update("pre_checkout_query", {"id": "2", "from": USER, **PAID}), TASK),
    "checkout of nothing": (update("pre_checkout_query", {"id": "2", "from": USER}), "malformed"),
    "paid media": (
        update("purchased_paid_media", {"from": USER, "paid_media_payload": "album-3"}), TASK
    ),
    "the bot's answer": (
        {"ok": True, "result": message(text="Hello", **{"from": BOT})}, POSTED
    ),
    "the bot's correction": (
        {"ok": True, "result": message(text="Hello!", edit_date=NOW_S + 3, **{"from": BOT})}, STATUS
    ),
    "updates": (
        {"ok": True, "result": [said(text="One"), update("message", message(text="Two"), 32)]},
        POSTED * 2,
    ),
    "another answer": ({"ok": True, "result": {"file_id": "f"}}, "ignored"),
    "an error": ({"ok": False, "error_code": 404, "description": "Not Found"}, "ignored"),
    "message without a chat": (said(chat=None, text="Hi"), "malformed"),
    "edited without an id": (update("edited_message", message(message_id=None)), "malformed"),
    "reaction to nothing": (
        update("message_reaction", {"chat": PRIVATE, "user": USER, "date": NOW_S}), "malformed"
    ),
    "something new": (update("levitation", {"from": USER}), "unknown_type"),
    "nothing": ({"update_id": 31}, "ignored"),
    "no update": ({"text": 1}, "unknown_type"),
}  # fmt: skip
