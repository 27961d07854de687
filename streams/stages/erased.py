"""A customer who was erased: what is kept of him goes at once, and what still comes is dropped."""

from __future__ import annotations

from schemas.cloudevents import CONTENT_TYPE, encode_notification
from schemas.events import Event, JourneyMoved
from streams.fold import Count, Publish, View
from streams.journeys import moves
from streams.journeys.state import CustomerState
from streams.notifications.decide import About, withdrawn
from streams.policy import Policy
from streams.stages import listed, stories
from streams.stages.concluding import timer_number

_HEADERS = (("content-type", CONTENT_TYPE),)


def erase(customer: str, domain: str, policy: Policy, view: View) -> None:
    """Nobody waits for him any more, and nobody is told of him; what was counted stays counted."""
    known: CustomerState | None = view.get(customer)
    state = known or CustomerState(customer, domain)
    listed.forgotten(state, view)
    _withdraw(state, policy, view)
    for ident in state.journeys:
        view.clear_timer(customer, "look", timer_number(ident))
    view.put(customer, moves.erased(state))
    view.delete(f"ctx:{customer}")


def dropped(event: Event, policy: Policy, view: View) -> None:
    """`event` is of a customer who was erased."""
    view.emit(Count("erased_total", (event.source,)))
    if isinstance(event, JourneyMoved):
        # A story that was on its way: it ends here as it would have, and those who have left him
        # since get their part of it.
        stories.moved(event, policy, view)
        erase(event.customer, event.domain, policy, view)


def _withdraw(state: CustomerState, policy: Policy, view: View) -> None:
    about = About(now_ms=view.now_ms, policy=policy, locale=state.locale, consent=state.consent)
    facts = (fact for journey in state.journeys.values() for fact in journey.published.values())
    for notice in withdrawn(facts, state.notices, about):
        view.emit(
            Publish("notifications", notice.collapse_key, encode_notification(notice), _HEADERS)
        )
