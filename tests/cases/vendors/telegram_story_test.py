"""Telegram: updates of one bot, counted; whole seconds; nobody has a chat and nothing closes it."""

from __future__ import annotations

from typing import Any

from streams.demo.cast import AGENTS, person
from streams.demo.traffic.telegram import Bot
from tests.cases.vendors.lives import Hook, becomes

ADA = person(7)
ZOE, *_ = AGENTS
BOT = Bot("telegram", "s")


def business(update: int, words: str, agent: Any = None) -> Hook:
    return lambda at_ms: BOT.business(update, ADA, words, at_ms, agent)


def test_a_chat_of_the_companys_own_account() -> None:
    life = [
        ("0:00", business(1, "Where is my lamp?")),
        ("0:00", business(2, "Number 77")),
        ("2:00", business(3, "Let me see.", ZOE)),
        ("3:00", business(4, "I wait.")),
        ("4:00", business(5, "It comes today.", ZOE)),
    ]
    becomes("telegram", life, """
        0:00 telegram opened by customer
        2:00 first reply by zoe after 2:00
        4:00 next reply by zoe after 1:00
        said: agent 2, customer 3
    """, agents={str(ZOE.number): "zoe"})  # fmt: skip


def test_a_chat_with_a_bot() -> None:
    life = [
        ("0:00", lambda at: BOT.says(1, ADA, "/start", at)),
        ("0:00", lambda at: BOT.answers(2, ADA, "What is your number?", at)),
        ("0:30", lambda at: BOT.shares_number(3, ADA, at)),
        ("0:31", lambda at: BOT.answers(4, ADA, "Thank you.", at)),
    ]
    becomes("telegram", life, """
        0:00 telegram opened by customer
        0:00 waits for an answer
        said: bot 2, customer 2
    """)  # fmt: skip
