"""A journey's page in Chromium: the thread, and what is concluded beside it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from schemas.common import Actor, Party
from schemas.events import AssignmentChanged
from schemas.facts import JourneyOpened
from tests.browser.served import Keeping, Served
from tests.story import answers, writes
from tests.world import HOUR, MINUTE

pytestmark = pytest.mark.servers


def test_what_was_said_before_a_correction_stands_quietly_beside_what_holds(
    served: Served, page: Page
) -> None:
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


def test_on_a_phone_nothing_of_the_thread_is_cut_off(served: Served, page: Page) -> None:
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
    world = Keeping()
    world.now -= 32 * HOUR
    for channel in ("chat", "whatsapp", "email", "voice", "messenger"):
        for _ in range(6):
            world.now += 2 * MINUTE
            writes(world, channel, personal={"text": "Where is my order?"})
            world.now += MINUTE
            answers(world, channel)
        world.now += 6 * HOUR  # 25 hours from first to last act: a midnight at any time of day
    served.run(served.keep(world))
    page.goto(f"{served.url}/journeys/{world.asserted(JourneyOpened)[0].journey}")
    expect(page.locator("#thread .lane-name")).to_have_count(5)
    drawn, room = (
        page.locator(f"#thread {part}").bounding_box() for part in (".across svg", ".across")
    )
    assert drawn and room and drawn["width"] >= room["width"] > 1_000
    days = page.locator("#story .day").all_inner_texts()
    assert 2 <= len(days) <= 3 and len(set(days)) == len(days)
