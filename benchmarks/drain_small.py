"""How fast does one worker drain a backlog with a small fold?  What the engine itself costs.

Per customer a small state, a switch of channel to an output topic, a counter by pane and channel
(`benchmarks/small.py`), on the load of the full drain.
"""

from __future__ import annotations

from benchmarks.cores import apart
from benchmarks.load import fill, make_topics
from benchmarks.worker import drained
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer

COUNT = 200_000
CUSTOMERS = 15_000


def rows(runs: int) -> list[tuple[str, list[tuple[float, float]]]]:
    found = []
    with apart(), KafkaCluster(1) as kafka, RedisServer() as server:
        for run in range(runs):
            prefix = f"small{run}-"
            make_topics(kafka.bootstrap, prefix)
            fill(kafka.bootstrap, f"{prefix}events", COUNT, CUSTOMERS)
            found.append(
                drained(
                    kafka,
                    server,
                    prefix,
                    COUNT,
                    stage="small",
                    command=("-m", "benchmarks.small", "{settings}"),
                )
            )
    return [("Filrouge, small fold", found)]
