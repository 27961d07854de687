"""A worker listens to FILROUGE_… only: other programs' variables share its environment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streams.engine.transport import build_app
from streams.settings import Kafka, Settings, Worker

SETTINGS = Settings(
    kafka=Kafka(bootstrap="kafka.example:9092"), worker=Worker(group="g", instance="worker-1")
)

OTHERS = {
    "BROKER_URL": "redis://127.0.0.1:1/0",
    "BROKER_CONSUMER_URL": "kafka://elsewhere:9092",
    "BROKER_MAX_POLL_RECORDS": "1",
    "APP_VERSION": "3",
    "APP_DEBUG": "perhaps",
    "TIMEZONE": "Nowhere/Town",
    "CONSUMER_GROUP_INSTANCE_ID": "someone",
    "CONSUMER_AUTO_OFFSET_RESET": "latest",
}


def told() -> dict[str, Any]:
    """What Faust makes of the settings, as texts."""
    host: Any = SimpleNamespace(topics=("webhooks",))
    conf = build_app(SETTINGS, host).conf
    names = (
        "id", "broker", "broker_consumer", "broker_max_poll_records", "debug", "timezone",
        "consumer_group_instance_id", "consumer_auto_offset_reset",
    )  # fmt: skip
    return {name: str(getattr(conf, name)) for name in names}


async def test_variables_of_other_programs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = told()
    assert "kafka.example" in alone["broker"] and alone["id"] == "g"
    for name, value in OTHERS.items():
        monkeypatch.setenv(name, value)
    assert told() == alone
