"""A customer who was erased: nothing of him is kept, nothing brings him back, and he may come again."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, Identifier, Ref
from schemas.events import (
    ConversationUpdated,
    ErasureRequested,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    NotificationOutcome,
)
from schemas.facts import ChannelSwitched, JourneyOpened
from streams.identity.graph import Known
from streams.journeys.state import CustomerState
from tests.cases.telling import ADA as PERSON
from tests.cases.telling import Story
from tests.persons import ADA, ADAS_MAIL, BO, BROWSER, CLAIM, NUMBER, commands, last, tells, writes
from tests.world import DAY, HOUR, MINUTE, World


def erases(world: World, customer: str = "", *who: Identifier) -> None:
    world.event(ErasureRequested, actor=Actor("system"), customer=customer, identifiers=who)
    world.now += MINUTE


def left(world: World) -> list[Any]:
    """States of the journeys stage that hold something of somebody."""
    return [
        state
        for key, state in world.journeys.states.items()
        if state is not None and not key.startswith("policy:")
        if not isinstance(state, CustomerState) or state != _mark(state)
    ]  # fmt: skip


def _mark(state: CustomerState) -> CustomerState:
    return CustomerState(state.customer, state.domain, left=state.left, erased=True)


def switched() -> tuple[World, str]:
    """Ada has written on two channels; nobody has answered."""
    world = World()
    ada = writes(world, "chat", ADA, ADAS_MAIL, text="My order 7 is lost.")
    assert writes(world, "email", ADAS_MAIL, text="Where is it?") == ada
    assert world.asserted(ChannelSwitched)
    return world, ada


def test_nothing_of_the_customer_is_kept() -> None:
    world, ada = switched()
    assert left(world)
    erases(world, ada)
    assert left(world) == []
    assert not world.letters
    [known] = [s for s in world.normalise.states.values() if isinstance(s, Known)]
    assert known == Known(0, False, domain="acme", erased_ms=world.now - MINUTE)


def test_who_comes_back_is_somebody_new() -> None:
    world, ada = switched()
    erases(world, ada)
    again = writes(world, "email", ADAS_MAIL, text="It is me again.")
    assert again != ada and again.rpartition("-")[0]
    assert writes(world, "chat", ADA, ADAS_MAIL) == again
    assert [f.customer for f in world.asserted(JourneyOpened)] == [ada, again]
    erases(world, "", ADAS_MAIL)
    assert writes(world, "email", ADAS_MAIL) not in {ada, again}


def test_the_id_counts_incarnations() -> None:
    world = World()
    seen = []
    for _ in range(3):
        seen.append(writes(world, "chat", ADA))
        erases(world, seen[-1])
    base = seen[0].rpartition("-")[0]
    assert seen == [f"{base}-{number}" for number in range(3)]


def test_the_same_conversation_goes_on_with_somebody_new() -> None:
    world = World()
    ada = writes(world, "form", text="Where is my order?")
    erases(world, ada)
    assert writes(world, "form", text="Hello?") != ada


@pytest.mark.parametrize(
    "who", [(ADA,), (ADAS_MAIL,), (), (CLAIM,)], ids=["user", "mail", "-", "claim"]
)
def test_what_was_before_brings_nobody_back(who: tuple[Identifier, ...]) -> None:
    """A dead letter that is sent again, a vendor that tries once more, a replay."""
    world, ada = switched()
    before = world.now - HOUR
    erases(world, ada)
    told = len(world.events)
    world.now += DAY
    world.event(
        MessagePosted, before, conversation="chat-1" if not who else "chat-0", identifiers=who,
        message_id="late", direction="inbound",
    )  # fmt: skip
    assert len(world.events) == told and not world.letters
    assert world.counted("erased_total", "s") == 1
    assert left(world) == []


def test_what_was_before_stays_with_whom_else_it_names() -> None:
    world, ada = switched()
    bo = writes(world, "voice", BO)
    erases(world, ada)
    world.event(
        MessagePosted, world.now - HOUR, conversation="chat-1", identifiers=(BO,), message_id="late",
        direction="inbound",
    )  # fmt: skip
    assert last(world, MessagePosted).customer == bo


def test_a_contact_of_before_is_not_made_again() -> None:
    world, ada = switched()
    erases(world, ada)
    told, card = len(world.events), Identifier("crm", "7", "curated")
    for rel in ("contact", "same", "replaces"):
        world.event(
            IdentityLinked, world.now - HOUR, actor=Actor("system"), rel=rel, by="crm",
            identifiers=(ADAS_MAIL, card),
        )  # fmt: skip
    assert len(world.events) == told
    tells(world, card, ADAS_MAIL, rel="contact")  # the CRM says so today
    assert writes(world, "email", ADAS_MAIL) != ada


def test_a_receipt_of_what_was_said_before_makes_nobody() -> None:
    world, ada = switched()
    world.event(
        MessagePosted, conversation="email-1", actor=Actor("agent", "zoe"), channel="email",
        message_id="answer", direction="outbound",
    )  # fmt: skip
    erases(world, ada)
    told = len(world.events)
    world.event(MessageStatusChanged, message_id="answer", status="read", conversation="email-1")
    assert len(world.events) == told and world.counted("erased_total", "s") == 1


def test_what_names_the_customer_himself_is_dropped() -> None:
    world, ada = switched()
    erases(world, ada)
    told = len(world.events)
    world.event(
        NotificationOutcome, actor=Actor("system"), customer=ada, notification="n",
        outcome="delivered",
    )  # fmt: skip
    assert len(world.events) == told and left(world) == []


def test_who_was_joined_into_him_goes_along() -> None:
    world = World()
    ada, mail = writes(world, "chat", ADA), writes(world, "email", ADAS_MAIL)
    assert ada != mail
    tells(world, ADA, ADAS_MAIL)
    erases(world, mail)  # by the name that he had before
    assert left(world) == []
    for where, who in (("chat", ADA), ("email", ADAS_MAIL)):
        assert writes(world, where, who) not in {ada, mail}
    commands(world, "split", join=f"{world.events[-1].id}/{mail}")
    assert world.letters == ["refused_command"]


def test_who_was_taken_apart_stays() -> None:
    world = World()
    ada, mail = writes(world, "chat", ADA), writes(world, "email", ADAS_MAIL)
    commands(world, "join", winner=ada, loser=mail)
    [join] = [s for s in world.normalise.states if s.startswith("j:")]
    commands(world, "split", join=join[2:])
    parted = writes(world, "email", ADAS_MAIL, text="Still here.")
    erases(world, ada)
    assert writes(world, "email", ADAS_MAIL) == parted
    stay = [state for state in left(world) if isinstance(state, CustomerState)]
    assert [state.customer for state in stay if not state.moved_to] == [parted]


def test_notices_of_him_are_withdrawn() -> None:
    world, ada = switched()
    assert world.sent()
    erases(world, ada)
    assert sorted(world.cancelled()) == sorted(world.sent())


def test_he_is_not_joined_and_nothing_is_attached_to_him() -> None:
    world, ada = switched()
    bo = writes(world, "voice", BO)
    erases(world, ada)
    commands(world, "join", winner=bo, loser=ada)
    commands(world, "attach", source="s", conversation="chat-1")
    commands(world, "attach", source="s", conversation="voice-1", customer=ada)
    assert world.letters == ["refused_command"] * 3


@pytest.mark.parametrize("who", [(), (CLAIM,), (Identifier("user", "cleo", "asserted"),)])
def test_who_is_nobody_cannot_be_erased(who: tuple[Identifier, ...]) -> None:
    world, _ = switched()
    erases(world, "", *who)
    assert world.letters == ["no_customer"] and "to erase" in world.sentences[0]
    assert len(left(world)) == 2


def test_a_shared_number_erases_neither() -> None:
    world = World()
    writes(world, "chat", ADA, NUMBER)
    writes(world, "chat", BO, NUMBER, conversation="chat-bo")
    erases(world, "", NUMBER)
    assert world.letters == ["no_customer"]


def test_a_claimer_of_whom_nothing_is_known_is_erased_with_his_claim() -> None:
    world = World()
    browser = writes(world, "form", BROWSER, CLAIM)
    erases(world, browser)
    ada = writes(world, "chat", ADA, ADAS_MAIL)
    assert ada != browser and writes(world, "form", BROWSER) != browser


def test_an_old_pointer_of_his_own_is_no_leak() -> None:
    world, ada = switched()
    erases(world, ada)
    writes(world, "email", ADAS_MAIL, conversation="email-2", refs=(Ref("ticket", "chat-1", "s"),))
    assert [ref.rel for ref in last(world, MessagePosted).refs] == ["ticket"]


def test_what_still_waits_for_a_twin_is_told_by_nobody() -> None:
    story = Story({"chatwoot": {"carried_by": "twilio"}})
    number = Identifier("phone", PERSON.phone, "asserted")
    ada = writes(story, "sms", number)
    story.call(story.sms.sms(PERSON, "q", "My order?"))
    story.event(ErasureRequested, actor=Actor("system"), customer=ada)
    story.wait(5 * MINUTE)
    assert not [e for e in story.events if isinstance(e, MessagePosted) and e.source == "twilio"]
    assert story.counted("erased_total", "twilio") == 1


def test_the_vendor_closes_what_is_open_later() -> None:
    world, ada = switched()
    erases(world, ada)
    world.event(ConversationUpdated, conversation="chat-1", actor=Actor("system"), status="closed")
    assert [f.customer for f in world.asserted(JourneyOpened)] == [ada]
