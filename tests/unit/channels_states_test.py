"""State in, changes out: vendors that tell a state again and again, from their webhooks to the
conclusions.  A state that was known is no second transfer, resolution or hand-over.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.facts import (
    ChannelSwitched,
    JourneyReopened,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyMeasured,
    TransferConcluded,
    TransferStarted,
)
from streams.demo.cast import AGENTS, person
from streams.demo.traffic.call import Call
from streams.demo.traffic.freshdesk import HelpDesk
from streams.demo.traffic.rocketchat import Workspace
from streams.demo.traffic.zammad import Desk
from tests.conformance.vendors.freshchat import ACCOUNT
from tests.world import MINUTE, START, World

WHO, (ONE, TWO, *_) = person(5), AGENTS
ZAMMAD, FRESHDESK = Desk("zammad", "s"), HelpDesk("freshdesk", "s")
ROCKET, FRESHCHAT = Workspace("rocketchat", "s"), ACCOUNT
Story = list[tuple[int, Call]]
"""What happened, and in which minute."""


def at(minute: int) -> int:
    return START + minute * MINUTE


def told(minutes: tuple[int, ...], tell: Callable[[int, int], Call]) -> Story:
    """`tell(n, at_ms)`: the n-th body."""
    return [(minute, tell(n, at(minute))) for n, minute in enumerate(minutes)]


def zammad() -> Story:
    """Each body tells the owner; he changes once."""
    return [
        (0, ZAMMAD.article(81, 1, WHO, "Late", at(0), first=True, state="new")),
        (5, ZAMMAD.article(81, 2, WHO, "We look", at(5), ONE, owner=ONE)),
        (6, ZAMMAD.article(81, 3, WHO, "Thanks", at(6), owner=ONE)),
        (20, ZAMMAD.changed(81, WHO, at(20), TWO)),
        (21, ZAMMAD.changed(81, WHO, at(21), TWO)),
        (22, ZAMMAD.article(81, 4, WHO, "Found it", at(22), TWO, owner=TWO)),
        (23, ZAMMAD.article(81, 5, WHO, "see stock", at(23), TWO, owner=TWO, kind="note")),
        (40, ZAMMAD.changed(81, WHO, at(40), TWO, "closed")),
        (41, ZAMMAD.changed(81, WHO, at(41), TWO, "closed")),
    ]


def freshdesk() -> Story:
    return [
        (0, FRESHDESK.created(81, WHO, "Late", at(0))),
        (5, FRESHDESK.replied(81, WHO, "We look", at(5), ONE)),
        (20, FRESHDESK.assigned(81, WHO, ONE, TWO, at(20))),
        (21, FRESHDESK.noted(81, WHO, "see stock", TWO, at(21))),
        (22, FRESHDESK.replied(81, WHO, "Found it", at(22), TWO)),
        (40, FRESHDESK.status(81, WHO, "Resolved", TWO, at(40))),
        (41, FRESHDESK.status(81, WHO, "Closed", TWO, at(41))),
    ]


def rocketchat() -> Story:
    return [
        (0, ROCKET.started("r", WHO, at(0), "d")),
        (0, ROCKET.message("r", "1", WHO, "Late", at(0))),
        (0, ROCKET.queued("r", WHO, at(0), "d")),
        (5, ROCKET.taken("r", WHO, ONE, at(5))),
        (5, ROCKET.message("r", "2", WHO, "We look", at(5), ONE)),
        (20, ROCKET.forwarded("r", WHO, ONE, TWO, at(20), at(5))),
        (20, ROCKET.taken("r", WHO, TWO, at(20))),
        (22, ROCKET.message("r", "3", WHO, "Found it", at(22), TWO)),
        (40, ROCKET.closed("r", WHO, TWO, at(40))),
    ]


def freshchat() -> Story:
    story = [
        (0, FRESHCHAT.message("c", "1", WHO, "Late", at(0))),
        (1, FRESHCHAT.assigned("c", None, ONE, "g", at(1))),
        (5, FRESHCHAT.message("c", "2", WHO, "We look", at(5), ONE)),
        (20, FRESHCHAT.assigned("c", ONE, TWO, "g", at(20))),
        (22, FRESHCHAT.message("c", "3", WHO, "Found it", at(22), TWO)),
        (40, FRESHCHAT.resolved("c", TWO, at(40))),
    ]
    return [(minute, Call("freshchat", call.body, call.headers)) for minute, call in story]


VENDORS = [zammad, freshdesk, rocketchat, freshchat]


def folded(story: Story, times: int = 1) -> World:
    """Each arrives a moment after it happened, once or more."""
    world = World()
    for minute, call in story:
        for n in range(times):
            world.call(call, at(minute) + 300 * (n + 1))
    world.wait(60 * MINUTE)
    return world


def concludes(world: World) -> None:
    [started] = world.asserted(TransferStarted)
    assert started.at_ms == at(20)
    [concluded] = world.asserted(TransferConcluded)
    assert (concluded.outcome, concluded.ping_pong) == ("successful", False)
    [resolved] = world.asserted(JourneyResolved)
    assert resolved.at_ms == at(40)
    first = world.asserted(ReplyMeasured)[0]
    assert (first.which, first.ms) == ("first", 5 * MINUTE)
    assert not world.asserted(ChannelSwitched) and not world.asserted(JourneyReopened)
    assert not world.letters


@pytest.mark.parametrize("story", VENDORS)
def test_one_change_of_hands_is_one_transfer(story: Callable[[], Story]) -> None:
    concludes(folded(story()))


@pytest.mark.parametrize("story", VENDORS)
def test_each_body_sent_twice_concludes_the_same(story: Callable[[], Story]) -> None:
    concludes(folded(story(), 2))


@pytest.mark.parametrize("story", VENDORS)
def test_bodies_that_overtake_each_other_conclude_the_same(story: Callable[[], Story]) -> None:
    """Every other one arrives only after the next one; each tells when it was so."""
    calls = story()
    for n in range(1, len(calls) - 1, 2):
        (_, late), (minute, early) = calls[n], calls[n + 1]
        calls[n], calls[n + 1] = (minute, early), (minute, late)
    concludes(folded(calls))


def test_two_changes_of_hands_are_two_transfers() -> None:
    owners, writers = (ONE, TWO, TWO, ONE, ONE), (None, None, TWO, None, None)
    world = folded(
        told(
            (0, 30, 31, 60, 61),
            lambda n, ms: ZAMMAD.article(81, n, WHO, "Late", ms, writers[n], owner=owners[n]),
        )
    )
    assert [t.at_ms for t in world.asserted(TransferStarted)] == [at(30), at(60)]


def test_a_colleague_who_answers_for_the_owner_is_no_transfer() -> None:
    """Not even if it is in the first body that we see."""
    writers = (TWO, None, TWO, None)
    world = folded(
        told(
            (0, 5, 6, 9),
            lambda n, ms: ZAMMAD.article(81, n, WHO, "Late", ms, writers[n], owner=ONE),
        )
    )
    assert not world.asserted(TransferStarted)


def test_a_ticket_that_goes_on_by_phone_is_a_switch() -> None:
    kinds = ("email", "phone")
    world = folded(
        told((0, 90), lambda n, ms: ZAMMAD.article(81, n, WHO, "Late", ms, kind=kinds[n]))
    )
    [switch] = world.asserted(ChannelSwitched)
    assert (switch.from_, switch.to) == ("email", "voice")


def test_a_merged_ticket_is_not_solved() -> None:
    world = folded(
        [
            (0, ZAMMAD.article(81, 1, WHO, "Late", at(0), first=True)),
            (9, ZAMMAD.changed(81, WHO, at(9), state="merged")),
        ]
    )
    assert not world.asserted(JourneyResolved)


def test_a_chat_waits_in_its_queue_until_it_is_taken_or_given_up() -> None:
    queued = (0, ROCKET.queued("r", WHO, at(0), "d"))
    taken = folded([queued, (4, ROCKET.taken("r", WHO, ONE, at(4)))])
    [waited] = taken.asserted(QueueWaited)
    assert (waited.wait_ms, waited.outcome, waited.queue) == (4 * MINUTE, "answered", "d")
    left = folded([queued, (3, ROCKET.closed("r", WHO, None, at(3), "d"))])
    assert not left.asserted(QueueWaited)
    [gone] = left.asserted(QueueAbandoned)
    assert gone.wait_ms == 3 * MINUTE
    assert not left.asserted(JourneyResolved)
