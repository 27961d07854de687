"""Who else is in the group: workers of two keyspaces there would share the partitions, and each
keyspace would fold a part of the log only.
"""

from __future__ import annotations

import asyncio

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.engine.clients import librdkafka
from streams.settings import Settings

_CLIENT = "filrouge."
_PATIENCE_S = 3.0
"""A group of which nobody has heard yet may have no coordinator for a while."""


def client_id(keyspace: str) -> str:
    """By which name a worker goes in the group, and in the logs of the brokers."""
    return _CLIENT + keyspace


async def members_fault(settings: Settings) -> str:
    """A sentence when workers of another keyspace are in our group; else, or when Kafka does not
    say, empty.
    """
    others = await asyncio.to_thread(_other_keyspaces, settings)
    if not others:
        return ""
    return (
        f"Workers of keyspace {others[0]!r} run in group {settings.worker.group!r}: each keyspace "
        f"would get some of the partitions. End them all before {settings.keyspace!r} begins."
    )


def _other_keyspaces(settings: Settings) -> list[str]:
    admin = AdminClient(librdkafka(settings.kafka))
    asked = admin.describe_consumer_groups([settings.worker.group], request_timeout=_PATIENCE_S)
    try:
        members = asked[settings.worker.group].result(_PATIENCE_S + 1).members
    except (KafkaException, TimeoutError):
        return []
    names = {str(member.client_id) for member in members}
    found = {name.removeprefix(_CLIENT) for name in names if name.startswith(_CLIENT)}
    return sorted(found - {settings.keyspace})
