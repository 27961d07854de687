"""Filrouge's own events on their way into the log: they travel as any vendor's webhook does."""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar

from schemas.cloudevents import CONTENT_TYPE, encode_event
from schemas.common import Actor
from schemas.events import EventBase

E = TypeVar("E", bound=EventBase)


def own_event(cls: type[E], domain: str, now_ms: int, actor: Actor, **fields: Any) -> E:
    """An event that happens now.  Two that say the same at the same millisecond are one."""
    said = f"{cls.__name__}/{domain}/{now_ms}/{actor}/{sorted(fields.items())}"
    fields.setdefault("id", hashlib.sha256(said.encode()).hexdigest()[:22])
    return cls(
        source="filrouge",
        domain=domain,
        time_ms=now_ms,
        recorded_ms=now_ms,
        channel="web",
        actor=actor,
        **fields,
    )


def in_webhooks(event: EventBase) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Value and headers of its record in topic `webhooks`; the key is the event's domain."""
    return encode_event(event), [
        ("source", b"filrouge"),
        ("vendor", b"filrouge"),
        ("content-type", CONTENT_TYPE),
        ("received", str(event.recorded_ms).encode()),
    ]
