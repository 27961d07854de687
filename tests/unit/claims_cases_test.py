"""An identifier that is only claimed: whose the conversation is, before and after a proof."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, Identifier
from schemas.events import ErasureRequested, IdentityJoined, IdentitySplit
from schemas.facts import ChannelSwitched, ContextReady, JourneyOpened
from tests.persons import (
    ADA,
    ADAS_MAIL,
    BO,
    BROWSER,
    CLAIM,
    NUMBER,
    commands,
    context,
    forms,
    last,
    writes,
)
from tests.world import World


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


def test_what_two_people_share_stays_shared_when_one_is_erased() -> None:
    """Else the number alone would lead to whoever comes first again."""
    world = World()
    ada = writes(world, "chat", ADA, NUMBER)
    bo = writes(world, "chat", BO, NUMBER, conversation="chat-bo")
    assert bo != ada
    world.event(ErasureRequested, actor=Actor("system"), customer=ada)
    assert writes(world, "chat", BO, NUMBER, conversation="chat-bo-2") == bo
    assert writes(world, "voice", NUMBER) != bo


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
