"""Who is who on the page: a caller is looked up, a join is seen and undone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from schemas.common import Identifier
from schemas.events import MessagePosted
from streams.demo.embedded import Embedded
from streams.demo.processes import Processes
from streams.demo.run import make_topics, send_policy
from streams.demo.setup import Addresses, addresses, settings_file, sources
from streams.demo.traffic.cloudevents import Company
from tests.browser.served import Keeping, Served
from tests.story import answers
from tests.world import MINUTE

pytestmark = pytest.mark.servers


def test_a_caller_is_looked_up_from_any_page(served: Served, page: Page) -> None:
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
