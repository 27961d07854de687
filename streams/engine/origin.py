"""Whether a keyspace may publish what it folds from the beginning of the log.

Lanes of which Redis and Kafka know nothing begin at the log's beginning.  In a keyspace's first
life all their effects are new.  In a rebuild of topics that exist (another keyspace, or Redis and
Kafka's offsets both lost) they were published by an earlier life, and nothing from before the cut
is published: the cut is the log's end when the lane is first claimed.

Which of the two it is is decided once, before the first claim, and kept in Redis.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import redis.asyncio
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.engine.clients import librdkafka
from streams.engine.keys import origin_key
from streams.settings import Settings

_PATIENCE_S = 10
_OUTPUTS = ("events", "journeys", "context", "notifications")
"""Topics that only lanes write: something there is an earlier life's."""


async def is_fresh(
    settings: Settings, client: redis.asyncio.Redis, counts: Mapping[str, int]
) -> bool:
    """`counts` is partitions by topic role. Raises Redis's and Kafka's errors."""
    key = origin_key(settings.keyspace)
    if settings.worker.publish_from == "beginning":
        await client.set(key, "fresh")
        return True
    if await client.get(key) is None:
        fresh = await asyncio.to_thread(_nothing_published, settings, counts)
        await client.set(key, "fresh" if fresh else "rebuild", nx=True)
    origin: Any = await client.get(key)
    return bool(origin == b"fresh")


def _nothing_published(settings: Settings, counts: Mapping[str, int]) -> bool:
    asked = {
        TopicPartition(settings.topics.name(role), partition): OffsetSpec.latest()
        for role in _OUTPUTS
        for partition in range(counts[role])
    }
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        # A new one each time: a client that remembers a leader that died may ask by it for ever.
        # Its futures live as long as it does.
        admin = AdminClient(librdkafka(settings.kafka))
        found = admin.list_offsets(asked, request_timeout=_PATIENCE_S)
        try:
            return all(future.result().offset == 0 for future in found.values())
        except KafkaException:
            # Partitions of topics that are just made have no leader yet.
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.2)
