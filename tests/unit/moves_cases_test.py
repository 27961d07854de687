"""Joins and splits whose stories are still on their way between partitions, case by case."""

from __future__ import annotations

import random

import pytest

from schemas.common import Actor
from schemas.events import OperatorCommand
from tests.three import Three


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
