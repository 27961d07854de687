"""`make chaos MINUTES=60 SEED=1`: chaos for as long as one likes; figures to docs/reliability.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.chaos.report import write
from tests.chaos.run import Plan, run
from tests.servers import kafka, redis


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=30.0, help="webhooks a second")
    parser.add_argument("--burst", type=int, default=2_000, help="messages of one customer at once")
    parser.add_argument("--cluster", action="store_true", help="a Redis Cluster of three shards")
    parser.add_argument(
        "--only", action="append", default=[], help="this kind of fault; again for more"
    )
    parser.add_argument("--steady", action="store_true", help="no faults: memory under load")
    given = parser.parse_args()
    if missing := kafka.available() or redis.available():
        print(missing)
        return 2
    plan = Plan(
        given.seed,
        given.minutes * 60,
        kinds=tuple(given.only),
        per_s=given.rate,
        burst=given.burst,
        steady=given.steady,
    )
    folder = Path(tempfile.mkdtemp(prefix="filrouge-chaos-"))
    print(f"Logs of all processes: {folder}")
    with redis.ClusterRedis(3) if given.cluster else redis.SentinelRedis() as store:
        outcome = asyncio.run(run(plan, folder, store))
    if not given.only:
        write(
            outcome, "a Redis Cluster of three shards" if given.cluster else "Redis under Sentinels"
        )
    return not outcome.good


if __name__ == "__main__":
    sys.exit(main())
