"""What Mailgun's bodies mean, and what its signature proves."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.common import Identifier, Ref
from streams.channels.base import Parsed, Rejected, Request, SourceConfig
from streams.channels.mailgun import Mailgun
from streams.demo.traffic.mailgun import Domain
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Form, Raw, wire
from tests.conformance.vendors.mailgun import BODIES, SENT, event, headers, inbound, legacy

URL = "https://hooks.example.com/v1/in/mg"


def read(sample: Any, **options: str) -> Parsed:
    raw = wire(sample)
    request = Request("POST", URL, raw.headers, raw.body, NOW_MS + 900)
    return Mailgun().parse(request, SourceConfig("mg", "mailgun", "acme", options=options))


def only(sample: Any, **options: str) -> Any:
    [found] = read(sample, **options).events
    return found


# The door -----------------------------------------------------------------------------------------


def door(raw: Raw, late_ms: int = 0, *secrets: str) -> Rejected | None:
    request = Request("POST", URL, raw.headers, raw.body, NOW_MS + late_ms)
    return Mailgun().verify(request, SourceConfig("mg", "mailgun", "acme", secrets or (SECRET,)))


def delivered() -> Raw:
    return Raw(Domain("mg", SECRET).event("delivered", "m", WHO, NOW_MS).body, {})


def test_retries_carry_the_first_trys_signature_for_eight_hours() -> None:
    assert door(delivered()) is None
    assert door(delivered(), 8 * 3_600_000) is None
    late, early = door(delivered(), 9 * 3_600_000 + 1), door(delivered(), -301_000)
    assert late is not None and early is not None
    assert {late.code, early.code} == {"stale"}


def test_time_token_and_key_are_covered() -> None:
    for old, new in ((str(NOW_S), str(NOW_S + 1)), ('"token":"', '"token":"a')):
        changed = delivered().body.replace(old.encode(), new.encode(), 1)
        assert door(Raw(changed, {})) is not None
    assert door(delivered(), 0, "another key") is not None
    assert door(delivered(), 0, "another key", SECRET) is None
    assert door(Raw(b'{"signature": {"signature": ""}}', {})) is not None


def test_a_variable_that_is_named_like_the_signature_does_not_hide_it() -> None:
    """Mailgun merges the company's own variables into the form, before its own fields."""
    call = Domain("mg", SECRET).inbound("m", WHO, "s", "hello", NOW_MS)
    assert door(Raw(b"token=mine&signature=mine&timestamp=1&" + call.body, {})) is None


def test_a_subaccount_is_vouched_for_by_its_main_account() -> None:
    body = delivered().body.replace(b'"signature":{', b'"parent-signature":{', 1)
    assert door(Raw(body, {})) is None


# Events -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "trust", "reason"),
    [
        ("accepted", "queued", "claimed", None),
        ("rejected", "failed", "claimed", "Sandbox"),
        ("delivered", "delivered", "network", None),
        ("failed for good", "bounced", "claimed", "bounce 550 <…> unknown"),
        ("failed for now", "deferred", "claimed", "greylisted 450 later"),
        ("not tried", "failed", "claimed", "suppress-bounce Not delivering"),
        ("opened", "opened", "network", None),
        ("clicked", "clicked", "network", None),
        ("form: delivered", "delivered", "network", None),
        ("form: bounced", "bounced", "claimed", "5.1.1 smtp;550 <…> not found"),
        ("form: dropped", "failed", "claimed", "605 Not delivering"),
        ("form: opened", "opened", "network", None),
    ],
)
def test_receipts(name: str, status: str, trust: str, reason: str | None) -> None:
    found = only(BODIES[name][0])
    assert (found.status, found.reason, found.message_id) == (status, reason, SENT)
    assert found.identifiers == (Identifier("email", "zoe@example.com", trust),)  # type: ignore[arg-type]
    assert found.conversation.id == SENT and not found.estimated


@pytest.mark.parametrize(
    "name", ["unsubscribed", "form: unsubscribed", "complained", "form: complained"]
)
def test_consent(name: str) -> None:
    found = only(BODIES[name][0])
    purpose = "all" if "complained" in name else "marketing"
    assert (found.purpose, found.state, found.consent_channel) == (purpose, "denied", "email")


def test_an_events_id_is_unique_within_a_day_only() -> None:
    first, later = event("opened"), event("opened", timestamp=NOW_S + 90_000)
    assert only(first).id == only(event("opened")).id
    assert only(first).id != only(later).id


def test_two_clicks_are_two_though_all_else_is_equal() -> None:
    nobody: dict[str, Any] = {"id": None, "timestamp": NOW_S}
    first = event("clicked", url="https://shop.example/a", **nobody)
    assert only(first).id != only(event("clicked", url="https://shop.example/b", **nobody)).id
    assert only(legacy("clicked", token="a" * 50)).id != only(legacy("clicked", token="b" * 50)).id
    assert (
        only(legacy("delivered", token="a" * 50)).id == only(legacy("delivered", token="b" * 50)).id
    )


def test_an_odd_message_id_is_the_same() -> None:
    plain = {**legacy("opened").fields, "message-id": SENT}
    del plain["Message-Id"]  # type: ignore[misc]
    assert only(Form(plain)).message_id == SENT
    named = {**legacy("delivered").fields, "message-headers": f'[["Message-Id", "<{SENT}>"]]'}
    del named["Message-Id"]  # type: ignore[misc]
    assert only(Form(named)).message_id == SENT


def test_a_form_without_time_or_token_is_known_again() -> None:
    bare = {"event": "clicked", "recipient": "zoe@example.com", "url": "https://shop.example/o"}
    assert only(bare).id == only(Form(bare)).id
    assert only(bare).id != only({**bare, "url": "https://shop.example/p"}).id


def test_a_form_that_is_taken_for_json_is_read_alike() -> None:
    form = inbound().fields
    assert only(dict(form)).id == only(Form(form)).id


# Mails --------------------------------------------------------------------------------------------


def test_their_cut_is_believed_and_made_up_for() -> None:
    assert only(BODIES["mail"][0]).personal["text"] == "It does not light."
    assert only(inbound(stripped_text="")).personal["text"] == "It does not light."
    assert only(BODIES["whole mail"][0]).personal["text"] == "It does not light…"
    assert only(BODIES["mail with a file"][0]).personal["text"] == "[lamp.png]"
    assert only(BODIES["mail as it was stored"][0]).personal["text"] == "[lamp.png]"
    assert (
        only({"message-headers": "[]", "attachment-count": "2"}).personal["text"] == "[file, file]"
    )


def test_whole_parsed_and_stored_mails_are_one() -> None:
    found = [only(BODIES[name][0]) for name in ("mail", "whole mail", "stored")]
    assert len({one.id for one in found}) == 1
    assert {one.conversation.id for one in found} == {"m-1@mail.home.example"}


def test_an_answer_joins_the_mail_that_it_answers() -> None:
    sent, answer = only(BODIES["delivered"][0]), only(BODIES["answer"][0])
    assert answer.conversation == sent.conversation and answer.in_reply_to == sent.message_id
    told = only(BODIES["of a thread of ours"][0], tickets="desk")
    assert told.conversation.id == "m-1@mail.home.example"
    assert told.refs == (Ref("ticket", "77", "desk"),)


def test_a_mail_without_headers_has_its_sender_from_the_form() -> None:
    found = only(BODIES["mail without headers"][0])
    assert found.identifiers == (Identifier("email", "zoe@example.com", "claimed"),)
    assert found.time_ms == NOW_MS and not found.estimated


@pytest.mark.parametrize(
    ("changed", "trust"),
    [
        ({}, "network"),
        ({"x-mailgun-dkim-check-result": ""}, "network"),  # by the envelope
        ({"x-mailgun-dkim-check-result": "Fail", "x-mailgun-spf": "Neutral"}, "claimed"),
        ({"x-mailgun-spf": "", "x-mailgun-spam-rules": ""}, "network"),  # one signer, the author's
        ({"x-mailgun-spf": "", "dkim-signature": "v=1; d=evil.example;", "x-mailgun-spam-rules": ""}, "claimed"),
    ],
)  # fmt: skip
def test_mailguns_own_verdict_is_believed(changed: dict[str, str], trust: str) -> None:
    found = only(inbound(message_headers=headers(**changed)))
    assert found.identifiers[0].trust == trust


def test_a_verdict_that_the_sender_wrote_is_not() -> None:
    forged = headers(
        ["X-Mailgun-Spf", "Pass"],
        ["X-Mailgun-Dkim-Check-Result", "Pass"],
        ["X-Mailgun-Spam-Rules", "DKIM_VALID_AU"],
        **{"x-mailgun-spf": "", "x-mailgun-dkim-check-result": "", "x-mailgun-spam-rules": ""},
    )
    assert only(inbound(message_headers=forged)).identifiers[0].trust == "claimed"
    two = headers(["Dkim-Signature", "v=1; d=evil.example;"],
                  **{"x-mailgun-spf": "", "x-mailgun-spam-rules": ""})  # fmt: skip
    assert only(inbound(message_headers=two)).identifiers[0].trust == "claimed"


@pytest.mark.parametrize(
    ("severity", "status"),
    [("temporary", "deferred"), ("permanent", "bounced"), (None, "failed"), ("odd", "failed")],
)
def test_only_what_was_refused_for_good_has_bounced(severity: str | None, status: str) -> None:
    assert only(event("failed", severity=severity, reason="generic")).status == status
