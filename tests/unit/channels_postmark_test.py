"""What Postmark's bodies mean."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from schemas.common import Identifier, Ref
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.postmark import Postmark
from tests.conformance.vendors import NOW_MS
from tests.conformance.vendors.postmark import (
    AT,
    BODIES,
    SENT,
    bounce,
    inbound,
    suppressed,
)
from tests.conformance.vendors.postmark import (
    read as record_read,
)

URL = "https://hooks.example.com/v1/in/pm"


def read(body: dict[str, Any], **options: str) -> Parsed:
    request = Request("POST", URL, {}, orjson.dumps(body), NOW_MS + 900)
    return Postmark().parse(request, SourceConfig("pm", "postmark", "acme", options=options))


def only(body: Any, **options: str) -> Any:
    [found] = read(body, **options).events
    return found


def test_the_password_of_the_url_is_the_secret() -> None:
    source = SourceConfig("pm", "postmark", "acme", ("long-random",))
    for login, accepted in (("any:long-random", True), ("long-random:", False), ("any:x", False)):
        basic = base64.b64encode(login.encode()).decode()
        request = Request("POST", URL, {"authorization": f"Basic {basic}"}, b"{}", NOW_MS)
        assert (Postmark().verify(request, source) is None) is accepted


@pytest.mark.parametrize(
    ("name", "status", "trust", "reason"),
    [
        ("delivery", "delivered", "network", None),
        ("open", "opened", "network", None),
        ("click", "clicked", "network", None),
        ("hard bounce", "bounced", "claimed", "HardBounce 550 <…> no such user"),
        ("bounce in the old form", "bounced", "claimed", "HardBounce 550 <…> no such user"),
        ("soft bounce", "failed", "claimed", "SoftBounce 550 <…> no such user"),
        ("tried again", "deferred", "claimed", "Transient 550 <…> no such user"),
        ("blocked", "failed", "claimed", "Blocked 550 <…> no such user"),
        ("suppressed after a bounce", "bounced", "claimed", "HardBounce"),
    ],
)
def test_receipts(name: str, status: str, trust: str, reason: str | None) -> None:
    found = only(BODIES[name][0])
    assert (found.status, found.reason, found.message_id) == (status, reason, SENT)
    assert found.identifiers == (Identifier("email", "zoe@example.com", trust),)  # type: ignore[arg-type]
    assert found.conversation.id == SENT
    assert found.time_ms == times.iso(AT) and not found.estimated


def test_what_is_told_twice_is_one() -> None:
    bounces = [only(BODIES[name][0]) for name in ("hard bounce", "suppressed after a bounce")]
    assert bounces[0].id == bounces[1].id
    names = ("complaint", "complaint as a bounce", "suppressed after a complaint")
    assert len({only(BODIES[name][0]).id for name in names}) == 1


def test_what_happens_again_is_another() -> None:
    first = only(BODIES["open"][0])
    later = only({**record_read("Open"), "ReceivedAt": "2026-09-21T11:13:20.3963933-04:00"})
    assert first.id != later.id
    other = only(record_read("Click", OriginalLink="https://shop.example/p"))
    assert other.id != only(BODIES["click"][0]).id
    assert only(bounce("Transient", 2, ID=1)).id != only(bounce("Transient", 2, ID=2)).id
    again = {**suppressed("ManualSuppression"), "ChangedAt": "2026-10-21T10:13:20Z"}
    assert only(again).id != only(suppressed("ManualSuppression")).id


@pytest.mark.parametrize(
    ("name", "purpose", "state"),
    [
        ("unsubscribed", "marketing", "denied"),
        ("unsubscribed by mail", "marketing", "denied"),
        ("subscribed", "marketing", "granted"),
        ("subscribed by mail", "marketing", "granted"),
        ("complaint", "all", "denied"),
    ],
)
def test_consent(name: str, purpose: str, state: str) -> None:
    found = only(BODIES[name][0])
    assert (found.purpose, found.state, found.consent_channel) == (purpose, state, "email")


def test_an_out_of_office_note_is_no_act() -> None:
    found = only(BODIES["out of office"][0])
    assert (found.automated, found.direction, found.in_reply_to) == ("auto_reply", "inbound", SENT)
    assert found.personal == {"text": "Back on Monday."}


def test_an_answer_joins_the_mail_that_it_answers() -> None:
    sent, answer = only(BODIES["delivery"][0]), only(BODIES["answer"][0])
    assert answer.conversation == sent.conversation and answer.in_reply_to == sent.message_id
    told = only(BODIES["of a thread of ours"][0], tickets="desk")
    assert told.conversation.id == "m-1@mail.home.example"
    assert told.refs == (Ref("ticket", "77", "desk"),)


def test_the_hash_of_the_address_is_a_reference_as_it_was_written() -> None:
    assert only(BODIES["mail to a hash"][0], tickets="desk").refs == (
        Ref("ticket", "Order-7", "desk"),
    )
    bare = inbound(OriginalRecipient="451d9b70cf+Order-7@inbound.postmarkapp.com")
    assert only(bare).refs == (Ref("ticket", "Order-7"),)
    assert only(BODIES["mail"][0]).refs == ()


def test_with_and_without_its_source_a_mail_is_one() -> None:
    plain, raw = only(BODIES["mail"][0]), only(BODIES["mail with its source"][0])
    assert plain.id == raw.id
    assert plain.personal == raw.personal == {
        "text": "It does not light.", "subject": "My lamp is broken", "name": "Zoé Marchand"
    }  # fmt: skip
    assert only(inbound(StrippedTextReply="It is dark.")).personal["text"] == "It is dark."
    assert only(BODIES["mail of an attachment alone"][0]).personal["text"] == "[lamp.png]"


def headers(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {**inbound(), "Headers": [{"Name": name, "Value": value} for name, value in pairs]}


RECEIVED = ("Received", "from mail.home.example by inbound.postmarkapp.com")


@pytest.mark.parametrize(
    ("pairs", "trust"),
    [
        ([("Return-Path", "<zoe@example.com>"), RECEIVED, ("X-Spam-Tests", "SPF_PASS")], "network"),
        ([RECEIVED, ("X-Spam-Tests", "DKIM_VALID,DKIM_VALID_AU")], "network"),
        ([RECEIVED, ("X-Spam-Tests", "DKIM_VALID")], "claimed"),
        ([RECEIVED, ("Received-SPF", "Pass (ok) envelope-from=zoe@example.com; x")], "network"),
        ([RECEIVED, ("Received-SPF", "Pass (ok) envelope-from=x@evil.example; x"),
          ("Return-Path", "<zoe@example.com>")], "claimed"),
        ([RECEIVED, ("X-Spam-Tests", "SPF_PASS"), ("Return-Path", "<zoe@example.com>")], "claimed"),
        ([RECEIVED, ("X-Spam-Tests", "SPF_FAIL"), ("X-Spam-Tests", "DKIM_VALID_AU")], "claimed"),
        ([RECEIVED, ("Received-SPF", "Softfail envelope-from=zoe@example.com"),
          ("X-Spam-Tests", "SPF_PASS")], "claimed"),
    ],
)  # fmt: skip
def test_postmarks_own_verdict_is_believed(pairs: list[tuple[str, str]], trust: str) -> None:
    assert only(headers(*pairs)).identifiers[0].trust == trust


def test_without_a_way_back_it_is_automatic() -> None:
    assert only(headers(("Return-Path", "<>"), RECEIVED)).automated == "auto_reply"
    assert (
        only(headers(RECEIVED, ("Received-SPF", "None envelope-from=<>;"))).automated
        == "auto_reply"
    )
    assert only(headers(RECEIVED)).automated == "no"


@pytest.mark.parametrize("suppressed", [None, "true", 1])
def test_a_subscription_that_does_not_say_how_it_changed_is_no_consent(suppressed: Any) -> None:
    body = {**BODIES["unsubscribed"][0], "SuppressSending": suppressed}  # type: ignore[dict-item]
    assert read(body).code == "malformed"
