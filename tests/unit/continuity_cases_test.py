"""Who is who, told late or wrongly, shared or undone: what that does to journeys, case by case."""

from __future__ import annotations

import pytest

from schemas.common import ConversationRef, Identifier
from schemas.events import IdentityJoined, IdentitySplit, MessagePosted
from schemas.facts import ChannelSwitched, JourneyOpened
from streams.identity.graph import Shared
from streams.identity.index import shared_key
from tests.persons import ADA, ADAS_MAIL, BO, NUMBER, commands, forms, last, tells, writes
from tests.world import DAY, DOMAIN, HOUR, World

# What changes hands ------------------------------------------------------------------------------


def whatsapp(number: str) -> Identifier:
    return Identifier("whatsapp", number, "asserted")


def test_a_new_number_joins_whoever_wrote_from_it_before_the_vendor_told() -> None:
    world = World()
    ada = writes(world, "whatsapp", whatsapp("33612345678"))
    early = writes(world, "whatsapp", whatsapp("33612345699"), conversation="whatsapp-2")
    assert early != ada
    tells(world, whatsapp("33612345678"), whatsapp("33612345699"), rel="replaces", by="vendor")
    assert {f.customer for f in world.asserted(JourneyOpened)} == {ada}
    assert writes(world, "whatsapp", whatsapp("33612345699")) == ada


def test_a_new_number_that_somebody_else_had_for_long_is_hers_without_his_story() -> None:
    world = World()
    bo = writes(world, "whatsapp", whatsapp("33612345699"), conversation="bo")
    world.wait(400 * DAY)
    ada = writes(world, "whatsapp", whatsapp("33612345678"))
    tells(world, whatsapp("33612345678"), whatsapp("33612345699"), rel="replaces", by="vendor")
    now = writes(world, "whatsapp", whatsapp("33612345699"))
    assert now == ada != bo
    assert not [e for e in world.events if isinstance(e, IdentityJoined)]


def test_a_recycled_number_is_somebody_new() -> None:
    world = World()
    contact = Identifier("crm", "7", "curated")
    tells(world, contact, NUMBER, rel="contact")
    ada = writes(world, "voice", Identifier("phone", NUMBER.value, "network"))
    tells(world, contact, Identifier("phone", "+33142685301", "curated"), rel="contact")
    other = Identifier("crm", "8", "curated")
    tells(world, other, NUMBER, rel="contact")
    caller = writes(world, "voice", Identifier("phone", NUMBER.value, "network"), conversation="2")
    assert caller != ada
    assert writes(world, "chat", contact) == ada and writes(world, "email", other) == caller


# What is shared ----------------------------------------------------------------------------------


def test_one_number_of_two_people_finds_neither_and_is_listed() -> None:
    world = World()
    ada = writes(world, "chat", ADA, NUMBER)
    bo = writes(world, "email", BO, NUMBER)
    assert ada != bo
    caller = writes(world, "voice", Identifier("phone", NUMBER.value, "network"))
    assert caller not in {ada, bo}
    [listed] = world.normalise.states[shared_key(DOMAIN)]
    assert isinstance(listed, Shared) and (listed.kind, listed.mailbox) == ("phone", "")
    assert world.normalise.states[listed.key].others == (bo,)


def test_a_teams_mailbox_is_listed_with_its_address_and_joins_nobody() -> None:
    world = World()
    team = Identifier("email", "Support@example.com", "curated")
    assert writes(world, "chat", ADA, team) != writes(world, "email", BO, team)
    [listed] = world.normalise.states[shared_key(DOMAIN)]
    assert listed.mailbox == "support@example.com"


# Undoing -----------------------------------------------------------------------------------------


def joined() -> tuple[World, str, str, str]:
    """Two people, joined by mistake on a number that the CRM had at both."""
    world = World()
    ada = writes(world, "chat", ADAS_MAIL)
    mary = writes(world, "whatsapp", whatsapp("33612345678"))
    tells(world, ADAS_MAIL, whatsapp("33612345678"))
    return world, ada, mary, last(world, IdentityJoined).join


def test_an_undone_join_takes_back_the_switch_that_it_published() -> None:
    world, ada, mary, join = joined()
    assert world.one(ChannelSwitched).to == "whatsapp"
    before = world.panes.copy()
    commands(world, "split", join=join)
    into = last(world, IdentitySplit).into
    assert not world.asserted(ChannelSwitched)
    assert [f.state for f in world.history if isinstance(f, ChannelSwitched)][-1] == "retracted"
    assert {f.customer for f in world.asserted(JourneyOpened)} == {ada, into}
    assert into.endswith("-1") and into != mary  # the next incarnation
    assert (
        sum(before.values()) and world.panes["acme|switch_rate|hit|whatsapp||||chat→whatsapp"] == 0
    )
    assert writes(world, "whatsapp", whatsapp("33612345678")) == into
    assert writes(world, "chat", ADAS_MAIL) == ada


def test_what_was_taken_apart_is_not_joined_again_on_the_same_evidence() -> None:
    world, _, _, join = joined()
    commands(world, "split", join=join)
    joins = sum(isinstance(e, IdentityJoined) for e in world.events)
    tells(world, ADAS_MAIL, whatsapp("33612345678"))
    assert sum(isinstance(e, IdentityJoined) for e in world.events) == joins
    assert {f.customer for f in world.asserted(JourneyOpened)} == {
        last(world, IdentitySplit).customer, last(world, IdentitySplit).into,
    }  # fmt: skip


@pytest.mark.parametrize(("days", "letters"), [(89, []), (91, ["refused_command"])])
def test_a_join_can_be_undone_for_90_days(days: int, letters: list[str]) -> None:
    world, _, _, join = joined()
    world.wait(days * DAY)
    commands(world, "split", join=join)
    assert world.letters == letters


def test_of_three_who_are_one_the_one_who_hung_on_the_undone_join_leaves_with_his_own() -> None:
    world, ada, _, join = joined()
    third = Identifier("email", "mary@example.com", "curated")
    writes(world, "email", third)
    tells(world, whatsapp("33612345678"), third)
    assert {f.customer for f in world.asserted(JourneyOpened)} == {ada}
    commands(world, "split", join=join)
    into = last(world, IdentitySplit).into
    assert writes(world, "email", third) == writes(world, "whatsapp", whatsapp("33612345678"))
    assert writes(world, "email", third) == into
    assert writes(world, "chat", ADAS_MAIL) == ada


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("join", {"winner": "nobody", "loser": "nobody-0"}),
        ("split", {"join": "never"}),
        ("attach", {"source": "s", "conversation": "unknown"}),
    ],
)
def test_a_command_that_cannot_be_done_is_a_dead_letter(command: str, args: dict[str, str]) -> None:
    world = World()
    commands(world, command, **args)
    assert world.letters == ["refused_command"]


def test_what_was_only_claimed_to_be_his_stays_so_when_a_join_is_undone() -> None:
    world, _, _, join = joined()
    claim = Identifier("phone", "+33612345678", "claimed")
    writes(world, "form", claim)
    assert forms(world).certainty == "probable"
    commands(world, "split", join=join)
    assert forms(world).customer == last(world, IdentitySplit).into
    assert forms(world).certainty == "probable"


def test_what_an_agent_has_confirmed_goes_with_its_owner_when_a_join_is_undone() -> None:
    world, _, _, join = joined()
    writes(world, "form", Identifier("phone", "+33612345678", "claimed"))
    commands(world, "attach", source="s", conversation="form-1")
    commands(world, "split", join=join)
    into = last(world, IdentitySplit).into
    assert (forms(world).customer, forms(world).certainty) == (into, "certain")
    assert writes(world, "form") == into


def test_a_message_that_names_nobody_goes_where_its_conversation_went() -> None:
    world, _, _, join = joined()
    commands(world, "split", join=join)
    into = last(world, IdentitySplit).into
    world.now += HOUR
    assert writes(world, "whatsapp") == into
    thread = ConversationRef("s", "whatsapp-1")
    assert last(world, MessagePosted).conversation == thread
