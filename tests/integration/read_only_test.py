"""Every role starts where nothing can be written, and leaves nothing behind: what there is to keep
is in Kafka and Redis.  Root may write anywhere, so the folder is looked at, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from streams.demo.cast import person
from streams.demo.setup import secret
from streams.demo.traffic import meta_whatsapp
from tests.integration.pipeline_test import Stack
from tests.servers.kafka import KafkaCluster, free_port
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.servers


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "bare"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def with_reconcile(stack: Stack, file: Path) -> dict[str, int]:
    """Role → the port of its pages; the API that `reconcile` asks is away."""
    ports = {role: free_port() for role in ("worker", "reconcile")}
    text = file.read_text().replace("metrics_port = 0", f"metrics_port = {ports['worker']}")
    pull = ["[[reconcile]]", 'source = "chatwoot"', 'url = "http://127.0.0.1:1"', 'account = "1"']
    file.write_text("\n".join([text, *pull, 'token = "a token"']))
    return {"gateway": stack.gateway, "console": stack.console, **ports}


def test_no_role_writes_to_the_disk(
    tmp_path: Path,
    bare: Path,
    kafka_cluster: KafkaCluster,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack = Stack(tmp_path, kafka_cluster, redis_server)
    ports = with_reconcile(stack, tmp_path / "filrouge.toml")
    monkeypatch.chdir(bare)
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(bare))
    with stack.processes as running:
        assert stack.command("topics", "create").returncode == 0
        del running.children["command"]
        for role in ("gateway", "console", "worker"):
            running.start(role, role)
        running.start(
            "reconcile", "reconcile", FILROUGE_WORKER_METRICS_PORT=str(ports["reconcile"])
        )
        for role, port in ports.items():
            page = "metrics" if role == "reconcile" else "readyz"
            running.wait_ready(role, f"http://127.0.0.1:{port}/{page}")

        who, now_ms = person(5), time.time_ns() // 1_000_000
        call = meta_whatsapp.message("whatsapp", secret("whatsapp"), who, "m1", "hi", now_ms)
        hook = f"http://127.0.0.1:{stack.gateway}/v1/in/whatsapp"
        with urlopen(Request(hook, call.body, dict(call.headers)), timeout=10) as taken:
            assert taken.status == 200
        deadline = time.monotonic() + 60
        while not knows(stack, f"/v1/context?phone=%2B{who.wa_id}&agent=501"):
            assert time.monotonic() < deadline, running.log("worker").read_text()
            time.sleep(0.1)

        for child in running.children.values():
            child.terminate()
        ended = {role: child.wait(30) for role, child in running.children.items()}
        assert set(ended.values()) == {0}, ended
    assert list(bare.iterdir()) == []


def knows(stack: Stack, path: str) -> bool:
    try:
        return bool(stack.ask(path)["last_messages"])
    except (URLError, OSError):
        return False
