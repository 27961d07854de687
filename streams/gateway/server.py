"""The gateway: what happens to a request.

A webhook goes through: known source (404), size (413), handshake, method (405), signature over raw
bytes (401), rate of the source (429), room (503), Kafka (503 when it does not confirm), the
vendor's own reply.  What it says is read later, by the normalise stage: a body that cannot be
understood is kept, and still gets its 2xx.  Bodies are never logged.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
import time
from urllib.parse import unquote

import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams import metrics
from streams.channels.base import Adapter, Reply, Request
from streams.channels.registry import adapters
from streams.gateway.http import HttpServer, Incoming, Respond, problem
from streams.gateway.log import TOO_LARGE, Log
from streams.gateway.proxies import PublicUrl
from streams.gateway.rate import Bucket
from streams.gateway.records import record_headers
from streams.settings import Settings, Source

log = logging.getLogger(__name__)

PREFIX = "/v1/in/"
RETRY_AFTER_S = 5

UNKNOWN = "unknown"
"""The source of what comes for none, as a metric label."""


class Door:
    """One source, with what each of its webhooks needs made once."""

    def __init__(self, source: Source, adapter: Adapter, rate: int, now_s: float) -> None:
        self.name = source.name
        self.config = source.config()
        self.adapter = adapter
        self.bucket = Bucket(rate, now_s)
        self.accepted = metrics.webhooks_accepted.labels(source.vendor, source.name)
        self.seconds = metrics.webhook_seconds.labels(source.vendor)
        _begin_at_zero(source.name, "kafka", "busy")


class Gateway:
    """`await start()`, `await stop()`; `port` is what it listens on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = settings.gateway
        self._url = PublicUrl(settings.gateway)
        self._doors: dict[str, Door] = {}
        self._log: Log | None = None
        self._server: HttpServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = settings.gateway.port

    async def start(self) -> None:
        settings, limits = self._settings, self._limits
        now_s = asyncio.get_running_loop().time()
        self._doors = {
            source.name: Door(source, adapters()[source.vendor], limits.max_rate_per_source, now_s)
            for source in settings.source
        }
        _begin_at_zero(UNKNOWN, "connections")
        self._log = Log(settings.kafka, settings.topics.webhooks, limits.kafka_timeout_ms)
        self._server = HttpServer(self, limits, _tls(limits.tls_cert_file, limits.tls_key_file))
        await self._server.start(limits.host, limits.port)
        self.port = self._server.port

    async def look(self) -> None:
        """Says in the log when no webhook could be taken now; the gateway serves all the same."""
        assert self._log is not None
        if fault := await self._log.fault():
            kafka = self._settings.kafka.bootstrap
            log.warning("%s (kafka.bootstrap is %s): every webhook gets a 503.", fault, kafka)

    async def stop(self) -> None:
        """Requests under way are finished; what Kafka has not confirmed was not answered 2xx."""
        if self._server:
            await self._server.stop()
        if self._log:
            await self._log.close()

    # Called by the HTTP server ----------------------------------------------------------------

    def refuse(self, head: Incoming) -> Reply | None:
        """A body for nobody is not kept."""
        path, _, _ = head.target.partition("?")
        if not path.startswith(PREFIX):
            if path in _PAGES:
                return None if head.method in {"GET", "HEAD"} else problem(405, "This is a page.")
            return self._refusal(404, "unknown_source", UNKNOWN, f"Webhooks go to {PREFIX}…")
        name = unquote(path.removeprefix(PREFIX))
        if name not in self._doors:
            return self._refusal(404, "unknown_source", UNKNOWN, f"There is no source {name!r}.")
        return None

    def broken(self, reason: str) -> None:
        metrics.webhooks_rejected.labels(UNKNOWN, reason).inc()

    def handle(self, request: Incoming, respond: Respond) -> None:
        path, _, _ = request.target.partition("?")
        if path in _PAGES:
            task = asyncio.get_running_loop().create_task(self._page(path, respond))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        door = self._doors[unquote(path.removeprefix(PREFIX))]
        try:
            reply = self._receive(request, door, respond)
        except Exception as error:  # noqa: BLE001 the door stays open for the others
            # Its text may quote the body.
            log.error("A webhook of %s: %s", door.name, type(error).__name__)  # noqa: TRY400
            reply = self._refusal(500, "internal", door.name, "This is a fault of the gateway's.")
        if reply is not None:
            respond(reply)

    # ------------------------------------------------------------------------------------------

    def _receive(self, http: Incoming, door: Door, respond: Respond) -> Reply | None:
        """An answer, or None when Kafka's word decides."""
        assert self._log is not None
        started = time.perf_counter()
        adapter, config = door.adapter, door.config
        request = Request(
            method=http.method,
            url=self._url.of(http),
            headers=http.headers,
            body=http.body,
            received_ms=time.time_ns() // 1_000_000,
        )
        if (answer := adapter.handshake(request, config)) is not None:
            return answer
        if http.method == "HEAD":
            return Reply(200)
        if http.method != "POST":
            return self._refusal(405, "method", door.name, "A webhook is a POST.")
        if (refused := adapter.verify(request, config)) is not None:
            status = 400 if refused.code == "malformed" else 401
            return self._refusal(status, refused.code, door.name, refused.sentence)
        if self._log.pending >= self._limits.max_in_flight:
            return self._refusal(503, "busy", door.name, "Too many requests wait for Kafka.")
        if self._log.refuses():
            return self._refusal(503, "kafka", door.name, "Kafka does not answer.")
        # After the signature: a stranger cannot use up what the vendor may send.
        if wait_s := door.bucket.wait_s(asyncio.get_running_loop().time()):
            sentence = f"More than {self._limits.max_rate_per_source} webhooks a second."
            return self._refusal(429, "rate", door.name, sentence, wait_s)

        def done(error: str) -> None:
            metrics.webhooks_in_flight.dec()
            if error == TOO_LARGE:
                respond(self._refusal(413, "too_large", door.name, "Kafka takes no body so large."))
                return
            if error:
                log.warning("Kafka has not confirmed a webhook of %s: %s", door.name, error)
                respond(self._refusal(503, "kafka", door.name, "Kafka does not answer."))
                return
            door.accepted.inc()
            door.seconds.observe(time.perf_counter() - started)
            respond(adapter.reply(request, config))

        stamp = request.received_ms if self._limits.stamp_arrival else None
        self._log.append(
            config.domain, http.body, record_headers(config, adapter, request), done, stamp
        )
        metrics.webhooks_in_flight.inc()
        return None

    def _refusal(
        self, status: int, reason: str, source: str, sentence: str, retry_after_s: int = 0
    ) -> Reply:
        metrics.webhooks_rejected.labels(source, reason).inc()
        if status == 503:
            retry_after_s = RETRY_AFTER_S
        return problem(status, sentence, retry_after_s)

    async def _page(self, path: str, respond: Respond) -> None:
        assert self._log is not None
        if path == "/metrics":
            respond(Reply(200, generate_latest(), CONTENT_TYPE_LATEST))
        elif path == "/healthz":
            respond(Reply(200, b"serving\n"))
        elif fault := await self._log.fault():
            respond(Reply(503, f"{fault}\n".encode()))
        else:
            respond(Reply(200, b"Kafka answers\n"))


def _begin_at_zero(source: str, *reasons: str) -> None:
    """Of what is answered with 503 an alert asks for the increase: also for that of the first."""
    for reason in reasons:
        metrics.webhooks_rejected.labels(source, reason)


_PAGES = {"/metrics", "/healthz", "/readyz"}


def _tls(cert_file: str, key_file: str) -> ssl.SSLContext | None:
    if not cert_file:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert_file, key_file)
    return context


def run_gateway(settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(settings))
    except OSError as error:
        what = "use its certificate" if isinstance(error, ssl.SSLError) else "listen"
        log.error("The gateway cannot %s: %s", what, error)  # noqa: TRY400 a sentence, no trace
        return 1


async def _run(settings: Settings) -> int:
    gateway = Gateway(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await gateway.start()
    if not settings.source:
        log.warning("There is no [[source]] in the settings: every webhook gets a 404.")
    log.info("The gateway listens on %s:%d", settings.gateway.host, gateway.port)
    looking = asyncio.create_task(gateway.look())
    await stop.wait()
    await looking
    await gateway.stop()
    return 0
