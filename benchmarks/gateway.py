"""How many webhooks does the gateway take a second, verified and durable, on one core?

A real broker, `acks=all`, and the mix of all vendors, each call signed as its vendor signs; one
gateway process, its CPU time read from the system, so that the load and the broker on the same
machine do not count.  `python -m benchmarks.gateway`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import uvloop

from benchmarks.load import cpu_seconds, make_topics
from streams.gateway import server
from streams.settings_file import load as load_settings
from tests.conformance.vendors import NOW_MS, vendors
from tests.servers.kafka import KafkaCluster, free_port

SECONDS = 8
CONNECTIONS = 64


def requests() -> list[bytes]:
    """One signed request a vendor; Twilio signs the URL, so its source has the URL's name."""
    found = []
    for vendor, module in vendors().items():
        call = module.CALL
        name = "source" if vendor == "twilio" else vendor
        head = [f"POST /v1/in/{name} HTTP/1.1", "Host: hooks.example.com"]
        head += [f"{key}: {value}" for key, value in call.headers.items()]
        head += ["User-Agent: vendor/1.0", "Accept: */*", f"Content-Length: {len(call.body)}"]
        found.append("\r\n".join(head).encode() + b"\r\n\r\n" + call.body)
    return found


def settings(folder: Path, bootstrap: str, port: int) -> Path:
    lines = [
        f'[kafka]\nbootstrap = "{bootstrap}"',
        f'[gateway]\nport = {port}\npublic_url = "https://hooks.example.com"',
        "max_rate_per_source = 1000000",
        '[topics]\nwebhooks = "bench-webhooks"',
        '[[domain]]\nname = "acme"\nkey = "0123456789abcdef"',
    ]
    for vendor, module in vendors().items():
        name = "source" if vendor == "twilio" else vendor
        lines.append(
            f'[[source]]\nname = "{name}"\nvendor = "{vendor}"\ndomain = "acme"\n'
            f"secrets = [{json.dumps(module.SECRET)}]"
        )
    file = folder / "f.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


class Client(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, calls: list[bytes], start: int, statuses: Counter[bytes]) -> None:
        self._calls, self._next, self._statuses = calls, start, statuses
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._next = (self._next + 1) % len(self._calls)
        self._transport.write(self._calls[self._next])  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, end, rest = self._seen.partition(b"\r\n\r\n")
        if not end:
            return
        length = next(
            (int(x[15:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")),
            0,
        )
        if len(rest) >= length:
            self._statuses[head[9:12]] += 1
            self._seen = rest[length:]
            self._send()


async def load(port: int, pid: int) -> tuple[float, float, Counter[bytes]]:
    """(webhooks/s, CPU seconds of the gateway, answers by status)."""
    loop = asyncio.get_running_loop()
    statuses: Counter[bytes] = Counter()
    calls = requests()
    for number in range(CONNECTIONS):
        for _ in range(100):
            with contextlib.suppress(OSError):
                await loop.create_connection(
                    lambda n=number: Client(calls, n, statuses), "127.0.0.1", port
                )
                break
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.5)
    statuses.clear()
    cpu, started = cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(SECONDS)
    seen = Counter(statuses)
    return sum(seen.values()) / (time.perf_counter() - started), cpu_seconds(pid) - cpu, seen


def measure(kafka: KafkaCluster) -> tuple[float, float, Counter[bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        file = settings(Path(folder), kafka.bootstrap, port)
        gateway = subprocess.Popen([sys.executable, "-m", "benchmarks.gateway", str(file)])
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(load(port, gateway.pid))
        finally:
            gateway.terminate()
            gateway.wait(20)


def serve(file: str) -> None:
    """The gateway, its clock set to the time at which the samples were signed."""
    server.time = SimpleNamespace(  # type: ignore[assignment]
        time_ns=lambda: NOW_MS * 1_000_000, perf_counter=time.perf_counter
    )
    sys.exit(server.run_gateway(load_settings(file)))


def rows(runs: int) -> list[tuple[float, float]]:
    """(webhooks/s of the clock, webhooks/s of the gateway's CPU time), a row a run."""
    found = []
    with KafkaCluster(1) as kafka:
        make_topics(kafka.bootstrap, "bench-")
        for _ in range(runs):
            rate, cpu, seen = measure(kafka)
            if set(seen) - {b"200", b"204"}:
                raise SystemExit(f"Not all were taken: {dict(seen)}")
            found.append((rate, sum(seen.values()) / cpu))
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1])
    for rate, per_core in rows(3):
        print(f"{rate:,.0f} webhooks/s; {per_core:,.0f} a second of the gateway's CPU")
