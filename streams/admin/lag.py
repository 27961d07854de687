"""How far each stage is: Redis' position beside the log's end and Kafka's own books."""

from __future__ import annotations

from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.admin.topics import AdminError, kafka_away
from streams.engine.clients import kafka_python
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import UNREACHABLE, away, connect_sync
from streams.settings import Settings

STAGES = {"normalise": "webhooks", "journeys": "events", "deliver": "notifications"}


class Row(msgspec.Struct, frozen=True):
    """`position` is None when the stage has never claimed the partition."""

    stage: str
    partition: int
    end: int
    position: int | None
    committed: int | None
    owner: str

    @property
    def lag(self) -> int:
        return self.end - (self.position or 0)


def rows(settings: Settings) -> list[Row]:
    """One row for each stage and partition. Raises `AdminError`."""
    try:
        consumer = KafkaConsumer(**kafka_python(settings.kafka), group_id=settings.worker.group)
    except (KafkaError, OSError, ValueError) as error:
        raise AdminError(kafka_away(settings, type(error).__name__)) from error
    try:
        with connect_sync(settings.redis.url) as client:
            return [
                row
                for stage, role in STAGES.items()
                for row in _stage(settings, stage, role, consumer, client)
            ]
    except KafkaError as error:
        raise AdminError(f"Kafka stopped answering: {error}.") from error
    except UNREACHABLE as error:
        raise AdminError(away(settings.redis.shown, error)) from error
    finally:
        consumer.close()


def _stage(settings: Settings, stage: str, role: str, consumer: Any, client: Any) -> list[Row]:
    topic = settings.topics.name(role)
    partitions = sorted(consumer.partitions_for_topic(topic) or ())
    if not partitions:
        raise AdminError(f"Topic {topic!r} does not exist: run `filrouge topics create`.")
    wanted = [TopicPartition(topic, partition) for partition in partitions]
    ends = consumer.end_offsets(wanted)
    found = []
    for tp in wanted:
        keys = LaneKeys(settings.keyspace, stage, tp.partition, len(partitions))
        fence = client.hgetall(keys.fence)
        offset = fence.get("offset")
        found.append(
            Row(
                stage,
                tp.partition,
                ends[tp],
                int(offset) if offset is not None else None,
                consumer.committed(tp),
                fence.get("owner", ""),
            )
        )
    return found
