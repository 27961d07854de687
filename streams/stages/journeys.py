"""The journeys stage: a customer's events in; facts, figures, contexts and notices out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from schemas.cloudevents import (
    CONTENT_TYPE,
    decode_event,
)
from schemas.events import (
    ClockTick,
    ErasureRequested,
    Event,
    IdentityJoined,
    IdentityLinked,
    IdentitySplit,
    JourneyMoved,
    OperatorCommand,
    PolicyChanged,
)
from streams.fold import Count, Fold, Record, Timer, View
from streams.journeys import context
from streams.journeys.fold import put
from streams.journeys.remembered import is_repeat, remember
from streams.journeys.state import (
    CustomerState,
    Excerpts,
    decode_excerpts,
    decode_state,
    encode_state,
)
from streams.policy import Policy, changed, decode_policy
from streams.stages import erased, stories
from streams.stages.concluding import concluded, is_history, of_timer, seal
from streams.stages.letters import dead_letter

_HEADERS = (("content-type", CONTENT_TYPE),)
_json = msgspec.json.Encoder().encode


class Journeys(Fold):
    """State: one `CustomerState` under the customer's id, excerpts under `ctx:<customer>`, the
    policy under `policy:<domain>`.
    """

    name = "journeys"
    version = "1"
    input_topic = "events"

    def __init__(self, lateness: Mapping[str, int] | None = None) -> None:
        """`lateness`: source → ms, of those whose vendor may tell later than the policy waits."""
        self._lateness = dict(lateness or {})
        self._default = Policy(lateness=self._lateness)

    def _policy(self, view: View, domain: str) -> Policy:
        known: Policy | None = view.get(f"policy:{domain}")
        if known is None:
            return self._default
        if known.lateness == self._lateness:
            return known
        return msgspec.structs.replace(known, lateness=self._lateness)

    def prepare(self, record: Record) -> Event | str:
        try:
            return decode_event(record.value or b"")
        except msgspec.DecodeError as error:
            return f"A record of the events topic cannot be read: {error}."

    def keys(self, prepared: Event | str) -> Iterable[str]:
        if isinstance(prepared, str | ClockTick):
            return ()
        if isinstance(prepared, IdentityLinked) and prepared.conversation is None:
            return ()
        if isinstance(prepared, PolicyChanged):
            return (f"policy:{prepared.domain}",)
        customer = _concerned(prepared)
        return (customer, f"ctx:{customer}", f"policy:{prepared.domain}")

    def apply(self, prepared: Event | str, record: Record, view: View) -> None:
        match prepared:
            case str():
                dead_letter(view, record, "malformed", prepared, self.name)
            case ClockTick() | IdentityLinked(conversation=None):
                pass  # the engine's clock has moved, or only identity has learnt: that was all
            case PolicyChanged():
                self._policy_changed(prepared, record, view)
            case ErasureRequested():
                erased.erase(
                    prepared.customer, prepared.domain, self._policy(view, prepared.domain), view
                )
            case _ if (gone := view.get(_concerned(prepared))) is not None and gone.erased:
                erased.dropped(prepared, self._policy(view, prepared.domain), view)
            case IdentityJoined():
                stories.joined(prepared, view)
            case JourneyMoved():
                stories.moved(prepared, self._policy(view, prepared.domain), view)
            case IdentitySplit():
                stories.split(prepared, self._policy(view, prepared.domain), view)
            case OperatorCommand(command="attach"):
                stories.confirmed(prepared, self._policy(view, prepared.domain), view)
            case _:
                self._event(prepared, view)

    def _policy_changed(self, event: PolicyChanged, record: Record, view: View) -> None:
        try:
            policy = changed(self._policy(view, event.domain), event.version, event.policy)
        except msgspec.ValidationError as error:
            dead_letter(view, record, "bad_policy", f"The policy is refused: {error}.", self.name)
            return
        view.put(f"policy:{event.domain}", policy)

    def _event(self, event: Event, view: View) -> None:
        policy = self._policy(view, event.domain)
        known: CustomerState | None = view.get(event.customer)
        excerpts: Excerpts | None = view.get(f"ctx:{event.customer}")
        if known is not None and (to := stories.whose(known, event.members)):
            stories.forward(event, to, view)
            return
        if known is not None and is_repeat(known, event):
            view.emit(Count("duplicates_total", (event.source,)))
            return
        state = known.fork() if known else CustomerState(event.customer, event.domain)
        settled = remember(state, event)
        touched, late = put(state, event, policy)
        for source in late:
            view.emit(Count("late_total", (source,)))
        heard = context.listened(excerpts, event, policy)
        if heard is not None:
            view.put(f"ctx:{event.customer}", heard)
        concluded(state, touched | settled, policy, heard or excerpts, view)

    def fire(self, timer: Timer, view: View) -> None:
        """`look`: silence says more now."""
        state: CustomerState | None = view.get(timer.entity)
        if state is None or state.moved_to or state.erased:
            return
        policy = self._policy(view, state.domain)
        excerpts: Excerpts | None = view.get(f"ctx:{timer.entity}")
        state = state.fork()
        touched = []
        for ident in of_timer(state, timer.number):
            if is_history(state.journeys[ident], policy, view.now_ms):
                seal(state, ident, view)
            else:
                state.journeys[ident] = state.journeys[ident].fork()
                touched.append(ident)
        concluded(state, touched, policy, excerpts, view)

    def encode(self, key: str, state: Any) -> bytes:
        return encode_state(state)

    def decode(self, key: str, raw: bytes) -> Any:
        if key.startswith("ctx:"):
            return decode_excerpts(raw)
        if key.startswith("policy:"):
            return decode_policy(raw)
        return decode_state(raw)


def _concerned(event: Event) -> str:
    """The customer whose state it is about."""
    return event.loser if isinstance(event, IdentityJoined) else event.customer
