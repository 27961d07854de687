"""What a timeline says anew, and what it only says again.

Many vendors tell how things stand with each of their bodies: whose it is, its status, its topic.
Said again, that is nothing that happened: it is passed over, whenever it came; and it goes when
room is needed.  Messages of one side in a row are one entry then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from streams.journeys.state import Entry

RUNS = frozenset({"act", "reply", "bot", "auto"})
"""Kinds of which several in a row mean what one means."""

_STATES = frozenset({"assigned", "status", "topic", "urgency"})
HANDS = frozenset({"transfer", "connected", "consulted", "offered", "gone"})
"""What may change hands without an assignment: one that follows is no repeat."""

DONE = frozenset({"resolved", "closed"})

TELLS = frozenset({"topic", "urgency", "opened"})
_ONCE = frozenset({"topic", "urgency", "priority"})
"""What these kinds tell, and a journey has once, whichever of its conversations says it."""
_NOTHING: frozenset[str] = frozenset()

Place = tuple[str, str]
"""(conversation, kind)."""

Standing = dict[Place, tuple[int, dict[str, Any]]]
"""Where in the timeline it was said, and what has been said since."""


def anew(timeline: list[Entry], sealed_ms: int) -> list[Entry]:
    """The timeline without what only repeats what stood for its conversation at that time.  What
    stays of a part that is sealed (up to then) was none: what told so may be gone.
    """
    if _STATES.isdisjoint([entry.kind for entry in timeline]):
        return timeline
    return [timeline[n] for n, first in _read(timeline, sealed_ms) if first is None]


def compacted(timeline: list[Entry], sealed_ms: int) -> list[Entry]:
    """The same story in fewer entries: repeats go (what they repeat remembers the last of them),
    and runs of messages become one, but for what is sealed (up to then): that was counted.

    What a journey has once, its topic say, is what was said last in any of its conversations: where
    another has spoken in between, the last repeat stays.
    """
    kept: dict[int, Entry] = {}
    begun: dict[tuple[int, frozenset[str]], int] = {}
    again: dict[tuple[int, frozenset[str]], int] = {}
    last: dict[str, Place] = {}
    for number, first in _read(timeline, sealed_ms):
        entry = timeline[number]
        place = (entry.conversation, entry.kind)
        about = _ONCE.intersection(entry.data) if entry.kind in TELLS else _NOTHING
        same = (number if first is None else first, about)
        if same not in begun:  # nothing that it repeats, or what said more
            kept[number], begun[same] = entry, number
        elif all(last[what] == place for what in about):
            kept[begun[same]] = _longer(kept[begun[same]], entry)
        else:
            if (before := again.get(same)) is not None:
                kept[begun[same]] = _longer(kept[begun[same]], kept.pop(before))
            kept[number], again[same] = entry, number
        last.update(dict.fromkeys(about, place))
    return _runs(list(kept.values()), sealed_ms)


def parted(timeline: list[Entry], entry: Entry) -> list[Entry]:
    """Room for an entry inside of a statement that was said again later: the statement, and that it
    was said again.
    """
    found = []
    for one in timeline:
        if one.kind in _STATES and one.until_ms and one.at_ms <= entry.at_ms < one.until_ms:
            found.append(msgspec.structs.replace(one, until_ms=0, last_id="", count=1))
            found.append(
                msgspec.structs.replace(
                    one, at_ms=one.until_ms, id=one.last_id, until_ms=0, last_id="",
                    count=one.count - 1,
                )
            )  # fmt: skip
        else:
            found.append(one)
    return found


def _read(timeline: list[Entry], sealed_ms: int) -> Iterator[tuple[int, int | None]]:
    """The numbers of the entries, each with that of the one that it repeats, or None."""
    standing: Standing = {}
    done = False
    for number, entry in enumerate(timeline):
        if done and begins_anew(entry):
            # The next cycle: what is said of it is said of it for the first time.
            standing = {place: said for place, said in standing.items() if place[1] == "topic"}
            done = False
        if entry.kind in HANDS:
            standing.pop((entry.conversation, "assigned"), None)
        if entry.kind not in _STATES:
            yield number, None
            continue
        place, says = (entry.conversation, entry.kind), _says(entry)
        first, stands = standing.get(place, (number, {}))
        if first != number and entry.at_ms > sealed_ms and _only_repeats(entry, says, stands):
            yield number, first
            continue
        standing[place] = number, (stands | says if entry.kind == "urgency" else says)
        done = done or says.get("status") in DONE
        yield number, None


def begins_anew(entry: Entry) -> bool:
    return entry.kind in {"act", "connected"} or entry.data.get("status") == "open"


def _says(entry: Entry) -> dict[str, Any]:
    said: dict[str, Any] = entry.data["to"] if entry.kind == "assigned" else entry.data
    return said


def _only_repeats(entry: Entry, says: dict[str, Any], stands: dict[str, Any]) -> bool:
    if entry.kind == "urgency":
        return stands | says == stands
    came_from = entry.data.get("from") or stands
    return says == stands and came_from == stands


def _runs(timeline: list[Entry], sealed_ms: int) -> list[Entry]:
    """Messages by one side, one after the other, become one entry with their number."""
    merged: list[Entry] = []
    for entry in timeline:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.at_ms > sealed_ms
            and entry.kind == last.kind
            and entry.kind in RUNS
            and (entry.conversation, entry.channel, entry.actor)
            == (last.conversation, last.channel, last.actor)
            and not entry.data
            and not last.data
        ):
            merged[-1] = _longer(last, entry)
        else:
            merged.append(entry)
    return merged


def _longer(first: Entry, again: Entry) -> Entry:
    until_ms, last_id = max(_end(again), _end(first), key=lambda end: end[0])
    return msgspec.structs.replace(
        first, count=first.count + again.count, until_ms=until_ms, last_id=last_id
    )


def _end(entry: Entry) -> tuple[int, str]:
    return entry.until_ms or entry.at_ms, entry.last_id or entry.id
