"""An identifier leads to its customer whatever his id is made of, in as few trips as that allows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from schemas.common import Identifier
from streams.admin.identity import customer
from streams.admin.topics import AdminError
from streams.console.people import PORTION, People, SharedError
from streams.console.reads import Found, Reads
from streams.engine.keys import LaneKeys
from streams.engine.partition import partition_for
from streams.engine.redis_client import connect
from streams.identity import graph
from streams.identity.identifiers import normalise
from streams.identity.index import alias_key, customer_base, identifier_key
from streams.journeys.state import CustomerState, Journey, encode_state
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


def live(embedded: EmbeddedRedis, state: CustomerState) -> None:
    count = SETTINGS.kafka.events_partitions
    lane = LaneKeys(SETTINGS.keyspace, "journeys", partition_for(state.customer, count), count)
    embedded.client.hset(lane.states, state.customer, encode_state(state))


def journey(ident: str, **fields: int) -> Journey:
    return Journey(ident, 1, "customer", **fields)  # type: ignore[arg-type]


async def test_a_list_tells_of_what_is_open_wherever_it_lives_now(
    embedded: EmbeddedRedis, people: People
) -> None:
    mine = {"a-0.1": journey("a-0.1"), "b-0.1": journey("b-0.1", waiting_ms=7)}
    done = {"a-0.2": journey("a-0.2", resolved_ms=5), "a-0.3": journey("a-0.3", closed_ms=5)}
    live(embedded, CustomerState("a-0", "acme", journeys=mine | done))
    live(embedded, CustomerState("b-0", "acme", moved_to="a-0"))
    asked = ["b-0.1", "a-0.2", "a-0.3", "gone-0.1", *["a-0.1"] * PORTION]
    moved, *none, _, last = (await people.summaries(asked))[: 4 + 2]
    assert moved and (moved["customer"], moved["waiting_since_ms"]) == ("a-0", 7)
    assert none == [None] * 3 and last and last["id"] == "a-0.1"


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
    live(embedded, CustomerState(FIRST, "acme"))
    live(embedded, CustomerState(now, "acme"))
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
    live(embedded, CustomerState(FIRST, "acme"))
    assert await people.context("acme", PHONE, "service") is None
    assert await people.context("acme", FIRST, "service") is not None


async def test_a_shared_identifier_leads_to_nobody(embedded: EmbeddedRedis, people: People) -> None:
    """An agent must not see the story of whoever had the number first."""
    live(embedded, CustomerState(FIRST, "acme"))
    keep(embedded, identifier_key(KEY, PHONE), graph.Link(FIRST, "asserted", ("another-0",)))
    with pytest.raises(SharedError, match="Several customers"):
        await people.context("acme", PHONE, "service")
    with pytest.raises(SharedError):
        await people.customer("acme", PHONE)


async def test_who_is_known_and_has_not_turned_up_yet_has_no_story(
    embedded: EmbeddedRedis, people: People
) -> None:
    keep(embedded, identifier_key(KEY, PHONE), graph.Link("contact-0", "curated"))
    found = await people.context("acme", PHONE, "service")
    assert found is not None and (found[0], found[1]["journeys"]) == ("contact-0", [])
    assert await people.context("acme", "contact-0", "service") is None


async def test_who_is_looked_up_again_and_again_is_remembered_once(people: People) -> None:
    people.identifier("phone", "06 12 34 56 78", "FR")
    before = normalise.cache_info().currsize
    for _ in range(50):
        assert people.identifier("phone", "06 12 34 56 78", "FR") == PHONE
    assert normalise.cache_info().currsize == before


async def test_a_customer_of_another_domain_is_nobody_here(
    embedded: EmbeddedRedis, people: People
) -> None:
    """The domains may share a partition."""
    keep(embedded, "c:z-0", graph.Known(1, False, domain="beta"))
    live(embedded, CustomerState("z-0", "beta"))
    assert await people.identity("acme", "z-0") is None
    assert await people.context("acme", "z-0", "service") is None
    with pytest.raises(AdminError, match=r"There is no customer 'z-0' in domain 'acme'\."):
        await customer(people, "acme", "z-0")
    keep(embedded, "c:z-0", graph.Known(1, False, domain="acme"))
    assert await customer(people, "acme", "z-0") == "z-0"


async def test_who_was_erased_is_nobody(embedded: EmbeddedRedis, people: People) -> None:
    keep(embedded, identifier_key(KEY, PHONE), graph.Link(FIRST, "asserted"))
    keep(embedded, "v:acme:chat:7", graph.Thread(FIRST))
    keep(embedded, f"c:{FIRST}", graph.Known(0, False, domain="acme", erased_ms=9))
    live(embedded, CustomerState(FIRST, "acme", erased=True))
    for who in (PHONE, FIRST):
        assert await people.context("acme", who, "service") is None
    assert await people.customer("acme", PHONE) is None
    assert await people.identity("acme", FIRST) is None
    assert await people.state(FIRST) is None
    assert not await people.is_known("acme", FIRST)
    assert not await people.has("acme", "chat", "7")


async def test_a_command_names_what_is_known(embedded: EmbeddedRedis, people: People) -> None:
    with pytest.raises(AdminError, match=r"There is no customer 'nobody-0'"):
        await customer(people, "acme", "nobody-0")
    assert not await people.has("acme", "chat", "7")
    keep(embedded, "v:acme:chat:7", graph.Thread("a-0"))
    assert await people.has("acme", "chat", "7")
