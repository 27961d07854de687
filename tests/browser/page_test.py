"""What holds of every page in Chromium: it keeps up, keeps out, and says what is wrong."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from schemas.common import Actor, Identifier, Party
from schemas.events import ConversationUpdated, MessagePosted, TransferReported
from schemas.facts import JourneyOpened
from streams.settings import Token
from tests.browser.served import Keeping, Served
from tests.servers.redis import RedisServer
from tests.story import answers, writes
from tests.world import MINUTE

pytestmark = pytest.mark.servers


def test_the_page_updates_by_itself_and_opens_a_journey(served: Served, page: Page) -> None:
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


def test_the_board_keeps_the_focus_while_it_redraws(served: Served, page: Page) -> None:
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


def test_what_a_token_may_not_see_is_a_sentence(redis_server: RedisServer, page: Page) -> None:
    served = Served(
        redis_server,
        narrow=(
            Token(name="wall", secret="w", may=("figures",)),
            Token(name="agents", secret="a", may=("customers",)),
        ),
    )
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        world = Keeping()
        writes(world)
        served.run(served.keep(world))
        journey = world.asserted(JourneyOpened)[0].journey
        page.goto(served.url)
        page.get_by_label("Token").fill("w")
        page.get_by_role("button").click()
        expect(page.locator("#waiting")).to_have_text("1")
        page.goto(f"{served.url}/journeys/{journey}")
        expect(page.locator("h1")).to_have_text("Not allowed")
        expect(page.locator("main").get_by_role("alert")).to_contain_text("only for figures")
        page.context.clear_cookies()
        page.goto(f"{served.url}/journeys/{journey}")
        page.get_by_label("Token").fill("a")
        page.get_by_role("button").click()
        expect(page.locator("#thread .lane-name")).to_have_count(1)
        page.goto(served.url)
        expect(page.locator("main").get_by_role("alert")).to_contain_text("only for customers")
        page.wait_for_timeout(1_500)  # nothing on the page goes on
        assert not errors
    finally:
        served.stop()
