"""Reads what the product publishes: the latest revision of each fact, and the notices."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import Consumer, TopicPartition

from schemas.cloudevents import decode_event, decode_fact, decode_notification
from schemas.events import IdentityJoined, IdentitySplit
from schemas.facts import Fact
from schemas.notification import Notification

News = Fact | Notification | IdentityJoined | IdentitySplit


class Seen:
    """What was published so far: of each fact its latest revision."""

    def __init__(self) -> None:
        self.facts: dict[str, Fact] = {}
        self.taken_back: dict[str, Fact] = {}
        """By subject: what was published and does not hold any more."""
        self.notices: dict[tuple[str, str], Notification] = {}
        self.joins: list[IdentityJoined] = []
        self.splits: list[IdentitySplit] = []

    def take(self, news: News) -> None:
        if isinstance(news, IdentityJoined):
            self.joins.append(news)
        elif isinstance(news, IdentitySplit):
            self.splits.append(news)
        elif isinstance(news, Notification):
            self.notices[news.id, news.op] = news
        else:
            self._fact(news)

    def _fact(self, fact: Fact) -> None:
        known = self.facts.get(fact.subject_id)
        if known is None or fact.revision >= known.revision:
            self.facts[fact.subject_id] = fact
            if known is not None and (type(fact) is not type(known) or fact.state == "retracted"):
                self.taken_back[fact.subject_id] = known


class Watch(Seen):
    """Follows topics from their beginning, outside any consumer group."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        super().__init__()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "demo-watch",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        self._consumer.assign(
            [
                TopicPartition(topic, partition, 0)
                for topic in ("events", "journeys", "notifications", "dead-letters")
                for partition in range(partitions)
            ]
        )
        self.dead_letters: dict[str, int] = {}
        self._positions: set[str] = set()

    def poll(self, seconds: float) -> Iterator[News]:
        """What is new; a repeat (the same position in the log) is passed over."""
        for message in self._consumer.consume(500, timeout=seconds):
            if message.error() or message.value() is None:
                continue
            headers = dict(message.headers() or ())
            position = headers.get("filrouge-pos", b"").decode()
            if position in self._positions:
                continue
            self._positions.add(position)
            match message.topic():
                case "events":
                    if b'"identity.' in message.value():
                        yield from self._identity(message.value())
                case "journeys":
                    yield from self._new(decode_fact(message.value()))
                case "notifications":
                    notice = decode_notification(message.value())
                    if isinstance(notice, Notification):
                        yield from self._new(notice)
                case _:
                    reason = headers.get("dead-reason", b"?").decode()
                    self.dead_letters[reason] = self.dead_letters.get(reason, 0) + 1

    def _new(self, news: News) -> Iterator[News]:
        self.take(news)
        yield news

    def _identity(self, value: bytes) -> Iterator[News]:
        """Who is who has changed; what is moved along between customers is the engine's own."""
        event = decode_event(value)
        if isinstance(event, IdentityJoined | IdentitySplit):
            yield from self._new(event)

    def close(self) -> None:
        self._consumer.close()
