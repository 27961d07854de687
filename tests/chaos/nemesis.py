"""The faults.  Each method breaks something, waits, and returns when it is healed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from typing import Any

import redis

from streams.demo.cast import person
from streams.demo.traffic.call import Call
from tests.chaos.load import Load
from tests.chaos.stack import DOMAINS, SESSION_S, WORKERS, Stack
from tests.servers.redis import ClusterRedis, RedisServer, SentinelRedis


class Nemesis:
    """`await strike(kind)`: `kinds` names what there is for these servers."""

    def __init__(self, stack: Stack, load: Load, seed: int, burst: int) -> None:
        self.stack, self.load = stack, load
        self._chance = random.Random(seed)
        self._burst = burst

    @staticmethod
    def kinds(store: SentinelRedis | ClusterRedis) -> list[str]:
        everywhere = [
            "worker killed", "worker paused beyond its session", "worker ended by SIGTERM",
            "rolling restart of workers", "gateway killed", "broker killed", "Redis restarted",
            "FLUSHALL", "maxmemory reached", "bodies that are not JSON", "body of 10 MB",
            "one customer all at once", "record that makes a fold raise",
        ]  # fmt: skip
        if isinstance(store, ClusterRedis):
            return everywhere
        return [
            *everywhere, "Redis failed over", "Redis failed over, writes lost",
            "worker's network cut", "worker's network frozen beyond its session",
        ]  # fmt: skip

    async def strike(self, kind: str) -> None:
        await {
            "worker killed": self.kill_worker,
            "worker paused beyond its session": self.pause_worker,
            "worker ended by SIGTERM": self.end_worker,
            "rolling restart of workers": self.rolling_restart,
            "gateway killed": self.kill_gateway,
            "broker killed": self.kill_broker,
            "Redis restarted": self.restart_redis,
            "FLUSHALL": self.flush_redis,
            "maxmemory reached": self.fill_redis,
            "bodies that are not JSON": self.bad_bodies,
            "body of 10 MB": self.large_body,
            "one customer all at once": self.hot_customer,
            "record that makes a fold raise": self.bug,
            "Redis failed over": self.fail_over,
            "Redis failed over, writes lost": self.fail_over_with_loss,
            "worker's network cut": self.cut_network,
            "worker's network frozen beyond its session": self.freeze_network,
        }[kind]()

    async def heal(self) -> None:
        """Whatever a fault left broken that did not come to its end."""
        stack = self.stack
        stack.proxies.heal()
        for child in stack.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
        for node in stack.kafka.nodes:
            if node.process is None:
                node.start()
        await asyncio.to_thread(stack.kafka.wait, 120)
        for server in stack.store.servers:
            if server.process is None:
                await asyncio.to_thread(server.start)
            await asyncio.to_thread(self._order, server, "CONFIG", "SET", "maxmemory", "0")
        stack.held.clear()

    # Workers and gateway --------------------------------------------------------------------

    def _any_worker(self) -> str:
        return self._chance.choice(WORKERS)

    def _signal(self, name: str, number: signal.Signals) -> None:
        self.stack.children[name].send_signal(number)

    async def kill_worker(self) -> None:
        self._signal(self._any_worker(), signal.SIGKILL)

    async def pause_worker(self) -> None:
        """It wakes as a zombie: its partitions are another one's, what it had begun is void."""
        name = self._any_worker()
        self._signal(name, signal.SIGSTOP)
        await asyncio.sleep(SESSION_S + 3)
        self._signal(name, signal.SIGCONT)

    async def end_worker(self) -> None:
        await self._end(self._any_worker())

    async def _end(self, name: str) -> None:
        self.stack.held.add(name)
        child = self.stack.children[name]
        child.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(child.wait, 60)
        self.stack.ends[f"worker by SIGTERM {code}"] += 1
        self.stack.start(name)
        self.stack.held.discard(name)

    async def rolling_restart(self) -> None:
        for name in WORKERS:
            await self._end(name)
            await self.stack.ready(name)

    async def kill_gateway(self) -> None:
        self._signal("gateway", signal.SIGKILL)

    # Kafka ------------------------------------------------------------------------------------

    async def kill_broker(self) -> None:
        node = self._chance.choice(self.stack.kafka.nodes)
        node.kill()
        await asyncio.sleep(self._chance.uniform(3, 8))
        node.start()
        await asyncio.to_thread(self.stack.kafka.wait, 120)

    # Redis ------------------------------------------------------------------------------------

    def _server(self) -> RedisServer:
        store = self.stack.store
        if isinstance(store, SentinelRedis):
            return store.primary()
        return self._chance.choice(store.servers)

    @staticmethod
    def _order(server: RedisServer, *words: Any) -> Any:
        with redis.Redis(port=server.port, socket_timeout=5, decode_responses=True) as client:
            return client.execute_command(*words)

    async def restart_redis(self) -> None:
        """Before the Sentinels give it up: it comes back from its append-only file."""
        server = await asyncio.to_thread(self._server)
        server.kill()
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.start)

    async def flush_redis(self) -> None:
        self._order(await asyncio.to_thread(self._server), "FLUSHALL")

    async def fill_redis(self) -> None:
        server = await asyncio.to_thread(self._server)
        self._order(server, "CONFIG", "SET", "maxmemory", "1mb")
        await asyncio.sleep(4)
        self._order(server, "CONFIG", "SET", "maxmemory", "0")

    async def fail_over(self) -> None:
        await self._fail_over(lose=False)

    async def fail_over_with_loss(self) -> None:
        """The replica is cut off from its primary; what the primary acknowledges then is lost."""
        await self._fail_over(lose=True)

    async def _fail_over(self, *, lose: bool) -> None:
        store = self.stack.store
        assert isinstance(store, SentinelRedis)
        await asyncio.to_thread(store.wait_replicated, 120)
        primary, replica = await asyncio.to_thread(lambda: (store.primary(), store.replica()))
        if lose:
            self._order(replica, "REPLICAOF", "127.0.0.1", "1")
            await asyncio.sleep(2.5)
        primary.kill()
        deadline = time.monotonic() + 60
        while await asyncio.to_thread(store.primary) is primary:
            if time.monotonic() > deadline:
                raise TimeoutError("the Sentinels promote nobody")
            await asyncio.sleep(0.2)
        await asyncio.to_thread(primary.start)

    # The network of worker 1 ------------------------------------------------------------------

    async def cut_network(self) -> None:
        self.stack.proxies.cut()
        await asyncio.sleep(self._chance.uniform(2, 10))
        self.stack.proxies.heal()

    async def freeze_network(self) -> None:
        self.stack.proxies.freeze()
        await asyncio.sleep(SESSION_S + 3)
        self.stack.proxies.heal()

    # Poison -------------------------------------------------------------------------------------

    async def bad_bodies(self) -> None:
        for domain in DOMAINS * 5:
            await self.load.post(self.load.vendors[domain].company.broken())

    async def large_body(self) -> None:
        """Refused at the door; what Kafka's limit would refuse must not get that far."""
        call = Call("acme-chatwoot", b"x" * 10_000_000, {"Content-Type": "application/json"})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60):
                while await self.load.once(call) != 413:
                    # The gateway answers without reading on: the client may see a broken pipe.
                    if self.load.refused["ClientOSError"] or self.load.refused["413"]:
                        break
        self.load.sent.pop(call.body, None)

    async def hot_customer(self) -> None:
        vendors, who = self.load.vendors["acme"], person(1_450)
        left = iter(range(self._burst))

        async def write() -> None:
            for _ in left:
                await self.load.post(vendors.writes(who))

        await asyncio.gather(*(write() for _ in range(40)))

    async def bug(self) -> None:
        """In one of the first two stages: three claims, then it is set aside."""
        stage = self._chance.choice(("normalise", "journeys"))
        await self.load.post(self.load.vendors["globex"].writes(person(1_460), f"-kills-{stage}"))
