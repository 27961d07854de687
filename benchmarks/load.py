"""The events that the drain benchmarks fold, and the servers that they run on."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.cloudevents import encode_event
from schemas.common import Actor, ConversationRef, Identifier, Party
from schemas.events import (
    AssignmentChanged,
    ConversationUpdated,
    Direction,
    Event,
    MessagePosted,
)
from streams.engine.partition import partition_for

PARTITIONS = 4
CHANNELS = ("chat", "whatsapp", "email")
TOPICS = ("webhooks", "events", "journeys", "context", "notifications", "dead-letters")


def zipf(customers: int) -> Callable[[random.Random], int]:
    """Few customers write often, most hardly ever (exponent 1)."""
    weights = list(itertools.accumulate(1 / rank for rank in range(1, customers + 1)))

    def pick(dice: random.Random) -> int:
        return bisect.bisect_left(weights, dice.random() * weights[-1])

    return pick


def events(
    count: int, customers: int, pick: Callable[[random.Random], int] | None = None
) -> Iterator[Event]:
    """Conversations as a service desk sees them, many at a time: the customer writes, once or
    several times, an agent or the bot answers, now and then the customer goes on elsewhere, the
    conversation gets another agent, or it is resolved.  A dozen events or so a customer.
    """
    dice = random.Random(7)
    at_ms = 1_790_000_000_000
    desks: dict[int, tuple[str, int]] = {}
    for number in range(count):
        who = pick(dice) if pick else dice.randrange(customers)
        at_ms += dice.randrange(200)
        channel, thread = desks.get(who) or (dice.choice(CHANNELS), 0)
        chance = dice.random()
        if chance < 0.05:
            channel = dice.choice(CHANNELS)
        envelope: dict[str, Any] = {
            "id": f"e{number}", "source": "s", "domain": "acme", "channel": channel,
            "time_ms": at_ms, "recorded_ms": at_ms, "customer": f"customer{who}-0",
            "conversation": ConversationRef("s", f"c{who}/{channel}/{thread}"),
            "identifiers": (Identifier("user", str(who), "asserted"),),
        }  # fmt: skip
        desks[who] = channel, thread
        if chance < 0.53:
            yield message(envelope, number, Actor("customer"), "inbound")
        elif chance < 0.85:
            yield message(envelope, number, Actor("agent", f"a{dice.randrange(9)}"), "outbound")
        elif chance < 0.91:
            yield message(envelope, number, Actor("bot"), "outbound")
        elif chance < 0.95:
            to = Party(agent=f"a{dice.randrange(9)}", team="first")
            yield AssignmentChanged(**envelope, actor=Actor("system"), to=to)
        else:
            desks[who] = channel, thread + 1
            yield ConversationUpdated(**envelope, actor=Actor("agent", "a1"), status="resolved")


def message(
    envelope: dict[str, Any], number: int, actor: Actor, direction: Direction
) -> MessagePosted:
    return MessagePosted(
        **envelope,
        actor=actor,
        message_id=f"m{number}",
        direction=direction,
        personal={"text": "Where is my parcel? It should have come yesterday."},
    )


def make_topics(bootstrap: str, prefix: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    kept = {"retention.ms": "-1"}  # the load's time lies in the past
    made = admin.create_topics(
        [NewTopic(f"{prefix}{t}", PARTITIONS, 1, config=kept) for t in TOPICS]
    )
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


def waited_seconds(pid: int) -> float:
    """How long a process' main thread was ready to run, and all cores were others', so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
