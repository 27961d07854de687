"""What SendGrid's bodies mean, and to whom its door opens."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from schemas.common import Identifier, Ref
from streams.channels.base import Parsed, Rejected, Request, SourceConfig
from streams.channels.sendgrid import SendGrid
from streams.demo.traffic.sendgrid import PUBLIC_KEY, Mails
from tests.conformance.vendors import NOW_MS, WHO, Raw
from tests.conformance.vendors.sendgrid import BODIES, INBOX, SENT, event, form, headers, inbound

URL = "https://hooks.example.com/v1/in/sg"


def read(sample: Any, **options: str) -> Parsed:
    raw = sample if isinstance(sample, Raw) else Raw(orjson.dumps(sample), {})
    request = Request("POST", URL, raw.headers, raw.body, NOW_MS + 900)
    return SendGrid().parse(request, SourceConfig("sg", "sendgrid", "acme", options=options))


def only(sample: Any, **options: str) -> Any:
    [found] = read(sample, **options).events
    return found


# The door -----------------------------------------------------------------------------------------

VECTOR_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+"
    "2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)


def door(headers: dict[str, str], body: bytes, *secrets: str, url: str = URL) -> Rejected | None:
    request = Request("POST", url, headers, body, NOW_MS)
    return SendGrid().verify(request, SourceConfig("sg", "sendgrid", "acme", secrets))


def signed(body_end: bytes = b"") -> tuple[dict[str, str], bytes]:
    call = Mails("sg").event("delivered", "m", WHO, NOW_MS)
    return {name.lower(): value for name, value in call.headers.items()}, call.body + body_end


def test_the_line_break_at_the_end_is_signed() -> None:
    headers, body = signed()
    assert body.endswith(b"\r\n")
    assert door(headers, body, PUBLIC_KEY) is None
    refused = door(headers, body.rstrip(), PUBLIC_KEY)
    assert refused is not None and refused.code == "bad_signature"


def test_a_key_may_come_with_pems_first_and_last_line() -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{PUBLIC_KEY[:64]}\n{PUBLIC_KEY[64:]}\n-----END PUBLIC KEY-----"
    assert door(*signed(), pem) is None
    assert door(*signed(), VECTOR_KEY, pem) is None
    assert door(*signed(), VECTOR_KEY) is not None


def test_an_unsigned_mail_needs_the_token_of_its_url() -> None:
    body = inbound().body
    assert door({}, body, PUBLIC_KEY, "long-random", url=f"{URL}?token=long-random") is None
    assert door({}, body, PUBLIC_KEY, "long-random", url=f"{URL}?token=wrong") is not None
    assert door({}, body, PUBLIC_KEY, "long-random") is not None


def test_a_public_key_is_no_password() -> None:
    quoted = PUBLIC_KEY.replace("+", "%2B")
    for secrets in ((PUBLIC_KEY,), (PUBLIC_KEY, "long-random")):
        assert door({}, b"[]", *secrets, url=f"{URL}?token={quoted}") is not None
        assert door({"authorization": f"Bearer {PUBLIC_KEY}"}, b"[]", *secrets) is not None


def test_a_token_does_not_help_a_wrong_signature() -> None:
    headers, body = signed(b" ")
    assert door(headers, body, PUBLIC_KEY, "t", url=f"{URL}?token=t") is not None


@pytest.mark.parametrize("form_of", ["event", "inbound"])
def test_retries_may_carry_the_first_trys_signature(form_of: str) -> None:
    """A mail is tried for three days, an event for one; what is older is a replay."""
    mails = Mails("sg")
    call = (
        mails.event("open", "m", WHO, NOW_MS)
        if form_of == "event"
        else mails.inbound("m", WHO, "s", "hello", NOW_MS)
    )
    headers = {name.lower(): value for name, value in call.headers.items()}
    days = 1 if form_of == "event" else 3
    config = SourceConfig("sg", "sendgrid", "acme", (PUBLIC_KEY,))
    for late_ms, accepted in ((days * 86_400_000, True), (days * 86_400_000 + 1, False)):
        request = Request("POST", URL, headers, call.body, NOW_MS + late_ms)
        assert (SendGrid().verify(request, config) is None) is accepted
    early = Request("POST", URL, headers, call.body, NOW_MS - 301_000)
    assert SendGrid().verify(early, config) is not None


@pytest.mark.shared
def test_the_published_vector(shared: Any) -> None:
    vectors = orjson.loads((shared / "reference" / "vectors.json").read_bytes())
    [vector] = [one for one in vectors if "sendgrid" in one["scheme"]]
    body = (shared / vector["body_file"]).read_bytes()
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    stamp_ms = int(headers["x-twilio-email-event-webhook-timestamp"]) * 1_000
    config = SourceConfig("sg", "sendgrid", "acme", (vector["public_key"],))
    for changed, accepted in ((body, True), (body.rstrip(), False), (body + b" ", False)):
        request = Request("POST", URL, headers, changed, stamp_ms)
        assert (SendGrid().verify(request, config) is None) is accepted


# Events -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "trust", "reason"),
    [
        ("processed", "queued", "claimed", None),
        ("deferred", "deferred", "claimed", "450 try again later"),
        ("delivered", "delivered", "network", None),
        ("bounce", "bounced", "claimed", "5.1.1 550 <…> unknown"),
        ("block", "failed", "claimed", "550 too many"),
        ("dropped", "failed", "claimed", "5.0.0 Bounced Address"),
        ("open", "opened", "network", None),
        ("opened by a machine", "opened", "network", "opened by a machine, for privacy"),
        ("click", "clicked", "network", None),
    ],
)
def test_receipts(name: str, status: str, trust: str, reason: str | None) -> None:
    found = only(BODIES[name][0])
    assert (found.status, found.reason, found.message_id) == (status, reason, SENT)
    assert found.identifiers == (Identifier("email", "zoe@example.com", trust),)  # type: ignore[arg-type]
    assert found.conversation.id == SENT
    assert not found.estimated and found.time_ms == NOW_MS


def test_one_mail_has_one_id_in_all_its_events() -> None:
    """Opens have no Message-ID; what was dropped at once has a route in place of an id."""
    names = ["delivered", "open", "dropped, with a route for an id"]
    assert {only(BODIES[name][0]).message_id for name in names} == {SENT}
    dotted = event(
        "open",
        sg_message_id="14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        **{"smtp-id": ""},
    )
    assert only(dotted).message_id == "14c5d75ce93.dfd.64b469"
    newer = event(
        "open", sg_message_id="sCm0pfDPRjy-HyhHB_5Tuw.recvd-69cbc48b94-n2vpp-1-67D30649-1.0"
    )
    assert only(newer).message_id == "sCm0pfDPRjy-HyhHB_5Tuw"


def test_a_message_id_of_ones_own_names_the_thread() -> None:
    found = only(event("delivered", **{"smtp-id": "<order-7@shop.example>"}))
    assert (found.message_id, found.conversation.id) == (SENT, "order-7@shop.example")


def test_different_events_of_one_mail_are_different_and_retries_are_not() -> None:
    several = read(BODIES["several"][0]).events
    assert len({one.id for one in several}) == 3
    assert [one.id for one in read(BODIES["several"][0]).events] == [one.id for one in several]
    again = event("open", sg_event_id="e-open-2")
    assert only(again).id != only(BODIES["open"][0]).id
    same_id = event("delivered", sg_event_id="sg_event_id") + event(
        "open", sg_event_id="sg_event_id"
    )
    assert len(read(same_id).events) == 2


@pytest.mark.parametrize(
    ("name", "purpose", "state", "evidence"),
    [
        ("unsubscribe", "marketing", "denied", "SendGrid unsubscribe"),
        (
            "unsubscribe from a group",
            "marketing",
            "denied",
            "SendGrid group_unsubscribe of group 12",
        ),
        (
            "subscribe to a group again",
            "marketing",
            "granted",
            "SendGrid group_resubscribe of group 12",
        ),
        ("spam report", "all", "denied", "SendGrid spamreport"),
    ],
)
def test_consent(name: str, purpose: str, state: str, evidence: str) -> None:
    found = only(BODIES[name][0])
    assert (found.purpose, found.state, found.evidence) == (purpose, state, evidence)
    assert (found.consent_channel, found.actor.kind) == ("email", "customer")


def test_a_strange_event_does_not_hide_the_others() -> None:
    found = read(event("delivered") + event("levitated"))
    assert len(found.events) == 1 and found.code == "partial"


# Threads and mails --------------------------------------------------------------------------------


def test_an_answer_joins_the_mail_that_it_answers() -> None:
    sent, answer = only(event("delivered")), only(BODIES["answer"][0])
    assert answer.conversation == sent.conversation
    assert answer.in_reply_to == sent.message_id
    assert answer.message_id == "m-1@mail.home.example"


def test_what_the_company_told_along_names_the_thread() -> None:
    found = only(BODIES["of a thread of ours"][0], tickets="desk")
    assert found.conversation.id == "m-1@mail.home.example"
    assert found.refs == (Ref("ticket", "77", "desk"),)


def test_each_field_is_read_in_its_own_charset() -> None:
    found = only(BODIES["mail in other charsets"][0])
    assert found.personal == {
        "text": "Elle est cassée.", "subject": "My lamp is broken", "name": "Zoé Marchand"
    }  # fmt: skip


def test_whole_and_parsed_mails_are_one() -> None:
    parsed, whole = only(BODIES["mail"][0]), only(BODIES["whole mail"][0])
    assert parsed.id == whole.id and parsed.conversation == whole.conversation
    assert whole.personal["text"] == "It does not light: café."
    assert only(BODIES["mail of an attachment alone"][0]).personal["text"] == "[a.txt]"


@pytest.mark.parametrize(
    ("dkim", "spf", "sender", "trust"),
    [
        ("{@example.com : pass}", "fail", "", "network"),
        ("{@mail.example.com : pass}", "fail", "", "network"),
        ("{@evil.example : pass}", "fail", "", "claimed"),
        ("{@evil.example : pass, @example.com : fail}", "none", "", "claimed"),
        ("{@evil.example : pass, @example.com : pass}", "none", "", "network"),
        ("{@com : pass}", "none", "", "claimed"),
        ("none", "pass", "bounce@example.com", "network"),
        ("none", "pass", "bounce@evil.example", "claimed"),
        ("none", "softfail", "zoe@example.com", "claimed"),
        ("{@example.com : fail}", "neutral", "", "claimed"),
    ],
)
def test_a_sender_is_believed_when_his_own_domain_was_checked(
    dkim: str, spf: str, sender: str, trust: str
) -> None:
    envelope = orjson.dumps({"to": [INBOX], "from": sender or "x@elsewhere.example"}).decode()
    found = only(inbound(dkim=dkim, SPF=spf, envelope=envelope))
    assert found.identifiers == (Identifier("email", "zoe@example.com", trust),)  # type: ignore[arg-type]


def test_a_report_tells_of_the_mail_that_it_is_about() -> None:
    found = only(BODIES["undeliverable"][0])
    assert (found.status, found.message_id, found.conversation.id) == ("bounced", SENT, SENT)
    assert found.reason == "5.1.1 550 5.1.1 <…> unknown user"
    assert [i.value for i in found.identifiers] == ["zoe@example.com"]


def test_a_form_given_as_json_and_lines_that_end_with_lf() -> None:
    fields = {"headers": headers().replace("\r\n", "\n"), "text": "It does not light."}
    assert only(fields).message_id == "m-1@mail.home.example"
    raw = form(fields)
    unix = Raw(raw.body.replace(b"\r\n", b"\n"), raw.headers)
    assert only(unix).id == only(raw).id == only(fields).id


def test_garbage_in_a_public_key_is_a_token() -> None:
    other = base64.b64encode(b"not a key").decode()
    assert door({"authorization": f"Bearer {other}"}, b"[]", other) is None
