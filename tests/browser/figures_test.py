"""The figures in Chromium: each opens into what made it."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from schemas.common import Identifier
from schemas.events import MessagePosted
from tests.browser.served import Keeping, Served
from tests.servers.redis import RedisServer
from tests.story import answers, resolves, writes
from tests.world import MINUTE, who

pytestmark = pytest.mark.servers


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


def test_the_sum_of_what_a_figure_opens_into_is_the_figure(served: Served, page: Page) -> None:

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


def test_one_domain_of_several_is_shown_alone(redis_server: RedisServer, page: Page) -> None:
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
