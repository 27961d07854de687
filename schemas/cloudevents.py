"""CloudEvents 1.0, structured JSON: how events, facts and notifications stand in Kafka.

The `data` document is complete by itself; the attributes repeat what routers and tools need
(https://github.com/cloudevents/spec, formats/json-format.md).  Our own attribute types are
prefixed `filrouge.`.
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from schemas.events import Event, EventBase
from schemas.facts import Fact, FactBase
from schemas.notification import DeliveryAttempted, Notification

CONTENT_TYPE = b"application/cloudevents+json; charset=utf-8"
PREFIX = "filrouge."

_encode = msgspec.json.Encoder().encode
_EPOCH = date(1970, 1, 1).toordinal()


T = TypeVar("T")


class _Framed(msgspec.Struct, Generic[T], gc=False):
    data: T


_event_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_Framed[Event])
_pack = msgspec.msgpack.Encoder().encode
_packed_event_decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Event)
_fact_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_Framed[Fact])
_notification_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    _Framed[Notification | DeliveryAttempted]
)


def rfc3339(time_ms: int) -> str:
    """`1700000000123` → `2023-11-14T22:13:20.123Z`."""
    days, rest = divmod(time_ms, 86_400_000)
    minutes, ms = divmod(rest, 60_000)
    return f"{_date(days)}T{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}Z"


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    """The day that is so many days after 1 January 1970."""
    return date.fromordinal(_EPOCH + days).isoformat()


class _Frame(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One CloudEvent as it is written: attributes and data go through the encoder in one call."""

    specversion: str
    id: str
    source: str
    type: str
    time: str
    datacontenttype: str
    subject: str = ""
    data: Any


@cache
def kind_of(part: type[msgspec.Struct]) -> str:
    """The tag of an event's or a fact's type: `message.posted`, `journey.opened`."""
    return str(part.__struct_config__.tag)


def _frame(ident: str, source: str, kind: str, time_ms: int, subject: str, data: Any) -> bytes:
    return _encode(
        _Frame(
            specversion="1.0",
            id=ident,
            source=source or "filrouge",
            type=PREFIX + kind,
            time=rfc3339(time_ms),
            datacontenttype="application/json",
            subject=subject,
            data=data,
        )
    )


def encode_event(event: EventBase) -> bytes:
    """A canonical event as one structured CloudEvent; the subject is the customer."""
    kind = kind_of(type(event))
    return _frame(event.id, event.source, kind, event.time_ms, event.customer, event)


def encode_fact(fact: FactBase) -> bytes:
    """A fact; the CloudEvent's id is its position in the log (`pos`) or subject and revision."""
    ident = fact.pos or f"{fact.subject_id}@{fact.revision}"
    return _frame(ident, "filrouge", kind_of(type(fact)), fact.at_ms, fact.customer, fact)


def encode_notification(notice: Notification) -> bytes:
    """A notification; the CloudEvent's id is the business id and the operation."""
    return _frame(
        f"{notice.id}/{notice.op}",
        "filrouge",
        "notification",
        notice.created_ms,
        notice.customer,
        notice,
    )


def encode_attempt(attempt: DeliveryAttempted) -> bytes:
    """The outcome of one delivery attempt."""
    return _frame(
        f"{attempt.notification}/{attempt.op}/{attempt.subscriber}/{attempt.attempt}",
        "filrouge",
        "delivery.attempted",
        attempt.at_ms,
        "",
        attempt,
    )


def decode_event(raw: bytes) -> Event:
    """Raises `msgspec.DecodeError` (or its `ValidationError`) with the place of the mistake."""
    event: Event = _event_decoder.decode(raw).data
    return event


def flaw(event: EventBase) -> str:
    """Why the event could not be written and read again; empty when it can.  (By MessagePack: it
    refuses what JSON refuses, in less time.)
    """
    try:
        _packed_event_decoder.decode(_pack(event))
    except (ValueError, TypeError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        return f"{kind_of(type(event))}: {error}"
    return ""


def decode_fact(raw: bytes) -> Fact:
    """Raises `msgspec.DecodeError` when `raw` is not a framed fact."""
    fact: Fact = _fact_decoder.decode(raw).data
    return fact


def decode_notification(raw: bytes) -> Notification | DeliveryAttempted:
    """Raises `msgspec.DecodeError` when `raw` is neither a framed notification nor an attempt."""
    notice: Notification | DeliveryAttempted = _notification_decoder.decode(raw).data
    return notice
