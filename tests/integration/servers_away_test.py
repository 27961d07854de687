"""Kafka or Redis away, at the start and in the middle: a sentence, nothing lost, nothing stops.

The processes that are deployed, on servers of their own that come and go.  A gateway or a worker
alone: `gateway_test.py`, `engine_test.py`; under load and with everything at once: `tests/chaos`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import orjson
import pytest

from schemas.cloudevents import decode_event
from schemas.events import ContextViewed, MessagePosted
from streams.demo.cast import person
from streams.demo.setup import secret
from streams.demo.traffic import meta_whatsapp
from tests.integration.pipeline_test import Stack
from tests.servers import kafka, redis

pytestmark = pytest.mark.servers

WHO = person(3)


class Away(Stack):
    """Each of its servers runs when it is told to."""

    def __init__(self, folder: Path, broker: kafka.KafkaCluster, server: redis.RedisServer) -> None:
        super().__init__(folder, broker, server)
        self.server = server
        self.taken: list[str] = []
        self._sent = 0
        self._workers = 0

    def write(self) -> tuple[int, str]:
        """The customer writes: the gateway's answer."""
        self._sent += 1
        name, at_ms = f"m{self._sent}", time.time_ns() // 1_000_000
        call = meta_whatsapp.message("whatsapp", secret("whatsapp"), WHO, name, "hi", at_ms)
        url = f"http://127.0.0.1:{self.gateway}/v1/in/whatsapp"
        status, said = asked(Request(url, call.body, dict(call.headers)))
        if status == 200:
            self.taken.append(name)
        return status, said

    def look(self) -> tuple[int, str]:
        """An agent looks the customer up."""
        url = f"http://127.0.0.1:{self.console}/v1/context?phone=%2B{WHO.wa_id}&agent=501"
        return asked(Request(url, headers={"Authorization": "Bearer a-token"}))

    def seen(self) -> list[str]:
        """What the agent sees of what was said."""
        status, said = self.look()
        return [one["text"] for one in orjson.loads(said)["last_messages"]] if status == 200 else []

    def page(self, port: int) -> tuple[int, str]:
        return asked(Request(f"http://127.0.0.1:{port}/readyz"))

    def worker_says(self) -> str:
        """A worker that cannot start: its last sentence."""
        self._workers += 1
        name = f"worker-{self._workers}"
        assert self.worker(name).wait(60) == 1
        return self.processes.log(name).read_text()

    def keep_working(self) -> None:
        """As a service manager does: a worker that has ended is started again."""
        child = self.processes.children.get("worker")
        if child is None or child.poll() is not None:
            self.worker("worker")


def asked(request: Request) -> tuple[int, str]:
    try:
        with urlopen(request, timeout=15) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
    except (URLError, OSError) as error:
        return 0, str(error)


def until(holds: Callable[[], Any], away: Away, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, away.processes.log("worker").read_text()
        time.sleep(0.25)


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Away]:
    if missing := kafka.available() or redis.available():
        pytest.fail(missing)
    broker, server = kafka.KafkaCluster(1), redis.RedisServer("--appendfsync", "always")
    made = Away(tmp_path, broker, server)
    try:
        with made.processes:
            yield made
    finally:
        broker.__exit__()
        server.__exit__()


def test_kafka_and_redis_go_and_come(away: Away) -> None:
    [node] = away.kafka.nodes

    # Both away at the start: the gateway and the console stand and say what they miss.
    away.processes.start("gateway", "gateway")
    away.processes.start("console", "console")
    until(lambda: away.page(away.gateway)[0], away)
    until(lambda: away.page(away.console)[0] == 503, away)
    assert away.page(away.gateway) == (503, "Kafka does not answer\n")
    assert away.write() == (503, '{"error":"Kafka does not answer."}')
    status, said = away.look()
    assert status == 503 and "Redis does not answer; try again in a moment." in said
    assert "Kafka at" in away.worker_says()

    # Kafka comes: what vendors send is safe before anything else runs.
    node.start()
    away.kafka.wait()
    assert "run `filrouge topics create`" in away.worker_says()
    assert away.command("topics", "create").returncode == 0
    until(lambda: away.write()[0] == 200, away)
    assert "Redis at redis://127.0.0.1" in away.worker_says()
    for command in ("doctor", "lag", "policy show", "identity shared"):
        done = away.command(*command.split())
        assert done.returncode == 1 and "Traceback" not in done.stdout, done.stdout
        assert "Redis" in done.stdout and "Kafka at" not in done.stdout, done.stdout

    # Redis comes: what waited in Kafka is folded.
    away.server.start()
    away.keep_working()
    until(lambda: away.seen(), away)

    # Redis goes in the middle: vendors notice nothing, the agent gets a sentence.
    away.server.kill()
    assert [away.write()[0] for _ in range(3)] == [200] * 3
    status, said = away.look()
    assert status == 503 and "Redis does not answer" in said
    away.server.start()

    def caught_up() -> bool:
        away.keep_working()
        return len(away.seen()) == min(10, len(away.taken))

    until(caught_up, away)

    # Kafka goes in the middle: vendors are told to come again, the agent still sees everything.
    node.kill()
    until(lambda: away.write()[0] == 503, away)
    assert away.look()[0] == 200
    node.start()
    away.kafka.wait()
    until(lambda: away.write()[0] == 200, away)
    until(caught_up, away)
    until(lambda: away.look()[0] == 200, away)

    # Nothing is lost, nothing is doubled; a look-up is an event.
    events = [decode_event(raw) for raw in away.read("events", 4, len(away.taken))]
    posted = Counter(e.message_id for e in events if isinstance(e, MessagePosted))
    # What was answered with 503 may have come through all the same: the vendor's retry would be
    # recognised.
    assert set(away.taken) <= {str(name).removeprefix("wamid.") for name in posted}
    assert set(posted.values()) == {1}
    assert any(isinstance(event, ContextViewed) for event in events)
    for name in ("gateway", "console", "worker", "worker-1", "worker-2", "worker-3"):
        text = away.processes.log(name).read_text()
        assert "Traceback" not in text, (name, text)
