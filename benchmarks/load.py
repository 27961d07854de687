"""The events that the drain benchmarks fold, and the servers that they run on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.cloudevents import encode_event
from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import MessagePosted
from streams.engine.partition import partition_for

PARTITIONS = 4
TOPICS = ("webhooks", "events", "journeys", "context", "notifications", "dead-letters")


def events(count: int, customers: int) -> Iterator[MessagePosted]:
    """Messages of customers and agents on three channels; a dozen or so a customer."""
    dice = random.Random(7)
    at_ms = 1_790_000_000_000
    for number in range(count):
        who = dice.randrange(customers)
        at_ms += dice.randrange(200)
        agent = dice.random() < 0.4
        channel = dice.choice(("chat", "whatsapp", "email"))
        yield MessagePosted(
            id=f"e{number}", source="s", domain="acme", time_ms=at_ms, recorded_ms=at_ms,
            channel=channel, actor=Actor("agent", "a1") if agent else Actor("customer"),
            conversation=ConversationRef("s", f"c{who}/{channel}"),
            identifiers=(Identifier("user", str(who), "asserted"),), customer=f"customer{who}-0",
            message_id=f"m{number}", direction="outbound" if agent else "inbound",
            personal={"text": "Where is my parcel? It should have come yesterday."},
        )  # fmt: skip


def make_topics(bootstrap: str, prefix: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    made = admin.create_topics([NewTopic(f"{prefix}{t}", PARTITIONS, 1) for t in TOPICS])
    for future in made.values():
        future.result(20)


def fill(bootstrap: str, topic: str, count: int, customers: int) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50})
    for event in events(count, customers):
        producer.produce(
            topic,
            encode_event(event),
            event.customer,
            partition=partition_for(event.customer, PARTITIONS),
            timestamp=event.recorded_ms,
        )
        producer.poll(0)
    producer.flush(60)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    tick_s = 1 / 100
    return (int(fields[11]) + int(fields[12])) * tick_s
