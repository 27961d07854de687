"""A real Kafka on which nobody has made the topics: each command says what to do."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from streams.gateway.server import Gateway
from streams.settings_file import load
from tests.servers.kafka import KafkaCluster, free_port

pytestmark = pytest.mark.servers

MISSING = "does not exist: run `filrouge topics create`"


@pytest.fixture
def settings(tmp_path: Path, kafka_cluster: KafkaCluster) -> Path:
    file = tmp_path / "filrouge.toml"
    name = f"missing{free_port()}"
    roles = ("webhooks", "events", "journeys", "context", "notifications", "dead_letters")
    topics = "\n".join(f'{role} = "{name}-{role}"' for role in roles)
    bootstrap = f'bootstrap = "{kafka_cluster.bootstrap}"'
    file.write_text(f"[kafka]\n{bootstrap}\nreplication = 3\n[topics]\n{topics}\n")
    return file


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("dead-letters list", 1, MISSING),
        ("worker", 1, ""),
        ("topics check", 1, MISSING),
        ("topics create", 1, "kafka.replication is 3, and there are 1 broker(s)."),
    ],
)
def test_a_command_says_so(command: str, code: int, sentence: str, settings: Path) -> None:
    # In a process of its own: a worker that ends takes the whole process with it.
    words = [sys.executable, "-m", "streams.cli", "--settings", str(settings), *command.split()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == code and (sentence or MISSING) in said, said
    assert "Traceback" not in said


async def test_the_gateway_says_why_it_is_not_ready(
    settings: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(load(str(settings), {"FILROUGE_GATEWAY_PORT": "0"}))
    await gateway.start()
    try:
        with caplog.at_level(logging.WARNING):
            await gateway.look()
        [said] = caplog.messages
        assert MISSING in said and "every webhook gets a 503" in said
    finally:
        await gateway.stop()
