"""Asking Chatwoot for what its webhooks did not bring."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from schemas.events import ConversationUpdated, EventBase, FeedbackReceived, MessagePosted
from streams.channels.base import Request, SourceConfig
from streams.channels.registry import adapters
from streams.reconcile import chatwoot
from streams.reconcile.api import Api, ApiError
from streams.reconcile.role import KafkaAwayError, Puller
from streams.settings import Reconcile, SettingsError
from streams.settings_file import load
from tests.servers.chatwoot import TOKEN, FakeChatwoot

T0 = 1_790_000_000_000
MINUTE = 60_000
SOURCE = SourceConfig("desk", "chatwoot", "acme", ("secret",))


class Taken:
    """In Kafka's place."""

    def __init__(self) -> None:
        self.records: list[tuple[str, dict[str, bytes], bytes]] = []
        self.error_at = -1

    def append(self, key: str, value: bytes, headers: list[tuple[str, bytes]], done: Any) -> None:
        if len(self.records) == self.error_at:
            done("no confirmation in time")
            return
        self.records.append((key, dict(headers), value))
        done("")

    def events(self) -> dict[str, EventBase]:
        found = [e for _, headers, body in self.records for e in events(body, headers)]
        return {event.id: event for event in found}


class Memory:
    """In Redis' place."""

    def __init__(self) -> None:
        self.at_ms: int | None = None

    async def load(self) -> int | None:
        return self.at_ms

    async def store(self, position_ms: int) -> None:
        self.at_ms = position_ms


def events(body: bytes, headers: dict[str, bytes] | None = None) -> tuple[EventBase, ...]:
    kind = (headers or {}).get("content-type", b"application/json").decode()
    request = Request("POST", "", {"content-type": kind}, body, T0 + 10**9)
    found = adapters()["chatwoot"].parse(request, SOURCE)
    assert found.code in {"", "ignored"}, found.reason
    return found.events


def hooked(*webhooks: dict[str, Any]) -> dict[str, EventBase]:
    return {e.id: e for webhook in webhooks for e in events(orjson.dumps(webhook))}


@asynccontextmanager
async def desk(token: str = TOKEN) -> AsyncIterator[tuple[FakeChatwoot, Puller, Taken, Memory]]:
    server, out, position = FakeChatwoot(), Taken(), Memory()
    await server.start()
    async with aiohttp.ClientSession() as session:
        settings = Reconcile(
            source="desk", url=server.url, account="7", token=token, first_ms=60 * MINUTE
        )
        api = Api(session, server.url, chatwoot.headers(token), 10_000, first_wait_s=0.001)
        yield server, Puller(settings, SOURCE, api, position, out), out, position  # type: ignore[arg-type]
    await server.stop()


async def test_what_was_lost_comes_and_what_arrived_has_the_same_ids() -> None:
    async with desk() as (server, puller, out, _):
        told = [server.open(5, T0), server.write(5, T0 + 1_000, "Where is my parcel?")]
        told += [server.write(5, T0 + 2_000, "On its way.", agent=1), server.rate(5, T0 + 3_000, 4)]
        state = server.resolve(5, T0 + 4_000)
        await puller.once(T0 + MINUTE)
        asked, came = out.events(), hooked(*told)
        assert came.keys() <= asked.keys(), (
            "an event of a webhook that has another id would count twice"
        )
        for ident, event in came.items():
            assert abs(asked[ident].time_ms - event.time_ms) < 1_000 or isinstance(
                event, FeedbackReceived
            )
            assert type(asked[ident]) is type(event) and asked[ident].actor == event.actor
            assert (
                asked[ident].conversation == event.conversation
                and asked[ident].channel == event.channel
            )
        extra = [asked[ident] for ident in asked.keys() - came.keys()]
        assert any(isinstance(e, ConversationUpdated) and e.status == "resolved" for e in extra)
        assert hooked(state).keys() & asked.keys(), "the resolution that arrived is known"
        for key, headers, _body in out.records:
            assert (
                key == "acme" and headers["source"] == b"desk" and headers["vendor"] == b"chatwoot"
            )


async def test_a_new_conversation_is_not_said_to_have_begun_with_who_has_it_now() -> None:
    async with desk() as (server, puller, out, _):
        server.open(5, T0)
        server.resolve(5, T0 + 30_000, agent=9)
        await puller.once(T0 + MINUTE)
        kinds = [(type(e).__name__, e.time_ms) for e in out.events().values()]
        assert ("ConversationOpened", T0) in kinds
        assert all(at_ms == T0 + 30_000 for name, at_ms in kinds if name != "ConversationOpened")


@pytest.mark.parametrize("count", [1, 24, 25, 26, 75, 130])
async def test_all_pages_are_turned(count: int) -> None:
    async with desk() as (server, puller, out, _):
        for ident in range(1, count + 1):
            server.open(ident, T0 + ident * 1_000)
            server.write(ident, T0 + ident * 1_000 + 500, "hi")
        await puller.once(T0 + 30 * MINUTE)
        posted = [e for e in out.events().values() if isinstance(e, MessagePosted)]
        assert {e.conversation.id for e in posted if e.conversation} == {
            str(n) for n in range(1, count + 1)
        }


@pytest.mark.parametrize("count", [1, 19, 20, 21, 65])
async def test_all_messages_of_a_conversation_come_in_their_order(count: int) -> None:
    async with desk() as (server, puller, out, _):
        server.open(5, T0)
        for number in range(count):
            server.write(5, T0 + number * 1_000, f"line {number}")
        await puller.once(T0 + 30 * MINUTE)
        posted = [e for e in out.events().values() if isinstance(e, MessagePosted)]
        assert [e.personal["text"] for e in posted] == [f"line {number}" for number in range(count)]


async def test_the_next_pass_asks_only_for_what_is_new() -> None:
    async with desk() as (server, puller, out, position):
        for ident in range(1, 61):
            server.open(ident, T0)
            server.write(ident, T0 + 1_000, "old")
        await puller.once(T0 + MINUTE)
        assert position.at_ms == T0 + 1_000, "the vendor's clock, not ours"
        out.records.clear()
        server.asked.clear()
        server.write(9, T0 + 10 * MINUTE, "new")
        await puller.once(T0 + 11 * MINUTE)
        assert position.at_ms == T0 + 10 * MINUTE
        out.records.clear()
        server.asked.clear()
        await puller.once(T0 + 12 * MINUTE)
        posted = [e for e in out.events().values() if isinstance(e, MessagePosted)]
        assert [e.personal["text"] for e in posted] == ["new"]
        # A page of the list, the messages of the one conversation, and the page that has none.
        assert len(server.asked) == 3
        assert position.at_ms == T0 + 10 * MINUTE


async def test_the_first_pass_goes_back_so_far_and_no_further() -> None:
    async with desk() as (server, puller, out, _):
        server.open(1, T0 - 120 * MINUTE)
        server.write(1, T0 - 119 * MINUTE, "long ago")
        server.open(2, T0 - 30 * MINUTE)
        await puller.once(T0)
        assert {e.conversation.id for e in out.events().values() if e.conversation} == {"2"}


async def test_told_to_wait_it_waits() -> None:
    async with desk() as (server, puller, out, _):
        server.open(5, T0)
        server.fail = [
            (429, {"Retry-After": "1"}),
            500,
            503,
            (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        ]
        started = time.monotonic()
        await puller.once(T0 + MINUTE)
        assert time.monotonic() - started >= 1.0
        assert out.events()


async def test_what_cannot_be_finished_leaves_the_position_and_is_said() -> None:
    async with desk() as (server, puller, out, position):
        server.open(5, T0)
        server.write(5, T0, "one")
        server.fail = [429] * 50
        with pytest.raises(ApiError, match=r"asked 7 times: it answers 429\."):
            await puller.once(T0 + MINUTE)
        server.fail = [404]
        with pytest.raises(ApiError, match="is the account right"):
            await puller.once(T0 + MINUTE)
        server.fail = []
        out.error_at = 1
        with pytest.raises(KafkaAwayError):
            await puller.once(T0 + MINUTE)
        assert position.at_ms is None
        out.error_at = -1
        assert await puller.once(T0 + MINUTE) == 3 and position.at_ms == T0
    async with desk("a stranger's") as (_, puller, _, _):
        with pytest.raises(ApiError, match="refuses the token"):
            await puller.once(T0)


@pytest.mark.parametrize(
    "strange",
    [{}, {"data": None}, {"data": {"payload": [7, None, {}]}}, [], {"data": {"payload": [{"id": 1, "timestamp": 1e10, "meta": None}]}}],
)  # fmt: skip
async def test_a_strange_answer_is_no_crash(strange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as (server, puller, _, _):

        async def answer(self: Api, path: str, **params: str) -> Any:
            return strange if params.get("page") == "1" else {}

        monkeypatch.setattr(Api, "get", answer)
        assert await puller.once(T0) in {0, 1}
        assert server.asked == []


def test_the_settings_say_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    text = """
[[domain]]
name = "acme"
key = "0123456789abcdef"
[[source]]
name = "desk"
vendor = "chatwoot"
domain = "acme"
[[source]]
name = "calls"
vendor = "aircall"
domain = "acme"
[[reconcile]]
source = "{source}"
url = "{url}"
account = "7"
token = "{token}"
"""
    file.write_text(text.format(source="desk", url="https://chat.example.com", token="t"))
    assert load(str(file), {}).reconcile[0].every_ms == 60_000
    for values, said in (
        ({"source": "nobody", "url": "https://x", "token": "t"}, "no \\[\\[source\\]\\]"),
        ({"source": "calls", "url": "https://x", "token": "t"}, "aircall cannot be asked"),
        ({"source": "desk", "url": "chat.example.com", "token": "t"}, "https://"),
        ({"source": "desk", "url": "https://x", "token": ""}, "needs a token"),
    ):
        file.write_text(text.format(**values))
        with pytest.raises(SettingsError, match=said):
            load(str(file), {})
