"""Hypothesis on shapes: round after round, each with another seed, until the time is up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.cases import FOLDER, check_body, keep, of_body
from tests.fuzz.shapes import SAMPLES, bodies


def fuzz_adapters(
    seconds: float, first_seed: int, folder: Path = FOLDER, vendors: Sequence[str] = (*SAMPLES,)
) -> list[str]:
    """A sentence for each failure; at most one a vendor, and when each has one it ends."""
    until = time.monotonic() + seconds
    failed: dict[str, str] = {}
    number, total = first_seed, 0
    while time.monotonic() < until and len(failed) < len(vendors):
        for vendor in vendors:
            if vendor not in failed and time.monotonic() < until:
                total += 100
                if found := _round(vendor, number, folder):
                    failed[vendor] = found
        number += 1
    print(f"adapters: about {total} bodies for {len(vendors)} vendors, {len(failed)} failures")
    return list(failed.values())


def _round(vendor: str, number: int, folder: Path) -> str:
    last = None

    @seed(number)
    @settings(
        max_examples=100, deadline=None, database=None, print_blob=False,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(bodies(vendor))
    def run(raw: object) -> None:
        nonlocal last
        last = raw
        check_body(vendor, raw)  # type: ignore[arg-type]

    try:
        run()
    except Exception as error:
        assert last is not None
        path = keep(of_body(vendor, last), folder)
        return f"{vendor}: {type(error).__name__}: {error}; play it again: make fuzz CASE={path}"
    return ""
