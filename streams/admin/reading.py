"""A topic from its begin to where it ends now, read outside of any group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.admin.topics import AdminError, kafka_away
from streams.engine.clients import librdkafka
from streams.settings import Settings

PATIENCE_S = 10


def read(settings: Settings, topic: str) -> Iterator[Any]:
    """The records (confluent_kafka's messages), in the order of each partition.  Raises
    `AdminError`.
    """
    consumer = Consumer(
        librdkafka(settings.kafka)
        | {"group.id": f"{settings.worker.group}-look", "enable.auto.commit": False}
    )
    try:
        found = consumer.list_topics(topic, PATIENCE_S).topics[topic]
        if found.error is not None:
            raise AdminError(f"Topic {topic!r} does not exist: run `filrouge topics create`.")
        left = {}
        for partition in found.partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), PATIENCE_S)
            if high > low:
                left[partition] = high
        consumer.assign([TopicPartition(topic, p, 0) for p in left])
        broken = False
        while left and not broken:
            for message in consumer.consume(500, timeout=5) or [None]:
                if message is None or message.error():
                    broken = True
                    break
                if message.offset() + 1 >= left.get(message.partition(), 1 << 62):
                    left.pop(message.partition(), None)
                yield message
    except KafkaException as error:
        raise AdminError(kafka_away(settings, error.args[0].str())) from error
    finally:
        consumer.close()
    if broken:
        raise AdminError("Kafka stopped answering before the end of the topic; try again.")
