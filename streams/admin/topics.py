"""Topics: make them, check them, describe them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import (
    BrokerResponseError,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
)

from streams.engine.clients import RECORD_BYTES, kafka_python
from streams.fold import TopicRole
from streams.settings import Settings

_DAY_MS = 86_400_000

_DEFAULTS = {
    "cleanup.policy": "delete",
    "retention.ms": str(7 * _DAY_MS),
    "retention.bytes": "-1",
    "min.insync.replicas": "1",
    "message.timestamp.type": "CreateTime",
    "max.message.bytes": "1048588",
}
"""What a broker does when a topic says nothing."""


class AdminError(Exception):
    """It cannot be done now; the text says why."""


def kafka_away(settings: Settings, reason: str) -> str:
    return (
        f"Kafka at {settings.kafka.bootstrap} does not answer: {reason}. Is it running, and is "
        "what [kafka] says right?"
    )


@contextmanager
def admin_client(settings: Settings) -> Iterator[KafkaAdminClient]:
    """Raises `AdminError` when Kafka does not answer."""
    try:
        client = KafkaAdminClient(**kafka_python(settings.kafka))
    except (KafkaError, OSError, ValueError) as error:
        raise AdminError(kafka_away(settings, type(error).__name__)) from error
    try:
        yield client
    except KafkaError as error:
        said = error.description if isinstance(error, BrokerResponseError) else str(error)
        raise AdminError(f"Kafka refuses: {said.rstrip('.')} ({type(error).__name__}).") from error
    finally:
        client.close()


def wanted(settings: Settings) -> dict[str, tuple[int, dict[str, str]]]:
    """Topic name → (partitions, its settings)."""
    kafka = settings.kafka
    retention = str(kafka.retention_days * _DAY_MS)
    found = {}
    for role in get_args(TopicRole):
        count = kafka.webhooks_partitions if role == "webhooks" else kafka.events_partitions
        config = {
            # What is rebuilt is folded from every record of that time, not from the last of a key.
            "cleanup.policy": "delete",
            "retention.ms": retention,
            "retention.bytes": "-1",
            "min.insync.replicas": str(kafka.min_insync),
            "max.message.bytes": str(RECORD_BYTES),
        }
        if role == "webhooks":
            # The broker's clock is the log's: those of gateways do not matter.
            config["message.timestamp.type"] = "LogAppendTime"
        if role == "journeys":
            config["retention.ms"] = "-1"  # facts hold nothing personal: they are the history
        found[settings.topics.name(role)] = (count, config)
    return found


def create(settings: Settings) -> list[str]:
    """Makes what is missing; a sentence for each topic."""
    said = []
    with admin_client(settings) as client:
        for name, (count, config) in wanted(settings).items():
            topic = NewTopic(name, count, settings.kafka.replication, topic_configs=config)
            try:
                client.create_topics([topic])
                said.append(f"{name}: created with {count} partitions.")
            except TopicAlreadyExistsError:
                said.append(f"{name}: exists.")
            except InvalidReplicationFactorError as error:
                brokers = len(client.describe_cluster()["brokers"])
                raise AdminError(
                    f"{name} cannot be made: kafka.replication is {settings.kafka.replication}, "
                    f"and there are {brokers} broker(s)."
                ) from error
    return said


def describe(settings: Settings) -> dict[str, dict[str, Any]]:
    """Name → partitions, replication, settings, of those of ours that exist."""
    names = list(wanted(settings))
    with admin_client(settings) as client:
        existing = set(client.list_topics()) & set(names)
        if not existing:
            return {}
        found: dict[str, dict[str, Any]] = {
            row["name"]: {
                "partitions": len(row["partitions"]),
                "replication": min(len(p["replica_nodes"]) for p in row["partitions"]),
            }
            for row in client.describe_topics(sorted(existing))
        }
        for name, config in _configs(client, sorted(existing)).items():
            found[name]["config"] = config
    return found


def _configs(client: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    described = client.describe_configs(resources)
    for kind in described.values() if isinstance(described, dict) else []:
        for name, entries in kind.items():
            for key, entry in entries.items():
                value = entry["value"] if isinstance(entry, dict) else entry
                found[name][key] = str(value)
    return found


def check(settings: Settings) -> list[str]:
    """A sentence for each difference from what is wanted; empty when all is right."""
    found = describe(settings)
    wrong = []
    for name, (count, config) in wanted(settings).items():
        if name not in found:
            wrong.append(f"{name} does not exist: run `filrouge topics create`.")
            continue
        topic = found[name]
        if topic["partitions"] != count:
            wrong.append(
                f"{name} has {topic['partitions']} partitions, the settings say {count}. A new "
                "number is a new keyspace, rebuilt by replay."
            )
        if topic["replication"] < settings.kafka.replication:
            times = topic["replication"]
            wanted_times = settings.kafka.replication
            wrong.append(f"{name} is replicated {times} times, not {wanted_times}.")
        for key, value in config.items():
            stored = topic["config"].get(key, _DEFAULTS[key])
            if stored != value:
                wrong.append(f"{name}: {key} is {stored}, should be {value}.")
    return wrong
