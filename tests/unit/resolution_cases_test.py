"""When a need is met, when it comes back, and what silence says of it."""

from __future__ import annotations

from schemas.common import Actor
from schemas.events import (
    AgentConnected,
    ContactEnded,
    ConversationUpdated,
    FeedbackReceived,
    MessagePosted,
)
from schemas.facts import (
    ChannelSwitched,
    ContactRepeated,
    FeedbackJoined,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyMeasured,
    SlaBreached,
    SlaMet,
)
from tests.story import AGENT, answers, assigns, resolves, writes
from tests.world import DAY, HOUR, MINUTE, World, who


def test_a_resolution_that_arrives_after_the_next_act_makes_it_a_repeat_and_no_switch() -> None:
    world = World()
    writes(world)
    answers(world)
    solved = world.now + MINUTE
    world.now += 10 * MINUTE
    writes(world, "email")
    assert world.one(ChannelSwitched).to == "email"
    world.event(ConversationUpdated, solved, conversation="chat-1", status="resolved", actor=AGENT)
    assert not world.asserted(ChannelSwitched)
    retracted = [f for f in world.history if isinstance(f, ChannelSwitched)]
    assert [f.state for f in retracted] == ["asserted", "retracted"]


def test_an_out_of_office_mail_after_the_resolution_reopens_nothing() -> None:
    world = World()
    writes(world, "email")
    answers(world, "email")
    resolves(world, "email-1", "email")
    world.now += HOUR
    writes(world, "email", automated="auto_reply")
    assert not world.asserted(JourneyReopened)
    assert world.one(JourneyResolved).fcr == "pending"


def test_an_act_after_the_resolution_reopens_and_first_contact_resolution_is_no() -> None:
    world = World()
    writes(world)
    answers(world)
    resolves(world)
    world.now += HOUR
    writes(world)
    assert world.one(JourneyReopened).after_ms == HOUR
    assert world.one(JourneyResolved).fcr == "no"


def test_silence_for_the_look_back_makes_first_contact_resolution_yes() -> None:
    world = World()
    writes(world)
    answers(world)
    resolves(world)
    assert world.one(JourneyResolved).fcr == "pending"
    world.wait(7 * DAY + MINUTE)
    assert world.one(JourneyResolved).fcr == "yes"


def test_a_need_on_which_somebody_works_does_not_expire() -> None:
    world = World()
    writes(world, "email")
    for agent in ("zoe", "yan", "wanda"):
        world.wait(20 * DAY)
        assigns(world, agent, "email-1")
    world.wait(20 * DAY)
    resolves(world, "email-1", "email")
    assert world.one(JourneyResolved) and not world.asserted(JourneyClosed)


def test_a_hung_up_notice_and_the_final_one_are_one_end_of_the_call() -> None:
    world = World()
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="zoe"
    )
    for final in (False, True):
        world.now += 30_000
        world.event(
            ContactEnded, channel="voice", conversation="call-1", final=final, answered=True,
            actor=Actor("system"),
        )  # fmt: skip
    world.wait(3 * HOUR)
    assert len(world.asserted(JourneyResolved)) == 1


def test_a_year_long_thread_begins_a_new_need_after_a_day_of_silence_once_solved() -> None:
    world = World()
    writes(world, "whatsapp")
    answers(world, "whatsapp")
    resolves(world, "whatsapp-1", "whatsapp")
    world.now += 2 * DAY
    writes(world, "whatsapp")
    assert len(world.asserted(JourneyOpened)) == 2
    assert world.one(ContactRepeated).within_ms == 2 * DAY


def test_an_outage_delays_and_never_falsifies() -> None:
    world = World()
    asked = world.now
    writes(world)
    # The answer came in time but stood behind two hours of backlog; the log's clock waits too.
    world.event(
        MessagePosted, asked + 30_000, conversation="chat-1", actor=AGENT, message_id="a",
        direction="outbound",
    )  # fmt: skip
    world.wait(2 * HOUR)
    assert not [f for f in world.history if isinstance(f, SlaBreached) and f.clock != "resolution"]


def test_a_rating_joins_its_journey_and_a_very_bad_one_is_told() -> None:
    world = World()
    writes(world)
    answers(world)
    world.event(
        FeedbackReceived, conversation="chat-1", instrument="csat", score=1, scale_min=1,
        scale_max=5,
    )  # fmt: skip
    assert world.one(FeedbackJoined).score == 1
    assert "feedback.very_bad" in world.sent()


def test_a_survey_goes_out_after_the_resolution_and_not_twice() -> None:
    world = World()
    writes(world)
    answers(world)
    resolves(world)
    resolves(world)
    assert world.sent().count("survey") == 1
    world.now += MINUTE
    writes(world)
    assert "survey" in world.cancelled()


def test_silence_waits_for_a_vendor_that_tells_late() -> None:
    world = World(lateness={"s": 90_000})
    writes(world)
    world.wait(MINUTE + 30_000)
    assert world.asserted(SlaBreached) == []  # its vendor may still tell of an answer
    world.wait(60_000)
    assert world.one(SlaBreached).due_ms == world.now - 90_000


# What resolution and opening are measured from --------------------------------------------------


def test_a_resolution_is_measured_from_the_first_act_of_its_cycle() -> None:
    world = World()
    answers(world, "email")  # we write first
    world.wait(3 * HOUR)
    writes(world, "email")
    world.wait(HOUR)
    answers(world, "email")
    resolves(world, "email-1", "email")
    assert world.one(JourneyResolved).duration_ms == HOUR
    world.wait(HOUR)
    world.event(
        ConversationUpdated, conversation="email-1", channel="email", status="open", actor=AGENT
    )
    world.wait(2 * HOUR)
    writes(world, "email")
    world.wait(HOUR)
    answers(world, "email")
    resolves(world, "email-1", "email")
    assert [f.duration_ms for f in world.asserted(JourneyResolved)] == [HOUR, HOUR]


def test_a_message_that_comes_late_and_was_the_first_opens_the_need() -> None:
    world = World()
    first_ms = world.now
    world.wait(MINUTE)
    writes(world)
    writes(world, at=first_ms)
    opened = world.one(JourneyOpened)
    assert (opened.at_ms, opened.revision) == (first_ms, 2)
    world.wait(MINUTE)
    answers(world)
    resolves(world)
    assert world.one(JourneyResolved).duration_ms == 2 * MINUTE


def test_what_only_we_have_written_is_no_request_when_it_turns_out_to_be_another_need() -> None:
    world = World()
    writes(world)
    world.event(ConversationUpdated, conversation="chat-1", topic="billing")
    world.now += 1_000
    assigns(world, "zoe", "email-1")
    answers(world, "email")  # by time alone it belongs to the same need
    world.event(ConversationUpdated, conversation="email-1", channel="email", topic="delivery")
    request, ours = world.asserted(JourneyOpened)
    assert (request.proactive, ours.proactive, ours.initiated_by) == (False, True, "agent")
    writes(world, "email")
    assert not world.asserted(JourneyOpened)[-1].proactive


# A resolution without a word --------------------------------------------------------------------


def first_replies(world: World) -> list[SlaMet | SlaBreached]:
    told = world.asserted(SlaMet) + world.asserted(SlaBreached)
    return [fact for fact in told if fact.clock == "first_reply"]


def test_who_was_never_answered_was_not_served_in_time_by_being_closed() -> None:
    world = World()
    writes(world)
    asked_ms = world.now
    world.wait(10 * MINUTE)
    resolves(world)
    [broken] = first_replies(world)
    assert isinstance(broken, SlaBreached) and broken.due_ms == asked_ms + MINUTE
    assert "sla.breached" not in world.cancelled() and not world.asserted(ReplyMeasured)


def test_a_resolution_before_the_reply_was_due_leaves_nothing_to_keep() -> None:
    world = World()
    writes(world)
    world.wait(30_000)
    resolves(world)
    world.wait(HOUR)
    assert not first_replies(world)


def test_a_last_word_that_nobody_answers_breaks_nothing_once_it_is_resolved() -> None:
    world = World()
    writes(world)
    answers(world)
    writes(world)
    world.wait(10 * MINUTE)
    assert [f.clock for f in world.asserted(SlaBreached)] == ["next_reply"]
    resolves(world)
    assert not world.asserted(SlaBreached)
    writes(world, personal={"text": "Thanks!"})
    world.wait(10 * MINUTE)
    resolves(world)
    assert not world.asserted(SlaBreached)
