"""Channel switches: what is one, and by whose doing."""

from __future__ import annotations

import pytest

from schemas.common import Actor, Ref
from schemas.events import AgentConnected, ContactEnded, ConversationOpened
from schemas.facts import (
    ChannelSwitched,
    ContextReady,
    JourneyOpened,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyMeasured,
)
from tests.cases.telling import ADA, ZOE, Story
from tests.world import HOUR, MINUTE, who


def test_case_03_chat_and_phone_at_once_both_active() -> None:
    """She writes in the chat, phones while she waits, and writes on: one need on two channels at
    once.  The switch that was told at the call is taken back when she writes on.
    """
    story = Story()
    story.call(story.desk.message(1, 1, ADA, "My order?", story.now))
    story.later(MINUTE)
    story.call(story.phone.event("call.created", 5, ADA, story.now))
    answered = story.later(10_000)
    story.call(
        story.phone.event("call.answered", 5, ADA, answered, ZOE, answered_at=answered // 1_000)
    )
    assert story.one(ChannelSwitched).to == "voice"
    assert "switch.agent" in story.sent()
    story.later(MINUTE)
    story.call(story.desk.message(1, 2, ADA, "Number 77", story.now))
    assert not story.asserted(ChannelSwitched) and not story.asserted(ContextReady)
    gone = [f for f in story.history if isinstance(f, ChannelSwitched)][-1]
    assert (gone.state, gone.parallel) == ("retracted", True)
    assert "switch.agent" in story.cancelled()
    assert len(story.asserted(JourneyOpened)) == 1
    assert story.one(QueueWaited).wait_ms == 10_000  # the call counts, all the same


@pytest.mark.parametrize(("minutes", "switches"), [(4, []), (6, ["email", "chat"])])
def test_case_04_chat_mail_chat_inside_five_minutes_and_after(
    minutes: int, switches: list[str]
) -> None:
    """Back in the chat within five minutes the mail was beside it; later she has gone and come."""
    story = Story()
    story.call(story.desk.message(1, 1, ADA, "My order?", story.now))
    story.later(MINUTE)
    story.call(story.mail.inbound("m1", ADA, "Order", "The same by mail", story.now))
    assert [f.to for f in story.asserted(ChannelSwitched)] == ["email"]
    story.later(minutes * MINUTE)
    story.call(story.desk.message(1, 2, ADA, "Anybody?", story.now))
    assert [f.to for f in story.asserted(ChannelSwitched)] == switches
    retracted = [f for f in story.history if f.state == "retracted"]
    assert bool(retracted) is (minutes == 4)
    assert all(f.parallel for f in retracted if isinstance(f, ChannelSwitched))


def test_case_07_the_agent_mails_and_the_customer_phones() -> None:
    """Zoé goes on by mail; Ada phones instead of answering there.  She was invited to mail, not to
    the phone: the switch is at her call and her own choice.
    """
    story = Story()
    story.writes("chat")
    story.answers("chat")
    story.later(10 * MINUTE)
    story.answers("email")
    assert not story.asserted(ChannelSwitched)
    story.later(10 * MINUTE)
    story.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="yan"
    )
    switch = story.one(ChannelSwitched)
    assert (switch.from_, switch.to, switch.cause, switch.forced) == (
        "chat", "voice", "customer", False,
    )  # fmt: skip
    assert "switch.customer" not in story.sent() and "switch.agent" in story.sent()


def test_case_08_a_call_back_that_nobody_answers() -> None:
    """She asks in the chat; Zoé calls back, and she does not pick up: no act of hers, no switch.
    The second try reaches her, and that is one, by our doing.
    """
    story = Story()
    story.writes("chat")
    for number, answered in ((1, False), (2, True)):
        story.later(10 * MINUTE)
        call = {"channel": "voice", "conversation": f"call-{number}", "identifiers": who()}
        zoe = Actor("agent", "zoe")
        story.event(
            ConversationOpened, actor=zoe, initiated_by="agent", direction="outbound",
            rel="callback", **call,
        )  # fmt: skip
        if answered:
            story.event(AgentConnected, actor=zoe, agent="zoe", **call)
        story.event(ContactEnded, actor=zoe, answered=answered, **call)
        assert len(story.asserted(ChannelSwitched)) == int(answered)
    switch = story.one(ChannelSwitched)
    assert (switch.to, switch.cause, switch.forced) == ("voice", "callback", True)
    assert story.one(ReplyMeasured).ms == 20 * MINUTE  # the first ringing answered nothing
    assert len(story.asserted(JourneyOpened)) == 1


def test_case_09_the_queue_is_left_after_three_seconds_then_a_mail_comes() -> None:
    """Three seconds are no waiting: nobody is told.  The mail is a switch all the same, and a forced
    one: she had called, and was not served.
    """
    story = Story()
    start = story.now
    story.call(story.phone.event("call.created", 5, ADA, start, started_at=start // 1_000))
    end = story.later(3_000)
    times = {"started_at": start // 1_000, "answered_at": None, "ended_at": end // 1_000}
    story.call(
        story.phone.event(
            "call.ended", 5, ADA, end, duration=3, missed_call_reason="abandoned_in_classic",
            **times,
        )
    )  # fmt: skip
    left = story.one(QueueAbandoned)
    assert (left.wait_ms, left.short) == (3_000, True)
    assert "queue.abandoned" not in story.sent()
    story.later(5 * MINUTE)
    story.call(story.mail.inbound("m1", ADA, "Order", "Call me", story.now))
    switch = story.one(ChannelSwitched)
    assert (switch.from_, switch.to, switch.cause) == ("voice", "email", "abandoned_queue")
    assert len(story.asserted(JourneyOpened)) == 1


@pytest.mark.parametrize("first", ["chat", "email"])
def test_case_22_equal_times_on_two_channels(first: str) -> None:
    """Two vendors tell the same second: what arrived first was first, for good."""
    story = Story()
    second = "email" if first == "chat" else "chat"
    story.writes(first)
    story.writes(second)
    switch = story.one(ChannelSwitched)
    assert (switch.from_, switch.to, switch.gap_ms) == (first, second, 0)
    story.later(10 * MINUTE)
    story.answers(second)
    assert story.states(ChannelSwitched) == [(1, "asserted")]


def test_a_switch_tells_how_sure_it_is() -> None:
    """Only time says that the mail belongs to the chat; a mail that names the chat is certain."""
    story = Story()
    story.writes("chat")
    story.later(10 * MINUTE)
    story.writes("email")
    assert story.one(ChannelSwitched).certainty == "inferred"
    told = Story()
    told.writes("chat")
    told.later(10 * MINUTE)
    told.writes("email", refs=(Ref("conversation", "chat-1"),))
    assert told.one(ChannelSwitched).certainty == "certain"


def test_the_voice_of_the_agent_ends_no_story_of_two_channels() -> None:
    """A resolution on one channel does not end what waits on another."""
    story = Story()
    story.writes("chat")
    story.writes("email")
    story.resolves("chat")
    assert not story.asserted(JourneyResolved)
    story.answers("email")
    story.later(HOUR)
    story.resolves("email")
    assert story.one(JourneyResolved).contacts == 2
