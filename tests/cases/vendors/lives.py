"""Whole lives of conversations: a vendor's webhooks in order, and what a supervisor expects of them.

A life is a table of (time, webhook); what it comes to is a text of one line for each thing that
happened. It has to be the same however the webhooks arrive: each twice, all of them once more, and
neighbours in the other order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import ndiff
from typing import Any

import pytest

from schemas.common import Party
from schemas.events import MessagePosted
from schemas.facts import (
    ChannelSwitched,
    ContactRepeated,
    FactBase,
    FeedbackJoined,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyAwaited,
    ReplyMeasured,
    TransferConcluded,
    TransferStarted,
)
from streams.channels.base import Adapter, SourceConfig
from streams.channels.registry import adapters
from streams.demo.traffic.call import Call
from streams.stages.names import Names
from tests.conformance.vendors import Sample, wire
from tests.world import DOMAIN, HOUR, START, World

Hook = Callable[[int], Sample | Call]
"""What the vendor sends for a thing that happened at this time (ms)."""
Life = Sequence[tuple[str, Hook]]
"""(h:mm:ss since the beginning, webhook). What happened in one second may arrive in any order."""

BEGAN = START
_LATE_MS = 400


def ms(clock: str) -> int:
    """`1:02:03`, `2:03` or `3`, as ms since the epoch."""
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return BEGAN + round(seconds * 1_000)


def becomes(
    vendor: str, life: Life, expected: str, *, in_order: bool = False, silence_ms: int = 3 * HOUR,
    agents: Mapping[str, str] | None = None, places: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """The life comes to the expected lines, in whatever way its webhooks arrive.

    `in_order`: the vendor keeps the order, or tells no times of its own. `agents` and `places`
    (teams, queues) are names for its ids, as the settings have them. `silence_ms` passes at the end.
    """
    wanted = [" ".join(line.split()) for line in expected.strip().splitlines() if line.strip()]
    figures: Counter[str] | None = None
    for arrangement, hooks in _arrangements(life, in_order):
        world = _world(vendor, agents or {}, places or {}, options or {})
        for arrives, happened, hook in hooks:
            world.call(_called(vendor, hook(happened)), arrives)
        world.wait(silence_ms)
        assert not world.letters, (arrangement, world.sentences)
        found = [*told(world)]
        if found != wanted:
            pytest.fail(f"{arrangement}:\n" + "\n".join(ndiff(wanted, found)), pytrace=False)
        figures = figures or +world.panes
        assert +world.panes == figures, arrangement


def _called(vendor: str, told: Sample | Call) -> Call:
    if isinstance(told, Call):
        return told
    raw = wire(told)
    return Call(vendor, raw.body, raw.headers)


def _arrangements(life: Life, in_order: bool) -> Iterator[tuple[str, list[tuple[int, int, Hook]]]]:
    """(its name, [(arrives, happened, webhook)])."""
    hooks = [(ms(clock) + _LATE_MS, ms(clock), hook) for clock, hook in life]
    yield "as it happened", hooks
    yield "each twice", [one for one in hooks for _ in range(2)]
    again = [(hooks[-1][0] + 1_000, happened, hook) for _, happened, hook in hooks]
    if not in_order:
        yield "all once more", hooks + again
        for n in range(len(hooks) - 1):
            (_, happened, hook), after = hooks[n : n + 2]
            late = [after, (after[0], happened, hook)]
            name = f"number {n + 1} ({life[n][0]}) after number {n + 2} ({life[n + 1][0]})"
            yield name, [*hooks[:n], *late, *hooks[n + 2 :]]


def _world(
    vendor: str, agents: Mapping[str, str], places: Mapping[str, str], options: Mapping[str, str]
) -> World:
    named = {(vendor, ident): name for ident, name in places.items()}
    names = Names({(vendor, ident): name for ident, name in agents.items()}, named, named)
    source = SourceConfig(vendor, vendor, DOMAIN, options=options)
    late_ms = adapters()[vendor].lateness_ms
    lateness = {vendor: late_ms} if late_ms > Adapter.lateness_ms else {}
    return World(names=names, lateness=lateness, sources=[source])


# What came of it -----------------------------------------------------------------------------


_KINDS = (
    JourneyOpened, ContactRepeated, JourneyReopened, ChannelSwitched, QueueAbandoned, QueueWaited,
    TransferStarted, ReplyMeasured, JourneyResolved, FeedbackJoined, ReplyAwaited,
)  # fmt: skip
"""In this order where they happen at the same time."""


def told(world: World) -> Iterator[str]:
    """A line for each thing that happened, in order of time, and one of who said how much."""
    ends = {f.subject_id.removesuffix("/concluded"): f for f in world.asserted(TransferConcluded)}
    lines = [
        (f.at_ms, _KINDS.index(type(f)), _line(f, ends))
        for f in world.asserted()
        if type(f) in _KINDS
    ]
    for at_ms, _, line in sorted(lines):
        yield f"{_clock(at_ms - BEGAN)} {line}"
    if (people := len({f.customer for f in world.asserted()})) > 1:
        yield f"he is {people} people"
    said = _said(world)
    yield "said: " + (", ".join(f"{who} {n}" for who, n in sorted(said.items())) or "nothing")


def _said(world: World) -> Counter[str]:
    """How many messages by whom; one that counts twice would be here twice."""
    found = {e.id: e for e in world.events if isinstance(e, MessagePosted)}
    return Counter(
        "notes" if e.visibility == "internal"
        else e.automated if e.automated != "no"
        else e.actor.kind
        for e in found.values()
    )  # fmt: skip


def _line(fact: FactBase, ends: Mapping[str, Any]) -> str:
    match fact:
        case JourneyOpened():
            by = "us" if fact.proactive else fact.initiated_by
            return f"{fact.channel} opened by {by}"
        case ReplyMeasured():
            return f"{fact.which} reply by {fact.by or 'somebody'} after {_clock(fact.ms)}"
        case ReplyAwaited():
            return "waits for an answer"
        case QueueWaited():
            return f"waited {_clock(fact.wait_ms)} in {fact.queue}: {fact.outcome}"
        case QueueAbandoned():
            return f"gave up after {_clock(fact.wait_ms)} in {fact.queue}"
        case TransferStarted():
            end = ends.get(fact.subject_id)
            way = f"{_party(fact.from_)} → {_party(end.to if end else fact.to)}"
            outcome = (end.outcome if end else "under way") + (
                ", ping-pong" if end and end.ping_pong else ""
            )
            return f"{fact.kind} transfer {way}: {outcome}"
        case ChannelSwitched():
            return f"switched {fact.from_} → {fact.to} ({fact.cause})"
        case JourneyResolved():
            return "resolved"
        case JourneyReopened():
            return "reopened"
        case ContactRepeated():
            return "repeated contact"
        case FeedbackJoined():
            return f"{fact.instrument} {fact.score:g}"
    return ""


def _party(party: Party) -> str:
    return party.agent or party.team or party.queue or party.bot or party.app or "nobody"


def _clock(span_ms: int) -> str:
    minutes, seconds = divmod(round(span_ms / 1_000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
