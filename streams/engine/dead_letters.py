"""What the engine itself makes dead letters of: poison, and what is too large to leave."""

from __future__ import annotations

import msgspec

from streams.fold import POSITION_HEADER, Publish, Record, Timer

MAX_VALUE_BYTES = 900_000
"""Kafka's default limit is 1 MiB a record, headers included; what is larger would never leave."""

_encode = msgspec.json.Encoder().encode


def poison_letter(record: Record) -> Publish:
    """What becomes of a record on which the fold fails each time."""
    headers = (
        *(header for header in record.headers if header[0] != POSITION_HEADER),
        ("dead-reason", b"poison"),
        ("dead-sentence", b"The fold fails on this record each time; it was set aside."),
        ("dead-topic", record.topic.encode()),
        ("dead-partition", str(record.partition).encode()),
        ("dead-offset", str(record.offset).encode()),
    )
    key = (record.key or b"").decode("utf-8", "replace")
    return Publish("dead-letters", key, record.value or b"", headers)


def poison_timer(timer: Timer) -> Publish:
    """What becomes of a timer on which the fold fails each time."""
    headers = (
        ("dead-reason", b"poison"),
        ("dead-sentence", b"The fold fails on this timer each time; it was set aside."),
    )
    return Publish("dead-letters", timer.entity, _encode(timer), headers)


def too_large(publish: Publish) -> Publish:
    sentence = f"An effect for {publish.topic} has {len(publish.value)} bytes, too many for Kafka."
    headers = (
        ("dead-reason", b"too_large"),
        ("dead-sentence", sentence.encode()),
        ("dead-topic", publish.topic.encode()),
    )
    return Publish("dead-letters", publish.key, publish.value[:10_000], headers)
