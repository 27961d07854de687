"""To which journey an entry belongs: the first rule that applies, and its name is kept.

1. `conversation`: its conversation belongs to a journey that is open, or closed no longer than the
   reopen window ago (then a new cycle begins); after that a new journey follows.
2. `reference`: it points to another conversation of the same customer.
3. An open journey of the customer, active within the window of the two channels: `expectation` (an
   agent or bot sent him to this channel), then `topic`, then `waiting`, then `latest`.
4. `new`: a new journey; it follows one that closed within seven days on a compatible topic.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.events import ConversationLinked, ConversationOpened, ConversationUpdated, EventBase
from streams.journeys.acts import calls_customer, conversation_of
from streams.journeys.state import (
    CONVERSATIONS,
    Attached,
    CustomerState,
    Entry,
    Journey,
)
from streams.policy import Policy, channel_group


def topic_of(event: EventBase) -> str:
    if isinstance(event, ConversationOpened | ConversationUpdated):
        return event.topic or ""
    return ""


def compatible(a: str, b: str) -> bool:
    """Two topics may be the same need unless both are known and differ."""
    return not a or not b or a == b


def known_journey(state: CustomerState, event: EventBase) -> Journey | None:
    """Of the event's conversation, or of one that it refers to; None when there is none kept."""
    key = conversation_of(event)
    if key and key in state.conversations:
        return state.journeys.get(state.conversations[key])
    for key in references(event):
        if key in state.conversations:
            return state.journeys.get(state.conversations[key])
    return None


def references(event: EventBase) -> Iterable[str]:
    """Keys of other conversations that the event points to."""
    if isinstance(event, ConversationLinked):
        yield f"{event.other.source}:{event.other.id}"
    for ref in event.refs:
        if ref.rel in {"conversation", "ticket", "callback", "deflection", "related"}:
            yield f"{ref.source or event.source}:{ref.id}"


def attach(state: CustomerState, event: EventBase, entry: Entry, policy: Policy) -> Journey:
    """The journey of an act (or of the company's first word), opened if need be.

    `state` is changed; the returned journey is a fork that stands in it.
    """
    journey, rule = _find(state, event, entry, policy)
    if journey is None:
        journey = _open(state, event, entry, policy)
        rule = rule or "new"
    journey = journey.fork()
    state.journeys[journey.id] = journey
    if journey.proactive and not calls_customer(event):
        journey.proactive = False
    put_in(state, journey, event, rule, entry)
    return journey


def put_in(
    state: CustomerState, journey: Journey, event: EventBase, rule: str, entry: Entry
) -> None:
    """Remembers that the event's conversation belongs to the journey."""
    ref = event.conversation
    if ref is None:
        return
    key = f"{ref.source}:{ref.id}"
    state.conversations.pop(key, None)
    state.conversations[key] = journey.id
    while len(state.conversations) > CONVERSATIONS:
        del state.conversations[next(iter(state.conversations))]
    known = next((n for n, a in enumerate(journey.attached) if a.key == key), None)
    if known is None:
        journey.attached.append(
            Attached(ref.source, ref.id, event.channel, rule, entry.at_ms, event.probable)
        )
    elif journey.attached[known].probable and not event.probable:
        old = journey.attached[known]
        journey.attached[known] = Attached(
            old.source, old.id, old.channel, old.rule, old.at_ms, probable=False
        )


def _find(
    state: CustomerState, event: EventBase, entry: Entry, policy: Policy
) -> tuple[Journey | None, str]:
    key = conversation_of(event)
    if key in state.conversations:
        journey = state.journeys.get(state.conversations[key])
        if journey and _still(journey, event.channel, entry.at_ms, policy):
            return journey, "conversation"
        return None, "conversation"
    for other in references(event):
        if other in state.conversations:
            journey = state.journeys.get(state.conversations[other])
            if journey and _still(journey, event.channel, entry.at_ms, policy):
                return journey, "reference"
    return _active(state, event, entry, policy)


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


def _active(
    state: CustomerState, event: EventBase, entry: Entry, policy: Policy
) -> tuple[Journey | None, str]:
    topic = topic_of(event)
    candidates = []
    for journey in state.journeys.values():
        if journey.resolved_ms or not compatible(topic, journey.topic):
            continue
        window_ms = max(policy.window_ms(event.channel), policy.window_ms(journey.last_channel()))
        if abs(entry.at_ms - journey.last_ms) <= window_ms:
            candidates.append(journey)
    if not candidates:
        return None, ""
    ranked = sorted(candidates, key=lambda j: (_rank(j, event, topic)[0], -j.last_ms, j.id))
    return ranked[0], _rank(ranked[0], event, topic)[1]


def _rank(journey: Journey, event: EventBase, topic: str) -> tuple[int, str]:
    if any(_sends_to(entry, event.channel) for entry in journey.timeline):
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


def _open(state: CustomerState, event: EventBase, entry: Entry, policy: Policy) -> Journey:
    state.opened += 1
    proactive = calls_customer(event)
    topic = topic_of(event)
    journey = Journey(
        id=f"{state.customer}.{state.opened}",
        opened_ms=entry.at_ms,
        initiated_by="agent" if proactive else "customer",
        topic=topic,
        proactive=proactive,
    )
    before = [
        j
        for j in state.journeys.values()
        if j.resolved_ms
        and 0 <= entry.at_ms - j.resolved_ms <= policy.follow_ms
        and compatible(topic, j.topic)
    ]
    if before and not proactive:
        last = max(before, key=lambda j: (j.resolved_ms, j.id))
        journey.follows = last.id
        journey.follows_within_ms = entry.at_ms - last.resolved_ms
        repeated = last.fork()
        repeated.repeated_ms = entry.at_ms
        state.journeys[last.id] = repeated
    return journey
