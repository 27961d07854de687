"""Front: an event a thing, each with the conversation as it then stands; one answer gives an
`outbound`, an `assign` by itself, and where it was archived a `reopen` or an `archive`.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.cases.vendors.lives import Hook, becomes

ZOE = {"id": "tea_31", "username": "zoe", "type": "user"}
YAN = {"id": "tea_32", "username": "yan", "type": "user"}
RULE = {"_meta": {"type": "rule"}, "data": {"id": "rul_1", "name": "Round robin"}}
NAMES = {"agents": {"tea_31": "zoe", "tea_32": "yan"}}
_numbers = itertools.count(1)


def told(name: str, kind: str, by: Any = None, holder: Any = None, target: Any = None,
         status: str = "") -> Hook:  # fmt: skip
    number = next(_numbers)
    inbox = {"_meta": {"type": "inboxes"}, "data": [{"id": "inb_1", "type": "smtp"}]}
    source = {"_meta": {"type": "teammate"}, "data": by} if by and by is not RULE else by or inbox

    def hook(at_ms: int) -> dict[str, Any]:
        if target and "is_inbound" in target["data"]:
            target["data"]["created_at"] = at_ms / 1_000
        recipient = {"handle": "ada@example.com", "name": "Ada", "role": "from", "_links": {
            "related": {"contact": "https://acme.api.frontapp.com/contacts/crd_7"}}}  # fmt: skip
        return {
            "type": name, "authorization": {"id": "cmp_1"},
            "payload": {
                "id": f"evt_{number}", "type": kind, "emitted_at": at_ms / 1_000,
                "conversation": {
                    "id": "cnv_55", "subject": "Lamp", "assignee": holder, "tags": [],
                    "status": status or ("assigned" if holder else "unassigned"),
                    "recipient": recipient, "last_message": {"type": "email"},
                },
                "source": source, **({"target": target} if target else {}),
            },
        }  # fmt: skip

    return hook


def says(by: Any, words: str, holder: Any = None, status: str = "") -> Hook:
    message = {
        "id": f"msg_{next(_numbers)}", "type": "email", "is_inbound": by is None, "text": words,
        "subject": "Lamp", "author": by, "is_draft": False,
        "recipients": [{"handle": "ada@example.com", "role": "to" if by else "from"}],
    }  # fmt: skip
    target = {"_meta": {"type": "message"}, "data": message}
    name, kind = ("outbound_sent", "out_reply") if by else ("inbound_received", "inbound")
    return told(name, kind, by, holder, target, status)


def given(by: Any, to: Any) -> Hook:
    target = {"_meta": {"type": "teammate"}, "data": to}
    return told("assignee_changed", "assign", by, to, target)


def notes(by: Any, words: str, holder: Any) -> Hook:
    comment = {"id": f"com_{next(_numbers)}", "body": words, "author": by}
    return told(
        "new_comment_added", "comment", by, holder, {"_meta": {"type": "comment"}, "data": comment}
    )


def state(name: str, kind: str, by: Any, holder: Any) -> Hook:
    return told(
        f"conversation_{name}", kind, by, holder, None, "archived" if kind == "archive" else ""
    )


def test_a_mail_that_is_passed_on_archived_and_comes_back() -> None:
    life = [
        ("0:00", says(None, "My lamp does not light.")),
        ("0:01", given(RULE, ZOE)),
        ("20:00", says(ZOE, "Which model?", ZOE)),
        ("20:00", state("archived", "archive", ZOE, ZOE)),
        ("50:00", says(None, "The small one.", ZOE)),
        ("50:00", state("reopened", "reopen", None, ZOE)),
        ("55:00", notes(ZOE, "She is angry. @yan", ZOE)),
        ("60:00", given(ZOE, YAN)),
        ("80:00", says(YAN, "A new one is on its way.", YAN)),
        ("81:00", state("archived", "archive", YAN, YAN)),
        ("25:00:00", says(None, "It is broken again.", YAN)),
        ("25:00:00", state("reopened", "reopen", None, YAN)),
        ("25:30:00", says(YAN, "You get your money back.", YAN)),
        ("25:31:00", state("archived", "archive", YAN, YAN)),
    ]
    becomes("front", life, """
        0:00 email opened by customer
        20:00 first reply by zoe after 20:00
        20:00 resolved
        50:00 reopened
        1:00:00 blind transfer zoe → yan: successful
        1:20:00 first reply by yan after 30:00
        1:21:00 resolved
        25:00:00 reopened
        25:30:00 first reply by yan after 30:00
        25:31:00 resolved
        said: agent 3, customer 3, notes 1
    """, **NAMES)  # fmt: skip


def test_moved_to_another_inbox_where_yan_takes_it() -> None:
    inbox = {"_meta": {"type": "inbox"}, "data": {"id": "inb_2", "type": "smtp"}}
    life = [
        ("0:00", says(None, "My lamp does not light.")),
        ("5:00", given(ZOE, ZOE)),
        ("20:00", told("conversation_moved", "move", ZOE, None, inbox)),
        ("30:00", given(YAN, YAN)),
        ("40:00", says(YAN, "A new one is on its way.", YAN)),
        ("41:00", state("archived", "archive", YAN, YAN)),
    ]
    becomes("front", life, """
        0:00 email opened by customer
        20:00 queue transfer zoe → yan: successful
        40:00 first reply by yan after 40:00
        41:00 resolved
        said: agent 1, customer 1
    """, **NAMES)  # fmt: skip


# Calls ----------------------------------------------------------------------------------------


def call(kind: str, who: Any = None, into: str = "inb_7") -> Hook:
    inbox = {"_meta": {"type": "inbox"}, "data": {"id": into, "type": "call"}}
    teammate = {"_meta": {"type": "teammate"}, "data": who}
    hook = told(f"call_{kind}", f"call_{kind}", None, who, teammate if who else inbox)

    def numbered(at_ms: int) -> Any:
        body = hook(at_ms)
        body["payload"]["conversation"]["recipient"]["handle"] = "+12125550107"
        body["payload"]["source"] = inbox
        return body

    return numbered


CALLED = [("0:00", call("started")), ("0:10", call("queued"))]


def test_a_call_that_is_taken_held_and_hung_up() -> None:
    life = [
        *CALLED,
        ("0:20", call("missed", YAN)),
        ("0:40", call("connected", ZOE)),
        ("2:00", call("on_hold", ZOE)),
        ("2:30", call("resumed", ZOE)),
        ("5:00", call("hangup", ZOE)),
    ]
    becomes("front", life, """
        0:10 voice opened by customer
        0:40 waited 0:30 in inb_7: answered
        5:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


@pytest.mark.parametrize(
    ("end", "told_of_it"),
    [("abandoned", "gave up after 1:50 in inb_7"), ("missed", "waited 1:50 in inb_7: timeout")],
)
def test_a_call_that_nobody_takes(end: str, told_of_it: str) -> None:
    life = [*CALLED, ("2:00", call(end))]
    expected = f"0:10 voice opened by customer\n2:00 {told_of_it}\nsaid: nothing"
    becomes("front", life, expected, **NAMES)


def test_a_call_that_is_passed_on() -> None:
    life = [
        *CALLED,
        ("0:40", call("connected", ZOE)),
        ("3:00", call("transferred", YAN)),
        ("3:00", call("connected", YAN)),
        ("5:00", call("hangup", YAN)),
    ]
    becomes("front", life, """
        0:10 voice opened by customer
        0:40 waited 0:30 in inb_7: answered
        3:00 blind transfer zoe → yan: successful
        5:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip
