"""What WhatsApp's bodies mean: who the customer is, what changes his ids, what a call was."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from schemas.common import Identifier
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.meta_whatsapp import MetaWhatsApp
from tests.conformance.vendors.meta_whatsapp import (
    BODIES,
    BSUID,
    NOW_MS,
    NOW_S,
    OURS,
    THEIRS,
    change,
    wa_call,
    wa_message,
    wa_status,
    wa_system,
)


def read(body: dict[str, Any]) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return MetaWhatsApp().parse(request, SourceConfig("wa", "meta_whatsapp", "acme"))


def only(body: dict[str, Any]) -> Any:
    [event] = read(body).events
    return event


def ids(event: Any) -> list[str]:
    return [f"{i.kind} {i.value}" for i in event.identifiers]


ALL_OF_HIM = [f"whatsapp {THEIRS}", f"phone +{THEIRS}", f"bsuid {BSUID}"]


def test_a_customer_is_his_number_and_his_business_scoped_id() -> None:
    event = only(BODIES["text"][0])
    assert ids(event) == ALL_OF_HIM
    assert {i.trust for i in event.identifiers} == {"asserted"}
    assert event.conversation.id == f"7001/{THEIRS}"
    assert event.personal == {"text": "Bonjour", "name": "Karim Benali"}
    assert event.time_ms == NOW_MS


def test_a_customer_without_a_number() -> None:
    contacts = [{"profile": {"name": "Karim Benali"}, "user_id": BSUID}]
    for named in ({"from_user_id": BSUID}, {"from": BSUID}):
        row = {"id": "wamid.1", "timestamp": str(NOW_S), "type": "text", "text": {"body": "Hi"}}
        event = only(change("messages", contacts=contacts, messages=[{**row, **named}]))
        assert ids(event) == [f"bsuid {BSUID}"]
        assert event.conversation.id == f"7001/{BSUID}"


def test_a_message_of_nobody_is_kept_by_itself() -> None:
    row = {"id": "wamid.1", "timestamp": str(NOW_S), "type": "text", "text": {"body": "Hi"}}
    event = only(change("messages", contacts=[], messages=[row]))
    assert ids(event) == [] and event.conversation.id == "unknown/wamid.1"


def test_of_two_senders_nobody_gets_the_others_name_or_id() -> None:
    other, stranger = "33600000009", "33600000010"
    contacts = [
        {"profile": {"name": "Karim Benali"}, "wa_id": THEIRS, "user_id": BSUID},
        {"profile": {"name": "Paula Roth"}, "wa_id": other},
    ]
    rows = [
        {"from": who, "id": f"wamid.{who}", "timestamp": str(NOW_S), "type": "text"}
        for who in (other, stranger, THEIRS)
    ]
    first, second, third = read(change("messages", contacts=contacts, messages=rows)).events
    assert ids(first) == [f"whatsapp {other}", f"phone +{other}"]
    assert first.personal["name"] == "Paula Roth"
    assert ids(second) == [f"whatsapp {stranger}", f"phone +{stranger}"]
    assert "name" not in second.personal
    assert ids(third) == ALL_OF_HIM


@pytest.mark.parametrize("told", ["foo_bar", "<BSUID>", "fr.123", "FRA.1", "FR.", "FR.a b"])
def test_what_is_no_business_scoped_id_is_no_identifier(told: str) -> None:
    contacts = [{"wa_id": THEIRS, "user_id": told}]
    event = only(change("messages", contacts=contacts, messages=[
        {"from": THEIRS, "id": "wamid.1", "timestamp": str(NOW_S), "type": "text"}
    ]))  # fmt: skip
    assert ids(event) == [f"whatsapp {THEIRS}", f"phone +{THEIRS}"]


def test_our_own_number_is_never_the_customer() -> None:
    row = {"id": "wamid.1", "timestamp": str(NOW_S), "type": "text", "text": {"body": "x"}}
    for sides in ({"from": OURS, "to": THEIRS}, {"from": THEIRS, "to": OURS}):
        event = only(change("smb_message_echoes", contacts=[], message_echoes=[{**row, **sides}]))
        assert ids(event) == [f"whatsapp {THEIRS}", f"phone +{THEIRS}"]
        assert (event.actor.kind, event.direction) == ("agent", "outbound")


def test_the_same_message_twice_is_one_event() -> None:
    body = BODIES["text"][0]
    twice = orjson.loads(orjson.dumps(body))
    value = twice["entry"][0]["changes"][0]["value"]
    value["messages"] *= 2
    twice["entry"] *= 2
    assert [e.id for e in read(twice).events] == [only(body).id]


def test_a_batch_with_an_odd_part_gives_the_rest_and_says_so() -> None:
    body = orjson.loads(orjson.dumps(BODIES["text"][0]))
    body["entry"] += BODIES["odd status"][0]["entry"]
    parsed = read(body)
    assert len(parsed.events) == 1
    assert parsed.code == "partial" and "levitated" in parsed.reason


@pytest.mark.parametrize(
    ("body", "old", "new"),
    [
        (
            wa_system("user_changed_number", wa_id="33600000008"),
            ("whatsapp", THEIRS),
            ("whatsapp", "33600000008"),
        ),
        (
            wa_system("customer_changed_number", new_wa_id="33600000008", customer=THEIRS),
            ("whatsapp", THEIRS),
            ("whatsapp", "33600000008"),
        ),
        (
            # The sender's number stands there too: it is not what was replaced.
            wa_system("user_changed_user_id", user_id="FR.2", previous_user_id=BSUID),
            ("bsuid", BSUID),
            ("bsuid", "FR.2"),
        ),
        (
            wa_system("user_changed_user_id", user_id="FR.2", body=f"User changed from {BSUID} to FR.2"),
            ("bsuid", BSUID),
            ("bsuid", "FR.2"),
        ),
        (BODIES["rotated id"][0], ("bsuid", BSUID), ("bsuid", "FR.2")),
    ],
)  # fmt: skip
def test_one_id_replaces_another(
    body: dict[str, Any], old: tuple[str, str], new: tuple[str, str]
) -> None:
    event = only(body)
    assert event.rel == "replaces" and event.by == "vendor"
    assert event.identifiers == (
        Identifier(old[0], old[1], "asserted"),  # type: ignore[arg-type]
        Identifier(new[0], new[1], "asserted"),  # type: ignore[arg-type]
    )


def test_a_change_that_names_no_new_id_is_kept() -> None:
    assert read(wa_system("user_changed_number", body="changed")).code == "unknown_type"


def test_a_receipt_knows_its_message_and_why_it_failed() -> None:
    event = only(BODIES["failed"][0])
    assert (event.message_id, event.status, event.reason) == (
        "wamid.out",
        "failed",
        "Re-engagement message",
    )
    assert ids(event) == ALL_OF_HIM and event.actor.kind == "system"


def test_receipts_of_one_message_differ() -> None:
    seen = {only(wa_status(s)).id for s in ("sent", "delivered", "read", "played", "failed")}
    assert len(seen) == 5


def test_in_a_group_each_member_has_a_receipt_of_his_own() -> None:
    def receipt(member: str) -> Any:
        return only(
            wa_status(
                "read",
                recipient_id="g-1",
                recipient_type="group",
                recipient_participant_id=member,
            )
        )

    one = receipt(THEIRS)
    assert one.conversation.id == "group/g-1" and one.identifiers == ()
    contacts_tell_otherwise = receipt("33600000011")
    assert contacts_tell_otherwise.conversation == one.conversation


@pytest.mark.parametrize(
    ("name", "message", "status", "said"),
    [
        ("reaction", "wamid.out", "reacted", "👍"),
        ("reaction taken back", "wamid.out", "unreacted", None),
        ("edit", "wamid.text", "edited", "Bonsoir"),
        ("revoke", "wamid.text", "deleted", None),
    ],
)
def test_what_changes_a_message_points_to_it(
    name: str, message: str, status: str, said: str | None
) -> None:
    event = only(BODIES[name][0])
    assert (event.message_id, event.status) == (message, status)
    assert event.personal.get("text") == said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("image", "[image]"),
        ("video", "See"),
        ("document", "a.pdf"),
        ("button", "Yes"),
        ("choice", "A"),
        ("form", "size: 42"),
        ("unsupported", "[unsupported]"),
    ],
)
def test_what_was_said_or_sent(name: str, text: str) -> None:
    assert read(BODIES[name][0]).events[0].personal["text"] == text


def test_an_answer_and_an_advertisement_are_pointed_to() -> None:
    reply = only(BODIES["reply"][0])
    assert reply.in_reply_to == "wamid.asked"
    assert [(ref.rel, ref.id) for ref in reply.refs] == [("in_reply_to", "wamid.asked")]
    ad = only(BODIES["from an advertisement"][0])
    assert [(ref.rel, ref.id) for ref in ad.refs] == [("referral", "ad-1")]


def test_sums_are_in_minor_units() -> None:
    order = read(BODIES["order"][0]).events[1]
    assert (order.value, order.currency, order.state) == (2500, "EUR", "submitted")  # type: ignore[attr-defined]
    paid = only(BODIES["paid"][0])
    assert (paid.value, paid.currency, paid.state) == (4990, "INR", "completed")
    assert (paid.task_kind, paid.task_id) == ("payment", "r-1")


@pytest.mark.parametrize(
    ("body", "purpose", "state"),
    [
        (BODIES["no advertising"][0], "marketing", "denied"),
        (BODIES["may call"][0], "call", "granted"),
    ],
)
def test_consent(body: dict[str, Any], purpose: str, state: str) -> None:
    event: Any = read(body).events[-1]
    assert (event.purpose, event.state, event.consent_channel) == (purpose, state, "whatsapp")
    assert ids(event) == ALL_OF_HIM


def test_a_call_is_one_conversation_by_voice() -> None:
    opened = only(wa_call("connect"))
    connected, ended = read(BODIES["call talked"][0]).events
    assert {e.conversation.id for e in (opened, connected, ended)} == {"call/wacid.1"}  # type: ignore[union-attr]
    assert {e.channel for e in (opened, connected, ended)} == {"voice"}
    assert (opened.initiated_by, opened.direction) == ("customer", "inbound")
    assert connected.time_ms == NOW_MS - 60_000
    assert ended.answered is True and ended.durations.talk_ms == 55_000  # type: ignore[attr-defined]
    assert only(BODIES["call missed"][0]).answered is False


def test_a_call_of_ours_rings_once_and_is_taken() -> None:
    ringing = only(BODIES["our call rings"][0])
    connect = only(wa_call("connect", id="wacid.2", direction="BUSINESS_INITIATED"))
    assert ringing.id == connect.id  # told by a status and by an event
    assert (ringing.initiated_by, ringing.direction) == ("agent", "outbound")
    assert only(BODIES["our call is taken"][0]).actor.kind == "agent"
    refused = only(BODIES["our call is refused"][0])
    assert (refused.by, refused.answered, refused.final) == ("customer", False, False)


def test_on_standby_another_app_has_the_thread() -> None:
    body = wa_message("text", {"body": "Hi"})
    body["entry"][0]["changes"][0]["field"] = "standby"
    assert only(body).owner == "other"
    assert only(BODIES["text"][0]).owner == "ours"


def test_history_keeps_its_times_and_sides() -> None:
    asked, answered = read(BODIES["history"][0]).events
    assert asked.time_ms == NOW_MS - 9_000_000
    assert asked.direction == "inbound" and answered.direction == "outbound"  # type: ignore[attr-defined]
    assert asked.conversation == answered.conversation
    assert ids(asked) == ids(answered) == [f"whatsapp {THEIRS}", f"phone +{THEIRS}"]


def test_a_bare_change_is_read_as_the_dashboard_shows_it() -> None:
    body = BODIES["text"][0]
    bare = body["entry"][0]["changes"][0]
    assert only(bare).message_id == only(body).message_id


def test_the_signature_covers_the_raw_body() -> None:
    adapter, body = MetaWhatsApp(), b'{"entry": []}\r\n'
    digest = hmac.new(b"app secret", body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={digest}"}

    def code(body: bytes, headers: dict[str, str], *secrets: str) -> str | None:
        config = SourceConfig("wa", "meta_whatsapp", "acme", secrets)
        refused = adapter.verify(Request("POST", "", headers, body, NOW_MS), config)
        return refused.code if refused else None

    assert code(body, headers, "app secret") is None
    assert code(body, headers, "next secret", "app secret") is None
    assert code(body.strip(), headers, "app secret") == "bad_signature"
    assert code(body, {"x-hub-signature-256": digest}, "app secret") == "bad_signature"
    assert code(body, {}, "app secret") == "no_signature"
    assert code(body, headers) == "no_signature"


def test_the_challenge_is_given_back_to_who_knows_the_token() -> None:
    config = SourceConfig("wa", "meta_whatsapp", "acme", ("s",), {"verify_token": "right"})

    def reply(query: str) -> Any:
        url = f"https://hooks.example.com/v1/in/wa?{query}"
        return MetaWhatsApp().handshake(Request("GET", url, {}, b"", NOW_MS), config)

    good = reply("hub.mode=subscribe&hub.challenge=77&hub.verify_token=right")
    assert (good.status, good.body) == (200, b"77")
    assert reply("hub.challenge=77&hub.verify_token=wrong").status == 403
    assert reply("hub.challenge=77").status == 403
    assert reply("hub.verify_token=right").status == 403
    post = Request("POST", "https://hooks.example.com/", {}, b"{}", NOW_MS)
    assert MetaWhatsApp().handshake(post, config) is None


def test_a_wish_is_the_wish_of_whom_it_names() -> None:
    """Another contact beside it is another person."""
    body, _ = BODIES["no advertising"]
    [change_] = body["entry"][0]["changes"]
    change_ = {**change_, "value": {**change_["value"]}}
    change_["value"]["contacts"] = [{"profile": {"name": "Karim"}, "wa_id": "33699999999"}]
    other = {**body, "entry": [{"id": "5001", "changes": [change_]}]}
    assert ids(only(other)) == [f"whatsapp {THEIRS}", f"phone +{THEIRS}"]


def test_a_marketing_message_that_is_not_wanted_says_so() -> None:
    body, _ = BODIES["no advertising, told by a failure"]
    _, consent = read(body).events
    assert (consent.purpose, consent.state, consent.actor.kind) == (
        "marketing", "denied", "customer"
    )  # fmt: skip
    failed = wa_status("failed", errors=[{"code": 131026, "title": "Undeliverable"}])
    assert [type(event).__name__ for event in read(failed).events] == ["MessageStatusChanged"]
