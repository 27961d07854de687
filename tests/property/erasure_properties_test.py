"""Whoever is erased while stories of his are on their way is gone all the same, and stays away.

Histories of two people are folded over four partitions whose turns are drawn at random; somewhere
one of them asks to be forgotten, and goes on to write.  At the end both are erased, and all is told
once more.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import ErasureRequested, EventBase, MessagePosted
from streams.identity.graph import Known
from streams.journeys.state import CustomerState, Excerpts
from streams.kpis.contributions import open_list
from tests.examples import QUICK
from tests.lanes import Lanes
from tests.property.continuity_properties_test import (
    CHANNELS,
    IDS,
    command,
    end,
    history,
    ident,
    link,
    opens,
    whose,
)
from tests.world import DAY, DOMAIN, HOUR, START


def erasure(at_ms: int, **whom: Any) -> EventBase:
    return ErasureRequested(
        id=f"erase-{at_ms}-{whom}", source="crm", domain=DOMAIN, time_ms=at_ms, recorded_ms=at_ms,
        channel="web", actor=Actor("system"), **whom,
    )  # fmt: skip


def by_all(person: int) -> tuple[Identifier, ...]:
    """What identifies the person, whoever was known by it until now."""
    return tuple(ident(person, number) for number in range(IDS))


def whoever(lanes: Lanes) -> list[str]:
    """All who are known, those of whom nothing but a conversation is among them."""
    states = lanes.normalise.states.items()
    return [key[2:] for key, known in states if isinstance(known, Known) and not known.erased_ms]


def left(lanes: Lanes) -> list[Any]:
    """What the lanes keep of anybody."""
    states = [state for lane in lanes.lanes for state in lane.states.values()]
    return [
        state
        for state in states
        if (isinstance(state, CustomerState) and (state.journeys or state.pending or state.seen))
        or (isinstance(state, Excerpts) and state != Excerpts())
    ]


@pytest.mark.parametrize("seed", range(100 if QUICK else 1_000))
def test_who_is_erased_is_gone_whatever_is_under_way(seed: int) -> None:
    dice = random.Random(seed)
    events = history(dice)
    lanes = Lanes(dice)
    at = dice.randrange(len(events))
    for event in events[:at]:
        lanes.put(event)
    for join in lanes.joins if dice.random() < 0.5 else ():
        lanes.put(command(events[at].recorded_ms, "split", {"join": join}))
    lanes.put(erasure(events[at].recorded_ms, identifiers=by_all(0)))
    for event in events[at:]:
        lanes.put(event)
    end(lanes, events[-1].recorded_ms)
    assert opens(lanes)

    gone_ms = events[-1].recorded_ms + 5 * DAY
    lanes.put(erasure(gone_ms, identifiers=by_all(0)))
    for customer in whoever(lanes):
        lanes.put(erasure(gone_ms, customer=customer))
    lanes.drain()
    assert not left(lanes) and not lanes.waiting and opens(lanes)
    facts = dict(lanes.facts)
    for number, event in enumerate(events):
        again = {"id": f"again-{number}", "recorded_ms": gone_ms + HOUR + number}
        lanes.put(msgspec.structs.replace(event, **again))
    lanes.drain()
    assert not left(lanes) and not lanes.waiting and lanes.facts == facts


def test_who_left_him_before_gets_what_was_still_under_way() -> None:
    """Joined, taken apart and erased before the story of the one had come to the other."""
    lanes = Lanes(None)
    for which in (0, 1):
        lanes.put(
            MessagePosted(
                id=f"m{which}", source=f"s{which}", domain=DOMAIN, time_ms=START,
                recorded_ms=START, channel=CHANNELS[which], actor=Actor("customer"),
                conversation=ConversationRef(f"s{which}", "1"), identifiers=(ident(0, which),),
                message_id=f"m{which}", direction="inbound",
            )
        )  # fmt: skip
        lanes.drain()
    lanes.put(link(1, START + HOUR, 0, 1))
    [join] = lanes.joins
    lanes.put(command(START + HOUR, "split", {"join": join}))
    stays, leaves = whose(lanes, 0), whose(lanes, 0, 1)
    lanes.put(erasure(START + HOUR, customer=stays))
    lanes.drain()
    assert stays != leaves
    states = [state for state in left(lanes) if isinstance(state, CustomerState)]
    assert [state.customer for state in states if state.journeys] == [leaves]
    assert opens(lanes) and len(lanes.listed(open_list(DOMAIN))) == 1
