"""Each documented kind of a vendor's bodies gives its events, and what comes out can be kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest

from schemas.cloudevents import decode_event, encode_event
from schemas.events import EventBase
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.registry import adapters
from streams.explain import explain
from tests.conformance.channels_bodies import BODIES, NOW_MS, Body, Expected

CASES = [
    pytest.param(vendor, body, expected, id=f"{vendor}-{name}")
    for vendor, bodies in BODIES.items()
    for name, (body, expected) in bodies.items()
]
ARRIVED_MS = NOW_MS + 1_703
OURS = {"chatwoot", "meta_whatsapp", "zendesk"}


def parsed(vendor: str, body: Body, received_ms: int = ARRIVED_MS, source: str = "desk") -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), received_ms)
    return adapters()[vendor].parse(request, SourceConfig(source, vendor, "acme"))


def kind(event: EventBase) -> str:
    return str(event.__struct_config__.tag)


@pytest.mark.parametrize(("vendor", "body", "expected"), CASES)
def test_a_kind_gives_its_events_or_its_reason(vendor: str, body: Body, expected: Expected) -> None:
    found = parsed(vendor, body)
    if isinstance(expected, str):
        assert (found.events, found.code) == ((), expected)
        assert found.reason.endswith((".", ")"))
    else:
        assert tuple(kind(event) for event in found.events) == expected, found.reason
        assert found.code == ""


@pytest.mark.parametrize(("vendor", "body", "expected"), CASES)
def test_events_are_whole_and_can_be_written_and_read(
    vendor: str, body: Body, expected: Expected
) -> None:
    for event in parsed(vendor, body).events:
        assert decode_event(encode_event(event)) == event
        assert len(event.id) == 22
        assert event.source == "desk" and event.domain == "acme"
        assert event.recorded_ms == ARRIVED_MS
        assert event.estimated == (event.time_ms == ARRIVED_MS), "a vendor's time was passed over"
        assert event.conversation or len(event.identifiers) > 1, "nobody to attach it to"
        assert event.native_type


@pytest.mark.parametrize(("vendor", "body", "expected"), CASES)
def test_a_retry_is_the_same_event(vendor: str, body: Body, expected: Expected) -> None:
    """Only the arrival differs; another source of the same vendor is another world."""
    first = [event.id for event in parsed(vendor, body).events]
    assert first == [event.id for event in parsed(vendor, body, NOW_MS + 3_600_000).events]
    assert len(set(first)) == len(first)
    assert not set(first) & {event.id for event in parsed(vendor, body, source="other").events}


@pytest.mark.parametrize(("vendor", "body", "expected"), CASES)
def test_personal_words_stand_nowhere_else(vendor: str, body: Body, expected: Expected) -> None:
    for event in parsed(vendor, body).events:
        shown = orjson.loads(encode_event(event))["data"]
        shown.pop("personal", None)
        shown.pop("identifiers", None)
        text = orjson.dumps(shown).decode()
        for word in ("Ines", "Karim", "Léa", "Bonjour", "parcel", "Slow", "lamp", "example.com"):
            assert word not in text.replace('"tags":["lamp"]', ""), event


@pytest.mark.parametrize("vendor", [name for name in adapters() if name != "filrouge"])
@pytest.mark.parametrize("other", sorted(OURS))
def test_a_body_that_went_to_the_wrong_door_is_explained(vendor: str, other: str) -> None:
    for name, (body, _) in BODIES[other].items():
        found = parsed(vendor, body)
        assert found.events or found.reason, name


@pytest.mark.shared
def test_every_real_body_is_explained_and_most_give_events(
    shared: Path, record_property: pytest.RecordProperty
) -> None:
    for vendor in sorted(OURS):
        files = sorted((shared / "payloads" / vendor).iterdir())
        found = {file.name: explain(vendor, file.read_bytes(), NOW_MS) for file in files}
        codes = Counter("events" if one.events else one.code for one in found.values())
        record_property(vendor, dict(codes))
        print(vendor, dict(codes))
        # Ours are the shapes that the vendors document: none may be strange to us.
        assert not codes["malformed"] and not codes["unknown_type"], found
        for one in found.values():
            for event in one.events:
                assert decode_event(encode_event(event)) == event


@pytest.mark.shared
def test_no_real_body_of_any_vendor_raises(shared: Path) -> None:
    for file in sorted((shared / "payloads").rglob("*.*")):
        body = file.read_bytes()
        for vendor in OURS:
            found = explain(vendor, body, NOW_MS)
            assert found.events or found.reason, (vendor, file.name)
