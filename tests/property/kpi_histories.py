"""Random histories of two people over several vendors, and lanes that keep every pane.

The conversations are those of the sealing properties (calls, queues, transfers, bots, carts, notes,
resolutions); here two people have them at once, each vendor knows them by an id of its own, and it
becomes known anywhere in between that these are one person; some things come late, twice, or out of
order; scores and topics are told beside; the policy promises something to queues, and has hours.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import msgspec

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import (
    ClockTick,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    PolicyChanged,
    QueueEntered,
    QueueLeft,
)
from streams.engine.batch import Batch
from streams.engine.driver import Driver
from tests.lanes import Lanes
from tests.property.continuity_properties_test import command, whose
from tests.property.continuity_properties_test import ident as known_as
from tests.property.sealing_properties_test import history as told_by_vendors
from tests.world import DAY, DOMAIN, HOUR, START

LATE = (0, 0, 0, 0, 20_000, 400_000, 3 * HOUR)
SOURCES = ("s", "t", "b")
SCALES = ((1, 5), (0, 1), (0, 10), (1, 7), (1, 3))
HOURS = {
    "default": {"zone": "Europe/Paris", "hours": "mon-sun 09:00-12:30 13:30-18:00"},
    "night": {"zone": "UTC", "hours": "mon-sun 00:00-24:00", "teams": ["returns"]},
}
QUEUES = (
    {"clock": "queue", "target_ms": 20_000, "queues": ["q1"]},
    {"clock": "queue", "target_ms": 400_000, "business": True},
)


class Counted(Lanes):
    """Keeps panes of every size for as long as the store would."""

    def __init__(self, turn: random.Random | None) -> None:
        super().__init__(turn)
        self.panes: dict[tuple[Driver, str, int], Counter[str]] = {}
        self.batches: list[tuple[int, Batch]] = []
        """What each lane of journeys committed."""

    def taken(self, lane: Driver, batch: Batch) -> None:
        if lane in self.lanes:
            self.batches.append((self.lanes.index(lane), batch))
        for size, start in batch.expired:
            self.panes.pop((lane, size, start), None)
            if size == "1h":
                for line in [line for line in self.ledger if line[:2] == (lane, start)]:
                    del self.ledger[line]
        for (size, start), cells in batch.panes.items():
            self.panes.setdefault((lane, size, start), Counter()).update(cells)

    def between(self, size: str, from_ms: int, until_ms: int) -> dict[str, int]:
        """The sum of the panes that begin there; zero where all was taken back."""
        found: Counter[str] = Counter()
        for (_, of, start), cells in self.panes.items():
            if of == size and from_ms <= start < until_ms:
                found.update(cells)
        return found

    def ever(self) -> dict[str, int]:
        """All cells, over all time."""
        found: Counter[str] = Counter()
        for (cell, _, _), amount in self.cells.items():
            found[cell] += amount
        return found


def history(dice: random.Random) -> list[EventBase]:
    """In order of arrival."""
    events: list[EventBase] = [_policy(dice)] if dice.random() < 0.7 else []
    for person in range(2):
        size = dice.choice((6, 15, 30, 60))
        events += [_of(person, dice, event) for event in told_by_vendors(dice, size)]
    heard = [event for event in events if event.conversation]
    for number in range(dice.randrange(4, 14)):
        events.append(_beside(dice, f"x{number}", dice.choice(heard)))
    for number in range(dice.randrange(4)):
        events += _edges(dice, f"y{number}", dice.choice(events).recorded_ms)
    for number in range(dice.randrange(3)):
        events += _all_done(dice, f"d{number}", events)
    for person, which in ((p, w) for p in range(2) for w in range(1, len(SOURCES))):
        events.append(_link(person, which, dice.choice(events).recorded_ms))
    for event in dice.sample(events, len(events) // 8):
        events.append(msgspec.structs.replace(event, recorded_ms=event.recorded_ms + 1_500))
    return sorted(events, key=lambda event: event.recorded_ms)


def _policy(dice: random.Random) -> EventBase:
    changes = {"promises": QUEUES, "calendars": HOURS}
    some = {name: changes[name] for name in changes if dice.random() < 0.7}
    return PolicyChanged(**_envelope("policy", START - DAY), version="p", policy=some)


def _envelope(ident: str, at_ms: int) -> dict[str, Any]:
    return {
        "id": ident, "source": "filrouge", "domain": DOMAIN, "time_ms": at_ms, "channel": "web",
        "recorded_ms": at_ms, "actor": Actor("system"),
    }  # fmt: skip


def _who(person: int, source: str) -> tuple[Identifier, ...]:
    return (known_as(person, SOURCES.index(source)),)


def _of(person: int, dice: random.Random, event: EventBase) -> EventBase:
    """The same by this person, perhaps told late."""
    place = event.conversation
    changes: dict[str, Any] = {
        "id": f"{person}{event.id}", "customer": "", "identifiers": _who(person, event.source),
        "time_ms": event.time_ms - dice.choice(LATE),
        "conversation": ConversationRef(place.source, f"{person}-{place.id}") if place else None,
    }  # fmt: skip
    if event.channel == "email" and person:
        changes["channel"] = "whatsapp"
    return msgspec.structs.replace(event, **changes)


def _beside(dice: random.Random, ident: str, like: EventBase) -> EventBase:
    """A score or a topic, some time after something of the same conversation."""
    at_ms = like.recorded_ms + dice.choice((1, 60_000, HOUR))
    envelope = _envelope(ident, at_ms) | {
        "source": like.source, "channel": like.channel, "conversation": like.conversation,
        "identifiers": like.identifiers, "actor": Actor("customer"),
    }  # fmt: skip
    if dice.random() < 0.3:
        return ConversationUpdated(**envelope, topic=dice.choice(("billing", "delivery")))
    low, high = dice.choice(SCALES)
    fields: dict[str, Any] = {"instrument": dice.choice(("csat", "rating", "nps", "nps", "ces"))}
    if fields["instrument"] == "nps":
        low, high = 0, 10
    if dice.random() < 0.8:
        fields |= {"scale_min": low, "scale_max": high}
    if dice.random() < 0.9:
        fields["score"] = dice.choice((*range(low, high + 1), low - 1, high + 1))
    fields["easy_is_low"] = dice.choice((None, True, False))
    return FeedbackReceived(**envelope, **fields)


def _edges(dice: random.Random, ident: str, at_ms: int) -> list[EventBase]:
    """What lies close to a limit: a caller who hangs up at once or soon, a customer who is back on
    a channel within five minutes or after, somebody who is closed without a word.
    """
    person, after_ms = (
        dice.randrange(2),
        dice.choice((3_000, 4_999, 5_000, 20_000, 240_000, 360_000)),
    )
    said = MessagePosted, {"message_id": ident, "direction": "inbound"}
    told = dice.choice(
        (
            (
                ("voice", QueueEntered, {"queue": "q1"}),
                ("voice", QueueLeft, {"queue": "q1", "outcome": "abandoned"}),
            ),
            (("chat", *said), ("email", *said), ("chat", *said)),
            (("chat", *said), ("chat", ConversationUpdated, {"status": "resolved"})),
        )
    )
    found: list[EventBase] = []
    for number, (channel, kind, fields) in enumerate(told):
        place = ConversationRef("s", f"{person}-{ident}-{channel}")
        made = _envelope(f"{ident}{number}", at_ms + number * after_ms) | {
            "source": "s", "channel": channel, "conversation": place,
            "identifiers": _who(person, "s"), "actor": Actor("customer"),
        }  # fmt: skip
        found.append(kind(**made, **fields))
    return found


def _all_done(dice: random.Random, ident: str, events: list[EventBase]) -> list[EventBase]:
    """Each conversation until then is answered, or not, and resolved."""
    at_ms = dice.choice(events).recorded_ms + dice.choice((1, 5_000, HOUR))
    so_far = [event for event in events if event.conversation and event.recorded_ms <= at_ms]
    found: list[EventBase] = []
    silent = dice.random() < 0.3
    for number, like in enumerate({str(event.conversation): event for event in so_far}.values()):
        for kind, fields in (
            (MessagePosted, {"message_id": f"{ident}{number}", "direction": "outbound"}),
            (ConversationUpdated, {"status": dice.choice(("resolved", "closed"))}),
        )[silent:]:
            made = _envelope(f"{ident}{number}{kind.__name__}", at_ms + len(found)) | {
                "source": like.source, "channel": like.channel, "conversation": like.conversation,
                "identifiers": like.identifiers, "actor": Actor("agent", "zoe"),
            }  # fmt: skip
            found.append(kind(**made, **fields))
    return found


def _link(person: int, which: int, at_ms: int) -> EventBase:
    return IdentityLinked(
        **_envelope(f"l{person}{which}", at_ms), rel="same", by="crm",
        identifiers=(known_as(person, 0), known_as(person, which)),
    )  # fmt: skip


def pass_time(lanes: Lanes, now_ms: int, pause_ms: int) -> int:
    """All arrives and time passes, some days at a time (what is told first when its panes are gone
    is in no figure); returns until when.
    """
    until_ms = now_ms + pause_ms
    while now_ms < until_ms:
        now_ms = min(until_ms, now_ms + 9 * DAY)
        lanes.put(ClockTick(**_envelope("tick", now_ms)))
        lanes.drain()
    return now_ms


def mistake(lanes: Lanes, at_ms: int, undo: str) -> str:
    """The two people are joined by mistake, or that is undone; the join, if there is one."""
    if undo:
        lanes.put(command(at_ms, "split", {"join": undo}))
        return ""
    before = len(lanes.joins)
    lanes.put(command(at_ms, "join", {"winner": whose(lanes, 0), "loser": whose(lanes, 1)}))
    return lanes.joins[-1] if len(lanes.joins) > before else ""
