"""What an operator relies on: lag tools, a clean end, health that is true, a watchdog that bites."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from kafka import KafkaAdminClient

from streams.engine.keys import LaneKeys
from streams.engine.worker import STOP_S
from tests.integration.engine_test import PARTITIONS, Toys
from tests.servers.kafka import KafkaCluster, free_port
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.servers


@pytest.fixture
def toys(tmp_path: Path, kafka_cluster: KafkaCluster, redis_server: RedisServer) -> Iterator[Toys]:
    cast = Toys(tmp_path, kafka_cluster, redis_server, f"ops{free_port()}")
    yield cast
    cast.stop()


def until(holds: Callable[[], bool], toys: Toys, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, toys.logs()
        time.sleep(0.1)


def members(toys: Toys, seconds: float = 90) -> list[Any]:
    """Of the group.  A client that asked before the group had a coordinator may wait for one for
    ever: then another one asks.
    """
    deadline = time.monotonic() + seconds
    while True:
        admin = AdminClient({"bootstrap.servers": toys.kafka.bootstrap, "log_level": 0})
        asked = admin.describe_consumer_groups([toys.name], request_timeout=10)
        try:
            return list(asked[toys.name].result(12).members)
        except (TimeoutError, KafkaException):
            assert time.monotonic() < deadline, toys.logs()


def health(port: int, path: str = "/healthz") -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
    except (URLError, OSError):
        return 0, ""


def test_ordinary_lag_tools_see_what_is_published(toys: Toys) -> None:
    worker = toys.start()
    toys.send(range(3_000))
    toys.producer.flush(30)
    toys.wait_folded(3_000)
    admin = KafkaAdminClient(bootstrap_servers=toys.kafka.bootstrap)
    topic = f"{toys.name}-webhooks"

    def committed() -> dict[int, Any]:
        found = admin.list_group_offsets(toys.name)
        return {tp.partition: kept for tp, kept in found[toys.name].items() if tp.topic == topic}

    until(lambda: sum(kept.offset for kept in committed().values()) == 3_000, toys)
    assert {p: kept.offset for p, kept in committed().items()} == dict(enumerate(toys.positions()))
    assert {kept.metadata for kept in committed().values()} == {f"{toys.name} toy-1"}
    admin.close()
    worker.terminate()
    assert worker.wait(40) == 0, toys.logs()


def test_sigterm_leaves_the_group_at_once(toys: Toys) -> None:
    worker = toys.start()
    until(lambda: len(members(toys)) == 1, toys)
    toys.send(range(500))
    toys.producer.flush(30)
    toys.wait_folded(500)
    worker.terminate()
    assert worker.wait(40) == 0, toys.logs()
    assert members(toys) == []


def test_a_state_that_is_not_the_workers_is_refused_in_a_sentence(toys: Toys) -> None:
    first = toys.start()
    toys.send(range(500))
    toys.producer.flush(30)
    toys.wait_folded(500)
    first.terminate()
    assert first.wait(40) == 0, toys.logs()
    toys.settings.write_text(
        toys.settings.read_text().replace(f'group = "{toys.name}"', f'group = "{toys.name}-2"')
    )
    second = toys.start()
    assert second.wait(60) == 1, toys.logs()
    assert f"The state in Redis belongs to group '{toys.name}'" in toys.logs()
    assert "Traceback" not in toys.logs()


def test_a_second_keyspace_waits_until_the_first_ones_workers_are_gone(toys: Toys) -> None:
    """In one group they would share the partitions, and each would fold a part of the log."""
    first = toys.start()
    toys.send(range(500))
    toys.producer.flush(30)
    toys.wait_folded(500)
    toys.settings.write_text(
        toys.settings.read_text().replace(f'keyspace = "{toys.name}"', 'keyspace = "second"')
    )
    early = toys.start()
    assert early.wait(60) == 1, toys.logs()
    assert f"Workers of keyspace '{toys.name}' run in group" in toys.logs()
    first.terminate()
    assert first.wait(40) == 0, toys.logs()

    def rebuilt() -> bool:
        fences = [LaneKeys("second", "toy", p, PARTITIONS).fence for p in range(PARTITIONS)]
        return sum(int(toys.redis.hget(fence, "offset") or 0) for fence in fences) == 500  # type: ignore[arg-type]

    toys.start()
    until(rebuilt, toys)
    # What the first keyspace published is not published again: here under other positions.
    assert len(toys.published(want=500)) == 500


def test_a_domain_whose_key_was_changed_is_refused(toys: Toys) -> None:
    domain = '[[domain]]\nname = "acme"\nkey = "the key of the first day"\n'
    toys.settings.write_text(toys.settings.read_text() + domain)
    first = toys.start()
    until(lambda: "The worker runs" in toys.logs(), toys)
    first.terminate()
    assert first.wait(40) == 0, toys.logs()
    toys.settings.write_text(toys.settings.read_text().replace("first day", "second day"))
    second = toys.start()
    assert second.wait(60) == 1, toys.logs()
    assert "The key of domain 'acme' is not the one" in toys.logs()
    assert "Traceback" not in toys.logs() and "day" not in toys.logs()


def test_a_static_member_that_is_restarted_moves_no_partitions(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.settings.write_text(
        toys.settings.read_text().replace("session_timeout_ms = 6000", "session_timeout_ms = 60000")
    )

    ports = {"one": free_port(), "two": free_port()}

    def start(name: str) -> Any:
        monkeypatch.setenv("FILROUGE_WORKER_INSTANCE", name)
        monkeypatch.setenv("FILROUGE_WORKER_METRICS_PORT", str(ports[name]))
        return toys.start()

    def settled() -> bool:
        """Both say that they have claimed what they were given, and both were given something."""
        ready = all(health(port, "/readyz")[0] == 200 for port in ports.values())
        return ready and {owner for owner, _ in owners().values()} == {"one", "two"}

    def owners() -> dict[int, tuple[str, str]]:
        found = {}
        for partition in range(PARTITIONS):
            fence = LaneKeys(toys.name, "toy", partition, PARTITIONS).fence
            owner, epoch = toys.redis.hmget(fence, "owner", "epoch")  # type: ignore[misc]
            found[partition] = ((owner or b"").decode(), (epoch or b"").decode())
        return found

    first, _second = start("one"), start("two")
    until(settled, toys)
    before = owners()
    first.terminate()
    assert first.wait(40) == 0, toys.logs()
    start("one")

    whose = {p: owner for p, (owner, _) in before.items()}
    seen = []

    def again() -> bool:
        now = owners()
        seen.append({p: owner for p, (owner, _) in now.items()})
        return all(now[p][1] != e for p, (owner, e) in before.items() if owner == "one")

    until(lambda: again() and settled(), toys)
    assert all(then == whose for then in seen)


@pytest.mark.parametrize("busy", [True, False])
def test_of_two_workers_of_one_name_the_older_ends_with_a_sentence(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    """A frozen one that wakes after its successor has begun, or a name that was copied: Kafka gives
    both the same partitions. The idle one learns it from the group, the busy one from Redis.
    """
    monkeypatch.setenv("FILROUGE_WORKER_INSTANCE", "one")
    older = toys.start()
    toys.send(range(500))
    toys.producer.flush(30)
    toys.wait_folded(500)
    younger, sent = toys.start(), 500
    deadline = time.monotonic() + 60
    while older.poll() is None:
        assert younger.poll() is None and time.monotonic() < deadline, toys.logs()
        if busy:
            toys.send(range(sent, sent + 20))
            sent += 20
        time.sleep(0.02)
    assert older.wait() == 1, toys.logs()
    assert "Another worker runs under the name 'one' and began later: this one ends." in toys.logs()
    assert "Traceback" not in toys.logs()
    toys.send(range(sent, sent + 500))
    toys.producer.flush(30)
    toys.wait_folded(sent + 500)
    assert younger.poll() is None, toys.logs()
    assert len(toys.published(want=sent + 500)) == sent + 500


def test_a_worker_that_applies_nothing_is_unhealthy_and_ends(
    tmp_path: Path, kafka_cluster: KafkaCluster
) -> None:
    with RedisServer() as server:
        toys = Toys(tmp_path, kafka_cluster, server, f"ops{free_port()}")
        try:
            port = stalling(toys)
            worker = toys.start()
            until(lambda: health(port, "/readyz")[0] == 200, toys)
            toys.send(range(1_000))
            toys.producer.flush(30)
            toys.wait_folded(1_000)
            assert health(port)[0] == 200
            server.process.send_signal(signal.SIGSTOP)  # type: ignore[union-attr]
            toys.send(range(1_000, 2_000))
            toys.producer.flush(30)
            until(lambda: health(port)[0] == 503, toys)
            until(lambda: worker.poll() is not None, toys)
            assert worker.returncode == 1
            assert (
                "this worker ends, to be started anew" in toys.logs()
                or "nothing of Kafka" in toys.logs()
            )
            server.process.send_signal(signal.SIGCONT)  # type: ignore[union-attr]
            toys.start()
            toys.wait_folded(2_000)
            assert len(toys.published(want=2_000)) == 2_000
        finally:
            toys.stop()


def test_a_worker_that_hears_nothing_of_kafka_is_unhealthy_and_ends(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    with KafkaCluster(1) as cluster:
        toys = Toys(tmp_path, cluster, redis_server, f"ops{free_port()}")
        try:
            port = stalling(toys)
            worker = toys.start()
            until(lambda: health(port, "/readyz")[0] == 200, toys)
            [broker] = cluster.nodes
            assert broker.process
            broker.process.send_signal(signal.SIGSTOP)
            until(lambda: health(port)[0] == 503, toys)
            until(lambda: worker.poll() is not None, toys)
            assert worker.returncode == 1
            assert "heard nothing of Kafka" in toys.logs()
            broker.process.send_signal(signal.SIGCONT)
        finally:
            toys.stop()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_sigterm_ends_a_worker_whose_broker_is_gone(
    tmp_path: Path, redis_server: RedisServer, number: signal.Signals
) -> None:
    with KafkaCluster(1) as cluster:
        toys = Toys(tmp_path, cluster, redis_server, f"ops{free_port()}")
        try:
            worker = toys.start()
            toys.send(range(20_000))
            toys.producer.flush(30)
            toys.wait_folded(2_000)
            [broker] = cluster.nodes
            assert broker.process
            broker.process.send_signal(number)
            worker.terminate()
            worker.wait(STOP_S + 5)  # by then a thread has ended it, whatever hangs
            broker.process.send_signal(signal.SIGCONT)
        finally:
            toys.stop()


def stalling(toys: Toys) -> int:
    """A short watchdog; the port of its health."""
    port = free_port()
    text = toys.settings.read_text().replace("metrics_port = -1", f"metrics_port = {port}")
    toys.settings.write_text(text + "watchdog_ms = 12000\n")
    return port
