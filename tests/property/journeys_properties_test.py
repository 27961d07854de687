"""What holds for every history: replay, batching, repeats, and figures that reconcile."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.common import Actor, ConversationRef, Party
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ContactEnded,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
)
from streams.engine.driver import Driver
from streams.fold import PaneDelta, Record
from streams.kpis.contributions import effects
from streams.stages.journeys import Journeys
from tests.examples import QUICK, examples
from tests.property.bounded import what_stands
from tests.world import DOMAIN, START, States, World, who

from schemas.cloudevents import encode_event  # isort: skip

CHANNELS = ("chat", "email", "whatsapp", "voice")


@st.composite
def histories(draw: st.DrawFn) -> list[EventBase]:
    """Events of two customers, in order of arrival; some late, some repeated."""
    events: list[EventBase] = []
    arrival = START
    for number in range(draw(st.integers(1, 25))):
        arrival += draw(st.sampled_from([1_000, 30_000, 120_000, 1_800_000, 90_000_000]))
        late = draw(st.sampled_from([0, 0, 0, 5_000, 400_000]))
        customer = draw(st.sampled_from(["ada-0", "bo-0"]))
        channel = draw(st.sampled_from(CHANNELS))
        source = draw(st.sampled_from(["s", "s", "t"]))
        envelope = {
            "id": f"e{number}", "source": source, "domain": DOMAIN, "time_ms": arrival - late,
            "recorded_ms": arrival, "channel": channel, "customer": customer,
            "conversation": ConversationRef(source, f"{customer}/{channel}"), "identifiers": who(),
        }  # fmt: skip
        agent = Actor("agent", draw(st.sampled_from(["zoe", "yan"])))
        made = draw(
            st.sampled_from(
                [
                    (
                        MessagePosted,
                        {"message_id": f"m{number}", "direction": "inbound"},
                        Actor("customer"),
                    ),
                    (MessagePosted, {"message_id": f"m{number}", "direction": "outbound"}, agent),
                    (
                        MessagePosted,
                        {"message_id": f"m{number}", "direction": "outbound"},
                        Actor("bot"),
                    ),
                    (AssignmentChanged, {"to": Party(agent=agent.id)}, Actor("system")),
                    (ConversationUpdated, {"status": "resolved"}, agent),
                    (ConversationUpdated, {"topic": "billing"}, agent),
                    (ConversationUpdated, {"urgency": "high", "priority": "urgent"}, agent),
                    (QueueEntered, {"queue": "q"}, Actor("customer")),
                    (QueueLeft, {"queue": "q", "outcome": "abandoned"}, Actor("customer")),
                    (AgentConnected, {"agent": agent.id}, Actor("customer")),
                    (
                        TransferReported,
                        {"kind": "unknown", "phase": "started", "to": Party(queue="q")},
                        agent,
                    ),
                    (
                        SelfserviceStepped,
                        {"resource": "bot", "step": "human", "outcome": "escalated"},
                        Actor("bot"),
                    ),
                    (ContactEnded, {"answered": True}, Actor("system")),
                    (
                        MessagePosted,
                        {
                            "message_id": f"m{number}",
                            "direction": "inbound",
                            "personal": {"text": "Thanks!"},
                        },
                        Actor("customer"),
                    ),
                ]
            )
        )
        kind, fields, actor = made
        event = kind(**envelope, **fields, actor=actor)
        events.append(event)
        if draw(st.integers(0, 6)) == 0:
            events.append(event)
    return events


def records(events: list[EventBase]) -> list[Record]:
    return [
        Record("events", 0, offset, event.recorded_ms, b"", encode_event(event))
        for offset, event in enumerate(events)
    ]


def folded(batch: list[Record], sizes: list[int]) -> tuple[list[bytes], dict[str, bytes]]:
    """All that is published, and the states, when committed in batches of these sizes."""
    lane = Driver(Journeys(), "test", "events", 0)
    lane.states = States()
    published: list[bytes] = []
    states: dict[str, bytes] = {}
    todo = lane.prepare(batch)
    sizes = [*sizes, 1_000_000]
    while todo:
        done = lane.advance(todo, sizes[0])
        todo = todo[done:]
        sizes = sizes[1:] if len(sizes) > 1 else sizes
        found = lane.take()
        published += [o.pos.encode() + b" " + o.publish.value for o in found.outbox]
        for key, raw in found.states.items():
            if raw is not None:
                states[key] = raw
    return published, states


@examples(120)
@given(histories(), st.lists(st.integers(1, 7), max_size=20))
def test_any_batching_gives_the_same_bytes(events: list[EventBase], sizes: list[int]) -> None:
    assert folded(records(events), sizes) == folded(records(events), [])


@examples(120)
@given(histories())
def test_figures_are_what_the_facts_that_stand_add_up_to(events: list[EventBase]) -> None:
    world = World()
    for event in events:
        world.now = event.recorded_ms
        world.put(event)
    wanted: Counter[str] = Counter()
    for fact in world.asserted():
        for effect in effects(fact, +1):
            if isinstance(effect, PaneDelta):
                wanted[effect.cell] += effect.amount
    # Panes older than their time are gone on purpose; these histories end within it.
    assert {c: n for c, n in world.panes.items() if n} == {c: n for c, n in wanted.items() if n}
    entries = sum(1 for f in world.asserted() for e in effects(f, 1) if hasattr(e, "entry"))
    assert len(world.ledger) == entries


@examples(60)
@given(histories())
def test_nobody_is_told_twice_and_only_what_was_told_is_withdrawn(events: list[EventBase]) -> None:
    world = World()
    for event in events:
        world.now = event.recorded_ms
        world.put(event)
    sent = [n.id for n in world.notices if n.op == "send"]
    assert len(sent) == len(set(sent))
    assert {n.id for n in world.notices if n.op == "cancel"} <= set(sent)


@examples(60)
@given(histories())
def test_a_whole_replay_of_the_deliveries_changes_nothing(events: list[EventBase]) -> None:
    """Within what is remembered (32 ids a customer)."""
    world = World()
    few = events[:15]
    for event in few:
        world.now = event.recorded_ms
        world.put(event)
    before = len(world.history)
    for event in few:
        world.put(event)
    assert len(world.history) == before


@pytest.mark.parametrize("seed", range(40))
def test_a_replay_of_a_history_longer_than_what_is_remembered_changes_nothing(seed: int) -> None:
    """A hundred and more events: most ids are forgotten, many entries are one run, some sealed."""
    dice = random.Random(seed)
    world = World()
    events = []
    for number in range(140):
        world.now += dice.choice((1_000, 20_000, 600_000))
        by_customer = dice.random() < 0.5
        what = MessagePosted if dice.random() < 0.8 else AssignmentChanged
        fields = (
            {"message_id": f"m{number}", "direction": "inbound" if by_customer else "outbound"}
            if what is MessagePosted
            else {"to": Party(agent=dice.choice(("zoe", "yan")))}
        )
        channel = dice.choice(("chat", "chat", "chat", "email"))
        by = "customer" if by_customer else "agent"
        events.append(
            world.event(
                what, id=f"e{number}", channel=channel, conversation=channel, identifiers=who(),
                actor=Actor(by, None if by_customer else "zoe"), **fields,
            )
        )  # fmt: skip
    before = len(world.history)
    for event in events:
        world.put(event)
    assert len(world.history) == before
    assert world.counted("late_total", "s") > 0


@examples(200)
@given(histories())
def test_the_fast_path_concludes_what_the_full_derivation_concludes(
    events: list[EventBase],
) -> None:
    def facts() -> list[bytes]:
        published, _ = folded(records(events), [])
        return [line.partition(b" ")[2] for line in published]

    fast = facts()
    with mock.patch("streams.journeys.fold.goes_on", return_value=False):
        assert fast == facts()
        with mock.patch("streams.journeys.findings.Findings.stands", return_value=False):
            assert fast == facts()


TALKS = (("chat",), ("chat", "email"), ("chat", "chat", "email"), ("chat", "email", "voice"))
SEEDS = 600
PART = 60


@st.composite
def long_histories(draw: st.DrawFn, size: int = 120) -> list[EventBase]:
    """One customer's, in order, with vendors that tell with each body how things stand."""
    dice = draw(st.randoms(use_true_random=False))
    channels = draw(st.sampled_from(TALKS[:3]))
    return long_history(dice, channels, size)


def long_history(dice: random.Random, channels: tuple[str, ...], size: int) -> list[EventBase]:
    events: list[EventBase] = []
    at_ms = START
    for number in range(size):
        at_ms += dice.choice([1_000, 20_000, 120_000, 700_000, 1_800_000])
        channel, agent = dice.choice(channels), dice.choice(["zoe", "yan"])
        envelope: dict[str, Any] = {
            "id": f"e{number}", "source": "s", "domain": DOMAIN, "time_ms": at_ms,
            "recorded_ms": at_ms, "channel": channel, "customer": "ada-0", "identifiers": who(),
            "conversation": ConversationRef("s", channel), "actor": Actor("system"),
        }  # fmt: skip
        match dice.choice("iiioooasssstrn"):
            case "i":
                envelope |= {"actor": Actor("customer"), "direction": "inbound"}
                made: EventBase = MessagePosted(**envelope, message_id=f"m{number}")
            case "o":
                envelope |= {"actor": Actor("agent", agent), "direction": "outbound"}
                made = MessagePosted(**envelope, message_id=f"m{number}")
            case "n":
                made = ConversationUpdated(**envelope, note=True)
            case "a":
                team = dice.choice([None, "desk"])
                made = AssignmentChanged(**envelope, to=Party(agent=agent, team=team))
            case "t":
                made = AssignmentChanged(**envelope, to=Party(agent="zoe"))
            case "s":
                made = ConversationUpdated(**envelope, status="open", priority=dice.choice("112"))
            case _:
                status: Any = dice.choice(["resolved", *["open"] * 9])
                made = ConversationUpdated(**envelope, status=status)
        events.append(made)
    return events


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(PART, SEEDS, PART))]
)
def test_what_is_let_go_of_changes_no_conclusion(first: int) -> None:
    """A timeline of 64 entries comes to what one without a bound comes to."""
    for seed in range(first, first + (PART // 6 if QUICK else PART)):
        dice = random.Random(seed)
        events = long_history(dice, dice.choice(TALKS), 120)
        assert what_stands(events, 64) == what_stands(events, 10_000), seed


@examples(40)
@given(long_histories(24), st.randoms(use_true_random=False))
def test_any_order_of_arrival_comes_to_the_same(events: list[EventBase], dice: Any) -> None:
    """Of one journey, all attached: repeated states among them."""
    channel = events[0].channel
    first = MessagePosted(
        id="first", source="s", domain=DOMAIN, time_ms=START, recorded_ms=START, channel=channel,
        customer="ada-0", conversation=ConversationRef("s", channel), identifiers=who(),
        actor=Actor("customer"), message_id="first", direction="inbound",
    )  # fmt: skip
    one = [
        event
        for event in events
        if event.channel == channel and getattr(event, "status", None) in {None, "open"}
    ]
    now_ms = events[-1].recorded_ms
    told = [msgspec.structs.replace(event, recorded_ms=now_ms) for event in one]
    mixed = list(told)
    dice.shuffle(mixed)
    assert what_stands([first, *told], 64) == what_stands([first, *mixed], 64)
