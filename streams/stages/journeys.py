"""The journeys stage: a customer's events in; facts, figures, contexts and notices out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from schemas.cloudevents import (
    CONTENT_TYPE,
    decode_event,
    encode_event,
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
from streams.fold import Count, Fold, Publish, Record, Timer, View
from streams.journeys import context, moves
from streams.journeys.acts import conversation_of
from streams.journeys.conclude import Change, conclude
from streams.journeys.fold import (
    events_of,
    is_repeat,
    members_of,
    oldest_go,
    put,
    remember,
    settle,
)
from streams.journeys.state import (
    LEFT,
    CustomerState,
    Entry,
    Excerpts,
    Journey,
    decode_excerpts,
    decode_state,
    encode_state,
)
from streams.policy import Policy, changed, decode_policy
from streams.stages.announce import announce
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
        customer = prepared.loser if isinstance(prepared, IdentityJoined) else prepared.customer
        return (customer, f"ctx:{customer}", f"policy:{prepared.domain}")

    def apply(self, prepared: Event | str, record: Record, view: View) -> None:
        match prepared:
            case str():
                dead_letter(view, record, "malformed", prepared, self.name)
            case ClockTick() | IdentityLinked(conversation=None):
                pass  # the engine's clock has moved, or only identity has learnt: that was all
            case PolicyChanged():
                self._policy_changed(prepared, record, view)
            case IdentityJoined():
                self._joined(prepared, view)
            case JourneyMoved():
                self._moved(prepared, view)
            case IdentitySplit():
                self._split(prepared, view)
            case OperatorCommand(command="attach"):
                self._confirmed(prepared, view)
            case ErasureRequested():
                view.delete(prepared.customer)
                view.delete(f"ctx:{prepared.customer}")
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
        if known is not None and (whose := _whose(known, event.members)):
            self._forward(event, whose, view)
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
        self._conclude(state, touched | settled, policy, heard or excerpts, view)

    def _forward(self, event: Event, winner: str, view: View) -> None:
        moved = msgspec.structs.replace(event, customer=winner)
        view.emit(Publish("events", winner, encode_event(moved), _HEADERS))

    def _joined(self, event: IdentityJoined, view: View) -> None:
        """At the loser's: everything goes to the winner."""
        state: CustomerState | None = view.get(event.loser)
        excerpts: Excerpts | None = view.get(f"ctx:{event.loser}")
        if state is not None and state.moved_to:
            return
        left = state or CustomerState(event.loser, event.domain)
        view.put(event.loser, moves.tombstone(left, event.customer))
        view.delete(f"ctx:{event.loser}")
        if state is None:
            return
        for journey in state.journeys.values():
            view.clear_timer(event.loser, "look", _number(journey.id))
        heard = excerpts or Excerpts()
        if event.probable:
            state, heard = moves.doubted(state), Excerpts("", heard.said, heard.notes)
        self._send(event, event.loser, event.customer, state, heard, view)

    def _send(
        self, cause: Event, loser: str, to: str, state: CustomerState, said: Excerpts, view: View
    ) -> None:
        """A story on its way to another customer's partition."""
        moved = JourneyMoved(
            id=f"{cause.id}/moved/{loser}",
            source=cause.source,
            domain=cause.domain,
            time_ms=cause.time_ms,
            recorded_ms=cause.recorded_ms,
            channel=cause.channel,
            actor=cause.actor,
            customer=to,
            loser=loser,
            state=_json([encode_state(state), encode_state(said)]),
        )
        view.emit(Publish("events", to, encode_event(moved), _HEADERS))

    def _moved(self, event: JourneyMoved, view: View) -> None:
        """At the winner's: united with what he has."""
        known: CustomerState | None = view.get(event.customer)
        excerpts: Excerpts | None = view.get(f"ctx:{event.customer}")
        policy = self._policy(view, event.domain)
        if known is not None and known.moved_to:
            self._forward(event, known.moved_to, view)
            return
        raw_state, raw_excerpts = msgspec.json.decode(event.state, type=list[bytes])
        state = known.fork() if known else CustomerState(event.customer, event.domain)
        if is_repeat(state, event):
            return
        other, late = decode_state(raw_state), list[Entry]()
        touched, taken_back = moves.unite(state, other, event.loser, policy, late)
        _count(late, view)
        remember(state, event)
        heard = context.united(excerpts, decode_excerpts(raw_excerpts))
        for into in sorted(set(state.left.values())):  # a split that overtook this story
            leaving = {member for member, to in state.left.items() if to == into}
            touched, gone, heard = self._part(event, state, leaving, "", into, policy, heard, view)
            taken_back += gone
        view.put(f"ctx:{event.customer}", heard)
        announce(state, taken_back, policy, heard, view)
        self._conclude(state, touched, policy, heard, view)

    def _split(self, event: IdentitySplit, view: View) -> None:
        """Conversations go to another customer: a join was undone, or a claim was wrong."""
        known: CustomerState | None = view.get(event.customer)
        excerpts: Excerpts | None = view.get(f"ctx:{event.customer}")
        policy = self._policy(view, event.domain)
        if known is not None and known.moved_to:
            self._forward(event, known.moved_to, view)
            return
        state = known.fork() if known else CustomerState(event.customer, event.domain)
        one = conversation_of(event)
        state.left |= dict.fromkeys(event.members or (one,), event.into)
        oldest_go(state.left, LEFT)
        touched, taken_back, stays = self._part(
            event, state, set(event.members), one, event.into, policy,
            excerpts or Excerpts(), view,
        )  # fmt: skip
        if excerpts is not None:
            view.put(f"ctx:{event.customer}", stays)
        announce(state, taken_back, policy, stays, view)
        self._conclude(state, touched, policy, stays, view)

    def _part(
        self, event: Event, state: CustomerState, leaving: set[str], one: str, into: str,
        policy: Policy, said: Excerpts, view: View,
    ) -> tuple[set[str], list[Change], Excerpts]:  # fmt: skip
        """Sends the conversations of the members who leave (or just `one`) to `into`."""

        def goes(key: str) -> bool:
            members = set(members_of(state, key))
            return key == one or key in leaving or (bool(members) and members <= leaving)

        before = set(state.journeys)
        proven = "" if event.probable else one
        late: list[Entry] = []
        parted, touched, taken_back = moves.taken_out(state, goes, proven, into, policy, late)
        _count(late, view)
        for ident in before - set(state.journeys):
            view.clear_timer(state.customer, "look", _number(ident))
        stays, gone = context.parted(said, parted.conversations)
        if event.probable:
            parted, gone = moves.doubted(parted), Excerpts("", gone.said, gone.notes)
        if parted.pending:
            self._send(event, state.customer, into, parted, gone, view)
        return touched, taken_back, stays

    def _confirmed(self, event: OperatorCommand, view: View) -> None:
        """An agent says that a conversation is this customer's without doubt."""
        known: CustomerState | None = view.get(event.customer)
        excerpts: Excerpts | None = view.get(f"ctx:{event.customer}")
        policy = self._policy(view, event.domain)
        if known is None:
            return
        if known.moved_to:
            self._forward(event, known.moved_to, view)
            return
        state = known.fork()
        touched = settle(state, conversation_of(event))
        self._conclude(state, touched, policy, excerpts, view)

    def fire(self, timer: Timer, view: View) -> None:
        """`look`: silence says more now."""
        state: CustomerState | None = view.get(timer.entity)
        if state is None or state.moved_to:
            return
        policy = self._policy(view, state.domain)
        excerpts: Excerpts | None = view.get(f"ctx:{timer.entity}")
        state = state.fork()
        ids = {ident for ident in state.journeys if _number(ident) == timer.number}
        for ident in sorted(ids):
            if _is_history(state.journeys[ident], policy, view.now_ms):
                self._seal(state, ident, view)
                ids.remove(ident)
            else:
                state.journeys[ident] = state.journeys[ident].fork()
        self._conclude(state, ids, policy, excerpts, view)

    def _conclude(
        self,
        state: CustomerState,
        touched: Iterable[str],
        policy: Policy,
        excerpts: Excerpts | None,
        view: View,
    ) -> None:
        for ident in sorted(touched):
            journey = state.journeys[ident]
            changes, look_ms = conclude(state, journey, policy, view.now_ms)
            announce(state, changes, policy, excerpts, view)
            if journey.empty:
                del state.journeys[ident]
                view.clear_timer(state.customer, "look", _number(ident))
                continue
            if journey.closed_ms and view.now_ms >= journey.closed_ms + policy.seal_ms:
                self._seal(state, ident, view)
                continue
            if journey.closed_ms:
                seal_ms = journey.closed_ms + policy.seal_ms
                look_ms = min(look_ms, seal_ms) if look_ms else seal_ms
            if look_ms is None:
                view.clear_timer(state.customer, "look", _number(ident))
            else:
                view.set_timer(Timer(look_ms, state.customer, "look", _number(ident)))
        view.put(state.customer, state)

    def _seal(self, state: CustomerState, ident: str, view: View) -> None:
        """A week after closing the journey is history: only its facts remain, in the topic."""
        journey = state.journeys.pop(ident)
        state.floor_ms = max(state.floor_ms, journey.last_ms, journey.resolved_ms)
        for key in [k for k, owner in state.conversations.items() if owner == ident]:
            del state.conversations[key]
            state.members.pop(key, None)
        state.doubtful = [key for key in state.doubtful if key in state.conversations]
        view.clear_timer(state.customer, "look", _number(ident))

    def encode(self, key: str, state: Any) -> bytes:
        return encode_state(state)

    def decode(self, key: str, raw: bytes) -> Any:
        if key.startswith("ctx:"):
            return decode_excerpts(raw)
        if key.startswith("policy:"):
            return decode_policy(raw)
        return decode_state(raw)


def _whose(state: CustomerState, members: Iterable[str]) -> str:
    """The customer to whom a record must be sent on; empty when it is this one's."""
    if state.moved_to:
        return state.moved_to
    went = {state.left.get(member, "") for member in members}
    return went.pop() if len(went) == 1 else ""


def _count(late: list[Entry], view: View) -> None:
    """What a join or a split let go of."""
    for source in events_of(late).values():
        view.emit(Count("late_total", (source,)))


def _is_history(journey: Journey, policy: Policy, now_ms: int) -> bool:
    """Closed for long enough (what is told to the end is closed): to conclude it once more would
    say the same.  (A property test compares the two.)
    """
    return (
        journey.told
        and journey.policy == policy.version
        and now_ms >= journey.closed_ms + policy.seal_ms
    )


@lru_cache(maxsize=65_536)
def _number(journey: str) -> int:
    """The last part of a journey's id; journeys that moved here keep theirs, so a hash of the
    whole keeps two of the same number apart.
    """
    customer, _, number = journey.rpartition(".")
    return int(number) + 1_000 * (sum(customer.encode()) % 1_000)
