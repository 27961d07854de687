"""How fast does the console answer with a million customers?  `python -m benchmarks.context`.

An agent's desktop asks for a caller's context by his telephone number: 1,000 requests a second in an
open loop, each about another customer.  Then the scorecard over 24 hours.  The states are those
of the project's own fold and encoders, written straight into the lanes' hashes.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import msgspec
import redis
import uvloop

from benchmarks.load import cpu_seconds, events, waited_seconds
from benchmarks.open_loop import Loop, percentiles, spread
from benchmarks.state_size import Alone
from schemas.cloudevents import encode_event
from schemas.common import Identifier
from streams.demo.processes import Processes
from streams.engine.keys import PANES, LaneKeys
from streams.engine.partition import partition_for
from streams.fold import Record
from streams.identity import graph
from streams.identity.index import customer_base, identifier_key
from streams.settings import Settings
from streams.settings_file import load
from tests.servers.kafka import KafkaCluster, free_port
from tests.servers.redis import RedisServer

CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
RATE = int(os.environ.get("RATE", "1000"))
SECONDS = int(os.environ.get("SECONDS_EACH", "30"))
SCORECARDS = 100
BATCH = 2_000
EVENTS = 8
"""Of the customer whose state all have, his journey open."""


class Answers(msgspec.Struct, frozen=True):
    """Milliseconds by percentile; cores that the console used, and the part of the time that it
    waited for one; bytes of Redis a customer.
    """

    context_ms: dict[str, float]
    scorecard_ms: dict[str, float]
    cores: float
    waited: float
    customer_bytes: float
    cells: int
    fault: str = ""


def phone(number: int) -> str:
    return f"+336{number:08}"


def customer(key: bytes, number: int) -> str:
    """Every other one was first seen by his address, the others by their telephone number.  All ids
    are as long, so that a state can be another's by a change of letters.
    """
    first = (
        Identifier("email", f"{number}@example.com", "asserted")
        if number % 2
        else Identifier("phone", phone(number), "asserted")
    )
    return f"{customer_base(key, first)}-0"


def template(who: str) -> dict[str, bytes]:
    """His states after the fold: his journeys, and excerpts under `ctx:`."""
    alone = Alone()
    records = []
    for number, event in enumerate(events(EVENTS, 1)):
        told = msgspec.structs.replace(event, customer=who)
        records.append(Record("events", 0, number, told.recorded_ms, b"", encode_event(told)))
    alone.feed(records)
    return {key: raw for key, raw in alone.store.items() if who in key}


def populate(client: redis.Redis, settings: Settings) -> None:
    """Per customer: his telephone number's link in the normalise lane, his states in his own."""
    key = settings.domain_key("acme")
    first = customer(key, 0)
    found = template(first)
    webhooks, places = settings.kafka.webhooks_partitions, settings.kafka.events_partitions
    links = LaneKeys(settings.keyspace, "normalise", partition_for("acme", webhooks), webhooks)
    lanes = [LaneKeys(settings.keyspace, "journeys", p, places).states for p in range(places)]
    for begin in range(0, CUSTOMERS, BATCH):
        known: dict[str, bytes] = {}
        states: dict[str, dict[str, bytes]] = {}
        for number in range(begin, min(begin + BATCH, CUSTOMERS)):
            who = customer(key, number)
            link = graph.Link(who, "asserted")
            ident = identifier_key(key, Identifier("phone", phone(number), "asserted"))
            known[ident] = graph.encode(ident, link)
            lane = states.setdefault(lanes[partition_for(who, places)], {})
            for name, raw in found.items():
                lane[name.replace(first, who)] = raw.replace(first.encode(), who.encode())
        pipe = client.pipeline(transaction=False)
        pipe.hset(links.states, mapping=known)  # type: ignore[arg-type]
        for lane_key, mapping in states.items():
            pipe.hset(lane_key, mapping=mapping)  # type: ignore[arg-type]
        pipe.execute()


def fill_panes(client: redis.Redis, settings: Settings) -> int:
    """A day and more of panes in every partition, each with the cells that a real load makes."""
    cells = dict(load_cells())
    places, now_ms = settings.kafka.events_partitions, time.time_ns() // 1_000_000
    for place in range(places):
        keys = LaneKeys(settings.keyspace, "journeys", place, places)
        pipe = client.pipeline(transaction=False)
        for number, (size, start) in enumerate(_day(now_ms), 1):
            pipe.hset(keys.pane(size, start), mapping=cells)  # type: ignore[arg-type]
            pipe.zadd(keys.pane_index, {keys.pane(size, start): number})
        pipe.execute()
    return len(cells)


def load_cells() -> Iterator[tuple[str, int]]:
    """The cells of one pane of an hour, as the fold counts them."""
    alone = Alone()
    seen: dict[str, int] = {}
    take = alone.driver.take

    def taking() -> object:
        batch = take()
        for (size, _), cells in batch.panes.items():
            if size == "1h":
                seen.update({cell: max(1, abs(n)) for cell, n in cells.items()})
        return batch

    alone.driver.take = taking  # type: ignore[method-assign,assignment]
    records = [
        Record("events", 0, n, e.recorded_ms, b"", encode_event(e))
        for n, e in enumerate(events(5_000, 400))
    ]
    for at in range(0, len(records), 500):
        alone.feed(records[at : at + 500])
    yield from seen.items()


def _day(now_ms: int) -> Iterator[tuple[str, int]]:
    for size, width_ms, kept_ms in PANES:
        span_ms = min(kept_ms, 26 * 3_600_000)
        for start in range(now_ms - now_ms % width_ms - span_ms, now_ms, width_ms):
            yield size, start


def request(dice: random.Random) -> bytes:
    number = phone(dice.randrange(CUSTOMERS)).replace("+", "%2B")
    return (
        f"GET /v1/context?domain=acme&phone={number}&agent=a1 HTTP/1.1\r\n"
        "Host: console\r\nAccept: application/json\r\n\r\n"
    ).encode()


def scorecard_ms(port: int) -> list[float]:
    found = []
    for _ in range(SCORECARDS):
        started = time.perf_counter()
        url = f"http://127.0.0.1:{port}/v1/kpis?window=24h&domain=acme"
        with urllib.request.urlopen(url, timeout=20) as answer:
            answer.read()
        found.append((time.perf_counter() - started) * 1e3)
    return found


def written(folder: Path, kafka: KafkaCluster, server: RedisServer, port: int) -> Path:
    file = folder / "f.toml"
    file.write_text(
        'keyspace = "context"\n'
        f'[kafka]\nbootstrap = "{kafka.bootstrap}"\nwebhooks_partitions = 1\nevents_partitions = 4\n'
        f'[redis]\nurl = "{server.url}"\n[console]\nport = {port}\n'
        '[[domain]]\nname = "acme"\nkey = "a key for the benchmarks"\n',
        encoding="utf-8",
    )
    return file


def measured() -> Answers:
    with (
        tempfile.TemporaryDirectory() as folder,
        KafkaCluster(1) as kafka,
        RedisServer("--appendonly", "no") as server,
        redis.Redis.from_url(server.url) as client,
    ):
        port = free_port()
        file = written(Path(folder), kafka, server, port)
        before = int(client.info("memory")["used_memory"])
        populate(client, load(str(file)))
        each = (int(client.info("memory")["used_memory"]) - before) / CUSTOMERS
        cells = fill_panes(client, load(str(file)))
        with Processes(file, Path(folder)) as processes:
            if processes.start("topics", "topics", "create").wait(60) != 0:
                raise SystemExit(processes.log("topics").read_text())
            console = processes.start("console", "console")
            processes.wait_ready("console", f"http://127.0.0.1:{port}/readyz")
            time.sleep(2)
            loop, dice, cpu = Loop(), random.Random(5), cpu_seconds(console.pid)
            waited, began_s = waited_seconds(console.pid), time.perf_counter()
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(loop.run(port, lambda _: request(dice), RATE, SECONDS))
            cores = (cpu_seconds(console.pid) - cpu) / SECONDS
            waited = (waited_seconds(console.pid) - waited) / (time.perf_counter() - began_s)
            figures = scorecard_ms(port)
    wrong = {status: n for status, n in loop.statuses.items() if status != b"200"}
    fault = f"not all were found: {wrong}" if wrong else ""
    if len(loop.latency_s) < RATE * SECONDS:
        fault = f"{RATE * SECONDS - len(loop.latency_s)} were never answered"
    warm = [s * 1e3 for n, s in loop.latency_s.items() if n >= RATE * 2]
    return Answers(percentiles(warm), percentiles(figures), cores, waited, each, cells, fault)


CONTEXT_MS, SCORECARD_MS = 10, 50


def section(runs: int) -> list[str]:
    found = [measured() for _ in range(runs)]
    contexts, cards = [one.context_ms for one in found], [one.scorecard_ms for one in found]
    lines = [
        f"How fast does the console answer with {CUSTOMERS:,} customers in Redis? An agent's desktop asks",
        f"for a caller's context by his number, {RATE:,} times a second in an open loop; then the scorecard",
        f"over 24 hours, {found[0].cells} cells in each pane of each of 4 partitions",
        f"(`python -m benchmarks.context`). Goal: p99 under {CONTEXT_MS} ms for the context, under",
        f"{SCORECARD_MS} ms for the scorecard.",
        "",
        f"| ms, median of {runs} (range) | p50 | p99 | p99.9 | largest |",
        "|---|---|---|---|---|",
        "| `GET /v1/context?phone=…` | "
        + " | ".join(spread([one[p] for one in contexts]) for p in contexts[0])
        + " |",
        "| `GET /v1/kpis?window=24h` | "
        + " | ".join(spread([one[p] for one in cards]) for p in cards[0])
        + " |",
        "",
        f"The console used {median(one.cores for one in found):.2f} cores at {RATE:,} requests/s, and for",
        f"{median(one.waited for one in found):.0%} of the time it was ready to run while others had all cores.",
    ]
    lines += [f"Void: {one.fault}." for one in found if one.fault]
    p99s = [median(one["p99"] for one in kind) for kind in (contexts, cards)]
    goals = (CONTEXT_MS, SCORECARD_MS)
    told = ("met" if p99 < goal else "missed" for p99, goal in zip(p99s, goals, strict=True))
    return [*lines, "", "The goal is {} for the context, {} for the scorecard.".format(*told)]


if __name__ == "__main__":
    answers = measured()
    for what, values in (("context", answers.context_ms), ("scorecard", answers.scorecard_ms)):
        print(what, ", ".join(f"{name} {ms:,.1f} ms" for name, ms in values.items()))
    print(f"{answers.cores:.2f} cores, waited for one {answers.waited:.0%} of the time")
    print(f"{answers.customer_bytes:,.0f} bytes of Redis a customer")
    print(f"{answers.cells} cells a pane. {answers.fault}")
