"""Decides all attachments of a customer anew, as if what is known of him now had always been known.

When a join brings two customers together, or a split or a late proof parts them, their open stories
are laid into one row in the order in which they arrived, and folded again from the start.  So a
customer's state is always what his own events, in their order of arrival, come to; whichever way
they came.  What is sealed stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from streams.journeys.conclude import Change, retract_all
from streams.journeys.derive import derive
from streams.journeys.fold import place
from streams.journeys.state import CustomerState, Entry, Journey
from streams.policy import Policy


def loose(state: CustomerState) -> list[Entry]:
    """All entries that can be laid anew."""
    found = [
        e for journey in state.journeys.values() if not journey.sealed for e in journey.timeline
    ]
    return [*found, *state.pending]


def refolded(
    state: CustomerState, entries: Iterable[Entry], known: Iterable[Journey], policy: Policy,
    late: list[Entry],
) -> tuple[set[str], list[Change]]:  # fmt: skip
    """Folds `entries` into `state` (a fork), whose unsealed journeys and pending entries are
    dropped first.

    `known` are the journeys in which the entries stood: one that is opened by the same event again
    is the same journey, and keeps its id and what it published.  Returns the journeys to look at,
    and what is taken back of those that are no more.  What belongs to a sealed part is let go of,
    and added to `late`.
    """
    former = {journey.origin: journey for journey in known if not journey.sealed}
    _emptied(state)
    for entry in _in_order(entries):
        for journey in list(state.journeys.values()):
            derive(_own(state, journey), state.domain, state.customer, policy, entry.arrived_ms)
        state.position += 1
        before = set(state.journeys)
        place(state, msgspec.structs.replace(entry, position=state.position), policy, late)
        for ident in set(state.journeys) - before:
            if (old := former.get(state.journeys[ident].origin)) is not None:
                _known_again(state, ident, old)
    taken_back: list[Change] = []
    kept = {journey.id for journey in state.journeys.values()}
    for journey in former.values():
        if journey.id not in kept:
            taken_back += retract_all(journey.fork())
    return kept, taken_back


def _emptied(state: CustomerState) -> None:
    state.journeys = {i: j for i, j in state.journeys.items() if j.sealed}
    state.conversations = {k: i for k, i in state.conversations.items() if i in state.journeys}
    state.pending = []


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """In order of arrival; what was told to both sides counts once."""
    once: dict[tuple[str, str], Entry] = {}
    for entry in sorted(entries, key=lambda e: (e.arrived_ms, e.id, e.position)):
        once.setdefault(
            (entry.id, entry.data["was"] if entry.kind == "twin" else entry.kind), entry
        )
    return list(once.values())


def _own(state: CustomerState, journey: Journey) -> Journey:
    own = journey.fork()
    state.journeys[own.id] = own
    return own


def _known_again(state: CustomerState, ident: str, old: Journey) -> None:
    """The journey that this event opened before: it keeps its id and what it published."""
    journey = state.journeys.pop(ident)
    again = journey.fork()
    again.id, again.published, again.before = old.id, dict(old.published), dict(old.before)
    state.journeys[old.id] = again
    for key, owner in state.conversations.items():
        if owner == ident:
            state.conversations[key] = old.id
    for other in state.journeys.values():
        if other.follows == ident:
            other.follows = old.id
