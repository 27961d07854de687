"""Dead letters: list them, look at one, send them in again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from confluent_kafka import Producer

from streams.admin.reading import read
from streams.admin.topics import AdminError
from streams.engine.clients import producer_config
from streams.settings import Settings


class Letter(msgspec.Struct, frozen=True):
    """`id` is partition/offset in the dead-letters topic; `value` the original body."""

    id: str
    at_ms: int
    reason: str
    sentence: str
    stage: str
    source: str
    key: str
    value: bytes
    headers: dict[str, str]


def letters(settings: Settings) -> list[Letter]:
    """All that are kept, oldest first. Raises `AdminError`."""
    found = map(_letter, read(settings, settings.topics.dead_letters))
    return sorted(found, key=lambda letter: (letter.at_ms, letter.id))


def _letter(message: Any) -> Letter:
    headers = {name: value.decode("utf-8", "replace") for name, value in message.headers() or ()}
    return Letter(
        id=f"{message.partition()}/{message.offset()}",
        at_ms=message.timestamp()[1],
        reason=headers.get("dead-reason", ""),
        sentence=headers.get("dead-sentence", ""),
        stage=headers.get("dead-stage", ""),
        source=headers.get("source", ""),
        key=(message.key() or b"").decode("utf-8", "replace"),
        value=message.value() or b"",
        headers=headers,
    )


def send_again(settings: Settings, chosen: Iterable[Letter]) -> tuple[int, list[str]]:
    """Puts the originals back into `webhooks`. Returns how many, and why the others not."""
    producer = Producer(producer_config(settings.kafka) | {"partitioner": "murmur2"})
    sent, refused = 0, []
    for letter in chosen:
        if "source" not in letter.headers:
            refused.append(f"{letter.id} did not come in as a webhook; it cannot be sent again.")
            continue
        headers = [
            (name, value.encode())
            for name, value in letter.headers.items()
            if not name.startswith(("dead-", "filrouge-"))
        ]
        producer.produce(
            settings.topics.webhooks, value=letter.value, key=letter.key, headers=headers
        )
        sent += 1
    if producer.flush(15):
        raise AdminError("Kafka has not confirmed all of them within 15 s; look again later.")
    return sent, refused
