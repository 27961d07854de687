"""An identifier leads to its customer whatever his id is made of, in as few trips as that allows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from schemas.common import Identifier
from streams.console.people import People
from streams.console.reads import Found, Reads
from streams.engine.keys import LaneKeys
from streams.engine.partition import partition_for
from streams.engine.redis_client import connect
from streams.identity import graph
from streams.identity.identifiers import normalise
from streams.identity.index import alias_key, customer_base, identifier_key
from streams.journeys.state import CustomerState, encode_state
from streams.settings import Domain, Settings
from tests.servers.embedded import EmbeddedRedis

SETTINGS = Settings(domain=(Domain(name="acme", key="k" * 16),))
KEY = SETTINGS.domain_key("acme")
PHONE = Identifier("phone", "+33612345678", "asserted")
FIRST = f"{customer_base(KEY, PHONE)}-0"


@pytest.fixture
async def people(embedded: EmbeddedRedis) -> AsyncIterator[People]:
    client = connect(embedded.url)
    await client.flushall()
    yield People(client, SETTINGS)
    await client.aclose()


def keep(embedded: EmbeddedRedis, key: str, value: object) -> None:
    count = SETTINGS.kafka.webhooks_partitions
    lane = LaneKeys(SETTINGS.keyspace, "normalise", partition_for("acme", count), count)
    embedded.client.hset(lane.states, key, graph.encode(key, value))


def live(embedded: EmbeddedRedis, customer: str) -> None:
    count = SETTINGS.kafka.events_partitions
    lane = LaneKeys(SETTINGS.keyspace, "journeys", partition_for(customer, count), count)
    embedded.client.hset(lane.states, customer, encode_state(CustomerState(customer, "acme")))


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many reads went with each trip."""
    seen: list[int] = []
    trip = Reads._trip

    async def counted(self: Reads, asked: list[tuple[str, Found]]) -> None:
        seen.append(len(asked))
        await trip(self, asked)  # type: ignore[arg-type]

    monkeypatch.setattr(Reads, "_trip", counted)
    return seen


@pytest.mark.parametrize(
    ("owner", "now", "most"),
    [(FIRST, FIRST, 1), ("another-0", "another-0", 2), (FIRST, "winner-0", 2)],
    ids=["first seen by it", "first seen by another", "joined since"],
)
async def test_an_identifier_leads_to_its_customer(
    embedded: EmbeddedRedis, people: People, trips: list[int], owner: str, now: str, most: int
) -> None:
    live(embedded, FIRST)
    live(embedded, now)
    keep(embedded, identifier_key(KEY, PHONE), graph.Link(owner, "asserted"))
    if now != owner:
        keep(embedded, alias_key(owner), now)
    found = await people.context("acme", PHONE, "service")
    assert found is not None and (found[0], found[1]["customer"]) == (now, now)
    assert len(trips) == most
    assert await people.customer("acme", PHONE) == now


async def test_the_likely_customer_is_not_told_without_a_link(
    embedded: EmbeddedRedis, people: People
) -> None:
    live(embedded, FIRST)
    assert await people.context("acme", PHONE, "service") is None
    assert await people.context("acme", FIRST, "service") is not None


async def test_who_is_looked_up_again_and_again_is_remembered_once(people: People) -> None:
    people.identifier("phone", "06 12 34 56 78", "FR")
    before = normalise.cache_info().currsize
    for _ in range(50):
        assert people.identifier("phone", "06 12 34 56 78", "FR") == PHONE
    assert normalise.cache_info().currsize == before
