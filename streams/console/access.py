"""Who may ask the console, and for what: whoever has one of its tokens, in a header or as a cookie
of the page.  A token may be narrowed to a domain and to some of the rights.

Without tokens it answers on a loopback address only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from aiohttp import web

from streams.console.answers import STATIC, Handler, refusal
from streams.console.asked import ONLY
from streams.settings import Right, Token

_OPEN = {"/healthz", "/readyz", "/metrics", "/login", "/openapi.json"}
_UNSAID, _SAID = 'role="alert" hidden', 'role="alert"'
_LOOPBACK = {"127.0.0.1", "::1"}


class Access:
    """`tokens` are those of the settings; `rights` says what a route needs, by (method, path).  A
    page needs none: it holds nothing until it asks for it.
    """

    def __init__(self, tokens: Sequence[Token], rights: Mapping[tuple[str, str], Right]) -> None:
        self._tokens = tokens
        self._rights = rights

    @web.middleware
    async def guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _OPEN or request.path.startswith("/static/"):
            return await handler(request)
        if not self._tokens:
            if request.remote in _LOOPBACK:
                return await handler(request)
            return refusal(403, "Without tokens the console answers on a loopback address only.")
        token = self._shown(request)
        if token is None:
            if request.path.startswith("/v1/"):
                return refusal(
                    401, "Send one of the console's tokens as `Authorization: Bearer …`."
                )
            asked = quote(request.path_qs, safe="")
            return web.Response(status=303, headers={"Location": f"/login?next={asked}"})
        if (needed := self._needed(request)) not in {None, *token.may}:
            return refusal(
                403, f"This token ({token.name}) may not ask for {needed}, only for "
                f"{' and '.join(token.may)}."
            )  # fmt: skip
        request[ONLY] = token.domain
        return await handler(request)

    def _needed(self, request: web.Request) -> Right | None:
        resource = request.match_info.route.resource
        method = "GET" if request.method == "HEAD" else request.method
        return self._rights.get((method, resource.canonical)) if resource else None

    def _shown(self, request: web.Request) -> Token | None:
        """The token that the request came with; all are compared, so that time tells nothing."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        cookie = request.cookies.get("filrouge", "")
        found: Token | None = None
        for token in self._tokens:
            by_header = _same(given, token.secret)
            by_cookie = _same(cookie, _cookie(token.secret))
            found = token if by_header or by_cookie else found
        return found

    async def login(self, request: web.Request) -> web.StreamResponse:
        """Back to the page that was asked for, or the form again with a sentence."""
        given = str((await request.post()).get("token", ""))
        for token in self._tokens:
            if _same(given, token.secret):
                back = _here(request.query.get("next", ""))
                answer = web.Response(status=303, headers={"Location": back})
                cookie = _cookie(token.secret)
                answer.set_cookie("filrouge", cookie, httponly=True, samesite="Strict")
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
