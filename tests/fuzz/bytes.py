"""atheris on bytes, led by the branches that the adapters take: `python -m tests.fuzz.bytes SECONDS`.

The first byte chooses the vendor, the second the content type, the rest is the body.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["streams.channels"]):
    from streams.channels.registry import adapters

    adapters()

from tests.conformance.vendors import Raw, vendors, wire
from tests.fuzz.cases import check_body, keep, of_body

NAMES = sorted(vendors())
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/cloudevents+json",
    "",
]


def one(data: bytes) -> None:
    if len(data) < 2:
        return
    vendor = NAMES[data[0] % len(NAMES)]
    raw = Raw(data[2:], {"content-type": TYPES[data[1] % len(TYPES)]})
    try:
        check_body(vendor, raw)
    except Exception as error:
        print(
            f"{vendor}: {type(error).__name__}: {error}; play it again: make fuzz CASE={keep(of_body(vendor, raw))}"
        )
        raise


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(NAMES):
            for place, (sample, _) in enumerate(vendors()[name].BODIES.values()):
                raw = wire(sample)
                kind = next(
                    (
                        n
                        for n, t in enumerate(TYPES)
                        if t and raw.headers.get("content-type", "").startswith(t)
                    ),
                    0,
                )
                Path(folder, f"{name}-{place}").write_bytes(bytes([number, kind]) + raw.body)
        artifacts = Path(folder) / "found"
        artifacts.mkdir()
        atheris.Setup(
            [sys.argv[0], folder, f"-max_total_time={sys.argv[1]}", "-max_len=8192", "-verbosity=0",
             "-print_final_stats=1", f"-artifact_prefix={artifacts}/"],
            one,
        )  # fmt: skip
        atheris.Fuzz()


if __name__ == "__main__":
    main()
