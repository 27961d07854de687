"""Compares what is so with what was published: new → revision 1, changed → +1, gone → retracted."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from schemas.facts import ChannelSwitched, Fact
from streams.journeys import sealing
from streams.journeys.corrections import corrects
from streams.journeys.derive import derive
from streams.journeys.state import CustomerState, Journey
from streams.policy import Policy

Change = tuple[Fact | None, Fact]
"""(what was asserted before or None, what is published now)."""


def conclude(
    state: CustomerState, journey: Journey, policy: Policy, now_ms: int
) -> tuple[list[Change], int | None]:
    """The changes of one journey (whose `published` is brought up to date), and when its silence
    will say more (ms), or None.
    """
    found = derive(journey, state.domain, state.customer, policy, now_ms)
    journey.policy = policy.version
    facts = sealing.standing(journey, found.facts)
    changes = list(_changes(journey, facts, found.parallel))
    whole = journey.timeline
    sealing.make_room(journey, found)
    journey.told = not found.looks and journey.timeline is whole
    return changes, min(found.looks, default=None)


def _changes(
    journey: Journey, facts: dict[str, Fact], parallel: Collection[str] = ()
) -> Iterator[Change]:
    """A switch that is taken back because both channels stayed in use is marked so."""
    for subject, old in list(journey.published.items()):
        if subject not in facts and old.state == "asserted":
            gone = msgspec.structs.replace(old, revision=old.revision + 1, state="retracted")
            if isinstance(gone, ChannelSwitched) and subject in parallel:
                gone = msgspec.structs.replace(gone, parallel=True)
            journey.published[subject] = gone
            yield old, gone
    for subject, fact in facts.items():
        known = journey.published.get(subject)
        if known is None:
            journey.published[subject] = fact
            yield None, fact
        elif known is not fact and not _equal(known, fact):
            new = msgspec.structs.replace(fact, revision=known.revision + 1)
            journey.published[subject] = new
            if corrects(known, new):
                journey.before[subject] = known
            yield (known if known.state == "asserted" else None), new


def _equal(known: Fact, fact: Fact) -> bool:
    """A policy that comes to the same conclusion does not revise it."""
    if known.at_ms != fact.at_ms or known.state != fact.state:
        return False  # most that differ do here
    if known.revision == 1 and known.policy == fact.policy and known.fold == fact.fold:
        return known == fact  # a derived fact has revision 1
    return known == msgspec.structs.replace(
        fact, revision=known.revision, policy=known.policy, fold=known.fold
    )


def retract_all(journey: Journey) -> Iterator[Change]:
    """The journey went into another one: what it stated is taken back."""
    yield from _changes(journey, {})
