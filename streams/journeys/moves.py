"""Stories between customers: a join brings one's whole story to another, a split or a proof takes
conversations out again.  Exactly once, because each side's change and the record that carries the
story are one commit.

The loser of a join leaves a tombstone that forwards what still comes for him.  No KPI moves: what a
journey stated is taken back, or confirmed, where it now lives.
"""

from __future__ import annotations

from collections.abc import Callable

from streams.journeys.conclude import Change
from streams.journeys.refold import loose, refolded
from streams.journeys.remembered import members_of
from streams.journeys.state import SEEN, CustomerState, Entry
from streams.policy import Policy


def tombstone(state: CustomerState, winner: str) -> CustomerState:
    """What is left of the loser."""
    return CustomerState(state.customer, state.domain, opened=state.opened, moved_to=winner)


def erased(state: CustomerState) -> CustomerState:
    """What is left of a customer who was erased: nothing that comes later is kept of him."""
    return CustomerState(state.customer, state.domain, left=dict(state.left), erased=True)


def doubted(state: CustomerState) -> CustomerState:
    """The same story (a fork), of which nothing is certain to be its new customer's."""
    state = state.fork()
    waiting = (e.conversation for e in state.pending if e.conversation)
    state.doubtful = list(dict.fromkeys([*state.doubtful, *state.conversations, *waiting]))
    return state


def unite(
    state: CustomerState, other: CustomerState, sender: str, policy: Policy, late: list[Entry]
) -> tuple[set[str], list[Change]]:
    """Puts `other`'s story into `state` (a fork); `sender` is who had it.  Returns the journeys to
    look at again, and what is taken back of journeys that are no more.  What belongs to a sealed
    part is let go of, and added to `late`.
    """
    entries = [*loose(state), *loose(other)]
    known = [*state.journeys.values(), *other.journeys.values()]
    for ident, journey in other.journeys.items():
        if journey.sealed:
            state.journeys[ident] = journey
    state.seen = list(dict.fromkeys([*other.seen, *state.seen]))[-2 * SEEN :]
    state.floor_ms = max(state.floor_ms, other.floor_ms)
    state.consent = {**other.consent, **state.consent}
    state.notices = state.notices.united(other.notices)
    back = {state.customer, other.customer}
    left = {**other.left, **state.left}
    came_back = {e.conversation for e in loose(other) if left.get(e.conversation) == sender}
    state.left = {m: to for m, to in left.items() if to not in back and m not in came_back}
    waiting = (e.conversation for e in other.pending if e.conversation)
    for key in {*other.conversations, *other.members, *waiting}:
        members = list(dict.fromkeys([*members_of(state, key), *members_of(other, key)]))[:4]
        if members != [state.customer]:
            state.members[key] = members
    sure = _sure(state) | _sure(other)
    both = dict.fromkeys([*state.doubtful, *other.doubtful])
    state.doubtful = [key for key in both if key not in sure]
    state.conversations = {**other.conversations, **state.conversations}
    return refolded(state, entries, known, policy, late)


def _sure(state: CustomerState) -> set[str]:
    """Conversations of his without doubt."""
    return {key for key in state.conversations if key not in state.doubtful}


def taken_out(
    state: CustomerState, goes: Callable[[str], bool], proven: str, into: str, policy: Policy,
    late: list[Entry],
) -> tuple[CustomerState, set[str], list[Change]]:  # fmt: skip
    """Takes the conversations of which `goes` (by key) out of `state` (a fork).  What was doubtful
    stays so, but for the one that is `proven` to be `into`'s.

    Returns their story as a state for `into`, the journeys that stay to be looked at, and what is
    taken back of those that are no more.  Sealed journeys stay; what belongs to a sealed part is
    let go of, and added to `late`.
    """
    entries = loose(state)
    known = list(state.journeys.values())
    going = {e.conversation for e in entries if e.conversation and goes(e.conversation)}
    parted = CustomerState(
        into,
        state.domain,
        opened=state.opened,
        seen=list(state.seen),
        floor_ms=state.floor_ms,
        consent=dict(state.consent),
        members={key: state.members[key] for key in going if key in state.members},
        conversations={k: i for k, i in state.conversations.items() if k in going},
        doubtful=[key for key in state.doubtful if key in going and key != proven],
    )
    parted.pending = [e for e in entries if e.conversation in going]
    for key in going:
        state.conversations.pop(key, None)
        state.members.pop(key, None)
    state.doubtful = [key for key in state.doubtful if key not in going]
    touched, taken_back = refolded(
        state, [e for e in entries if e.conversation not in going], known, policy, late
    )
    return parted, touched, taken_back
