"""What is remembered of a customer beside his journeys: which events came, for whom his
conversations stood before a join, and which are his by a claim only.
"""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.events import EventBase
from streams.journeys.state import CONVERSATIONS, SEEN, CustomerState


def is_repeat(state: CustomerState, event: EventBase) -> bool:
    """A vendor's retry: the event's id was seen among the last ones, or still stands somewhere."""
    if event.id in state.seen:
        return True
    if len(state.seen) < SEEN:
        return False
    told = [entry for journey in state.journeys.values() for entry in journey.timeline]
    told += state.pending
    return event.id in [one.id for one in told] or event.id in [one.last_id for one in told]


def remember(state: CustomerState, event: EventBase) -> set[str]:
    """Its id, whom its identifiers stood for, and how sure that is.  Returns the journeys of which
    it made something certain.
    """
    state.seen.append(event.id)
    del state.seen[:-SEEN]
    if event.conversation is None:
        return set()
    key = f"{event.conversation.source}:{event.conversation.id}"
    if event.members:
        mine = members_of(state, key)
        both = list(dict.fromkeys([*mine, *event.members]))[:4]
        if both != mine:
            state.members.pop(key, None)
            state.members[key] = both
            oldest_go(state.members, CONVERSATIONS)
    if not event.probable:
        proven = any(one.trust != "claimed" for one in event.identifiers)
        return settle(state, key) if proven and key in state.doubtful else set()
    if key not in state.doubtful and key not in state.conversations:
        state.doubtful.append(key)
        del state.doubtful[:-CONVERSATIONS]
    return set()


def oldest_go(known: dict[str, Any], most: int) -> None:
    for key in list(known)[:-most]:
        del known[key]


def members_of(state: CustomerState, key: str) -> list[str]:
    """Whom the conversation's identifiers stood for before any join; empty when it is unknown."""
    if key in state.members:
        return state.members[key]
    known = key in state.conversations or any(e.conversation == key for e in state.pending)
    return [state.customer] if known else []


def settle(state: CustomerState, key: str) -> set[str]:
    """The conversation is this customer's without doubt. Returns the journeys to look at again."""
    if key in state.doubtful:
        state.doubtful.remove(key)
    touched = set()
    for journey in list(state.journeys.values()):
        if any(attached.key == key and attached.probable for attached in journey.attached):
            sure = journey.fork()
            sure.attached = [
                msgspec.structs.replace(a, probable=a.probable and a.key != key)
                for a in journey.attached
            ]
            state.journeys[journey.id] = sure
            touched.add(journey.id)
    return touched
