"""What a customer goes through, and what is concluded: each case tells its story."""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Identifier, Ref
from schemas.events import (
    IdentityLinked,
    MessagePosted,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TaskProgressed,
)
from schemas.facts import (
    ChannelSwitched,
    JourneyOpened,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyAwaited,
    ReplyMeasured,
    SlaAtRisk,
    SlaBreached,
    SlaMet,
    TaskAbandoned,
)
from tests.story import answers, resolves, writes
from tests.world import HOUR, MINUTE, START, World, who


def test_a_reply_that_arrives_late_with_an_earlier_time_takes_the_breach_back() -> None:
    world = World()
    writes(world)
    asked = world.now
    world.wait(2 * MINUTE)
    assert world.one(SlaBreached).due_ms == asked + MINUTE
    answers(world, at=asked + 30_000)
    assert not world.asserted(SlaBreached) and not world.asserted(SlaAtRisk)
    assert world.one(SlaMet).clock == "first_reply"
    assert world.one(ReplyMeasured).ms == 30_000


def test_a_queue_abandoned_after_three_seconds_is_short_and_nobody_is_told() -> None:
    world = World()
    world.event(
        QueueEntered, channel="voice", conversation="call-1", identifiers=who(), queue="sales"
    )
    world.now += 3_000
    world.event(
        QueueLeft, channel="voice", conversation="call-1", queue="sales", outcome="abandoned"
    )
    assert world.one(QueueAbandoned).short
    assert world.sent() == []


def test_another_customers_ticket_number_joins_nothing() -> None:
    world = World()
    writes(world, "email", "ticket-1", who=who("ada"))
    writes(world, "email", "ticket-2", who=who("bo"), refs=(Ref("ticket", "ticket-1"),))
    customers = {fact.customer for fact in world.asserted(JourneyOpened)}
    assert len(customers) == 2


def test_a_step_in_self_service_waits_for_nobody() -> None:
    world = World()
    step: dict[str, Any] = {"resource": "shop", "step": "cart", "outcome": "progressed"}
    for device in ("web", "app"):
        world.event(
            SelfserviceStepped, channel=device, conversation=device, identifiers=who(), **step
        )
        world.wait(30 * MINUTE)
    assert world.one(ChannelSwitched).cause == "customer"
    assert not world.asserted(ReplyAwaited) and not world.asserted(SlaBreached)
    resolves(world, "app", "app")
    assert world.one(JourneyResolved)  # though there is another visit that nobody ended


def test_the_queues_wait_is_the_vendors_own_figure_when_it_gives_one() -> None:
    world = World()
    world.event(
        QueueEntered, channel="voice", conversation="call-1", identifiers=who(), queue="sales"
    )
    world.now += 20_000
    world.event(
        QueueLeft, channel="voice", conversation="call-1", queue="sales", outcome="answered",
        wait_ms=18_000, actor=Actor("system"),
    )  # fmt: skip
    assert world.one(QueueWaited).wait_ms == 18_000


def test_a_vendors_retry_changes_nothing() -> None:
    world = World()
    for _ in range(3):
        world.event(
            MessagePosted, START, id="same", conversation="chat-1", identifiers=who(),
            message_id="m", direction="inbound",
        )  # fmt: skip
    assert len(world.history) == len({f.subject_id for f in world.history})


def test_a_cart_left_lying_is_told_only_with_consent() -> None:
    from schemas.events import ConsentChanged

    for consents in (False, True):
        world = World()
        writes(world, "web")
        if consents:
            world.event(
                ConsentChanged, channel="web", identifiers=who(), purpose="marketing",
                state="granted",
            )  # fmt: skip
        world.event(
            TaskProgressed, channel="web", conversation="web-1", identifiers=who(),
            task_kind="cart", task_id="c9", step="payment", state="progressed",
        )  # fmt: skip
        world.wait(HOUR + MINUTE)
        assert world.one(TaskAbandoned).step == "payment"
        assert ("task.abandoned" in world.sent()) is consents


def test_an_agents_first_word_is_proactive_until_the_customer_acts() -> None:
    world = World()
    answers(world, "email")
    assert world.one(JourneyOpened).proactive
    assert world.panes["acme|volume|n|email||||"] == 0
    world.now += HOUR
    writes(world, "email")
    assert not world.one(JourneyOpened).proactive
    assert sum(n for cell, n in world.panes.items() if cell.startswith("acme|volume|n|")) == 1


def test_a_join_unites_open_journeys_of_two_customers() -> None:
    world = World()
    writes(world, "chat", who=who("web-user"))
    world.now += MINUTE
    writes(world, "whatsapp", who=(Identifier("whatsapp", "33612345678", "asserted"),))
    assert len(world.asserted(JourneyOpened)) == 2
    world.now += MINUTE
    world.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel="same", by="crm",
        identifiers=(*who("web-user"), Identifier("whatsapp", "33612345678", "asserted")),
    )  # fmt: skip
    assert len(world.asserted(JourneyOpened)) == 1
    assert world.one(ChannelSwitched).to == "whatsapp"
    volume = sum(n for cell, n in world.panes.items() if cell.startswith("acme|volume|n|"))
    assert volume == 1


def test_after_a_join_what_still_comes_for_the_loser_reaches_the_winner() -> None:
    world = World()
    writes(world, "chat", who=who("web-user"))
    loser = world.one(JourneyOpened).customer
    writes(world, "email", who=who("ada"))
    from schemas.events import OperatorCommand

    winner = next(f.customer for f in world.asserted(JourneyOpened) if f.customer != loser)
    world.event(
        OperatorCommand, channel="web", actor=Actor("system"), command="join",
        args={"winner": winner, "loser": loser},
    )  # fmt: skip
    world.now += MINUTE
    writes(world, "chat", who=who("web-user"))
    assert {f.customer for f in world.asserted(ReplyAwaited)} == {winner}
