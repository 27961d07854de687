"""Telegram: updates of one bot, with the secret token that its webhook was given."""

from __future__ import annotations

from typing import Any

import orjson

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Bot:
    """A bot in private chats."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def says(self, update: int, who: Person, text: str, at_ms: int) -> Call:
        """A line by the customer."""
        return self._update(update, "message", self._message(update, who, at_ms, text=text))

    def shares_number(self, update: int, who: Person, at_ms: int) -> Call:
        """The customer taps "share my number"."""
        card = {"phone_number": who.wa_id, "first_name": who.name, "user_id": user_id(who)}
        return self._update(update, "message", self._message(update, who, at_ms, contact=card))

    def answers(self, message: int, who: Person, text: str, at_ms: int) -> Call:
        """What the bot said: the answer of `sendMessage`, posted to the same door."""
        said = self._message(message, who, at_ms, text=text)
        said["from"] = {"id": 900_500, "is_bot": True, "first_name": "Desk"}
        return self._signed({"ok": True, "result": said})

    def business(
        self, update: int, who: Person, text: str, at_ms: int, agent: Agent | None = None
    ) -> Call:
        """A line in a chat of the company's own account: by the customer, unless an agent is
        named.
        """
        line = self._message(update, who, at_ms, text=text, business_connection_id="bc1")
        if agent:
            line["from"] = {"id": agent.number, "is_bot": False, "first_name": agent.name}
        return self._update(update, "business_message", line)

    def _message(self, ident: int, who: Person, at_ms: int, **holds: Any) -> dict[str, Any]:
        first, _, last = who.name.partition(" ")
        person = {"id": user_id(who), "first_name": first, "last_name": last}
        return {
            "message_id": ident,
            "from": {**person, "is_bot": False},
            "chat": {**person, "type": "private"},
            "date": at_ms // 1_000,
            **holds,
        }

    def _update(self, update: int, kind: str, item: dict[str, Any]) -> Call:
        return self._signed({"update_id": update, kind: item})

    def _signed(self, body: dict[str, Any]) -> Call:
        headers = {
            "Content-Type": "application/json",
            "X-Telegram-Bot-Api-Secret-Token": self._secret,
        }
        return Call(self._source, orjson.dumps(body), headers)


def user_id(who: Person) -> int:
    """The customer's id at Telegram."""
    return 7_000_000_000 + who.number


class Traffic(Generator):
    """The company's own account, where its people answer."""

    vendor = "telegram"
    channel = "telegram"

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._bot = Bot(source, secret)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("telegram", str(user_id(who))),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._bot.business(visit.number(), visit.who, text, at_ms)
        return [told(call, "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._bot.business(visit.number(), visit.who, text, at_ms, visit.agent)
        return [told(call, "message.posted")]
