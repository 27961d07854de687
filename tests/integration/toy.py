"""A worker with a toy fold: counts records by key, publishes each count, sets a timer at each.

Run as a process by the engine's tests: `python -m tests.integration.toy SETTINGS`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from streams.engine.worker import run_worker
from streams.fold import Fold, LiveDelta, PaneDelta, Publish, Record, Timer, View
from streams.settings_file import load


class Toy(Fold):
    """State of a key: how many records it had. Value `boom` is a bug of the fold."""

    name = "toy"
    version = "1"
    input_topic = "webhooks"

    def prepare(self, record: Record) -> tuple[str, str]:
        return (record.key or b"").decode(), (record.value or b"").decode()

    def keys(self, prepared: tuple[str, str]) -> Iterable[str]:
        return [prepared[0]]

    def apply(self, prepared: tuple[str, str], record: Record, view: View) -> None:
        key, value = prepared
        if value == "boom":
            raise ValueError("boom")
        count = (view.get(key) or 0) + 1
        view.put(key, count)
        view.emit(Publish("journeys", key, f"{key}:{value}:{count}".encode()))
        view.emit(PaneDelta("records", view.now_ms, 1))
        view.emit(LiveDelta("records", 1))
        if value == "timer":
            view.set_timer(Timer(view.now_ms + 500, key, "late"))

    def fire(self, timer: Timer, view: View) -> None:
        view.emit(Publish("journeys", timer.entity, f"{timer.entity}:fired:{timer.kind}".encode()))

    def encode(self, key: str, state: Any) -> bytes:
        return str(state).encode()

    def decode(self, key: str, raw: bytes) -> Any:
        return int(raw)


def make(_: Mapping[str, int]) -> list[Fold]:
    return [Toy()]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    sys.exit(run_worker(load(sys.argv[1]), make))
