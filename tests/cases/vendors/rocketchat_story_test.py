"""Rocket.Chat: a room a chat, told as it is with each change; a closed room does not open again, who
comes back has a new one.
"""

from __future__ import annotations

from typing import Any

from streams.demo.cast import AGENTS, person
from streams.demo.traffic.rocketchat import Workspace, agent_id
from tests.cases.vendors.lives import Hook, becomes, ms

ADA = person(7)
ZOE, YAN, *_ = AGENTS
DESK = Workspace("rocketchat", "s")
NAMES = {"agents": {agent_id(ZOE): "zoe", agent_id(YAN): "yan"}, "places": {"d-1": "service"}}


def says(ident: str, words: str, agent: Any = None, room: str = "r1") -> Hook:
    return lambda at_ms: DESK.message(room, ident, ADA, words, at_ms, agent)


def test_queued_taken_forwarded_closed_and_a_new_room() -> None:
    life = [
        ("0:00", lambda at: DESK.started("r1", ADA, at, "d-1")),
        ("0:00", says("m1", "Where is my lamp?")),
        ("0:01", lambda at: DESK.queued("r1", ADA, at, "d-1")),
        ("0:41", lambda at: DESK.taken("r1", ADA, ZOE, at)),
        ("1:00", says("m2", "Let me see.", ZOE)),
        ("2:00", says("m3", "Number 77")),
        ("3:00", lambda at: DESK.forwarded("r1", ADA, ZOE, YAN, at, ms("0:41"))),
        ("3:00", lambda at: DESK.taken("r1", ADA, YAN, at)),
        ("4:00", says("m4", "It comes today.", YAN)),
        ("5:00", lambda at: DESK.closed("r1", ADA, YAN, at)),
        ("30:00", lambda at: DESK.started("r2", ADA, at)),
        ("30:00", says("m5", "It is broken.", room="r2")),
        ("30:10", lambda at: DESK.taken("r2", ADA, YAN, at)),
        ("31:00", says("m6", "Sorry!", YAN, "r2")),
        ("32:00", lambda at: DESK.closed("r2", ADA, YAN, at)),
    ]
    becomes("rocketchat", life, """
        0:00 chat opened by customer
        0:41 waited 0:40 in service: answered
        0:41 first reply by zoe after 0:41
        3:00 blind transfer zoe → yan: successful
        3:00 next reply by yan after 1:00
        5:00 resolved
        30:00 chat opened by customer
        30:00 repeated contact
        30:10 first reply by yan after 0:10
        32:00 resolved
        said: agent 3, customer 3
    """, **NAMES)  # fmt: skip


def test_given_up_in_the_queue() -> None:
    life = [
        ("0:00", lambda at: DESK.started("r1", ADA, at, "d-1")),
        ("0:00", lambda at: DESK.queued("r1", ADA, at, "d-1")),
        ("2:00", lambda at: DESK.closed("r1", ADA, None, at, "d-1")),
    ]
    becomes("rocketchat", life, """
        0:00 chat opened by customer
        0:00 waits for an answer
        2:00 gave up after 2:00 in service
        said: nothing
    """, **NAMES)  # fmt: skip
