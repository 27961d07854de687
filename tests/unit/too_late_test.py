"""What comes too late for the sealed part of a journey is context only, and counted: all of it,
once, whichever way it comes there.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, ConversationRef, Identifier, Party, Ref
from schemas.events import (
    AssignmentChanged,
    ContextViewed,
    ConversationUpdated,
    IdentityLinked,
    MessagePosted,
)
from schemas.facts import JourneyOpened
from streams.journeys.state import PENDING
from tests.long_story import notes, says, state
from tests.world import MINUTE, World, who

LINE: dict[str, Any] = {"channel": "voice", "conversation": "call"}


def late(world: World) -> dict[str, float]:
    """By source."""
    return {labels[0]: n for (name, labels), n in world.counts.items() if name == "late_total"}


def long_ticket(world: World) -> None:
    """Of which all but the newest is sealed."""
    notes(world)
    assert any(journey.sealed_ms for journey in state(world).journeys.values())


def test_what_waited_for_a_first_act_and_is_let_go_of_then_is_counted() -> None:
    """Two events, one of which says three things; a third is young enough to be told."""
    world = World()
    says(world)
    world.event(AssignmentChanged, **LINE, to=Party(agent="zoe"), identifiers=who())
    world.event(
        ConversationUpdated, **LINE, status="open", topic="delivery", priority="2",
        identifiers=who(),
    )  # fmt: skip
    long_ticket(world)
    world.event(ConversationUpdated, **LINE, topic="returns", identifiers=who())
    assert late(world) == {}
    says(world, **LINE)
    assert late(world) == {"s": 2}
    says(world, **LINE)
    assert late(world) == {"s": 2}
    [journey] = state(world).journeys.values()
    assert journey.topic == "returns"


def test_what_waits_in_vain_while_more_comes_than_may_wait_is_counted() -> None:
    world = World()
    for number in range(PENDING + 3):
        call = {"channel": "voice", "conversation": ConversationRef("phone", str(number))}
        assert late(world) == ({"phone": number - PENDING} if number > PENDING else {})
        world.event(AssignmentChanged, **call, to=Party(agent="zoe"), identifiers=who())
    assert late(world) == {"phone": 3}


def test_what_waited_is_counted_at_the_source_of_its_conversation() -> None:
    world = World()
    says(world)
    call = {"channel": "voice", "conversation": ConversationRef("phone", "1")}
    world.event(AssignmentChanged, **call, to=Party(agent="zoe"), identifiers=who())
    long_ticket(world)
    world.event(
        MessagePosted, channel="chat", conversation=ConversationRef("phone", "1"),
        identifiers=who(), message_id="m", direction="inbound",
    )  # fmt: skip
    assert late(world) == {"phone": 1}


def test_a_look_up_of_a_time_that_is_sealed_is_counted() -> None:
    """It names no conversation."""
    world = World()
    says(world)
    begin = world.now
    long_ticket(world)
    world.event(ContextViewed, begin, actor=Actor("agent", "zoe"), identifiers=who())
    assert late(world) == {"s": 1}


def test_a_message_to_which_a_sealed_part_had_pointed_is_counted() -> None:
    """It is the first of its conversation, and older than what is kept of the other."""
    world = World()
    says(world)
    begin = world.now
    long_ticket(world)
    says(
        world, at=begin, conversation="mail", channel="email",
        refs=(Ref("ticket", "ticket"),),
    )  # fmt: skip
    assert late(world) == {"s": 1}


def test_what_is_let_go_of_when_its_conversation_goes_to_a_sealed_journey_is_counted() -> None:
    """A mail is a need of its own, until it names the ticket."""
    world = World()
    says(world)
    world.event(ConversationUpdated, conversation="ticket", topic="delivery", identifiers=who())
    mail = {"channel": "email", "conversation": "mail"}
    world.event(ConversationUpdated, **mail, topic="returns", identifiers=who())
    says(world, **mail)
    assert len(world.asserted(JourneyOpened)) == 2
    notes(world)
    says(world, **mail)
    assert late(world) == {}
    says(world, **mail, refs=(Ref("ticket", "ticket"),))
    assert late(world) == {"s": 2}
    assert len(world.asserted(JourneyOpened)) == 1


def test_what_a_join_lets_go_of_is_counted() -> None:
    """It waited at a customer who turns out to be the one whose journey is sealed."""
    world = World()
    number = (Identifier("whatsapp", "33612345678", "asserted"),)
    says(world)
    world.event(AssignmentChanged, **LINE, identifiers=number, to=Party(agent="zoe"))
    notes(world)
    world.now += MINUTE
    says(world, **LINE, identifiers=number, refs=(Ref("ticket", "ticket"),))
    assert late(world) == {}
    world.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel="same", by="crm",
        identifiers=(*who(), *number),
    )  # fmt: skip
    assert late(world) == {"s": 1}
    assert len(world.asserted(JourneyOpened)) == 1
