"""Who is who, told late, wrongly or only claimed: what that does to journeys, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import (
    ErasureRequested,
    EventBase,
    IdentityJoined,
    IdentityLinked,
    IdentitySplit,
    MessagePosted,
    OperatorCommand,
)
from schemas.facts import ChannelSwitched, ContextReady, ConversationAttached, JourneyOpened
from streams.identity.graph import Shared
from streams.identity.index import shared_key
from streams.journeys.documents import context_document
from tests.world import DAY, DOMAIN, HOUR, MINUTE, World

ADA = Identifier("user", "ada", "asserted")
ADAS_MAIL = Identifier("email", "ada@example.com", "curated")
CLAIM = Identifier("email", "Ada@Example.com", "claimed")
BROWSER = Identifier("cookie", "s:77", "asserted")
BO = Identifier("user", "bo", "asserted")
NUMBER = Identifier("phone", "+33142685300", "curated")


def writes(world: World, channel: str, *who: Identifier, text: str = "", **fields: Any) -> str:
    """The customer to whom the message went."""
    world._numbers += 1
    world.event(
        MessagePosted, channel=channel, conversation=fields.pop("conversation", f"{channel}-1"),
        identifiers=who, message_id=f"m{world._numbers}", direction="inbound",
        personal={"text": text, "name": "Ada" if who else ""} if text else {}, **fields,
    )  # fmt: skip
    world.now += MINUTE
    return next(e.customer for e in reversed(world.events) if isinstance(e, MessagePosted))


def tells(world: World, *who: Identifier, rel: str = "same", by: str = "crm") -> None:
    world.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel=rel, by=by, identifiers=who
    )
    world.now += MINUTE


def commands(world: World, command: str, **args: str) -> None:
    world.event(
        OperatorCommand, channel="web", actor=Actor("agent", "zoe"), command=command, args=args
    )
    world.now += MINUTE


def last(world: World, kind: type[EventBase]) -> Any:
    return [e for e in world.events if isinstance(e, kind)][-1]


def context(world: World, customer: str) -> dict[str, Any]:
    states = world.journeys.states
    return context_document(states[customer], states[f"ctx:{customer}"], world.now)


# What is only claimed ----------------------------------------------------------------------------


def claims_after_proof() -> tuple[World, str]:
    world = World()
    ada = writes(world, "chat", ADA, ADAS_MAIL, text="My order 7 is lost.")
    assert writes(world, "form", CLAIM, text="Where is it?") == ada
    return world, ada


def claims_before_proof() -> tuple[World, str]:
    world = World()
    assert writes(world, "form", CLAIM, text="Where is it?")
    ada = writes(world, "chat", ADA, ADAS_MAIL, text="My order 7 is lost.")
    return world, ada


def gives_the_address_in_the_chat() -> tuple[World, str]:
    world = World()
    ada = writes(world, "chat", ADA, ADAS_MAIL, text="My order 7 is lost.")
    writes(world, "form", text="Where is it?")
    assert writes(world, "form", CLAIM, text="I am Ada.") == ada
    return world, ada


def a_browser_claims_to_be_her() -> tuple[World, str]:
    world = World()
    ada = writes(world, "chat", ADA, ADAS_MAIL, text="My order 7 is lost.")
    assert writes(world, "form", BROWSER, CLAIM, text="Where is it?") == ada
    return world, ada


def a_browser_says_later_that_it_is_she() -> tuple[World, str]:
    world = World()
    ada = writes(world, "chat", ADA, ADAS_MAIL, text="My order 7 is lost.")
    assert writes(world, "form", BROWSER, text="Where is it?") != ada
    assert writes(world, "form", BROWSER, CLAIM, text="I am Ada.") == ada
    return world, ada


def a_browser_had_claimed_to_be_her() -> tuple[World, str]:
    world = World()
    assert writes(world, "form", BROWSER, CLAIM, text="Where is it?")
    ada = writes(world, "chat", ADA, ADAS_MAIL, text="My order 7 is lost.")
    return world, ada


STORIES = (
    claims_after_proof,
    claims_before_proof,
    gives_the_address_in_the_chat,
    a_browser_claims_to_be_her,
    a_browser_says_later_that_it_is_she,
    a_browser_had_claimed_to_be_her,
)


def forms(world: World) -> Any:
    return next(f for f in world.asserted(ConversationAttached) if f.channel == "form")


@pytest.mark.parametrize("story", STORIES)
def test_a_claim_makes_the_conversation_probable_in_whichever_order(story: Any) -> None:
    world, ada = story()
    assert {f.customer for f in world.asserted(JourneyOpened)} == {ada}
    assert forms(world).certainty == "probable"
    assert world.one(ChannelSwitched)  # journeys and figures go on


@pytest.mark.parametrize("story", STORIES)
def test_who_only_claims_to_be_her_is_shown_nothing_of_her_until_an_agent_confirms(
    story: Any,
) -> None:
    world, ada = story()
    writes(world, "form", text="Still there?")
    shown = context(world, ada)
    assert (shown["certainty"], shown["last_messages"], shown["name"]) == ("probable", [], None)
    commands(world, "attach", source="s", conversation="form-1")
    shown = context(world, ada)
    assert shown["certainty"] == "certain" and len(shown["last_messages"]) >= 3
    assert forms(world).certainty == "certain"


def test_on_her_own_channel_she_is_shown_without_the_words_of_who_claims_to_be_her() -> None:
    world, ada = claims_after_proof()
    writes(world, "chat", ADA, text="Hello?")
    shown = context(world, ada)
    assert [one["text"] for one in shown["last_messages"]] == ["My order 7 is lost.", "Hello?"]


@pytest.mark.parametrize("story", STORIES)
def test_her_own_proof_settles_the_claim(story: Any) -> None:
    world, ada = story()
    assert writes(world, "form", ADA) == ada
    assert forms(world).certainty == "certain"


@pytest.mark.parametrize("story", STORIES)
def test_somebody_elses_proof_takes_the_conversation_to_him(story: Any) -> None:
    world, ada = story()
    bo = writes(world, "form", BO)
    assert bo != ada
    assert (forms(world).customer, forms(world).certainty) == (bo, "certain")
    assert not world.asserted(ChannelSwitched) and not world.asserted(ContextReady)
    assert writes(world, "chat", ADA) == ada


@pytest.mark.parametrize("story", STORIES[-3:])
def test_a_browser_alone_neither_proves_a_claim_nor_is_bound_by_it(story: Any) -> None:
    world, ada = story()
    assert writes(world, "form", BROWSER, text="Still there?") == ada
    assert forms(world).certainty == "probable"
    assert writes(world, "form", BROWSER, conversation="form-2") != ada  # it claims nothing there
    assert writes(world, "form", BROWSER, ADA) == writes(world, "chat", ADA)
    assert forms(world).certainty == "certain"


def test_what_a_browser_claimed_is_hers_when_she_proves_it_and_what_it_did_elsewhere_is_not() -> (
    None
):
    world = World()
    browser = writes(world, "form", BROWSER, CLAIM)
    number = Identifier("phone", NUMBER.value, "claimed")
    writes(world, "form", BROWSER, CLAIM, number, conversation="form-2")
    writes(world, "form", BROWSER, conversation="form-3")
    other = Identifier("cookie", "s:78", "asserted")
    assert writes(world, "form", other, CLAIM, conversation="form-4") == browser
    ada = writes(world, "chat", ADA, ADAS_MAIL)
    for form in ("form-1", "form-2", "form-4"):
        assert writes(world, "form", conversation=form) == ada
        assert world.events[-1].probable
    assert writes(world, "form", BROWSER, conversation="form-3") == browser
    assert writes(world, "form", BROWSER, CLAIM, number, conversation="form-2") == ada
    assert writes(world, "form", BROWSER, CLAIM, number, conversation="form-5") == ada


def test_a_browser_that_is_known_by_more_keeps_what_it_claimed() -> None:
    world = World()
    bo = writes(world, "form", BROWSER, CLAIM)
    assert writes(world, "form", BROWSER, BO) == bo
    assert writes(world, "chat", ADA, ADAS_MAIL) != bo == writes(world, "form")


def test_what_a_browser_claimed_is_erased_with_it_unless_it_is_hers() -> None:
    world = World()
    browser = writes(world, "form", BROWSER, CLAIM)
    ada = writes(world, "chat", ADA, ADAS_MAIL)
    world.event(ErasureRequested, actor=Actor("system"), customer=browser)
    assert writes(world, "email", ADAS_MAIL) == ada


def test_a_claim_remembers_a_few_conversations() -> None:
    world = World()
    for number in range(40):
        writes(world, "form", BROWSER, CLAIM, conversation=f"form-{number}")
    [link] = [s for s in world.normalise.states.values() if getattr(s, "claimed_in", ())]
    assert link.claimed_in == tuple(f"s:form-{number}" for number in range(32, 40))
    ada = writes(world, "chat", ADA, ADAS_MAIL)
    assert writes(world, "form", conversation="form-39") == ada
    assert not [s for s in world.normalise.states.values() if getattr(s, "claimed_in", ())]


def test_who_has_signed_in_once_is_not_somebody_else_by_what_he_types() -> None:
    world = World()
    ada = writes(world, "chat", ADA, ADAS_MAIL)
    bo = writes(world, "form", BROWSER, BO)
    assert writes(world, "form", BROWSER, CLAIM) == bo != ada
    assert writes(world, "form", BROWSER, CLAIM, conversation="form-2") == bo


def test_who_was_parted_from_her_by_an_operator_is_not_her_by_what_he_types() -> None:
    world, ada = a_browser_says_later_that_it_is_she()
    writes(world, "form", BROWSER, ADA)  # joined by a proof
    commands(world, "split", join=last(world, IdentityJoined).join)
    into = last(world, IdentitySplit).into
    assert writes(world, "form", BROWSER, CLAIM, conversation="form-3") == into != ada


def test_a_claim_whose_join_was_undone_leads_to_her_no_more() -> None:
    world, ada = gives_the_address_in_the_chat()
    commands(world, "split", join=last(world, IdentityJoined).join)
    into = last(world, IdentitySplit).into
    assert writes(world, "form", CLAIM) == into != ada
    assert forms(world).customer == into
    assert writes(world, "chat", ADA) == ada


def test_an_agent_says_that_a_claim_was_wrong_and_whose_the_conversation_is() -> None:
    world, ada = claims_after_proof()
    bo = writes(world, "email", BO)
    commands(world, "attach", source="s", conversation="form-1", customer=bo)
    assert (forms(world).customer, forms(world).certainty) == (bo, "certain")
    assert {f.customer for f in world.asserted(JourneyOpened)} == {ada, bo}


def test_a_claim_that_leads_to_two_customers_leads_to_nobody() -> None:
    world = World()
    ada = writes(world, "chat", ADA, ADAS_MAIL)
    bo = writes(world, "email", BO, NUMBER)
    number = Identifier("phone", NUMBER.value, "claimed")
    assert writes(world, "form", CLAIM, number) not in {ada, bo}


@pytest.mark.parametrize(
    ("joins_from", "trust", "joined"),
    [
        ("asserted", "asserted", True), ("asserted", "curated", False),
        ("curated", "curated", True), ("curated", "network", False),
        ("network", "network", True), ("network", "claimed", False),
    ],
)  # fmt: skip
def test_the_policy_says_from_which_trust_on_identifiers_join(
    joins_from: str, trust: Any, joined: bool
) -> None:
    from schemas.events import PolicyChanged

    world = World()
    world.event(
        PolicyChanged, actor=Actor("system"), version="2", policy={"joins_from": joins_from}
    )
    mail, number = (
        Identifier("email", "ada@example.com", trust), Identifier("phone", "+33612345678", trust),
    )  # fmt: skip
    sure = [Identifier(one.kind, one.value, "asserted") for one in (mail, number)]
    writes(world, "email", sure[0])
    writes(world, "sms", sure[1])
    writes(world, "chat", mail, number)
    assert bool([e for e in world.events if isinstance(e, IdentityJoined)]) is joined


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
