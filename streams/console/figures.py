"""The API about figures: the scorecard, what is so now, and what opens either."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from schemas.facts import Fact
from streams.console import asked
from streams.console.answers import json, refusal
from streams.console.asked import Domains
from streams.console.board import Board
from streams.console.freshness import Freshness
from streams.console.opened import Opened
from streams.console.people import People
from streams.journeys.sentences import sentence
from streams.kpis.definitions import BY_NAME, KPIS
from streams.kpis.panes import WINDOWS
from streams.kpis.scorecard import as_json, figure
from streams.settings import Right


class Figures:
    right: Right = "figures"

    def __init__(
        self,
        board: Board,
        freshness: Freshness,
        opened: Opened,
        people: People,
        domains: Domains,
    ) -> None:
        self._board = board
        self._freshness = freshness
        self._opened = opened
        self._people = people
        self._domains = domains

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/kpis", self._kpis),
            web.get("/v1/kpis/{kpi}/cycles", self._cycles),
            web.get("/v1/live", self._live),
            web.get("/v1/open", self._open),
            web.get("/v1/recent", self._recent),
            web.get("/v1/board", self._everything),
        ]

    async def _kpis(self, request: web.Request) -> web.Response:
        window = asked.window(request)
        by = tuple(filter(None, request.query.get("by", "").split(",")))
        try:
            figures = self._board.figures(window, self._domains.scope(request), by)
        except ValueError as error:
            return refusal(400, str(error))
        return json(
            {"window": window, "kpis": as_json(figures), "fault": self._freshness.fault or None}
        )

    async def _cycles(self, request: web.Request) -> web.Response:
        kpi = request.match_info["kpi"]
        if kpi not in BY_NAME:
            return refusal(404, f"There is no KPI {kpi!r}; there are {', '.join(BY_NAME)}.")
        domain = self._domains.scope(request)
        from_ms, to_ms = asked.span(request)
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
                "entries": entries, "now_ms": asked.now_ms(),
            }
        )  # fmt: skip

    async def _live(self, request: web.Request) -> web.Response:
        return json(msgspec.to_builtins(await self._board.live(self._domains.scope(request))))

    async def _open(self, request: web.Request) -> web.Response:
        """What is open, or only those who wait, since longest first."""
        domains = self._domains.within(self._domains.scope(request))
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
                "domains": self._domains.reach(request), "now_ms": asked.now_ms(),
            }
        )  # fmt: skip

    async def _recent(self, request: web.Request) -> web.Response:
        return json(await self._lists(self._domains.scope(request)))

    async def _lists(self, domain: str) -> dict[str, Any]:
        names = ("switches", "transfers")
        found = {name: await self._opened.recent(name, domain) for name in names}
        for facts in found.values():
            for fact in facts:
                fact["sentence"] = sentence(msgspec.convert(fact, Fact))
        return found

    async def _everything(self, request: web.Request) -> web.Response:
        """What the page shows, in one answer."""
        window, domain = asked.window(request), self._domains.scope(request)
        domains = self._domains.within(domain)
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
                "domains": self._domains.reach(request),
                "now_ms": asked.now_ms(),
                "refresh_ms": self._freshness.every_ms,
                "fault": self._freshness.fault or None,
            }
        )
