"""`filrouge explain`: a vendor's body in, the canonical events that we make of it out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import orjson

from schemas.cloudevents import rfc3339
from schemas.events import EventBase
from streams.channels.base import Adapter, Parsed, Request, SourceConfig, malformed, together
from streams.channels.registry import adapters, failures

_ENVELOPE = {
    "id", "source", "domain", "time_ms", "recorded_ms", "channel", "actor", "conversation",
    "identifiers", "personal", "native_type", "customer", "estimated", "probable",
}  # fmt: skip


_OBJECT = re.compile(r'\{\s*"')
_BROKEN = re.compile(r'\s*[\[{]\s*["\[{]')
"""The beginning of a body that is JSON, but not whole."""

_COPIED = "The file is no body itself: what stands in it as JSON was read."


class UnknownVendorError(Exception):
    """There is no such vendor; the text lists those that there are."""


def explain(
    vendor: str, body: bytes, received_ms: int, content_type: str = "", url: str = ""
) -> Parsed:
    """The events of one body, or why there are none. Nothing is verified."""
    adapter = _known(vendor)

    def parse(one: bytes) -> Parsed:
        headers = {"content-type": content_type or guess_content_type(one)}
        request = Request("POST", url or "https://example.com/", headers, one, received_ms)
        return adapter.parse(request, SourceConfig(vendor, vendor, "example"))

    found = parse(body)
    if found.code != "malformed":
        return found
    copied = [parse(one) for one in bodies_in_a_log(body)]
    return together([*copied, malformed(_COPIED)], "") if copied else found


def _known(vendor: str) -> Adapter:
    known = adapters()
    if vendor in failures():
        raise UnknownVendorError(failures()[vendor])
    if vendor not in known:
        raise UnknownVendorError(f"There is no vendor {vendor!r}; there are {', '.join(known)}.")
    return known[vendor]


def bodies_in_a_log(text: bytes) -> Iterator[bytes]:
    """JSON objects that stand somewhere in a text, such as a line of a log, one after the other."""
    words, decoder, at = text.decode("utf-8", "replace"), json.JSONDecoder(), 0
    if _BROKEN.match(words):
        return
    while start := _OBJECT.search(words, at):
        try:
            _, at = decoder.raw_decode(words, start.start())
            yield words[start.start() : at].encode()
        except (ValueError, RecursionError):
            at = start.end()


def guess_content_type(body: bytes) -> str:
    """JSON, a URL-encoded form, or a multipart form by its first boundary."""
    start = body.lstrip()
    if start[:1] in {b"{", b"["}:
        return "application/json"
    if boundary := re.match(rb"--([^\r\n]+)\r?\n(?i:content-)", start):
        return f"multipart/form-data; boundary={boundary.group(1).decode('latin-1')}"
    if re.match(rb"[\w.%+~\[\]-]+=", start):
        return "application/x-www-form-urlencoded"
    return "application/json"


def explain_files(
    vendor: str, files: Iterable[Path], received_ms: int, *, as_json: bool
) -> Iterator[tuple[str, bool]]:
    """One text a file, and whether the file could be read. Raises `UnknownVendorError`."""
    _known(vendor)
    for file in files:
        try:
            parsed, readable = explain(vendor, file.read_bytes(), received_ms), True
        except OSError as error:
            parsed = malformed(f"The file cannot be read: {error.strerror or error}.")
            readable = False
        yield (_as_json(file, parsed) if as_json else _as_text(file, parsed)), readable


def _as_json(file: Path, parsed: Parsed) -> str:
    line = {
        "file": os.fsencode(file).decode("utf-8", "replace"),
        "events": [msgspec.to_builtins(event) for event in parsed.events],
        "reason": parsed.reason or None,
    }
    return orjson.dumps(line).decode()


def _as_text(file: Path, parsed: Parsed) -> str:
    lines = [str(file)]
    for event in parsed.events:
        lines += _lines(event)
    if parsed.reason:
        lines.append(f"  {'also: ' if parsed.events else 'no event: '}{parsed.reason}")
    return "\n".join(lines)


def _lines(event: EventBase) -> Iterator[str]:
    kind = event.__struct_config__.tag
    when = rfc3339(event.time_ms) + (
        " (the arrival: the body has no time that can be read)" if event.estimated else ""
    )
    who = event.actor.kind + (f" {event.actor.id}" if event.actor.id else "")
    yield f"  {kind}  {when}"
    yield f"    {event.channel}, by {who}" + (
        f", conversation {event.conversation.id}" if event.conversation else ""
    )
    for name, value in msgspec.structs.asdict(event).items():
        if name not in _ENVELOPE and value not in (None, (), "", False):
            yield f"    {name.rstrip('_')}: {_plain(value)}"
    for i in event.identifiers:
        yield f"    {i.trust} {i.kind} {i.value}"
    for name, value in event.personal.items():
        yield f"    {name}: {value!r}"


def _plain(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.asdict(value).items()
        return ", ".join(f"{name} {part}" for name, part in fields if part is not None)
    if isinstance(value, tuple):
        return "; ".join(_plain(part) for part in value)
    return str(value)
