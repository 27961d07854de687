"""The live page in Chromium: it shows what is there, and updates by itself."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from streams.console.server import Console
from streams.engine.driver import Driver
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect
from streams.engine.redis_store import RedisStore
from streams.engine.store import Pins
from streams.settings import Console as ConsoleSettings
from streams.settings import Domain, Kafka, Redis, Settings
from tests.servers.kafka import free_port
from tests.servers.redis import RedisServer
from tests.world import World

pytestmark = pytest.mark.servers

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Served:
    """A console over a real Redis, on a thread of its own."""

    def __init__(self, redis: RedisServer, tokens: tuple[str, ...] = ()) -> None:
        self.settings = Settings(
            keyspace=f"page{free_port()}",
            kafka=Kafka(bootstrap="127.0.0.1:1", events_partitions=1, webhooks_partitions=1),
            redis=Redis(url=redis.url),
            console=ConsoleSettings(port=0, refresh_ms=200, tokens=tokens),
            domain=(Domain(name="acme", key="k" * 16),),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._console = self.run(self._make())
        self.url = f"http://127.0.0.1:{self._console.port}"

    async def _make(self) -> Console:
        console = Console(self.settings)
        await console.start()
        return console

    def run(self, coroutine):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def keep(self, world: World) -> None:
        """Commits what the world's journeys stage has folded."""
        client = connect(self.settings.redis.url)
        keys = LaneKeys(self.settings.keyspace, "journeys", 0, 1)
        store = RedisStore(client, keys)
        pins = Pins("c", "events", 1, self.settings.keyspace, "g", "journeys-1")
        claimed = await store.claim(pins, "w", 1, 1_000)
        if claimed.position is None:
            await store.begin(claimed.epoch, 0)
        for batch in world.kept:
            await store.commit(claimed.epoch, batch, None)
        world.kept.clear()
        await client.aclose()

    def stop(self) -> None:
        self.run(self._console.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


class Keeping(World):
    """A world whose batches can be committed to a store."""

    def __init__(self) -> None:
        super().__init__()
        import time

        self.kept = []
        self.now = time.time_ns() // 1_000_000 - 600_000
        take = Driver.take

        def keep(driver: Driver):  # type: ignore[no-untyped-def]
            batch = take(driver)
            if driver is self.journeys:
                self.kept.append(batch)
            return batch

        self.journeys.take = lambda: keep(self.journeys)  # type: ignore[method-assign]


@pytest.fixture
def served(redis_server: RedisServer) -> Iterator[Served]:
    made = Served(redis_server)
    yield made
    made.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("Chromium is missing: run `make test`, which sees to it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser.new_page(viewport={"width": 1920, "height": 1080})
        browser.close()


def test_the_page_updates_by_itself_and_opens_a_journey(served: Served, page: Page) -> None:
    from tests.unit.journeys_cases_test import answers, writes

    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served.url)
    expect(page.locator("#empty")).to_be_visible()

    world = Keeping()
    writes(world)
    served.run(served.keep(world))
    expect(page.locator("#waiting")).to_have_text("1")
    expect(page.locator("#empty")).to_be_hidden()
    expect(page.get_by_text("Requests")).to_be_visible()

    world.now += 60_000
    answers(world)
    world.now += 60_000
    writes(world, "whatsapp")
    served.run(served.keep(world))
    link = page.locator("#switches a").first
    expect(link).to_contain_text("Customer came from chat to WhatsApp")
    link.click()
    expect(page.locator("#thread .red-thread")).to_be_attached()
    expect(page.locator("#thread .lane-name")).to_have_text(["Chat", "WhatsApp"])
    expect(page.locator("#timeline")).to_contain_text("Agent zoe answered on chat")
    expect(page.locator("#conversations")).to_contain_text("no need of this customer was open")
    assert errors == []


def test_with_tokens_a_stranger_must_log_in(redis_server: RedisServer, page: Page) -> None:
    served = Served(redis_server, ("open sesame",))
    try:
        page.goto(served.url)
        expect(page).to_have_url(f"{served.url}/login")
        page.get_by_label("Token").fill("open sesame")
        page.get_by_role("button").click()
        expect(page.locator("#status")).to_contain_text("live")
        assert page.request.get(f"{served.url}/v1/kpis", headers={"Cookie": ""}).status == 401
    finally:
        served.stop()
