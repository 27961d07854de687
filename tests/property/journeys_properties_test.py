"""What holds for every history: replay, batching, repeats, and figures that reconcile."""

from __future__ import annotations

from collections import Counter
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.common import Actor, Party
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    QueueEntered,
    QueueLeft,
)
from streams.engine.driver import Driver
from streams.fold import PaneDelta, Record
from streams.kpis.contributions import effects
from streams.stages.journeys import Journeys
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
        envelope = {
            "id": f"e{number}", "source": "s", "domain": DOMAIN, "time_ms": arrival - late,
            "recorded_ms": arrival, "channel": channel, "customer": customer,
            "conversation": {"source": "s", "id": f"{customer}/{channel}"}, "identifiers": who(),
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
                ]
            )
        )
        kind, fields, actor = made
        from schemas.common import ConversationRef

        envelope["conversation"] = ConversationRef(**envelope["conversation"])
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
    todo = [(record, lane.fold.prepare(record)) for record in batch]
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


@settings(max_examples=120, deadline=None)
@given(histories(), st.lists(st.integers(1, 7), max_size=20))
def test_any_batching_gives_the_same_bytes(events: list[EventBase], sizes: list[int]) -> None:
    assert folded(records(events), sizes) == folded(records(events), [])


@settings(max_examples=120, deadline=None)
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


@settings(max_examples=60, deadline=None)
@given(histories())
def test_nobody_is_told_twice_and_only_what_was_told_is_withdrawn(events: list[EventBase]) -> None:
    world = World()
    for event in events:
        world.now = event.recorded_ms
        world.put(event)
    sent = [n.id for n in world.notices if n.op == "send"]
    assert len(sent) == len(set(sent))
    assert {n.id for n in world.notices if n.op == "cancel"} <= set(sent)


@settings(max_examples=60, deadline=None)
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


@settings(max_examples=200, deadline=None)
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
