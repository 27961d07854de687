"""Reads what a peer writes, keeps the time, and says whether it is right."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping

import msgspec
from confluent_kafka import Consumer, TopicPartition

from benchmarks.load import cpu_seconds
from benchmarks.peers.task import Oracle

WARM_UP = 0.1
"""The clock runs from this part of the outputs on: starting does not count."""

PATIENCE_S = 60
"""So long without an output, or until the counters are right, and the run is void."""


class Measured(msgspec.Struct, frozen=True):
    """One run. `fault` says why it is void; figures are from the warm-up's end on, `warm_rate` from
    half the events on.
    """

    rate: float = 0.0
    warm_rate: float = 0.0
    cpu: float = 0.0
    """Own CPU seconds per million events."""
    redis_cpu: float = 0.0
    fault: str = ""


class Mark(msgspec.Struct, frozen=True):
    seen: int
    at_s: float
    cpu_s: float
    redis_s: float


def measure(
    process: subprocess.Popen[bytes],
    redis_pid: int,
    bootstrap: str,
    topic: str,
    oracle: Oracle,
    panes: Callable[[], Mapping[str, int]],
) -> Measured:
    """Follows the output topic until all switches are there, and judges them and the panes."""
    wanted = oracle.switches.total()
    seen: Counter[str] = Counter()
    number, last_s = 0, time.perf_counter()
    marks: list[Mark] = []
    steps = [int(wanted * part) for part in (WARM_UP, 0.5, 1.0)]
    reader = follow(bootstrap, topic)
    try:
        while number < wanted:
            messages = reader.consume(5_000, 0.02)
            now_s = time.perf_counter()
            for message in messages:
                if message.error() is None:
                    seen[message.value().decode()] += 1
                    number += 1
                    last_s = now_s
            if number >= steps[len(marks)]:
                used = cpu_seconds(process.pid), cpu_seconds(redis_pid)
                marks.append(Mark(number, now_s, *used))
            if process.poll() is not None:
                return Measured(fault=f"it ended by itself with code {process.returncode}")
            if now_s - last_s > PATIENCE_S:
                return Measured(fault=f"{wanted - number} of {wanted} switches never came")
        while len(marks) < len(steps):
            used = cpu_seconds(process.pid), cpu_seconds(redis_pid)
            marks.append(Mark(number, now_s, *used))
        late = reader.consume(5_000, 2.0)
        seen.update(message.value().decode() for message in late if message.error() is None)
    finally:
        reader.close()
    if seen != oracle.switches:
        missing, more = oracle.switches - seen, seen - oracle.switches
        return Measured(
            fault=f"{missing.total()} switches missing, {more.total()} too many or wrong"
        )
    if fault := wait_for_panes(panes, oracle):
        return Measured(fault=fault)
    return figures(marks, oracle.count / wanted)


def figures(marks: list[Mark], events_a_switch: float) -> Measured:
    first, half, end = marks
    done = (end.seen - first.seen) * events_a_switch
    later = (end.seen - half.seen) * events_a_switch
    return Measured(
        rate=done / max(1e-9, end.at_s - first.at_s),
        warm_rate=later / max(1e-9, end.at_s - half.at_s),
        cpu=(end.cpu_s - first.cpu_s) / max(1, done) * 1e6,
        redis_cpu=(end.redis_s - first.redis_s) / max(1, done) * 1e6,
    )


def wait_for_panes(panes: Callable[[], Mapping[str, int]], oracle: Oracle) -> str:
    """Durable counters may follow the last output by a commit interval."""
    deadline = time.monotonic() + PATIENCE_S
    while Counter(found := panes()) != oracle.panes:
        if time.monotonic() > deadline:
            have = sum(found.values())
            return f"the panes count {have} of {oracle.count} events, or in wrong cells"
        time.sleep(1)
    return ""


def follow(bootstrap: str, topic: str) -> Consumer:
    """From the beginning, committed transactions only."""
    reader = Consumer(
        {
            "bootstrap.servers": bootstrap, "group.id": f"judge-{os.getpid()}",
            "enable.auto.commit": False, "isolation.level": "read_committed",
            "fetch.wait.max.ms": 20,
        }
    )  # fmt: skip
    places = reader.list_topics(topic, timeout=10).topics[topic].partitions
    reader.assign([TopicPartition(topic, place, 0) for place in places])
    return reader


def last_values(bootstrap: str, topic: str) -> dict[tuple[int, bytes], bytes]:
    """A changelog: the last value by partition and key."""
    reader = follow(bootstrap, topic)
    found: dict[tuple[int, bytes], bytes] = {}
    try:
        while messages := reader.consume(10_000, 2.0):
            for message in messages:
                if message.error() is None and message.key() is not None:
                    found[message.partition(), message.key()] = message.value()
    finally:
        reader.close()
    return found
