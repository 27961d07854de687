"""The engine on a real Kafka and a real Redis: a count that must come out exactly."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from confluent_kafka import Consumer, Producer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams.engine.keys import LaneKeys
from tests.servers.kafka import KafkaCluster, free_port
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.servers

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4
ROLES = ("webhooks", "events", "journeys", "context", "notifications", "dead-letters")


class Toys:
    """Workers with the toy fold on topics and a keyspace of their own."""

    def __init__(self, folder: Path, kafka: KafkaCluster, server: RedisServer, name: str) -> None:
        self.folder, self.kafka, self.name = folder, kafka, name
        self.redis_url = server.url
        self.redis = redis.Redis.from_url(server.url)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.settings = folder / "filrouge.toml"
        topics = "\n".join(f'{role.replace("-", "_")} = "{name}-{role}"' for role in ROLES)
        self.settings.write_text(
            f"""keyspace = "{name}"
[topics]
{topics}
[kafka]
bootstrap = "{kafka.bootstrap}"
[redis]
url = "{server.url}"
[worker]
group = "{name}"
session_timeout_ms = 6000
metrics_port = -1
"""
        )
        admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        admin.create_topics([NewTopic(f"{name}-{role}", PARTITIONS, 1) for role in ROLES])
        admin.close()
        self.producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 5})

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.integration.toy", str(self.settings)]
        with (self.folder / f"worker{len(self.workers)}.log").open("wb") as log:
            worker = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def send(self, numbers: range, value: str = "") -> None:
        for number in numbers:
            self.producer.produce(
                f"{self.name}-webhooks", value or str(number), key=f"key{number % 97}"
            )
            self.producer.poll(0)

    def positions(self) -> list[int]:
        found = []
        for partition in range(PARTITIONS):
            fence = LaneKeys(self.name, "toy", partition, PARTITIONS).fence
            found.append(int(self.redis.hget(fence, "offset") or 0))  # type: ignore[arg-type]
        return found

    def wait_folded(self, records: int, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while sum(self.positions()) < records:
            assert time.monotonic() < deadline, f"{self.positions()} of {records}\n{self.logs()}"
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(p.read_text()[-3000:] for p in sorted(self.folder.glob("*.log")))

    def published(self, role: str = "journeys", seconds: float = 30, want: int = 0) -> list[bytes]:
        """What stands in a topic, without repeats: the same effect has the same position."""
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": "check"})
        topic = f"{self.name}-{role}"
        consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        seen: dict[bytes, bytes] = {}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            messages = consumer.consume(2000, timeout=0.5)
            for message in messages:
                position = dict(message.headers() or [])["filrouge-pos"]
                assert seen.setdefault(position, message.value()) == message.value()
            if not messages and len(seen) >= want:
                break
        consumer.close()
        return list(seen.values())

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        self.redis.close()


@pytest.fixture
def toys(
    tmp_path: Path,
    kafka_cluster: KafkaCluster,
    redis_server: RedisServer,
    request: pytest.FixtureRequest,
) -> Iterator[Toys]:
    name = f"toy{free_port()}"
    cast = Toys(tmp_path, kafka_cluster, redis_server, name)
    yield cast
    cast.stop()


def test_a_worker_joins_late_one_is_killed_and_every_record_counts_once(toys: Toys) -> None:
    total = 60_000
    first = toys.start()
    toys.send(range(20_000))
    toys.wait_folded(1_000)
    toys.start()  # joins under load
    toys.send(range(20_000, 40_000))
    toys.wait_folded(15_000)
    first.send_signal(signal.SIGKILL)  # dies under load
    first.wait()
    toys.send(range(40_000, total))
    toys.producer.flush(30)
    toys.wait_folded(total, 90)

    outputs = toys.published(want=total)
    assert len(outputs) == total
    counts = Counter(line.split(b":")[0] for line in outputs)
    expected = Counter(f"key{n % 97}".encode() for n in range(total))
    assert counts == expected
    # Each key's counts are 1…n, so no record was folded twice or on an old state.
    for key, count in expected.items():
        found = {int(line.rsplit(b":", 1)[1]) for line in outputs if line.startswith(key + b":")}
        assert found == set(range(1, count + 1))
    live = panes = 0
    for partition in range(PARTITIONS):
        keys = LaneKeys(toys.name, "toy", partition, PARTITIONS)
        live += int(toys.redis.hget(keys.live, "records") or 0)  # type: ignore[arg-type]
        for pane in toys.redis.zrange(keys.pane_index, 0, -1):  # type: ignore[union-attr]
            if b":pane:1h:" in pane:
                panes += int(toys.redis.hget(pane, "records") or 0)  # type: ignore[arg-type]
    assert (live, panes) == (total, total)


def test_sigterm_commits_publishes_and_leaves_with_code_0(toys: Toys) -> None:
    worker = toys.start()
    toys.send(range(5_000))
    toys.producer.flush(30)
    toys.wait_folded(2_000)
    worker.terminate()
    assert worker.wait(20) == 0, toys.logs()
    folded = sum(toys.positions())
    assert len(toys.published(want=folded)) == folded


def test_a_timer_fires_by_a_tick_when_nothing_else_comes(toys: Toys) -> None:
    toys.start()
    toys.send(range(1), "timer")
    toys.producer.flush(30)
    deadline = time.monotonic() + 30
    while b"key0:fired:late" not in toys.published(seconds=1):
        assert time.monotonic() < deadline, toys.logs()


def test_a_record_on_which_the_fold_fails_is_set_aside_and_its_worker_lives(toys: Toys) -> None:
    worker = toys.start()
    toys.send(range(50))
    toys.send(range(1), "boom")
    toys.send(range(50, 100))
    toys.producer.flush(30)
    toys.wait_folded(101)
    assert worker.poll() is None
    assert "was claimed 3 times at one position" in toys.logs()
    assert len(toys.published(want=100)) == 100
    assert toys.published("dead-letters", want=1) == [b"boom"]


def test_redis_dies_in_the_middle_and_comes_back_and_every_record_counts_once(
    tmp_path: Path, kafka_cluster: KafkaCluster
) -> None:
    with RedisServer("--appendfsync", "always") as server:
        toys = Toys(tmp_path, kafka_cluster, server, f"toy{free_port()}")
        try:
            worker = toys.start()
            toys.send(range(15_000))
            toys.wait_folded(2_000)
            server.kill()
            toys.send(range(15_000, 20_000))
            toys.producer.flush(30)
            time.sleep(2)
            server.start()
            toys.wait_folded(20_000)
            outputs = toys.published(want=20_000)
            assert len(outputs) == 20_000
            assert worker.poll() is None
        finally:
            toys.stop()


def test_without_kafka_or_redis_a_worker_ends_with_a_sentence(toys: Toys) -> None:
    good = toys.settings.read_text()
    for old, new, sentence in (
        (toys.kafka.bootstrap, "127.0.0.1:1", "Kafka at 127.0.0.1:1 does not answer"),
        (f"{toys.name}-webhooks", "nowhere", "Topic 'nowhere' does not exist"),
        (toys.redis_url, "redis://127.0.0.1:1/0", "Redis at redis://127.0.0.1:1/0"),
    ):
        toys.settings.write_text(good.replace(old, new))
        worker = toys.start()
        assert worker.wait(40) == 1
        log = (toys.folder / f"worker{len(toys.workers) - 1}.log").read_text()
        assert sentence in log and "Traceback" not in log, log


def test_a_worker_whose_port_is_taken_ends_with_a_sentence(toys: Toys) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        text = toys.settings.read_text()
        toys.settings.write_text(text.replace("metrics_port = -1", f"metrics_port = {port}"))
        assert toys.start().wait(40) == 1
    log = (toys.folder / "worker0.log").read_text()
    assert "worker.metrics_port names another port" in log and "Traceback" not in log, log


def test_a_position_outside_the_log_is_refused_with_a_sentence(toys: Toys) -> None:
    worker = toys.start()
    toys.send(range(500))
    toys.producer.flush(30)
    toys.wait_folded(500)
    worker.terminate()
    worker.wait(20)
    fence = LaneKeys(toys.name, "toy", 0, PARTITIONS).fence
    toys.redis.hset(fence, "offset", 999_999)
    again = toys.start()
    assert again.wait(40) == 1
    log = (toys.folder / "worker1.log").read_text()
    assert "Redis stands at offset 999999" in log, log
