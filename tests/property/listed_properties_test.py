"""What opens a figure follows a story to another lane, also of one that is sealed in part."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import ErasureRequested, EventBase, IdentityLinked, MessagePosted
from streams.kpis.contributions import open_list
from tests.lanes import Lanes
from tests.property.continuity_properties_test import end, opens
from tests.property.journeys_properties_test import TALKS, long_history
from tests.world import DAY, DOMAIN, START, who

BO = (Identifier("phone", "+33142685300", "asserted"),)


def talk(dice: random.Random, size: int) -> list[EventBase]:
    """A long history of whoever it turns out to be."""
    events = long_history(dice, dice.choice(TALKS), size)
    return [msgspec.structs.replace(event, customer="") for event in events]


def envelope(name: str, at_ms: int) -> dict[str, Any]:
    return {
        "id": name, "source": "crm", "domain": DOMAIN, "time_ms": at_ms, "recorded_ms": at_ms,
        "channel": "web", "actor": Actor("system"),
    }  # fmt: skip


def bo_writes(at_ms: int) -> EventBase:
    said = envelope("bo", at_ms) | {"actor": Actor("customer"), "channel": "chat"}
    return MessagePosted(
        **said, conversation=ConversationRef("crm", "bo"), identifiers=BO, message_id="bo",
        direction="inbound",
    )  # fmt: skip


def joined(at_ms: int) -> EventBase:
    return IdentityLinked(**envelope("same", at_ms), rel="same", by="crm", identifiers=who() + BO)


@pytest.mark.parametrize("seed", range(30))
def test_a_long_story_that_moves_still_opens(seed: int) -> None:
    dice = random.Random(seed)
    events = talk(dice, 150)
    lanes = Lanes(dice)
    early = dice.random() < 0.5  # who was there first keeps his name: so either of them moves
    if early:
        lanes.put(bo_writes(START - DAY))
    at = dice.randrange(70, 140)
    for event in events[:at]:
        lanes.put(event)
    if not early:
        lanes.put(bo_writes(events[at - 1].recorded_ms))
    lanes.put(joined(events[at - 1].recorded_ms))
    lanes.drain()
    assert lanes.joins and opens(lanes)
    for event in events[at:]:
        lanes.put(event)
    end(lanes, events[-1].recorded_ms)
    assert opens(lanes)


@pytest.mark.parametrize("seed", range(10))
def test_who_is_forgotten_is_in_no_list(seed: int) -> None:
    dice = random.Random(seed)
    events = talk(dice, 100)
    lanes = Lanes(dice)
    for event in events[: dice.randrange(3, 100)]:
        lanes.put(event)
    lanes.drain()
    customer = next(iter(lanes.facts.values())).customer
    lanes.put(ErasureRequested(**envelope("erase", events[-1].recorded_ms), customer=customer))
    lanes.drain()
    assert opens(lanes) and not lanes.waiting


@pytest.mark.parametrize("seed", range(10))
def test_nobody_waits_for_ever(seed: int) -> None:
    """What has expired, and what is sealed, is in no list."""
    dice = random.Random(seed)
    events = talk(dice, 100)[: dice.randrange(3, 100)]
    lanes = Lanes(dice)
    for event in events:
        lanes.put(event)
    assert lanes.listed(open_list(DOMAIN))
    end(lanes, events[-1].recorded_ms + 27 * DAY)
    assert opens(lanes) and not lanes.waiting
