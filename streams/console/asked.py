"""What a request names: a domain, a window, a span of time. What it must not name is a 400."""

from __future__ import annotations

import time
from collections.abc import Sequence

from aiohttp import web

from streams.kpis.panes import WINDOWS, starts

_DAY_MS = 86_400_000

ONLY = web.RequestKey("only", str)
"""The domain of which alone the token that a request came with may hear; empty for all."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def window(request: web.Request) -> str:
    """The rolling window."""
    named = request.query.get("window", "1h")
    if named not in WINDOWS:
        raise web.HTTPBadRequest(text=f"A window is one of {', '.join(WINDOWS)}.")
    return named


def span(request: web.Request) -> tuple[int, int]:
    """From when up to (without) when, ms: what the scorecard sums over a window that ends at `to`,
    or just `from` and `to`.
    """
    try:
        to_ms = int(request.query.get("to", now_ms()))
        from_ms = int(request.query.get("from", to_ms - _DAY_MS))
    except ValueError:
        raise web.HTTPBadRequest(text="`from` and `to` are milliseconds since the epoch.") from None
    if (named := request.query.get("window")) is not None:
        if named not in WINDOWS or "from" in request.query:
            raise web.HTTPBadRequest(
                text=f"A window is one of {', '.join(WINDOWS)}, and needs no `from`."
            )
        panes = starts(WINDOWS[named], to_ms)[1]
        return panes.start, panes.stop
    if not 0 <= to_ms - from_ms <= 40 * _DAY_MS:
        raise web.HTTPBadRequest(text="`from` must lie before `to`, and no more than 40 days.")
    return from_ms, to_ms


class Domains:
    """`names` are those of the settings."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)

    def reach(self, request: web.Request) -> list[str]:
        """Those of which whoever asks may hear."""
        only = request.get(ONLY, "")
        return [only] if only else self.names

    def one(self, request: web.Request, named: str = "") -> str:
        """The one domain that a request is about; where there is only one, it need not say so."""
        names = self.reach(request)
        only = names[0] if len(names) == 1 else ""
        domain = named or request.query.get("domain") or only
        if domain not in names:
            known = ", ".join(names) or "none is set up"
            raise web.HTTPBadRequest(text=f"Name a domain: {known}.")
        return domain

    def scope(self, request: web.Request) -> str:
        """Of which domain the figures are asked for; empty for all."""
        narrow = request.query.get("domain") or request.get(ONLY)
        return self.one(request) if narrow else ""

    def within(self, scope: str) -> list[str]:
        """The domains of a scope."""
        return [scope] if scope else self.names
