"""The role: source by source, pass by pass, until it is told to stop.

A pass asks for what changed since the position, less an overlap, and writes it to the webhooks
topic with the headers of the gateway; the position moves only when Kafka has all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time

import aiohttp
import orjson
from prometheus_client import start_http_server

from streams import metrics
from streams.channels.base import Request, SourceConfig
from streams.channels.registry import adapters
from streams.engine.redis_client import UNREACHABLE, connect
from streams.gateway.log import Log
from streams.gateway.records import record_headers
from streams.reconcile import chatwoot
from streams.reconcile.api import Api, ApiError
from streams.reconcile.position import Position
from streams.settings import Reconcile, Settings

log = logging.getLogger(__name__)

OVERLAP_MS = 60_000
"""Asked for again each time: what was being written while we read. Repeats are recognised."""

_AT_ONCE = 200
"""Records that may wait for Kafka."""


class KafkaAwayError(Exception):
    """Kafka did not confirm a record."""


class Puller:
    """One source."""

    def __init__(
        self, settings: Reconcile, source: SourceConfig, api: Api, position: Position, out: Log
    ) -> None:
        self._settings = settings
        self._source = source
        self._api = api
        self._position = position
        self._log = out

    async def once(self, now_ms: int) -> int:
        """One pass; how many records it wrote.

        Raises `ApiError`, `KafkaAwayError`, or what Redis' client raises; then the position stays.
        """
        stood_ms = await self._position.load()
        if stood_ms is None:
            stood_ms = now_ms - self._settings.first_ms
        latest_ms, count = stood_ms, 0
        waiting: set[asyncio.Future[None]] = set()
        account = self._settings.account
        try:
            async for found in chatwoot.changed(self._api, account, stood_ms - OVERLAP_MS):
                waiting.add(self._write(orjson.dumps(found.body)))
                latest_ms, count = max(latest_ms, found.activity_ms), count + 1
                if len(waiting) >= _AT_ONCE:
                    await _all(waiting)
        finally:
            await _all(waiting)
        await self._position.store(latest_ms)
        metrics.reconciled_records.labels(self._source.name).inc(count)
        metrics.reconciled_timestamp_seconds.labels(self._source.name).set(latest_ms / 1_000)
        return count

    def _write(self, body: bytes) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(error: str) -> None:
            if error:
                future.set_exception(KafkaAwayError(error))
            else:
                future.set_result(None)

        request = Request(
            "POST", "", {"content-type": "application/json"}, body, time.time_ns() // 1_000_000
        )
        headers = record_headers(self._source, adapters()[self._source.vendor], request)
        self._log.append(self._source.domain, body, headers, done)
        return future

    async def run(self, stop: asyncio.Event) -> None:
        """Passes until `stop`; what goes wrong is logged, and tried again at the next one."""
        while not stop.is_set():
            await self.tried()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settings.every_ms / 1_000)

    async def tried(self) -> bool:
        """A pass; False and a line in the log when it could not be finished."""
        name = self._source.name
        try:
            count = await self.once(time.time_ns() // 1_000_000)
        except (ApiError, KafkaAwayError, *UNREACHABLE) as error:
            metrics.reconcile_failures.labels(name).inc()
            log.warning("Source %s was not reconciled: %s", name, _sentence(error))
            return False
        log.info("Source %s: %d records asked for and sent in", name, count)
        return True


async def _all(waiting: set[asyncio.Future[None]]) -> None:
    results = await asyncio.gather(*waiting, return_exceptions=True)
    waiting.clear()
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _sentence(error: Exception) -> str:
    if isinstance(error, KafkaAwayError):
        return f"Kafka does not answer ({error})."
    return str(error) if isinstance(error, ApiError) else f"Redis does not answer ({error})."


def run_reconcile(settings: Settings, *, once: bool) -> int:
    """The exit code: 1 when a single pass could not be finished."""
    if not settings.reconcile:
        log.error("There is no [[reconcile]] in the settings: nothing to ask.")
        return 2
    if not once and settings.worker.metrics_port >= 0:
        try:
            start_http_server(settings.worker.metrics_port)
        except OSError as error:
            log.error("The metrics cannot be served (worker.metrics_port): %s", error)  # noqa: TRY400 a sentence, no trace
            return 1
    return asyncio.run(_run(settings, once=once))


async def _run(settings: Settings, *, once: bool) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    out = Log(settings.kafka, settings.topics.webhooks, settings.gateway.kafka_timeout_ms)
    client = connect(settings.redis.url)
    try:
        async with aiohttp.ClientSession() as session:
            pullers = [_puller(settings, one, session, out, client) for one in settings.reconcile]
            if once:
                return 0 if all(await asyncio.gather(*(p.tried() for p in pullers))) else 1
            running = [asyncio.create_task(puller.run(stop)) for puller in pullers]
            ended = asyncio.create_task(stop.wait())
            await asyncio.wait([*running, ended], return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                task.cancel()
            for result in await asyncio.gather(*running, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result
            return 0
    finally:
        await out.close()
        await client.aclose()


def _puller(
    settings: Settings, one: Reconcile, session: aiohttp.ClientSession, out: Log, client: object
) -> Puller:
    source = settings.source_named(one.source)
    assert source is not None  # the settings were checked
    api = Api(session, one.url, chatwoot.headers(one.token), one.requests_per_s)
    position = Position(client, settings.keyspace, one.source)  # type: ignore[arg-type]
    return Puller(one, source.config(), api, position, out)
