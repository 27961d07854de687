"""A worker: the lanes, the relay, the watchdog, and its health page, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, get_args

import uvloop
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.engine.clients import librdkafka, producer_config
from streams.engine.domain_keys import key_fault
from streams.engine.eviction import eviction_fault
from streams.engine.health import Health
from streams.engine.host import Host
from streams.engine.members import members_fault
from streams.engine.origin import is_fresh
from streams.engine.redis_client import UNREACHABLE, away, connect
from streams.engine.redis_store import RedisStore
from streams.engine.relay import Relay
from streams.engine.traces import hide
from streams.engine.transport import build_app
from streams.engine.watchdog import spread, stalled
from streams.fold import Fold, TopicRole
from streams.settings import Settings

log = logging.getLogger(__name__)

STOP_S = 10.0
"""A clean end takes a second or two; when Kafka or Redis is gone it would wait for ever.  What is
left is the next owner's, and the sooner this one is gone the sooner he has it.
"""

FAILED_STOP_S = 5.0
"""What failed may hang; the sooner it is gone, the sooner its partitions have a new owner."""

TOPICS_S = 3.0
"""So long a topic may be missing: one that was just made is not known to every broker at once."""

MakeFolds = Callable[[Mapping[str, int]], Sequence[Fold]]
"""From the number of partitions by topic role to the folds that this worker runs."""


class Service(Protocol):
    """Something that runs beside the lanes, such as the senders of notices."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class WorkerError(Exception):
    """The worker cannot run; the text says why and what to do."""


async def partition_counts(settings: Settings) -> tuple[str, dict[str, int]]:
    """The cluster's id and the partitions of each topic, by role. Raises `WorkerError`."""
    admin = AdminClient(librdkafka(settings.kafka))
    names = {role: settings.topics.name(role) for role in get_args(TopicRole)}
    deadline = time.monotonic() + TOPICS_S
    while True:
        try:
            found: Any = await asyncio.to_thread(admin.list_topics, timeout=10)
        except KafkaException as error:
            raise WorkerError(
                f"Kafka at {settings.kafka.bootstrap} does not answer: {error.args[0].str()}. "
                "Is it running, and is kafka.bootstrap right?"
            ) from error
        missing = [name for name in names.values() if name not in found.topics]
        if not missing:
            counts = {role: len(found.topics[name].partitions) for role, name in names.items()}
            return str(found.cluster_id or ""), counts
        if time.monotonic() > deadline:
            raise WorkerError(f"Topic {missing[0]!r} does not exist: run `filrouge topics create`.")
        await asyncio.sleep(0.2)


class Engine:
    """`await start()`, `await stop()`; `failure` is a sentence when it ended by itself."""

    def __init__(
        self,
        settings: Settings,
        make_folds: MakeFolds,
        make_services: Callable[[Host], Sequence[Service]] = lambda _: (),
    ) -> None:
        self._settings = settings
        self._make_folds = make_folds
        self._make_services = make_services
        self._services: Sequence[Service] = ()
        self._client: Any = None
        self.ended = asyncio.Event()
        self.failure = ""
        self.host: Host | None = None
        self.health: Health | None = None
        self._relay: Relay | None = None
        self._app: Any = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises `WorkerError`; what happens later is found in `failure`."""
        settings = self._settings
        cluster, counts = await partition_counts(settings)
        self._client = connect(settings.redis.url)
        try:
            await self._client.ping()
        except UNREACHABLE as error:
            raise WorkerError(away(settings.redis.shown, error)) from error
        await self._require_own()
        self._relay = Relay(producer_config(settings.kafka), settings.topics.name)
        self._relay.start()
        folds = self._make_folds(counts)
        client = self._client
        self.host = Host(
            settings,
            folds,
            counts,
            cluster,
            lambda keys: RedisStore(client, keys),
            self._relay,
            fresh=await self._is_fresh(counts),
        )
        self._app = build_app(settings, self.host)
        if settings.worker.metrics_port >= 0:
            self.health = Health(
                self.host, settings.worker.watchdog_ms, settings.worker.metrics_port
            )
            try:
                await self.health.start()
            except OSError as error:
                raise WorkerError(
                    f"The worker's health page cannot listen: {error}. worker.metrics_port names "
                    "another port, or -1 for none."
                ) from error
        self._services = self._make_services(self.host)
        self._watch = asyncio.create_task(self._watch_over())
        await self._app.start()
        for service in self._services:
            await service.start()
        # What is loaded by now stays: the collector need not look at it again.
        # Folding makes many short-lived objects without cycles: rare collections suffice.
        gc.collect()
        gc.freeze()
        gc.set_threshold(200_000, 20, 50)

    async def _require_own(self) -> None:
        """The keyspace is that of these domains, nobody else's partitions are taken, and what is
        put into Redis stays there.
        """
        settings = self._settings
        try:
            fault = (
                await eviction_fault(self._client)
                or await key_fault(settings, self._client)
                or await members_fault(settings)
            )
        except UNREACHABLE as error:
            raise WorkerError(away(settings.redis.shown, error)) from error
        if fault:
            raise WorkerError(fault)

    async def _is_fresh(self, counts: Mapping[str, int]) -> bool:
        try:
            return await is_fresh(self._settings, self._client, counts)
        except KafkaException as error:
            raise WorkerError(
                f"Kafka does not say where its topics end: {error.args[0].str()}."
            ) from error
        except UNREACHABLE as error:
            raise WorkerError(away(self._settings.redis.shown, error)) from error

    async def _watch_over(self) -> None:
        assert self.host is not None
        limit_ms = spread(self._settings.worker.watchdog_ms, self.host.owner)
        while not self.ended.is_set():
            # Should the event loop itself stand still, a thread ends the process.
            faulthandler.dump_traceback_later(2 * limit_ms / 1_000, exit=True)
            await asyncio.sleep(0.5)
            if self._app.should_stop or self._app.crashed:
                # A reason may be without words, as that of a task that was cancelled is.
                self.failure = str(self._app.crash_reason or "") or "Faust ended the worker."
            elif self._relay and self._relay.failure:
                self.failure = self._relay.failure
            elif sentence := stalled(self.host, limit_ms):
                self.failure = sentence
            if self.failure:
                self.ended.set()

    async def stop(self) -> None:
        """Commits and publishes what is folded, and leaves the group."""
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        # Should even the end hang (a client's thread that waits for a server), a thread ends it.
        faulthandler.dump_traceback_later(STOP_S + 2, exit=True)
        for service in self._services:
            await service.stop()
        if self._app is not None:
            await self._app.stop()
        if self._relay:
            await self._relay.stop()
        if self.health:
            await self.health.stop()
        if self._client is not None:
            await self._client.aclose()


def run_worker(
    settings: Settings,
    make_folds: MakeFolds,
    make_services: Callable[[Host], Sequence[Service]] = lambda _: (),
) -> int:
    """Runs until SIGTERM or SIGINT (0), or until it cannot go on (1)."""
    hide()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings, make_folds, make_services))


async def _run(
    settings: Settings,
    make_folds: MakeFolds,
    make_services: Callable[[Host], Sequence[Service]],
) -> int:
    engine = Engine(settings, make_folds, make_services)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.ended.set)
    ended = asyncio.create_task(engine.ended.wait())
    started = asyncio.create_task(engine.start())
    try:
        await asyncio.wait({started, ended}, return_when=asyncio.FIRST_COMPLETED)
        if started.done():
            await started
            log.info("The worker runs: %s", ", ".join(engine.host.topics if engine.host else ()))
            await ended
    except WorkerError as error:
        engine.failure = str(error)
    if engine.failure:
        log.error("%s", engine.failure)
    ended.cancel()
    started.cancel()
    stopped = asyncio.create_task(engine.stop())
    await asyncio.wait({started, stopped}, timeout=FAILED_STOP_S if engine.failure else STOP_S)
    if not stopped.done():
        log.error("Not all could be finished in time; the next owner does it.")
        logging.shutdown()
        os._exit(1)  # the clients' threads may wait for a server that does not answer
    await stopped
    return 1 if engine.failure else 0
