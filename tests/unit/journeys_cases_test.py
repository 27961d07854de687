"""What a customer goes through, and what is concluded: each case tells its story."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, Identifier, Party, Ref
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ContactEnded,
    ConversationOpened,
    ConversationUpdated,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TaskProgressed,
    TransferReported,
)
from schemas.facts import (
    ChannelSwitched,
    ContactRepeated,
    FeedbackJoined,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyAwaited,
    ReplyMeasured,
    SlaAtRisk,
    SlaBreached,
    SlaMet,
    TaskAbandoned,
    TransferConcluded,
    TransferStarted,
)
from tests.world import DAY, HOUR, MINUTE, START, World, who

AGENT = Actor("agent", "zoe")


def writes(world: World, channel: str = "chat", conversation: str = "", **fields: Any) -> None:
    world._numbers += 1
    world.event(
        MessagePosted, fields.pop("at", None), channel=channel,
        conversation=conversation or f"{channel}-1", identifiers=fields.pop("who", who()),
        message_id=f"m{world._numbers}", direction="inbound", **fields,
    )  # fmt: skip


def answers(
    world: World, channel: str = "chat", conversation: str = "", at: int | None = None,
    actor: Actor = AGENT, **fields: Any,
) -> None:  # fmt: skip
    world._numbers += 1
    world.event(
        MessagePosted, at, channel=channel, conversation=conversation or f"{channel}-1",
        identifiers=who() if channel != "chat" else (), actor=actor,
        message_id=f"m{world._numbers}", direction="outbound", **fields,
    )  # fmt: skip


def resolves(world: World, conversation: str = "chat-1", channel: str = "chat") -> None:
    world.event(
        ConversationUpdated, conversation=conversation, channel=channel, status="resolved",
        actor=AGENT,
    )  # fmt: skip


def assigns(world: World, agent: str, conversation: str = "chat-1") -> None:
    world.event(
        AssignmentChanged, conversation=conversation, to=Party(agent=agent), actor=Actor("system")
    )


def test_a_reply_that_arrives_late_with_an_earlier_time_takes_the_breach_back() -> None:
    world = World()
    writes(world)
    asked = world.now
    world.wait(2 * MINUTE)
    assert world.one(SlaBreached).due_ms == asked + MINUTE
    answers(world, at=asked + 30_000)
    assert not world.asserted(SlaBreached) and not world.asserted(SlaAtRisk)
    assert world.one(SlaMet).clock == "first_reply"
    assert world.one(ReplyMeasured).ms == 30_000


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


def test_two_channels_at_once_are_parallel_and_the_published_switch_is_taken_back() -> None:
    world = World()
    writes(world)
    world.now += MINUTE
    writes(world, "whatsapp")
    assert len(world.asserted(ChannelSwitched)) == 1
    world.now += MINUTE
    writes(world)
    assert not world.asserted(ChannelSwitched)


@pytest.mark.parametrize(("after", "switches"), [(4 * MINUTE, 0), (6 * MINUTE, 2)])
def test_chat_mail_chat_within_and_after_five_minutes(after: int, switches: int) -> None:
    world = World()
    writes(world)
    world.now += MINUTE
    writes(world, "email")
    world.now += after
    writes(world)
    assert len(world.asserted(ChannelSwitched)) == switches


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


def test_an_agent_mails_and_the_customer_answers_there_the_switch_is_at_his_answer() -> None:
    world = World()
    writes(world)
    answers(world)
    world.now += 10 * MINUTE
    answers(world, "email")
    assert not world.asserted(ChannelSwitched)
    world.now += 10 * MINUTE
    writes(world, "email")
    switch = world.one(ChannelSwitched)
    assert (switch.cause, switch.forced) == ("agent_invited", True)


def test_a_queue_abandoned_then_a_mail_is_a_forced_switch() -> None:
    world = World()
    world.event(
        QueueEntered, channel="voice", conversation="call-1", identifiers=who(), queue="sales"
    )
    world.now += 30_000
    world.event(
        QueueLeft, channel="voice", conversation="call-1", queue="sales", outcome="abandoned"
    )
    assert world.one(QueueAbandoned).wait_ms == 30_000
    world.now += MINUTE
    writes(world, "email")
    switch = world.one(ChannelSwitched)
    assert (switch.from_, switch.to, switch.cause) == ("voice", "email", "abandoned_queue")
    assert "queue.abandoned" in world.sent() and "queue.abandoned" in world.cancelled()


def test_a_queue_abandoned_after_three_seconds_is_short_and_nobody_is_told() -> None:
    world = World()
    world.event(
        QueueEntered, channel="voice", conversation="call-1", identifiers=who(), queue="sales"
    )
    world.now += 3_000
    world.event(
        QueueLeft, channel="voice", conversation="call-1", queue="sales", outcome="abandoned"
    )
    assert world.one(QueueAbandoned).short
    assert world.sent() == []


def test_another_customers_ticket_number_joins_nothing() -> None:
    world = World()
    writes(world, "email", "ticket-1", who=who("ada"))
    writes(world, "email", "ticket-2", who=who("bo"), refs=(Ref("ticket", "ticket-1"),))
    customers = {fact.customer for fact in world.asserted(JourneyOpened)}
    assert len(customers) == 2


def test_one_conversation_that_goes_on_by_mail_is_a_switch() -> None:
    world = World()
    writes(world, "chat", "c1")
    world.now += HOUR
    writes(world, "email", "c1")
    assert world.one(JourneyOpened)
    assert (world.one(ChannelSwitched).from_, world.one(ChannelSwitched).to) == ("chat", "email")


def test_two_known_topics_on_two_channels_are_two_needs() -> None:
    world = World()
    for channel, topic in (("chat", "billing"), ("email", "delivery")):
        world.event(
            ConversationOpened, channel=channel, conversation=f"{channel}-1", identifiers=who(),
            initiated_by="customer", direction="inbound", topic=topic,
        )  # fmt: skip
    writes(world, "chat")
    world.event(ConversationUpdated, conversation="chat-1", topic="billing", actor=AGENT)
    world.now += MINUTE
    writes(world, "email")
    assert [f.topic for f in world.asserted(JourneyOpened)] == ["billing", "delivery"]
    assert not world.asserted(ChannelSwitched)


def test_waiting_longer_than_half_the_target_makes_the_switch_forced() -> None:
    world = World()
    writes(world)
    world.now += 40_000
    writes(world, "whatsapp")
    assert world.one(ChannelSwitched).cause == "unanswered"


def test_an_answered_customer_who_phones_has_chosen_to() -> None:
    world = World()
    writes(world)
    answers(world)
    world.now += MINUTE
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="yan"
    )
    assert not world.one(ChannelSwitched).forced


@pytest.mark.parametrize(("minutes", "outcomes"), [(9, ["bounced"]), (11, ["successful"])])
def test_there_and_back_within_nine_or_eleven_minutes(minutes: int, outcomes: list[str]) -> None:
    world = World()
    writes(world)
    assigns(world, "zoe")
    answers(world)
    world.now += MINUTE
    assigns(world, "yan")
    answers(world, actor=Actor("agent", "yan"))
    world.wait(minutes * MINUTE)
    assigns(world, "zoe")
    concluded = world.asserted(TransferConcluded)
    assert [f.outcome for f in concluded] == outcomes
    assert [f.ping_pong for f in concluded] == [minutes == 9]
    assert len(world.asserted(TransferStarted)) == (1 if minutes == 9 else 2)


def test_a_consultation_is_no_transfer() -> None:
    world = World()
    for agent, mode in (("zoe", "owner"), ("yan", "consult")):
        world.event(
            AgentConnected, channel="voice", conversation="call-1", identifiers=who(),
            agent=agent, mode=mode,
        )  # fmt: skip
    assert not world.asserted(TransferStarted)


def test_a_transfer_that_is_named_and_one_that_is_implied_are_the_same() -> None:
    outcomes = []
    for named in (True, False):
        world = World()
        writes(world)
        assigns(world, "zoe")
        world.now += MINUTE
        if named:
            world.event(
                TransferReported, conversation="chat-1", actor=AGENT, kind="blind",
                phase="started", to=Party(agent="yan"), from_=Party(agent="zoe"),
            )  # fmt: skip
        else:
            assigns(world, "yan")
        world.now += MINUTE
        answers(world, actor=Actor("agent", "yan"))
        world.wait(11 * MINUTE)
        fact = world.one(TransferConcluded)
        outcomes.append((fact.kind, fact.from_, fact.to, fact.outcome, fact.ping_pong))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][3] == "successful"


def test_a_transfer_that_its_vendor_takes_back_has_failed() -> None:
    world = World()
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="zoe"
    )
    for phase in ("started", "failed"):
        world.now += 10_000
        world.event(
            TransferReported, channel="voice", conversation="call-1", actor=AGENT, kind="blind",
            phase=phase, to=Party(agent="yan"),
        )  # fmt: skip
    assert world.one(TransferConcluded).outcome == "failed"


@pytest.mark.parametrize(
    "places",
    [(Party(agent="yan"), Party(agent="wanda")), (Party(queue="billing"), Party(queue="returns"))],
)
def test_a_named_transfer_that_nobody_took_has_failed_when_the_next_goes_elsewhere(
    places: tuple[Party, Party],
) -> None:
    world = World()
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="zoe"
    )
    for to in (*places, places[1]):  # the last is told twice
        world.now += 10_000
        world.event(
            TransferReported, channel="voice", conversation="call-1", actor=AGENT, kind="blind",
            phase="started", to=to,
        )  # fmt: skip
    world.now += 10_000
    world.event(
        AgentConnected, channel="voice", conversation="call-1", identifiers=who(), agent="wanda"
    )
    world.wait(11 * MINUTE)
    assert [f.from_.agent for f in world.asserted(TransferStarted)] == ["zoe", "zoe"]
    assert [f.outcome for f in world.asserted(TransferConcluded)] == ["failed", "successful"]


def test_from_group_to_group_is_a_transfer_each_and_who_resolves_it_has_taken_it() -> None:
    world = World()
    writes(world)
    for team in ("first", "second", "third"):
        world.now += HOUR
        world.event(
            AssignmentChanged, conversation="chat-1", to=Party(team=team), actor=Actor("system")
        )
    world.now += HOUR
    resolves(world)
    world.wait(HOUR)
    assert [(f.from_.team, f.to.team) for f in world.asserted(TransferStarted)] == [
        ("first", "second"), ("second", "third"),
    ]  # fmt: skip
    outcomes = {f.to.team: f.outcome for f in world.asserted(TransferConcluded)}
    assert outcomes == {"second": "failed", "third": "successful"}


def test_a_hand_off_that_passes_through_teams_is_one_until_a_human_has_it() -> None:
    world = World()
    writes(world)
    answers(world, actor=Actor("bot"))
    for status, team in (("pending_bot", ""), ("open", ""), ("", "first"), ("", "second")):
        world.now += 10_000
        cls, fields = (
            (ConversationUpdated, {"status": status}) if status
            else (AssignmentChanged, {"to": Party(team=team)})
        )  # fmt: skip
        world.event(cls, conversation="chat-1", actor=Actor("system"), **fields)
    world.now += 10_000
    answers(world)
    world.wait(HOUR)
    assert [f.kind for f in world.asserted(TransferStarted)] == ["handoff"]
    assert world.one(TransferConcluded).outcome == "successful"


def test_a_step_in_self_service_waits_for_nobody() -> None:
    world = World()
    step: dict[str, Any] = {"resource": "shop", "step": "cart", "outcome": "progressed"}
    for device in ("web", "app"):
        world.event(
            SelfserviceStepped, channel=device, conversation=device, identifiers=who(), **step
        )
        world.wait(30 * MINUTE)
    assert world.one(ChannelSwitched).cause == "customer"
    assert not world.asserted(ReplyAwaited) and not world.asserted(SlaBreached)
    resolves(world, "app", "app")
    assert world.one(JourneyResolved)  # though there is another visit that nobody ended


def test_a_need_on_which_somebody_works_does_not_expire() -> None:
    world = World()
    writes(world, "email")
    for agent in ("zoe", "yan", "wanda"):
        world.wait(20 * DAY)
        assigns(world, agent, "email-1")
    world.wait(20 * DAY)
    resolves(world, "email-1", "email")
    assert world.one(JourneyResolved) and not world.asserted(JourneyClosed)


def test_from_the_bot_to_a_human_is_a_hand_off() -> None:
    world = World()
    writes(world)
    answers(world, actor=Actor("bot"))
    world.now += 10_000
    answers(world)
    assert world.one(TransferStarted).kind == "handoff"
    assert world.one(ReplyMeasured).ms == 10_000  # the bot stopped no clock


def test_a_first_assignment_is_no_transfer() -> None:
    world = World()
    writes(world)
    assigns(world, "zoe")
    assert not world.asserted(TransferStarted)


def test_the_queues_wait_is_the_vendors_own_figure_when_it_gives_one() -> None:
    world = World()
    world.event(
        QueueEntered, channel="voice", conversation="call-1", identifiers=who(), queue="sales"
    )
    world.now += 20_000
    world.event(
        QueueLeft, channel="voice", conversation="call-1", queue="sales", outcome="answered",
        wait_ms=18_000, actor=Actor("system"),
    )  # fmt: skip
    assert world.one(QueueWaited).wait_ms == 18_000


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


def test_a_vendors_retry_changes_nothing() -> None:
    world = World()
    for _ in range(3):
        world.event(
            MessagePosted, START, id="same", conversation="chat-1", identifiers=who(),
            message_id="m", direction="inbound",
        )  # fmt: skip
    assert len(world.history) == len({f.subject_id for f in world.history})


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


def test_a_cart_left_lying_is_told_only_with_consent() -> None:
    from schemas.events import ConsentChanged

    for consents in (False, True):
        world = World()
        writes(world, "web")
        if consents:
            world.event(
                ConsentChanged, channel="web", identifiers=who(), purpose="marketing",
                state="granted",
            )  # fmt: skip
        world.event(
            TaskProgressed, channel="web", conversation="web-1", identifiers=who(),
            task_kind="cart", task_id="c9", step="payment", state="progressed",
        )  # fmt: skip
        world.wait(HOUR + MINUTE)
        assert world.one(TaskAbandoned).step == "payment"
        assert ("task.abandoned" in world.sent()) is consents


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


def test_an_agents_first_word_is_proactive_until_the_customer_acts() -> None:
    world = World()
    answers(world, "email")
    assert world.one(JourneyOpened).proactive
    assert world.panes["acme|volume|n|email||||"] == 0
    world.now += HOUR
    writes(world, "email")
    assert not world.one(JourneyOpened).proactive
    assert sum(n for cell, n in world.panes.items() if cell.startswith("acme|volume|n|")) == 1


def test_a_join_unites_open_journeys_of_two_customers() -> None:
    world = World()
    writes(world, "chat", who=who("web-user"))
    world.now += MINUTE
    writes(world, "whatsapp", who=(Identifier("whatsapp", "33612345678", "asserted"),))
    assert len(world.asserted(JourneyOpened)) == 2
    world.now += MINUTE
    world.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel="same", by="crm",
        identifiers=(*who("web-user"), Identifier("whatsapp", "33612345678", "asserted")),
    )  # fmt: skip
    assert len(world.asserted(JourneyOpened)) == 1
    assert world.one(ChannelSwitched).to == "whatsapp"
    volume = sum(n for cell, n in world.panes.items() if cell.startswith("acme|volume|n|"))
    assert volume == 1


def test_after_a_join_what_still_comes_for_the_loser_reaches_the_winner() -> None:
    world = World()
    writes(world, "chat", who=who("web-user"))
    loser = world.one(JourneyOpened).customer
    writes(world, "email", who=who("ada"))
    from schemas.events import OperatorCommand

    winner = next(f.customer for f in world.asserted(JourneyOpened) if f.customer != loser)
    world.event(
        OperatorCommand, channel="web", actor=Actor("system"), command="join",
        args={"winner": winner, "loser": loser},
    )  # fmt: skip
    world.now += MINUTE
    writes(world, "chat", who=who("web-user"))
    assert {f.customer for f in world.asserted(ReplyAwaited)} == {winner}


def test_silence_waits_for_a_vendor_that_tells_late() -> None:
    world = World(lateness={"s": 90_000})
    writes(world)
    world.wait(MINUTE + 30_000)
    assert world.asserted(SlaBreached) == []  # its vendor may still tell of an answer
    world.wait(60_000)
    assert world.one(SlaBreached).due_ms == world.now - 90_000
