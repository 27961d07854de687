"""Stories on their way between customers: joins, splits, and who takes back what was claimed.

A story leaves one lane and arrives in another.  Each side's change is one commit, together with the
record that carries the story; what comes later for somebody who has left is sent on to him.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from schemas.events import Event, IdentityJoined, IdentitySplit, JourneyMoved, OperatorCommand
from streams.fold import Count, View
from streams.journeys import context, moves
from streams.journeys.acts import conversation_of
from streams.journeys.conclude import Change
from streams.journeys.fold import events_of
from streams.journeys.remembered import is_repeat, members_of, oldest_go, remember, settle
from streams.journeys.state import (
    LEFT,
    CustomerState,
    Entry,
    Excerpts,
    decode_excerpts,
    decode_state,
    encode_state,
)
from streams.policy import Policy
from streams.stages import listed
from streams.stages.announce import announce
from streams.stages.concluding import concluded, timer_number
from streams.stages.who_is_who import publish

_json = msgspec.json.Encoder().encode


def joined(event: IdentityJoined, view: View) -> None:
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
        view.clear_timer(event.loser, "look", timer_number(journey.id))
    listed.leave(state, view)
    heard = excerpts or Excerpts()
    if event.probable:
        state, heard = moves.doubted(state), Excerpts("", heard.said, heard.notes)
    _send(event, event.loser, event.customer, state, heard, view)


def moved(event: JourneyMoved, policy: Policy, view: View) -> None:
    """At the winner's: united with what he has."""
    known: CustomerState | None = view.get(event.customer)
    excerpts: Excerpts | None = view.get(f"ctx:{event.customer}")
    if known is not None and known.moved_to:
        forward(event, known.moved_to, view)
        return
    raw_state, raw_excerpts = msgspec.json.decode(event.state, type=list[bytes])
    state = known.fork() if known else CustomerState(event.customer, event.domain)
    if is_repeat(state, event):
        return
    other, late = decode_state(raw_state), list[Entry]()
    came = list(other.journeys)
    listed.arrive(other, view)
    touched, taken_back = moves.unite(state, other, event.loser, policy, late)
    _count(late, view)
    remember(state, event)
    heard = context.united(excerpts, decode_excerpts(raw_excerpts))
    for into in sorted(set(state.left.values())):  # a split that overtook this story
        leaving = {member for member, to in state.left.items() if to == into}
        touched, gone, heard = _part(event, state, leaving, "", into, policy, heard, view)
        taken_back += gone
    view.put(f"ctx:{event.customer}", heard)
    announce(state, taken_back, policy, heard, view)
    concluded(state, touched, policy, heard, view)
    for ident in came:
        listed.stands(state, ident, view)


def split(event: IdentitySplit, policy: Policy, view: View) -> None:
    """Conversations go to another customer: a join was undone, or a claim was wrong."""
    known: CustomerState | None = view.get(event.customer)
    excerpts: Excerpts | None = view.get(f"ctx:{event.customer}")
    if known is not None and known.moved_to:
        forward(event, known.moved_to, view)
        return
    state = known.fork() if known else CustomerState(event.customer, event.domain)
    one = conversation_of(event)
    state.left |= dict.fromkeys(event.members or (one,), event.into)
    oldest_go(state.left, LEFT)
    touched, taken_back, stays = _part(
        event, state, set(event.members), one, event.into, policy,
        excerpts or Excerpts(), view,
    )  # fmt: skip
    if excerpts is not None:
        view.put(f"ctx:{event.customer}", stays)
    announce(state, taken_back, policy, stays, view)
    concluded(state, touched, policy, stays, view)


def confirmed(event: OperatorCommand, policy: Policy, view: View) -> None:
    """An agent says that a conversation is this customer's without doubt."""
    known: CustomerState | None = view.get(event.customer)
    excerpts: Excerpts | None = view.get(f"ctx:{event.customer}")
    if known is None:
        return
    if known.moved_to:
        forward(event, known.moved_to, view)
        return
    state = known.fork()
    touched = settle(state, conversation_of(event))
    concluded(state, touched, policy, excerpts, view)


def whose(state: CustomerState, members: Iterable[str]) -> str:
    """The customer to whom a record must be sent on; empty when it is this one's."""
    if state.moved_to:
        return state.moved_to
    went = {state.left.get(member, "") for member in members}
    return went.pop() if len(went) == 1 else ""


def forward(event: Event, winner: str, view: View) -> None:
    """To the customer who stands for this one now."""
    publish(msgspec.structs.replace(event, customer=winner), view)


def _send(
    cause: Event, loser: str, to: str, state: CustomerState, said: Excerpts, view: View
) -> None:
    """A story on its way to another customer's partition."""
    record = JourneyMoved(
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
    publish(record, view)


def _part(
    event: Event, state: CustomerState, leaving: set[str], one: str, into: str,
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
        view.clear_timer(state.customer, "look", timer_number(ident))
    stays, gone = context.parted(said, parted.conversations)
    if event.probable:
        parted, gone = moves.doubted(parted), Excerpts("", gone.said, gone.notes)
    if parted.pending:
        _send(event, state.customer, into, parted, gone, view)
    return touched, taken_back, stays


def _count(late: list[Entry], view: View) -> None:
    """What a join or a split let go of."""
    for source in events_of(late).values():
        view.emit(Count("late_total", (source,)))
