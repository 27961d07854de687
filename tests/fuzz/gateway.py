"""The gateway over raw sockets: requests of all vendors cut, bent, doubled and forged.

Kafka is played by a list, so each answer is the gateway's own.  Whatever gets into the list must
be what a vendor signed; every answer is HTTP, and none is a 5xx.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from streams.gateway import server
from streams.gateway.server import Gateway
from streams.settings import Domain, Settings, Source
from streams.settings import Gateway as GatewaySettings
from tests.conformance.vendors import NOW_MS, vendors
from tests.fuzz.cases import FOLDER, keep, of_pieces

SAMPLES = vendors()
SOURCES = {"source" if vendor == "twilio" else vendor: vendor for vendor in SAMPLES}
"""Twilio signs the URL, so its source has the name that stands in it."""

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n")


class FakeLog:
    """In Kafka's place: takes everything at once."""

    def __init__(self, *_: object) -> None:
        self.taken: list[tuple[dict[str, bytes], bytes]] = []
        self.pending = 0

    def append(
        self, key: str, value: bytes, headers: list[tuple[str, bytes]], done: Callable[[str], None],
        timestamp_ms: int | None = None,
    ) -> None:  # fmt: skip
        self.taken.append((dict(headers), value))
        asyncio.get_running_loop().call_soon(done, "")

    def refuses(self) -> bool:
        return False

    async def fault(self) -> str:
        return ""

    async def close(self) -> None:
        pass


def settings() -> Settings:
    return Settings(
        gateway=GatewaySettings(
            port=0, public_url="https://hooks.example.com", max_rate_per_source=10**9, max_body_bytes=20_000,
            max_header_bytes=4_000, read_timeout_ms=400, idle_timeout_ms=400,
        ),
        domain=(Domain(name="acme", key="k" * 16),),
        source=tuple(
            Source(name=name, vendor=vendor, domain="acme", secrets=(str(SAMPLES[vendor].SECRET),))
            for name, vendor in SOURCES.items()
        ),
    )  # fmt: skip


@contextlib.asynccontextmanager
async def door() -> AsyncIterator[tuple[Gateway, FakeLog]]:
    """A gateway whose clock stands where the samples were signed."""
    clock = SimpleNamespace(time_ns=lambda: NOW_MS * 1_000_000, perf_counter=time.perf_counter)
    with mock.patch.object(server, "time", clock), mock.patch.object(server, "Log", FakeLog):
        gateway = Gateway(settings())
        await gateway.start()
        try:
            assert isinstance(gateway._log, FakeLog)
            yield gateway, gateway._log
        finally:
            await gateway.stop()


def genuine(name: str) -> tuple[list[str], bytes]:
    call = SAMPLES[SOURCES[name]].CALL
    head = [f"POST /v1/in/{name} HTTP/1.1", "Host: hooks.example.com"]
    return head + [f"{key}: {value}" for key, value in call.headers.items()], call.body


def made(dice: random.Random) -> list[bytes]:
    """The pieces that are sent, one write each."""
    raw = b"".join(_request(dice) for _ in range(dice.choice([1, 1, 1, 2, 5])))
    raw = _bent(dice, raw) if dice.random() < 0.5 else raw
    cuts = sorted(dice.randrange(len(raw) + 1) for _ in range(dice.choice([0, 0, 1, 3, 8])))
    return [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]


def _request(dice: random.Random) -> bytes:
    lines, body = genuine(dice.choice(list(SOURCES)))
    if dice.random() < 0.4:
        body = _bent(dice, body)
    if dice.random() < 0.3:
        lines[0] = dice.choice(
            ["GET /metrics HTTP/1.1", "HEAD /healthz HTTP/1.1", "POST /v1/in/ HTTP/1.1", "OPTIONS * HTTP/1.1",
             "GET /readyz HTTP/1.0", "POST /v1/in/%00 HTTP/1.1", "POST //v1/in/source?a=%zz HTTP/1.1",
             "GET /v1/in/meta_whatsapp?hub.challenge=%0d%0aX:1&hub.verify_token=x HTTP/1.1",
             "OPTIONS /v1/in/cloudevents HTTP/1.1", "POST http://h/v1/in/source HTTP/1.1", "CONNECT h:1 HTTP/1.1",
             lines[0].replace("POST", "PUT"), lines[0].replace("1.1", "2.0"), lines[0] + " x"]
        )  # fmt: skip
    for _ in range(dice.choice([0, 0, 1, 2])):
        if len(lines) > 2 and dice.random() < 0.5:
            number = dice.randrange(1, len(lines))
            lines[number] = dice.choice(
                [lines[number] + "x", lines[number].partition(":")[0] + ":", lines[number] * 2]
            )
            lines.insert(number, lines[dice.randrange(1, len(lines))])
        else:
            lines.append(
                dice.choice(
                    ["Expect: 100-continue", "Connection: close", "Connection: Upgrade\r\nUpgrade: h2c", "X: é",
                     "X: " + "a" * dice.choice([10, 3_000, 9_000]), "Transfer-Encoding: gzip, chunked", "Host: other",
                     "Content-Length: 3", "Authorization: Basic ÿÿ", "webhook-request-origin: a\tb", ": x", "X Y: 1"]
                )
            )  # fmt: skip
    if dice.random() < 0.3:
        return "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode() + _chunks(
            dice, body
        )
    length = len(body) + (
        dice.choice([-1, 1, 5, 10**6, -(10**9), 10**30]) if dice.random() < 0.15 else 0
    )
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode() + body


def _chunks(dice: random.Random, body: bytes) -> bytes:
    out = b""
    while body:
        size = dice.randrange(1, len(body) + 1)
        told = dice.choice([-1, 1, 2**64, -5]) + size if dice.random() < 0.05 else size
        out += b"%X%b\r\n" % (max(told, 0), dice.choice([b"", b"", b";x=y", b";" + b"z" * 300]))
        out += body[:size] + dice.choice([b"\r\n"] * 30 + [b"\n", b"", b"\r\n\r\n"])
        body = body[size:]
    return out + dice.choice(
        [b"0\r\n\r\n"] * 10
        + [b"0\r\nX-Hub-Signature-256: sha256=00\r\n\r\n", b"0\r\n", b"G\r\n", b"-0\r\n\r\n"]
    )


def _bent(dice: random.Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(dice.choice([1, 1, 2, 6])):
        start = dice.randrange(len(changed) + 1)
        piece = dice.choice(
            [
                dice.randbytes(dice.randrange(9)),
                b"\r\n",
                b"\n",
                b"\x00",
                b"\r\n\r\n",
                b" ",
                b"0\r\n\r\n",
                b"\xff" * 40,
            ]
        )
        changed[start : start + dice.choice([0, 1, 4])] = piece
    return bytes(changed)


async def play(gateway: Gateway, log: FakeLog, pieces: list[bytes]) -> None:
    """Raises `AssertionError` when the gateway did what it must not."""
    log.taken.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        if writer.can_write_eof():
            writer.write_eof()
    answer = b""
    with contextlib.suppress(ConnectionError):
        while part := await asyncio.wait_for(reader.read(65_536), 10):
            answer += part
    writer.close()
    statuses = [int(code) for code in _STATUS.findall(answer)]
    assert answer == b"" or answer.startswith(b"HTTP/1.1 "), "the answer is not HTTP"
    assert not [status for status in statuses if status >= 500], f"answered {statuses}"
    for headers, body in log.taken:
        _believed(headers["vendor"].decode(), body, b"".join(pieces))


def _believed(vendor: str, body: bytes, sent: bytes) -> None:
    module = SAMPLES[vendor]
    same = getattr(module, "same", lambda one, other: one == other)
    if module.SIGNS.startswith("body"):
        assert same(body, module.CALL.body), f"{vendor}: a body that nobody signed was accepted"
    elif module.SIGNS == "nothing":
        told = [
            value for name, value in module.CALL.headers.items() if name.lower() != "content-type"
        ]
        known = str(module.SECRET).encode() in body or any(value.encode() in sent for value in told)
        assert known, f"{vendor}: accepted without its password"
    else:  # a signature of the time alone stands in the body
        signature = max(re.findall(rb"[0-9a-f]{32,}", module.CALL.body), key=len)
        assert signature in body, f"{vendor}: accepted without its signature"


def fuzz_gateway(seconds: float, first_seed: int, folder: Path = FOLDER) -> list[str]:
    """A sentence for the first failure."""
    return asyncio.run(_fuzz(seconds, first_seed, folder))


async def _fuzz(seconds: float, number: int, folder: Path) -> list[str]:
    until, total, taken = time.monotonic() + seconds, 0, 0
    async with door() as (gateway, log):
        while time.monotonic() < until:
            pieces = made(random.Random(number))
            try:
                await play(gateway, log, pieces)
            except Exception as error:  # a socket that hangs is a failure too
                path = keep(of_pieces(pieces), folder)
                return [
                    f"gateway: {type(error).__name__}: {error}; play it again: make fuzz CASE={path}"
                ]
            number, total, taken = number + 1, total + 1, taken + len(log.taken)
    print(f"gateway: {total} connections, {taken} webhooks taken, no failure")
    return [] if taken else ["gateway: not one genuine webhook got through: nothing was tried"]


async def replay(pieces: list[bytes]) -> None:
    async with door() as (gateway, log):
        await play(gateway, log, pieces)
