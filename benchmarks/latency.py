"""How long from a webhook, accepted, to its notification in Kafka?  `python -m benchmarks.latency`.

2,000 webhooks a second in an open loop, by the gateway, one worker with all stages, a real Kafka and
a real Redis, all on this machine with the load itself.  Every tenth webhook is a customer who goes
on in another channel: a notice to the agent must follow.  Its latency counts from the time at which
the webhook was meant to be sent to the time at which a consumer has the notice.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import msgspec
import orjson
import uvloop
from confluent_kafka import Consumer, TopicPartition

from benchmarks.load import cpu_seconds
from benchmarks.open_loop import Loop, percentiles, spread
from schemas.cloudevents import rfc3339
from streams.demo.processes import Processes
from tests.servers.kafka import KafkaCluster, free_port
from tests.servers.redis import RedisServer

RATE = int(os.environ.get("RATE", "2000"))
SECONDS = int(os.environ.get("SECONDS_EACH", "50"))
WARM_UP_S = 20
"""A broker that has just started compiles its own code, and takes half a core for that."""

EVERY = 10
"""One webhook of so many is a switch of channel."""

SOURCES = 4
"""A source may send 2,000 a second and no more: several share the load."""


SECRET = "token-of-the-shop-for-benchmarks"


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds by percentile; `cpu` is cores in use by process; `fault` says why it is void."""

    notice_ms: dict[str, float]
    accepted_ms: dict[str, float]
    """Until the gateway's 200, which is Kafka's `acks=all`."""
    cores: dict[str, float]
    """CPU seconds a second, by process."""
    notices: int
    fault: str = ""


def is_switch(number: int) -> bool:
    """Each of RATE customers takes one turn a second; the last of his turns is in a new channel."""
    second, place = divmod(number, RATE)
    return second > 0 and (second + place) % EVERY == EVERY - 1


def request(number: int) -> bytes:
    """He writes in a chat, is answered, writes again; with his last turn he sends a mail."""
    second, place = divmod(number, RATE)
    life, turn = divmod(second + place, EVERY)
    mail, answer = turn == EVERY - 1, turn % 2 == 1 and turn != EVERY - 1
    data = {
        "actor": {"kind": "agent", "id": "a1"} if answer else {"kind": "customer"},
        "channel": "email" if mail else "chat",
        "conversation": f"mail/{number}" if mail else f"chat/{place}/{life}",
        "message_id": f"m{number}", "direction": "outbound" if answer else "inbound",
        "identifiers": [{"kind": "user", "value": f"u{place}-{life}", "trust": "asserted"}],
        "personal": {"text": "Where is my parcel? It should have come yesterday."},
    }  # fmt: skip
    body = orjson.dumps(
        {
            "specversion": "1.0", "type": "filrouge.message.posted", "source": "shop",
            "id": f"e{number}", "time": rfc3339(time.time_ns() // 1_000_000), "data": data,
        }
    )  # fmt: skip
    return (
        f"POST /v1/in/shop{place % SOURCES} HTTP/1.1\r\nHost: hooks.example.com\r\n"
        f"Authorization: Bearer {SECRET}\r\nContent-Type: application/cloudevents+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class Notices(threading.Thread):
    """Reads the notices as they come: `seen[number]` is when the notice of a webhook was there."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[int, float] = {}
        self.ended = threading.Event()
        self._reader = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False}
        )
        places = self._reader.list_topics(topic, timeout=10).topics[topic].partitions
        self._reader.assign([TopicPartition(topic, place, 0) for place in places])

    def run(self) -> None:
        while not self.ended.is_set():
            # `consume` alone would wait for a thousand of them, and so add to what is measured.
            if (first := self._reader.poll(0.05)) is None:
                continue
            messages = [first, *self._reader.consume(1_000, 0)]
            now_s = time.perf_counter()
            for message in messages:
                notice = orjson.loads(message.value())
                if str(notice["data"].get("rule")).startswith("switch.agent@"):
                    about = notice["data"]["reply_to"]["id"]
                    self.seen.setdefault(int(about.removeprefix("mail/")), now_s)
        self._reader.close()


def settings(folder: Path, kafka: KafkaCluster, server: RedisServer, port: int) -> Path:
    lines = [
        'keyspace = "latency"',
        f'[kafka]\nbootstrap = "{kafka.bootstrap}"\nwebhooks_partitions = 1\nevents_partitions = 4',
        f'[redis]\nurl = "{server.url}"\n[gateway]\nport = {port}',
        '[worker]\ngroup = "latency"\nmetrics_port = -1',
        '[[domain]]\nname = "acme"\nkey = "a key for the benchmarks"',
    ]
    lines += [
        f'[[source]]\nname = "shop{n}"\nvendor = "cloudevents"\ndomain = "acme"\nsecrets = ["{SECRET}"]'
        for n in range(SOURCES)
    ]
    file = folder / "f.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def measured() -> Latency:
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaCluster(1) as kafka,
        RedisServer() as server,
    ):
        port = free_port()
        with Processes(settings(Path(folder), kafka, server, port), Path(folder)) as processes:
            if processes.start("topics", "topics", "create").wait(60) != 0:
                raise SystemExit(processes.log("topics").read_text())
            gateway = processes.start("gateway", "gateway")
            worker = processes.start("worker", "worker")
            processes.wait_ready("gateway", f"http://127.0.0.1:{port}/readyz")
            time.sleep(8)  # the worker joins its group
            watched = {
                "gateway": gateway.pid, "worker": worker.pid, "load and judge": os.getpid(),
                "Kafka": kafka.nodes[0].process.pid, "Redis": server.process.pid,
            }  # fmt: skip
            return _measure(kafka.bootstrap, port, watched)


def _measure(bootstrap: str, port: int, watched: dict[str, int]) -> Latency:
    notices = Notices(bootstrap, "notifications")
    notices.start()
    load = Loop()
    before, started = {name: cpu_seconds(pid) for name, pid in watched.items()}, time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(load.run(port, request, RATE, SECONDS))
    took_s = time.perf_counter() - started
    cores = {name: (cpu_seconds(pid) - before[name]) / took_s for name, pid in watched.items()}
    wanted = [n for n in range(RATE * SECONDS) if is_switch(n)]
    deadline = time.monotonic() + 60
    while len(notices.seen) < len(wanted) and time.monotonic() < deadline:
        time.sleep(0.2)
    notices.ended.set()
    notices.join()
    fault = ""
    if set(load.statuses) - {b"200", b"202", b"204"}:
        fault = f"not all were accepted: {dict(load.statuses)}"
    elif missing := set(wanted) - set(notices.seen):
        fault = f"{len(missing)} of {len(wanted)} notices never came"
    warm = [n for n in wanted if n >= RATE * WARM_UP_S and n in notices.seen]
    late = [(notices.seen[n] - load.intended_s[n]) * 1e3 for n in warm]
    accepted = [s * 1e3 for n, s in load.latency_s.items() if n >= RATE * WARM_UP_S]
    return Latency(percentiles(late), percentiles(accepted), cores, len(warm), fault)


GOAL_MS = 100


def section(runs: int) -> list[str]:
    found = [measured() for _ in range(runs)]
    lines = [
        f"How long from a webhook, accepted, to its notification in Kafka? {RATE:,} webhooks a second in",
        "an open loop by gateway, one worker with all stages, Kafka and Redis, all on this machine with",
        "the load; measured from the intended send time to a consumer that has the notice",
        (
            f"(`python -m benchmarks.latency`; {SECONDS} s a run). Goal: p99 of the notice under"
            f" {GOAL_MS} ms."
        ),
        "",
        f"| ms, median of {runs} (range) | p50 | p99 | p99.9 | largest |",
        "|---|---|---|---|---|",
        _row("notice in Kafka", [one.notice_ms for one in found]),
        _row("webhook accepted (`acks=all`)", [one.accepted_ms for one in found]),
        "",
        "Cores in use: "
        + ", ".join(
            f"{name} {median(one.cores[name] for one in found):.2f}" for name in found[0].cores
        )
        + ".",
    ]
    lines += [f"Void: {one.fault}." for one in found if one.fault]
    p99 = median(one.notice_ms["p99"] for one in found)
    return [*lines, "", f"The goal is {'met' if p99 < GOAL_MS else 'missed'}: p99 {p99:,.0f} ms."]


def _row(name: str, runs: list[dict[str, float]]) -> str:
    return f"| {name} | " + " | ".join(spread([run[p] for run in runs]) for p in runs[0]) + " |"


if __name__ == "__main__":
    found = measured()
    for what, values in (("notice", found.notice_ms), ("accepted", found.accepted_ms)):
        print(what, ", ".join(f"{name} {ms:,.1f} ms" for name, ms in values.items()))
    print(", ".join(f"{name} {used:.2f}" for name, used in found.cores.items()), "cores")
    print(found.notices, "notices", found.fault)
