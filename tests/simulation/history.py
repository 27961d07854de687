"""What goes into a run: webhooks of invented customers, and the brittle fold that some of them kill.

The gateway's work is taken as done: a webhook is a canonical event of the first-party source, as
it stands in the log.  Vendors' retries, broken bodies, joins, erasures and changes of policy are
among them.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.cloudevents import CONTENT_TYPE, encode_event
from schemas.common import Actor, ConversationRef, Identifier, Party
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ConversationUpdated,
    ErasureRequested,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    PolicyChanged,
    QueueEntered,
    QueueLeft,
)
from streams.fold import Fold, Record, Timer, View
from tests.simulation.chance import Chance

DOMAINS = {"acme": 0, "bolt": 1, "cord": 1}
"""Domain → its partition of `webhooks`."""

CHANNELS = ("chat", "email", "whatsapp", "voice")
_HEADERS = (("source", b"filrouge"), ("vendor", b"filrouge"), ("content-type", CONTENT_TYPE))


class Webhook(msgspec.Struct, frozen=True):
    """One request that the gateway accepts. `at_s` is simulated time."""

    at_s: float
    domain: str
    body: bytes
    what: str

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]:
        return _HEADERS


def webhooks(seed: int, seconds: float, wall_ms: Any) -> list[Webhook]:
    """In order of time. `wall_ms(at_s)` is the wall clock of the vendors then."""
    chance = Chance(seed, "history")
    found: list[Webhook] = []
    killers = set(chance.shuffled(range(60))[:2]) if chance.one_in(6) else set()
    domains = list(DOMAINS)
    for number in range(chance.number(15, 60)):
        at_s = chance.between(0, seconds)
        domain = chance.pick(domains)
        if chance.one_in(40):
            found.append(Webhook(at_s, domain, b"{broken", "broken body"))
            continue
        event = _event(chance, number, domain, int(wall_ms(at_s)), number in killers)
        body = encode_event(event)
        what = str(event.__struct_config__.tag)
        found.append(Webhook(at_s, domain, body, what))
        while chance.one_in(6):  # the vendor saw no answer and sends it again
            at_s = min(seconds, at_s + chance.between(0, 3))
            found.append(Webhook(at_s, domain, body, f"{what} again"))
    return sorted(found, key=lambda w: w.at_s)


def _event(chance: Chance, number: int, domain: str, wall_ms: int, kills: bool) -> EventBase:
    who = chance.number(1, 4)
    user = Identifier("user", f"u{who}", "asserted")
    phone = Identifier("phone", f"+1212555010{who}", "asserted")
    mail = Identifier("email", f"u{who}@example.com", "asserted")
    known_by = {"chat": user, "email": mail, "whatsapp": phone, "voice": phone}
    channel = chance.pick(CHANNELS)
    stage = chance.pick(("normalise", "normalise-prepare", "journeys", "journeys-prepare"))
    late_ms = chance.pick((0, 0, 0, 3_000, 400_000))
    fields: dict[str, Any] = {
        "id": f"e{number}" + (f"-kills-{stage}" if kills else ""),
        "source": "s",
        "domain": domain,
        "time_ms": wall_ms - late_ms,
        "recorded_ms": wall_ms,
        "channel": channel,
        "conversation": ConversationRef("s", f"{domain}/{who}/{channel}"),
        "identifiers": (known_by[channel],),
    }
    customer, system = Actor("customer"), Actor("system")
    agent = Actor("agent", chance.pick(("zoe", "yan")))
    message = {"message_id": f"m{number}"}
    kinds: list[tuple[type[EventBase], dict[str, Any], Actor, int]] = [
        (MessagePosted, {**message, "direction": "inbound"}, customer, 8),
        (MessagePosted, {**message, "direction": "outbound"}, agent, 5),
        (AssignmentChanged, {"to": Party(agent=agent.id)}, system, 3),
        (ConversationUpdated, {"status": "resolved"}, agent, 3),
        (QueueEntered, {"queue": "q"}, customer, 2),
        (QueueLeft, {"queue": "q", "outcome": "abandoned"}, customer, 1),
        (AgentConnected, {"agent": agent.id or ""}, customer, 2),
        (FeedbackReceived, {"instrument": "csat", "score": 4.0}, customer, 1),
        (IdentityLinked, {"rel": "same", "by": "crm"}, system, 2),
        (PolicyChanged, {}, system, 1),
        (ErasureRequested, {}, system, 1),
    ]
    kind, extra, actor, _ = chance.pick([k for k in kinds for _ in range(k[3])])
    if kind is IdentityLinked:
        fields |= {"identifiers": (user, phone, mail), "conversation": None}
    if kind is PolicyChanged:
        minutes = chance.number(1, 30)
        extra = {"version": f"v{number}", "policy": {"reply_target_live_ms": minutes * 60_000}}
        fields |= {"identifiers": (), "conversation": None}
    if kind is ErasureRequested:
        fields |= {"identifiers": (user, phone, mail), "conversation": None}
    return kind(**fields, **extra, actor=actor)


class Brittle(Fold):
    """A real fold with a bug: some records kill it, and with `timers` the timers of some entities.

    A record kills when its value says `kills-<stage>`: in `apply`, or in `prepare`.
    """

    def __init__(self, fold: Fold, *, timers: bool = False) -> None:
        self.fold = fold
        self.name, self.version, self.input_topic = fold.name, fold.version, fold.input_topic
        self._kills = f'-kills-{fold.name}"'.encode()
        self._kills_early = f'-kills-{fold.name}-prepare"'.encode()
        self._timers = timers

    def prepare(self, record: Record) -> Any:
        if self._kills_early in (record.value or b""):
            raise ValueError("a bug in prepare")
        return self.fold.prepare(record)

    def keys(self, prepared: Any) -> Iterable[str]:
        return self.fold.keys(prepared)

    def apply(self, prepared: Any, record: Record, view: View) -> None:
        self.fold.apply(prepared, record, view)
        if self._kills in (record.value or b""):
            raise ValueError("a bug in apply")

    def fire(self, timer: Timer, view: View) -> None:
        self.fold.fire(timer, view)
        if self._timers and binascii.crc32(timer.entity.encode()) % 5 == 0:
            raise ValueError("a bug in fire")

    def encode(self, key: str, state: Any) -> bytes:
        return self.fold.encode(key, state)

    def decode(self, key: str, raw: bytes) -> Any:
        return self.fold.decode(key, raw)
