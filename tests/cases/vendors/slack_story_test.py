"""Slack: a thread is the conversation; nobody has it, nothing closes it, and each event may come up
to four times with the same id.
"""

from __future__ import annotations

from typing import Any

from streams.demo.cast import AGENTS, person
from streams.demo.traffic.slack import OURS, SharedChannel
from tests.cases.vendors.lives import Hook, becomes, ms

ADA = person(7)
ZOE, YAN, *_ = AGENTS
ROOM = SharedChannel("slack", "s")


def says(words: str, first: str = "0:00", **by: Any) -> Hook:
    def hook(at_ms: int) -> Any:
        thread = ms(first) if at_ms != ms(first) else None
        return ROOM.message(ADA, words, at_ms, thread, **by)

    return hook


def test_a_thread_with_a_bot_and_two_people() -> None:
    life = [
        ("0:00", says("Where is my lamp?")),
        ("0:02", says("Which number?", bot=True)),
        ("0:30", says("A human, please")),
        ("2:00", says("Let me see.", agent=ZOE)),
        ("2:10", lambda at: ROOM.reaction(ADA, "+1", ms("2:00"), at)),
        ("3:00", says("Number 77")),
        ("4:00", says("It comes today.", agent=YAN)),
    ]
    becomes("slack", life, """
        0:00 slack opened by customer
        2:00 handoff transfer bot → zoe: successful
        2:00 first reply by zoe after 2:00
        4:00 next reply by yan after 1:00
        said: agent 2, bot 1, customer 3
    """, agents={f"U{ZOE.number}": "zoe", f"U{YAN.number}": "yan"}, options={"agents": OURS})  # fmt: skip
