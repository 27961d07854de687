"""Whether a browser's claim comes first or its proof: what stands at the end is the same.

Browsers (a cookie, and nothing else is known) talk in several conversations; in some of them they
claim the address of one of two people, who prove theirs at any time.  Folded over four partitions
whose turns are drawn at random, and once more with the addresses proven from the start.  A history
is made from its seed alone; the seed stands in the message of a failure.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import ConversationUpdated, EventBase, IdentityLinked, MessagePosted
from tests.examples import QUICK
from tests.lanes import Lanes
from tests.property.continuity_properties_test import end
from tests.world import DAY, DOMAIN, START

SEEDS = 4_000
PART = 400


def history(dice: random.Random) -> list[EventBase]:
    """Events in order of arrival; the proofs stand anywhere.  A conversation claims one address."""
    events: list[EventBase] = []
    arrival = START
    unproven = [0, 1]
    for number in range(dice.randint(2, 18)):
        arrival += dice.choice((1_000, 30_000, 120_000, 600_000, 10_000_000))
        if unproven and dice.random() < 0.2:
            events.append(proof(unproven.pop(dice.randrange(len(unproven))), arrival))
        else:
            events.append(happens(dice, number, arrival))
    for person in unproven:
        arrival += 1_000
        events.append(proof(person, arrival))
    return events


def happens(dice: random.Random, number: int, arrival: int) -> EventBase:
    envelope: dict[str, Any] = {
        "id": f"e{number}", "domain": DOMAIN, "recorded_ms": arrival,
        "time_ms": arrival - dice.choice((0, 0, 0, 20_000, 400_000)),
    }  # fmt: skip
    who, where = dice.randrange(2), dice.randrange(3)
    if dice.random() < 0.3:
        envelope |= {"source": "app", "channel": "whatsapp", "identifiers": (account(who),)}
        envelope["conversation"] = ConversationRef("app", f"{who}/{where}")
    else:
        known = [Identifier("cookie", f"web:{who}", "asserted")]
        if where and dice.random() < 0.7:  # in the first one it claims nothing
            known.append(Identifier("email", f"{(who + where) % 2}@example.com", "claimed"))
        envelope |= {"source": "web", "channel": "chat", "identifiers": tuple(known)}
        envelope["conversation"] = ConversationRef("web", f"{who}/{where}")
    match dice.randrange(6):
        case 0 | 1 | 2:
            return MessagePosted(
                **envelope, actor=Actor("customer"), message_id=f"m{number}", direction="inbound"
            )
        case 3 | 4:
            agent = Actor("agent", dice.choice(("zoe", "yan")))
            return MessagePosted(
                **envelope, actor=agent, message_id=f"m{number}", direction="outbound"
            )
    return ConversationUpdated(**envelope, actor=Actor("agent", "zoe"), status="resolved")


def account(person: int) -> Identifier:
    return Identifier("user", f"{person}", "asserted")


def proof(person: int, at_ms: int) -> IdentityLinked:
    return IdentityLinked(
        id=f"p{person}", source="crm", domain=DOMAIN, time_ms=at_ms, recorded_ms=at_ms,
        channel="web", actor=Actor("system"), rel="same", by="crm",
        identifiers=(account(person), Identifier("email", f"{person}@example.com", "curated")),
    )  # fmt: skip


def folded(events: list[EventBase], dice: random.Random | None) -> Any:
    lanes = Lanes(dice)
    for event in events:
        lanes.put(event)
        if dice is None:
            lanes.drain()
    end(lanes, events[-1].recorded_ms)
    return lanes.summary()


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(PART, SEEDS, PART))]
)
def test_claim_or_proof_whichever_comes_first(first: int) -> None:
    for seed in range(first, first + (PART // 6 if QUICK else PART)):
        dice = random.Random(seed)
        events = history(dice)
        proven = [proof(person, START - DAY) for person in (0, 1)]
        told = [event for event in events if not isinstance(event, IdentityLinked)]
        assert folded(events, dice) == folded([*proven, *told], None), seed
