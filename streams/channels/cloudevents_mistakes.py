"""What a sender of CloudEvents did wrong, and what would be right, in sentences."""

from __future__ import annotations

import re
from datetime import datetime

from schemas.events import ConversationUpdated, EventBase, MessagePosted
from streams.channels.fitting import words

_PERSONAL = frozenset({"text", "name", "note", "comment", "subject"})
_UPDATES = tuple(
    name
    for name in ConversationUpdated.__struct_fields__
    if name not in {*EventBase.__struct_fields__, "by_model"}
)
_BAD_WORD = re.compile(r"Invalid enum value .* at `([^`]*)`")


def passed_over(event: EventBase, strange: list[str]) -> list[str]:
    """What the event does not need."""
    found = [f"there is no field {listed(strange)}, so it was left out"] if strange else []
    if unread := [name for name in event.personal if name not in _PERSONAL]:
        found.append(f"`personal` has no {listed(unread)}, but {', '.join(sorted(_PERSONAL))}")
    return found


def lost(event: EventBase, strange: list[str], unread_time: str) -> list[str]:
    """What it should have, and was said in a way that we do not understand."""
    found = []
    if misplaced := [name for name in strange if name in _PERSONAL]:
        found.append(f"{listed(misplaced)} belongs into `personal`")
    if isinstance(event, MessagePosted) and not _sided(event):
        found.append("a customer's message is `inbound`, everybody else's `outbound`")
    if isinstance(event, ConversationUpdated) and not _says_anything(event):
        found.append(f"it sets none of {listed([*_UPDATES])}")
    if unread_time and not _is_a_time(unread_time):
        found.append(f"the time {unread_time!r} cannot be read (2026-01-05T10:00:00Z can)")
    return found


def _says_anything(event: ConversationUpdated) -> bool:
    """It may also just say whose the conversation is, or to which other it belongs."""
    values = (getattr(event, name) for name in _UPDATES)
    known = any(value is not None and value is not False for value in values)
    return known or bool(event.identifiers or event.refs)


def _sided(event: MessagePosted) -> bool:
    by_customer = event.actor.kind == "customer"
    return event.actor.kind == "external" or by_customer == (event.direction == "inbound")


def _is_a_time(stated: str) -> bool:
    """A 0, or 1970: it says that there is none."""
    for read in (float, datetime.fromisoformat):
        try:
            read(stated)
        except ValueError:
            continue
        return True
    return False


def listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def told(error: str, kind: type[EventBase]) -> str:
    """A decoder's word, and what would fit instead."""
    place = _BAD_WORD.search(error)
    fit = words(kind, place.group(1)) if place else ()
    return f"{error}; it is one of {', '.join(fit)}" if fit else error
