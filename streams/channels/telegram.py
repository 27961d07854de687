"""Telegram bots: each webhook is one Update; its one field besides `update_id` says what happened.

Telegram sends nothing that the bot itself says.  Post the answers of `sendMessage` and its like
(`{"ok": true, "result": {…}}`) to the same URL: they are read as what the bot said.  Answers of
`getUpdates` are read as the updates in them.

Dedupe: `update_id`, together with what it is about: after a week of silence the count goes on from
a random number, and two bots may share a source.  Times are whole seconds; a pressed button, a
deleted message and a vote have none of their own (the message that a button hangs on is older).
Whom to believe: the user's id is Telegram's own word.  A contact's number is his own only if
`contact.user_id` is the sender's id, then Telegram has verified it; another card is another's.
In a private chat the chat's id is the user's; in a group everybody has a thread of his own.
Source: Telegram Bot API, "Update", "Message", "setWebhook", "Deep linking", "Business".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.common import Actor, Identifier, Ref
from schemas.events import (
    ConsentChanged,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
    TaskProgressed,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    malformed,
    together,
    unknown,
)
from streams.channels.body import dig, number, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, Draft, identifier
from streams.channels.signatures import any_secret

_SAID = (
    "photo", "document", "video", "voice", "audio", "animation", "sticker", "video_note",
    "location", "venue", "contact", "poll", "dice", "game", "story", "invoice", "paid_media",
    "checklist", "passport_data",
)  # fmt: skip
"""What a message may hold instead of a text.  Some hold a general thing and a special one (a
venue's location, an animation's document): the later name is meant.
"""

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
_ANONYMOUS_ADMIN = "1087968824"
_TELEGRAM_ITSELF = "777000"
"""Sends on into a group what was posted in its channel."""


class Telegram(Adapter):
    """Option `agents`: the ids of users who answer for the company (in groups), comma separated."""

    vendor = "telegram"
    title = "Telegram"
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
            return _Update(body, request, source).parsed()
        result = body.get("result")
        found = result if isinstance(result, list) else [result]
        parts = [
            _Update(_as_update(one), request, source).parsed()
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


class _Update:
    def __init__(self, body: dict[str, Any], request: Request, source: SourceConfig) -> None:
        self._body = body
        self._id = text(body, "update_id")
        self._kind = next((name for name, value in body.items() if isinstance(value, dict)), "")
        self._item = table(body, self._kind)
        self._user = table(self._item, "from") or table(self._item, "user")
        self._chat = table(self._item, "chat")
        changed = self._item.get("edit_date") if self._kind.startswith("edited") else None
        self._at_ms = times.seconds(changed or self._item.get("date"))
        agents = source.options.get("agents", "").replace(" ", "")
        self._agents = frozenset(filter(None, agents.split(",")))
        self._by = self._actor()
        self._draft = Draft(request, source, self._kind, "telegram")
        self._draft.conversation = self._thread()
        self._draft.identifiers = self._who()

    def parsed(self) -> Parsed:
        makers: dict[str, Callable[[], Parsed]] = {
            "message": self._message,
            "channel_post": self._message,
            "business_message": self._message,
            "guest_message": self._message,
            "edited_message": self._edited,
            "edited_channel_post": self._edited,
            "edited_business_message": self._edited,
            "deleted_business_messages": self._deleted,
            "callback_query": self._pressed,
            "message_reaction": self._reacted,
            "poll_answer": self._voted,
            "my_chat_member": self._member,
            "shipping_query": lambda: self._bought("payment", "shipping", "progressed"),
            "pre_checkout_query": lambda: self._bought("payment", "checkout", "submitted"),
            "purchased_paid_media": lambda: self._bought("paid media", "paid", "completed"),
        }
        if self._kind in _NO_MATTER:
            return ignored(f"{self._kind}: {_NO_MATTER[self._kind]}.")
        if not self._kind and self._id:
            return ignored("An update in which nothing happened.")
        if not self._kind:
            return unknown("This is no update of Telegram's: it has no update_id and no message.")
        if self._kind not in makers:
            return unknown(f"Telegram sends no update {self._kind!r} that we know.")
        return makers[self._kind]()

    # Who and where --------------------------------------------------------------------------

    @property
    def _private(self) -> bool:
        return text(self._chat, "type") == "private"

    @property
    def _user_id(self) -> str:
        return text(self._user, "id")

    def _thread(self) -> str:
        """A private chat; in a group the topic, else the thread of the person who writes or who is
        answered.  A company's own account has its chats apart from its bot's.
        """
        chat = text(self._chat, "id") or text(self._item, "message", "chat", "id")
        message = table(self._item, "message")  # that a button hangs on
        if connection := text(message or self._item, "business_connection_id"):
            return f"{connection}/{chat}"
        if self._kind == "poll_answer":
            return ""  # the poll may have been anywhere
        if text(self._chat, "type") not in {"group", "supergroup"}:
            return chat or self._user_id
        if self._item.get("is_topic_message"):
            return f"{chat}/{text(self._item, 'message_thread_id')}"
        replied = text(self._item, "reply_to_message", "from", "id")
        person = self._user_id if self._by == CUSTOMER else replied
        return f"{chat}/{person}" if person else chat

    def _actor(self) -> Actor:
        user = self._user_id
        if text(self._chat, "type") == "channel" or user == _ANONYMOUS_ADMIN:
            return Actor("agent")
        if self._user.get("is_bot") is True or table(self._item, "sender_business_bot"):
            return Actor("bot", user or None)
        if user in self._agents:
            return Actor("agent", user)
        by_owner = bool(text(self._item, "business_connection_id")) and self._private
        if by_owner and user and user != text(self._chat, "id"):
            return Actor("agent", user)  # the company's own account writes to its customer
        return Actor("bot") if user == _TELEGRAM_ITSELF else CUSTOMER

    def _who(self) -> tuple[Identifier, ...]:
        """The customer: of a private chat its other side, else whoever did it."""
        if self._private:
            return identifier("telegram", text(self._chat, "id"), "asserted")
        if self._by == CUSTOMER:
            return identifier("telegram", self._user_id, "asserted")
        return ()

    def _name(self) -> str:
        card = self._user if self._by == CUSTOMER else self._chat
        return " ".join(filter(None, (text(card, "first_name"), text(card, "last_name"))))

    def _one(self, cls: type[EventBase], what: str, /, **fields: Any) -> EventBase:
        at_ms = fields.pop("at_ms", self._at_ms)
        return self._draft.event(cls, f"{self._id}/{self._kind}/{what}", at_ms, **fields)

    def _ident(self, message: dict[str, Any]) -> str:
        """A message's id holds in its chat only."""
        ident = text(message, "message_id")
        chat = text(message, "chat", "id") or text(self._chat, "id")
        connection = text(message, "business_connection_id") or text(
            self._item, "business_connection_id"
        )
        return "/".join(filter(None, (connection, chat, ident))) if ident else ""

    # Messages -------------------------------------------------------------------------------

    def _message(self) -> Parsed:
        item = self._item
        ident = self._ident(item)
        if not ident or not text(self._chat, "id"):
            return malformed("The message has no id, or no chat.")
        if made := self._service(ident):
            return made
        holds = [name for name in _SAID if item.get(name)]
        said = text(item, "text") or text(item, "caption")
        if not said and not holds:
            what = ", ".join(sorted(item.keys() - {"message_id", "from", "chat", "date"}))
            return ignored(f"A line about the chat itself, which nobody said: {what or 'empty'}.")
        events = [self._posted(ident, said or f"[{holds[-1]}]")]
        return Parsed((*events, *self._own_contact(ident)))

    def _posted(self, ident: str, said: str) -> EventBase:
        item, actor = self._item, self._by
        forwarded = item.get("is_automatic_forward") is True
        automated = "campaign" if forwarded or text(self._chat, "type") == "channel" else "no"
        if item.get("is_from_offline") is True:
            automated = "auto_reply"
        replied = self._ident(table(item, "reply_to_message"))
        command, _, reference = said.partition(" ")
        started = command.partition("@")[0] == "/start" and actor == CUSTOMER
        return self._one(
            MessagePosted,
            ident,
            actor=actor,
            message_id=ident,
            direction="inbound" if actor == CUSTOMER else "outbound",
            automated=automated,
            in_reply_to=replied or None,
            refs=(Ref("referral", reference.strip()),) if started and reference.strip() else (),
            personal={"text": said, "name": self._name()},
        )

    def _own_contact(self, ident: str) -> tuple[EventBase, ...]:
        contact = table(self._item, "contact")
        phone = text(contact, "phone_number").replace(" ", "")
        own = bool(self._user_id) and text(contact, "user_id") == self._user_id
        if not phone or not own or self._by != CUSTOMER:
            return ()
        linked = self._one(
            IdentityLinked,
            f"{ident}/contact",
            actor=CUSTOMER,
            identifiers=(
                *self._draft.identifiers,
                *identifier("phone", "+" + phone.lstrip("+"), "asserted"),
            ),
            rel="same",
            by="contact",
        )
        return (linked,)

    def _service(self, ident: str) -> Parsed | None:
        """What stands as a message in the chat, and is an act of another kind."""
        item = self._item
        if data := table(item, "web_app_data"):
            stepped = self._one(
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
            return self._bought("payment", "paid", "completed", table(item, "successful_payment"))
        if item.get("refunded_payment"):
            return self._bought("payment", "refunded", "cancelled", table(item, "refunded_payment"))
        if isinstance(item.get("write_access_allowed"), dict):
            return Parsed((self._consent(granted=True),))
        return None

    def _edited(self) -> Parsed:
        ident = self._ident(self._item)
        if not ident:
            return malformed("The edited message has no id.")
        return Parsed((self._touched(ident, "edited", actor=self._by),))

    def _touched(self, ident: str, status: str, **fields: Any) -> EventBase:
        return self._one(
            MessageStatusChanged,
            f"{ident}/{status}/{self._at_ms}",
            message_id=ident,
            status=status,
            **fields,
        )

    def _deleted(self) -> Parsed:
        found = self._item.get("message_ids")
        idents = found if isinstance(found, list) else []
        events = [
            self._touched(self._ident({"message_id": ident}), "deleted")
            for ident in dict.fromkeys(text(ident) for ident in idents)
            if ident
        ]
        return Parsed(tuple(events)) if events else malformed("No deleted message is named.")

    def _reacted(self) -> Parsed:
        ident = self._ident(self._item)
        if not ident:
            return malformed("The message that was reacted to is not named.")
        now = rows(self._item, "new_reaction")
        shown = " ".join(text(one, "emoji") or text(one, "type") for one in now)
        status = "reacted" if now else "unreacted"
        touched = self._touched(ident, status, actor=self._by, personal={"text": shown})
        return Parsed((touched,))

    # What else a customer does --------------------------------------------------------------

    def _pressed(self) -> Parsed:
        """A button under a message: its words stand for the customer's."""
        data = text(self._item, "data")
        message = table(self._item, "message")
        shown = dig(message, "reply_markup", "inline_keyboard")
        lines = shown if isinstance(shown, list) else []
        buttons = [button for line in lines for button in rows(line)]
        words = next((text(b, "text") for b in buttons if text(b, "callback_data") == data), "")
        ident = text(self._item, "id") or self._id
        if not self._user_id or not ident:
            return malformed("Nobody is named who pressed the button.")
        self._chat = table(message, "chat")
        if self._actor() != CUSTOMER:
            return ignored("A button was pressed, by one of the company's own.")
        self._draft.identifiers = identifier("telegram", self._user_id, "asserted")
        if text(self._chat, "type") in {"group", "supergroup"}:
            self._draft.conversation = f"{text(self._chat, 'id')}/{self._user_id}"
        pressed = self._one(
            MessagePosted,
            ident,
            at_ms=None,
            actor=CUSTOMER,
            message_id=f"callback/{ident}",
            direction="inbound",
            in_reply_to=self._ident(message) or None,
            personal={
                "text": words or data or text(self._item, "game_short_name") or "[button]",
                "name": self._name(),
            },
        )
        return Parsed((pressed,))

    def _voted(self) -> Parsed:
        poll, chosen = text(self._item, "poll_id"), self._item.get("option_ids")
        if not self._user_id:
            return ignored("A vote in the name of a channel, of nobody in particular.")
        if not isinstance(chosen, list) or not chosen:
            return ignored("A vote was taken back.")
        answers = ", ".join(text(one) for one in chosen)
        voted = self._one(
            FeedbackReceived,
            f"{poll}/{self._user_id}",
            actor=CUSTOMER,
            instrument="survey",
            survey_id=poll or None,
            personal={"comment": f"options {answers}"},
        )
        return Parsed((voted,))

    def _member(self) -> Parsed:
        """In a private chat: the customer has blocked the bot, or lets it write again."""
        if not self._private:
            return ignored("my_chat_member: the bot came into a group, or left it.")
        old = text(self._item, "old_chat_member", "status")
        new = text(self._item, "new_chat_member", "status")
        if new not in {"kicked", "member"} or old == new:
            return ignored(f"my_chat_member: the bot is {new or 'not told'}, as it was.")
        return Parsed((self._consent(granted=new == "member"),))

    def _consent(self, *, granted: bool) -> EventBase:
        return self._one(
            ConsentChanged,
            "consent",
            actor=CUSTOMER,
            purpose="all",
            state="granted" if granted else "denied",
            evidence=self._id,
            consent_channel="telegram",
        )

    def _bought(
        self, task: str, step: str, state: str, money: dict[str, Any] | None = None
    ) -> Parsed:
        """`total_amount` is in the smallest units of the currency."""
        told = self._item if money is None else money
        ident = (
            text(told, "invoice_payload")
            or text(told, "paid_media_payload")
            or text(told, "telegram_payment_charge_id")
        )
        if not ident:
            return malformed("The payment names no invoice.")
        total = number(told, "total_amount")
        progressed = self._one(
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
