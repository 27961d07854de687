"""The mail services: who answers sends a blind copy; receipts come in any order, and again."""

from __future__ import annotations

from typing import Any

import pytest

from streams.demo.cast import AGENTS, person
from streams.demo.traffic.mailgun import Domain
from streams.demo.traffic.postmark import Server
from streams.demo.traffic.sendgrid import Mails
from tests.cases.vendors.lives import Hook, becomes

ADA = person(7)
ZOE, YAN, *_ = AGENTS
SERVICES: dict[str, Any] = {
    "mailgun": Domain("mailgun", "s"),
    "postmark": Server("postmark", "s"),
    "sendgrid": Mails("sendgrid"),
}


def receipts(service: Any, mail: str) -> list[Hook]:
    match service:
        case Server():
            return [
                lambda at: service.delivered(mail, ADA, at),
                lambda at: service.opened(mail, ADA, at),
            ]
        case Domain():
            kinds = ("accepted", "delivered", "opened")
        case _:
            kinds = ("processed", "delivered", "open")
    return [lambda at, kind=kind: service.event(kind, mail, ADA, at) for kind in kinds]


@pytest.mark.parametrize("vendor", SERVICES)
def test_two_agents_answer_and_the_customer_comes_back(vendor: str) -> None:
    service = SERVICES[vendor]

    def mail(ident: str, words: str, answers: str = "", agent: Any = None) -> Hook:
        to = f"{answers}@mail.home.example" if answers else ""
        subject = "Re: Lamp" if answers else "Lamp"
        return lambda at: service.inbound(ident, ADA, subject, words, at, to, agent)

    life = [
        ("0:00", mail("m1", "My lamp does not light.")),
        ("20:00", mail("m2", "Which model?", "m1", ZOE)),
        *[("20:01", hook) for hook in receipts(service, "m2")],
        ("50:00", mail("m3", "The small one.", "m2")),
        ("80:00", mail("m4", "A new one is on its way.", "m3", YAN)),
        ("25:00:00", mail("m5", "It is broken again.", "m4")),
    ]
    becomes(vendor, life, """
        0:00 email opened by customer
        20:00 first reply by agent-501@acme.example after 20:00
        1:20:00 next reply by agent-502@acme.example after 30:00
        25:00:00 waits for an answer
        said: agent 2, customer 3
    """, options={"ours": "acme.example"})  # fmt: skip
