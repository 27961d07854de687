"""A worker with a small fold, for `drain_small`: `python -m benchmarks.small SETTINGS`.

A customer's state is his last channel and how many events he had; going on elsewhere is a switch, a
record for an output topic; every event counts in its channel's pane.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streams.engine.worker import run_worker
from streams.fold import Fold, PaneDelta, Publish, Record, Timer, View
from streams.settings_file import load


class Said(msgspec.Struct, gc=False):
    """What of an event this fold reads."""

    customer: str
    channel: str
    time_ms: int


class _Framed(msgspec.Struct, gc=False):
    data: Said


class Seen(msgspec.Struct, array_like=True, gc=False):
    channel: str
    at_ms: int
    events: int


_said = msgspec.json.Decoder(_Framed).decode
_seen = msgspec.msgpack.Decoder(Seen).decode
_encode = msgspec.msgpack.Encoder().encode


class Small(Fold):
    name = "small"
    version = "1"
    input_topic = "events"

    def prepare(self, record: Record) -> Said:
        return _said(record.value or b"").data

    def keys(self, prepared: Said) -> Iterable[str]:
        return (prepared.customer,)

    def apply(self, prepared: Said, record: Record, view: View) -> None:
        known: Seen | None = view.get(prepared.customer)
        if known is not None and known.channel != prepared.channel:
            switch = f"{prepared.customer} {known.channel} {prepared.channel} {prepared.time_ms}"
            view.emit(Publish("journeys", prepared.customer, switch.encode()))
        events = known.events + 1 if known else 1
        view.put(prepared.customer, Seen(prepared.channel, prepared.time_ms, events))
        view.emit(PaneDelta(prepared.channel, prepared.time_ms, 1))

    def fire(self, timer: Timer, view: View) -> None:
        """It sets none."""

    def encode(self, key: str, state: Any) -> bytes:
        return _encode(state)

    def decode(self, key: str, raw: bytes) -> Any:
        return _seen(raw)


def make(_: Mapping[str, int]) -> list[Fold]:
    return [Small()]


if __name__ == "__main__":
    sys.exit(run_worker(load(sys.argv[1]), make))
