"""Whatever a vendor sends, and whatever is broken in it: no exception, and only whole events."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cloudevents import decode_event, encode_event
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.registry import adapters
from tests.conformance.channels_bodies import BODIES, NOW_MS

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "-1", "null", "open", "call", "payment", "terminate", "system"])
    | st.text(max_size=6)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
SAMPLES = {
    vendor: st.sampled_from([body for body, _ in bodies.values()])
    for vendor, bodies in BODIES.items()
}
EVERYWHERE = [name for name in adapters() if name != "filrouge"]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        parts = list(value.items())
    else:
        parts = list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(one for key, part in parts for one in places(part, (*path, key)))]


@st.composite
def broken(draw: st.DrawFn, vendor: str) -> Any:
    """A sample in which up to three places hold something else, or nothing."""
    root = [orjson.loads(orjson.dumps(draw(SAMPLES[vendor])))]
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(root)[1:]))
        target: Any = root
        for step in way:
            target = target[step]
        if way and draw(st.booleans()):
            del target[last]
        else:
            target[last] = draw(ANYTHING)
    return root[0]


def parsed(vendor: str, body: bytes, content_type: str = "application/json") -> Parsed:
    headers = {"content-type": content_type}
    request = Request("POST", "https://hooks.example.com/", headers, body, NOW_MS)
    return adapters()[vendor].parse(request, SourceConfig("desk", vendor, "acme"))


def whole(found: Parsed) -> None:
    assert found.events or (found.reason and found.code)
    assert len({event.id for event in found.events}) == len(found.events)
    for event in found.events:
        assert decode_event(encode_event(event)) == event
        assert event.time_ms > 0


@pytest.mark.parametrize("vendor", sorted(BODIES))
def test_a_broken_body_gives_whole_events_or_a_reason(vendor: str) -> None:
    @settings(max_examples=400, deadline=None)
    @given(broken(vendor))
    def check(body: Any) -> None:
        whole(parsed(vendor, orjson.dumps(body)))

    check()


@pytest.mark.parametrize("vendor", EVERYWHERE)
def test_any_bytes_are_explained(vendor: str) -> None:
    @settings(max_examples=100, deadline=None)
    @given(
        st.binary(max_size=80) | ANYTHING.map(orjson.dumps),
        st.sampled_from(
            ["", "application/json", "application/x-www-form-urlencoded",
             "multipart/form-data; boundary=x", "multipart/form-data"]
        ),
    )  # fmt: skip
    def check(body: bytes, content_type: str) -> None:
        found = parsed(vendor, body, content_type)
        assert found.events or (found.reason and found.code)

    check()
