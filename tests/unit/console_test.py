"""The console's API: its description is complete, and mistakes get sentences."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from aiohttp import ClientSession

from streams.console.board import Board
from streams.console.openapi import document
from streams.console.people import People, SharedError
from streams.console.server import Console
from streams.settings import Console as ConsoleSettings
from streams.settings import Domain, Kafka, Redis, Settings


@pytest.fixture
async def console() -> Any:
    made = Console(
        Settings(
            kafka=Kafka(bootstrap="127.0.0.1:1"),
            redis=Redis(url="redis://127.0.0.1:1/0"),
            console=ConsoleSettings(port=0, tokens=("t",)),
            domain=(Domain(name="acme", key="k" * 16),),
        )
    )
    await made.start()
    yield made
    await made.stop()


async def get(console: Console, path: str, token: str = "t") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"http://127.0.0.1:{console.port}{path}"
    async with ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_every_route_of_the_api_is_described(console: Console) -> None:
    assert console._runner is not None
    routes = {
        route.resource.canonical
        for route in console._runner.app.router.routes()
        if route.resource and route.resource.canonical.startswith("/v1/")
    }
    assert routes == set(document()["paths"])


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/v1/kpis?window=2h", 400, "A window is one of"),
        ("/v1/kpis?by=moon", 400, "There is no dimension 'moon'"),
        ("/v1/kpis/luck/cycles", 404, "There is no KPI 'luck'"),
        ("/v1/kpis/fcr/cycles?from=9&to=1", 400, "must lie before"),
        ("/v1/kpis/fcr/cycles?to=noon", 400, "milliseconds since the epoch"),
        ("/v1/kpis/fcr/cycles?window=2h", 400, "A window is one of"),
        ("/v1/kpis/fcr/cycles?window=1h&from=1", 400, "needs no `from`"),
        ("/v1/kpis/fcr/cycles?domain=other", 400, "Name a domain: acme"),
        ("/v1/kpis?domain=other", 400, "Name a domain: acme"),
        ("/v1/board?domain=other", 400, "Name a domain: acme"),
        ("/v1/recent?domain=other", 400, "Name a domain: acme"),
        ("/v1/open?only=moon", 400, "`only` is waiting"),
        ("/v1/open", 503, "Redis does not answer"),
        ("/v1/context", 400, "Name the customer"),
        ("/v1/context?phone=1&domain=other", 400, "Name a domain: acme"),
        ("/v1/live", 503, "Redis does not answer"),
    ],
)
async def test_mistakes_get_a_sentence(
    console: Console, path: str, status: int, sentence: str
) -> None:
    found, body = await get(console, path)
    assert found == status and sentence in body["error"]


@pytest.mark.parametrize("path", ["context", "identity"])
async def test_a_shared_number_is_a_conflict(
    console: Console, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def shared(*_: object) -> None:
        raise SharedError

    monkeypatch.setattr(People, "context", shared)
    monkeypatch.setattr(People, "customer", shared)
    status, told = await get(console, f"/v1/{path}?phone=%2B33612345678&domain=acme")
    assert (status, told["error"].partition(",")[0]) == (
        409,
        "Several customers have that identifier",
    )


async def test_without_the_token_nothing_is_told(console: Console) -> None:
    assert (await get(console, "/v1/kpis", "wrong"))[0] == 401


@pytest.mark.parametrize("header", [b"Authorization: Bearer \xff\xfe", b"Cookie: filrouge=\xff"])
async def test_a_token_that_is_no_text_is_401(console: Console, header: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", console.port)
    writer.write(
        b"GET /v1/kpis HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b"\r\n\r\n"
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    writer.close()


@pytest.mark.parametrize(
    ("command", "body", "status", "sentence"),
    [
        ("join", b'{"winner": "a-0"}', 400, "'join' needs loser"),
        ("split", b'{"join": "j", "moon": "x"}', 400, "'split' knows no moon"),
        ("split", b"[]", 400, "must be a JSON object of texts"),
        ("split", b'{"join": "j", "domain": "other"}', 400, "Name a domain: acme"),
        ("marry", b"{}", 404, "There is no command 'marry'; there are join, split, attach"),
    ],
)
async def test_a_command_that_says_too_little_gets_a_sentence(
    console: Console, command: str, body: bytes, status: int, sentence: str
) -> None:
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{console.port}/v1/identity/{command}"
    async with ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert answer.status == status and sentence in (await answer.json())["error"]


async def test_another_sites_form_cannot_give_a_command(console: Console) -> None:
    headers = {"Authorization": "Bearer t", "Content-Type": "text/plain"}
    url = f"http://127.0.0.1:{console.port}/v1/identity/split"
    async with ClientSession() as session, session.post(url, data="{}", headers=headers) as answer:
        assert answer.status == 415


async def test_a_command_needs_the_token(console: Console) -> None:
    url = f"http://127.0.0.1:{console.port}/v1/identity/split"
    async with ClientSession() as session, session.post(url, json={"join": "j"}) as answer:
        assert answer.status == 401


async def test_it_ends_also_when_a_cancellation_is_lost(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, refresh = asyncio.Event(), console._board.refresh

    async def deaf() -> None:
        monkeypatch.setattr(console._board, "refresh", refresh)
        entered.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    monkeypatch.setattr(console._board, "refresh", deaf)
    await asyncio.wait_for(entered.wait(), 10)
    ended = asyncio.ensure_future(console.stop())
    await asyncio.wait({ended}, timeout=10)
    assert ended.done()


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board is about to read the figures for as long as the test lasts."""
    monkeypatch.setattr(Board, "refresh", lambda _: asyncio.sleep(60))


@pytest.mark.usefixtures("reading", "console")
async def test_figures_that_are_not_read_yet_say_so(console: Console) -> None:
    assert (await get(console, "/v1/kpis"))[1]["fault"] == "The figures are still being read."


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/journeys/a-0.1?x=1", "/journeys/a-0.1?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("", "/"),
    ],
)
async def test_a_login_leads_back_and_never_elsewhere(
    console: Console, asked: str, leads: str
) -> None:
    url = f"http://127.0.0.1:{console.port}/login"
    told = {"params": {"next": asked}, "data": {"token": "t"}, "allow_redirects": False}
    async with ClientSession() as session, session.post(url, **told) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, leads)


async def test_a_wrong_token_gets_the_form_again_with_a_sentence(console: Console) -> None:
    url = f"http://127.0.0.1:{console.port}/login"
    async with ClientSession() as session:
        async with session.get(url) as answer:
            assert 'role="alert" hidden' in await answer.text()
        async with session.post(url, data={"token": "wrong"}) as answer:
            text = await answer.text()
            assert answer.status == 401 and answer.content_type == "text/html"
            assert 'role="alert">That is not one' in text


async def test_a_stranger_is_led_back_to_what_he_asked_for(console: Console) -> None:
    url = f"http://127.0.0.1:{console.port}/kpis/fcr?window=4h"
    async with ClientSession() as session, session.get(url, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/login?next=%2Fkpis%2Ffcr%3Fwindow%3D4h"
