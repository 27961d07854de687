"""How fast does one worker drain a backlog of canonical events, with the full logic?

Real Kafka and Redis on the same machine; the journeys stage with everything it does (timeline,
derivation, facts, KPI panes, ledger, notices, contexts, outbox).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redis

from benchmarks.load import PARTITIONS, cpu_seconds, fill, make_topics
from streams.engine.keys import LaneKeys
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer

COUNT = 60_000
CUSTOMERS = 5_000
STOCK_COUNT = 3_000


def ours(kafka: KafkaCluster, server: RedisServer, run: int) -> tuple[float, float]:
    """(events/s, CPU seconds per million events) of one worker process."""
    prefix = f"ours{run}-"
    make_topics(kafka.bootstrap, prefix)
    fill(kafka.bootstrap, f"{prefix}events", COUNT, CUSTOMERS)
    topics = "\n".join(
        f'{name} = "{prefix}{name.replace("_", "-")}"'
        for name in ("webhooks", "events", "journeys", "context", "notifications", "dead_letters")
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "f.toml"
        file.write_text(
            f'keyspace = "bench{run}"\n[topics]\n{topics}\n'
            f'[kafka]\nbootstrap = "{kafka.bootstrap}"\n'
            f'[redis]\nurl = "{server.url}"\n[worker]\nstages = ["journeys"]\nmetrics_port = -1\n'
            f'group = "bench{run}"\n'
        )
        worker = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "--settings", str(file), "worker"],
            stderr=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(server.url)
        space = f"bench{run}"
        lanes = [LaneKeys(space, "journeys", p, PARTITIONS) for p in range(PARTITIONS)]

        def folded() -> int:
            return sum(int(client.hget(lane.fence, "offset") or 0) for lane in lanes)

        while folded() == 0:
            time.sleep(0.01)
        first, started, cpu = folded(), time.perf_counter(), cpu_seconds(worker.pid)
        while folded() < COUNT:
            time.sleep(0.01)
        seconds = time.perf_counter() - started
        used = cpu_seconds(worker.pid) - cpu
        worker.terminate()
        worker.wait(30)
        client.close()
    return (COUNT - first) / seconds, used / (COUNT - first) * 1e6


def stock(kafka: KafkaCluster, server: RedisServer, run: int, mode: str) -> tuple[float, float]:
    """The same of a stock Faust agent with Redis."""
    prefix = f"{mode}{run}-"
    make_topics(kafka.bootstrap, prefix)
    fill(kafka.bootstrap, f"{prefix}events", STOCK_COUNT, CUSTOMERS * STOCK_COUNT // COUNT)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stock_faust", kafka.bootstrap, server.url, prefix,
         str(STOCK_COUNT), mode],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    rate, cpu = done.stdout.split()[-2:]
    return float(rate), float(cpu)


def rows(runs: int) -> list[tuple[str, list[tuple[float, float]]]]:
    """Both systems, turn by turn in one run: machines are noisy, ratios less so."""
    calls, pipeline = "stock Faust, Redis call by call", "stock Faust, a pipeline an event"
    found: dict[str, list[tuple[float, float]]] = {"Filrouge": [], calls: [], pipeline: []}
    with KafkaCluster(1) as kafka, RedisServer() as server:
        for run in range(runs):
            found["Filrouge"].append(ours(kafka, server, run))
            found[calls].append(stock(kafka, server, run, "calls"))
            found[pipeline].append(stock(kafka, server, run, "pipeline"))
    return list(found.items())
