"""How many bodies a second does each adapter read on one core?  `python -m benchmarks.adapters`.

The bodies are the samples of the conformance suite that give events: each documented kind once.
CPU time, the best of several rounds: a machine's noise only ever adds.
"""

from __future__ import annotations

import time
from statistics import median

from streams.channels.base import Request, SourceConfig
from streams.channels.registry import adapters
from tests.conformance.vendors import ARRIVED_MS, URL, vendors, wire

ROUNDS = 7
ROUND_S = 0.15


def bodies_a_second(vendor: str) -> tuple[float, float]:
    """(bodies read, requests verified) a second of CPU."""
    adapter, module = adapters()[vendor], vendors()[vendor]
    source = SourceConfig("desk", vendor, "acme", (str(module.SECRET),))
    requests = [
        Request("POST", URL, raw.headers, raw.body, ARRIVED_MS)
        for sample, expected in module.BODIES.values()
        if isinstance(expected, tuple)
        for raw in [wire(sample)]
    ]
    headers = {name.lower(): value for name, value in module.CALL.headers.items()}
    call = Request("POST", URL, headers, module.CALL.body, ARRIVED_MS)
    read = max(_rate(lambda: [adapter.read(r, source) for r in requests]) for _ in range(ROUNDS))
    verified = max(_rate(lambda: adapter.verify(call, source)) for _ in range(ROUNDS))
    return read * len(requests), verified


def _rate(work: object) -> float:
    count, started = 0, time.process_time()
    while (spent := time.process_time() - started) < ROUND_S:
        work()  # type: ignore[operator]
        count += 1
    return count / spent


def rows() -> list[tuple[str, float, float]]:
    return [(vendor, *bodies_a_second(vendor)) for vendor in vendors()]


if __name__ == "__main__":
    found = rows()
    for name, read, verified in found:
        print(f"{name:16} {read:10,.0f} bodies/s {verified:10,.0f} verified/s")
    print(f"{'median':16} {median(r for _, r, _ in found):10,.0f} bodies/s")
