"""Who may ask the console: whoever has one of its tokens, in a header or as a cookie of the page.

Without tokens it answers on a loopback address only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import quote

from aiohttp import web

from streams.console.answers import STATIC, Handler, refusal

_OPEN = {"/healthz", "/readyz", "/metrics", "/login", "/openapi.json"}
_UNSAID, _SAID = 'role="alert" hidden', 'role="alert"'
_LOOPBACK = {"127.0.0.1", "::1"}


class Access:
    """`tokens` are the console's."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens

    @web.middleware
    async def guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _OPEN or request.path.startswith("/static/"):
            return await handler(request)
        if not self._tokens:
            if request.remote in _LOOPBACK:
                return await handler(request)
            return refusal(403, "Without tokens the console answers on a loopback address only.")
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        cookie = request.cookies.get("filrouge", "")
        allowed = False
        for token in self._tokens:
            allowed |= _same(given, token)
            allowed |= _same(cookie, _cookie(token))
        if allowed:
            return await handler(request)
        if request.path.startswith("/v1/"):
            return refusal(401, "Send one of the console's tokens as `Authorization: Bearer …`.")
        asked = quote(request.path_qs, safe="")
        return web.Response(status=303, headers={"Location": f"/login?next={asked}"})

    async def login(self, request: web.Request) -> web.StreamResponse:
        """Back to the page that was asked for, or the form again with a sentence."""
        given = str((await request.post()).get("token", ""))
        for token in self._tokens:
            if _same(given, token):
                back = _here(request.query.get("next", ""))
                answer = web.Response(status=303, headers={"Location": back})
                answer.set_cookie("filrouge", _cookie(token), httponly=True, samesite="Strict")
                return answer
        form = (STATIC / "login.html").read_text().replace(_UNSAID, _SAID)
        return web.Response(status=401, text=form, content_type="text/html")


def _same(given: str, wanted: str) -> bool:
    """In constant time, for any bytes that a header may bring."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _here(path: str) -> str:
    """A path of this console, or its first page: nobody's link leads from the log-in elsewhere."""
    inside = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if inside else "/"


def _cookie(token: str) -> str:
    return hashlib.sha256(f"filrouge console {token}".encode()).hexdigest()
