"""Bodies that are nearly a vendor's: its samples with places deleted, retyped, blown up, doubled."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.conformance.vendors import Form, Raw, vendors, wire

SAMPLES = {
    vendor: [sample for sample, _ in module.BODIES.values()] for vendor, module in vendors().items()
}


DEEP = "@deep@"
"""Stands for a value nested so deep that Python could not write it."""

DEPTHS = ["[" * n + "]" * n for n in (50, 1_500, 20_000)] + ['{"a":' * 1_500 + "1" + "}" * 1_500]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["", " ", "0", "-1", "null", "true", "1e400", "NaN", "9" * 40, "1970-01-01T00:00:00Z", "\x00", "\ud800",
         "9999-12-31T23:59:59Z", "0001-01-01", "+", "whatsapp:", "<p>", "&#x110000;", "=?utf-8?q?=ff?=", "x" * 5_000]
    ),
    st.sampled_from([2**53 + 1, 2**63, 2**64, -(2**63), 10**30, 10**400, 0, -1, 1e308, -0.0]),
)  # fmt: skip
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.text(max_size=5), SCALARS, max_size=3),
    st.just(DEEP),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        parts: list[tuple[Any, Any]] = list(value.items())
    else:
        parts = list(enumerate(value)) if isinstance(value, list) else []
    return [path, *(one for key, part in parts for one in places(part, (*path, key)))]


def at(root: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        root = root[step]
    return root


@st.composite
def bodies(draw: st.DrawFn, vendor: str) -> Raw:
    """One body for the vendor."""
    sample = draw(st.sampled_from(SAMPLES[vendor]))
    if isinstance(sample, Form):
        return _form(draw, sample)
    raw = wire(sample)
    try:
        root = [json.loads(raw.body)]
    except ValueError:
        return Raw(_bytes(draw, raw.body), raw.headers)
    others = [part for part in SAMPLES[vendor] if isinstance(part, dict | list)]
    for _ in range(draw(st.integers(1, 4))):
        _change(draw, root, others)
    text = json.dumps(root[0], ensure_ascii=draw(st.booleans()))
    if draw(st.integers(0, 9)) == 0:
        text = text.replace(
            '{"', '{"' + draw(st.sampled_from(["type", "event", "id"])) + '": 1, "', 1
        )
    if DEEP in text:
        text = text.replace(f'"{DEEP}"', draw(st.sampled_from(DEPTHS)))
    return Raw(text.encode("utf-8", "surrogatepass"), raw.headers)


def _change(draw: st.DrawFn, root: list[Any], others: list[Any]) -> None:
    way = draw(st.sampled_from(places(root)[1:] or [(0,)]))
    parent, last = at(root, way[:-1]), way[-1]
    kind = draw(st.sampled_from(["delete", "value", "value", "wrap", "double", "graft", "rename"]))
    if kind == "delete" and len(way) > 1:
        del parent[last]
    elif kind == "wrap":
        parent[last] = draw(st.sampled_from([[parent[last]], {"0": parent[last]}, [], {}]))
    elif kind == "double" and isinstance(parent[last], list):
        parent[last] = parent[last] * draw(st.integers(2, 5))
    elif kind == "rename" and isinstance(parent, dict):
        parent[draw(st.text(max_size=5))] = parent.pop(last)
    elif kind == "graft" and others:
        other = draw(st.sampled_from(others))
        parent[last] = copy.deepcopy(at([other], draw(st.sampled_from(places([other])[1:]))))
    else:
        parent[last] = draw(VALUES)


def _form(draw: st.DrawFn, sample: Form) -> Raw:
    pairs: list[tuple[str, Any]] = list(sample.fields.items())
    for _ in range(draw(st.integers(1, 4))):
        number = draw(st.integers(0, len(pairs) - 1))
        match draw(st.sampled_from(["delete", "value", "double", "rename"])):
            case "delete" if len(pairs) > 1:
                del pairs[number]
            case "double":
                pairs.append((pairs[number][0], draw(st.text(max_size=6))))
            case "rename":
                pairs[number] = (draw(st.text(max_size=6)), pairs[number][1])
            case _:
                value = draw(VALUES.map(str))
                pairs[number] = (pairs[number][0], value)
    raw = wire(sample)
    text = urlencode(pairs, errors="surrogatepass").encode()
    return Raw(_bytes(draw, text) if draw(st.integers(0, 4)) == 0 else text, raw.headers)


def _bytes(draw: st.DrawFn, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(changed)))
        changed[start : start + draw(st.integers(0, 8))] = draw(
            st.binary(max_size=8)
            | st.sampled_from([b"\r\n", b"--", b"\r\n\r\n", b"=", b'"', b"\xff" * 20])
        )
    return bytes(changed)
