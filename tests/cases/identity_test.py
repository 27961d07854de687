"""Who is who, and what joining and parting does to journeys."""

from __future__ import annotations

import random
from typing import Any

import pytest

from schemas.common import Actor, Identifier
from schemas.events import (
    ConversationOpened,
    IdentityJoined,
    IdentityLinked,
    IdentitySplit,
    MessagePosted,
    OperatorCommand,
)
from schemas.facts import ChannelSwitched, ContextReady, JourneyOpened
from streams.demo.cast import person
from tests.cases.telling import ADA, Story, whatsapp_number
from tests.three import Three
from tests.world import DAY, MINUTE

WEB = Identifier("user", "web-ada", "asserted")
MOBILE = whatsapp_number("33612345678")


def customer(story: Story) -> str:
    """Whose the last message was."""
    return next(e.customer for e in reversed(story.events) if isinstance(e, MessagePosted))


def are_one(story: Story, *who: Identifier) -> None:
    story.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel="same", by="crm", identifiers=who
    )


def test_case_16_one_number_two_people() -> None:
    """The CRM has one family number at two customers: it joins them not, and who calls from it is
    neither of them until he says who he is.
    """
    story = Story()
    shared = "+12125550177"
    for number, name in ((41, "Ida"), (42, "Max")):
        one = person(number)
        story.call(
            story.company.contact(type(one)(number, name, shared, one.email), story.later(MINUTE))
        )
    for number in (41, 42):
        story.writes(
            "email", f"m{number}", who=(Identifier("email", person(number).email, "curated"),)
        )
    two = {f.customer for f in story.asserted(JourneyOpened)}
    assert len(two) == 2
    caller = type(ADA)(43, "Who", shared, "nobody@example.com")
    story.call(story.phone.event("call.created", 5, caller, story.later(MINUTE)))
    assert len({f.customer for f in story.asserted(JourneyOpened)} - two) == 1
    assert not [e for e in story.events if isinstance(e, IdentityJoined)]
    assert not story.asserted(ChannelSwitched)


@pytest.mark.parametrize(
    ("topics", "needs"), [(("billing", "billing"), 1), (("billing", "delivery"), 2)]
)
def test_case_17_a_join_while_both_have_open_journeys(topics: tuple[str, str], needs: int) -> None:
    """The same topic makes one need of two; two topics stay two, of one customer."""
    story = Story()
    for channel, who, topic in (("chat", WEB, topics[0]), ("whatsapp", MOBILE, topics[1])):
        story.event(
            ConversationOpened, channel=channel, conversation=f"{channel}-1", identifiers=(who,),
            initiated_by="customer", direction="inbound", topic=topic,
        )  # fmt: skip
        story.writes(channel, who=(who,))
        story.later(MINUTE)
    before = {f.customer: f for f in story.asserted(JourneyOpened)}
    assert len(before) == 2
    are_one(story, WEB, MOBILE)
    opened = story.asserted(JourneyOpened)
    assert (len(opened), len({f.customer for f in opened})) == (needs, 1)
    assert [f.to for f in story.asserted(ChannelSwitched)] == (["whatsapp"] if needs == 1 else [])
    volume = sum(n for cell, n in story.panes.items() if cell.startswith("acme|volume|n|"))
    assert volume == needs
    if needs == 1:  # of two openings one is taken back
        [gone] = [
            f
            for f in story.facts.values()
            if isinstance(f, JourneyOpened) and f.state == "retracted"
        ]
        assert gone.revision == 2


def test_case_18_a_record_reaches_the_winner_before_the_losers_story() -> None:
    """Identity has joined them; her next word is keyed by the winner and overtakes the story that
    the loser's partition still has to send.  What she opened there goes into the older journey.
    """
    three = Three()
    three.writes(0)
    three.writes(1)
    three.lanes.drain()
    three.are_one(0, 1)
    three.writes(1)
    while three.lanes.queues[three.homes[0]]:
        three.lanes.step(three.homes[0])
    assert three.opened() > 1
    three.lanes.drain()
    assert (three.opened(), three.switches()) == (1, [("chat", "whatsapp")])


def joined() -> tuple[Story, str]:
    story = Story()
    story.writes("chat", who=(WEB,))
    story.later(MINUTE)
    story.writes("whatsapp", who=(MOBILE,))
    are_one(story, WEB, MOBILE)
    return story, next(e.join for e in story.events if isinstance(e, IdentityJoined))


def test_case_19_undo_after_a_switch_was_published() -> None:
    """An operator parts them again: the switch, its context and its notice are taken back, the
    figures follow, and each goes on with his own.
    """
    story, join = joined()
    assert story.one(ChannelSwitched).to == "whatsapp" and "switch.agent" in story.sent()
    story.later(MINUTE)
    story.event(
        OperatorCommand, channel="web", actor=Actor("agent", "op"), command="split",
        args={"join": join},
    )  # fmt: skip
    assert not story.asserted(ChannelSwitched) and not story.asserted(ContextReady)
    assert "switch.agent" in story.cancelled()
    split = next(e for e in story.events if isinstance(e, IdentitySplit))
    assert {f.customer for f in story.asserted(JourneyOpened)} == {split.customer, split.into}
    assert not sum(n for cell, n in story.panes.items() if "|switch_rate|hit|" in cell)
    story.writes("whatsapp", who=(MOBILE,))
    assert customer(story) == split.into


@pytest.mark.parametrize("seed", range(20))
def test_case_20_a_chain_of_joins_in_flight(seed: int) -> None:
    """Third into second into first, while records and stories are still on their way: whatever
    partition comes first, one need with its two switches is left.
    """
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
    assert three.switches() == [("chat", "whatsapp"), ("whatsapp", "email")]


def test_case_27_a_recycled_number() -> None:
    """Ada's old number is another's now: he gets neither her story nor her id."""
    story = Story()
    crm = [Identifier("crm", str(n), "curated") for n in (7_000, 8_000)]
    old, new = (Identifier("phone", n, "curated") for n in ("+33142685300", "+33142685301"))
    tells(story, crm[0], old)
    caller = Identifier("phone", old.value, "network")
    story.writes("sms", who=(caller,))
    ada = customer(story)
    tells(story, crm[0], new)
    story.wait(90 * DAY)
    tells(story, crm[1], old)
    story.writes("sms", "sms-2", who=(caller,))
    his = customer(story)
    assert his != ada
    opened = {f.customer: f for f in story.asserted(JourneyOpened)}
    assert set(opened) == {ada, his} and opened[his].follows is None
    story.writes("chat", who=(crm[0],))
    assert customer(story) == ada


def tells(story: Story, *who: Any) -> None:
    story.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel="contact", by="crm",
        identifiers=who,
    )  # fmt: skip
