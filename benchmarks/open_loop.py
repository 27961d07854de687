"""An open loop of HTTP requests: each is sent when its time has come, whether or not earlier ones
are answered, and its latency counts from that time: a server that stalls cannot slow the load down
and so hide that it stalled.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from statistics import median

CONNECTIONS = 128


class Loop:
    """`await run(port, request, rate, seconds)`: `request(number)` is the raw bytes of a call.

    `began_s`, `intended_s[number]` are times of `time.perf_counter`; `latency_s[number]` is how long
    after its intended time a call was answered; `statuses` counts the answers.
    """

    def __init__(self) -> None:
        self.statuses: Counter[bytes] = Counter()
        self.intended_s: list[float] = []
        self.latency_s: dict[int, float] = {}
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[tuple[int, bytes]] = deque()

    async def run(
        self, port: int, request: Callable[[int], bytes], rate: float, seconds: float
    ) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
        began, number, count = time.perf_counter(), 0, int(rate * seconds)
        while number < count:
            now = time.perf_counter()
            while number < count and began + number / rate <= now:
                self.intended_s.append(began + number / rate)
                self._waiting.append((number, request(number)))
                number += 1
            self.pump()
            await asyncio.sleep(0.001)
        for _ in range(600):  # a minute for what is under way
            if len(self.latency_s) == count:
                break
            await asyncio.sleep(0.1)
        for connection in list(self._idle):
            connection.transport.close()

    def pump(self) -> None:
        while self._waiting and self._idle:
            self._idle.popleft().send(*self._waiting.popleft())

    def free(self, connection: _Connection) -> None:
        self._idle.append(connection)
        self.pump()

    def answered(self, number: int, status: bytes) -> None:
        self.latency_s[number] = time.perf_counter() - self.intended_s[number]
        self.statuses[status] += 1


class _Connection(asyncio.Protocol):
    """One call at a time, kept alive."""

    def __init__(self, owner: Loop) -> None:
        self._owner = owner
        self._seen = b""
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._owner.free(self)

    def send(self, number: int, request: bytes) -> None:
        self._number = number
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, end, rest = self._seen.partition(b"\r\n\r\n")
        if not end:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) >= length:
            self._seen = rest[length:]
            self._owner.answered(self._number, head[9:12])
            self._owner.free(self)


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p99, p99.9 and the largest."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        name: ordered[min(last, int(len(ordered) * part))] if ordered else float("nan")
        for name, part in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("largest", 1.0))
    }


def spread(values: list[float]) -> str:
    """Median and range, as the page has them."""
    ordered = sorted(values)
    digits = 1 if ordered[-1] < 100 else 0
    low, middle, high = (f"{v:,.{digits}f}" for v in (ordered[0], median(ordered), ordered[-1]))
    return f"{middle} ({low}–{high})"
