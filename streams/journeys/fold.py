"""One event into one customer's state: find the journey, put the entry in."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from schemas.events import ConsentChanged, EventBase
from streams.journeys.acts import entries_of
from streams.journeys.attach import (
    BY_TIME,
    attach,
    compatible,
    find_active,
    known_journey,
    open_journey,
    put_in,
)
from streams.journeys.findings import ATTACHING
from streams.journeys.remembered import oldest_go
from streams.journeys.repeats import RUNS, TELLS, parted
from streams.journeys.state import (
    CONSENTS,
    PENDING,
    TIMELINE,
    CustomerState,
    Entry,
    Journey,
)
from streams.policy import Policy


def put(state: CustomerState, event: EventBase, policy: Policy) -> tuple[set[str], list[str]]:
    """Puts the event where it belongs. `state` (a fork) is changed.

    Returns the ids of the journeys that must be looked at again, and the source of each event that
    came too late to be more than context: this one, one that had waited for it, or one that had
    waited for a first act while more came than may wait.
    """
    if isinstance(event, ConsentChanged):
        about = f"{event.purpose}/{event.consent_channel or '*'}"
        state.consent.pop(about, None)
        state.consent[about] = event.state
        oldest_go(state.consent, CONSENTS)
    state.position += 1
    entries = entries_of(event, state.position)
    if not entries:
        return set(), []
    if entries[0].at_ms <= state.floor_ms:
        return set(), [event.source]
    touched: set[str] = set()
    late: list[Entry] = []
    for entry in entries:
        if is_sealed(state, entry):
            late.append(entry)
        elif event.probable or not goes_on(state, entry, policy):
            touched |= place(state, entry, policy, late)
    return touched, [event.source if i == event.id else s for i, s in events_of(late).items()]


def events_of(late: Iterable[Entry]) -> dict[str, str]:
    """Event id → source, as far as the entries know it: the one of their conversation."""
    return {entry.id: entry.source for entry in late}


def is_sealed(state: CustomerState, entry: Entry) -> bool:
    """Does it belong to a part of its journey of which only a summary is kept: what was too much
    for the timeline, or the inside of a run?  Then nobody can tell it from a retry.
    """
    journey = known_journey(state, entry)
    if journey is None:
        return False
    if journey.sealed and entry.at_ms <= journey.sealed_ms:
        return True
    runs = [one for other in state.journeys.values() for one in other.timeline if one.count > 1]
    return any(
        run.at_ms <= entry.at_ms <= run.until_ms
        # Told again at the time of the last, it may be the last word of all.
        and (entry.at_ms < run.until_ms or run.kind not in TELLS)
        and (run.kind, run.conversation, run.channel, run.actor, run.data)
        == (entry.kind, entry.conversation, entry.channel, entry.actor, entry.data)
        for run in runs
    )


def goes_on(state: CustomerState, entry: Entry, policy: Policy) -> bool:
    """The fast path: the same side says one more thing, in order, in the conversation in which it
    spoke last.  No rule concludes anything from that, so it is put down and nothing is derived; a
    deadline that it moves is found when the old one comes.  (A property test compares this with
    the full derivation.)
    """
    if entry.kind not in RUNS or entry.data or entry.refs:
        return False
    journey = state.journeys.get(state.conversations.get(entry.conversation, ""))
    if journey is None or journey.resolved_ms or journey.closed_ms or journey.proactive:
        return False
    if journey.policy != policy.version or not 0 < len(journey.timeline) < TIMELINE:
        return False
    last = journey.timeline[-1]
    if (
        last.data
        or last.order > entry.order
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


def place(state: CustomerState, entry: Entry, policy: Policy, late: list[Entry]) -> set[str]:
    """Puts one entry into its journey; returns the journeys to look at again.  What belongs to a
    sealed part is let go of, and added to `late`.
    """
    if entry.kind == "twin":  # it is decided anew
        data = {name: value for name, value in entry.data.items() if name != "was"}
        entry = msgspec.structs.replace(entry, kind=entry.data["was"], data=data)
    if (first := _told_before(state, entry, policy)) is not None:
        return _twin(state, first, entry, late)
    if entry.kind not in ATTACHING or _only_thanks(state, entry, policy):
        return _beside(state, entry, policy, late)
    touched = _referred(state, entry, late)
    before = set(state.journeys)
    journey = attach(state, entry, policy, _topic_of(state, entry.conversation))
    _insert(journey, entry, late)
    for waiting in _take_pending(state, entry.conversation):
        _insert(journey, waiting, late)
    touched.add(journey.id)
    if journey.id not in before and journey.follows:
        touched.add(journey.follows)
    return touched


def _only_thanks(state: CustomerState, entry: Entry, policy: Policy) -> bool:
    """A thank-you for what is resolved begins nothing, if the policy says so."""
    if not policy.courtesy or not entry.data.get("thanks"):
        return False
    journey = known_journey(state, entry)
    return journey is not None and bool(journey.resolved_ms)


def _topic_of(state: CustomerState, conversation: str) -> str:
    """What was said of the conversation before its first act."""
    if not conversation:
        return ""
    said = [e.data.get("topic") for e in state.pending if e.conversation == conversation]
    return next((str(topic) for topic in reversed(said) if topic), "")


# One message, told by two vendors ---------------------------------------------------------------


def _told_before(state: CustomerState, entry: Entry, policy: Policy) -> Journey | None:
    """The journey in which another source told the same message within a minute."""
    if not entry.mark:
        return None
    for journey in state.journeys.values():
        for told in reversed(journey.timeline):
            if told.at_ms < entry.at_ms - policy.twin_ms:
                break
            if (
                told.mark == entry.mark
                and told.kind == entry.kind
                and told.source != entry.source
                and abs(told.at_ms - entry.at_ms) <= policy.twin_ms
            ):
                return journey
    return None


def _twin(state: CustomerState, journey: Journey, entry: Entry, late: list[Entry]) -> set[str]:
    """It is folded once; its conversation belongs to the same journey."""
    journey = journey.fork()
    state.journeys[journey.id] = journey
    put_in(state, journey, entry, "twin")
    data = entry.data | {"was": entry.kind}
    _insert(journey, msgspec.structs.replace(entry, kind="twin", data=data), late)
    return {journey.id}


# What is no act ----------------------------------------------------------------------------------


def _beside(state: CustomerState, entry: Entry, policy: Policy, late: list[Entry]) -> set[str]:
    """What is no act goes to its conversation's journey; without one it waits for the first act.
    A look-up or a delivered notice names no conversation: it belongs to what is open now.
    """
    touched = _referred(state, entry, late)
    if entry.kind == "topic":
        touched |= _differs(state, entry, policy, late)
    journey = known_journey(state, entry)
    if journey is None and not entry.conversation:
        still_open = [j for j in state.journeys.values() if not j.resolved_ms]
        journey = max(still_open, key=_latest, default=None)
        if journey is None and entry.kind == "feedback" and state.journeys:
            journey = max(state.journeys.values(), key=_latest)
    if journey is None:
        state.pending.append(entry)
        late += state.pending[:-PENDING]
        del state.pending[:-PENDING]
        return touched
    journey = journey.fork()
    state.journeys[journey.id] = journey
    if entry.conversation and entry.conversation not in state.conversations:
        put_in(state, journey, entry, "reference")
        for waiting in _take_pending(state, entry.conversation):
            _insert(journey, waiting, late)
    _insert(journey, entry, late)
    return touched | {journey.id}


def _latest(journey: Journey) -> tuple[int, int, str]:
    return journey.last_ms, journey.opened_ms, journey.origin


# Decided anew ------------------------------------------------------------------------------------


def _referred(state: CustomerState, entry: Entry, late: list[Entry]) -> set[str]:
    """A later reference: the conversation goes to the journey of the one that it refers to, if only
    time or nothing had put it where it is.
    """
    mine = state.journeys.get(state.conversations.get(entry.conversation, ""))
    for key in entry.refs:
        other = state.journeys.get(state.conversations.get(key, ""))
        if mine is None or other is None or mine is other or other.resolved_ms:
            continue
        if all(e.conversation != entry.conversation for e in mine.timeline):
            continue  # what was said in it is sealed, and stays where it is
        rule = next((a.rule for a in mine.attached if a.key == entry.conversation), "")
        if rule in BY_TIME | {"new"}:
            return _taken_over(state, entry.conversation, mine, other, "reference", late)
    return set()


def _differs(state: CustomerState, entry: Entry, policy: Policy, late: list[Entry]) -> set[str]:
    """A differing topic that becomes known soon after an attachment by time alone."""
    mine = state.journeys.get(state.conversations.get(entry.conversation, ""))
    if mine is None or compatible(entry.data["topic"], mine.topic):
        return set()
    attached = next((a for a in mine.attached if a.key == entry.conversation), None)
    if attached is None or attached.rule not in BY_TIME:
        return set()
    if entry.at_ms - attached.at_ms > policy.topic_settles_ms:
        return set()
    said = (e for e in mine.timeline if e.conversation == entry.conversation)
    first = next((e for e in said if e.kind in ATTACHING), None)
    if first is None:
        return set()  # what was said in it is sealed, and stays where it is
    others = [j for j in state.journeys.values() if j is not mine]
    journey, rule = find_active(others, first, policy, entry.data["topic"])
    if journey is None:
        journey, rule = open_journey(state, first, policy, entry.data["topic"]), "new"
    return _taken_over(state, entry.conversation, mine, journey, rule, late)


def _taken_over(
    state: CustomerState, conversation: str, source: Journey, target: Journey, rule: str,
    late: list[Entry],
) -> set[str]:  # fmt: skip
    """A conversation with all its entries, from one journey into another."""
    source, target = source.fork(), target.fork()
    moved = [e for e in source.timeline if e.conversation == conversation]
    source.timeline = [e for e in source.timeline if e.conversation != conversation]
    source.attached = [a for a in source.attached if a.key != conversation]
    state.journeys[source.id], state.journeys[target.id] = source, target
    put_in(state, target, moved[0], rule)
    for entry in moved:
        _insert(target, entry, late)
    followed = state.journeys.get(source.follows)
    if not source.timeline and followed is not None:
        followed = followed.fork()
        followed.repeated_ms = 0
        state.journeys[followed.id] = followed
        return {source.id, target.id, followed.id}
    return {source.id, target.id}


# Into the timeline -------------------------------------------------------------------------------


def _take_pending(state: CustomerState, conversation: str) -> list[Entry]:
    mine = [e for e in state.pending if e.conversation == conversation and conversation]
    state.pending[:] = [e for e in state.pending if e not in mine]
    return mine


def _insert(journey: Journey, entry: Entry, late: list[Entry]) -> None:
    if journey.sealed and entry.at_ms <= journey.sealed_ms:
        late.append(entry)  # that part of the story is sealed: context only
        return
    last = journey.timeline[-1] if journey.timeline else entry
    inside = any(one.until_ms > entry.at_ms for one in journey.timeline)
    if inside:
        journey.timeline[:] = parted(journey.timeline, entry)
    journey.timeline.append(entry)
    if inside or entry.order < last.order:
        journey.timeline.sort(key=lambda e: e.order)
