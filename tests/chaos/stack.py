"""What an operator runs: three brokers, Redis, the gateway, three workers; and who restarts them.

Worker 1 reaches Kafka and Redis through proxies: its network can be broken.  Workers 1 and 2 are
static members of the group, worker 3 is not.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import redis
from confluent_kafka import KafkaException

from streams.demo.setup import source_lines, sources
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect_sync
from tests.chaos.ends import Partition, log_ends
from tests.servers.kafka import ROOT, KafkaCluster, Listener, free_port
from tests.servers.proxy import Proxies
from tests.servers.redis import ClusterRedis, SentinelRedis

KEYSPACE = "chaos"
SESSION_S = 6.0
STAGES = {"webhooks": "normalise", "events": "journeys", "notifications": "deliver"}
"""Topic → the stage that reads it."""

COUNTS = {"webhooks": 2} | dict.fromkeys(
    ("events", "journeys", "context", "notifications", "dead-letters"), 6
)
DOMAINS = ("acme", "globex")
WORKERS = ("worker-1", "worker-2", "worker-3")


class Stack:
    """`with Stack(folder, redis) as stack`; `redis` is started by the caller."""

    def __init__(self, folder: Path, store: SentinelRedis | ClusterRedis, brokers: int = 3) -> None:
        self.folder, self.store = folder, store
        self.proxies = Proxies()
        self._brokers = brokers
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.held: set[str] = set()
        """Processes that are meant to be down: nobody restarts them."""
        self.ends: Counter[str] = Counter()
        """Ends of processes by name and code."""
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self.ports = {name: free_port() for name in ("gateway", *WORKERS)}
        self.gateway = f"http://127.0.0.1:{self.ports['gateway']}"

    def __enter__(self) -> Stack:
        self.proxies.__enter__()
        bound = [free_port() for _ in range(self._brokers)]
        told = [self.proxies.to(lambda port=port: port) for port in bound]  # type: ignore[misc]
        listener = Listener("PROXIED", "PLAINTEXT", list(zip(bound, told, strict=True)))
        least = min(2, self._brokers)
        self.kafka = KafkaCluster(self._brokers, f"min.insync.replicas={least}", listener)
        self.kafka.__enter__()
        self.settings = self.folder / "filrouge.toml"
        self.settings.write_text(self._toml(least))
        bad_network = {"FILROUGE_KAFKA_BOOTSTRAP": ",".join(f"127.0.0.1:{port}" for port in told)}
        if isinstance(self.store, SentinelRedis):
            proxied = self.proxies.to(lambda: self.store.primary().port)
            bad_network["FILROUGE_REDIS_URL"] = f"redis://127.0.0.1:{proxied}/0"
        self.run_once("topics", "create")
        self.define("gateway", ["streams.cli", "gateway"], {})
        for number, name in enumerate(WORKERS, 1):
            own = {"FILROUGE_WORKER_METRICS_PORT": str(self.ports[name])}
            if number < 3:
                own["FILROUGE_WORKER_INSTANCE"] = name
            if number == 1:
                own |= bad_network
            self.define(name, ["tests.chaos.brittle", "worker"], own)
        return self

    def _toml(self, min_insync: int) -> str:
        lines = [
            f'keyspace = "{KEYSPACE}"',
            "[kafka]", f'bootstrap = "{self.kafka.bootstrap}"',
            f"replication = {self._brokers}", f"min_insync = {min_insync}",
            f"webhooks_partitions = {COUNTS['webhooks']}", f"events_partitions = {COUNTS['events']}",
            "[redis]", f'url = "{self.store.url}"',
            "[gateway]", f"port = {self.ports['gateway']}", f'public_url = "{self.gateway}"',
            "[worker]", f"session_timeout_ms = {SESSION_S * 1_000:.0f}",
        ]  # fmt: skip
        for domain in DOMAINS:
            lines += [
                "[[domain]]",
                f'name = "{domain}"',
                f'key = "a key of {domain} for the tests"',
            ]
            for source in sources(self.gateway, f"{domain}-").values():
                lines += source_lines(source, domain)
        return "\n".join(lines)

    # Processes ----------------------------------------------------------------------------

    def define(self, name: str, module: list[str], environment: dict[str, str]) -> None:
        self._commands[name] = ([sys.executable, "-m", *module], environment)

    def start(self, name: str) -> None:
        command, own = self._commands[name]
        env = {**os.environ, "FILROUGE_SETTINGS": str(self.settings), **own}
        with (self.folder / f"{name}.log").open("ab") as out:
            self.children[name] = subprocess.Popen(
                command, cwd=ROOT, stdout=out, stderr=out, env=env
            )

    def pids(self) -> dict[str, int]:
        """Of all that runs, by name."""
        found = {name: child.pid for name, child in self.children.items()}
        servers = {f"broker-{n}": node.process for n, node in enumerate(self.kafka.nodes, 1)}
        servers |= {f"redis-{n}": one.process for n, one in enumerate(self.store.servers, 1)}
        return found | {name: process.pid for name, process in servers.items() if process}

    def run_once(self, *arguments: str) -> str:
        env = {**os.environ, "FILROUGE_SETTINGS": str(self.settings)}
        command = [sys.executable, "-m", "streams.cli", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    async def supervise(self) -> None:
        """As an operator's service manager: what ends is started again, after a second."""
        while True:
            for name, child in list(self.children.items()):
                if name not in self.held and child.poll() is not None:
                    self.ends[f"{name.rstrip('-123')} {child.returncode}"] += 1
                    await asyncio.sleep(1)
                    if name not in self.held:
                        self.start(name)
            await asyncio.sleep(0.2)

    async def ready(self, name: str, seconds: float = 120) -> None:
        """Until `/readyz` of a worker or the gateway says 200."""
        deadline = time.monotonic() + seconds
        while await asyncio.to_thread(self._status, name) != 200:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} is not ready:\n{self.tail(name)}")
            await asyncio.sleep(0.3)

    def _status(self, name: str, path: str = "/readyz") -> int:
        try:
            with urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=3) as answer:
                return int(answer.status)
        except URLError as error:
            return int(getattr(error, "code", 0))
        except OSError:
            return 0

    def tail(self, name: str, size: int = 3_000) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-size:] if path.exists() else ""

    # Where things stand -------------------------------------------------------------------

    def ends_of(self, topic: str) -> dict[Partition, int]:
        wanted = [(topic, partition) for partition in range(COUNTS[topic])]
        return log_ends(self.kafka.bootstrap, wanted, 5)

    def positions(self, topic: str) -> dict[Partition, int]:
        with connect_sync(self.store.url) as client:
            found = {}
            for partition in range(COUNTS[topic]):
                keys = LaneKeys(KEYSPACE, STAGES[topic], partition, COUNTS[topic])
                found[topic, partition] = int(client.hget(keys.fence, "offset") or 0)  # type: ignore[arg-type]
            return found

    async def caught_up(self, seconds: float) -> float:
        """Seconds until all that Kafka holds now is folded by every stage. Raises `TimeoutError`."""
        started = time.monotonic()
        behind: Mapping[Any, Any] = {}
        for topic in STAGES:
            ends = None
            while True:
                try:
                    if ends is None:
                        ends = await asyncio.to_thread(self.ends_of, topic)
                    at = await asyncio.to_thread(self.positions, topic)
                    behind = {
                        where: (at[where], end) for where, end in ends.items() if at[where] < end
                    }
                    if not behind:
                        break
                except (redis.RedisError, KafkaException, OSError) as error:
                    behind = {"error": repr(error)}
                if time.monotonic() - started > seconds:
                    tails = "\n".join(f"--- {name}\n{self.tail(name)}" for name in WORKERS)
                    raise TimeoutError(f"not caught up after {seconds:.0f} s: {behind}\n{tails}")
                await asyncio.sleep(0.1)
        return time.monotonic() - started

    def __exit__(self, *_: object) -> None:
        self.held |= set(self.children)
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
                child.wait()
        self.kafka.__exit__()
        self.proxies.__exit__()
