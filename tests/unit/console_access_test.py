"""Tokens of the console that may not do everything, or hear of one domain only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from streams.console.board import Board
from streams.console.opened import Opened
from streams.console.people import People
from streams.console.server import Console
from streams.settings import Console as ConsoleSettings
from streams.settings import Domain, Kafka, Redis, Settings, Token

TOKENS = (
    Token(name="wall", secret="w", domain="acme", may=("figures",)),
    Token(name="agents", secret="a", domain="acme", may=("customers",)),
    Token(name="desk", secret="d", domain="beta", may=("customers", "commands")),
)


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    made = Console(
        Settings(
            kafka=Kafka(bootstrap="127.0.0.1:1"),
            redis=Redis(url="redis://127.0.0.1:1/0"),
            console=ConsoleSettings(port=0, tokens=("all",)),
            domain=tuple(Domain(name=name, key="k" * 16) for name in ("acme", "beta")),
            token=TOKENS,
        )
    )
    await made.start()
    yield made
    await made.stop()


async def ask(
    console: Console, path: str, token: str, method: str = "GET", **body: Any
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"http://127.0.0.1:{console.port}{path}"
    async with (
        ClientSession() as session,
        session.request(method, url, headers=headers, **body) as answer,
    ):
        return answer.status, None if method == "HEAD" else await answer.json()


FIGURES = ("/v1/kpis", "/v1/kpis/fcr/cycles", "/v1/live", "/v1/open", "/v1/recent", "/v1/board")
CUSTOMERS = (
    "/v1/context?phone=%2B33142685300", "/v1/identity?customer=a-0", "/v1/identity/shared",
    "/v1/journeys/a-0.1",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("token", "paths"), [("w", CUSTOMERS), ("a", FIGURES), ("d", FIGURES)], ids=str
)
async def test_what_a_token_may_not_ask_for_is_403(
    console: Console, token: str, paths: tuple[str, ...], method: str
) -> None:
    for path in paths:
        status, told = await ask(console, path, token, method)
        assert status == 403
        assert told is None or "may not ask for" in told["error"]


@pytest.mark.parametrize(("token", "status"), [("w", 403), ("a", 403), ("d", 400), ("all", 400)])
async def test_who_may_say_who_is_who(console: Console, token: str, status: int) -> None:
    body = {"domain": "beta"}  # whoever may is told what is missing
    assert (await ask(console, "/v1/identity/split", token, "POST", json=body))[0] == status


def test_every_route_of_the_api_needs_a_right() -> None:
    parts = Console(Settings())._parts
    assert {part.right for part in parts} == {"figures", "customers", "commands"}
    paths = {route.path for part in parts for route in part.routes()}
    asked = {path.partition("?")[0] for path in (*FIGURES, *CUSTOMERS)}
    named = {path.replace("{kpi}", "fcr").replace("{id}", "a-0.1") for path in paths}
    assert named - asked == {"/v1/identity/{command}"}


@pytest.mark.parametrize(
    ("token", "named", "summed"),
    [("w", "", "acme"), ("w", "acme", "acme"), ("all", "", ""), ("all", "beta", "beta")],
)
async def test_figures_are_of_the_tokens_domain(
    console: Console, monkeypatch: pytest.MonkeyPatch, token: str, named: str, summed: str
) -> None:
    seen: list[str] = []

    def figures(_: Board, _window: str, domain: str, _by: object = ()) -> list[Any]:
        seen.append(domain)
        return []

    monkeypatch.setattr(Board, "figures", figures)
    query = f"?domain={named}" if named else ""
    assert (await ask(console, f"/v1/kpis{query}", token))[0] == 200
    assert seen == [summed]


async def test_lists_are_of_the_tokens_domain(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    async def recent(_: Opened, _name: str, domain: str) -> list[Any]:
        seen.append(domain)
        return []

    monkeypatch.setattr(Opened, "recent", recent)
    assert (await ask(console, "/v1/recent", "w"))[0] == 200
    assert set(seen) == {"acme"}


@pytest.mark.parametrize(
    ("path", "token"),
    [("/v1/kpis?domain=beta", "w"), ("/v1/context?phone=%2B33142685300&domain=beta", "a"),
     ("/v1/context?phone=%2B33142685300&domain=acme", "d")],
)  # fmt: skip
async def test_another_domain_is_none_that_there_is(
    console: Console, path: str, token: str
) -> None:
    status, told = await ask(console, path, token)
    mine = next(one.domain for one in TOKENS if one.secret == token)
    assert (status, told["error"]) == (400, f"Name a domain: {mine}.")


async def test_a_token_of_one_domain_need_not_name_it(console: Console) -> None:
    assert (await ask(console, CUSTOMERS[0], "a"))[0] == 503  # it went on to ask Redis
    assert (await ask(console, CUSTOMERS[0], "all"))[0] == 400


@pytest.mark.parametrize(("token", "status"), [("a", 404), ("d", 200), ("all", 200)])
async def test_a_journey_is_told_within_its_domain(
    console: Console, monkeypatch: pytest.MonkeyPatch, token: str, status: int
) -> None:
    async def journey(_: People, ident: str) -> dict[str, Any]:
        return {"id": ident, "domain": "beta"}

    monkeypatch.setattr(People, "journey", journey)
    assert (await ask(console, "/v1/journeys/a-0.1", token))[0] == status
