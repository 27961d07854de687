"""Carts and forms that were left lying: each cycle's is a fact of its own."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, Identifier
from schemas.events import IdentityLinked, TaskProgressed
from schemas.facts import TaskAbandoned
from streams.journeys.state import CustomerState
from tests.long_story import notes, resolves, says, state
from tests.world import HOUR, MINUTE, World, who


def cart(world: World, state: str, step: str = "basket", at: int | None = None) -> None:
    world.event(
        TaskProgressed, at, conversation="ticket", identifiers=who(),
        task_kind="cart", task_id="c9", step=step, state=state,
    )  # fmt: skip


def left_lying(world: World) -> list[tuple[int, str, int]]:
    """(cycle, step, revision)."""
    return [(f.cycle, f.step, f.revision) for f in world.asserted(TaskAbandoned)]


def busy(world: World, entries: int, **fields: Any) -> None:
    """Notes in quick succession."""
    for _ in range(entries):
        world.now += 10_000
        says(world, "zoe", visibility="internal", **fields)


def come_back(world: World) -> None:
    """What was asked is resolved, and he writes again."""
    world.now += MINUTE
    resolves(world)
    world.now += MINUTE
    says(world)


def test_a_cart_left_lying_in_each_of_two_cycles_is_two_facts() -> None:
    world = World()
    says(world)
    cart(world, "progressed", "basket")
    world.wait(2 * HOUR)
    come_back(world)
    cart(world, "progressed", "payment")
    world.wait(2 * HOUR)
    assert left_lying(world) == [(1, "basket", 1), (2, "payment", 1)]
    first, second = world.asserted(TaskAbandoned)
    assert first.subject_id == f"{first.journey}/task/cart:c9"
    assert second.subject_id == f"{first.journey}/task-2/cart:c9"
    assert first.at_ms < second.at_ms


def test_a_cart_that_is_completed_in_a_later_cycle_was_left_lying_before() -> None:
    world = World()
    says(world)
    cart(world, "progressed")
    world.wait(2 * HOUR)
    come_back(world)
    cart(world, "completed")
    world.wait(2 * HOUR)
    assert left_lying(world) == [(1, "basket", 1)]


@pytest.mark.parametrize("state", ["completed", "progressed"])
def test_a_cart_that_he_goes_on_with_in_time_was_not_left_lying_in_the_cycle_before(
    state: str,
) -> None:
    world = World()
    says(world)
    cart(world, "progressed")
    come_back(world)
    cart(world, state, "payment")
    world.wait(2 * HOUR)
    assert left_lying(world) == ([(2, "payment", 1)] if state == "progressed" else [])


def test_that_he_went_on_in_time_may_be_told_late() -> None:
    world = World()
    says(world)
    cart(world, "progressed")
    come_back(world)
    soon = world.now + MINUTE
    world.wait(2 * HOUR)
    assert left_lying(world) == [(1, "basket", 1)]
    cart(world, "completed", at=soon)
    assert not left_lying(world)


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_cart_under_way_in_a_cycle_that_is_sealed_as_a_whole_is_still_concluded(
    goes_on: bool,
) -> None:
    """Sixty-four and more entries within the hour; then as many again, in which all but the last
    word on the cart is let go of.
    """
    world = World()
    says(world)
    cart(world, "progressed")
    come_back(world)
    busy(world, 100)
    if goes_on:
        cart(world, "progressed")
    busy(world, 50)
    [journey] = state(world).journeys.values()
    assert journey.cycles == 1
    assert not left_lying(world)
    notes(world)
    if goes_on:
        cart(world, "progressed", "payment")
    notes(world, 200)
    assert left_lying(world) == [(2, "payment", 3) if goes_on else (1, "basket", 1)]


@pytest.mark.parametrize("joined", [False, True])
def test_a_cart_that_was_completed_in_time_is_so_when_only_its_beginning_is_sealed(
    joined: bool,
) -> None:
    """Or when a join makes the journey so long that several of its cycles are sealed at once."""
    world = World()
    number = Identifier("whatsapp", "33612345678", "asserted")
    thread: dict[str, Any] = {"conversation": "thread", "channel": "whatsapp"}
    thread["identifiers"] = (number,) if joined else who()
    says(world, **thread)
    says(world, "zoe", **thread)
    busy(world, 5, **thread)
    says(world)
    cart(world, "progressed")
    come_back(world)
    if joined:
        cart(world, "completed")
        busy(world, 30)
        come_back(world)
        busy(world, 20)
        busy(world, 50, **thread)
        world.event(
            IdentityLinked, channel="web", actor=Actor("system"), rel="same", by="crm",
            identifiers=(*who(), number),
        )  # fmt: skip
    else:
        busy(world, 60)
        cart(world, "completed")
    told = [s for s in world.journeys.states.values() if isinstance(s, CustomerState)]
    [cycles] = {j.cycles for s in told for j in s.journeys.values()}
    assert cycles == (2 if joined else 1)
    world.wait(2 * HOUR)
    says(world)
    assert not left_lying(world)


def test_a_cart_that_is_left_lying_again_once_it_was_sealed_is_the_same_fact() -> None:
    world = World()
    says(world)
    cart(world, "progressed", "basket")
    world.wait(2 * HOUR)
    cart(world, "progressed", "payment")
    assert [f.state for f in world.history if isinstance(f, TaskAbandoned)][-1] == "retracted"
    busy(world, 100)
    cart(world, "progressed", "address")
    world.wait(2 * HOUR)
    assert left_lying(world) == [(1, "address", 3)]
