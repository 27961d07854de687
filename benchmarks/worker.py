"""One worker process that drains a topic: how fast, and for how much CPU of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import redis

from benchmarks.cores import alone
from benchmarks.load import PARTITIONS, TOPICS, cpu_seconds
from streams.engine.keys import LaneKeys
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer


def drained(
    kafka: KafkaCluster,
    server: RedisServer,
    prefix: str,
    count: int,
    *,
    stage: str = "journeys",
    settings: str = "",
    command: Sequence[str] = ("-m", "streams.cli", "--settings", "{settings}", "worker"),
    partitions: int = PARTITIONS,
) -> tuple[float, float]:
    """(records/s, CPU seconds per million) of one worker that folds `count` records which stand
    in the topics of `prefix` already. Starting up does not count: the clock runs from its first
    commit on.
    """
    topics = "\n".join(f'{name.replace("-", "_")} = "{prefix}{name}"' for name in TOPICS)
    space = prefix.strip("-")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "f.toml"
        file.write_text(
            f'keyspace = "{space}"\n[topics]\n{topics}\n'
            f'[kafka]\nbootstrap = "{kafka.bootstrap}"\n[redis]\nurl = "{server.url}"\n'
            f'[worker]\nstages = ["{stage if stage in STAGES else "journeys"}"]\n'
            f'metrics_port = -1\ngroup = "{space}"\npublish_from = "beginning"\n{settings}'
        )
        words = [word.format(settings=file) for word in command]
        worker = subprocess.Popen(alone([sys.executable, *words]), stderr=subprocess.DEVNULL)
        client = redis.Redis.from_url(server.url)
        lanes = [LaneKeys(space, stage, p, partitions) for p in range(partitions)]

        def folded() -> int:
            return sum(int(client.hget(lane.fence, "offset") or 0) for lane in lanes)

        try:
            while folded() == 0:
                _alive(worker)
                time.sleep(0.01)
            first, started, cpu = folded(), time.perf_counter(), cpu_seconds(worker.pid)
            while folded() < count:
                _alive(worker)
                time.sleep(0.01)
            seconds = time.perf_counter() - started
            used = cpu_seconds(worker.pid) - cpu
        finally:
            worker.terminate()
            worker.wait(30)
            client.close()
    return (count - first) / seconds, used / (count - first) * 1e6


STAGES = ("normalise", "journeys", "deliver")


def _alive(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is not None:
        raise RuntimeError(f"the worker ended by itself with code {worker.returncode}")
