"""The HTTP door from outside, over raw sockets: whole, split, too large, too slow, malformed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from streams.channels.base import Reply
from streams.gateway.http import HttpServer, Incoming, Respond


class Small(msgspec.Struct):
    max_body_bytes: int = 1_000
    max_header_bytes: int = 2_000
    max_connections: int = 20
    read_timeout_ms: int = 400
    idle_timeout_ms: int = 800


class Echo:
    """Answers the body, after a while when the path says so."""

    def __init__(self) -> None:
        self.seen: list[Incoming] = []
        self.complaints: list[str] = []

    def refuse(self, head: Incoming) -> Reply | None:
        return Reply(404, b"nobody") if head.target == "/nobody" else None

    def handle(self, request: Incoming, respond: Respond) -> None:
        self.seen.append(request)
        reply = Reply(200, request.body or request.target.encode())
        if request.target.startswith("/later"):
            asyncio.get_running_loop().call_later(0.05, respond, reply)
        elif request.target == "/large":
            respond(Reply(200, b"x" * 5_000_000))
        else:
            respond(reply)

    def broken(self, reason: str) -> None:
        self.complaints.append(reason)


@contextlib.asynccontextmanager
async def serving(**limits: int) -> AsyncIterator[tuple[HttpServer, Echo]]:
    echo = Echo()
    server = HttpServer(echo, Small(**limits))
    await server.start("127.0.0.1", 0)
    try:
        yield server, echo
    finally:
        await server.stop(1)


async def say(server: HttpServer, *parts: bytes, pause: float = 0.0) -> bytes:
    """Everything that comes back until the server closes or nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for part in parts:
        with contextlib.suppress(ConnectionError):
            writer.write(part)
            await writer.drain()
        await asyncio.sleep(pause)
    found = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while piece := await asyncio.wait_for(reader.read(65_536), 1.5):
            found += piece
            if (
                found.count(b"\r\n\r\n") >= sum(p.count(b"Host:") for p in parts)
                and b"close" not in found
            ):
                await asyncio.sleep(0.02)
                break
    writer.close()
    return found


def post(target: str, body: bytes = b"", *headers: bytes) -> bytes:
    lines = [
        b"POST %b HTTP/1.1" % target.encode(),
        b"Host: x",
        b"Content-Length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer[9:12])


async def test_answers_on_one_connection_keep_the_order_of_the_requests() -> None:
    async with serving() as (server, echo):
        found = await say(
            server, post("/later", b"one") + post("/now", b"two") + post("/later", b"three")
        )
        assert [found.find(word) for word in (b"one", b"two", b"three")] == sorted(
            found.find(word) for word in (b"one", b"two", b"three")
        )
        assert found.count(b"HTTP/1.1 200 OK") == 3 and found.count(b"Date: ") == 3
        assert len(echo.seen) == 3


async def test_many_pipelined_requests_wait_in_the_socket_and_all_are_answered() -> None:
    async with serving() as (server, echo):
        found = await say(server, b"".join(post("/later", b"n%03d." % n) for n in range(40)))
        assert found.count(b"HTTP/1.1 200") == len(echo.seen) == 40
        assert found.index(b"n000.") < found.index(b"n020.") < found.index(b"n039.")


@pytest.mark.parametrize("size", [1, 3, 7, 64])
async def test_a_request_may_come_in_pieces(size: int) -> None:
    chunked = (
        b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"
    )
    async with serving(read_timeout_ms=5_000) as (server, echo):
        pieces = [chunked[at : at + size] for at in range(0, len(chunked), size)]
        assert status(await say(server, *pieces)) == 200
        [request] = echo.seen
        assert (request.method, request.target, request.body) == (
            "POST",
            "/a?b=c",
            b"abc0123456789",
        )
        assert "x-trailer" not in request.headers, "a trailer would be believed after the signature"


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"POST / HTTP/1.1\r\n\r\n", 400),  # no host
        (b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400),  # obsolete folding
        (b"POST / HTTP/1.1\nHost: a\n\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"POST /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ],
)  # fmt: skip
async def test_what_is_not_http_is_answered_and_hung_up_on(raw: bytes, wanted: int) -> None:
    async with serving() as (server, echo):
        found = await say(server, raw)
        assert status(found) == wanted and b"Connection: close" in found and b'"error":' in found
        assert echo.seen == [] and echo.complaints == ["malformed"]


async def test_what_was_asked_before_the_nonsense_is_answered_first() -> None:
    async with serving() as (server, _):
        found = await say(server, post("/later", b"first") + b"GARBAGE\r\n\r\n")
        assert found.index(b"first") < found.index(b"HTTP/1.1 400")


async def test_a_body_above_the_limit_is_413_announced_or_not() -> None:
    async with serving() as (server, echo):
        assert status(await say(server, post("/", b"x" * 1_001))) == 413
        announced = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"
        assert status(await say(server, announced)) in {400, 413}
        chunk = (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"1F4\r\n%b\r\n" % (b"x" * 500) * 3
        )
        assert status(await say(server, chunk)) == 413
        assert status(await say(server, post("/", b"x" * 1_000))) == 200
        assert len(echo.seen) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"a" * 3_000 + b"\r\n",
        b"".join(b"X-%d: %b\r\n" % (n, b"a" * 40) for n in range(60)),
        b"X: " + b"a" * 3_000,  # never ends
    ],
)
async def test_headers_above_the_limit_are_431(head: bytes) -> None:
    async with serving() as (server, echo):
        raw = b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n"
        pieces = [raw[at : at + 500] for at in range(0, len(raw), 500)]
        assert status(await say(server, *pieces, pause=0.005)) == 431
        assert status(await say(server, raw)) == 431
        assert (
            status(await say(server, b"POST /" + b"a" * 3_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"))
            == 431
        )
        assert echo.seen == []


async def test_a_header_is_a_text_whatever_its_bytes() -> None:
    async with serving() as (server, echo):
        assert status(await say(server, post("/", b"", b"A: \xc3\xa9", b"B: \xe9\xff"))) == 200
        assert (echo.seen[0].headers["a"], echo.seen[0].headers["b"]) == ("é", "éÿ")


@pytest.mark.parametrize("at", [20, 900, 1_500, 1_900])
async def test_headers_below_the_limit_are_taken_however_they_are_cut(at: int) -> None:
    raw = post("/", b"hi", b"X-One: " + b"a" * 900, b"X-Two: " + b"b" * 900)
    async with serving() as (server, echo):
        assert status(await say(server, raw[:at], raw[at:], pause=0.02)) == 200
        assert len(echo.seen) == 1


async def test_a_slow_client_is_408_and_a_silent_one_is_hung_up_on() -> None:
    async with serving() as (server, echo):
        raw = post("/", b"x" * 100)
        drops = [raw[at : at + 1] for at in range(12)]
        assert status(await say(server, *drops, pause=0.07)) == 408
        assert status(await say(server, raw[:-1])) == 408
        assert await say(server) == b""
        assert echo.seen == [] and echo.complaints == ["slow", "slow"]


async def test_a_client_that_reads_no_answers_is_hung_up_on() -> None:
    async with serving() as (server, _):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
        writer.write(post("/large") * 3)
        await writer.drain()
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not server.connections:
                break
        assert not server.connections
        writer.close()


async def test_too_many_connections_are_503_with_a_time_to_come_again() -> None:
    async with serving(max_connections=2, read_timeout_ms=3_000) as (server, echo):
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        await asyncio.sleep(0.05)
        found = await say(server, post("/"))
        assert status(found) == 503 and b"Retry-After: 1" in found
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.1)
        assert status(await say(server, post("/"))) == 200
        assert len(echo.seen) == 1


async def test_expect_100_continue_is_answered_before_the_body() -> None:
    async with serving() as (server, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        raw = post("/", b"hello", b"Expect: 100-continue")
        writer.write(raw[:-5])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()
        refused = await say(server, post("/nobody", b"hello", b"Expect: 100-continue")[:-5])
        assert status(refused) == 404
        assert len(echo.seen) == 1


async def test_a_refused_body_is_not_kept_and_the_connection_lives() -> None:
    async with serving() as (server, echo):
        found = await say(server, post("/nobody", b"x" * 900) + post("/", b"yes"))
        assert status(found) == 404 and b"HTTP/1.1 200" in found and b"yes" in found
        assert len(echo.seen) == 1


async def test_head_has_no_body_and_http_1_0_is_closed() -> None:
    async with serving() as (server, _):
        found = await say(server, b"HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n")
        assert found.endswith(b"\r\n\r\n") and b"Content-Length: 4" in found
        assert b"Connection: close" in await say(server, b"POST /abc HTTP/1.0\r\n\r\n")


async def test_a_request_under_way_is_answered_when_the_server_stops() -> None:
    echo = Echo()
    server = HttpServer(echo, Small())
    await server.start("127.0.0.1", 0)
    asked = asyncio.create_task(say(server, post("/later", b"bye")))
    while not echo.seen:
        await asyncio.sleep(0.005)
    await server.stop(2)
    found = await asked
    assert b"bye" in found and b"Connection: close" in found
