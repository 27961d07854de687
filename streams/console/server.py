"""The console's HTTP server: the pages, and the API that they use."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import time

import uvloop
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams import metrics
from streams.console.access import Access
from streams.console.answers import STATIC, Handler, json, refusal
from streams.console.asked import Domains
from streams.console.board import Board
from streams.console.commands import Commands
from streams.console.figures import Figures
from streams.console.freshness import Freshness
from streams.console.lookups import LookUps
from streams.console.openapi import document
from streams.console.opened import Opened
from streams.console.people import People, SharedError
from streams.console.told import Told
from streams.engine.redis_client import UNREACHABLE, connect
from streams.settings import Settings

log = logging.getLogger(__name__)

_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_PAGES = {
    "/": "index.html",
    "/journeys/{id}": "journey.html",
    "/customers/{id}": "customer.html",
    "/kpis/{kpi}": "kpi.html",
    "/open": "open.html",
    "/login": "login.html",
}


class Console:
    """`await start()`, `await stop()`; `port` is what it listens on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = connect(settings.redis.url)
        lanes = settings.keyspace, settings.kafka.events_partitions
        domains = Domains([domain.name for domain in settings.domain])
        people, opened = People(self._client, settings), Opened(self._client, *lanes)
        self._told = Told(settings)
        self._board = Board(self._client, *lanes)
        self._freshness = Freshness(self._board, domains, settings)
        self._parts = (
            LookUps(people, domains, self._told),
            Commands(domains, self._told),
            Figures(self._board, self._freshness, opened, people, domains),
        )
        self._runner: web.AppRunner | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self.port = settings.console.port

    async def start(self) -> None:
        rights = {
            (route.method, route.path): part.right
            for part in self._parts
            for route in part.routes()
        }
        access = Access(self._settings.tokens(), rights)
        app = web.Application(middlewares=[_watched, access.guarded])
        app.add_routes([web.get(path, _page(name)) for path, name in _PAGES.items()])
        app.add_routes([web.post("/login", access.login), web.static("/static", STATIC)])
        for part in self._parts:
            app.add_routes(part.routes())
        app.add_routes(
            [
                web.get("/openapi.json", _openapi),
                web.get("/healthz", _healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", _metrics),
            ]
        )
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
        await asyncio.to_thread(self._told.flush, 2)
        await self._client.aclose()

    async def _keep_fresh(self) -> None:
        while not self._ending:
            await self._freshness.renew()
            self._told.poll()
            await asyncio.sleep(self._freshness.every_ms / 1_000)

    async def _readyz(self, _: web.Request) -> web.Response:
        fault = self._freshness.fault
        return web.Response(text=fault or "fresh\n", status=503 if fault else 200)


@web.middleware
async def _watched(request: web.Request, handler: Handler) -> web.StreamResponse:
    started = time.perf_counter()
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    try:
        response = await handler(request)
    except web.HTTPException as error:
        response = refusal(error.status, error.text or error.reason)
    except SharedError as shared:
        response = refusal(409, str(shared))
    except UNREACHABLE:
        response = refusal(503, "Redis does not answer; try again in a moment.")
    response.headers.update(_SECURITY)
    metrics.console_requests.labels(route, str(response.status)).inc()
    metrics.console_seconds.labels(route).observe(time.perf_counter() - started)
    return response


def _page(name: str) -> Handler:
    async def page(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / name)

    return page


async def _openapi(_: web.Request) -> web.Response:
    return json(document())


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="serving\n")


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


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
