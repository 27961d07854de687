"""When a customer goes on elsewhere: what is a switch, and who made him go."""

from __future__ import annotations

import pytest

from schemas.events import (
    AgentConnected,
    ConversationOpened,
    ConversationUpdated,
    QueueEntered,
    QueueLeft,
)
from schemas.facts import ChannelSwitched, JourneyOpened, QueueAbandoned
from tests.story import AGENT, answers, writes
from tests.world import HOUR, MINUTE, World, who


def test_two_channels_at_once_are_parallel_and_the_published_switch_is_taken_back() -> None:
    world = World()
    writes(world)
    world.now += MINUTE
    writes(world, "whatsapp")
    assert len(world.asserted(ChannelSwitched)) == 1
    world.now += MINUTE
    writes(world)
    assert not world.asserted(ChannelSwitched)


@pytest.mark.parametrize(("after", "switches"), [(4 * MINUTE, 0), (6 * MINUTE, 2)])
def test_chat_mail_chat_within_and_after_five_minutes(after: int, switches: int) -> None:
    world = World()
    writes(world)
    world.now += MINUTE
    writes(world, "email")
    world.now += after
    writes(world)
    assert len(world.asserted(ChannelSwitched)) == switches


def test_an_agent_mails_and_the_customer_answers_there_the_switch_is_at_his_answer() -> None:
    world = World()
    writes(world)
    answers(world)
    world.now += 10 * MINUTE
    answers(world, "email")
    assert not world.asserted(ChannelSwitched)
    world.now += 10 * MINUTE
    writes(world, "email")
    switch = world.one(ChannelSwitched)
    assert (switch.cause, switch.forced) == ("agent_invited", True)


def test_a_queue_abandoned_then_a_mail_is_a_forced_switch() -> None:
    world = World()
    world.event(
        QueueEntered, channel="voice", conversation="call-1", identifiers=who(), queue="sales"
    )
    world.now += 30_000
    world.event(
        QueueLeft, channel="voice", conversation="call-1", queue="sales", outcome="abandoned"
    )
    assert world.one(QueueAbandoned).wait_ms == 30_000
    world.now += MINUTE
    writes(world, "email")
    switch = world.one(ChannelSwitched)
    assert (switch.from_, switch.to, switch.cause) == ("voice", "email", "abandoned_queue")
    assert "queue.abandoned" in world.sent() and "queue.abandoned" in world.cancelled()


def test_one_conversation_that_goes_on_by_mail_is_a_switch() -> None:
    world = World()
    writes(world, "chat", "c1")
    world.now += HOUR
    writes(world, "email", "c1")
    assert world.one(JourneyOpened)
    assert (world.one(ChannelSwitched).from_, world.one(ChannelSwitched).to) == ("chat", "email")


def test_two_known_topics_on_two_channels_are_two_needs() -> None:
    world = World()
    for channel, topic in (("chat", "billing"), ("email", "delivery")):
        world.event(
            ConversationOpened, channel=channel, conversation=f"{channel}-1", identifiers=who(),
            initiated_by="customer", direction="inbound", topic=topic,
        )  # fmt: skip
    writes(world, "chat")
    world.event(ConversationUpdated, conversation="chat-1", topic="billing", actor=AGENT)
    world.now += MINUTE
    writes(world, "email")
    assert [f.topic for f in world.asserted(JourneyOpened)] == ["billing", "delivery"]
    assert not world.asserted(ChannelSwitched)


def test_waiting_longer_than_half_the_target_makes_the_switch_forced() -> None:
    world = World()
    writes(world)
    world.now += 40_000
    writes(world, "whatsapp")
    assert world.one(ChannelSwitched).cause == "unanswered"


def test_an_answered_customer_who_phones_has_chosen_to() -> None:
    world = World()
    writes(world)
    answers(world)
    world.now += MINUTE
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="yan"
    )
    assert not world.one(ChannelSwitched).forced
