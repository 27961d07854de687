"""Keeps the board's figures fresh, and knows what is the matter when they are not."""

from __future__ import annotations

import logging

from streams import metrics
from streams.console.asked import Domains
from streams.console.board import Board
from streams.engine.redis_client import UNREACHABLE, away
from streams.settings import Settings

log = logging.getLogger(__name__)

READING = "The figures are still being read."
AWAY = "Redis does not answer; the figures stand still."


class Freshness:
    """`fault` is a sentence, empty while the figures are fresh; `every_ms` is their rhythm."""

    def __init__(self, board: Board, domains: Domains, settings: Settings) -> None:
        self._board = board
        self._domains = domains
        self._redis = settings.redis.shown
        self.every_ms = settings.console.refresh_ms
        self.fault = READING

    async def renew(self) -> None:
        """Once; a Redis that is away is logged once an outage."""
        try:
            await self._board.refresh()
            await self._set_gauges()
            self.fault = ""
        except UNREACHABLE as error:
            if self.fault != AWAY:
                log.warning("%s", away(self._redis, error))
            self.fault = AWAY

    async def _set_gauges(self) -> None:
        for domain in self._domains.names:
            for one in self._board.figures("1h", domain):
                if one.value is not None:
                    metrics.kpi_value.labels(domain, one.kpi, "1h").set(one.value)
            live = await self._board.live(domain)
            metrics.live_value.labels(domain, "waiting").set(sum(live.waiting.values()))
            metrics.live_value.labels(domain, "open").set(sum(live.open.values()))
