"""Bad input, case by case: through the real gateway and the folds, for vendors of every kind.

Each case says what the vendor hears, what becomes of the body, and that a good one goes through
after it.  What the cases need beside this: a byte of a body changed, and any bytes at all
(`tests/conformance/channels_test.py`), what is not HTTP (`tests/unit/gateway_http_test.py`), servers
that are away (`servers_away_test.py`), settings and commands (`tests/unit/commands_test.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import orjson
import pytest

from schemas.events import EventBase, MessagePosted
from streams.channels.base import SourceConfig
from streams.channels.registry import adapters
from streams.explain import explain
from streams.gateway import server
from streams.gateway.server import Gateway
from streams.settings import Domain, Settings, Source
from streams.settings import Gateway as GatewaySettings
from tests.conformance.vendors import (
    NOW_MS,
    SECRET,
)
from tests.fuzz.gateway import FakeLog
from tests.integration.good_bodies import (
    BIG,
    EMPTY,
    PUBLIC,
    TAKEN,
    TIMED,
    UNKNOWN,
    VENDORS,
    Headers,
    message,
    sign,
    wire,
)
from tests.world import World

# The way in ----------------------------------------------------------------------------------------


class Way:
    """The gateway, and behind it the folds: what it writes into Kafka is folded at once."""

    def __init__(self, gateway: Gateway, log: FakeLog) -> None:
        self.world = World()
        self.world.now = NOW_MS
        self._gateway = gateway
        self._log = log

    async def send(
        self, vendor: str, body: Any, headers: Headers | None = None, *, chunked: bool = False
    ) -> tuple[int, str]:
        """The status, and the sentence of a refusal."""
        raw = wire(vendor, body)
        lines = [f"POST /v1/in/{vendor} HTTP/1.1", "Host: hooks.example.com", "Connection: close"]
        chosen = sign(vendor, raw) if headers is None else headers
        lines += [f"{name}: {value}" for name, value in chosen.items()]
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(raw)}")
        reader, writer = await asyncio.open_connection("127.0.0.1", self._gateway.port)
        payload = b"%x\r\n%b\r\n0\r\n\r\n" % (len(raw), raw) if chunked else raw
        with contextlib.suppress(ConnectionError):
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
            await writer.drain()
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        for record in self._log.taken:
            self.world.record(*record)
        self._log.taken.clear()
        head, _, said = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        return status, orjson.loads(said)["error"] if status >= 400 else said.decode()

    async def goes_on(self, vendor: str) -> None:
        """A good body gives its message, and no further dead letter."""
        letters, before = list(self.world.letters), len(self.world.events)
        assert (await self.send(vendor, message(vendor, 7_777)))[0] in TAKEN
        posted = [e for e in self.world.events[before:] if isinstance(e, MessagePosted)]
        assert len(posted) == 1 and self.world.letters == letters, self.world.sentences


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    clock = SimpleNamespace(time_ns=lambda: NOW_MS * 1_000_000, perf_counter=time.perf_counter)
    chosen = Settings(
        gateway=GatewaySettings(port=0, public_url=PUBLIC),
        domain=(Domain(name="acme", key="k" * 16),),
        source=tuple(
            Source(name=vendor, vendor=vendor, domain="acme", secrets=(SECRET,))
            for vendor in VENDORS
        ),
    )
    with mock.patch.object(server, "time", clock), mock.patch.object(server, "Log", FakeLog):
        gateway = Gateway(chosen)
        await gateway.start()
        assert isinstance(gateway._log, FakeLog)
        try:
            yield Way(gateway, gateway._log)
        finally:
            await gateway.stop()


def one(events: list[EventBase]) -> MessagePosted:
    [found] = [event for event in events if isinstance(event, MessagePosted)]
    return found


def is_sentence(text: str) -> bool:
    return " " in text and text.rstrip(")").endswith(".") and "Traceback" not in text


# The cases --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_wrong_signature_is_401_and_nothing_is_kept(way: Way, vendor: str) -> None:
    body = wire(vendor, message(vendor))
    headers = sign(vendor, body)
    name = next(name for name in headers if name.endswith(("signature", "-256", "token")))
    forged = headers | {name: headers[name][:-4] + "AAA="}
    for given in (forged, {k: v for k, v in headers.items() if k != name}):
        status, sentence = await way.send(vendor, body, given)
        assert status == 401 and is_sentence(sentence)
    assert way.world.normalise.at.offset == 0, "it reached Kafka"
    await way.goes_on(vendor)


@pytest.mark.parametrize(
    "vendor", [v for v in VENDORS if any("timestamp" in name for name in sign(v, b""))]
)
@pytest.mark.parametrize("minutes", [-6, 6])
async def test_an_old_or_a_coming_timestamp_is_401(way: Way, vendor: str, minutes: int) -> None:
    body = wire(vendor, message(vendor))
    status, sentence = await way.send(vendor, body, sign(vendor, body, NOW_MS + minutes * 60_000))
    assert status == 401 and "minutes: a replay, or a wrong clock." in sentence
    assert way.world.normalise.at.offset == 0
    await way.goes_on(vendor)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"\xff\xfe\x00", b'{"a":' * 5_000, b"[" * 100_000, b"hello there"],
    ids=["empty", "half", "null", "binary", "deep object", "deep list", "words"],
)
async def test_a_body_that_is_not_json_is_200_and_a_dead_letter(
    way: Way, vendor: str, body: bytes
) -> None:
    assert (await way.send(vendor, body))[0] in TAKEN
    assert way.world.letters in (["malformed"], ["unknown_type"]) and way.world.events == []
    assert is_sentence(way.world.sentences[0])
    told = explain(vendor, body, NOW_MS, sign(vendor, body)["content-type"])
    assert told.reason == way.world.sentences[0], "explain says something else"
    await way.goes_on(vendor)


@pytest.mark.parametrize("vendor", ["chatwoot", "twilio"])
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
async def test_ten_megabytes_are_413(way: Way, vendor: str, chunked: bool) -> None:
    body = b"x" * 10_000_000
    headers = sign(vendor, b"") if vendor == "twilio" else sign(vendor, body)
    status, sentence = await way.send(vendor, body, headers, chunked=chunked)
    assert (status, sentence) == (413, "The body is larger than 1048576 bytes.")
    assert way.world.normalise.at.offset == 0
    await way.goes_on(vendor)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_unknown_event_type_is_200_and_a_dead_letter(way: Way, vendor: str) -> None:
    assert (await way.send(vendor, UNKNOWN[vendor]))[0] in TAKEN
    assert way.world.letters == ["unknown_type"] and way.world.events == []
    assert "levitat" in way.world.sentences[0] and is_sentence(way.world.sentences[0])
    await way.goes_on(vendor)


@pytest.mark.parametrize("vendor", TIMED)
async def test_a_time_of_0_is_the_arrival(way: Way, vendor: str) -> None:
    assert (await way.send(vendor, message(vendor, at_s=0)))[0] in TAKEN
    found = one(way.world.events)
    assert (found.time_ms, found.estimated, way.world.letters) == (NOW_MS, True, [])
    await way.goes_on(vendor)


@pytest.mark.parametrize("vendor", TIMED)
async def test_a_time_of_the_year_3000_is_brought_down_to_the_arrival(
    way: Way, vendor: str
) -> None:
    assert (await way.send(vendor, message(vendor, at_s=32_503_680_000)))[0] in TAKEN
    found = one(way.world.events)
    assert NOW_MS <= found.time_ms <= NOW_MS + 5_000 and way.world.letters == []
    await way.goes_on(vendor)
    way.world.wait(60_000)
    assert way.world.letters == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_ids_above_2_to_the_53_are_exact(way: Way, vendor: str) -> None:
    """Neighbours that a double makes one."""
    for ident in (BIG, BIG + 1):
        assert (await way.send(vendor, message(vendor, ident)))[0] in TAKEN
    found = [event for event in way.world.events if isinstance(event, MessagePosted)]
    assert len({event.id for event in found}) == 2 and way.world.letters == []
    if vendor != "slack":  # its messages are told apart by their time
        shown = [f"{e.message_id} {e.conversation}" for e in found]
        assert str(BIG) in shown[0] and str(BIG + 1) in shown[1]


@pytest.mark.parametrize(
    ("vendor", "body"), [(vendor, body) for vendor, bodies in EMPTY.items() for body in bodies]
)
async def test_an_empty_batch_is_200_and_counted(way: Way, vendor: str, body: Any) -> None:
    assert (await way.send(vendor, body))[0] in TAKEN
    assert (way.world.events, way.world.letters) == ([], [])
    assert way.world.counted("bodies_without_events", vendor, "ignored") == 1
    await way.goes_on(vendor)


def doubled(vendor: str) -> Any:
    told = message(vendor)
    match vendor:
        case "meta_whatsapp":
            told["entry"][0]["changes"][0]["value"]["messages"] *= 2
        case "meta_messenger":
            told["entry"][0]["messaging"] *= 2
        case "cloudevents":
            told = [told, told]
        case "telegram":
            told = {"ok": True, "result": [told, told]}
    return told


@pytest.mark.parametrize("vendor", ["cloudevents", "meta_messenger", "meta_whatsapp", "telegram"])
async def test_the_same_message_twice_in_one_body_is_one(way: Way, vendor: str) -> None:
    assert (await way.send(vendor, doubled(vendor)))[0] in TAKEN
    assert one(way.world.events) and way.world.letters == []
    await way.goes_on(vendor)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_same_body_again_changes_nothing(way: Way, vendor: str) -> None:
    assert (await way.send(vendor, message(vendor)))[0] in TAKEN
    facts, panes = len(way.world.history), +way.world.panes
    assert facts and panes
    assert (await way.send(vendor, message(vendor)))[0] in TAKEN
    assert (len(way.world.history), +way.world.panes) == (facts, panes)


def nobodys(vendor: str) -> Any:
    """A message in which nobody is named who sent it."""
    told = message(vendor)
    match vendor:
        case "chatwoot":
            told["sender"] = None
            told["conversation"]["meta"]["sender"] = None
            told["conversation"]["contact_inbox"] = None
        case "meta_whatsapp":
            value = told["entry"][0]["changes"][0]["value"]
            value["contacts"] = []
            del value["messages"][0]["from"]
        case "meta_messenger":
            del told["entry"][0]["messaging"][0]["sender"]
        case "zendesk":
            told["event"]["comment"]["author"] = None
        case "slack":
            del told["event"]["user"]
        case "cloudevents":
            told["data"]["identifiers"] = []
            told["data"].pop("conversation")
        case "intercom":
            told["data"]["item"]["source"]["author"] = None
            told["data"]["item"]["contacts"] = None
        case "telegram":
            del told["message"]["from"]
        case "twilio":
            del told["From"]
    return told


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_message_without_a_sender_is_attached_by_its_conversation_or_a_dead_letter(
    way: Way, vendor: str
) -> None:
    assert (await way.send(vendor, nobodys(vendor)))[0] in TAKEN
    if way.world.letters:
        assert set(way.world.letters) <= {"no_customer", "malformed", "unknown_type"}
        assert is_sentence(way.world.sentences[0]) and way.world.events == []
    else:
        assert all(event.conversation and event.customer for event in way.world.events)
        ignored = way.world.counted("bodies_without_events", vendor, "ignored")
        assert way.world.events or ignored, "it left no trace"
    await way.goes_on(vendor)


async def test_a_token_in_a_body_that_cannot_be_read_is_400(way: Way) -> None:
    """Aircall's secret stands in the body: without it nothing says who sent this."""
    request = SimpleNamespace(body=b"{", headers={}, url=PUBLIC, received_ms=NOW_MS)
    source = SourceConfig("aircall", "aircall", "acme", (SECRET,))
    refused = adapters()["aircall"].verify(request, source)  # type: ignore[arg-type]
    assert refused is not None and refused.code == "malformed" and is_sentence(refused.sentence)
