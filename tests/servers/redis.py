"""Real Redis on free local ports, append-only file on, data in temporary folders: one server, a
primary with its replica under Sentinels, a cluster.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.servers.kafka import free_port


def available() -> str:
    """Empty when a server can be started, else what is missing, in a sentence."""
    return "" if shutil.which("redis-server") else "redis-server is missing: run `make test`."


class RedisServer:
    """`with RedisServer() as redis: redis.url`."""

    def __init__(self, *arguments: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="filrouge-redis-"))
        self.port = free_port()
        self.arguments = arguments
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
             "--appendonly", "yes", "--save", "", "--loglevel", "warning", *self.arguments],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self.wait()

    def wait(self, seconds: float = 20) -> None:
        import redis

        client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + seconds
        while True:
            try:
                client.ping()
                client.close()
                return
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def client(self) -> Any:
        """For orders to the server itself."""
        import redis

        return redis.Redis(port=self.port, socket_timeout=5, decode_responses=True)

    def kill(self) -> None:
        """kill -9."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class SentinelRedis:
    """A primary, its replica and three Sentinels: `with SentinelRedis() as redis: redis.url`."""

    SERVICE = "filrouge"

    def __init__(self) -> None:
        self.servers = [RedisServer(), RedisServer()]
        self.sentinels: list[tuple[int, subprocess.Popen[bytes]]] = []
        self.folder = Path(tempfile.mkdtemp(prefix="filrouge-sentinel-"))

    @property
    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{port}" for port, _ in self.sentinels)
        return f"redis+sentinel://{places}/{self.SERVICE}/0"

    def __enter__(self) -> SentinelRedis:
        first, second = self.servers
        first.start()
        second.arguments = ("--replicaof", f"127.0.0.1 {first.port}")
        second.start()
        second.arguments = ()  # who comes back is told by the Sentinels what it is
        for number in range(3):
            self._start_sentinel(number, first.port)
        self.wait_replicated()
        return self

    def _start_sentinel(self, number: int, port: int) -> None:
        own, config = free_port(), self.folder / f"sentinel{number}.conf"
        config.write_text(
            f"port {own}\nbind 127.0.0.1\ndir {self.folder}\nloglevel warning\n"
            f"sentinel monitor {self.SERVICE} 127.0.0.1 {port} 2\n"
            f"sentinel down-after-milliseconds {self.SERVICE} 2000\n"
            f"sentinel failover-timeout {self.SERVICE} 6000\n"
        )
        process = subprocess.Popen(
            ["redis-server", str(config), "--sentinel"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.sentinels.append((own, process))

    def primary(self) -> RedisServer:
        """Who is it by the word of a Sentinel."""
        import redis

        port = 0
        for own, _ in self.sentinels:
            with redis.Redis(port=own, socket_timeout=2, decode_responses=True) as client:
                try:
                    port = int(client.sentinel_get_master_addr_by_name(self.SERVICE)[1])
                    break
                except redis.RedisError:
                    continue
        return next(server for server in self.servers if server.port == port)

    def replica(self) -> RedisServer:
        primary = self.primary()
        return next(server for server in self.servers if server is not primary)

    def replicated(self) -> bool:
        """The primary has a replica that follows it, and the Sentinels know both and each other."""
        import redis

        try:
            primary = self.primary()
            with redis.Redis(port=primary.port, socket_timeout=2, decode_responses=True) as client:
                told: Any = client.info("replication")
            if told["role"] != "master" or told.get("slave0", {}).get("state") != "online":
                return False
            for own, _ in self.sentinels:
                with redis.Redis(port=own, socket_timeout=2, decode_responses=True) as client:
                    seen: Any = client.sentinel_master(self.SERVICE)
                    if seen["num-slaves"] < 1 or seen["num-other-sentinels"] < 2:
                        return False
                    replicas: Any = client.sentinel_slaves(self.SERVICE)
                    if any(one["is_sdown"] or one["is_disconnected"] for one in replicas):
                        return False
        except (redis.RedisError, StopIteration):
            return False
        return True

    def wait_replicated(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.replicated():
            if time.monotonic() > deadline:
                raise TimeoutError("the replica does not follow its primary")
            time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        for _, process in self.sentinels:
            process.kill()
            process.wait()
        for server in self.servers:
            server.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)


class ClusterRedis:
    """Shards without replicas, the slots in equal parts: `with ClusterRedis(3) as redis: redis.url`."""

    def __init__(self, shards: int = 3) -> None:
        settings = ("--cluster-enabled", "yes", "--cluster-node-timeout", "3000",
                    "--cluster-require-full-coverage", "no")  # fmt: skip
        self._buses = [free_port() for _ in range(shards)]
        self.servers = [RedisServer(*settings, "--cluster-port", str(bus)) for bus in self._buses]

    @property
    def url(self) -> str:
        return f"redis+cluster://127.0.0.1:{self.servers[0].port}/0"

    def __enter__(self) -> ClusterRedis:
        import redis

        count = len(self.servers)
        for number, server in enumerate(self.servers):
            server.start()
            with redis.Redis(port=server.port) as client:
                slots = range(16384 * number // count, 16384 * (number + 1) // count)
                client.execute_command("CLUSTER ADDSLOTS", *slots)
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                first = self.servers[0].port
                client.execute_command("CLUSTER MEET", "127.0.0.1", first, self._buses[0])
        self.wait()
        return self

    def wait(self, seconds: float = 60) -> None:
        """Until every shard knows of every slot."""
        import redis

        deadline = time.monotonic() + seconds
        for server in self.servers:
            with redis.Redis(port=server.port, decode_responses=True) as client:
                while True:
                    told: Any = client.execute_command("CLUSTER INFO")
                    if told["cluster_slots_ok"] == "16384":
                        break
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"the cluster did not form: {told}")
                    time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.__exit__()
