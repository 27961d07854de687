"""The gateway's HTTP server.

A webhook goes through: known source (404), size (413), room (503), handshake, signature over raw
bytes (401), Kafka (503 when it does not confirm), the vendor's own reply.  What it says is read
later, by the normalise stage: a body that cannot be understood is kept, and still gets its 2xx.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams import metrics
from streams.channels.base import Adapter, Reply, Request, SourceConfig
from streams.channels.registry import adapters
from streams.gateway.log import Log, UnreachableError
from streams.settings import Settings, Source

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5


class Gateway:
    """`await start()`, `await stop()`; `port` is what it listens on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sources: dict[str, tuple[Source, SourceConfig, Adapter]] = {
            source.name: (source, source.config(), adapters()[source.vendor])
            for source in settings.source
        }
        self._in_flight = 0
        self._log: Log | None = None
        self._runner: web.AppRunner | None = None
        self.port = settings.gateway.port

    async def start(self) -> None:
        settings = self._settings
        self._log = Log(settings.kafka, settings.topics.webhooks, settings.gateway.kafka_timeout_ms)
        # The limit is ours to check, so that the answer is ours to word.
        app = web.Application(client_max_size=settings.gateway.max_body_bytes + 1)
        app.router.add_route("*", "/v1/in/{source}", self._receive)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=10)
        await self._runner.setup()
        await web.TCPSite(self._runner, settings.gateway.host, settings.gateway.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Requests under way are finished; what Kafka has not confirmed was not answered 2xx."""
        if self._runner:
            await self._runner.cleanup()
        if self._log:
            await self._log.close()

    async def _receive(self, http: web.Request) -> web.Response:
        name = http.match_info["source"]
        known = self._sources.get(name)
        if known is None:
            return self._refuse(404, "unknown_source", "unknown", f"There is no source {name!r}.")
        _, source, adapter = known
        gateway = self._settings.gateway
        too_large = f"The body is larger than {gateway.max_body_bytes} bytes."
        if (http.content_length or 0) > gateway.max_body_bytes:
            return self._refuse(413, "too_large", name, too_large)
        if self._in_flight >= gateway.max_in_flight:
            return self._refuse(503, "busy", name, "Too many requests wait for Kafka.")
        self._in_flight += 1
        metrics.webhooks_in_flight.set(self._in_flight)
        try:
            try:
                body = await http.read()
            except web.HTTPRequestEntityTooLarge:
                return self._refuse(413, "too_large", name, too_large)
            return await self._accept(http, body, source, adapter)
        finally:
            self._in_flight -= 1
            metrics.webhooks_in_flight.set(self._in_flight)

    async def _accept(
        self, http: web.Request, body: bytes, source: SourceConfig, adapter: Adapter
    ) -> web.Response:
        started = time.perf_counter()
        request = Request(
            method=http.method,
            url=self._public_url(http),
            headers={key.lower(): value for key, value in http.headers.items()},
            body=body,
            received_ms=time.time_ns() // 1_000_000,
        )
        if (answer := adapter.handshake(request, source)) is not None:
            return _response(answer)
        if http.method == "HEAD":
            return web.Response()
        if http.method != "POST":
            return self._refuse(405, "method", source.name, "A webhook is a POST.")
        if (refused := adapter.verify(request, source)) is not None:
            status = 400 if refused.code == "malformed" else 401
            return self._refuse(status, refused.code, source.name, refused.sentence)
        assert self._log is not None
        if self._log.refuses():
            return self._refuse(503, "kafka", source.name, "Kafka does not answer.")
        stamp = request.received_ms if self._settings.gateway.stamp_arrival else None
        try:
            await self._log.append(source.domain, body, _headers(request, source, adapter), stamp)
        except UnreachableError as error:
            log.warning("Kafka has not confirmed a webhook of %s: %s", source.name, error)
            return self._refuse(503, "kafka", source.name, "Kafka does not answer.")
        metrics.webhooks_accepted.labels(source.vendor, source.name).inc()
        metrics.webhook_seconds.labels(source.vendor).observe(time.perf_counter() - started)
        return _response(adapter.reply(request, source))

    def _public_url(self, http: web.Request) -> str:
        """What the vendor called: behind a proxy only the setting knows it."""
        public = self._settings.gateway.public_url
        base = public.rstrip("/") if public else f"{http.scheme}://{http.host}"
        return base + http.raw_path

    def _refuse(self, status: int, reason: str, source: str, sentence: str) -> web.Response:
        metrics.webhooks_rejected.labels(source, reason).inc()
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
        return web.json_response({"error": sentence}, status=status, headers=headers)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="serving\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        assert self._log is not None
        if await self._log.reachable():
            return web.Response(text="Kafka answers\n")
        return web.Response(text="Kafka does not answer\n", status=503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _headers(request: Request, source: SourceConfig, adapter: Adapter) -> list[tuple[str, bytes]]:
    kept = [
        (f"h-{name}", request.headers[name].encode("utf-8", "replace"))
        for name in adapter.keep_headers
        if name in request.headers
    ]
    return [
        ("source", source.name.encode()),
        ("vendor", source.vendor.encode()),
        ("method", request.method.encode()),
        ("url", request.url.encode("utf-8", "replace")),
        ("content-type", request.content_type.encode("utf-8", "replace")),
        ("received", str(request.received_ms).encode()),
        *kept,
    ]


def _response(reply: Reply) -> web.Response:
    headers = {**reply.headers}
    if reply.body:
        headers["Content-Type"] = reply.content_type
    return web.Response(status=reply.status, body=reply.body, headers=headers)


def run_gateway(settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT."""
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    gateway = Gateway(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await gateway.start()
    log.info("The gateway listens on %s:%d", settings.gateway.host, gateway.port)
    await stop.wait()
    await gateway.stop()
    return 0
