"""What was concluded, and is put right when late or corrected news comes."""

from __future__ import annotations

import random

import pytest

from schemas.common import Actor
from schemas.facts import (
    ChannelSwitched,
    ContextReady,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyMeasured,
    SlaAtRisk,
    SlaBreached,
    SlaMet,
)
from tests.cases.telling import ADA, ZOE, Story
from tests.world import DAY, HOUR, MINUTE, plain


def test_case_01_a_reply_that_arrives_late_with_an_earlier_time() -> None:
    """Answered on WhatsApp within the hour, but told four hours later: the warning and the breach
    that silence had made are taken back, and the promise was kept.  The notice that still stands
    is withdrawn; the older one has expired by itself.
    """
    story = Story()
    asked = story.now
    story.whatsapp("q", "Where is my parcel?")
    story.wait(3 * HOUR + 15 * MINUTE)
    story.wait(50 * MINUTE)
    assert story.one(SlaBreached).at_ms == asked + 4 * HOUR
    assert {"sla.at_risk", "sla.breached"} <= set(story.sent())
    story.whatsapp_answer("a", "It is on its way.", asked + HOUR)
    assert not story.asserted(SlaBreached) and not story.asserted(SlaAtRisk)
    assert story.states(SlaAtRisk) == [(1, "asserted"), (2, "retracted")]
    assert story.one(SlaMet).clock == "first_reply"
    assert story.one(SlaMet).revision == 2  # kept instead of broken: the same subject, revised
    assert story.one(ReplyMeasured).ms == HOUR
    assert story.cancelled() == ["sla.breached"]


def test_case_02_the_resolution_of_the_first_arrives_after_the_next_act() -> None:
    """The chat was solved at ten past, she mailed at twenty past, and the solving is told last: a
    repeat, no switch.  The switch, its context and its notice are taken back.
    """
    story = Story()
    story.call(story.desk.message(1, 1, ADA, "My order?", story.now))
    story.call(story.desk.message(1, 2, ADA, "It is sent.", story.now, ZOE))
    solved = story.now + 10 * MINUTE
    story.later(20 * MINUTE)
    story.call(story.mail.inbound("m1", ADA, "Order", "It is the wrong one", story.now))
    assert story.one(ChannelSwitched).to == "email"
    story.call(story.desk.status(1, ADA, "open", "resolved", solved))
    assert story.states(ChannelSwitched) == [(1, "asserted"), (2, "retracted")]
    assert [s for _, s in story.states(ContextReady)] == ["asserted", "retracted"]
    assert "switch.agent" in story.cancelled()
    assert story.one(JourneyReopened).after_ms == 10 * MINUTE
    assert story.one(JourneyResolved).fcr == "no"


def test_case_05_an_out_of_office_mail_after_the_resolution() -> None:
    """Her machine answers ours: nothing reopens, and after a week once was enough."""
    story = Story()
    story.writes("email")
    story.answers("email")
    story.resolves("email")
    story.later(HOUR)
    story.writes("email", automated="auto_reply")
    assert not story.asserted(JourneyReopened)
    assert story.one(JourneyResolved).fcr == "pending"
    story.wait(8 * DAY)
    assert story.one(JourneyResolved).fcr == "yes"
    assert "survey" not in story.cancelled()


@pytest.mark.parametrize("courtesy", [False, True])
@pytest.mark.parametrize(
    "text", ["Thanks a lot!", "Merci beaucoup, bonne journée", "Thanks, but it is broken"]
)
def test_case_06_thanks_after_the_resolution(courtesy: bool, text: str) -> None:
    """A thank-you reopens, as any word does; with the option `courtesy` it does not, but more than
    a thank-you still does.
    """
    story = Story(courtesy=courtesy)
    story.call(story.desk.message(1, 1, ADA, "Are you open?", story.now))
    story.call(story.desk.message(1, 2, ADA, "Until six.", story.later(MINUTE), ZOE))
    story.call(story.desk.status(1, ADA, "open", "resolved", story.later(MINUTE)))
    story.call(story.desk.message(1, 3, ADA, text, story.later(MINUTE)))
    reopens = not courtesy or "broken" in text
    assert bool(story.asserted(JourneyReopened)) is reopens
    assert ("survey" in story.cancelled()) is reopens
    story.wait(8 * DAY)
    assert story.asserted(JourneyResolved)[0].fcr == ("no" if reopens else "yes")
    assert len(story.asserted(JourneyOpened)) == 1


def test_case_25_aircall_says_hung_up_and_then_ended_with_other_durations() -> None:
    """The first notice comes at once, the final one corrects its time: one end of one call, and
    what was measured follows the final word.
    """
    story = Story()
    start = story.now
    story.call(story.phone.event("call.created", 9, ADA, start, started_at=start // 1_000))
    answered = story.later(20_000)
    times = {"started_at": start // 1_000, "answered_at": answered // 1_000}
    story.call(story.phone.event("call.answered", 9, ADA, answered, ZOE, **times))
    hung_up = story.later(100_000)
    story.call(story.phone.event("call.hungup", 9, ADA, hung_up, ZOE, **times))
    story.wait(3 * HOUR)
    assert story.one(JourneyResolved).at_ms == hung_up
    ended = hung_up - 7_000
    story.call(
        story.phone.event(
            "call.ended", 9, ADA, story.now, ZOE, **times, ended_at=ended // 1_000, duration=113
        )
    )
    story.wait(MINUTE)
    resolved = story.one(JourneyResolved)
    assert story.states(JourneyResolved) == [(1, "asserted"), (2, "asserted")]
    assert (resolved.at_ms, resolved.by) == (ended, "silence")
    assert resolved.duration_ms == ended - start


def test_case_28_meta_retries_six_days_late_after_that_part_was_sealed() -> None:
    """Meta repeats a message of the first day, when sixty more have come since: it is neither
    among the last ids nor in the timeline any more.  It counts as context only, by its source.
    """
    story = Story()
    first = story.now
    story.whatsapp("first", "Hello")
    for number in range(70):
        story.later(HOUR)
        if number % 2:
            story.whatsapp(f"q{number}", f"Question {number}")
        else:
            story.whatsapp_answer(f"a{number}", f"Answer {number}")
    story.wait(first + 6 * DAY - story.now)
    before, told = story.asserted(), len(story.history)
    story.whatsapp("q1", "Question 1", first + 2 * HOUR)
    assert story.counted("late_total", "meta_whatsapp") == 1
    assert story.asserted() == before and len(story.history) == told
    # Of these two the ids are still known: what began the journey stays in its summary.
    story.whatsapp("q69", "Question 69", first + 70 * HOUR)
    story.whatsapp("first", "Hello", first)
    assert story.counted("duplicates_total", "meta_whatsapp") == 2
    assert len(story.history) == told


def test_case_28_a_week_after_the_close_nothing_changes_the_journey() -> None:
    """Its timeline is gone; a retry of its first message opens nothing and is counted."""
    story = Story()
    asked = story.now
    story.whatsapp("q", "Hello")
    story.whatsapp_answer("a", "Good day", asked + MINUTE)
    for _ in range(40):
        story.wait(DAY)
    assert story.one(JourneyClosed).how in {"resolved", "expired"}
    told = len(story.history)
    for number in range(40):  # whatever came since, the first id is long forgotten
        story.whatsapp_answer(f"n{number}", "News", asked + 40 * DAY + number)
    opened = len(story.asserted(JourneyOpened))
    story.whatsapp("q", "Hello", asked)
    assert len(story.asserted(JourneyOpened)) == opened
    assert story.counted("late_total", "meta_whatsapp") == 1
    assert len(story.history) > told  # the news are a journey of their own


ORDERS = 30


@pytest.mark.parametrize("seed", range(ORDERS))
def test_case_30_any_order_of_one_journeys_timeline_gives_the_same_facts(seed: int) -> None:
    """Once the first act has opened the journey, the rest may come in any order: what stands at
    the end is the same, byte for byte but for the revisions that the way there took.
    """
    assert told_in(list(range(len(WORDS)))) == told_in(
        random.Random(seed).sample(range(len(WORDS)), len(WORDS))
    )


WORDS = (
    (1, "chat", "customer"), (2, "chat", "zoe"), (9, "chat", "customer"), (15, "email", "zoe"),
    (20, "email", "customer"), (31, "email", "yan"), (40, "whatsapp", "customer"),
    (41, "email", "customer"), (47, "whatsapp", "zoe"), (49, "chat", "customer"),
)  # fmt: skip


def told_in(order: list[int]) -> list[object]:
    story = Story()
    start = story.now
    for channel in ("chat", "email", "whatsapp"):
        story.writes(channel, id=f"opens-{channel}", at=start)
    story.now = start + HOUR
    for number in order:
        minute, channel, by = WORDS[number]
        say = story.writes if by == "customer" else story.answers
        extra = {} if by == "customer" else {"actor": Actor("agent", by)}
        say(channel, at=start + minute * MINUTE, id=f"w{number}", **extra)
    story.wait(MINUTE)
    return plain(story.asserted())
