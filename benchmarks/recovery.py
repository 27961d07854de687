"""A worker is killed under load: how long until its share is caught up?  `python -m benchmarks.recovery`.

Two workers fold the journeys; events come in at 80 % of what one of them drains.  One gets kill -9,
and is started anew at once, as a supervisor does.  With a name (`worker.instance`, as
`docker-compose.yml` has it) it gets its partitions back when it is up.  Without one it is new to the
group: all wait until the session of the dead one ends.
Caught up is when the backlog is no more than half a second of load, or than it was before the kill.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median

import msgspec
import redis
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from benchmarks.drain import ours
from benchmarks.load import PARTITIONS, TOPICS, events, make_topics
from benchmarks.open_loop import spread
from schemas.cloudevents import encode_event
from schemas.events import Event
from streams.engine.keys import LaneKeys
from streams.engine.partition import partition_for
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer

LOAD = 0.8
SESSION_MS = 10_000
"""The worker's default."""

STEADY_S = 15
PATIENCE_S = 120
CUSTOMERS = 20_000


class Recovery(msgspec.Struct, frozen=True):
    """`caught_up_s` is from the kill on; `longest` the largest backlog; `lost` must be 0."""

    rate: float
    caught_up_s: float
    longest: int
    lost: int
    fault: str = ""


class Stream(threading.Thread):
    """Produces at a steady rate until told to end; `sent` counts."""

    def __init__(self, bootstrap: str, topic: str, rate: float) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.sent = 0
        self._topic, self._rate = topic, rate
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "linger.ms": 5, "enable.idempotence": True}
        )

    def run(self) -> None:
        load: Iterator[Event] = events(10**9, CUSTOMERS)
        began = time.perf_counter()
        while not self.ended.is_set():
            due = int((time.perf_counter() - began) * self._rate) - self.sent
            for event in islice(load, max(0, due)):
                place = partition_for(event.customer, PARTITIONS)
                stamp = time.time_ns() // 1_000_000
                told = msgspec.structs.replace(event, time_ms=stamp, recorded_ms=stamp)
                self._producer.produce(
                    self._topic,
                    encode_event(told),
                    event.customer,
                    partition=place,
                    timestamp=stamp,
                )
                self.sent += 1
            self._producer.poll(0)
            time.sleep(0.005)
        self._producer.flush(60)


class Backlog:
    """What is in the topic and not committed to Redis."""

    def __init__(self, bootstrap: str, url: str, prefix: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        self._places = [TopicPartition(f"{prefix}events", p) for p in range(PARTITIONS)]
        self._client = redis.Redis.from_url(url)
        space = prefix.strip("-")
        self._lanes = [LaneKeys(space, "journeys", p, PARTITIONS) for p in range(PARTITIONS)]

    def folded(self) -> int:
        return sum(int(self._client.hget(lane.fence, "offset") or 0) for lane in self._lanes)

    def now(self) -> int:
        asked = self._admin.list_offsets(dict.fromkeys(self._places, OffsetSpec.latest()))
        return sum(found.result(10).offset for found in asked.values()) - self.folded()


def _settings(folder: Path, kafka: KafkaCluster, server: RedisServer, prefix: str) -> Path:
    topics = "\n".join(f'{name.replace("-", "_")} = "{prefix}{name}"' for name in TOPICS)
    space = prefix.strip("-")
    file = folder / "f.toml"
    file.write_text(
        f'keyspace = "{space}"\n[topics]\n{topics}\n'
        f'[kafka]\nbootstrap = "{kafka.bootstrap}"\n[redis]\nurl = "{server.url}"\n'
        f'[worker]\nstages = ["journeys"]\nmetrics_port = -1\ngroup = "{space}"\n'
        f"session_timeout_ms = {SESSION_MS}\n"
    )
    return file


def _worker(file: Path, name: str) -> subprocess.Popen[bytes]:
    with (file.parent / "said.txt").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "--settings", str(file), "worker"],
            stdout=said, stderr=said, env={**os.environ, "FILROUGE_WORKER_INSTANCE": name},
        )  # fmt: skip


def measured(name: str) -> Recovery:
    """`name` of the worker that is killed; may be empty."""
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaCluster(1) as kafka,
        RedisServer() as server,
    ):
        rate = float(os.environ.get("RATE", "0")) or LOAD * ours(kafka, server, 0)[0]
        make_topics(kafka.bootstrap, "recovery-")
        file = _settings(Path(folder), kafka, server, "recovery-")
        workers = [_worker(file, name), _worker(file, name and "other")]
        stream = Stream(kafka.bootstrap, "recovery-events", rate)
        backlog = Backlog(kafka.bootstrap, server.url, "recovery-")
        try:
            time.sleep(12)  # both are in the group
            stream.start()
            time.sleep(STEADY_S)
            return _kill(workers, file, name, stream, backlog, rate)
        finally:
            stream.ended.set()
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)


def _kill(
    workers: list[subprocess.Popen[bytes]],
    file: Path,
    name: str,
    stream: Stream,
    backlog: Backlog,
    rate: float,
) -> Recovery:
    before = backlog.now()
    calm_at = max(rate / 2, before)
    if before > 2 * rate:
        return Recovery(rate, 0, before, 0, f"{before} events behind before anything was killed")
    workers[0].kill()
    workers[0].wait()
    killed = time.perf_counter()
    workers[0] = _worker(file, name)
    longest, calm, caught_up = 0, 0, 0.0
    while calm < 10 and time.perf_counter() - killed < PATIENCE_S:
        behind = backlog.now()
        longest = max(longest, behind)
        late = behind > calm_at or longest <= calm_at
        if not late and calm == 0:
            caught_up = time.perf_counter() - killed
        calm = 0 if late else calm + 1
        time.sleep(0.1)
    stream.ended.set()
    stream.join(60)
    deadline = time.monotonic() + PATIENCE_S
    while backlog.folded() < stream.sent and time.monotonic() < deadline:
        time.sleep(0.2)
    lost = stream.sent - backlog.folded()
    fault = "" if calm >= 10 else f"not caught up after {PATIENCE_S} s"
    return Recovery(rate, caught_up, longest, lost, fault)


def section(runs: int) -> list[str]:
    named = [measured("one") for _ in range(runs)]
    unnamed = [measured("") for _ in range(runs)]
    goal_s = SESSION_MS / 1_000 + 5
    caught = median(one.caught_up_s for one in named)
    lines = [
        "One of two workers gets kill -9 under load and is started anew at once: how long until its",
        f"share is caught up? Events come at {LOAD:.0%} of what one worker drains in the same run; the",
        "journeys stage with full logic, both workers, broker and Redis on this machine; caught up is a",
        "backlog of no more than half a second of load, or than before the kill (`python -m benchmarks.recovery`).",
        "With a name (`worker.instance`, as in `docker-compose.yml`) it gets its partitions back when it is",
        "up; without one both workers wait until the dead one's session ends.",
        f"Goal: session timeout and 5 s, {goal_s:.0f} s.",
        "",
        f"| median of {runs} (range) | with a name | without |",
        "|---|---|---|",
        _row("events/s", named, unnamed, lambda one: one.rate),
        _row("caught up after, s", named, unnamed, lambda one: one.caught_up_s),
        _row("backlog at most, events", named, unnamed, lambda one: float(one.longest)),
        f"| events lost | {sum(o.lost for o in named)} | {sum(o.lost for o in unnamed)} |",
        "",
    ]
    if faults := [one.fault for one in named + unnamed if one.fault]:
        return [*lines, *(f"Void: {fault}." for fault in faults)]
    return [*lines, f"The goal is {'met' if caught <= goal_s else 'missed'} with a name."]


def _row(
    what: str,
    named: list[Recovery],
    unnamed: list[Recovery],
    figure: Callable[[Recovery], float],
) -> str:
    both = (spread([figure(one) for one in runs]) for runs in (named, unnamed))
    return f"| {what} | {' | '.join(both)} |"


if __name__ == "__main__":
    for name in ("one", ""):
        found = measured(name)
        print(
            f"{'with' if name else 'without'} a name: {found.rate:,.0f} events/s; caught up "
            f"{found.caught_up_s:.1f} s after the kill, {found.longest:,} behind at most, "
            f"{found.lost} lost. {found.fault}"
        )
