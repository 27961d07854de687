"""What has become of a customer's journeys: told, timed, and sealed when they are history."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

from streams.fold import Timer, View
from streams.journeys.conclude import conclude
from streams.journeys.state import CustomerState, Excerpts, Journey
from streams.policy import Policy
from streams.stages.announce import announce


def concluded(
    state: CustomerState,
    touched: Iterable[str],
    policy: Policy,
    excerpts: Excerpts | None,
    view: View,
) -> None:
    """Looks at these journeys again, and keeps the state."""
    for ident in sorted(touched):
        journey = state.journeys[ident]
        changes, look_ms = conclude(state, journey, policy, view.now_ms)
        announce(state, changes, policy, excerpts, view)
        if journey.empty:
            del state.journeys[ident]
            view.clear_timer(state.customer, "look", timer_number(ident))
            continue
        if journey.closed_ms and view.now_ms >= journey.closed_ms + policy.seal_ms:
            seal(state, ident, view)
            continue
        if journey.closed_ms:
            seal_ms = journey.closed_ms + policy.seal_ms
            look_ms = min(look_ms, seal_ms) if look_ms else seal_ms
        if look_ms is None:
            view.clear_timer(state.customer, "look", timer_number(ident))
        else:
            view.set_timer(Timer(look_ms, state.customer, "look", timer_number(ident)))
    view.put(state.customer, state)


def seal(state: CustomerState, ident: str, view: View) -> None:
    """A week after closing the journey is history: only its facts remain, in the topic."""
    journey = state.journeys.pop(ident)
    state.floor_ms = max(state.floor_ms, journey.last_ms, journey.resolved_ms)
    for key in [k for k, owner in state.conversations.items() if owner == ident]:
        del state.conversations[key]
        state.members.pop(key, None)
    state.doubtful = [key for key in state.doubtful if key in state.conversations]
    view.clear_timer(state.customer, "look", timer_number(ident))


def is_history(journey: Journey, policy: Policy, now_ms: int) -> bool:
    """Closed for long enough (what is told to the end is closed): to conclude it once more would
    say the same.  (A property test compares the two.)
    """
    return (
        journey.told
        and journey.policy == policy.version
        and now_ms >= journey.closed_ms + policy.seal_ms
    )


def of_timer(state: CustomerState, number: int) -> list[str]:
    """The journeys for which a timer with this number was set."""
    return [ident for ident in sorted(state.journeys) if number in _numbers(ident)]


def timer_number(journey: str) -> int:
    """The last part of a journey's id; journeys that moved here keep theirs, so a hash of the
    whole keeps two of the same number apart.
    """
    return _numbers(journey)[0]


@lru_cache(maxsize=65_536)
def _numbers(journey: str) -> tuple[int, int]:
    """The timer's number, and the one that it had in the first version: such may still be set."""
    customer, _, number = journey.rpartition(".")
    owner = customer.encode()
    return int(number) + 1_000_000 * crc32(owner), int(number) + 1_000 * (sum(owner) % 1_000)
