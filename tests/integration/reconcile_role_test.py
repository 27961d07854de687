"""`filrouge reconcile` on a real Kafka and a real Redis: what was lost is there, once, after restarts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
import redis
from confluent_kafka import Consumer

from benchmarks.load import make_topics
from streams.engine.keys import reconciled
from tests.servers.chatwoot import TOKEN, FakeChatwoot
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.servers


def settings(folder: Path, bootstrap: str, redis_url: str, chatwoot_url: str) -> Path:
    file = folder / "f.toml"
    (folder / "token").write_text(TOKEN + "\n")
    file.write_text(
        f"""
keyspace = "pull"
[kafka]
bootstrap = "{bootstrap}"
[redis]
url = "{redis_url}"
[topics]
webhooks = "pull-webhooks"
[worker]
metrics_port = -1
[[domain]]
name = "acme"
key = "0123456789abcdef"
[[source]]
name = "desk"
vendor = "chatwoot"
domain = "acme"
[[reconcile]]
source = "desk"
url = "{chatwoot_url}"
account = "7"
token_file = "token"
every_ms = 300
requests_per_s = 200
"""
    )
    return file


def run(file: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "--settings", str(file), "reconcile", *arguments],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def texts(bootstrap: str, wanted: set[str]) -> list[str]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{time.time()}",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(["pull-webhooks"])
    found: list[str] = []
    until = time.monotonic() + 20
    while time.monotonic() < until and not wanted <= set(found):
        record = consumer.poll(0.5)
        if record is not None and record.error() is None:
            body = orjson.loads(record.value())
            if body["event"] == "message_created":
                found.append(body["content"])
    consumer.close()
    return found


async def test_it_goes_on_where_it_stood(
    kafka_cluster: KafkaCluster, redis_server: RedisServer, tmp_path: Path
) -> None:
    make_topics(kafka_cluster.bootstrap, "pull-")
    server = FakeChatwoot()
    await server.start()
    file = settings(tmp_path, kafka_cluster.bootstrap, redis_server.url, server.url)
    now_ms = int(time.time() * 1_000)
    server.open(5, now_ms - 5 * 60_000)
    server.write(5, now_ms - 5 * 60_000, "lost in the night")
    try:
        single = run(file, "--once")
        _, said = await asyncio.to_thread(single.communicate, timeout=60)
        assert single.returncode == 0 and "desk: 3 records" in said, said
        client = redis.Redis.from_url(redis_server.url)
        assert (
            int(client.get(reconciled("pull", "desk")) or 0)
            == (now_ms - 5 * 60_000) // 1_000 * 1_000
        )

        server.write(5, now_ms - 60_000, "lost while nobody asked")
        lasting = run(file)
        found = await asyncio.to_thread(texts, kafka_cluster.bootstrap, {"lost while nobody asked"})
        server.write(5, now_ms, "lost just now")
        found = await asyncio.to_thread(texts, kafka_cluster.bootstrap, {"lost just now"})
        assert {"lost in the night", "lost while nobody asked", "lost just now"} <= set(found)
        lasting.terminate()
        _, said = await asyncio.to_thread(lasting.communicate, timeout=30)
        assert lasting.returncode == 0, said
        assert TOKEN not in said
        client.close()

        server.fail = [401] * 3
        refused = run(file, "--once")
        _, said = await asyncio.to_thread(refused.communicate, timeout=60)
        assert refused.returncode == 1 and "refuses the token" in said and "Traceback" not in said
    finally:
        await server.stop()
