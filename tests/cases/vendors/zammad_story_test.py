"""Zammad: each save of a ticket sends the ticket as it then is, with the article that was added; a
retry is made anew, and shows the state of then.
"""

from __future__ import annotations

import itertools
from typing import Any

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes, ms

NOBODY, ADA, ZOE, YAN = 1, 8, 31, 32
NAMES = {"agents": {"31": "zoe", "32": "yan"}, "places": {"4": "service", "5": "returns"}}
_numbers = itertools.count(1)


def saved(by: int, owner: int, group: int = 4, state: str = "open", words: str = "",
          kind: str = "email", **ticket: Any) -> Hook:  # fmt: skip
    number = next(_numbers)

    def hook(at_ms: int) -> dict[str, Any]:
        article = {
            "id": 900 + number, "ticket_id": 55, "type": kind, "internal": kind == "note",
            "sender": "Customer" if by == ADA else "Agent", "from": "Ada <ada@example.com>",
            "subject": "Lamp", "body": f"<p>{words}</p>", "content_type": "text/html",
            "message_id": f"<{number}@example.com>", "preferences": {}, "attachments": [],
            "created_at": rfc3339(at_ms), "updated_at": rfc3339(at_ms + 80),
            "created_by_id": by, "updated_by_id": by,
        }  # fmt: skip
        shown = {
            "id": 55, "number": "100055", "title": "Lamp", "state": state, "group_id": group,
            "owner_id": owner, "customer_id": ADA, "priority": {"id": 2, "name": "2 normal"},
            "customer": {"id": ADA, "firstname": "Ada", "lastname": "Aubert",
                         "email": "ada@example.com", "created_by_id": NOBODY},
            "create_article_type": "email", "create_article_sender": "Customer",
            "article_count": 3, "created_at": rfc3339(ms("0:00")),
            "updated_at": rfc3339(at_ms + 120), "updated_by_id": by, **ticket,
        }  # fmt: skip
        return {"ticket": shown, "article": article if words else {}}

    return hook


def test_a_mail_that_is_passed_on_closed_and_comes_back() -> None:
    life = [
        ("0:00", saved(ADA, NOBODY, state="new", words="My lamp does not light.", article_count=1)),
        ("5:00", saved(ZOE, ZOE)),
        ("20:00", saved(ZOE, ZOE, state="pending reminder", words="Which model?")),
        ("50:00", saved(ADA, ZOE, words="The small one.")),
        ("55:00", saved(ZOE, ZOE, words="She is angry.", kind="note")),
        ("60:00", saved(ZOE, NOBODY, 5)),
        ("65:00", saved(YAN, YAN, 5)),
        ("80:00", saved(YAN, YAN, 5, "closed", "A new one is on its way.")),
        ("25:00:00", saved(ADA, YAN, 5, words="It is broken again.")),
        ("25:30:00", saved(YAN, YAN, 5, words="You get your money back.")),
        ("25:31:00", saved(YAN, YAN, 5, "closed")),
    ]
    becomes("zammad", life, """
        0:00 email opened by customer
        20:00 first reply by zoe after 20:00
        1:00:00 queue transfer zoe → yan: successful
        1:20:00 next reply by yan after 30:00
        1:20:00 resolved
        25:00:00 reopened
        25:30:00 first reply by yan after 30:00
        25:31:00 resolved
        said: agent 3, customer 3, notes 1
    """, **NAMES)  # fmt: skip
