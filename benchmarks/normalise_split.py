"""What does one webhook cost in the normalise stage, and which part of it?
`python -m benchmarks.normalise_split`.

The fold in its driver, without servers: bodies of WhatsApp, Chatwoot and Zendesk as the demo's
generators write them, of customers who come back.  CPU time in µs a webhook, the best of several
rounds: a machine's noise only ever adds.  One domain is one partition, so a million by the sum is
what one domain can have a second, less what Kafka and Redis take.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from schemas.cloudevents import decode_event, encode_event
from streams.channels.base import SourceConfig
from streams.channels.registry import adapters
from streams.demo.cast import person
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.call import Agent, Call
from streams.demo.traffic.chatwoot import Desk
from streams.demo.traffic.zendesk import Tickets
from streams.engine.driver import Driver
from streams.fold import Record
from streams.stages.judgement import judgement
from streams.stages.normalise import Normalise

COUNT = 6_000
CUSTOMERS = 1_000
BATCH = 500
ROUNDS = 5
VENDORS = {"whatsapp": "meta_whatsapp", "chat": "chatwoot", "desk": "zendesk"}
TEXTS = (
    "Where is my parcel?",
    "ok, thanks",
    """Bonjour, j'ai commandé il y a deux semaines et je n'ai toujours rien reçu. Pouvez-vous me
    rappeler au plus vite ? Merci beaucoup, c'est vraiment urgent pour nous.""",
    """Hello, I would like to change the address of my order before it is shipped, because we are
    moving next week and nobody will be at home to take it.""",
)


def calls() -> Iterator[tuple[Call, int]]:
    """Webhooks and their times (ms): what customers and agents write, and receipts."""
    dice = random.Random(7)
    at_ms = 1_790_000_000_000
    chat, desk = Desk("chat", "secret"), Tickets("desk", "secret")
    for number in range(COUNT):
        at_ms += dice.randrange(1, 200)
        who, words = person(dice.randrange(CUSTOMERS)), dice.choice(TEXTS)
        agent = Agent(7, "Ada") if dice.random() < 0.4 else None
        match dice.choice(("message", "message", "receipt", "chat", "chat", "desk")):
            case "message":
                make = meta_whatsapp.echo if agent else meta_whatsapp.message
                yield make("whatsapp", "secret", who, f"m{number}", words, at_ms), at_ms
            case "receipt":
                state = dice.choice(("delivered", "read"))
                call = meta_whatsapp.status("whatsapp", "secret", who, f"m{number}", state, at_ms)
                yield call, at_ms
            case "chat":
                yield chat.message(who.number, number, who, words, at_ms, agent), at_ms
            case _:
                yield desk.comment(who.number, number, who, words, at_ms, agent), at_ms


def records() -> list[Record]:
    return [
        Record(
            "webhooks", 0, number, at_ms, b"acme", call.body,
            (
                ("source", call.source.encode()),
                ("method", b"POST"),
                ("url", b"https://hooks.example.com/v1/in/source"),
                ("content-type", b"application/json"),
            ),
        )
        for number, (call, at_ms) in enumerate(calls())
    ]  # fmt: skip


def one_round(todo: list[Record]) -> dict[str, float]:
    """Part → µs of CPU a webhook, and `webhooks` of all."""
    sources = [SourceConfig(name, vendor, "acme") for name, vendor in VENDORS.items()]
    fold = Normalise({"acme": b"k" * 16}, sources, adapters(), 1)
    driver = Driver(fold, "bench", "webhooks", 0)
    driver.states = _Known()
    clock, used = time.process_time(), dict.fromkeys(("parse", "keys", "fold", "states"), 0.0)
    written: list[bytes] = []

    def spent(part: str) -> None:
        nonlocal clock
        now = time.process_time()
        used[part] += now - clock
        clock = now

    for at in range(0, len(todo), BATCH):
        prepared = driver.prepare(todo[at : at + BATCH])
        spent("parse")
        driver.wanted(prepared)
        spent("keys")
        while prepared:
            prepared = prepared[driver.advance(prepared, BATCH) :]
            spent("fold")
            batch = driver.take()
            spent("states")
            written += [out.publish.value for out in batch.outbox if out.publish.topic == "events"]
            clock = time.process_time()
    events = [decode_event(value) for value in written]
    said = [event for event in events if not event.id.endswith("/lexicon")]
    lexicon, encode = _cpu(judgement, said), _cpu(encode_event, events)
    resolve = used.pop("fold") - lexicon - encode
    parts = used | {"resolve": resolve, "lexicon": lexicon, "encode": encode}
    found = {part: spent_s / len(todo) * 1e6 for part, spent_s in parts.items()}
    return found | {"all": sum(found.values())}


def _cpu(work: Callable[[Any], object], of: list[Any]) -> float:
    started = time.process_time()
    for one in of:
        work(one)
    return time.process_time() - started


class _Known(dict[str, Any]):
    """Every state is loaded; what was never written does not exist."""

    def __missing__(self, key: str) -> None:
        return None


def rows() -> dict[str, float]:
    todo = records()
    rounds = [one_round(todo) for _ in range(ROUNDS)]
    return {part: min(one[part] for one in rounds) for part in rounds[0]}


if __name__ == "__main__":
    for name, cost_us in rows().items():
        print(f"{name:10} {cost_us:7.1f} µs a webhook")
