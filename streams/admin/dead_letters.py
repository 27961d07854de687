"""Dead letters: list them, look at one, send them in again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.admin.topics import AdminError, kafka_away
from streams.engine.clients import librdkafka, producer_config
from streams.settings import Settings

PATIENCE_S = 10


class Letter(msgspec.Struct, frozen=True):
    """`id` is partition/offset in the dead-letters topic; `value` the original body."""

    id: str
    at_ms: int
    reason: str
    sentence: str
    stage: str
    source: str
    key: str
    value: bytes
    headers: dict[str, str]


def letters(settings: Settings) -> list[Letter]:
    """All that are kept, oldest first. Raises `AdminError`."""
    return sorted(_read(settings), key=lambda letter: (letter.at_ms, letter.id))


def _read(settings: Settings) -> Iterator[Letter]:
    consumer = Consumer(
        librdkafka(settings.kafka)
        | {"group.id": f"{settings.worker.group}-look", "enable.auto.commit": False}
    )
    topic = settings.topics.dead_letters
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
                yield _letter(message)
    except KafkaException as error:
        raise AdminError(kafka_away(settings, error.args[0].str())) from error
    finally:
        consumer.close()
    if broken:
        raise AdminError("Kafka stopped answering before the end of the topic; try again.")


def _letter(message: Any) -> Letter:
    headers = {name: value.decode("utf-8", "replace") for name, value in message.headers() or ()}
    return Letter(
        id=f"{message.partition()}/{message.offset()}",
        at_ms=message.timestamp()[1],
        reason=headers.get("dead-reason", ""),
        sentence=headers.get("dead-sentence", ""),
        stage=headers.get("dead-stage", ""),
        source=headers.get("source", ""),
        key=(message.key() or b"").decode("utf-8", "replace"),
        value=message.value() or b"",
        headers=headers,
    )


def send_again(settings: Settings, chosen: Iterable[Letter]) -> tuple[int, list[str]]:
    """Puts the originals back into `webhooks`. Returns how many, and why the others not."""
    producer = Producer(producer_config(settings.kafka) | {"partitioner": "murmur2"})
    sent, refused = 0, []
    for letter in chosen:
        if "source" not in letter.headers:
            refused.append(f"{letter.id} did not come in as a webhook; it cannot be sent again.")
            continue
        headers = [
            (name, value.encode())
            for name, value in letter.headers.items()
            if not name.startswith(("dead-", "filrouge-"))
        ]
        producer.produce(
            settings.topics.webhooks, value=letter.value, key=letter.key, headers=headers
        )
        sent += 1
    if producer.flush(15):
        raise AdminError("Kafka has not confirmed all of them within 15 s; look again later.")
    return sent, refused
