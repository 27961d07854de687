"""How fast does one worker drain a backlog of canonical events, with the full logic?

Real Kafka and Redis on the same machine; the journeys stage with everything it does (timeline,
derivation, facts, KPI panes, ledger, notices, contexts, outbox).
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.cores import apart
from benchmarks.load import fill, make_topics
from benchmarks.worker import drained
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
    return drained(kafka, server, prefix, COUNT)


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
    with apart(), KafkaCluster(1) as kafka, RedisServer() as server:
        for run in range(runs):
            found["Filrouge"].append(ours(kafka, server, run))
            found[calls].append(stock(kafka, server, run, "calls"))
            found[pipeline].append(stock(kafka, server, run, "pipeline"))
    return list(found.items())
