"""What a worker says of itself over HTTP: /metrics, /healthz, /readyz."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.engine.host import Host
from streams.engine.watchdog import stalled


class Health:
    """Serves until stopped. `port` 0 takes a free one; `self.port` is what it got."""

    def __init__(self, host: Host, watchdog_ms: int, port: int, address: str = "0.0.0.0") -> None:  # noqa: S104 - Prometheus calls from another machine
        self._host = host
        self._watchdog_ms = watchdog_ms
        self.port = port
        self._address = address
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._address, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _: web.Request) -> web.Response:
        """Unhealthy: a lane lags and applies nothing, or Kafka was not heard for as long."""
        sentence = stalled(self._host, self._watchdog_ms)
        return self._answer(503 if sentence else 200, sentence or "applying")

    async def _readyz(self, _: web.Request) -> web.Response:
        """Ready: in the group, all that it was given is claimed. That may be nothing: a worker more
        than partitions is a spare, ready to take over.
        """
        if not self._host.settled:
            return self._answer(503, "waiting for partitions")
        return self._answer(200, f"{len(self._host.lanes)} partitions claimed")

    def _answer(self, status: int, sentence: str) -> web.Response:
        lanes = {
            lane.name: {"offset": lane.driver.at.offset, "lag": lane.lag}
            for lane in self._host.lanes.values()
        }
        return web.json_response({"status": sentence, "lanes": lanes}, status=status)
