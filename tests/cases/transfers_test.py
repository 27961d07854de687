"""Transfers and hand-offs, inside one vendor's system and from one vendor to the next."""

from __future__ import annotations

from collections.abc import Callable
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
from streams.demo.traffic.call import Agent
from streams.stages.names import Names
from tests.cases.telling import ADA, WANDA, YAN, ZOE, Story
from tests.world import HOUR, MINUTE, who

PEOPLE = {ZOE: "zoe", YAN: "yan", WANDA: "wanda"}
SOURCES = ("aircall", "amazon_connect", "chatwoot", "genesys", "zendesk")
NAMES = Names(
    agents={(source, str(a.number)): name for source in SOURCES for a, name in PEOPLE.items()}
    | {("chatwoot", "21"): "zoe"},
    teams={
        ("aircall", "Phones"): "telephone desk",
        ("chatwoot", "7"): "telephone desk",
        ("zendesk", "9"): "telephone desk",
    },
    queues={("aircall", "Support"): "telephone desk"},
)
"""What `[[agent]]`, `[[team]]` and `[[queue]]` of the settings come to."""


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


# One transfer, told by five vendors ------------------------------------------------------------


def by_aircall(story: Story, agents: tuple[Agent, Agent]) -> None:
    first, second = agents
    start = story.now
    say = story.phone.event
    times = {"started_at": start // 1_000, "answered_at": start // 1_000 + 20}
    story.call(say("call.created", 9, ADA, start, started_at=start // 1_000))
    story.call(say("call.answered", 9, ADA, story.later(20_000), first, **times))
    passed = {
        "transferred_by": {"id": first.number}, "transferred_to": {"id": second.number}, **times,
    }  # fmt: skip
    story.call(say("call.transferred", 9, ADA, story.later(40_000), second, **passed))
    again = {**times, "answered_at": story.later(10_000) // 1_000}
    story.call(say("call.answered", 9, ADA, story.now, second, **again))


def by_connect(story: Story, agents: tuple[Agent, Agent]) -> None:
    """A new contact of the same chain."""
    first, second = agents
    say = story.connect.phase
    story.call(say("INITIATED", "c1", ADA, story.now))
    queued = story.now
    story.call(say("QUEUED", "c1", ADA, queued, queued_ms=queued))
    story.call(say("CONNECTED_TO_AGENT", "c1", ADA, story.later(20_000), first, queued))
    chain: dict[str, Any] = {
        "initialContactId": "c1", "previousContactId": "c1", "initiationMethod": "TRANSFER",
        "queueInfo": {},
    }  # fmt: skip
    story.call(say("INITIATED", "c2", ADA, story.later(40_000), **chain))
    story.call(say("DISCONNECTED", "c1", ADA, story.now, first, disconnectReason="TRANSFERRED"))
    story.call(say("CONNECTED_TO_AGENT", "c2", ADA, story.later(10_000), second, **chain))


def by_genesys(story: Story, agents: tuple[Agent, Agent]) -> None:
    """A new segment of the same conversation; that it was answered is told when it ends."""
    first, second = agents
    say = story.genesys.event
    a, b = {"participantId": "a", "sessionId": "a"}, {"participantId": "b", "sessionId": "b"}
    story.call(say("customer.start", "g1", ADA, story.now))
    story.call(say("acd.start", "g1", ADA, story.now))
    story.call(say("user.start", "g1", ADA, story.later(20_000), first, **a))
    answered = {"acdOutcome": "ANSWERED", "answeredUserId": str(first.number)}
    story.call(say("acd.end", "g1", ADA, story.now, None, **answered, connectedDurationMs=20_000))
    ended = {"disconnectType": "TRANSFER", "interactingDurationMs": 40_000}
    story.call(say("user.end", "g1", ADA, story.later(40_000), first, **a, **ended))
    story.call(say("user.start", "g1", ADA, story.later(10_000), second, **b, queueId=None))
    ended = {"disconnectType": "PEER", "interactingDurationMs": 50_000}
    beside = {**b, "queueId": None}
    story.call(say("user.end", "g1", ADA, story.later(50_000), second, **beside, **ended))


def by_chatwoot(story: Story, agents: tuple[Agent, Agent]) -> None:
    """The assignee is another one."""
    first, second = agents
    story.call(story.desk.message(1, 1, ADA, "Hello?", story.now))
    story.call(story.desk.assigned(1, ADA, None, first, story.later(20_000)))
    story.call(story.desk.assigned(1, ADA, first, second, story.later(40_000)))
    story.call(story.desk.message(1, 2, ADA, "I am here.", story.later(10_000), second))


def by_zendesk(story: Story, agents: tuple[Agent, Agent]) -> None:
    first, second = (str(agent.number) for agent in agents)
    changed = "ticket.agent_assignment_changed"
    story.call(story.tickets.user(ADA, story.now))
    story.call(story.tickets.created(5, ADA, "My order", story.now))
    for old, new, ms in ((None, first, 20_000), (first, second, 40_000)):
        told = {"previous": old, "current": new}
        story.call(story.tickets._event(changed, 5, ADA, told, story.later(ms)))
    story.call(story.tickets.comment(5, 6, ADA, "I am here.", story.later(10_000), agents[1]))


Vendor = Callable[[Story, tuple[Agent, Agent]], None]
VENDORS: tuple[Vendor, ...] = (by_aircall, by_connect, by_genesys, by_chatwoot, by_zendesk)


def conclusions(tell: Vendor) -> list[tuple[Any, ...]]:
    story = Story(None, NAMES)
    begins = story.now
    tell(story, (ZOE, YAN))
    story.wait(11 * MINUTE)
    assert not story.letters
    return [
        (
            type(f).__name__, f.kind, f.from_.agent, f.to.agent, getattr(f, "outcome", ""),
            getattr(f, "ping_pong", None), f.at_ms - begins, f.certainty, f.revision,
        )
        for f in story.asserted()
        if isinstance(f, TransferStarted | TransferConcluded)
    ]  # fmt: skip


@pytest.mark.parametrize("tell", VENDORS, ids=lambda tell: tell.__name__)
def test_a_transfer_that_a_vendor_implies_equals_one_that_a_vendor_names(tell: Vendor) -> None:
    concluded = conclusions(tell)
    started = [one[:8] for one in concluded if one[0] == "TransferStarted"]
    [done] = [one[:8] for one in concluded if one[0] == "TransferConcluded"]
    named = conclusions(by_aircall)
    assert done == next(one[:8] for one in named if one[0] == "TransferConcluded")
    assert done[:6] == ("TransferConcluded", "blind", "zoe", "yan", "successful", False)
    assert [one[1:8] for one in started] == [
        one[1:8] for one in named if one[0] == "TransferStarted"
    ]


def team_by_aircall(story: Story) -> None:
    story.call(story.phone.event("call.created", 9, ADA, story.now))
    at_s = story.now // 1_000
    story.call(story.phone.event("call.answered", 9, ADA, story.now, ZOE, answered_at=at_s))
    passed = {"transferred_by": {"id": ZOE.number}, "transferred_to_team": {"name": "Phones"}}
    story.call(story.phone.event("call.transferred", 9, ADA, story.later(60_000), **passed))
    again = story.later(10_000) // 1_000
    story.call(story.phone.event("call.answered", 9, ADA, story.now, YAN, answered_at=again))


def team_by_chatwoot(story: Story) -> None:
    story.call(story.desk.message(1, 1, ADA, "Hello?", story.now))
    story.call(story.desk.assigned(1, ADA, None, ZOE, story.now))
    to_telephony(story)
    story.call(story.desk.message(1, 2, ADA, "I am here.", story.later(10_000), YAN))


def team_by_zendesk(story: Story) -> None:
    """First the group, then its agent is nobody any more: one change, told as two."""
    story.call(story.tickets.user(ADA, story.now))
    story.call(story.tickets.created(5, ADA, "My order", story.now))
    changes = (
        (0, "agent", None, str(ZOE.number)), (60_000, "group", None, "9"),
        (0, "agent", str(ZOE.number), None),
    )  # fmt: skip
    for ms, what, old, new in changes:
        told = {"previous": old, "current": new}
        changed = f"ticket.{what}_assignment_changed"
        story.call(story.tickets._event(changed, 5, ADA, told, story.later(ms)))
    story.call(story.tickets.comment(5, 6, ADA, "I am here.", story.later(10_000), YAN))


def to_telephony(story: Story) -> None:
    """Chatwoot: nobody's any more, and the team's of telephony."""
    moved = story.desk._conversation(1, ADA, story.later(MINUTE))
    moved["meta"] = {**moved["meta"], "team": {"id": 7, "name": "Telephone"}}
    change = {
        "team_id": {"previous_value": None, "current_value": 7},
        "assignee_id": {"previous_value": ZOE.number, "current_value": None},
    }
    story.call(story.desk._changed("conversation_updated", moved, change, story.now))


@pytest.mark.parametrize("tell", [team_by_aircall, team_by_chatwoot, team_by_zendesk])
def test_a_transfer_to_a_team_is_the_same_whoever_tells_it(tell: Callable[[Story], None]) -> None:
    story = Story(None, NAMES)
    begins = story.now
    tell(story)
    story.wait(11 * MINUTE)
    started, concluded = story.one(TransferStarted), story.one(TransferConcluded)
    assert (started.kind, started.at_ms - begins) == ("queue", MINUTE)
    assert (started.from_.agent, started.to.team) == ("zoe", "telephone desk")
    assert (concluded.outcome, concluded.to.agent) == ("successful", "yan")
    assert (concluded.ping_pong, concluded.at_ms - begins) == (False, 11 * MINUTE)


# One person with two ids ------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
def test_one_human_with_two_ids_is_no_transfer(named: bool) -> None:
    """In the mail client Zoé is agent 21 of the help desk, in the chat 501."""
    story = Story(None, NAMES if named else Names())
    other = Agent(21, "Zoé")
    story.call(story.desk.message(1, 1, ADA, "Hello?", story.now))
    story.call(story.desk.assigned(1, ADA, None, ZOE, story.later(1_000)))
    story.call(story.desk.message(1, 2, ADA, "One moment.", story.later(1_000), ZOE))
    story.call(story.desk.assigned(1, ADA, ZOE, other, story.later(1_000)))
    assert len(story.asserted(TransferStarted)) == (0 if named else 1)


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
