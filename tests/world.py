"""A small world for tests: webhooks or events in; facts, notices and figures out; no servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from schemas.cloudevents import decode_event, decode_fact, decode_notification
from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import EventBase
from schemas.notification import Notification
from streams.channels.base import Parsed, SourceConfig
from streams.channels.ids import event_id
from streams.channels.registry import adapters
from streams.demo.traffic.call import Call
from streams.engine.batch import Batch
from streams.engine.driver import Driver
from streams.engine.upstream import upstream_of
from streams.fold import Count, Fold, Record
from streams.policy import Policy, changed
from streams.stages.journeys import Journeys
from streams.stages.names import NONE, Names
from streams.stages.normalise import Normalise

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_790_000_000_000 // DAY * DAY + 9 * HOUR
DOMAIN = "acme"


class States(dict[str, Any]):
    def __missing__(self, key: str) -> None:
        return None


def driver(fold: Fold) -> Driver:
    made = Driver(fold, "test", fold.input_topic, 0)
    made.states = States()
    return made


class World:
    """Everything is folded at once; `now` moves with what comes in, or by `wait`."""

    def __init__(
        self,
        options: Mapping[str, Mapping[str, str]] | None = None,
        names: Names = NONE,
        lateness: dict[str, int] | None = None,
        sources: Iterable[SourceConfig] = (),
        **policy: Any,
    ) -> None:
        """`options` of sources, which are called like their vendors; or other `sources`."""
        told = options or {}
        usual = [SourceConfig(v, v, DOMAIN, options=told.get(v, {})) for v in adapters()]
        fold = Normalise({DOMAIN: b"k" * 16}, sources or usual, adapters(), 1, names=names)
        self.normalise = driver(fold)
        self.journeys = driver(Journeys(lateness))
        self.journeys.states[f"policy:{DOMAIN}"] = changed(Policy(), "test", policy)
        self.now = START
        self.facts: dict[str, Any] = {}
        self.history: list[Any] = []
        self.notices: list[Notification] = []
        self.events: list[EventBase] = []
        self.letters: list[str] = []
        self.sentences: list[str] = []
        """Of the dead letters."""
        self.panes: Counter[str] = Counter()
        self.live: Counter[str] = Counter()
        self.counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.ledger: dict[tuple[int, str], bytes] = {}
        self._numbers = 0

    # In -----------------------------------------------------------------------------------

    def call(self, call: Call, at: int | None = None) -> None:
        """A vendor's webhook arrives."""
        self.now = max(self.now, at or self.now)
        headers = {"source": call.source, "vendor": call.source, "url": "https://x.example/"}
        headers |= {k.lower(): v for k, v in call.headers.items() if k.lower() == "content-type"}
        self.record({name: value.encode() for name, value in headers.items()}, call.body)

    def record(self, headers: Mapping[str, bytes], body: bytes) -> None:
        """A record of topic `webhooks`, as the gateway writes it."""
        raw = tuple(headers.items())
        record = Record("webhooks", 0, self.normalise.at.offset, self.now, b"acme", body, raw)
        self._normalised(record, self.normalise.fold.prepare(record))

    def event(self, cls: type[EventBase], at: int | None = None, /, **fields: Any) -> EventBase:
        """A canonical event arrives at `now`; it happened at `at` (default now)."""
        self._numbers += 1
        fields.setdefault("actor", Actor("customer"))
        fields.setdefault("channel", "chat")
        if isinstance(fields.get("conversation"), str):
            fields["conversation"] = ConversationRef("s", fields["conversation"])
        made = cls(
            id=fields.pop("id", event_id("s", str(self._numbers))),
            source="s",
            domain=DOMAIN,
            time_ms=at if at is not None else self.now,
            recorded_ms=self.now,
            **fields,
        )
        self.put(made)
        return made

    def put(self, event: EventBase) -> None:
        record = Record("webhooks", 0, self.normalise.at.offset, self.now, b"acme", b"")
        self._normalised(record, Parsed((event,)))

    def wait(self, ms: int) -> None:
        """Time passes; timers fire by a tick."""
        from schemas.events import ClockTick

        self.now += ms
        self.event(ClockTick, actor=Actor("system"))

    # Through ------------------------------------------------------------------------------

    def _normalised(self, record: Record, prepared: Any) -> None:
        self.normalise.advance([(record, prepared, upstream_of(record))], 1 << 60)
        queue = self._published(self.normalise.take())
        while queue:
            value = queue.pop(0)
            self.events.append(decode_event(value))
            record = Record("events", 0, self.journeys.at.offset, self.now, b"", value)
            prepared = self.journeys.fold.prepare(record)
            self.journeys.advance([(record, prepared, upstream_of(record))], 1 << 60)
            queue += self._published(self.journeys.take())

    def _published(self, batch: Batch) -> list[bytes]:
        again = []
        for outgoing in batch.outbox:
            value = outgoing.publish.value
            match outgoing.publish.topic:
                case "events":
                    again.append(value)
                case "journeys":
                    fact = decode_fact(value)
                    known = self.facts.get(fact.subject_id)
                    assert known is None or fact.revision == known.revision + 1, fact
                    self.facts[fact.subject_id] = fact
                    self.history.append(fact)
                case "notifications":
                    self.notices.append(decode_notification(value))  # type: ignore[arg-type]
                case "dead-letters":
                    headers = dict(outgoing.publish.headers)
                    self.letters.append(headers["dead-reason"].decode())
                    self.sentences.append(headers["dead-sentence"].decode())
        for (size, _), cells in batch.panes.items():
            if size == "1h":
                self.panes.update(cells)
        self.live.update(batch.live)
        for count in batch.counts:
            if isinstance(count, Count):
                self.counts[count.metric, count.labels] += count.amount
        for hour, entries in batch.ledger.items():
            for entry, raw in entries.items():
                if raw is None:
                    self.ledger.pop((hour, entry), None)
                else:
                    self.ledger[hour, entry] = raw
        return again

    # Out ----------------------------------------------------------------------------------

    def asserted(self, kind: type | None = None) -> list[Any]:
        found = [f for f in self.facts.values() if f.state == "asserted"]
        found = [f for f in found if kind is None or isinstance(f, kind)]
        return sorted(found, key=lambda f: (f.at_ms, f.subject_id))

    def one(self, kind: type) -> Any:
        [found] = self.asserted(kind)
        return found

    def counted(self, name: str, *labels: str) -> float:
        """What a metric of the folds has counted."""
        return self.counts[name, labels]

    def sent(self) -> list[str]:
        return [n.rule.partition("@")[0] for n in self.notices if n.op == "send"]

    def cancelled(self) -> list[str]:
        return [n.rule.partition("@")[0] for n in self.notices if n.op == "cancel"]


def who(value: str = "ada", trust: str = "asserted") -> tuple[Identifier, ...]:
    return (Identifier("user", value, trust),)  # type: ignore[arg-type]


def plain(facts: Iterable[Any]) -> list[Any]:
    """Facts without what a policy's name or a revision adds, for comparing two worlds."""
    return [msgspec.structs.replace(f, revision=1) for f in facts]
