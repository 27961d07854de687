"""What stands in a lane's lists of a customer's journeys, and follows them to another lane.

Sums are added up over all lanes, so it does not matter in which one a fact was taken back.  A line
of the ledger, whoever waits, and what is open stand in the lists of one lane: they are taken out
where a story leaves, and put in where it arrives.
"""

from __future__ import annotations

from schemas.facts import (
    Fact,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyAwaited,
)
from streams.fold import LiveDelta, View, Waiting
from streams.journeys.state import CustomerState, Journey
from streams.kpis.contributions import effects, lines, open_list

_TURNS = (JourneyOpened, JourneyReopened, JourneyResolved, JourneyClosed)


def turns(fact: Fact) -> bool:
    """May the journey be open, or not, because of it?"""
    return isinstance(fact, _TURNS)


def stands(state: CustomerState, ident: str, view: View) -> None:
    """Puts a journey into the list of open ones, or takes it out, as things stand now."""
    journey = state.journeys.get(ident)
    since_ms = _open_since_ms(journey) if journey else None
    view.emit(Waiting(open_list(state.domain), ident, since_ms))


def leave(state: CustomerState, view: View) -> None:
    """The story goes to another customer's lane."""
    for ident, journey in state.journeys.items():
        view.emit(Waiting(open_list(state.domain), ident, None))
        _carry(journey, -1, view)


def arrive(state: CustomerState, view: View) -> None:
    """The story is here now, as it stood where it came from."""
    for journey in state.journeys.values():
        _carry(journey, +1, view)


def forgotten(state: CustomerState, view: View) -> None:
    """Nobody waits any more, and nothing is open; what was counted stays counted."""
    for ident, journey in state.journeys.items():
        for fact in _asserted(journey):
            if isinstance(fact, ReplyAwaited):
                for effect in effects(fact, -1):
                    view.emit(effect)
        if _open_since_ms(journey) is not None:
            view.emit(LiveDelta(f"{state.domain}|resolved|{journey.last_channel()}", 1))
            view.emit(Waiting(open_list(state.domain), ident, None))


def _carry(journey: Journey, sign: int, view: View) -> None:
    for fact in _asserted(journey):
        for effect in lines(fact, sign):
            view.emit(effect)


def _asserted(journey: Journey) -> list[Fact]:
    return [fact for fact in journey.published.values() if fact.state == "asserted"]


def _open_since_ms(journey: Journey) -> int | None:
    """When its cycle began; None when it is resolved, closed, or nothing is in it any more."""
    if journey.empty or journey.resolved_ms or journey.closed_ms:
        return None
    again = [fact.at_ms for fact in _asserted(journey) if isinstance(fact, JourneyReopened)]
    return max(again, default=journey.cycle_ms or journey.opened_ms)
