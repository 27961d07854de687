"""What must hold of any request, and how a failure is kept so that it can be played again."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import msgspec

from schemas.cloudevents import decode_event, encode_event
from streams.channels.base import Request, SourceConfig
from streams.channels.registry import adapters
from tests.conformance.vendors import ARRIVED_MS, URL, Raw

FOLDER = Path(__file__).parents[2] / ".cache" / "fuzz"


class Case(msgspec.Struct, frozen=True):
    """`kind` is "adapter" (one body for `vendor`) or "gateway" (pieces for a socket)."""

    kind: str
    vendor: str = ""
    headers: dict[str, str] = {}
    pieces: list[str] = []
    """Base64."""


def of_body(vendor: str, raw: Raw) -> Case:
    return Case("adapter", vendor, dict(raw.headers), [base64.b64encode(raw.body).decode()])


def of_pieces(pieces: list[bytes]) -> Case:
    return Case("gateway", pieces=[base64.b64encode(piece).decode() for piece in pieces])


def raw_of(case: Case) -> Raw:
    return Raw(base64.b64decode(case.pieces[0]), case.headers)


def pieces_of(case: Case) -> list[bytes]:
    return [base64.b64decode(piece) for piece in case.pieces]


def keep(case: Case, folder: Path = FOLDER) -> Path:
    """Writes it; the same case has the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.encode(case)
    path = (
        folder / f"{case.kind}-{case.vendor or 'http'}-{hashlib.sha256(text).hexdigest()[:12]}.json"
    )
    path.write_bytes(text)
    return path


def load(path: Path) -> Case:
    return msgspec.json.decode(path.read_bytes(), type=Case)


def check_body(vendor: str, raw: Raw) -> None:
    """Raises `AssertionError`, or whatever left the adapter."""
    adapter = adapters()[vendor]
    request = Request("POST", URL, raw.headers, raw.body, ARRIVED_MS)
    source = SourceConfig("desk", vendor, "acme", ("another secret",))
    assert adapter.verify(request, source) is not None, "accepted without a signature"
    assert adapter.verify(request, SourceConfig("desk", vendor, "acme")) is not None
    adapter.handshake(request, source)
    adapter.reply(request, source)
    found = adapter.parse(request, source)
    assert "cannot be written" not in found.reason, found.reason
    assert found.events or (found.reason and found.code), "neither events nor a reason"
    assert len({event.id for event in found.events}) == len(found.events), "one event twice"
    for event in found.events:
        assert decode_event(encode_event(event)) == event, "an event that cannot be read back"
        assert event.time_ms > 0, "a time before the epoch"
