"""The console's HTTP server: the API, and the live page that uses it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import uvloop
from aiohttp import web
from confluent_kafka import KafkaException, Producer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from schemas.common import Actor, Identifier
from schemas.events import ContextViewed, EventBase, OperatorCommand
from schemas.facts import Fact
from streams import metrics
from streams.console.access import Access
from streams.console.answers import STATIC, Handler, json, refusal
from streams.console.board import Board
from streams.console.openapi import document
from streams.console.opened import Opened
from streams.console.people import KINDS, People
from streams.engine.clients import librdkafka
from streams.engine.first_party import in_webhooks, own_event
from streams.engine.redis_client import UNREACHABLE, away, connect
from streams.journeys.sentences import sentence
from streams.kpis.definitions import BY_NAME, KPIS
from streams.kpis.panes import WINDOWS, starts
from streams.kpis.scorecard import as_json, figure
from streams.settings import Settings

log = logging.getLogger(__name__)

_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

READING = "The figures are still being read."
AWAY = "Redis does not answer; the figures stand still."

COMMANDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "join": (("winner", "loser"), ()),
    "split": (("join",), ()),
    "attach": (("source", "conversation"), ("customer",)),
}
"""What an operator may say about who is who, with what it needs and what it may have."""


class Console:
    """`await start()`, `await stop()`; `port` is what it listens on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._domains = [domain.name for domain in settings.domain]
        self._client = connect(settings.redis.url)
        self._board = Board(self._client, settings.keyspace, settings.kafka.events_partitions)
        self._opened = Opened(self._client, settings.keyspace, settings.kafka.events_partitions)
        self._people = People(self._client, settings)
        self._producer = Producer(
            librdkafka(settings.kafka)
            | {"acks": "all", "partitioner": "murmur2", "message.timeout.ms": 5_000}
        )
        self._runner: web.AppRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._fault = READING
        self._views_logged = True
        self.port = settings.console.port

    async def start(self) -> None:
        access = Access(self._settings.console.tokens)
        app = web.Application(middlewares=[self._watched, access.guarded])
        app.router.add_get("/", self._page("index.html"))
        app.router.add_get("/journeys/{id}", self._page("journey.html"))
        app.router.add_get("/customers/{id}", self._page("customer.html"))
        app.router.add_get("/kpis/{kpi}", self._page("kpi.html"))
        app.router.add_get("/open", self._page("open.html"))
        app.router.add_get("/login", self._page("login.html"))
        app.router.add_post("/login", access.login)
        app.router.add_static("/static", STATIC)
        app.router.add_get("/v1/context", self._context)
        app.router.add_get("/v1/identity", self._identity)
        app.router.add_get("/v1/identity/shared", self._shared)
        app.router.add_post("/v1/identity/{command}", self._command)
        app.router.add_get("/v1/journeys/{id}", self._journey)
        app.router.add_get("/v1/kpis", self._kpis)
        app.router.add_get("/v1/kpis/{kpi}/cycles", self._cycles)
        app.router.add_get("/v1/live", self._live)
        app.router.add_get("/v1/open", self._open)
        app.router.add_get("/v1/recent", self._recent)
        app.router.add_get("/v1/board", self._everything)
        app.router.add_get("/openapi.json", self._openapi)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        console = self._settings.console
        await web.TCPSite(self._runner, console.host, console.port).start()
        self.port = self._runner.addresses[0][1]
        self._task = asyncio.create_task(self._keep_fresh())

    async def stop(self) -> None:
        self._ending = True  # Python 3.11's `wait_for`, in Redis' client, may lose a cancellation
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._runner:
            await self._runner.cleanup()
        await asyncio.to_thread(self._producer.flush, 2)
        await self._client.aclose()

    async def _keep_fresh(self) -> None:
        while not self._ending:
            try:
                await self._board.refresh()
                await self._set_gauges()
                self._fault = ""
            except UNREACHABLE as error:
                if self._fault != AWAY:
                    log.warning("%s", away(self._settings.redis.shown, error))
                self._fault = AWAY
            self._producer.poll(0)
            await asyncio.sleep(self._settings.console.refresh_ms / 1_000)

    async def _set_gauges(self) -> None:
        for domain in self._settings.domain:
            for one in self._board.figures("1h", domain.name):
                if one.value is not None:
                    metrics.kpi_value.labels(domain.name, one.kpi, "1h").set(one.value)
            live = await self._board.live(domain.name)
            metrics.live_value.labels(domain.name, "waiting").set(sum(live.waiting.values()))
            metrics.live_value.labels(domain.name, "open").set(sum(live.open.values()))

    # Around every request ---------------------------------------------------------------

    @web.middleware
    async def _watched(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "unknown"
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = refusal(error.status, error.text or error.reason)
        except UNREACHABLE:
            response = refusal(503, "Redis does not answer; try again in a moment.")
        response.headers.update(_SECURITY)
        metrics.console_requests.labels(route, str(response.status)).inc()
        metrics.console_seconds.labels(route).observe(time.perf_counter() - started)
        return response

    def _page(self, name: str) -> Handler:
        async def page(_: web.Request) -> web.StreamResponse:
            return web.FileResponse(STATIC / name)

        return page

    # The API ------------------------------------------------------------------------------

    async def _context(self, request: web.Request) -> web.Response:
        domain = self._domain(request)
        who = self._who(request)
        purpose = request.query.get("purpose", "service")
        found = await self._people.context(domain, who, purpose) if who else None
        if found is None:
            return refusal(404, "Nobody is known by that identifier in this domain.")
        customer, seen = found
        self._viewed(domain, customer, request.query.get("agent", ""), purpose)
        return json(seen)

    def _who(self, request: web.Request) -> Identifier | str | None:
        """Whom the query names: his id, or one of his identifiers; None for what cannot be one."""
        if (customer := request.query.get("customer")) is not None:
            return customer
        kind = next((kind for kind in KINDS if kind in request.query), None)
        if kind is None:
            raise web.HTTPBadRequest(
                text=f"Name the customer by one of: customer, {', '.join(KINDS)}."
            )
        region = request.query.get("region", "")
        return self._people.identifier(kind, request.query[kind], region)

    def _viewed(self, domain: str, customer: str, agent: str, purpose: str) -> None:
        """The look-up is an event: it proves that the context arrived.  The agent does not wait for
        it; that one could not be kept is counted, and said once an outage.
        """
        actor = Actor("agent", agent or None)
        event = own_event(
            ContextViewed, domain, _now_ms(), actor, customer=customer, purpose=purpose
        )
        try:
            self._log(event, self._view_logged)
        except (BufferError, KafkaException) as error:
            self._view_logged(error)

    def _view_logged(self, error: object, _: object = None) -> None:
        if error is not None:
            metrics.views_unlogged.inc()
            if self._views_logged:
                log.warning("Look-ups cannot be logged as events: %s", error)
        self._views_logged = error is None

    def _log(self, event: EventBase, told: Any = None) -> None:
        """Hands the event to Kafka; `told(error, message)` hears whether it is durable."""
        value, headers = in_webhooks(event)
        self._producer.produce(
            self._settings.topics.webhooks, value, event.domain, headers=headers, on_delivery=told
        )

    # Who is who ---------------------------------------------------------------------------

    async def _identity(self, request: web.Request) -> web.Response:
        domain = self._domain(request)
        who = self._who(request)
        customer = await self._people.customer(domain, who) if who else None
        found = await self._people.identity(domain, customer) if customer else None
        if found is None:
            return refusal(404, "Nobody is known by that identifier in this domain.")
        return json(found)

    async def _shared(self, request: web.Request) -> web.Response:
        return json({"shared": await self._people.shared(self._domain(request))})

    async def _command(self, request: web.Request) -> web.Response:
        """An operator's word about who is who: into the log, and 202 once it is durable.  What
        cannot be done becomes a dead letter with its reason.
        """
        command = request.match_info["command"]
        if command not in COMMANDS:
            return refusal(404, f"There is no command {command!r}; there are {_listed(COMMANDS)}.")
        if request.content_type != "application/json":
            return refusal(415, "Send JSON, as application/json.")
        try:
            asked = msgspec.json.decode(await request.read(), type=dict[str, str])
        except msgspec.DecodeError as error:
            return refusal(400, f"The body must be a JSON object of texts: {error}.")
        domain = self._domain(request, asked.pop("domain", ""))
        agent = asked.pop("agent", "") or None
        needs, may = COMMANDS[command]
        if missing := [name for name in needs if not asked.get(name)]:
            return refusal(400, f"{command!r} needs {_listed(missing)}.")
        if strange := [name for name in asked if name not in (*needs, *may)]:
            return refusal(400, f"{command!r} knows no {_listed(strange)}.")
        event = own_event(
            OperatorCommand, domain, _now_ms(), Actor("agent", agent), command=command, args=asked
        )
        failures: list[object] = ["no answer yet"]
        try:
            self._log(event, lambda error, _: failures.__setitem__(0, error))
            await asyncio.to_thread(self._producer.flush, 5)
        except (BufferError, KafkaException):
            return refusal(503, "Kafka does not answer; try again in a moment.")
        if failures[0] is not None:
            return refusal(503, "Kafka has not confirmed the command; look before you try again.")
        return json({"accepted": event.id}, 202)

    async def _journey(self, request: web.Request) -> web.Response:
        found = await self._people.journey(request.match_info["id"])
        if found is None:
            return refusal(404, "There is no such journey, or it was sealed long ago.")
        return json(found)

    async def _kpis(self, request: web.Request) -> web.Response:
        window = self._window(request)
        by = tuple(filter(None, request.query.get("by", "").split(",")))
        try:
            figures = self._board.figures(window, self._scope(request), by)
        except ValueError as error:
            return refusal(400, str(error))
        return json({"window": window, "kpis": as_json(figures), "fault": self._fault or None})

    async def _cycles(self, request: web.Request) -> web.Response:
        kpi = request.match_info["kpi"]
        if kpi not in BY_NAME:
            return refusal(404, f"There is no KPI {kpi!r}; there are {', '.join(BY_NAME)}.")
        domain = self._scope(request)
        try:
            from_ms, to_ms = _span(request)
        except ValueError as error:
            return refusal(400, str(error))
        entries = await self._opened.ledger(kpi, domain, from_ms, to_ms)
        sums: dict[str, int] = {}
        for entry in entries:
            for part, amount in entry["parts"]:
                sums[part] = sums.get(part, 0) + amount
        definition = BY_NAME[kpi]
        found = figure(definition, sums, {})
        about = {
            "title": definition.title, "unit": definition.unit, "better": definition.better,
            "counts": definition.counts, "clock": definition.clock, "excludes": definition.excludes,
            "value": found.text, "median": found.median,
        }  # fmt: skip
        return json(
            {
                "kpi": kpi, "about": about, "from_ms": from_ms, "to_ms": to_ms, "sum": sums,
                "entries": entries, "now_ms": _now_ms(),
            }
        )  # fmt: skip

    async def _live(self, request: web.Request) -> web.Response:
        return json(msgspec.to_builtins(await self._board.live(self._scope(request))))

    async def _open(self, request: web.Request) -> web.Response:
        """What is open, or only those who wait, since longest first."""
        domain = self._scope(request)
        domains = [domain] if domain else self._domains
        match request.query.get("only", ""):
            case "":
                listed = await self._opened.open(domains)
            case "waiting":
                listed = await self._opened.waiting(domains)
            case _:
                return refusal(400, "`only` is waiting, or left out.")
        shorts = await self._people.summaries([ident for _, ident in listed.rows])
        pairs = zip(listed.rows, shorts, strict=True)
        journeys = [{"since_ms": since, **short} for (since, _), short in pairs if short]
        return json(
            {
                "count": listed.count, "unlisted": listed.unlisted, "journeys": journeys,
                "domains": self._domains, "now_ms": _now_ms(),
            }
        )  # fmt: skip

    async def _recent(self, request: web.Request) -> web.Response:
        return json(await self._lists(self._scope(request)))

    async def _lists(self, domain: str) -> dict[str, Any]:
        names = ("switches", "transfers")
        found = {name: await self._opened.recent(name, domain) for name in names}
        for facts in found.values():
            for fact in facts:
                fact["sentence"] = sentence(_fact(fact))
        return found

    async def _everything(self, request: web.Request) -> web.Response:
        """What the page shows, in one answer."""
        window, domain = self._window(request), self._scope(request)
        domains = [domain] if domain else self._domains
        return json(
            {
                "window": window,
                "windows": list(WINDOWS),
                "themes": {one.name: one.theme for one in KPIS},
                "kpis": as_json(self._board.figures(window, domain)),
                "channels": as_json(self._board.figures(window, domain, ("channel",))),
                "sparks": await self._board.sparks(window, domain),
                "live": msgspec.to_builtins(await self._board.live(domain)),
                "open_since_ms": await self._opened.oldest(domains),
                **await self._lists(domain),
                "domain": domain,
                "domains": self._domains,
                "now_ms": time.time_ns() // 1_000_000,
                "refresh_ms": self._settings.console.refresh_ms,
                "fault": self._fault or None,
            }
        )

    def _window(self, request: web.Request) -> str:
        window = request.query.get("window", "1h")
        if window not in WINDOWS:
            raise web.HTTPBadRequest(text=f"A window is one of {', '.join(WINDOWS)}.")
        return window

    def _scope(self, request: web.Request) -> str:
        """Of which domain the figures are asked for; empty for all."""
        domain = request.query.get("domain", "")
        return self._domain(request, domain) if domain else ""

    def _domain(self, request: web.Request, named: str = "") -> str:
        names = self._domains
        domain = named or request.query.get("domain") or (names[0] if len(names) == 1 else "")
        if domain not in names:
            raise web.HTTPBadRequest(text=f"Name a domain: {', '.join(names) or 'none is set up'}.")
        return domain

    async def _openapi(self, _: web.Request) -> web.Response:
        return json(document())

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="serving\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        return web.Response(text=self._fault or "fresh\n", status=503 if self._fault else 200)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _span(request: web.Request) -> tuple[int, int]:
    """From when up to (without) when, ms: what the scorecard sums over a window that ends at `to`,
    or just `from` and `to`. Raises ValueError with a sentence.
    """
    try:
        to_ms = int(request.query.get("to", _now_ms()))
        from_ms = int(request.query.get("from", to_ms - 86_400_000))
    except ValueError:
        raise ValueError("`from` and `to` are milliseconds since the epoch.") from None
    if (window := request.query.get("window")) is not None:
        if window not in WINDOWS or "from" in request.query:
            raise ValueError(f"A window is one of {', '.join(WINDOWS)}, and needs no `from`.")
        panes = starts(WINDOWS[window], to_ms)[1]
        return panes.start, panes.stop
    if not 0 <= to_ms - from_ms <= 40 * 86_400_000:
        raise ValueError("`from` must lie before `to`, and no more than 40 days.")
    return from_ms, to_ms


def _fact(plain: dict[str, Any]) -> Any:
    return msgspec.convert(plain, Fact)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def run_console(settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(settings))
    except OSError as error:
        log.error("The console cannot listen: %s", error)  # noqa: TRY400 a sentence, no trace
        return 1


async def _run(settings: Settings) -> int:
    console = Console(settings)
    # A collection holds up everybody who looks somebody up.  Requests leave no cycles, only what is
    # remembered: a few thousand objects at a time are soon looked through, all of them hardly ever.
    gc.freeze()
    gc.set_threshold(5_000, 4, 2_500)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await console.start()
    log.info("The console listens on http://%s:%d", settings.console.host, console.port)
    await stop.wait()
    await console.stop()
    return 0
