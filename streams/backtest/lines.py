"""Reads canonical events as JSON lines: bare, or as CloudEvents whose attributes say what the data
need not say again, as at the open door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from schemas.cloudevents import PREFIX
from schemas.events import EventBase
from streams.backtest.clock import EARLIEST_MS, LATEST_MS, reader
from streams.backtest.errors import MappingError, unknown
from streams.backtest.fields import EVENT_TYPES
from streams.backtest.sparse import BROKEN, opened

_read_time = reader(["iso"], "UTC")


def is_canonical(path: Path) -> bool:
    """Whether the first line that is an object says an event type of ours.  Raises `MappingError`
    when the file cannot be read.
    """
    with opened(path) as stream:
        for line in stream:
            try:
                raw = msgspec.json.decode(line)
            except BROKEN:
                continue
            if isinstance(raw, dict):
                return str(raw.get("type", "")).removeprefix(PREFIX) in EVENT_TYPES
    return True


def events(path: Path, refuse: Callable[[str], None]) -> Iterator[EventBase | None]:
    """One for each line that is not empty; None for one that is refused.  Raises `MappingError`
    when the file cannot be read.
    """
    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield _event(msgspec.json.decode(line))
            except (MappingError, *BROKEN) as error:
                refuse(f"Line {number}: {str(error).rstrip('.')}.")
                yield None


def _event(raw: Any) -> EventBase:
    if not isinstance(raw, dict):
        raise MappingError("an event is an object")
    data = dict(raw)
    if isinstance(raw.get("data"), dict):
        attributes = {name: raw[name] for name in ("id", "source", "type", "time") if name in raw}
        data = attributes | raw["data"]
    kind = str(data.get("type", "")).removeprefix(PREFIX)
    if not kind:
        raise MappingError(
            "it says no `type`, so it is no canonical event. Is it a line of a log of another "
            "kind? Then name a mapping with --mapping; docs/backtest.md tells how to write one"
        )
    if kind not in EVENT_TYPES:
        raise MappingError(unknown("event type", kind, EVENT_TYPES))
    stated = data.pop("time", None)
    if "time_ms" not in data and isinstance(stated, str):
        data["time_ms"] = _read_time(stated)
    if isinstance(data.get("conversation"), str):
        data["conversation"] = {"source": data.get("source", ""), "id": data["conversation"]}
    data |= {"type": kind}
    data.setdefault("domain", "history")
    data.setdefault("recorded_ms", data.get("time_ms"))
    event: EventBase = msgspec.convert(data, EVENT_TYPES[kind])
    if not EARLIEST_MS <= event.time_ms < LATEST_MS:
        raise MappingError(f"time_ms {event.time_ms} lies outside 1970 to 2199")
    return event
