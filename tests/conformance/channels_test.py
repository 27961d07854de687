"""The contract of a vendor, and each documented kind of its bodies."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.cloudevents import decode_event, encode_event
from schemas.events import EventBase
from streams.channels.base import Request, SourceConfig
from streams.channels.registry import adapters
from streams.explain import explain
from tests.conformance.vendors import (
    ARRIVED_MS,
    NOW_MS,
    URL,
    Expected,
    Raw,
    Sample,
    parsed,
    vendors,
    wire,
)  # fmt: skip
from tests.examples import examples

SAMPLES = vendors()
VENDORS = sorted(SAMPLES)
CASES = [
    pytest.param(vendor, sample, expected, id=f"{vendor}-{name}")
    for vendor, module in SAMPLES.items()
    for name, (sample, expected) in module.BODIES.items()
]


def kind(event: EventBase) -> str:
    return str(event.__struct_config__.tag)


def call(vendor: str, body: bytes | None = None, now_ms: int = NOW_MS) -> Request:
    made = SAMPLES[vendor].CALL
    headers = {name.lower(): value for name, value in made.headers.items()}
    return Request("POST", URL, headers, made.body if body is None else body, now_ms)


def secret(vendor: str) -> str:
    """Most vendors share one; where a public key is the secret, it is the module's own."""
    return str(SAMPLES[vendor].SECRET)


def unsigned(vendor: str, body: bytes) -> bytes:
    """The body without its secret, or without the signature that stands in it."""
    strip = getattr(SAMPLES[vendor], "unsigned", None)
    return bytes(strip(body)) if strip else body.replace(secret(vendor).encode(), b"x")


def source(vendor: str, *secrets: str) -> SourceConfig:
    return SourceConfig("source", vendor, "acme", secrets)


def test_every_vendor_has_samples() -> None:
    assert set(VENDORS) == set(adapters()) - {"filrouge"}
    assert all(module.BODIES for module in SAMPLES.values())


# The door ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_vendor_sends_is_accepted_with_any_of_the_secrets(vendor: str) -> None:
    adapter = adapters()[vendor]
    assert adapter.verify(call(vendor), source(vendor, secret(vendor))) is None
    both = source(vendor, "whsec_" + "b" * 32, secret(vendor))
    assert adapter.verify(call(vendor), both) is None


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_the_secret_nothing_is_accepted(vendor: str) -> None:
    adapter = adapters()[vendor]
    assert adapter.verify(call(vendor), source(vendor)) is not None
    assert adapter.verify(call(vendor), source(vendor, "whsec_" + "b" * 32)) is not None
    bare = Request("POST", URL, {}, unsigned(vendor, call(vendor).body), NOW_MS)
    assert adapter.verify(bare, source(vendor, secret(vendor))) is not None


@pytest.mark.parametrize(
    "vendor", [name for name in VENDORS if SAMPLES[name].SIGNS.startswith("body")]
)
@examples(40)
@given(data=st.data())
def test_a_byte_of_the_body_changed_and_it_is_refused(vendor: str, data: st.DataObject) -> None:
    body = bytearray(SAMPLES[vendor].CALL.body)
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 127))
    same = getattr(SAMPLES[vendor], "same", None)  # another spelling of the same parameters
    if same and same(bytes(body), SAMPLES[vendor].CALL.body):
        return
    changed = call(vendor, bytes(body))
    assert adapters()[vendor].verify(changed, source(vendor, secret(vendor))) is not None


@pytest.mark.parametrize(
    "vendor", [name for name in VENDORS if SAMPLES[name].SIGNS.endswith("time")]
)
def test_an_old_signed_time_is_a_replay(vendor: str) -> None:
    window_ms = getattr(SAMPLES[vendor], "WINDOW_MS", 300_000)
    late = call(vendor, now_ms=NOW_MS + window_ms + 1_000)
    refused = adapters()[vendor].verify(late, source(vendor, secret(vendor)))
    assert refused is not None and refused.code == "stale"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("value", ["é", "\x00", "a" * 10_000, "v1,", "sha256=", "{}", "=" * 50])
def test_no_header_makes_the_door_raise(vendor: str, value: str) -> None:
    request = call(vendor)
    headers = {
        name: old if name == "content-type" else value for name, old in request.headers.items()
    }
    forged = Request("POST", URL, headers, unsigned(vendor, request.body), NOW_MS)
    assert adapters()[vendor].verify(forged, source(vendor, secret(vendor))) is not None


# What a body means -------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_demo_sends_is_whole_and_known_on_its_retry(vendor: str) -> None:
    adapter = adapters()[vendor]
    first = adapter.parse(call(vendor), source(vendor, secret(vendor))).events
    again = adapter.parse(
        call(vendor, now_ms=NOW_MS + 60_000), source(vendor, secret(vendor))
    ).events
    assert first, "`CALL` gives no event, so nothing would be proven with it"
    assert [e.id for e in first] == [e.id for e in again], "a retry is another event: see the keys"
    for event in first:
        assert event.time_ms > 0 and event.recorded_ms == NOW_MS
        assert event.identifiers or event.conversation
        assert "hello" not in str(event).replace(str(event.personal), "")


@pytest.mark.parametrize(("vendor", "sample", "expected"), CASES)
def test_a_kind_gives_its_events_or_its_reason(
    vendor: str, sample: Sample, expected: Expected
) -> None:
    found = parsed(vendor, sample)
    if isinstance(expected, str):
        assert (found.events, found.code) == ((), expected), found.reason
    else:
        code = ("partial",) if found.code == "partial" else ()
        assert (*(kind(event) for event in found.events), *code) == expected, found.reason
    if found.reason:
        assert found.reason.endswith((".", ")")), f"no sentence: {found.reason!r}"


@pytest.mark.parametrize(("vendor", "sample", "expected"), CASES)
def test_events_are_whole_and_can_be_written_and_read(
    vendor: str, sample: Sample, expected: Expected
) -> None:
    for event in parsed(vendor, sample).events:
        assert decode_event(encode_event(event)) == event
        assert len(event.id) == 22
        assert event.source == "desk" and event.domain == "acme"
        assert event.recorded_ms == ARRIVED_MS
        assert event.estimated == (event.time_ms == ARRIVED_MS), "a vendor's time was passed over"
        assert event.conversation or len(event.identifiers) > 0, "nobody to attach it to"
        assert event.native_type


@pytest.mark.parametrize(("vendor", "sample", "expected"), CASES)
def test_a_retry_is_the_same_event(vendor: str, sample: Sample, expected: Expected) -> None:
    """Only the arrival differs; another source of the same vendor is another world."""
    first = [event.id for event in parsed(vendor, sample).events]
    assert first == [event.id for event in parsed(vendor, sample, NOW_MS + 3_600_000).events]
    assert len(set(first)) == len(first)
    assert not set(first) & {event.id for event in parsed(vendor, sample, source="other").events}


@pytest.mark.parametrize(("vendor", "sample", "expected"), CASES)
def test_personal_words_stand_nowhere_else(vendor: str, sample: Sample, expected: Expected) -> None:
    for event in parsed(vendor, sample).events:
        shown = orjson.loads(encode_event(event))["data"]
        shown.pop("personal", None)
        shown.pop("identifiers", None)
        text = orjson.dumps(shown).decode()
        for word in SAMPLES[vendor].WORDS:
            assert word not in text, event


# Whatever comes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"1", b'"text"', b"\xff\xfe", b"=", b"a" * 1_000]
)
def test_nonsense_is_explained(vendor: str, body: bytes) -> None:
    found = adapters()[vendor].parse(call(vendor, body), source(vendor))
    assert found.events == () and found.code and found.reason


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("other", VENDORS)
def test_a_body_that_went_to_the_wrong_door_is_explained(vendor: str, other: str) -> None:
    for name, (sample, _) in SAMPLES[other].BODIES.items():
        found = parsed(vendor, sample)
        assert found.events or found.reason, name


@pytest.mark.shared
def test_every_real_body_gives_events_or_a_reason(
    shared: Path, record_property: pytest.RecordProperty
) -> None:
    for vendor in VENDORS:
        folder = shared / "payloads" / vendor
        if not folder.is_dir():
            continue
        found = {file.name: explain(vendor, file.read_bytes(), NOW_MS) for file in folder.iterdir()}
        codes = dict(Counter("events" if one.events else one.code for one in found.values()))
        record_property(vendor, codes)
        print(vendor, codes)
        for name, one in found.items():
            assert one.events or one.reason, name
            for event in one.events:
                assert decode_event(encode_event(event)) == event


@pytest.mark.shared
def test_no_real_body_of_any_vendor_makes_any_adapter_raise(shared: Path) -> None:
    for file in sorted((shared / "payloads").rglob("*.*")):
        body = file.read_bytes()
        for vendor in VENDORS:
            found = explain(vendor, body, NOW_MS)
            assert found.events or found.reason, (vendor, file.name)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "-1", "null", "open", "call", "payment", "terminate", "system"])
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        parts = list(value.items())
    else:
        parts = list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(one for key, part in parts for one in places(part, (*path, key)))]


@st.composite
def broken(draw: st.DrawFn, vendor: str) -> Raw:
    """A sample in which up to three places hold something else, or nothing."""
    sample = draw(st.sampled_from([sample for sample, _ in SAMPLES[vendor].BODIES.values()]))
    raw = wire(sample)
    try:
        root = [json.loads(raw.body)]
    except ValueError:
        body = bytearray(raw.body)
        for _ in range(draw(st.integers(1, 3))):
            at = draw(st.integers(0, len(body)))
            body[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
        return Raw(bytes(body), raw.headers)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(root)[1:]))
        target: Any = root
        for step in way:
            target = target[step]
        if way and draw(st.booleans()):
            del target[last]
        else:
            target[last] = draw(ANYTHING)
        if not places(root)[1:]:
            break
    return Raw(orjson.dumps(root[0]), raw.headers)


@pytest.mark.parametrize("vendor", VENDORS)
@examples(200)
@given(data=st.data())
def test_a_broken_body_gives_whole_events_or_a_reason(vendor: str, data: st.DataObject) -> None:
    found = parsed(vendor, data.draw(broken(vendor)))
    assert found.events or (found.reason and found.code)
    assert "cannot be written" not in found.reason, "an event out of all measure"
    assert len({event.id for event in found.events}) == len(found.events)
    for event in found.events:
        assert decode_event(encode_event(event)) == event
        assert event.time_ms > 0


@pytest.mark.parametrize("vendor", VENDORS)
@examples(100)
@given(
    st.binary(max_size=80) | ANYTHING.map(orjson.dumps),
    st.sampled_from(
        ["", "application/json", "application/x-www-form-urlencoded",
         "multipart/form-data; boundary=x", "multipart/form-data"]
    ),
)  # fmt: skip
def test_any_bytes_are_explained(vendor: str, body: bytes, content_type: str) -> None:
    found = parsed(vendor, Raw(body, {"content-type": content_type}))
    assert found.events or (found.reason and found.code)
