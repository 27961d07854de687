"""Joins and splits whose stories are still on their way between partitions, case by case."""

from __future__ import annotations

import random
from typing import Any

import pytest

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import EventBase, IdentityLinked, MessagePosted, OperatorCommand
from schemas.facts import ChannelSwitched, JourneyOpened
from streams.engine.partition import partition_for
from streams.identity.index import customer_base
from tests.lanes import PARTITIONS, Lanes
from tests.world import DOMAIN, MINUTE, START


class Three:
    """Three ids of one person, each on its channel and in a partition of its own."""

    def __init__(self) -> None:
        self.lanes = Lanes(None)
        self.now = START
        self.ids: list[Identifier] = []
        self.homes: list[int] = []
        for number in range(100):
            one = Identifier("vendor", f"x:{number}", "asserted")
            home = partition_for(customer_base(b"k" * 16, one) + "-0", PARTITIONS)
            if home not in self.homes and len(self.ids) < 3:
                self.ids.append(one)
                self.homes.append(home)

    def put(self, cls: type[EventBase], **fields: Any) -> None:
        self.now += MINUTE
        fields.setdefault("channel", "web")
        self.lanes.put(
            cls(
                id=f"e{self.now}", source="s", domain=DOMAIN, time_ms=self.now,
                recorded_ms=self.now, **fields,
            )
        )  # fmt: skip

    def writes(self, which: int) -> None:
        channel: Any = ("chat", "whatsapp", "email")[which]
        self.put(
            MessagePosted, channel=channel, actor=Actor("customer"), message_id=f"m{self.now}",
            direction="inbound", identifiers=(self.ids[which],),
            conversation=ConversationRef("s", channel),
        )  # fmt: skip

    def are_one(self, one: int, other: int) -> None:
        ids = (self.ids[one], self.ids[other])
        self.put(IdentityLinked, actor=Actor("system"), rel="same", by="crm", identifiers=ids)

    def switches(self) -> list[tuple[str, str]]:
        found = [
            (f.from_, f.to)
            for f in self.lanes.facts.values()
            if isinstance(f, ChannelSwitched) and f.state == "asserted"
        ]
        return sorted(found)

    def opened(self) -> int:
        return sum(
            isinstance(f, JourneyOpened) and f.state == "asserted"
            for f in self.lanes.facts.values()
        )


def test_a_record_reaches_the_winner_before_the_losers_story() -> None:
    three = Three()
    three.writes(0)
    three.writes(1)
    three.lanes.drain()
    three.are_one(0, 1)
    three.writes(1)  # keyed by the winner now, while the loser's story has not left
    for _ in range(3):
        if three.lanes.queues[three.homes[0]]:
            three.lanes.step(three.homes[0])
    assert three.opened() >= 2
    three.lanes.drain()
    assert (three.opened(), three.switches()) == (1, [("chat", "whatsapp")])
    assert sum(n for (cell, *_), n in three.lanes.cells.items() if "|volume|n|" in cell) == 1


@pytest.mark.parametrize("seed", range(40))
def test_a_chain_of_joins_in_flight_ends_alike_in_whatever_order_partitions_come_to_it(
    seed: int,
) -> None:
    three = Three()
    for which in range(3):
        three.writes(which)
    three.are_one(1, 2)
    three.writes(2)
    three.are_one(0, 1)
    three.writes(1)
    three.writes(2)
    three.lanes.drain(random.Random(seed))
    assert three.opened() == 1
    # The mails while he still writes on WhatsApp are parallel to it.
    assert three.switches() == [("chat", "whatsapp"), ("whatsapp", "email")]


@pytest.mark.parametrize("seed", range(40))
def test_a_split_that_overtakes_the_story_it_parts_ends_alike(seed: int) -> None:
    three = Three()
    three.writes(0)
    three.writes(1)
    three.are_one(0, 1)
    three.writes(1)
    [join] = three.lanes.joins
    three.put(OperatorCommand, actor=Actor("agent", "op"), command="split", args={"join": join})
    three.writes(1)
    three.lanes.drain(random.Random(seed))
    assert (three.opened(), three.switches()) == (2, [])
    assert sum(n for (cell, *_), n in three.lanes.cells.items() if "|volume|n|" in cell) == 2
