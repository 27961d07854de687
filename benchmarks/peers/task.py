"""The task: its events, and what must come out.

Per customer the last channel; going on elsewhere is a record in the output topic; every event
counts in its channel's pane of 10 s.  An event is JSON of about 290 bytes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from confluent_kafka import Producer

from streams.engine.partition import partition_for

CHANNELS = ("chat", "email", "phone", "social", "whatsapp")
MOVES = 0.17
"""So often the channel is drawn anew; of five one is the old one: 13.6 % of events are switches."""

PANE_MS = 10_000
BEGIN_MS = 1_790_000_000_000
EVENTS_A_CUSTOMER = 20


def events(count: int) -> Iterator[tuple[str, str, int, bytes]]:
    """(customer, channel, time ms, JSON) from a fixed seed; 1,000 events a second of their time."""
    dice = random.Random(291)
    channels: dict[int, str] = {}
    customers = max(1, count // EVENTS_A_CUSTOMER)
    for number in range(count):
        who = dice.randrange(customers)
        if who not in channels or dice.random() < MOVES:
            channels[who] = dice.choice(CHANNELS)
        customer, channel, at_ms = f"customer{who:07}", channels[who], BEGIN_MS + number
        yield customer, channel, at_ms, (
            f'{{"specversion":"1.0","id":"e{number:08}","source":"desk/support","type":"message.posted",'
            f'"datacontenttype":"application/json","data":{{"customer":"{customer}","channel":"{channel}",'
            f'"time_ms":{at_ms},"direction":"inbound","text":"Where is my parcel? It should have come '
            f'last evening."}}}}'
        ).encode()  # fmt: skip


class Oracle:
    """The fold, run once over the events: `switches` as the output topic must hold them, `panes`
    by "channel pane".
    """

    def __init__(self, count: int) -> None:
        last: dict[str, str] = {}
        self.count = count
        self.switches: Counter[str] = Counter()
        self.panes: Counter[str] = Counter()
        for customer, channel, at_ms, _ in events(count):
            before = last.get(customer)
            if before is not None and before != channel:
                self.switches[f"{customer} {before} {channel} {at_ms}"] += 1
            last[customer] = channel
            self.panes[f"{channel} {at_ms - at_ms % PANE_MS}"] += 1


def fill(bootstrap: str, topic: str, count: int, partitions: int) -> None:
    # Idempotent: a retry on a busy machine must neither double nor reorder.
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 50, "enable.idempotence": True}
    )
    for customer, _, at_ms, value in events(count):
        place = partition_for(customer, partitions)
        while True:
            try:
                producer.produce(topic, value, customer, partition=place, timestamp=at_ms)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    if producer.flush(120):
        raise RuntimeError("Kafka did not take the load within two minutes")
