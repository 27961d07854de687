"""To which journey an act belongs: the first rule that applies, and its name is kept.

1. `conversation`: its conversation belongs to a journey that is open, or closed no longer than the
   reopen window ago (then a new cycle begins); after that a new journey follows.
2. `reference`: it points to another conversation of the same customer, or one was linked to it.
3. An open journey of the customer, active within the window of the two channels: `expectation` (an
   agent or bot sent him to this channel), then `topic`, then `waiting`, then `latest`.
4. `new`: a new journey; it follows one that closed within seven days on a compatible topic.

Decided once, in order of arrival.  Decided anew only when identity changes (`refold`), when a later
word refers to another conversation, and when a differing topic becomes known soon after an
attachment that rested on time alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from streams.journeys.state import (
    CONVERSATIONS,
    Attached,
    CustomerState,
    Entry,
    Journey,
)
from streams.lexicon.reading import GUESS
from streams.policy import Policy, channel_group

BY_TIME = frozenset({"waiting", "latest"})
"""Rules that rest on time alone."""


def compatible(a: str, b: str) -> bool:
    """May two topics be about one need?  Not if both are named and differ.  What the lexicon
    guesses brings needs together when it is the same, and never parts them.
    """
    return not a or not b or a == b or a.startswith(GUESS) or b.startswith(GUESS)


def known_journey(state: CustomerState, entry: Entry) -> Journey | None:
    """Of the entry's conversation, or of one that it refers to; None when there is none kept."""
    for key in (entry.conversation, *entry.refs):
        if key and key in state.conversations:
            return state.journeys.get(state.conversations[key])
    return None


def attach(state: CustomerState, entry: Entry, policy: Policy, topic: str = "") -> Journey:
    """The journey of an act (or of the company's first word), opened if need be.

    `topic` is what is known of the conversation's.  `state` is changed; the returned journey is a
    fork that stands in it.
    """
    journey, rule = _find(state, entry, policy, topic)
    if journey is None:
        journey = open_journey(state, entry, policy, topic)
        rule = rule or "new"
    journey = journey.fork()
    state.journeys[journey.id] = journey
    if not journey.sealed and entry.at_ms < journey.opened_ms:  # it comes late, and was the first
        journey.opened_ms = entry.at_ms
        journey.initiated_by = "agent" if entry.calls_customer else "customer"
    if journey.proactive and not entry.calls_customer:
        journey.proactive = False
    put_in(state, journey, entry, rule)
    return journey


def put_in(state: CustomerState, journey: Journey, entry: Entry, rule: str) -> None:
    """Remembers that the entry's conversation belongs to the journey (a fork)."""
    key = entry.conversation
    if not key:
        return
    state.conversations.pop(key, None)
    state.conversations[key] = journey.id
    while len(state.conversations) > CONVERSATIONS:
        oldest = next(iter(state.conversations))
        del state.conversations[oldest]
        state.members.pop(oldest, None)
    if all(attached.key != key for attached in journey.attached):
        source, _, ident = key.partition(":")
        doubtful = key in state.doubtful
        journey.attached.append(
            Attached(source, ident, entry.channel, rule, entry.at_ms, probable=doubtful)
        )


def _find(
    state: CustomerState, entry: Entry, policy: Policy, topic: str
) -> tuple[Journey | None, str]:
    if entry.conversation in state.conversations:
        journey = state.journeys.get(state.conversations[entry.conversation])
        if journey and _still(journey, entry.channel, entry.at_ms, policy):
            return journey, "conversation"
        return None, "conversation"
    for other in entry.refs:
        if other in state.conversations:
            journey = state.journeys.get(state.conversations[other])
            if journey and _still(journey, entry.channel, entry.at_ms, policy):
                return journey, "reference"
    for journey in state.journeys.values():
        if _points_to(journey, entry) and _still(journey, entry.channel, entry.at_ms, policy):
            return journey, "reference"
    return find_active(state.journeys.values(), entry, policy, topic)


def _points_to(journey: Journey, entry: Entry) -> bool:
    """Was it said in the journey that this conversation goes on from it (call back, deflection)?"""
    return bool(entry.conversation) and any(
        e.kind == "linked" and e.data["other"] == entry.conversation for e in journey.timeline
    )


def _still(journey: Journey, channel: str, at_ms: int, policy: Policy) -> bool:
    """Open, or resolved so lately that an act begins a new cycle of it.  An endless thread begins
    a new segment after a day of silence once its journey is resolved.
    """
    if not journey.resolved_ms or at_ms <= journey.resolved_ms:
        return True
    window_ms = policy.reopen_ms(channel)
    if channel_group(channel) == "messaging":
        window_ms = min(window_ms, max(policy.silence_ms, 1))
    return at_ms - journey.resolved_ms <= window_ms


def find_active(
    journeys: Iterable[Journey], entry: Entry, policy: Policy, topic: str
) -> tuple[Journey | None, str]:
    """Rule 3 over these journeys."""
    candidates = []
    for journey in journeys:
        if journey.resolved_ms or not compatible(topic, journey.topic):
            continue
        if journey.sealed and entry.at_ms <= journey.sealed_ms:
            continue
        window_ms = max(policy.window_ms(entry.channel), policy.window_ms(journey.last_channel()))
        if abs(entry.at_ms - journey.last_ms) <= window_ms:
            candidates.append(journey)
    if not candidates:
        return None, ""
    best = min(candidates, key=lambda j: (_rank(j, entry, topic)[0], -j.last_ms, *_place(j)))
    return best, _rank(best, entry, topic)[1]


def _place(journey: Journey) -> tuple[int, str]:
    """An order that does not depend on which customer a journey was opened for."""
    return journey.opened_ms, journey.origin


def _rank(journey: Journey, entry: Entry, topic: str) -> tuple[int, str]:
    if any(_sends_to(earlier, entry.channel) for earlier in journey.timeline):
        return 0, "expectation"
    if topic and topic == journey.topic:
        return 1, "topic"
    if journey.waiting_ms:
        return 2, "waiting"
    return 3, "latest"


def _sends_to(entry: Entry, channel: str) -> bool:
    """The company spoke on this channel, or a step of a bot escalated to another one."""
    if entry.kind in {"reply", "auto"}:
        return entry.channel == channel
    return entry.kind == "stepped" and entry.data.get("outcome") == "escalated"


def open_journey(state: CustomerState, entry: Entry, policy: Policy, topic: str) -> Journey:
    """A new journey, in `state`; it follows one that was resolved lately, about the same."""
    state.opened += 1
    proactive = entry.calls_customer
    journey = Journey(
        id=f"{state.customer}.{state.opened}",
        opened_ms=entry.at_ms,
        initiated_by="agent" if proactive else "customer",
        topic=topic,
        proactive=proactive,
        origin=entry.id,
    )
    before = [
        j
        for j in state.journeys.values()
        if j.resolved_ms
        and 0 <= entry.at_ms - j.resolved_ms <= policy.follow_ms
        and compatible(topic, j.topic)
    ]
    if before and not proactive:
        last = max(before, key=lambda j: (j.resolved_ms, *_place(j)))
        journey.follows = last.id
        journey.follows_within_ms = entry.at_ms - last.resolved_ms
        repeated = last.fork()
        repeated.repeated_ms = entry.at_ms
        state.journeys[last.id] = repeated
    state.journeys[journey.id] = journey
    return journey
