"""The live page in Chromium: it shows what is there, and updates by itself."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from schemas.common import Actor, Identifier, Party
from schemas.events import AssignmentChanged, ConversationUpdated, MessagePosted, TransferReported
from schemas.facts import JourneyOpened
from streams.console.server import Console
from streams.demo.embedded import Embedded
from streams.demo.processes import Processes
from streams.demo.run import make_topics, send_policy
from streams.demo.setup import Addresses, addresses, settings_file, sources
from streams.demo.traffic.cloudevents import Company
from streams.engine.batch import Batch
from streams.engine.driver import Driver
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect
from streams.engine.redis_store import RedisStore
from streams.engine.store import Pins
from streams.settings import Console as ConsoleSettings
from streams.settings import Domain, Kafka, Redis, Settings
from tests.servers.kafka import free_port
from tests.servers.redis import RedisServer
from tests.world import HOUR, MINUTE, World

pytestmark = pytest.mark.servers

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Served:
    """A console over a real Redis, on a thread of its own."""

    def __init__(
        self, redis: RedisServer, tokens: tuple[str, ...] = (), domains: tuple[str, ...] = ("acme",)
    ) -> None:
        self.settings = Settings(
            keyspace=f"page{free_port()}",
            kafka=Kafka(bootstrap="127.0.0.1:1", events_partitions=1, webhooks_partitions=1),
            redis=Redis(url=redis.url),
            console=ConsoleSettings(port=0, refresh_ms=200, tokens=tokens),
            domain=tuple(Domain(name=name, key="k" * 16) for name in domains),
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
        """Commits what the world's stages have folded."""
        client = connect(self.settings.redis.url)
        for stage, topic in (("normalise", "webhooks"), ("journeys", "events")):
            store = RedisStore(client, LaneKeys(self.settings.keyspace, stage, 0, 1))
            pins = Pins("c", topic, 1, self.settings.keyspace, "g", f"{stage}-1")
            claimed = await store.claim(pins, "w", 1, 1_000)
            if claimed.position is None:
                await store.begin(claimed.epoch, 0)
            for batch in world.kept[stage]:
                await store.commit(claimed.epoch, batch, None)
            world.kept[stage].clear()
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
        self.kept: dict[str, list[Batch]] = {"normalise": [], "journeys": []}
        self.now = time.time_ns() // 1_000_000 - 600_000

        def keep(driver: Driver, stage: str) -> Batch:
            batch = Driver.take(driver)
            self.kept[stage].append(batch)
            return batch

        self.normalise.take = lambda: keep(self.normalise, "normalise")  # type: ignore[method-assign]
        self.journeys.take = lambda: keep(self.journeys, "journeys")  # type: ignore[method-assign]


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
    from tests.story import answers, writes

    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(served.url)
    expect(page.locator("#empty")).to_be_visible()

    world = Keeping()
    writes(world)
    served.run(served.keep(world))
    expect(page.locator("#waiting")).to_have_text("1")
    expect(page.locator("#empty")).to_be_hidden()
    expect(page.get_by_text("Requests", exact=True)).to_be_visible()

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
    expect(page.locator("#story")).to_contain_text("Agent zoe answered on chat")
    expect(page.locator("#conversations")).to_contain_text("no need of this customer was open")
    assert errors == []


def test_a_figure_opens_into_its_cycles_and_these_into_journeys(served: Served, page: Page) -> None:
    world = Keeping()
    customers = [f"ada-{number}" for number in range(3)]
    for number, _ in enumerate(customers):
        world.now += 1_000
        world.event(
            MessagePosted, channel="chat", conversation=f"c{number}", message_id=f"m{number}",
            direction="inbound",
            identifiers=(Identifier("user", customers[number], "asserted"),),
        )  # fmt: skip
    served.run(served.keep(world))
    page.goto(served.url)
    page.get_by_role("link", name="Requests").click()
    expect(page.locator("#value")).to_have_text("3")
    expect(page.locator("#cycles li")).to_have_count(3)
    page.locator("#cycles a").first.click()
    expect(page.locator("#story")).to_contain_text("Customer wrote on chat")


def test_what_is_open_opens_into_a_list_that_keeps_up(served: Served, page: Page) -> None:
    from tests.story import answers, resolves, writes
    from tests.world import who

    world = Keeping()
    writes(world)
    writes(world, conversation="c9", who=who("bob"))
    world.now += MINUTE
    answers(world)
    answers(world, conversation="c9")
    resolves(world, "c9")
    world.now += MINUTE
    writes(world, "whatsapp")
    served.run(served.keep(world))
    page.goto(served.url)
    expect(page.locator("#open")).to_have_text("1")
    expect(page.locator("#open-by")).to_contain_text("the oldest for 10 min")
    rate = page.locator(".kpi", has_text="Channel switches").locator(".small")
    expect(rate).to_have_text("1 of 2")
    page.set_viewport_size({"width": 880, "height": 900})
    kept = page.locator(".kpi", has_text="SLA met")
    expect(kept.locator(".value")).to_have_text("100.0 %")
    assert kept.locator(".value").evaluate("e => e.scrollWidth <= e.clientWidth")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.get_by_role("link", name="waiting now").click()
    expect(page.locator("h1")).to_have_text("Waiting now")
    page.go_back()
    page.get_by_role("link", name="open journeys").click()
    row = page.locator("#journeys li")
    expect(page.locator("#value")).to_have_text("1")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Chat → WhatsApp")
    expect(row.locator(".tag")).to_contain_text("waiting for 8 min")
    expect(row.locator(".amount")).to_contain_text("10 min")
    waits, amount = (row.locator(part).bounding_box() for part in (".tag", ".amount"))
    assert waits and amount and 0 < amount["x"] - waits["x"] - waits["width"] < 40
    page.set_viewport_size({"width": 390, "height": 844})
    time_, amount = (row.locator(part).bounding_box() for part in ("time", ".amount"))
    assert time_ and amount and abs(time_["y"] - amount["y"]) < 8
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.get_by_role("link", name="Waiting now").click()
    expect(row.locator(".amount")).to_contain_text("8 min")
    for path in ("/open?only=waiting", "/open"):
        page.goto(f"{served.url}{path}")
        expect(row.get_by_role("link")).to_have_count(1)
        world.now += MINUTE
        answers(world, "whatsapp") if "waiting" in path else resolves(
            world, "whatsapp-1", "whatsapp"
        )
        served.run(served.keep(world))
        expect(row).to_contain_text(re.compile("Nobody waits|No journey is open"), timeout=10_000)
        expect(page.locator("#value")).to_have_text("0")
    page.get_by_role("link", name="Scorecard").click()
    expect(page.locator("#open")).to_have_text("0")


def test_an_opened_figure_is_the_one_that_was_clicked(served: Served, page: Page) -> None:
    from tests.story import writes
    from tests.world import who

    world = Keeping()
    for number, minutes in enumerate((14, 3, 2)):
        world.now = time.time_ns() // 1_000_000 - minutes * MINUTE
        writes(world, conversation=f"c{number}", who=who(f"ada-{number}"))
    served.run(served.keep(world))
    for window, count in (("5m", "2"), ("15m", "3")):
        page.goto(f"{served.url}/?window={window}")
        expect(page.locator("#volume .number")).to_have_text(count)
        page.get_by_role("link", name="Requests").click()
        expect(page.locator("#value")).to_have_text(count)
        expect(page.locator("#cycles li")).to_have_count(int(count))
        expect(page.locator("#summary")).to_contain_text("the span that the scorecard sums")
        page.get_by_role("link", name="Scorecard").click()
        expect(page).to_have_url(f"{served.url}/?window={window}")


def test_one_domain_of_several_is_shown_alone(redis_server: RedisServer, page: Page) -> None:
    from tests.story import answers, writes

    served = Served(redis_server, domains=("acme", "other"))
    try:
        world = Keeping()
        writes(world)
        world.now += MINUTE
        answers(world)
        world.now += MINUTE
        writes(world, "whatsapp")
        served.run(served.keep(world))
        page.goto(f"{served.url}/?window=4h")
        expect(page.locator("#switches a")).to_have_count(1)
        page.get_by_role("link", name="other").click()
        expect(page).to_have_url(f"{served.url}/?window=4h&domain=other")
        expect(page.locator("#open")).to_have_text("0")
        expect(page.locator("#switches")).to_have_text("None among the latest of all domains.")
        page.get_by_role("link", name="acme").click()
        expect(page.locator("#switches a")).to_have_count(1)
        page.get_by_role("link", name="last hour").click()
        expect(page).to_have_url(f"{served.url}/?window=1h&domain=acme")
        page.get_by_role("link", name="open journeys").click()
        expect(page.locator("#journeys a")).to_have_count(1)
        page.get_by_role("link", name="other").click()
        expect(page.locator("#journeys")).to_have_text("No journey is open.")
    finally:
        served.stop()


def test_what_was_said_before_a_correction_stands_quietly_beside_what_holds(
    served: Served, page: Page
) -> None:
    from tests.story import answers, writes

    world = Keeping()
    world.now -= HOUR
    writes(world)
    world.now += 10 * MINUTE
    answers(world)
    served.run(served.keep(world))
    answers(world, at=world.now - 7 * MINUTE)  # told late: an earlier answer
    served.run(served.keep(world))
    journey = world.asserted(JourneyOpened)[0].journey
    page.goto(f"{served.url}/journeys/{journey}")
    line = page.locator("#story .concluded", has_text="The first reply took 3 min")
    expect(line.locator(".was")).to_have_text("was: The first reply took 10 min")
    expect(line.locator(".revision")).to_have_text("revision 2")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[tuple[Company, str, str]]:
    """The whole product in the demo's servers: a signing vendor, the gateway's and the console's
    addresses.
    """
    where = addresses()
    with Embedded() as servers:
        played = sources(f"http://127.0.0.1:{where.gateway}")
        file = settings_file(tmp_path, servers, where, played.values())
        make_topics(servers.bootstrap)
        yield from _company(where, servers, Processes(file, tmp_path), played["company"].secret)


def _company(
    where: Addresses, servers: Embedded, processes: Processes, signed: str
) -> Iterator[tuple[Company, str, str]]:
    with processes as run:
        for role in ("gateway", "worker", "console"):
            run.start(role, role)
        gateway, console = (f"http://127.0.0.1:{port}" for port in (where.gateway, where.console))
        run.wait_ready("gateway", f"{gateway}/readyz")
        run.wait_ready("worker", f"http://127.0.0.1:{where.metrics}/readyz")
        run.wait_ready("console", f"{console}/readyz")
        send_policy(servers.bootstrap)
        yield Company("company", signed), gateway, console


def test_a_join_is_seen_and_undone_on_the_page(
    company: tuple[Company, str, str], page: Page
) -> None:
    vendor, gateway, console = company
    begin_ms = time.time_ns() // 1_000_000 - 200_000
    told = itertools.count()

    def happens(kind: str, after_s: int, **data: object) -> None:
        call = vendor.event(kind, f"e{next(told)}", begin_ms + 1_000 * after_s, data)
        url = f"{gateway}/v1/in/company"
        with urlopen(Request(url, call.body, dict(call.headers)), timeout=10) as answer:  # noqa: S310
            assert answer.status == 200

    def says(number: int, after_s: int, channel: str, by: str, **data: object) -> None:
        happens(
            "message.posted", after_s, channel=channel, conversation={"source": "company", "id": channel},
            message_id=f"m{number}", direction="inbound" if by == "customer" else "outbound",
            actor={"kind": by, "id": "zoe" if by == "agent" else None}, **data,
        )  # fmt: skip

    user = {"kind": "user", "value": "ada", "trust": "asserted"}
    phone = {"kind": "phone", "value": "+33612345678", "trust": "curated"}
    says(1, 0, "chat", "customer", identifiers=[user])
    says(2, 5, "chat", "agent")
    says(3, 60, "whatsapp", "customer", identifiers=[phone])
    happens("identity.linked", 90, channel="web", rel="same", by="crm", identifiers=[user, phone])

    def known(join: bool) -> Any:
        for _ in range(150):
            answer = page.request.get(f"{console}/v1/identity?user=ada")
            if answer.ok and bool(answer.json()["joins"]) is join and answer.json()["journeys"]:
                return answer.json()
            time.sleep(0.2)
        raise AssertionError("the join never came")

    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{console}/journeys/{known(True)['journeys'][0]}")
    expect(page.locator("#thread .remark.plain")).to_contain_text("Chat → WhatsApp: own choice")
    expect(page.locator("#conversations")).to_contain_text("it came while this need was open")
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.get_by_role("button", name="Undo this join").click()
    page.get_by_role("button", name="Undo this join").click()
    expect(page.get_by_text("Say first who asks")).to_be_visible()
    page.get_by_label("Your name").fill("zoe")
    page.get_by_role("button", name="Undo this join").press("Enter")
    expect(page.get_by_text("Done: they are two persons again.")).to_be_visible(timeout=20_000)
    assert known(False)["apart"]
    page.get_by_role("button", name="Close").press("Enter")
    expect(page.locator("#person")).to_contain_text("Not to be joined with")
    page.get_by_text("Join with…").click()
    page.locator("input[name=who]").fill("+33699999999")
    page.locator("input[name=who]").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nobody is known by that identifier")
    page.locator("input[name=who]").fill(phone["value"])
    page.locator("input[name=who]").press("Enter")
    page.get_by_role("button", name="Join them").click()
    expect(page.get_by_text("Done: they are one person now.")).to_be_visible(timeout=20_000)
    assert [error for error in errors if "404" not in error] == []


def test_with_tokens_a_stranger_must_log_in(redis_server: RedisServer, page: Page) -> None:
    served = Served(redis_server, ("open sesame",))
    try:
        page.goto(served.url)
        expect(page).to_have_url(f"{served.url}/login?next=%2F")
        page.get_by_label("Token").fill("open barley")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_contain_text("not one of the console’s tokens")
        page.get_by_label("Token").fill("open sesame")
        page.get_by_role("button").click()
        expect(page.locator("#status")).to_contain_text("live")
        assert page.request.get(f"{served.url}/v1/kpis", headers={"Cookie": ""}).status == 401
        # A session that ends while the page is open: log in, and be where one was.
        page.goto(f"{served.url}/?window=24h")
        expect(page.locator("#status")).to_contain_text("live")
        page.context.clear_cookies()
        expect(page).to_have_url(f"{served.url}/login?next=%2F%3Fwindow%3D24h")
        page.get_by_label("Token").fill("open sesame")
        page.get_by_role("button").click()
        expect(page).to_have_url(f"{served.url}/?window=24h")
    finally:
        served.stop()


HOSTILE = "<img src=x onerror=document.title='run'>"


def test_what_customers_and_vendors_write_stays_text(served: Served, page: Page) -> None:
    """Names, words, notes, topics, agents, teams and ids, on every page that shows them."""
    world = Keeping()
    user, zoe = (Identifier("user", HOSTILE, "asserted"),), Actor("agent", HOSTILE)
    said = {"text": HOSTILE, "name": HOSTILE}
    for number, channel in enumerate(("chat", "whatsapp")):
        for direction, actor in (("inbound", Actor("customer")), ("outbound", zoe)):
            world.now += MINUTE
            world.event(
                MessagePosted, channel=channel, conversation=f"{HOSTILE}{number}", actor=actor,
                message_id=f"{direction}{number}", direction=direction, personal=said,
                identifiers=user if direction == "inbound" else (),
            )  # fmt: skip
    open_one = {"channel": "whatsapp", "conversation": f"{HOSTILE}1", "actor": zoe}
    note = {"note": HOSTILE}
    world.event(ConversationUpdated, topic=HOSTILE, note=True, personal=note, **open_one)
    world.event(
        TransferReported, kind="blind", phase="started", to=Party(agent=HOSTILE, team=HOSTILE),
        **open_one,
    )  # fmt: skip
    world.now += MINUTE
    world.event(
        MessagePosted, channel="whatsapp", conversation=f"{HOSTILE}1", message_id="last",
        direction="inbound", identifiers=user, personal=said,
    )  # fmt: skip
    served.run(served.keep(world))
    journey = world.asserted(JourneyOpened)[-1]
    for path, where in (
        ("/", "#transfers"),
        (f"/journeys/{journey.journey}", "#title"),
        (f"/journeys/{journey.journey}", "#story"),
        (f"/journeys/{journey.journey}", "#thread"),
        (f"/customers/{journey.customer}", "#title"),
        (f"/customers/{journey.customer}", "#said"),
        (f"/customers/{journey.customer}", "#notes"),
    ):
        page.goto(f"{served.url}{path}")
        expect(page.locator(where)).to_contain_text("src=x onerror")
        assert page.locator("img").count() == 0 and page.title() != "run"


def test_a_caller_is_looked_up_from_any_page(served: Served, page: Page) -> None:
    from tests.story import answers

    world = Keeping()
    world.event(
        MessagePosted, channel="sms", conversation="s1", message_id="m1", direction="inbound",
        identifiers=(Identifier("phone", "+33612345678", "asserted"),),
        personal={"text": "Where is my parcel?", "name": "Ada Martin"},
    )  # fmt: skip
    world.now += MINUTE
    answers(world, "chat", "c9")
    served.run(served.keep(world))
    page.goto(served.url)
    field, alert = page.get_by_role("searchbox"), page.locator(".lookup [role=alert]")
    for wrong, sentence in (
        ("06 12 34 56 78", "Write the number with + and its country"),
        ("+33 6 99 99 99 99", "Nobody is known by that identifier"),
    ):
        field.fill(wrong)
        field.press("Enter")
        expect(alert).to_contain_text(sentence)
        expect(field).to_be_focused()
    field.fill("+33 6 12 34 56 78")
    field.press("Enter")
    expect(page.locator("h1")).to_have_text("Ada Martin")
    expect(page.locator("#said")).to_contain_text("Where is my parcel?")
    expect(page.locator("#state")).to_contain_text("waiting for")
    page.locator("#open a").click()
    expect(page.locator("#story")).to_contain_text("Customer wrote on SMS")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Ada Martin")


def test_the_board_keeps_the_focus_while_it_redraws(served: Served, page: Page) -> None:
    from tests.story import writes

    world = Keeping()
    writes(world)
    served.run(served.keep(world))
    page.goto(served.url)
    waits = page.locator("#waiters a")
    expect(waits).to_have_count(1)
    waits.focus()
    href = waits.get_attribute("href")
    world.event(
        MessagePosted, world.now - MINUTE, channel="email", conversation="c2", message_id="m2",
        direction="inbound", identifiers=(Identifier("user", "bob", "asserted"),),
    )  # fmt: skip
    served.run(served.keep(world))
    expect(page.locator("#waiters a")).to_have_count(2)
    # Who has waited longer stands above now; the focus is still on whom it was on.
    expect(page.locator("#waiters a").nth(1)).to_be_focused()
    assert page.locator("#waiters a").nth(1).get_attribute("href") == href
    page.get_by_role("link", name="last 24 hours").press("Enter")
    expect(page).to_have_url(f"{served.url}/?window=24h")
    expect(page.get_by_role("link", name="last 24 hours")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("link", name="last hour")).to_have_attribute("aria-current", "true")


def test_a_page_that_loses_its_server_says_of_when_it_is(served: Served, page: Page) -> None:
    from tests.story import writes

    world = Keeping()
    writes(world)
    served.run(served.keep(world))
    page.goto(served.url)
    expect(page.locator("#waiting")).to_have_text("1")
    page.route("**/v1/**", lambda route: route.abort())
    expect(page.locator("#status")).to_contain_text(
        "The console does not answer. What you see is of"
    )
    waited = page.locator("#longest").inner_text()
    page.wait_for_timeout(2_200)
    expect(page.locator("#longest")).to_have_text(waited)
    page.unroute("**/v1/**")
    expect(page.locator("#status")).to_contain_text("live")
    expect(page.locator("#longest")).not_to_have_text(waited)


def test_what_is_not_there_is_a_sentence_and_a_way_on(served: Served, page: Page) -> None:
    for path in ("/journeys/nope.1", "/kpis/luck", "/customers/nobody-0"):
        page.goto(f"{served.url}{path}")
        expect(page.locator("h1")).to_have_text("Not found")
        expect(page.locator("main").get_by_role("alert")).to_contain_text(re.compile("no|Nobody"))
        expect(page.locator("main .card")).to_have_count(0)
    page.get_by_role("link", name="To the scorecard").click()
    expect(page).to_have_title("Scorecard · Filrouge")


def test_the_sum_of_what_a_figure_opens_into_is_the_figure(served: Served, page: Page) -> None:
    from tests.story import answers, writes
    from tests.world import who

    world = Keeping()
    for number, minutes in enumerate((1, 2, 6)):
        user = who(f"ada-{number}")
        writes(world, conversation=f"c{number}", who=user)
        world.now += minutes * MINUTE
        answers(world, conversation=f"c{number}")
    served.run(served.keep(world))
    page.goto(f"{served.url}/kpis/first_reply_time?window=4h")
    expect(page.locator("#value")).to_have_text("3 min")
    expect(page.locator("#count")).to_contain_text("9 min in all ÷ 3 = mean 3 min")
    expect(page.locator("#cycles .amount")).to_have_text(["6 min", "2 min", "1 min"])


def test_on_a_phone_nothing_of_the_thread_is_cut_off(served: Served, page: Page) -> None:
    from tests.story import answers, writes

    world = Keeping()
    for channel in ("telegram", "instagram"):
        writes(world, channel)
        world.now += 5_000
    answers(world, "instagram")
    for agent in ("zoe", "yan", "zoe", "yan", "zoe"):
        world.event(
            AssignmentChanged, channel="instagram", conversation="instagram-1",
            to=Party(agent=agent), actor=Actor("system"),
        )  # fmt: skip
    served.run(served.keep(world))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{served.url}/journeys/{world.asserted(JourneyOpened)[0].journey}")
    remark = page.locator("#thread .remark", has_text="Telegram → Instagram: own choice")
    expect(remark).to_be_attached()
    word, drawn = remark.bounding_box(), page.locator("#thread .across svg").bounding_box()
    assert word and drawn and word["x"] + word["width"] <= drawn["x"] + drawn["width"]
    last = page.locator("#thread .passed").last.bounding_box()
    assert last and last["x"] + last["width"] <= drawn["x"] + drawn["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.goto(f"{served.url}/customers/{world.asserted(JourneyOpened)[0].customer}")
    expect(page.locator("#open a")).to_have_text("Telegram → Instagram")


def test_a_journey_over_two_days_names_each_day_once(served: Served, page: Page) -> None:
    from tests.story import answers, writes

    world = Keeping()
    world.now -= 26 * HOUR
    for channel in ("chat", "whatsapp", "email", "voice", "messenger"):
        for _ in range(6):
            world.now += 2 * MINUTE
            writes(world, channel, personal={"text": "Where is my order?"})
            world.now += MINUTE
            answers(world, channel)
        world.now += 5 * HOUR
    served.run(served.keep(world))
    page.goto(f"{served.url}/journeys/{world.asserted(JourneyOpened)[0].journey}")
    expect(page.locator("#thread .lane-name")).to_have_count(5)
    drawn, room = (
        page.locator(f"#thread {part}").bounding_box() for part in (".across svg", ".across")
    )
    assert drawn and room and drawn["width"] >= room["width"] > 1_000
    days = page.locator("#story .day").all_inner_texts()
    assert 2 <= len(days) <= 3 and len(set(days)) == len(days)
