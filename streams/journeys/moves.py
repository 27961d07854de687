"""A customer joins another: his whole state moves, exactly once, and is united there.

The loser's fold sends his state to the winner and leaves a tombstone that forwards what still
comes.  The winner unites conversations by their native id and timelines by event id; a journey that
both have goes into the older one, and open journeys that the rules would have made one become one.
No KPI moves: what the younger journey stated is taken back where it now lives.
"""

from __future__ import annotations

from itertools import pairwise

import msgspec

from streams.journeys.attach import compatible
from streams.journeys.conclude import Change, retract_all
from streams.journeys.state import SEEN, CustomerState, Entry
from streams.policy import Policy


def tombstone(state: CustomerState, winner: str) -> CustomerState:
    """What is left of the loser."""
    return CustomerState(state.customer, state.domain, opened=state.opened, moved_to=winner)


def unite(
    state: CustomerState, other: CustomerState, policy: Policy
) -> tuple[set[str], list[Change]]:
    """Puts `other` into `state` (a fork). Returns the journeys to look at again, and what is taken
    back of journeys that went into others.
    """
    shift = state.position
    state.position += other.position
    state.seen = [*state.seen, *other.seen][-SEEN:]
    state.consent = {**other.consent, **state.consent}
    state.pending = [*state.pending, *other.pending]
    state.notices = state.notices.united(other.notices)
    touched: set[str] = set()
    for ident, journey in other.journeys.items():
        moved = journey.fork()
        moved.timeline = [_shifted(e, shift) for e in moved.timeline]
        state.journeys[ident] = moved
        touched.add(ident)
    taken_back: list[Change] = []
    for key, ident in other.conversations.items():
        mine = state.conversations.get(key)
        if mine is not None and mine != ident and mine in state.journeys:
            kept = _merge(state, mine, ident, taken_back)
            touched.add(kept)
        else:
            state.conversations[key] = ident
    _merge_open(state, policy, touched, taken_back)
    return {ident for ident in touched if ident in state.journeys}, taken_back


def _merge_open(
    state: CustomerState, policy: Policy, touched: set[str], taken_back: list[Change]
) -> None:
    """Open journeys whose acts lie within a window of each other are one need."""
    open_ones = sorted(
        (j for j in state.journeys.values() if not j.resolved_ms),
        key=lambda j: (j.opened_ms, j.id),
    )
    for older, younger in pairwise(open_ones):
        if older.id not in state.journeys or younger.id not in state.journeys:
            continue
        window_ms = max(
            policy.window_ms(older.last_channel()), policy.window_ms(younger.last_channel())
        )
        near = younger.opened_ms - older.last_ms <= window_ms
        if near and compatible(older.topic, younger.topic):
            touched.add(_merge(state, older.id, younger.id, taken_back))


def _merge(state: CustomerState, a: str, b: str, taken_back: list[Change]) -> str:
    """Two journeys into the older one; returns its id."""
    if a not in state.journeys or b not in state.journeys or a == b:
        return a if a in state.journeys else b
    older, younger = sorted(
        (state.journeys[a], state.journeys[b]), key=lambda j: (j.opened_ms, j.id)
    )
    older, younger = older.fork(), younger.fork()
    known = {(e.id, e.kind) for e in older.timeline}
    older.timeline += [e for e in younger.timeline if (e.id, e.kind) not in known]
    keys = {attached.key for attached in older.attached}
    older.attached += [attached for attached in younger.attached if attached.key not in keys]
    older.proactive = older.proactive and younger.proactive
    taken_back += retract_all(younger)
    state.journeys[older.id] = older
    del state.journeys[younger.id]
    for key, ident in state.conversations.items():
        if ident == younger.id:
            state.conversations[key] = older.id
    return older.id


def _shifted(entry: Entry, shift: int) -> Entry:
    """Positions order entries of equal time: the other's come after ours."""
    return msgspec.structs.replace(entry, position=entry.position + shift)
