"""How fast does one worker normalise the webhooks of one domain?

WhatsApp's webhooks (a customer's message, an agent's echo) as Meta sends them: parse the body, find
the customer by the identity graph, write the canonical event.  One domain is one partition: this is
the ceiling of a domain.
"""

from __future__ import annotations

import random

from confluent_kafka import Producer

from benchmarks.cores import apart
from benchmarks.load import make_topics
from benchmarks.worker import drained
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.call import Person
from tests.servers.kafka import KafkaCluster
from tests.servers.redis import RedisServer

COUNT = 40_000
CUSTOMERS = 4_000
SETTINGS = """
[[domain]]
name = "acme"
key = "the key of a benchmark's domain"
[[source]]
name = "whatsapp"
vendor = "meta_whatsapp"
domain = "acme"
secrets = ["a secret of the benchmark"]
"""


def fill(bootstrap: str, topic: str) -> None:
    dice = random.Random(7)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50})
    headers = [
        ("source", b"whatsapp"), ("vendor", b"meta_whatsapp"), ("method", b"POST"),
        ("url", b"https://hooks.example/acme/whatsapp"), ("content-type", b"application/json"),
    ]  # fmt: skip
    at_ms = 1_790_000_000_000
    for number in range(COUNT):
        at_ms += dice.randrange(200)
        who = dice.randrange(CUSTOMERS)
        person = Person(who, f"Customer {who}", f"+4930{who:07}", f"c{who}@example.com")
        make = dice.choice((meta_whatsapp.message, meta_whatsapp.message, meta_whatsapp.echo))
        call = make("whatsapp", "secret", person, f"m{number}", "Where is my parcel?", at_ms)
        producer.produce(topic, call.body, "acme", partition=0, timestamp=at_ms, headers=headers)
        producer.poll(0)
    producer.flush(60)


def rows(runs: int) -> list[tuple[str, list[tuple[float, float]]]]:
    found = []
    with apart(), KafkaCluster(1) as kafka, RedisServer() as server:
        for run in range(runs):
            prefix = f"norm{run}-"
            make_topics(kafka.bootstrap, prefix)
            fill(kafka.bootstrap, f"{prefix}webhooks")
            found.append(
                drained(kafka, server, prefix, COUNT, stage="normalise", settings=SETTINGS)
            )
    return [("Filrouge, normalise, one domain", found)]
