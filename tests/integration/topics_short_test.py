"""A real Kafka whose topics keep less than what is rebuilt from them needs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from streams.admin import topics
from streams.settings import Settings
from streams.settings_file import load
from tests.servers.kafka import KafkaCluster, free_port

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("retention.ms", "60000", "retention.ms is 60000, should be 2592000000."),
        ("retention.bytes", "1000", "retention.bytes is 1000, should be -1."),
        ("cleanup.policy", "compact", "cleanup.policy is compact, should be delete."),
    ],
)
def test_the_check_says_so(
    key: str, value: str, sentence: str, tmp_path: Path, kafka_cluster: KafkaCluster
) -> None:
    name = f"short{free_port()}"
    roles = ("webhooks", "events", "journeys", "context", "notifications", "dead_letters")
    lines = "\n".join(f'{role} = "{name}-{role}"' for role in roles)
    (tmp_path / "f.toml").write_text(f"[topics]\n{lines}\n")
    few = {"FILROUGE_KAFKA_WEBHOOKS_PARTITIONS": "1", "FILROUGE_KAFKA_EVENTS_PARTITIONS": "1"}
    few["FILROUGE_KAFKA_BOOTSTRAP"] = kafka_cluster.bootstrap
    settings = load(str(tmp_path / "f.toml"), few)
    topics.create(settings)
    until(settings, [])  # one that was just made is not known to every broker at once
    admin = KafkaAdminClient(bootstrap_servers=kafka_cluster.bootstrap)
    of_events = ConfigResource(ConfigResourceType.TOPIC, f"{name}-events", configs={key: value})
    admin.alter_configs([of_events])
    admin.close()
    until(settings, [f"{name}-events: {sentence}"])


def until(settings: Settings, said: list[str]) -> None:
    deadline = time.monotonic() + 20
    while (found := topics.check(settings)) != said:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
