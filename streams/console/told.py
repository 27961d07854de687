"""What the console itself tells goes into the log, as events of the first-party source."""

from __future__ import annotations

from typing import Any

from confluent_kafka import Producer

from schemas.events import EventBase
from streams.engine.clients import librdkafka
from streams.engine.first_party import in_webhooks
from streams.settings import Settings


class Told:
    """A producer of its own, to topic `webhooks`."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topics.webhooks
        self._producer = Producer(
            librdkafka(settings.kafka)
            | {"acks": "all", "partitioner": "murmur2", "message.timeout.ms": 5_000}
        )

    def put(self, event: EventBase, heard: Any = None) -> None:
        """Hands the event to Kafka; `heard(error, message)` hears whether it is durable, at the
        next `poll` or `flush`.  Raises BufferError and KafkaException.
        """
        value, headers = in_webhooks(event)
        self._producer.produce(self._topic, value, event.domain, headers=headers, on_delivery=heard)

    def poll(self) -> None:
        self._producer.poll(0)

    def flush(self, seconds: float) -> None:
        """Waits until all is durable, but no longer; blocks."""
        self._producer.flush(seconds)
