"""Transfers and hand-offs, inside one vendor's system and from one vendor to the next."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Actor, ConversationRef, Party
from schemas.events import (
    AgentConnected,
    AgentOffered,
    ContactEnded,
    ConversationOpened,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
)
from schemas.facts import (
    ChannelSwitched,
    ContextReady,
    JourneyOpened,
    JourneyResolved,
    QueueAbandoned,
    TransferConcluded,
    TransferStarted,
)
from tests.cases.telling import ADA, NAMES, YAN, ZOE, Story, to_telephony
from tests.world import HOUR, MINUTE, who


@pytest.mark.parametrize(("minutes", "bounced"), [(9, True), (11, False)])
def test_case_23_there_and_back_in_nine_and_in_eleven_minutes(minutes: int, bounced: bool) -> None:
    """Zoé → Yannick → Zoé: within ten minutes one bounced transfer and ping-pong; after that two
    transfers.
    """
    story = Story(None, NAMES)
    story.call(story.desk.message(1, 1, ADA, "Hello?", story.now))
    story.call(story.desk.assigned(1, ADA, None, ZOE, story.later(1_000)))
    story.call(story.desk.message(1, 2, ADA, "One moment.", story.later(1_000), ZOE))
    story.call(story.desk.assigned(1, ADA, ZOE, YAN, story.later(1_000)))
    story.call(story.desk.message(1, 3, ADA, "I am here.", story.later(1_000), YAN))
    story.wait(minutes * MINUTE)
    story.call(story.desk.assigned(1, ADA, YAN, ZOE, story.now))
    [first, *others] = story.asserted(TransferConcluded)
    assert (first.outcome, first.ping_pong) == (
        ("bounced", True) if bounced else ("successful", False)
    )
    assert len(story.asserted(TransferStarted)) == (1 if bounced else 2)
    assert not others
    assert ("transfer.failed" in story.sent()) is bounced


def test_case_24_a_consultation_without_a_transfer() -> None:
    """Yannick is asked and goes again; Zoé keeps the call."""
    story = Story()
    call = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(AgentConnected, agent="zoe", **call)
    story.later(MINUTE)
    story.event(AgentConnected, agent="yan", mode="consult", **call)
    story.later(MINUTE)
    story.event(ContactEnded, actor=Actor("system"), answered=True, **call)
    story.wait(3 * HOUR)
    assert not [f for f in story.history if isinstance(f, TransferStarted | TransferConcluded)]


# Bot platform → help desk → telephony --------------------------------------------------------


def bot(story: Story, what: str, **data: Any) -> None:
    """A bot platform, by the open door."""
    where = {"source": "bots", "id": "s1"}
    story.call(
        story.company.event(
            what, f"bot/{story.now}/{what}", story.now,
            {"channel": "chat", "conversation": where, "actor": {"kind": "bot", "id": "b1"},
             "identifiers": [{"kind": "crm", "value": ADA.crm, "trust": "curated"}], **data},
        )
    )  # fmt: skip


def says(story: Story, text: str, by: str = "bot") -> None:
    actor = {"kind": by, **({"id": "b1"} if by == "bot" else {})}
    story.later(1_000)
    bot(
        story, "message.posted", actor=actor, message_id=f"b{story.now}",
        direction="outbound" if by == "bot" else "inbound", personal={"text": text},
    )  # fmt: skip


@pytest.mark.parametrize("escalation", ["said", "transferred", "implied"])
def test_bot_platform_to_help_desk_to_telephony_is_one_chain(escalation: str) -> None:
    """Three vendors, three conversations, one customer passed on twice."""
    story = Story(None, NAMES)
    says(story, "Where is my parcel?", "customer")
    says(story, "Which number?")
    story.later(10_000)
    if escalation == "said":
        bot(story, "selfservice.stepped", resource="helper", step="human", outcome="escalated")
    elif escalation == "transferred":
        bot(story, "transfer.reported", kind="unknown", phase="started", to={"team": "service"})
    story.call(story.desk.message(1, 1, ADA, "Number 77", story.later(5_000)))
    story.call(story.desk.assigned(1, ADA, None, ZOE, story.later(1_000)))
    story.call(story.desk.message(1, 2, ADA, "Let me see.", story.later(4_000), ZOE))
    [handoff] = story.asserted(TransferStarted)
    assert (handoff.kind, handoff.from_) == ("handoff", Party(bot="bot"))

    to_telephony(story)
    passed = story.asserted(TransferStarted)[-1]
    assert (passed.kind, passed.from_.agent, passed.to.team) == ("queue", "zoe", "telephone desk")
    story.call(story.phone.event("call.created", 5, ADA, story.later(30_000)))
    answered = story.later(10_000)
    story.call(
        story.phone.event("call.answered", 5, ADA, answered, YAN, answered_at=answered // 1_000)
    )
    story.wait(11 * MINUTE)
    first, second = story.asserted(TransferConcluded)
    assert (first.kind, first.outcome, first.to.agent) == ("handoff", "successful", "zoe")
    assert (second.kind, second.outcome, second.to.agent) == ("queue", "successful", "yan")
    assert len(story.asserted(TransferStarted)) == 2
    assert len(story.asserted(JourneyOpened)) == 1
    switch = story.one(ChannelSwitched)
    assert (switch.from_, switch.to, switch.cause, switch.forced) == (
        "chat", "voice", "handed_off", True,
    )  # fmt: skip
    reasons = [f.reason for f in story.asserted(ContextReady)]
    assert reasons == ["handoff", "transfer", "switch"]


def test_a_human_two_days_after_the_bot_has_taken_nothing_over() -> None:
    """The bot said that a human is needed, and nobody came: Zoé's mail is no late hand-off."""
    story = Story(None, NAMES, window_live_ms=72 * HOUR)
    says(story, "Where is my parcel?", "customer")
    says(story, "Which number?")
    bot(story, "selfservice.stepped", resource="helper", step="human", outcome="escalated")
    story.wait(48 * HOUR)
    story.call(story.desk.message(1, 2, ADA, "Is it solved?", story.now, ZOE))
    assert len(story.asserted(JourneyOpened)) == 1
    assert not story.asserted(TransferStarted)


def passed_on(to: Party, *, queue: str = "", agent: str = "yan") -> Story:
    """Zoé passes a chat on; then the customer is on the phone with somebody."""
    story = Story()
    story.writes("chat")
    story.assigns("zoe")
    story.answers("chat")
    story.later(MINUTE)
    story.event(
        TransferReported, conversation="chat-1", actor=Actor("agent", "zoe"), kind="unknown",
        phase="started", to=to, from_=Party(agent="zoe"),
    )  # fmt: skip
    story.later(MINUTE)
    call: dict[str, Any] = {
        "channel": "voice", "conversation": ConversationRef("t", "c1"), "identifiers": who(),
    }  # fmt: skip
    story.event(
        ConversationOpened, actor=Actor("customer"), initiated_by="customer", direction="inbound",
        **call,
    )  # fmt: skip
    if queue:
        story.event(QueueEntered, queue=queue, **call)
    story.event(AgentConnected, agent=agent, **call)
    story.wait(11 * MINUTE)
    return story


@pytest.mark.parametrize(
    ("to", "queue", "agent", "accepted"),
    [
        (Party(agent="yan"), "", "yan", True),
        (Party(agent="yan"), "", "wanda", False),
        (Party(queue="phones"), "phones", "yan", True),
        (Party(team="phones"), "phones", "yan", True),
        (Party(queue="phones"), "sales", "yan", False),
        (Party(app="telephony"), "", "yan", True),
        (Party(app="telephony"), "", "zoe", False),
    ],
)
def test_who_accepts_a_transfer_into_another_conversation(
    to: Party, queue: str, agent: str, accepted: bool
) -> None:
    """The agent, team or queue that it was meant for; if nobody is named, whoever comes next."""
    story = passed_on(to, queue=queue, agent=agent)
    concluded = story.asserted(TransferConcluded)
    assert [f.outcome for f in concluded] == (["successful"] if accepted else [])
    assert story.one(ChannelSwitched).cause == ("handed_off" if accepted else "customer")
    if not accepted:
        story.wait(25 * HOUR)
        assert story.one(TransferConcluded).outcome == "failed"


def test_a_chat_that_ends_when_it_was_passed_on_has_not_failed() -> None:
    """The chat closes as soon as its agent has passed it on; who takes the call corrects that."""
    story = Story()
    story.writes("chat")
    story.assigns("zoe")
    story.answers("chat")
    story.event(
        TransferReported, conversation="chat-1", actor=Actor("agent", "zoe"), kind="external",
        phase="started", to=Party(app="telephony"), from_=Party(agent="zoe"),
    )  # fmt: skip
    story.later(10_000)
    story.event(ContactEnded, conversation="chat-1", actor=Actor("system"))
    assert story.one(TransferConcluded).outcome == "failed"
    assert "transfer.failed" in story.sent()
    story.later(MINUTE)
    story.event(
        AgentConnected, agent="yan", channel="voice", conversation="call-1", identifiers=who()
    )
    story.wait(11 * MINUTE)
    concluded = story.one(TransferConcluded)
    assert (concluded.outcome, concluded.to.agent) == ("successful", "yan")
    assert "transfer.failed" in story.cancelled()


def test_a_chain_that_comes_back_over_two_vendors_is_ping_pong() -> None:
    """Zoé passes the chat to telephony, and within ten minutes the customer is with her again."""
    story = passed_on(Party(app="telephony"))
    again = Story()
    again.writes("chat")
    again.assigns("zoe")
    again.answers("chat")
    again.event(
        TransferReported, conversation="chat-1", actor=Actor("agent", "zoe"), kind="external",
        phase="started", to=Party(app="telephony"), from_=Party(agent="zoe"),
    )  # fmt: skip
    for agent in ("yan", "zoe"):
        again.later(2 * MINUTE)
        again.event(
            AgentConnected, agent=agent, channel="voice", conversation="call-1", identifiers=who()
        )
    concluded = again.one(TransferConcluded)
    assert (concluded.outcome, concluded.ping_pong) == ("bounced", True)
    assert story.one(TransferConcluded).outcome == "successful"


def test_an_escalation_in_a_menu_of_the_same_call_is_no_hand_off() -> None:
    """A menu that sends the caller to a queue is how a call begins."""
    story = Story()
    call = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(
        SelfserviceStepped, resource="ivr", step="2", outcome="escalated", actor=Actor("system"),
        **call,
    )  # fmt: skip
    story.event(AgentConnected, agent="zoe", **call)
    assert not story.asserted(TransferStarted)


# What happens in a queue -----------------------------------------------------------------------


def passed_to_a_queue(story: Story) -> dict[str, Any]:
    """Zoé passes her call to another queue."""
    call: dict[str, Any] = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(AgentConnected, agent="zoe", **call)
    story.later(MINUTE)
    story.event(
        TransferReported, actor=Actor("agent", "zoe"), kind="unknown", phase="started",
        to=Party(queue="returns"), **call,
    )  # fmt: skip
    story.event(QueueEntered, queue="returns", **call)
    story.later(MINUTE)
    return call


def test_who_gives_up_in_the_queue_that_he_was_passed_to_was_taken_by_nobody() -> None:
    story = Story()
    call = passed_to_a_queue(story)
    story.event(QueueLeft, queue="returns", outcome="abandoned", **call)
    assert story.one(TransferConcluded).outcome == "failed"


@pytest.mark.parametrize("minutes", [2, 90])
@pytest.mark.parametrize("declined", [False, True])
def test_a_later_wait_in_a_queue_is_no_concern_of_a_transfer_that_was_taken(
    minutes: int, declined: bool
) -> None:
    """Neither that he gives up there, nor that somebody declines to take him from it."""
    story = Story()
    call = passed_to_a_queue(story)
    story.event(AgentConnected, agent="yan", **call)
    story.later(minutes * MINUTE)
    story.event(QueueEntered, queue="returns", **call)
    if declined:
        story.event(AgentOffered, agent="wanda", outcome="declined", actor=Actor("system"), **call)
    story.later(30_000)
    story.event(QueueLeft, queue="returns", outcome="abandoned", **call)
    story.wait(HOUR)
    assert story.one(TransferConcluded).outcome == "successful"
    assert not [f for f in story.history if getattr(f, "outcome", "") in {"failed", "refused"}]
    assert story.one(QueueAbandoned).wait_ms == 30_000


def test_a_transfer_is_not_refused_before_it_was_declined() -> None:
    story = Story()
    call = passed_to_a_queue(story)
    story.later(HOUR)
    declined = story.now
    story.event(AgentOffered, agent="yan", outcome="declined", actor=Actor("system"), **call)
    story.wait(HOUR)
    concluded = story.one(TransferConcluded)
    assert (concluded.outcome, concluded.at_ms) == ("refused", declined)


def test_a_call_is_not_over_by_the_end_of_one_before_it() -> None:
    """In the same conversation: the second one goes on."""
    story = Story()
    call: dict[str, Any] = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(AgentConnected, agent="zoe", **call)
    story.later(MINUTE)
    story.event(ContactEnded, answered=True, **call)
    story.later(MINUTE)
    story.event(AgentConnected, agent="zoe", **call)
    story.wait(3 * HOUR)
    assert not story.asserted(JourneyResolved)
    story.event(ContactEnded, answered=True, **call)
    ended = story.now
    story.wait(3 * HOUR)
    assert story.one(JourneyResolved).at_ms == ended


def test_a_wait_on_another_day_does_not_undo_how_a_transfer_ended() -> None:
    """It arrived when the call ended; only a wait right after that shows that it had not."""
    story = Story()
    call: dict[str, Any] = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(AgentConnected, agent="zoe", **call)
    story.event(
        TransferReported, actor=Actor("agent", "zoe"), kind="unknown", phase="started",
        to=Party(agent="yan"), **call,
    )  # fmt: skip
    story.later(10_000)
    story.event(ContactEnded, answered=True, **call)
    story.later(HOUR)
    story.event(QueueEntered, queue="returns", **call)
    story.later(MINUTE)
    story.event(QueueLeft, queue="returns", outcome="abandoned", **call)
    assert story.one(TransferConcluded).outcome == "successful"


def test_passed_to_the_same_agent_again_is_another_transfer() -> None:
    """Zoé had taken it back long since."""
    story = Story()
    call: dict[str, Any] = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(AgentConnected, agent="zoe", **call)
    for _ in range(2):
        story.later(MINUTE)
        story.event(
            TransferReported, actor=Actor("agent", "zoe"), kind="blind", phase="accepted",
            from_=Party(agent="zoe"), to=Party(agent="yan"), **call,
        )  # fmt: skip
        story.later(15 * MINUTE)
        story.event(AgentConnected, agent="zoe", **call)
    passed = [f for f in story.asserted(TransferStarted) if f.to.agent == "yan"]
    assert len(passed) == 2


def test_who_serves_after_an_external_transfer_is_not_whom_it_was_for() -> None:
    story = Story()
    call: dict[str, Any] = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(AgentConnected, agent="zoe", **call)
    story.event(
        TransferReported, actor=Actor("agent", "zoe"), kind="external", phase="accepted",
        to=Party(app="carrier"), from_=Party(agent="zoe"), **call,
    )  # fmt: skip
    story.later(MINUTE)
    story.event(AgentConnected, agent="yan", **call)
    story.wait(11 * MINUTE)
    assert story.asserted(TransferConcluded)[0].to == Party(app="carrier")


def test_a_chat_that_was_passed_on_when_it_ended_is_not_resolved_by_silence() -> None:
    story = Story()
    story.writes("chat")
    story.answers("chat")
    story.event(
        TransferReported, conversation="chat-1", actor=Actor("agent", "zoe"), kind="external",
        phase="started", to=Party(app="telephony"), from_=Party(agent="zoe"),
    )  # fmt: skip
    story.event(ContactEnded, conversation="chat-1", actor=Actor("system"), answered=True)
    story.wait(3 * HOUR)
    assert not story.asserted(JourneyResolved)


def test_a_chat_that_was_answered_and_ended_is_resolved_by_silence() -> None:
    story = Story()
    story.writes("chat")
    story.answers("chat")
    story.writes("chat")
    ended = story.later(MINUTE)
    story.event(ContactEnded, conversation="chat-1", actor=Actor("system"), answered=True)
    story.wait(3 * HOUR)
    assert story.one(JourneyResolved).at_ms == ended


def test_a_chat_that_waits_in_a_queue_when_an_agent_leaves_it_is_not_resolved_by_silence() -> None:
    story = Story()
    story.writes("chat")
    story.answers("chat")
    story.event(QueueEntered, queue="returns", conversation="chat-1")
    story.event(ContactEnded, conversation="chat-1", actor=Actor("system"), answered=True)
    story.wait(3 * HOUR)
    assert not story.asserted(JourneyResolved)


def test_a_named_agents_own_queue_makes_no_transfer_to_a_queue() -> None:
    story = Story()
    call: dict[str, Any] = {"channel": "voice", "conversation": "call-1", "identifiers": who()}
    story.event(AgentConnected, agent="zoe", **call)
    story.event(
        TransferReported, actor=Actor("agent", "zoe"), kind="blind", phase="started",
        to=Party(agent="yan"), **call,
    )  # fmt: skip
    story.event(QueueEntered, queue="yan's own", **call)
    story.event(AgentConnected, agent="yan", **call)
    assert story.one(TransferStarted).kind == "blind"


@pytest.mark.parametrize(
    ("agents", "apart", "begun", "outcomes"),
    [
        (["zoe", "yan", "wanda"], 4 * MINUTE, 2, ["successful", "successful"]),
        (["zoe", "yan", "wanda"], 11 * MINUTE, 2, ["successful", "successful"]),
        (["zoe", "yan", "zoe"], 4 * MINUTE, 1, ["bounced"]),
        (["zoe", "yan", "zoe"], 11 * MINUTE, 2, ["successful", "successful"]),
        (["zoe", "yan", "wanda", "yan"], 4 * MINUTE, 2, ["successful", "bounced"]),
    ],
)
def test_a_call_that_goes_from_agent_to_agent_without_a_word_is_a_transfer_each_time(
    agents: list[str], apart: int, begun: int, outcomes: list[str]
) -> None:
    story = Story()
    for agent in agents:
        story.event(
            AgentConnected, channel="voice", conversation="c1", identifiers=who(), agent=agent
        )
        story.wait(apart)
    story.wait(HOUR)
    assert len(story.asserted(TransferStarted)) == begun
    assert sorted(f.outcome for f in story.asserted(TransferConcluded)) == sorted(outcomes)
