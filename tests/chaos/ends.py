"""Where the logs end, asked of Kafka while its brokers come and go."""

from __future__ import annotations

import time
from collections.abc import Iterable

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

Partition = tuple[str, int]


def log_ends(
    bootstrap: str, partitions: Iterable[Partition], seconds: float = 30
) -> dict[Partition, int]:
    """The offset after the last record of each.  A broker that has just been killed leaves
    partitions without a leader, and one that has just come up knows none ("Unknown partition"):
    what does not answer is asked again, for so many seconds, by a new client (one that remembers a
    killed leader can ask by its epoch for ever).  Raises `TimeoutError`.
    """
    deadline_s = time.monotonic() + seconds
    left, found = set(partitions), dict[Partition, int]()
    while left:
        asked = {TopicPartition(*where): OffsetSpec.latest() for where in left}
        last = ""
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        for tp, future in admin.list_offsets(asked, request_timeout=5).items():
            try:
                found[tp.topic, tp.partition] = future.result().offset
            except KafkaException as error:
                last = error.args[0].str()
        left -= found.keys()
        if left and time.monotonic() > deadline_s:
            raise TimeoutError(f"Kafka does not say where {sorted(left)} end: {last}")
        if left:
            time.sleep(0.2)
    return found
