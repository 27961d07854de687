"""The deliver stage: which notices still have to reach which subscriber.

A fold over `notifications`, where notices come from the journeys stage and the outcomes of
attempts from the senders.  The queue is its state; an attempt is a side effect outside, made by
`streams.delivery`, and told to the log.  Delivery is at least once: the receiver drops what has
the same `webhook-id`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from schemas.cloudevents import CONTENT_TYPE, decode_notification, encode_event
from schemas.common import Actor
from schemas.events import NotificationOutcome
from schemas.notification import DeliveryAttempted, Notification
from streams.fold import Count, Fold, Publish, Record, Timer, View, Waiting
from streams.stages.letters import dead_letter

DUE = "deliver-due"
"""The live list of deliveries to attempt: score = not before (ms), member = state key."""

QUEUE_LIMIT = 100_000
"""Notices queued for one subscriber; what comes beyond is a dead letter."""

REMEMBER_MS = 86_400_000
"""How long after its end a delivery is remembered, so that a repeat is recognised."""


class Delivery(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One notice on its way to one subscriber."""

    notice: Notification
    subscriber: str
    attempts: int = 0
    next_ms: int = 0
    outcome: str = ""
    """Empty while it is on its way."""


class Outstanding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The deliveries of one collapse key, by state key."""

    deliveries: tuple[str, ...] = ()


class Endpoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A subscriber as this partition knows it."""

    queued: int = 0
    disabled: bool = False


class Subscription(msgspec.Struct, frozen=True, gc=False):
    """Who gets which notices: a subscriber of a domain and the audiences that it serves."""

    name: str
    domain: str
    audiences: tuple[str, ...]


class Deliver(Fold):
    """See the module."""

    name = "deliver"
    version = "1"
    input_topic = "notifications"

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._by_domain: dict[str, list[Subscription]] = {}
        for subscription in subscriptions:
            self._by_domain.setdefault(subscription.domain, []).append(subscription)

    def prepare(self, record: Record) -> Notification | DeliveryAttempted | str:
        try:
            return decode_notification(record.value or b"")
        except msgspec.DecodeError as error:
            return f"A record of the notifications topic cannot be read: {error}."

    def keys(self, prepared: Notification | DeliveryAttempted | str) -> Iterable[str]:
        if isinstance(prepared, str):
            return ()
        if isinstance(prepared, DeliveryAttempted):
            return (
                delivery_key(prepared.notification, prepared.op, prepared.subscriber),
                f"e:{prepared.subscriber}",
            )
        keys = [f"k:{prepared.collapse_key}"]
        for subscription in self._audience(prepared):
            keys += [
                delivery_key(prepared.id, prepared.op, subscription.name),
                f"e:{subscription.name}",
            ]
        return keys

    def apply(
        self, prepared: Notification | DeliveryAttempted | str, record: Record, view: View
    ) -> None:
        match prepared:
            case str():
                dead_letter(view, record, "malformed", prepared, self.name)
            case DeliveryAttempted():
                self._attempted(prepared, view)
            case Notification(op="cancel"):
                self._cancel(prepared, record, view)
            case _:
                self._queue(prepared, record, view)

    def fire(self, timer: Timer, view: View) -> None:
        """`forget`: a delivery that ended long ago need not be recognised any more."""
        delivery: Delivery | None = view.get(timer.entity)
        if delivery is None:
            return
        group_key = f"k:{delivery.notice.collapse_key}"
        group: Outstanding | None = view.get(group_key)
        rest = tuple(key for key in (group.deliveries if group else ()) if key != timer.entity)
        view.delete(timer.entity)
        if rest:
            view.put(group_key, Outstanding(rest))
        elif group is not None:
            view.delete(group_key)

    def _audience(self, notice: Notification) -> list[Subscription]:
        return [
            subscription
            for subscription in self._by_domain.get(notice.domain, ())
            if notice.audience.kind in subscription.audiences
        ]

    def _queue(self, notice: Notification, record: Record, view: View) -> None:
        group = view.get(f"k:{notice.collapse_key}") or Outstanding()
        found = [
            (subscription, delivery_key(notice.id, notice.op, subscription.name))
            for subscription in self._audience(notice)
        ]
        known = {key: view.get(key) for _, key in found}
        endpoints = {s.name: view.get(f"e:{s.name}") or Endpoint() for s, _ in found}
        added = []
        for subscription, key in found:
            endpoint = endpoints[subscription.name]
            if known[key] is not None:
                view.emit(Count("duplicates_total", ("notifications",)))
            elif endpoint.disabled:
                dead_letter(view, record, "subscriber_gone", _gone(subscription.name), self.name)
            elif endpoint.queued >= QUEUE_LIMIT:
                dead_letter(view, record, "queue_full", _full(subscription.name), self.name)
            else:
                delivery = Delivery(notice, subscription.name, next_ms=notice.not_before_ms)
                view.put(key, delivery)
                view.put(f"e:{subscription.name}", Endpoint(endpoint.queued + 1))
                view.emit(Waiting(DUE, key, notice.not_before_ms))
                added.append(key)
        if added:
            view.put(f"k:{notice.collapse_key}", Outstanding((*group.deliveries, *added)))

    def _cancel(self, notice: Notification, record: Record, view: View) -> None:
        """What is still queued is withdrawn; who was told already is told of the withdrawal."""
        group = view.get(f"k:{notice.collapse_key}") or Outstanding()
        sent = {key: view.get(key) for key in group.deliveries}
        deliveries: Mapping[str, Delivery] = {key: d for key, d in sent.items() if d is not None}
        for delivery in deliveries.values():
            view.get(f"e:{delivery.subscriber}")  # all states before the first change
        for key, delivery in deliveries.items():
            if delivery.notice.op == "send" and not delivery.outcome:
                self._end(key, delivery, "cancelled", "its reason has gone", view)
        told = {d.subscriber for d in deliveries.values() if d.outcome == "delivered"}
        if told:
            self._queue(notice, record, view)

    def _attempted(self, attempt: DeliveryAttempted, view: View) -> None:
        key = delivery_key(attempt.notification, attempt.op, attempt.subscriber)
        delivery: Delivery | None = view.get(key)
        endpoint: Endpoint = view.get(f"e:{attempt.subscriber}") or Endpoint()
        if delivery is None or delivery.outcome or attempt.attempt <= delivery.attempts:
            view.emit(Count("duplicates_total", ("notifications",)))
            return
        if attempt.disable:
            view.put(f"e:{attempt.subscriber}", Endpoint(endpoint.queued, disabled=True))
        if attempt.outcome == "retry":
            again = msgspec.structs.replace(
                delivery, attempts=attempt.attempt, next_ms=attempt.next_ms
            )
            view.put(key, again)
            view.emit(Waiting(DUE, key, attempt.next_ms))
        else:
            tried = msgspec.structs.replace(delivery, attempts=attempt.attempt)
            self._end(key, tried, attempt.outcome, attempt.reason, view)

    def _end(self, key: str, delivery: Delivery, outcome: str, reason: str, view: View) -> None:
        endpoint: Endpoint = view.get(f"e:{delivery.subscriber}") or Endpoint()
        view.put(
            f"e:{delivery.subscriber}",
            msgspec.structs.replace(endpoint, queued=max(0, endpoint.queued - 1)),
        )
        view.put(key, msgspec.structs.replace(delivery, outcome=outcome))
        view.emit(Waiting(DUE, key, None))
        view.set_timer(Timer(view.now_ms + REMEMBER_MS, key, "forget"))
        if delivery.notice.op == "send":
            event = _outcome_event(delivery, outcome, reason, view.now_ms)
            view.emit(
                Publish(
                    "webhooks",
                    event.domain,
                    encode_event(event),
                    (
                        ("source", b"filrouge"),
                        ("vendor", b"filrouge"),
                        ("content-type", CONTENT_TYPE),
                        ("received", str(view.now_ms).encode()),
                    ),
                )
            )

    def encode(self, key: str, state: Any) -> bytes:
        return _encode(state)

    def decode(self, key: str, raw: bytes) -> Any:
        return _DECODERS[key[0]].decode(raw)


_encode = msgspec.msgpack.Encoder().encode
_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {
    "n": msgspec.msgpack.Decoder(Delivery),
    "k": msgspec.msgpack.Decoder(Outstanding),
    "e": msgspec.msgpack.Decoder(Endpoint),
}


def delivery_key(notification: str, op: str, subscriber: str) -> str:
    """The state key of one notice's way to one subscriber."""
    return f"n:{notification}:{op}:{subscriber}"


def decode_delivery(raw: bytes) -> Delivery:
    """A delivery as the senders read it from the store."""
    delivery: Delivery = _DECODERS["n"].decode(raw)
    return delivery


def _outcome_event(
    delivery: Delivery, outcome: str, reason: str, now_ms: int
) -> NotificationOutcome:
    notice = delivery.notice
    ident = f"outcome/{notice.id}/{delivery.subscriber}/{outcome}"
    return NotificationOutcome(
        id=hashlib.sha256(ident.encode()).hexdigest()[:22],
        source="filrouge",
        domain=notice.domain,
        time_ms=now_ms,
        recorded_ms=now_ms,
        channel="web",
        actor=Actor("system"),
        customer=notice.customer,
        notification=notice.id,
        outcome=outcome,  # type: ignore[arg-type]  # the caller's literals
        purpose=notice.purpose,
        reason=reason or None,
    )


def _gone(subscriber: str) -> str:
    return f"Subscriber {subscriber} answered 410 Gone: nothing more is sent to it."


def _full(subscriber: str) -> str:
    return f"Subscriber {subscriber} has {QUEUE_LIMIT} notices waiting already."
