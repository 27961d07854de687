"""To which journey something belongs."""

from __future__ import annotations

import pytest

from schemas.common import Actor, ConversationRef, Identifier, Ref
from schemas.events import (
    AgentConnected,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
)
from schemas.facts import (
    ChannelSwitched,
    ContactRepeated,
    ConversationAttached,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
)
from streams.demo.traffic.call import Person
from tests.cases.telling import ADA, AGENT, BO, ZOE, Story
from tests.world import DAY, HOUR, MINUTE, who


def rules(story: Story) -> dict[str, str]:
    """Channel → the rule that put its conversation where it is."""
    return {f.channel: f.rule for f in story.asserted(ConversationAttached)}


def test_case_10_a_mail_with_another_customers_ticket_number() -> None:
    """Bo answers a mail of ours that was meant for Ada: it never joins her ticket, is counted by
    its source, and stands flagged on the event.
    """
    story = Story()
    story.call(story.tickets.user(ADA, story.now))
    story.call(story.tickets.created(700, ADA, "My order", story.now))
    ada = story.one(JourneyOpened).customer
    story.later(HOUR)
    ticket = Ref("ticket", "700", "zendesk")
    story.writes("email", "bo-1", who=mail_of(BO), refs=(ticket,))
    assert len(story.asserted(JourneyOpened)) == 2
    bo = next(f.customer for f in story.asserted(JourneyOpened) if f.customer != ada)
    assert not [f for f in story.history if f.customer == ada and f.at_ms == story.now]
    assert story.counted("foreign_refs_total", "s") == 1
    flagged = [e for e in story.events if any(ref.rel == "foreign_ref" for ref in e.refs)]
    assert {e.customer for e in flagged} == {bo}
    story.writes(
        "email", "ada-2", who=mail_of(ADA), refs=(ticket,)
    )  # her own number is a reference
    assert [f.rule for f in story.asserted(ConversationAttached) if f.customer == ada] == [
        "new", "reference",
    ]  # fmt: skip


def mail_of(one: Person) -> tuple[Identifier, ...]:
    return (Identifier("email", one.email, "asserted"),)


def test_case_11_an_intercom_chat_goes_on_by_mail_under_one_id() -> None:
    """Intercom keeps one conversation when the customer answers the chat's notification by mail:
    the medium has changed, so he has switched; the conversation is the same.
    """
    story = Story()
    story.call(story.intercom.created(31, ADA, "My order?", story.now))
    story.call(story.intercom.message(31, 2, ADA, "One moment.", story.later(MINUTE), ZOE))
    story.call(story.intercom.message(31, 3, ADA, "Still there?", story.later(HOUR), by_mail=True))
    switch = story.one(ChannelSwitched)
    assert (switch.from_, switch.to, switch.certainty) == ("chat", "email", "certain")
    assert len(story.asserted(JourneyOpened)) == 1
    assert len(story.asserted(ConversationAttached)) == 1


def test_case_13_two_topics_on_two_channels() -> None:
    """Two known topics are two needs, however close in time."""
    story = Story()
    for channel, topic in (("chat", "billing"), ("email", "delivery")):
        opens(story, channel, topic)
        story.writes(channel)
        story.later(MINUTE)
    assert [f.topic for f in story.asserted(JourneyOpened)] == ["billing", "delivery"]
    assert not story.asserted(ChannelSwitched) and not story.asserted(ContactRepeated)


def opens(story: Story, channel: str, topic: str | None) -> None:
    story.event(
        ConversationOpened, channel=channel, conversation=f"{channel}-1", identifiers=who(),
        initiated_by="customer", direction="inbound", topic=topic,
    )  # fmt: skip


@pytest.mark.parametrize(("minutes", "needs"), [(3, 2), (11, 1)])
def test_case_14_the_topic_becomes_known_three_minutes_late(minutes: int, needs: int) -> None:
    """The mail went to the chat by time alone; its topic, known within ten minutes, is another's:
    it is taken out, and the switch taken back.  After ten minutes it stays.
    """
    story = Story()
    opens(story, "chat", "billing")
    story.writes("chat")
    story.later(MINUTE)
    story.writes("email")
    assert story.one(ChannelSwitched).to == "email"
    story.later(minutes * MINUTE)
    story.event(
        ConversationUpdated, channel="email", conversation="email-1", topic="delivery", actor=AGENT
    )
    assert len(story.asserted(JourneyOpened)) == needs
    assert bool(story.asserted(ChannelSwitched)) is (needs == 1)
    if needs == 2:
        assert story.states(ChannelSwitched) == [(1, "asserted"), (2, "retracted")]
        assert "switch.agent" in story.cancelled()
        assert {f.rule for f in story.asserted(ConversationAttached)} == {"new"}


def test_case_15_the_topic_is_unknown_on_both() -> None:
    """Nothing speaks against one need, and time speaks for it."""
    story = Story()
    story.writes("chat")
    story.later(HOUR)
    story.writes("email")
    assert rules(story) == {"chat": "new", "email": "waiting"}
    assert story.one(ChannelSwitched).certainty == "inferred"


# What no case names --------------------------------------------------------------------------


def test_an_expectation_goes_before_the_topic_which_goes_before_who_waits() -> None:
    """Three open needs: one by topic, one waiting, one in which we wrote on the new channel."""
    for drop, rule in ((0, "expectation"), (1, "topic"), (2, "waiting"), (3, "latest")):
        story = Story()
        for number, (channel, topic) in enumerate(
            (("whatsapp", ""), ("chat", "delivery"), ("sms", ""), ("messenger", "")), 1
        ):
            if number <= drop:
                continue
            opens(story, channel, topic or f"other-{number}")
            story.writes(channel)
            if number != 3:
                story.answers(channel)
        if drop < 1:
            story.answers("email", "whatsapp-1")
        # A known topic takes part only where it is the same or unknown.
        opens(story, "email", "delivery" if drop == 1 else None)
        story.writes("email")
        assert rules(story)["email"] == rule, drop


def test_a_conversation_that_was_announced_goes_where_it_was_announced() -> None:
    """A menu sends the caller to WhatsApp; a later chat about something else is open too."""
    story = Story()
    story.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="zoe"
    )
    story.event(
        ConversationLinked, channel="voice", conversation="call-1", actor=Actor("system"),
        rel="deflection", other=ConversationRef("s", "whatsapp-1"),
    )  # fmt: skip
    opens(story, "voice", "billing")
    story.event(ConversationUpdated, channel="voice", conversation="call-1", topic="billing")
    story.later(MINUTE)
    opens(story, "chat", "delivery")
    story.writes("chat")
    story.later(MINUTE)
    story.writes("whatsapp")
    assert rules(story) == {"voice": "new", "chat": "new", "whatsapp": "reference"}
    assert story.one(ChannelSwitched).cause == "deflected"


@pytest.mark.parametrize(
    ("channel", "inside", "outside"),
    [
        ("chat", 23 * HOUR, 25 * HOUR),
        ("whatsapp", 23 * HOUR, 25 * HOUR),
        ("email", 6 * DAY, 8 * DAY),
    ],
)
def test_an_act_reopens_within_the_window_and_follows_after_it(
    channel: str, inside: int, outside: int
) -> None:
    for pause, reopens in ((inside, True), (outside, False)):
        story = Story()
        story.writes(channel)
        story.answers(channel)
        story.resolves(channel)
        story.later(pause)
        story.writes(channel)
        assert bool(story.asserted(JourneyReopened)) is reopens
        assert len(story.asserted(JourneyOpened)) == (1 if reopens else 2)
        followed = story.asserted(ContactRepeated)
        assert [f.within_ms for f in followed] == (
            [pause] if not reopens and pause <= 7 * DAY else []
        )
        fcr = story.asserted(JourneyResolved)[0].fcr
        assert fcr == ("no" if pause <= 7 * DAY else "yes")


@pytest.mark.parametrize(("topic", "follows"), [("billing", True), ("delivery", False)])
def test_a_new_need_follows_only_one_about_the_same(topic: str, follows: bool) -> None:
    story = Story()
    opens(story, "chat", "billing")
    story.writes("chat")
    story.answers("chat")
    story.resolves("chat")
    story.later(2 * DAY)
    opens(story, "email", topic)
    story.writes("email")
    assert len(story.asserted(JourneyOpened)) == 2
    assert bool(story.asserted(ContactRepeated)) is follows


def test_what_the_company_begins_is_outside_volume_until_the_customer_acts() -> None:
    story = Story()
    story.answers("email")
    assert story.one(JourneyOpened).proactive and story.one(JourneyOpened).initiated_by == "agent"
    story.resolves("email")
    assert story.one(JourneyResolved).fcr == "excluded"
    assert volume(story) == 0
    story.later(HOUR)
    story.writes("email")
    assert not story.one(JourneyOpened).proactive and volume(story) == 1
    assert story.states(JourneyOpened) == [(1, "asserted"), (2, "asserted")]


def volume(story: Story) -> int:
    return sum(n for cell, n in story.panes.items() if cell.startswith("acme|volume|n|"))


def test_a_campaign_belongs_to_nothing_until_it_is_answered() -> None:
    story = Story()
    story.answers("whatsapp", automated="campaign", actor=Actor("system"))
    assert not story.facts
    story.later(HOUR)
    story.writes("whatsapp")
    opened = story.one(JourneyOpened)
    assert (opened.initiated_by, opened.proactive, opened.at_ms) == ("customer", False, story.now)
    assert volume(story) == 1


def test_our_own_automatic_mail_stops_no_clock() -> None:
    story = Story()
    story.writes("email")
    story.later(MINUTE)
    story.answers("email", automated="auto_reply", actor=Actor("system"))
    story.wait(24 * HOUR + MINUTE)
    assert "sla.breached" in story.sent()
