"""One event into one customer's state: recognise repeats, find the journey, put the entry in."""

from __future__ import annotations

import msgspec

from schemas.events import ConsentChanged, EventBase
from streams.journeys.acts import calls_customer, conversation_of, entries_of
from streams.journeys.attach import attach, known_journey, put_in
from streams.journeys.state import PENDING, SEEN, TIMELINE, CustomerState, Entry, Journey
from streams.policy import Policy

_RUNS = frozenset({"act", "reply", "bot", "auto"})
"""Kinds of which several in a row mean what one means."""


def is_repeat(state: CustomerState, event: EventBase) -> bool:
    """A vendor's retry: the event's id was seen among the last ones."""
    return event.id in state.seen


def remember(state: CustomerState, event: EventBase) -> None:
    state.seen.append(event.id)
    del state.seen[:-SEEN]


def put(state: CustomerState, event: EventBase, policy: Policy) -> tuple[set[str], bool]:
    """Puts the event where it belongs. `state` (a fork) is changed.

    Returns the ids of the journeys that must be looked at again, and whether the event came too
    late to be more than context.
    """
    if isinstance(event, ConsentChanged):
        state.consent[f"{event.purpose}/{event.consent_channel or '*'}"] = event.state
    state.position += 1
    entries = entries_of(event, state.position)
    if not entries:
        return set(), False
    if entries[0].at_ms < state.floor_ms:
        return set(), True
    touched: set[str] = set()
    for entry in entries:
        if not goes_on(state, event, entry, policy):
            touched |= _place(state, event, entry, policy)
    return touched, False


def goes_on(state: CustomerState, event: EventBase, entry: Entry, policy: Policy) -> bool:
    """The fast path: the same side says one more thing, in order, in the conversation in which it
    spoke last.  No rule concludes anything from that, so it is put down and nothing is derived; a
    deadline that it moves is found when the old one comes.  (A property test compares this with
    the full derivation.)
    """
    if entry.kind not in _RUNS or entry.data or event.probable:
        return False
    journey = state.journeys.get(state.conversations.get(entry.conversation, ""))
    if journey is None or journey.resolved_ms or journey.closed_ms or journey.proactive:
        return False
    if journey.policy != policy.version or not 0 < len(journey.timeline) < TIMELINE:
        return False
    last = journey.timeline[-1]
    if (
        last.data
        or last.at_ms > entry.at_ms
        or (last.kind, last.conversation, last.channel, last.actor)
        != (entry.kind, entry.conversation, entry.channel, entry.actor)
        or any(attached.probable for attached in journey.attached)
    ):
        return False
    state.journeys[journey.id] = msgspec.structs.replace(
        journey, timeline=[*journey.timeline, entry]
    )
    state.conversations[entry.conversation] = state.conversations.pop(entry.conversation)
    return True


def _place(state: CustomerState, event: EventBase, entry: Entry, policy: Policy) -> set[str]:
    if entry.kind in {"act", "connected", "reply"}:
        if entry.kind == "reply" and not calls_customer(event):
            return _beside(state, event, entry)
        known = set(state.journeys)
        journey = attach(state, event, entry, policy)
        _insert(journey, entry)
        for waiting in _take_pending(state, entry.conversation):
            _insert(journey, waiting)
        touched = {journey.id}
        if journey.id not in known and journey.follows:
            touched.add(journey.follows)
        return touched
    return _beside(state, event, entry)


def _beside(state: CustomerState, event: EventBase, entry: Entry) -> set[str]:
    """What is no act goes to its conversation's journey; without one it waits for the first act.
    A look-up or a delivered notice names no conversation: it belongs to what is open now.
    """
    journey = known_journey(state, event)
    if journey is None and not conversation_of(event):
        still_open = [j for j in state.journeys.values() if not j.resolved_ms]
        journey = max(still_open, key=lambda j: (j.last_ms, j.id), default=None)
        if journey is None and entry.kind == "feedback" and state.journeys:
            journey = max(state.journeys.values(), key=lambda j: (j.last_ms, j.id))
    if journey is None:
        state.pending.append(entry)
        del state.pending[:-PENDING]
        return set()
    journey = journey.fork()
    state.journeys[journey.id] = journey
    if conversation_of(event) and conversation_of(event) not in state.conversations:
        put_in(state, journey, event, "reference", entry)
    _insert(journey, entry)
    return {journey.id}


def _take_pending(state: CustomerState, conversation: str) -> list[Entry]:
    mine = [e for e in state.pending if e.conversation == conversation and conversation]
    state.pending[:] = [e for e in state.pending if e not in mine]
    return mine


def _insert(journey: Journey, entry: Entry) -> None:
    if journey.sealed and entry.at_ms < journey.sealed_ms:
        return  # that part of the story is sealed: context only
    journey.timeline.append(entry)
    journey.timeline.sort(key=lambda e: (e.at_ms, e.position))
    if len(journey.timeline) > TIMELINE:
        journey.timeline[:] = _runs(journey.timeline)
    while len(journey.timeline) > TIMELINE:
        oldest = journey.timeline.pop(0)
        journey.sealed += oldest.count
        journey.sealed_ms = oldest.at_ms


def _runs(timeline: list[Entry]) -> list[Entry]:
    """Messages by one side, one after the other, become one entry with their number."""
    merged: list[Entry] = []
    for entry in timeline:
        last = merged[-1] if merged else None
        if (
            last is not None
            and entry.kind == last.kind
            and entry.kind in _RUNS
            and (entry.conversation, entry.channel, entry.actor)
            == (last.conversation, last.channel, last.actor)
            and not entry.data
            and not last.data
        ):
            merged[-1] = Entry(
                last.at_ms, last.position, last.id, last.kind, last.channel, last.conversation,
                last.actor, last.data, last.count + entry.count, entry.until_ms or entry.at_ms,
            )  # fmt: skip
        else:
            merged.append(entry)
    return merged
