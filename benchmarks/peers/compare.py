"""How does the engine compare with its peers on the same small task?

One input, one oracle, one machine: broker, Redis and judge on the first core, the peer alone on the
second.  `python -m benchmarks.peers.compare [NAME …]`; EVENTS=100000 for a smaller run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import redis
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.cores import alone, apart
from benchmarks.load import PARTITIONS, TOPICS, make_topics
from benchmarks.peers.judge import Measured, last_values, measure
from benchmarks.peers.task import Oracle, fill
from streams.engine.keys import LaneKeys
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache"
PYTHON = str(CACHE / "peers" / "bin" / "python")
EVENTS = int(os.environ.get("EVENTS", "1000000"))
SLOW = 33
"""Faust's agents get so many times fewer events: their rate does not depend on the number."""


class Place(msgspec.Struct, frozen=True):
    """Where a run works: servers, topics, a folder of its own."""

    bootstrap: str
    url: str
    name: str
    source: str
    folder: str

    @property
    def target(self) -> str:
        return f"{self.name}-journeys"


Panes = Mapping[str, int]


class Peer(msgspec.Struct, frozen=True):
    """`command` starts it, `panes` reads its counters from where they are durable."""

    name: str
    keeps: str
    command: Callable[[Place], list[str]]
    panes: Callable[[Place], Panes]
    slow: bool = False


def _ours(place: Place) -> list[str]:
    topics = {name: f"{place.name}-{name}" for name in TOPICS} | {"events": place.source}
    file = Path(place.folder) / "f.toml"
    file.write_text(
        f'keyspace = "{place.name}"\n[topics]\n'
        + "\n".join(f'{role.replace("-", "_")} = "{name}"' for role, name in topics.items())
        + f'\n[kafka]\nbootstrap = "{place.bootstrap}"\n[redis]\nurl = "{place.url}"\n'
        f'[worker]\nstages = ["journeys"]\nmetrics_port = -1\ngroup = "{place.name}"\n'
        'publish_from = "beginning"\n'
    )
    return [sys.executable, "-m", "benchmarks.small", str(file)]


def _our_panes(place: Place) -> Panes:
    found: Counter[str] = Counter()
    with redis.Redis.from_url(place.url) as client:
        for partition in range(PARTITIONS):
            keys = LaneKeys(place.name, "small", partition, PARTITIONS)
            prefix = keys.pane("10s", 0)[:-1]
            for key in client.scan_iter(match=_literal(prefix) + "*", count=1_000):
                pane = key.decode().removeprefix(prefix)
                for channel, count in client.hgetall(key).items():
                    found[f"{channel.decode()} {pane}"] += int(count)
    return found


def _literal(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "[]*?\\" else letter for letter in text)


def _script(name: str, *more: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        words = [place.bootstrap, place.source, place.target, place.name]
        fill_in = {"url": place.url, "folder": place.folder}
        return [PYTHON, str(HERE / name), *words, *(word.format(**fill_in) for word in more)]

    return command


def _redis_panes(place: Place) -> Panes:
    with redis.Redis.from_url(place.url) as client:
        return {k.decode(): int(v) for k, v in client.hgetall(f"{place.name}:panes").items()}


def _changelog(
    topic: str, read: Callable[[bytes, bytes], tuple[str, int] | None]
) -> Callable[[Place], Panes]:
    def panes(place: Place) -> Panes:
        found: Counter[str] = Counter()
        for (_, key), value in last_values(place.bootstrap, topic.format(place=place)).items():
            if (pair := read(key, value)) is not None:
                found[pair[0]] += pair[1]
        return found

    return panes


def _faust_cell(key: bytes, value: bytes) -> tuple[str, int]:
    return msgspec.json.decode(key, type=str).rpartition(" ")[0], int(value)


def _quix_cell(key: bytes, value: bytes) -> tuple[str, int] | None:
    prefix, _, cell = key.partition(b"|")
    return (msgspec.json.decode(cell, type=str), int(value)) if prefix == b"panes" else None


def _plain_cell(key: bytes, value: bytes) -> tuple[str, int]:
    return key.decode(), int(value)


def _streams_cell(key: bytes, value: bytes) -> tuple[str, int]:
    return key.decode(), int.from_bytes(value, "big")


def _bytewax(place: Place) -> list[str]:
    subprocess.run(
        [PYTHON, "-m", "bytewax.recovery", place.folder, "1"], check=True, capture_output=True
    )
    said = {"BOOTSTRAP": place.bootstrap, "EVENTS": place.source, "SWITCHES": place.target}
    said["PANES"] = f"{place.name}-context"
    flow = str(HERE / "bytewax_flow.py")
    return [
        "env", *(f"{name}={value}" for name, value in said.items()),
        PYTHON, "-m", "bytewax.run", flow, "-r", place.folder, "-s", "10", "-b", "0",
    ]  # fmt: skip


def _kafka_streams(place: Place) -> list[str]:
    built = CACHE / "kafka-streams"
    path = f"{built}/classes:{built}/libs/*"
    words = [place.bootstrap, place.source, place.target, place.name, place.folder]
    return ["java", "-Xmx1g", "-cp", path, "filrouge.Small", *words]


PEERS = (
    Peer("Filrouge", "states, counters, position and outbox in Redis, one script a batch; exactly once",
         _ours, _our_panes),
    Peer("stock Faust, Redis", "states and counters in Redis, a call each; doubles and loses after a crash",
         _script("stock_faust.py", "{url}"), _redis_panes, slow=True),
    Peer("Faust, table", "states and counters in changelog topics; at least once, loses as stock Faust does",
         _script("faust_table.py", str(PARTITIONS)),
         _changelog("{place.name}-panes-changelog", _faust_cell), slow=True),
    Peer("Quix Streams", "states and counters in RocksDB and a changelog topic; at least once",
         _script("quix.py", "{folder}"),
         _changelog("changelog__{place.name}--{place.source}--default", _quix_cell)),
    Peer("Bytewax", "snapshots in SQLite every 10 s; outputs at least once",
         _bytewax, _changelog("{place.name}-context", _plain_cell)),
    Peer("Kafka Streams", "states and counters in RocksDB and changelog topics; exactly_once_v2",
         _kafka_streams, _changelog("{place.name}-panes-changelog", _streams_cell)),
)  # fmt: skip


def one(
    peer: Peer, kafka: KafkaCluster, server: RedisServer, run: int, source: str, oracle: Oracle
) -> Measured:
    """A fresh start: topics, keyspace and folder of its own."""
    name = f"{peer.name.lower().replace(' ', '-').replace(',', '')}-{run}"
    make_topics(kafka.bootstrap, f"{name}-")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Place(kafka.bootstrap, server.url, name, source, folder)
        command = peer.command(place)
        with (Path(folder) / "said.txt").open("wb") as said:
            process = subprocess.Popen(alone(command), stdout=said, stderr=said)
        assert server.process is not None
        try:
            found = measure(
                process, server.process.pid, kafka.bootstrap, place.target, oracle,
                lambda: peer.panes(place),
            )  # fmt: skip
        finally:
            end(process)
        if found.fault:
            sys.stderr.write((Path(folder) / "said.txt").read_text(errors="replace")[-2_000:])
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def rows(runs: int, names: list[str] | None = None) -> list[tuple[Peer, int, list[Measured]]]:
    """(peer, events, its runs), turn by turn: machines are noisy, ratios less so."""
    chosen = [peer for peer in PEERS if not names or any(n in peer.name for n in names)]
    found: dict[str, list[Measured]] = {peer.name: [] for peer in chosen}
    with apart(), KafkaCluster(1) as kafka, RedisServer() as server:
        oracles = {}
        for count in sorted({_count(peer) for peer in chosen}):
            _make(kafka.bootstrap, f"small-{count}")
            fill(kafka.bootstrap, f"small-{count}", count, PARTITIONS)
            oracles[count] = Oracle(count)
        for run in range(runs):
            for peer in chosen:
                count = _count(peer)
                measured = one(peer, kafka, server, run, f"small-{count}", oracles[count])
                sys.stderr.write(f"{peer.name}: {told(measured)}\n")
                found[peer.name].append(measured)
    return [(peer, _count(peer), found[peer.name]) for peer in chosen]


def _count(peer: Peer) -> int:
    return EVENTS // SLOW if peer.slow else EVENTS


def _make(bootstrap: str, topic: str) -> None:
    kept = {"retention.ms": "-1"}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1, config=kept)])[topic].result(20)


def told(one: Measured) -> str:
    if one.fault:
        return f"void: {one.fault}"
    return (
        f"{one.rate:,.0f} events/s ({one.warm_rate:,.0f} warm), "
        f"{one.cpu:.1f} CPU s per million, {one.redis_cpu:.1f} of Redis"
    )


if __name__ == "__main__":
    rows(1, sys.argv[1:])
