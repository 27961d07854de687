"""What a customer's state keeps is bounded, and what it lets go of changes no figure."""

from __future__ import annotations

from collections import Counter

import pytest

from schemas.common import Actor, Party, Ref
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ConsentChanged,
    ConversationOpened,
    ConversationUpdated,
    MessagePosted,
    QueueEntered,
)
from schemas.facts import (
    ChannelSwitched,
    ConversationAttached,
    JourneyClosed,
    JourneyResolved,
    QueueWaited,
    ReplyMeasured,
    TransferConcluded,
    TransferStarted,
    Visit,
)
from streams.fold import PaneDelta
from streams.journeys.documents import context_document
from streams.journeys.repeats import compacted
from streams.journeys.sealing import way
from streams.journeys.state import TIMELINE, Entry, Journey, encode_state
from streams.kpis.contributions import effects
from tests.long_story import fill, resolves, says, stands, state, taken_back
from tests.world import DAY, HOUR, MINUTE, World, who

WEEK = 7 * DAY


def test_states_that_are_told_again_push_nothing_out() -> None:
    world = World()
    for number in range(50):
        world.now += 3 * MINUTE
        agent = "zoe" if number < 10 else "yan"
        says(world, agent if number % 2 else "")
        stands(world, agent)
    [journey] = state(world).journeys.values()
    assert len(journey.timeline) <= TIMELINE and not journey.sealed
    assert world.one(TransferStarted).to == Party(agent="yan")
    assert world.one(TransferConcluded).outcome == "successful"
    assert not taken_back(world, TransferStarted) and not taken_back(world, ReplyMeasured)
    assert len(world.asserted(ReplyMeasured)) == 25


def test_a_state_that_was_told_again_says_something_when_another_comes_between() -> None:
    """zoe … zoe, and then the news that it was yan's in between."""
    world = World()
    says(world)
    stands(world, "zoe")
    between = world.now + 20 * MINUTE
    world.now += HOUR
    stands(world, "zoe")
    assert not world.asserted(TransferStarted)
    stands(world, "yan", at=between)
    first, second = world.asserted(TransferStarted)
    assert (first.to, second.to) == (Party(agent="yan"), Party(agent="zoe"))


def test_so_it_does_even_when_it_had_left_the_timeline() -> None:
    world = World()
    says(world)
    stands(world, "zoe")
    between = world.now + 30_000
    for _ in range(TIMELINE):
        world.now += MINUTE
        stands(world, "zoe")
    [journey] = state(world).journeys.values()
    assert len(journey.timeline) < TIMELINE
    stands(world, "yan", at=between)
    assert [f.to.agent for f in world.asserted(TransferStarted)] == ["yan", "zoe"]


def test_a_topic_that_is_told_again_after_another_is_the_last_however_room_is_made() -> None:
    """The ticket's, the mail's, the ticket's again; and what is repeated a hundred times."""
    world = World()
    says(world)
    says(world, channel="email", conversation="mail", refs=(Ref("ticket", "ticket"),))
    for number in range(100):
        told = ("ticket", "delivery") if number % 3 != 1 else ("mail", "returns")
        world.now += 1_000
        for what in ({"topic": told[1]}, {"urgency": "high" if told[0] == "mail" else "low"}):
            world.event(ConversationUpdated, conversation=told[0], actor=Actor("system"), **what)
        [journey] = state(world).journeys.values()
        assert journey.topic == told[1]
    assert len(journey.timeline) <= TIMELINE and not journey.sealed
    context = context_document(state(world), None, world.now)
    assert (context["about"], context["urgency"]) == ("delivery", "low")


@pytest.mark.parametrize(
    ("told", "stays"),
    [
        ("aA aA aA", {1: 3}),
        ("aA bB aA bB aA", {1: 3, 2: 0, 4: 0, 5: 0}),
        ("aA bB aA aA bB aA", {1: 4, 2: 0, 5: 0, 6: 0}),
        ("aA oB aA", {1: 0, 2: 0, 3: 0}),
    ],
)
def test_of_a_topic_that_is_repeated_the_last_word_stays(told: str, stays: dict[int, int]) -> None:
    """`aA`: conversation a says topic A; `o` is the word with which a was opened."""
    entries = [
        Entry(n, n, f"e{n}", "opened" if place == "o" else "topic", "chat",
              "s:a" if place == "o" else f"s:{place}", data={"topic": topic})
        for n, (place, topic) in enumerate(told.split(), 1)
    ]  # fmt: skip
    assert {e.at_ms: e.until_ms for e in compacted(entries, 0)} == stays


def test_a_topic_that_stays_of_the_sealed_part_is_not_what_was_said_last() -> None:
    """With the first entry, which stays for ever."""
    world = World()
    world.event(
        ConversationOpened, conversation="ticket", identifiers=who(), initiated_by="customer",
        direction="inbound", topic="billing",
    )  # fmt: skip
    world.now += MINUTE
    says(world)
    world.event(ConversationUpdated, conversation="ticket", topic="delivery")
    fill(world, 2 * TIMELINE)
    [journey] = state(world).journeys.values()
    assert journey.sealed and journey.timeline[0].data["topic"] == "billing"
    assert journey.topic == "delivery"


def test_what_is_sealed_stays_asserted_and_late_news_of_it_change_nothing() -> None:
    world = World()
    begin = world.now
    says(world)
    stands(world, "zoe")
    world.now += MINUTE
    stands(world, "yan")
    says(world, "yan")
    says(world, channel="email", conversation="mail")
    for number in range(200):
        world.now += 11 * MINUTE
        says(world, "yan" if number % 2 else "", channel="email", conversation="mail")
    [journey] = state(world).journeys.values()
    assert journey.sealed and len(journey.timeline) <= TIMELINE
    for kind in (TransferStarted, TransferConcluded, ChannelSwitched):
        assert len(world.asserted(kind)) == 1 and not taken_back(world, kind)
    assert len(world.asserted(ReplyMeasured)) == 101
    before = len(world.history)
    says(world, at=begin + 30_000)
    stands(world, "xi", at=begin + 30_000)
    says(world, "xi", at=begin + 30_000, channel="email", conversation="mail")
    assert len(world.history) == before
    assert world.counts["late_total", ("s",)] == 4
    world.event(
        ConversationUpdated, conversation="mail", channel="email", status="resolved",
        actor=Actor("agent", "yan"),
    )  # fmt: skip
    assert world.one(JourneyResolved).contacts == 102


def test_a_stay_goes_on_over_what_is_sealed() -> None:
    world = World()
    says(world, channel="email", conversation="mail")
    world.now += HOUR
    begin = world.now
    for number in range(3 * TIMELINE):
        world.now += 7 * MINUTE
        says(world, "yan" if number % 2 else "")
    last = world.now - 7 * MINUTE
    world.wait(40 * DAY)
    stays = world.one(JourneyClosed).path
    acts = 3 * TIMELINE // 2
    assert stays == (Visit("email", 1, 0), Visit("chat", acts, last - begin - 7 * MINUTE))


def test_a_way_whose_end_an_earlier_version_did_not_keep_goes_on_without_it() -> None:
    known = Journey("j", 0, "customer", way=[Visit("chat", 2, 500)])
    act = Entry(9_000, 1, "e", "act", "chat", "s:c")
    assert way(known, [act]) == ([Visit("chat", 3, 500)], 9_000)


def test_messages_before_and_after_the_sealed_line_count_each() -> None:
    """Nobody answers; what parts them are notes, which leave."""
    world = World()
    for _ in range(2 * TIMELINE):
        world.now += MINUTE
        says(world)
        says(world, "zoe", visibility="internal")
    resolves(world)
    world.wait(10 * DAY)
    [stay] = world.one(JourneyClosed).path
    assert stay.acts == world.one(JourneyResolved).contacts == 2 * TIMELINE


def test_a_wait_that_ended_in_the_sealed_part_does_not_begin_again() -> None:
    world = World()
    world.event(QueueEntered, conversation="ticket", queue="desk", identifiers=who())
    world.now += MINUTE
    world.event(AgentConnected, conversation="ticket", agent="zoe", identifiers=who())
    fill(world, 4 * TIMELINE)
    world.event(AgentConnected, conversation="ticket", agent="zoe", identifiers=who())
    waited = [f for f in world.history if isinstance(f, QueueWaited)]
    assert [(f.wait_ms, f.revision) for f in waited] == [(MINUTE, 1)]


def test_a_conversation_that_is_sealed_is_attached_still() -> None:
    world = World()
    says(world, conversation="ticket")
    says(world, conversation="other")
    fill(world, 4 * TIMELINE, conversation="ticket")
    says(world, conversation="other")
    attached = [f for f in world.history if isinstance(f, ConversationAttached)]
    assert [(f.conversation.id, f.revision) for f in attached] == [("ticket", 1), ("other", 1)]


def test_where_he_was_sent_is_known_once_it_is_sealed() -> None:
    world = World()
    says(world)
    world.event(
        MessagePosted, channel="email", conversation="ticket", actor=Actor("system"),
        message_id="n1", direction="outbound", automated="auto_reply", identifiers=who(),
    )  # fmt: skip
    fill(world, 2 * TIMELINE)
    says(world, channel="email", conversation="mail")
    rules = {f.conversation.id: f.rule for f in world.asserted(ConversationAttached)}
    assert rules["mail"] == "expectation"


@pytest.mark.parametrize("more", [0, 2 * TIMELINE])
def test_a_resolution_that_ended_nothing_is_known_once_it_is_sealed(more: int) -> None:
    """Somebody waited elsewhere.  What is said after it is said for the first time: it is work."""
    world = World()
    says(world, channel="email", conversation="mail")
    says(world)
    stands(world, "zoe")
    resolves(world)
    says(world)
    world.event(ConversationUpdated, conversation="ticket", actor=Actor("system"), status="open")
    fill(world, more)
    world.now += DAY
    world.event(
        AssignmentChanged, conversation="ticket", actor=Actor("system"), to=Party(agent="zoe")
    )
    worked = world.now
    world.wait(40 * DAY)
    closed = world.one(JourneyClosed)
    assert (closed.how, closed.at_ms) == ("expired", worked + 30 * DAY)


def test_the_channels_of_a_sealed_cycle_still_say_until_when_it_may_come_back() -> None:
    world = World()
    says(world, channel="email", conversation="mail")
    says(world, "zoe", channel="email", conversation="mail")
    says(world)
    says(world, "zoe")
    resolves(world)
    fill(world, 2 * TIMELINE)
    resolves(world)
    end = world.now
    world.wait(10 * DAY)
    assert world.one(JourneyClosed).at_ms == end + WEEK


@pytest.mark.parametrize(("before", "after"), [(TIMELINE - 8, 20), (0, 2 * TIMELINE)])
def test_a_transfer_that_is_under_way_when_its_cycle_ends(before: int, after: int) -> None:
    """It is concluded, however much comes after it at once."""
    world = World()
    stands(world, "zoe")
    fill(world, before)
    says(world)
    stands(world, "zoe")
    says(world, "zoe")
    stands(world, "yan")
    says(world, "yan")
    resolves(world)
    for number in range(after):
        world.now += 1_000
        says(world, "yan" if number % 2 else "")
    world.wait(HOUR)
    assert len(world.asserted(TransferStarted)) == 1
    assert [f.outcome for f in world.asserted(TransferConcluded)] == ["successful"]


@pytest.mark.parametrize("messages", [20, 50, 120])
@pytest.mark.parametrize("runs", [1, 5])
def test_a_chat_that_is_told_again_as_a_whole_counts_once(messages: int, runs: int) -> None:
    world = World()
    begin = world.now

    def tell(moves: bool) -> None:
        for number in range(1, messages + 1):
            at = begin + number * 20_000
            world.now = at if moves else world.now
            says(world, "zoe" if number // runs % 2 else "", number, at=at)

    tell(moves=True)
    resolved = Actor("agent", "zoe")
    world.event(ConversationUpdated, conversation="ticket", status="resolved", actor=resolved)
    before, entries = len(world.history), len(next(iter(state(world).journeys.values())).timeline)
    tell(moves=False)
    assert len(world.history) == before
    [journey] = state(world).journeys.values()
    assert len(journey.timeline) == entries
    by_customer = sum(1 for n in range(1, messages + 1) if not n // runs % 2)
    assert world.one(JourneyResolved).contacts == by_customer


def test_news_that_were_never_told_are_taken_however_late_within_the_week() -> None:
    """Forty events have passed since; it is not among the last ids, and yet it is new."""
    world = World()
    asked = world.now
    says(world)
    for _ in range(20):
        world.now += 3 * HOUR
        says(world, conversation="other", channel="email")
        says(world, "zoe", conversation="other", channel="email")
    world.now = asked + 6 * DAY
    says(world, "zoe", at=asked + 30_000)
    assert any(f.at_ms == asked + 30_000 for f in world.asserted(ReplyMeasured))


def test_a_transfer_that_nobody_took_and_the_next_one_are_two() -> None:
    world = World()
    says(world)
    stands(world, "zoe")
    says(world, "zoe")
    world.now += MINUTE
    stands(world, "yan")
    world.now += 30 * MINUTE
    stands(world, "zoe")
    says(world, "zoe")
    world.wait(HOUR)
    first, second = world.asserted(TransferConcluded)
    assert (first.to.agent, first.outcome, first.ping_pong) == ("yan", "failed", False)
    assert (second.from_.agent, second.to.agent, second.outcome) == ("yan", "zoe", "successful")


def test_back_within_ten_minutes_it_is_one_and_ping_pong() -> None:
    world = World()
    says(world)
    stands(world, "zoe")
    says(world, "zoe")
    world.now += MINUTE
    stands(world, "yan")
    world.now += 9 * MINUTE
    stands(world, "zoe")
    world.wait(HOUR)
    assert (world.one(TransferConcluded).outcome, world.one(TransferConcluded).ping_pong) == (
        "bounced",
        True,
    )


@pytest.mark.long
def test_five_years_of_weekly_journeys_stay_small_and_add_up() -> None:
    world = World()
    sizes = []
    for week in range(5 * 52):
        world.now += WEEK - 2 * HOUR
        says(world, channel="whatsapp", conversation="thread")
        says(world, channel="email", conversation=f"mail-{week}")
        stands(world, "zoe" if week % 3 else "yan", where="thread")
        world.now += HOUR
        says(world, "zoe", channel="whatsapp", conversation="thread")
        says(world, "zoe", channel="email", conversation=f"mail-{week}")
        world.event(ConsentChanged, purpose=f"campaign {week}", state="granted", identifiers=who())
        for conversation, channel in (("thread", "whatsapp"), (f"mail-{week}", "email")):
            world.event(
                ConversationUpdated, conversation=conversation, channel=channel,
                status="resolved", actor=Actor("agent", "zoe"),
            )  # fmt: skip
        world.now += HOUR
        sizes.append(len(encode_state(state(world))))
    assert max(sizes) < 20_000 and max(sizes[-52:]) <= max(sizes[:52]) + 500
    assert len(state(world).journeys) < 4
    resolved = {f.journey for f in world.asserted(JourneyResolved)}
    assert len(resolved) > 200
    wanted: Counter[str] = Counter()
    for fact in world.asserted():
        for effect in effects(fact, +1):
            if isinstance(effect, PaneDelta):
                wanted[effect.cell] += effect.amount
    assert {c: n for c, n in world.panes.items() if n} == {c: n for c, n in wanted.items() if n}


def test_what_comes_for_a_journey_that_is_gone_changes_nothing() -> None:
    world = World()
    begin = world.now
    says(world)
    says(world, "zoe")
    world.now += MINUTE
    stands(world, "zoe", "resolved")
    world.wait(20 * DAY)
    assert not state(world).journeys and state(world).floor_ms
    before = len(world.history)
    says(world, at=begin + 1_000)
    stands(world, "yan", at=begin + 1_000)
    assert len(world.history) == before


@pytest.mark.long
def test_a_thread_that_is_never_resolved_stays_bounded() -> None:
    world = World()
    sizes = []
    for day in range(400):
        world.now += DAY
        says(world, channel="whatsapp", conversation=f"thread-{day % 2}")
        world.now += HOUR
        says(world, "zoe" if day % 2 else "yan", channel="whatsapp", conversation="thread-0")
        stands(world, "zoe", where="thread-0")
        sizes.append(len(encode_state(state(world))))
    assert max(sizes) < 80_000 and max(sizes[200:]) <= max(sizes[:200]) * 1.1
    assert len(world.asserted(ReplyMeasured)) == 400


def test_a_need_with_hundreds_of_conversations_is_remembered_in_bounds() -> None:
    world = World()
    for number in range(400):
        world.now += MINUTE
        says(world, conversation=f"ticket-{number}")
        world.now += MINUTE
        says(world, "zoe", conversation=f"ticket-{number}")
    [journey] = state(world).journeys.values()
    assert len(journey.attached) <= 2 * TIMELINE
    assert len(journey.published) <= 8 * TIMELINE
    assert len(encode_state(state(world))) < 100_000
