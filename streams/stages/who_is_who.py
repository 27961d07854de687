"""The records by which the normalise stage tells the journeys stage who is who."""

from __future__ import annotations

from typing import Any

from schemas.cloudevents import CONTENT_TYPE, encode_event
from schemas.events import EventBase, IdentityJoined, IdentitySplit
from streams.fold import Count, Publish, View
from streams.identity.resolve import Resolved

_HEADERS = (("content-type", CONTENT_TYPE),)


def publish(event: EventBase, view: View) -> None:
    """To its customer's partition."""
    view.emit(Publish("events", event.customer, encode_event(event), _HEADERS))


def joined(event: EventBase, resolved: Resolved, view: View) -> None:
    """The loser's fold must see it: the record is keyed by the loser."""
    for one in resolved.joins:
        by = "operator" if one.by == "operator" else "claim" if one.probable else "identifier"
        view.emit(Count("customers_joined_total", (by,)))
        told = IdentityJoined(
            **envelope(event, f"join/{one.loser}"),
            customer=resolved.customer,
            loser=one.loser,
            join=f"{event.id}/{one.loser}",
            by=one.by,
            probable=one.probable,
        )
        view.emit(Publish("events", one.loser, encode_event(told), _HEADERS))


def parted(event: EventBase, old: str, new: str, view: View, *, probable: bool = False) -> None:
    """The event's conversation goes from one customer to another."""
    split = IdentitySplit(
        **envelope(event, f"parted/{old}"),
        conversation=event.conversation,
        customer=old,
        into=new,
        probable=probable,
    )
    publish(split, view)


def envelope(event: EventBase, what: str) -> dict[str, Any]:
    """Of a record between the stages that `event` causes."""
    return {
        "id": f"{event.id}/{what}",
        "source": event.source,
        "domain": event.domain,
        "time_ms": event.time_ms,
        "recorded_ms": event.recorded_ms,
        "channel": event.channel,
        "actor": event.actor,
    }
