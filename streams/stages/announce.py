"""What a change of facts sends out: the fact itself, its figures, the context, and notices."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from schemas.cloudevents import CONTENT_TYPE, encode_fact, encode_notification, kind_of
from schemas.facts import ChannelSwitched, ContextReady, TransferConcluded, TransferStarted
from streams.fold import Count, Publish, Recent, View
from streams.journeys.conclude import Change
from streams.journeys.documents import context_document
from streams.journeys.state import CustomerState, Excerpts
from streams.kpis.contributions import effects
from streams.notifications.decide import About, concerns, decide
from streams.policy import Policy
from streams.stages.listed import stands, turns

_HEADERS = (("content-type", CONTENT_TYPE),)
_RECENT = {
    ChannelSwitched: "switches",
    TransferStarted: "transfers",
    TransferConcluded: "transfers",
}
_json = msgspec.json.Encoder().encode


def announce(
    state: CustomerState,
    changes: Iterable[Change],
    policy: Policy,
    excerpts: Excerpts | None,
    view: View,
) -> None:
    """Asks the engine for all that follows from `changes`; brings `state.notices` up to date."""
    for old, new in changes:
        view.emit(Publish("journeys", state.customer, encode_fact(new), _HEADERS))
        view.emit(_counted("facts_total", kind_of(type(new)), new.state))
        if old is not None:
            for effect in effects(old, -1):
                view.emit(effect)
        if new.state == "asserted":
            for effect in effects(new, +1):
                view.emit(effect)
        if (name := _RECENT.get(type(new))) is not None:
            view.emit(Recent(name, _json(new)))
        if isinstance(new, ContextReady) and new.state == "asserted":
            document = context_document(state, excerpts, view.now_ms)
            document["subject_id"] = new.subject_id
            view.emit(Publish("context", state.customer, _json(document)))
        _notify(state, old, new, policy, view)
        if turns(new):
            stands(state, new.journey, view)


def _notify(state: CustomerState, old: Any, new: Any, policy: Policy, view: View) -> None:
    if not concerns(new, state.notices):
        return
    journey = state.journeys.get(new.journey)
    last = journey.attached[-1] if journey and journey.attached else None
    about = About(
        now_ms=view.now_ms,
        policy=policy,
        locale=state.locale,
        consent=state.consent,
        reply_to=last.ref if last else None,
    )
    state.notices, notices = decide(old, new, state.notices, about)
    for notice in notices:
        view.emit(_counted("notifications_total", notice.rule, notice.op))
        view.emit(
            Publish("notifications", notice.collapse_key, encode_notification(notice), _HEADERS)
        )


@cache
def _counted(metric: str, *labels: str) -> Count:
    """Labels are few and the same again and again."""
    return Count(metric, labels)
