"""HTTP/1.1 as a front door to the internet must speak it, and no more of it.

httptools (llhttp, strict) parses; this file holds what a parser cannot know: how large, how many
and how slow a client may be.  Requests of one connection are answered one by one in their order
(pipelining), what comes meanwhile waits in the socket.  Trailers are dropped: nothing may come
after the body that was verified before it.  Protocol errors are answered and end the connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import Protocol, cast

import httptools
import orjson

from streams.channels.base import Reply

Respond = Callable[[Reply], None]

_FAREWELL_S = 2.0
"""After an answer that ends a connection the client may finish sending, so that it reads why."""

_SWEEP_S = 0.25


class Limits(Protocol):
    """What `streams.settings.Gateway` says of clients."""

    @property
    def max_body_bytes(self) -> int: ...
    @property
    def max_header_bytes(self) -> int: ...
    @property
    def max_connections(self) -> int: ...
    @property
    def read_timeout_ms(self) -> int: ...
    @property
    def idle_timeout_ms(self) -> int: ...


class Incoming:
    """A request; header names are lower case, repeated headers are joined by `, `."""

    __slots__ = ("body", "headers", "keep_alive", "method", "peer", "refused", "secure", "target")

    def __init__(self, peer: str, *, secure: bool) -> None:
        self.method = ""
        self.target = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.peer = peer
        self.secure = secure
        self.keep_alive = True
        self.refused: Reply | None = None


class Handler(Protocol):
    def refuse(self, head: Incoming) -> Reply | None:
        """Called when the head is in: an answer that needs no body, so none is kept."""

    def handle(self, request: Incoming, respond: Respond) -> None:
        """Calls `respond` once, now or later, on the loop."""

    def broken(self, reason: str) -> None:
        """A client broke the protocol or a limit of it; `reason` is a metric label."""


def problem(status: int, sentence: str, retry_after_s: int = 0) -> Reply:
    """A refusal in a sentence."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    return Reply(status, orjson.dumps({"error": sentence}), "application/json", headers)


class HttpServer:
    """`await start(host, port)`, `await stop()`; `port` is what it listens on."""

    def __init__(self, handler: Handler, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.limits = limits
        self.connections: set[Connection] = set()
        self.stopping = False
        self.port = 0
        self.date = b""
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self, loop),
            host,
            port,
            backlog=1_024,
            ssl=self._tls,
            ssl_handshake_timeout=self.limits.read_timeout_ms / 1_000 if self._tls else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._sweeper = loop.create_task(self._sweep(loop))

    async def stop(self, grace_s: float = 10) -> None:
        """Requests under way are answered, for `grace_s` at most."""
        self.stopping = True
        if self._server:
            self._server.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_s
        while any(c.busy for c in self.connections) and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        if self._sweeper:
            self._sweeper.cancel()
        for connection in list(self.connections):
            connection.abort()
        if self._server:
            await self._server.wait_closed()

    async def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """One look at all connections is cheaper than a timer for each request."""
        while True:
            now = loop.time()
            self.date = formatdate(usegmt=True).encode()
            for connection in list(self.connections):
                if connection.deadline <= now:
                    connection.late()
            await asyncio.sleep(_SWEEP_S)


class Connection(asyncio.Protocol):
    """One client.  `deadline` (loop time, s) is when the server loses patience."""

    def __init__(self, server: HttpServer, loop: asyncio.AbstractEventLoop) -> None:
        self.busy = False
        self.deadline = float("inf")
        self._server = server
        self._loop = loop
        self._read_s = server.limits.read_timeout_ms / 1_000
        self._idle_s = server.limits.idle_timeout_ms / 1_000
        self._waiting: deque[Incoming | Reply] = deque()
        self._reading: Incoming | None = None
        self._in_head = False
        self._head_bytes = 0  # as parsed
        self._head_fed = 0  # as it came
        self._complete = 0  # requests so far
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._deaf = False  # what still comes is thrown away
        self._paused = False
        self._blocked = False  # the client does not read its answers

    # The socket -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not one by name
        self._parser = httptools.HttpRequestParser(self)
        name = transport.get_extra_info("peername")
        self._peer = name[0] if isinstance(name, tuple) else ""
        self._secure = transport.get_extra_info("sslcontext") is not None
        self.deadline = self._loop.time() + self._read_s
        full = len(self._server.connections) >= self._server.limits.max_connections
        self._server.connections.add(self)
        if full or self._server.stopping:
            self._fail(503, "connections", "Too many connections.", retry_after_s=1)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self)
        self._waiting.clear()
        self._deaf = True

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._reading is None and not self.busy:
            self.deadline = self._loop.time() + self._read_s
        complete = self._complete
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(400, "malformed", "This server speaks HTTP/1.1 only.")
        except httptools.HttpParserError as error:
            self._fail(400, "malformed", f"This is not HTTP/1.1: {_said(error)}.")
        except UnicodeError:
            self._fail(400, "malformed", "A header is no text.")
        if self._in_head and complete == self._complete:
            # All of it was head: one endless header never reaches on_header.
            self._head_fed += len(data)
            self._check_head(self._head_fed)
        if self._waiting and not self.busy:
            self._next()
        if self._waiting and not self._paused and not self._deaf:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._deaf = True
        # Half closed: the answer can still be read (not so with TLS).
        return not self._secure and (self.busy or bool(self._waiting))

    def pause_writing(self) -> None:
        self._blocked = True
        self.deadline = self._loop.time() + self._read_s

    def resume_writing(self) -> None:
        self._blocked = False
        if not self.busy:
            self._next()

    def late(self) -> None:
        """The deadline has passed."""
        if self._deaf or self._blocked:
            self.abort()
        elif self._reading is not None:
            self._fail(408, "slow", "The request did not come in time.")
            if not self.busy:
                self._next()
        elif not self.busy:
            self._deaf = True
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    # What the parser says -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._reading = Incoming(self._peer, secure=self._secure)
        self._in_head, self._head_bytes, self._head_fed = True, 0, 0
        self._body, self._body_bytes = [], 0

    def on_url(self, part: bytes) -> None:
        if self._reading is not None:
            self._reading.target += part.decode("ascii")
            self._head_bytes += len(part)
            self._check_head(self._head_bytes)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading is None or not self._in_head:
            return  # a trailer
        self._head_bytes += len(name) + len(value) + 4
        self._check_head(self._head_bytes)
        key = name.decode("ascii").lower()
        text = _text(value)
        headers = self._reading.headers
        if key in headers:
            if key == "host":
                self._fail(400, "malformed", "The request names two hosts.")
            text = f"{headers[key]}, {text}"
        headers[key] = text

    def _check_head(self, size: int) -> None:
        limit = self._server.limits.max_header_bytes
        if size > limit:
            self._fail(431, "headers", f"The headers are larger than {limit} bytes.")

    def on_headers_complete(self) -> None:
        head = self._reading
        self._in_head = False
        if head is None:
            return
        head.method = self._parser.get_method().decode("ascii")
        head.keep_alive = self._parser.should_keep_alive() and not self._server.stopping
        if self._parser.should_upgrade():
            self._fail(400, "malformed", "This server speaks HTTP/1.1 only.")
            return
        if self._parser.get_http_version() != "1.0" and "host" not in head.headers:
            self._fail(400, "malformed", "The request names no host.")
            return
        length = head.headers.get("content-length", "0")
        if int(length if length.isdecimal() else "0") > self._server.limits.max_body_bytes:
            self._too_large()
            return
        head.refused = self._server.handler.refuse(head)
        if head.headers.get("expect", "").lower() == "100-continue":
            if head.refused is not None:
                self._end(head.refused)
            else:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        if self._reading is None:
            return
        self._body_bytes += len(part)
        if self._body_bytes > self._server.limits.max_body_bytes:
            self._too_large()
        elif self._reading.refused is None:
            self._body.append(part)

    def on_message_complete(self) -> None:
        request, self._reading = self._reading, None
        if request is None:
            return
        self._complete += 1
        request.body = b"".join(self._body)
        self._body = []
        self._waiting.append(request)

    # Answers --------------------------------------------------------------------------------

    def _too_large(self) -> None:
        limit = self._server.limits.max_body_bytes
        self._fail(413, "too_large", f"The body is larger than {limit} bytes.")

    def _fail(self, status: int, reason: str, sentence: str, retry_after_s: int = 0) -> None:
        """The connection cannot go on; what was asked before is answered first."""
        if not self._deaf:
            self._server.handler.broken(reason)
            self._end(problem(status, sentence, retry_after_s))

    def _end(self, last: Reply) -> None:
        self._reading = None
        self._in_head = False
        self._deaf = True
        self.deadline = float("inf") if self.busy else self._loop.time() + _FAREWELL_S
        self._waiting.append(last)
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        if not self.busy:
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        while self._waiting and not self.busy and not self._blocked:
            item = self._waiting.popleft()
            if isinstance(item, Reply):
                self._write(item, keep=False, head=False)
                return
            self.busy = True
            self.deadline = float("inf")
            if item.refused is not None:
                self._respond(item, item.refused)
            else:
                self._server.handler.handle(item, partial(self._respond, item))

    def _respond(self, request: Incoming, reply: Reply) -> None:
        self.busy = False
        if self._transport.is_closing():
            return
        keep = request.keep_alive and not self._server.stopping
        self._write(reply, keep=keep, head=request.method == "HEAD")
        if not keep:
            return
        if self._deaf and not self._waiting:  # the client has said its last
            self._transport.close()
            return
        if not self._blocked:
            patience_s = self._idle_s if self._reading is None else self._read_s
            self.deadline = self._loop.time() + patience_s
        if self._waiting:
            self._loop.call_soon(self._go_on)
        elif self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _go_on(self) -> None:
        self._next()
        if self._paused and not self._waiting and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def _write(self, reply: Reply, *, keep: bool, head: bool) -> None:
        if self._transport.is_closing():
            return
        lines = [
            _STATUS.get(reply.status) or f"HTTP/1.1 {reply.status} \r\n".encode(),
            b"Date: %b\r\nContent-Length: %d\r\n" % (self._server.date, len(reply.body)),
        ]
        if reply.body:
            lines.append(f"Content-Type: {reply.content_type}\r\n".encode())
        for name, value in reply.headers.items():
            lines.append(f"{name}: {_one_line(value)}\r\n".encode("utf-8", "replace"))
        lines.append(b"\r\n" if keep else b"Connection: close\r\n\r\n")
        if not head:
            lines.append(reply.body)
        self._transport.write(b"".join(lines))
        if not keep:
            self._deaf = True
            self._waiting.clear()
            self.deadline = self._loop.time() + _FAREWELL_S
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()


_STATUS = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}


def _text(raw: bytes) -> str:
    """UTF-8, else Latin-1: whatever came is a text that can be written again."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


def _said(error: Exception) -> str:
    return str(error).strip().rstrip(".").lower() or "it cannot be parsed"
