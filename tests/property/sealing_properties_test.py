"""What is sealed changes no conclusion, where everything is mixed in one long journey.

One customer's calls, chats and mails, over several conversations and two vendors: queues entered,
left, abandoned and answered; transfers that a vendor names, and those that are only implied; bots
that give up; carts and forms; teams, notes, statuses told again.  Folded with a timeline of 64 entries and with one
without a bound: what stands at the end is the same, fact by fact and figure by figure.  A history is
made from its seed alone; the seed stands in the message of a failure.
"""

from __future__ import annotations

import random
from typing import Any
from unittest import mock

import pytest

from schemas.common import Actor, ConversationRef, Party
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    AssignmentChanged,
    ContactEnded,
    ContextViewed,
    ConversationLinked,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    MessageStatusChanged,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TaskProgressed,
    TransferReported,
)
from tests.examples import QUICK
from tests.property.bounded import standing, told
from tests.world import DOMAIN, START, who

SEEDS = 900
PART = 30

AGENTS = ("zoe", "yan", "xi")
TEAMS = ("desk", "returns")
QUEUES = ("q1", "q2")
PLACES = (
    ("s", "chat", "chat-1"),
    ("s", "chat", "chat-2"),
    ("s", "email", "mail"),
    ("t", "voice", "call-1"),
    ("t", "voice", "call-2"),
    ("b", "chat", "bot"),
)
"""Source, channel, conversation."""

TALKS = "iiioo"
"""What happens in a conversation of any channel: words, and what is told with them."""

WORK = "aaAnsrtTR"
CALLS = "eeeEclldgfFk"
BOTS = "bbuB"
BESIDE = "vvmL"
TASKS = "pp"
SLOW = (1_000, 20_000, 120_000, 700_000, 1_800_000)
FAST = (1_000, 5_000, 60_000)
DAYS = (20_000, 600_000, 10_800_000)


def history(dice: random.Random, size: int = 120) -> list[EventBase]:
    places = dice.sample(PLACES, dice.randint(2, len(PLACES)))
    kinds = TALKS + "".join(k for k in (WORK, CALLS, BOTS, BESIDE, TASKS) if dice.random() < 0.75)
    pace = dice.choice((SLOW, SLOW, FAST, DAYS))
    events: list[EventBase] = []
    at_ms = START
    begun = set()
    for number in range(size):
        at_ms += dice.choice(pace)
        place, what = dice.choice(places), dice.choice(kinds)
        if place not in begun:  # what is told of it before waits for its first act
            what = dice.choice("iieoc" if "c" in kinds else "iio")
            begun.add(place)
        events.append(_happens(dice, f"e{number}", at_ms, place, what))
    return events


def _happens(
    dice: random.Random, ident: str, at_ms: int, place: tuple[str, str, str], what: str
) -> EventBase:
    source, channel, conversation = place
    envelope: dict[str, Any] = {
        "id": ident, "source": source, "domain": DOMAIN, "time_ms": at_ms, "recorded_ms": at_ms,
        "channel": channel, "customer": "ada-0", "identifiers": who(),
        "conversation": ConversationRef(source, conversation), "actor": Actor("system"),
    }  # fmt: skip
    agent, other = dice.sample(AGENTS, 2)
    queue, team = dice.choice(QUEUES), dice.choice(TEAMS)
    customer, by_agent, bot = Actor("customer"), Actor("agent", agent), Actor("bot")
    phase = dice.choice(("started", "started", "accepted", "failed"))
    rel: Any
    made: tuple[type[EventBase], dict[str, Any]]
    match what:
        case "i":
            made = MessagePosted, {"actor": customer, "message_id": ident, "direction": "inbound"}
        case "o":
            made = MessagePosted, {"actor": by_agent, "message_id": ident, "direction": "outbound"}
        case "a":
            made = AssignmentChanged, {"to": Party(agent=agent)}
        case "A":
            to = dice.choice((Party(agent=agent, team=team), Party(team=team)))
            made = AssignmentChanged, {"to": to}
        case "n":
            made = ConversationUpdated, {"note": True}
        case "s":
            made = ConversationUpdated, {"status": "open", "priority": dice.choice("112")}
        case "r":
            made = ConversationUpdated, {"status": dice.choice(["resolved", *["open"] * 9])}
        case "t":
            made = TransferReported, {"kind": "unknown", "phase": phase}
        case "T":
            made = TransferReported, {"kind": "blind", "phase": phase, "to": Party(queue=queue)}
        case "R":
            made = TransferReported, {
                "kind": "warm", "phase": phase, "to": Party(agent=agent),
                "from_": Party(agent=other),
            }  # fmt: skip
        case "e":
            made = QueueEntered, {"queue": queue, "actor": customer}
        case "E":
            outcome = dice.choice(("abandoned", "abandoned", "answered", "transferred", "overflow"))
            told = dice.choice((None, None, 45_000))
            made = QueueLeft, {"queue": queue, "outcome": outcome, "wait_ms": told}
        case "c":
            made = AgentConnected, {"agent": agent, "actor": customer}
        case "l":
            made = QueueLeft, {"queue": queue, "outcome": "answered"}
        case "d":
            made = AgentOffered, {"agent": agent, "outcome": dice.choice(("declined", "ringing"))}
        case "g":
            made = AgentDisconnected, {"agent": agent}
        case "f":
            made = ContactEnded, {"final": dice.random() < 0.7, "answered": dice.random() < 0.7}
        case "F":
            made = QueueLeft, {"queue": queue, "outcome": "abandoned"}
        case "k":
            made = AgentConnected, {"agent": agent, "actor": by_agent, "mode": "consult"}
        case "b":
            made = MessagePosted, {"actor": bot, "message_id": ident, "direction": "outbound"}
        case "v":
            made = ContextViewed, {"actor": by_agent}
            del envelope["conversation"]
        case "m":
            made = MessageStatusChanged, {"message_id": "m", "status": "failed"}
        case "L":
            rel = dice.choice(("callback", "deflection"))
            made = ConversationLinked, {"rel": rel, "other": ConversationRef("w", "web")}
        case "p":
            how = dice.choice(("started", "progressed", "progressed", "completed"))
            made = TaskProgressed, {
                "task_kind": "cart", "task_id": dice.choice("xy"), "step": ident, "state": how,
            }  # fmt: skip
        case "u":
            made = ConversationUpdated, {"status": "pending_bot"}
        case _:
            outcome = dice.choice(("progressed", "escalated", "failure"))
            actor = customer if outcome == "progressed" else bot
            fields = {"resource": "bot", "step": "s", "outcome": outcome, "actor": actor}
            made = SelfserviceStepped, fields
    kind, fields = made
    return kind(**(envelope | fields))


def folded(events: list[EventBase], size: int) -> tuple[dict[str, Any], dict[str, int]]:
    """Facts by subject, and figures."""
    with mock.patch("streams.journeys.sealing._WAYS", 1_000):
        world = told(events, size)
    return standing(world), {cell: amount for cell, amount in world.panes.items() if amount}


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(PART, SEEDS, PART))]
)
def test_what_is_sealed_changes_no_conclusion(first: int) -> None:
    for seed in range(first, first + (PART // 6 if QUICK else PART)):
        events = history(random.Random(seed))
        assert folded(events, 64) == folded(events, 10_000), seed
