"""The generators of the demo and of the load tests: every vendor has one, its webhooks pass the door
that its adapter keeps, and give the events that it says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
import pytest

from streams.channels.base import Rejected, Request, SourceConfig
from streams.channels.registry import adapters, is_own
from streams.demo.cast import AGENTS
from streams.demo.traffic import generators
from streams.demo.traffic.generator import Generator, Told, Visit
from tests.conformance.vendors import NOW_MS, SECRET, WHO, vendors

SOURCE = "traffic"
VENDORS = sorted(generators())


def generator(vendor: str) -> Generator:
    return generators()[vendor](SOURCE, SECRET, f"https://hooks.example.com/v1/in/{SOURCE}")


def visited(made: Generator, *, passed: bool) -> Iterator[Told]:
    """All that the vendor tells of one visit."""
    numbers = itertools.count(100)
    visit = Visit(WHO, 77, numbers.__next__, AGENTS[0], AGENTS[1])
    yield from made.asks(visit, "hello", NOW_MS)
    yield from made.answers(visit, "good day", NOW_MS + 2_000)
    if passed:
        yield from made.passes(visit, NOW_MS + 4_000)
        visit = msgspec.structs.replace(visit, passed=True)
    yield from made.ends(visit, NOW_MS + 9_000)


def request(made: Generator, one: Told, body: bytes | None = None) -> Request:
    headers = {name.lower(): value for name, value in one.call.headers.items()}
    url = made.url + one.call.query
    return Request("POST", url, headers, one.call.body if body is None else body, NOW_MS + 10_000)


def source(made: Generator, secret: str) -> SourceConfig:
    return SourceConfig(SOURCE, made.vendor, "acme", (secret,), made.options)


def verified(made: Generator, one: Told, body: bytes | None = None) -> Rejected | None:
    asked = request(made, one, body)
    return adapters()[made.vendor].verify(asked, source(made, made.secret))


def test_every_vendor_has_a_generator() -> None:
    own = {name for name, adapter in adapters().items() if is_own(adapter)}
    assert {*VENDORS} == own - {"filrouge"}


@pytest.mark.parametrize("passed", [False, True])
@pytest.mark.parametrize("vendor", VENDORS)
def test_what_it_sends_is_believed_and_gives_the_events_that_it_says(
    vendor: str, passed: bool
) -> None:
    made = generator(vendor)
    ids: list[str] = []
    for one in visited(made, passed=passed and bool(made.transfer)):
        assert one.call.source == SOURCE
        assert verified(made, one) is None
        found = adapters()[vendor].parse(request(made, one), source(made, made.secret))
        assert tuple(event.__struct_config__.tag for event in found.events) == one.events
        assert not found.code, found.reason
        ids += [event.id for event in found.events]
        talk = [event for event in found.events if event.channel != made.channel]
        assert not talk, "another medium than it says"
    assert ids


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_is_refused_with_another_secret_or_another_byte(vendor: str) -> None:
    made, module = generator(vendor), vendors()[vendor]
    same = getattr(module, "same", lambda one, other: one == other)
    for one in visited(made, passed=bool(made.transfer)):
        wrong = source(made, "whsec_" + "b" * 32)
        assert adapters()[vendor].verify(request(made, one), wrong) is not None
        if not module.SIGNS.startswith("body") or made.secret in one.call.headers.values():
            continue  # a password is all there is
        body = one.call.body
        for at in range(0, len(body), max(1, len(body) // 60)):
            changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
            assert same(changed, body) or verified(made, one, changed) is not None, at


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_transfer_is_told_where_the_vendor_knows_one(vendor: str) -> None:
    made = generator(vendor)
    visit = Visit(WHO, 77, itertools.count(1).__next__, AGENTS[0], AGENTS[1])
    assert bool(made.passes(visit, NOW_MS)) == bool(made.transfer)
