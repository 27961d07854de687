"""What a vendor's file needs to be complete: one module of samples a vendor, with invented people.

A module has
  `BODIES`  name → (body, what it must give: the events' types in order, or the reason's code);
            `"partial"` after the types where a part of the body could not be read; a body is JSON
            values, a `Form`, or a `Raw`;
  `CALL`    one request as the demo's generator makes and signs it, at `NOW_MS`, with `SECRET`,
            for `URL`; what it says is "hello"; a vendor that signs with a key pair has a `SECRET`
            of its own;
  `WORDS`   personal words in the bodies, which may stand nowhere but in personal fields;
  `SIGNS`   what the signature covers: "body", "body and time", "time", or "nothing" when a
            password is all there is;
and where a vendor needs it
  `WINDOW_MS`  how old a signed time may be, if its retries carry the first try's signature;
  `unsigned`   takes the signature out of a body in which it stands.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import msgspec
import orjson

from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.registry import adapters
from streams.demo.cast import person

NOW_MS = 1_790_000_000_000
NOW_S = NOW_MS // 1_000
ARRIVED_MS = NOW_MS + 1_703
URL = "https://hooks.example.com/v1/in/source"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WHO = person(5)


class Raw(msgspec.Struct, frozen=True):
    """A body as it is, with its headers (lower case)."""

    body: bytes
    headers: Mapping[str, str]


class Form(msgspec.Struct, frozen=True):
    """A URL-encoded form."""

    fields: Mapping[str, str]


Body = dict[str, Any]
Sample = Body | list[Any] | Form | Raw
Expected = tuple[str, ...] | str
Bodies = dict[str, tuple[Sample, Expected]]


def wire(sample: Sample) -> Raw:
    """The sample as it comes through the door."""
    if isinstance(sample, Raw):
        return sample
    if isinstance(sample, Form):
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return Raw(urlencode(sample.fields).encode(), kind)
    return Raw(orjson.dumps(sample), {"content-type": "application/json"})


def parsed(
    vendor: str, sample: Sample, received_ms: int = ARRIVED_MS, source: str = "desk"
) -> Parsed:
    """What the vendor's adapter makes of it; nothing is verified."""
    raw = wire(sample)
    request = Request("POST", URL, raw.headers, raw.body, received_ms)
    return adapters()[vendor].parse(request, SourceConfig(source, vendor, "acme"))


def vendors() -> dict[str, ModuleType]:
    """Vendor → its module of samples; a plug-in's is an entry point `filrouge.conformance`."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    own = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    plugged = {point.name: point.load() for point in entry_points(group="filrouge.conformance")}
    return own | plugged
