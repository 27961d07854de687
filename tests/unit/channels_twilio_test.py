"""What Twilio's products mean: keys, legs of a call, whose side an identity is on, transfers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from schemas.common import Party
from schemas.events import Durations
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.twilio import Twilio
from streams.demo.cast import AGENTS
from streams.demo.traffic.twilio import Messages
from tests.conformance.vendors import NOW_MS, SECRET, URL, WHO, Form, Raw, wire
from tests.conformance.vendors.twilio import (
    AT,
    BODIES,
    CALLING,
    TASK,
    WHATSAPP,
    call,
    leg,
    line,
    message,
    receipt,
    snake,
    streamed,
    task,
    thread,
    transfer,
)


def read(sample: Any, headers: dict[str, str] | None = None, **options: str) -> Parsed:
    raw = wire(sample)
    request = Request("POST", URL, {**raw.headers, **(headers or {})}, raw.body, NOW_MS + 900)
    return Twilio().parse(request, SourceConfig("tw", "twilio", "acme", options=options))


def only(sample: Any, headers: dict[str, str] | None = None, **options: str) -> Any:
    [found] = read(sample, headers, **options).events
    return found


def told(sample: Any) -> list[tuple[str, str, str]]:
    return [(i.kind, i.value, i.trust) for i in read(sample).events[0].identifiers]


# The door -----------------------------------------------------------------------------------


def signed(text: str) -> str:
    digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def verified(url: str, body: bytes, signature: str, content_type: str = "x") -> str | None:
    headers = {"x-twilio-signature": signature, "content-type": content_type}
    request = Request("POST", url, headers, body, NOW_MS)
    refused = Twilio().verify(request, SourceConfig("tw", "twilio", "acme", (SECRET,)))
    return refused.code if refused else None


@pytest.mark.parametrize("signed_url", ["https://a.example/in", "https://a.example:443/in"])
@pytest.mark.parametrize("seen_url", ["https://a.example/in", "https://a.example:443/in"])
def test_the_port_may_be_signed_or_not(signed_url: str, seen_url: str) -> None:
    assert verified(seen_url, b"A=1", signed(f"{signed_url}A1")) is None
    assert verified(seen_url, b"A=2", signed(f"{signed_url}A1")) == "bad_signature"


def test_parameters_are_sorted_and_repeats_count_once() -> None:
    url = "https://a.example/in"
    assert verified(url, b"B=2&A=3&A=1&A=1&Alone", signed(f"{url}A1A3AloneB2")) is None


def test_a_json_body_is_signed_by_its_hash_alone() -> None:
    raw = orjson.dumps({"a": 1})
    url = f"https://a.example/in?bodySHA256={hashlib.sha256(raw).hexdigest()}"
    assert verified(url, raw, signed(url), "application/json") is None
    assert verified(url, raw + b" ", signed(url), "application/json") == "bad_signature"


def test_a_signature_of_the_url_opens_to_no_json() -> None:
    """It could have been made for a request without a body."""
    url = "https://a.example/in"
    assert verified(url, b'{"a":1}', signed(url), "application/json") == "bad_signature"


def test_what_the_demo_streams_is_signed_by_its_hash() -> None:
    made = Messages("tw", SECRET, URL).stream("reservation.accepted", "1", WHO, NOW_MS, AGENTS[0])
    headers = {name.lower(): value for name, value in made.headers.items()}
    url = f"{URL}?bodySHA256={hashlib.sha256(made.body).hexdigest()}"
    request = Request("POST", url, headers, made.body, NOW_MS)
    assert Twilio().verify(request, SourceConfig("tw", "twilio", "acme", (SECRET,))) is None


@pytest.mark.parametrize(
    ("sample", "status", "body"),
    [
        (message(), 200, b"<Response/>"),
        (receipt("sent"), 204, b""),
        (task("task.created"), 204, b""),
        (task("worker.activity.update"), 204, b""),
        (line(), 200, b"{}"),
        (thread("onMessageAdd"), 200, b"{}"),
        (call("completed"), 204, b""),
    ],
)
def test_each_product_hears_what_it_wants(sample: Any, status: int, body: bytes) -> None:
    raw = wire(sample)
    request = Request("POST", URL, raw.headers, raw.body, NOW_MS)
    reply = Twilio().reply(request, SourceConfig("tw", "twilio", "acme"))
    assert (reply.status, reply.body) == (status, body)


# Messages -----------------------------------------------------------------------------------


def test_a_message_and_its_receipts_have_keys_of_their_own() -> None:
    ids = [only(receipt(status)).id for status in ("sent", "delivered", "read", "sent")]
    assert len(set(ids)) == 3 and ids[0] == ids[3]
    # READ of a WhatsApp receipt says nothing else.
    assert only(receipt("read", EventType="READ")).id == ids[2]


def test_what_comes_by_both_ways_counts_once() -> None:
    assert only(BODIES["stream of a message"][0]).id == only(message()).id
    assert only(BODIES["stream of a line"][0]).id == only(line()).id
    assert only(BODIES["stream of a receipt"][0]).id == only(receipt("delivered")).id
    by_stream = read(BODIES["stream of tasks"][0]).events
    assert by_stream[0].id == only(task("task.created")).id


@pytest.mark.parametrize(
    ("name", "identifiers"),
    [
        ("sms", [("phone", "+12125550105", "network")]),
        (
            "whatsapp",
            [("whatsapp", "12125550105", "asserted"), ("phone", "+12125550105", "asserted")],
        ),
        ("whatsapp without a number", [("bsuid", "FR.4711", "asserted")]),
        ("messenger", [("messenger", "77", "asserted")]),
        ("line in a widget", [("user", "nadia", "asserted")]),
        ("mail task", [("email", "nadia@example.com", "claimed")]),
        ("chat task", [("crm", "C-40", "curated")]),
    ],
)
def test_how_sure_we_are(name: str, identifiers: list[tuple[str, str, str]]) -> None:
    assert told(BODIES[name][0]) == identifiers


def test_answers_and_receipts_stand_in_one_thread_without_the_number_in_its_name() -> None:
    said, got = only(message()), only(receipt("sent", From="+15550100800"))
    assert said.conversation == got.conversation
    assert "2125550105" not in said.conversation.id
    assert only(Form({**WHATSAPP, "Body": "x"})).conversation != said.conversation


def test_a_receipt_without_addresses_is_found_by_its_message() -> None:
    event = only(Form({"MessageSid": "SM2", "MessageStatus": "read"}))
    assert (event.message_id, event.status, event.identifiers) == ("SM2", "read", ())


@pytest.mark.parametrize(
    ("word", "state"),
    [("STOP", "denied"), ("Quit", "denied"), ("unstop", "granted"), ("Stop it", "")],
)
def test_the_words_on_which_twilio_blocks_a_number(word: str, state: str) -> None:
    states = [e.state for e in read(message(Body=word)).events[1:]]  # type: ignore[attr-defined]
    assert states == ([state] if state else [])


def test_a_form_with_a_bare_key_first_is_a_form_whatever_its_type_says() -> None:
    body = b"Alone&MessageSid=SM1&From=%2B12125550105&Body=Hi"
    assert only(Raw(body, {"content-type": "application/json"})).personal["text"] == "Hi"


# Voice --------------------------------------------------------------------------------------


def test_a_call_is_opened_once_and_ended_once() -> None:
    opened = {only(call(status)).id for status in ("queued", "initiated", "ringing")}
    assert len(opened) == 1
    over = only(call("completed", CallDuration="61", SequenceNumber="3"))
    assert over.id not in opened
    assert (over.durations, over.sequence) == (Durations(total_ms=61_000), 3)


def test_twilio_answers_a_call_and_a_human_on_a_leg_of_his_own() -> None:
    assert only(call("completed")).answered is None  # by whom, the agent's leg tells
    connected = only(leg("in-progress"))
    assert (connected.agent, connected.actor.kind) == ("ada", "customer")
    assert connected.conversation == only(call("ringing")).conversation
    assert connected.identifiers == ()  # its `To` is the agent
    dialled = only(call("in-progress", DialCallStatus="completed", DialCallSid="CA2"))
    assert dialled.id == connected.id


@pytest.mark.parametrize(
    ("fields", "answered"),
    [
        ({"CallStatus": "completed"}, True),
        ({"CallStatus": "completed", "AnsweredBy": "machine_start"}, False),
        ({"CallStatus": "busy"}, False),
    ],
)
def test_a_call_of_ours_is_answered_by_the_customer(fields: dict[str, str], answered: bool) -> None:
    over = only(Form({**CALLING, "Direction": "outbound-api", **fields}))
    assert over.answered is answered
    assert [i.value for i in over.identifiers] == ["+15550100800"]


@pytest.mark.parametrize(
    ("signed_by_network", "trust"),
    [
        ("TN-Validation-Passed-A", "network"),
        ("TN-Validation-Passed-C", "claimed"),
        ("TN-Validation-Failed-A", "claimed"),
        ("", "network"),
    ],
)
def test_a_caller_whose_number_is_doubted(signed_by_network: str, trust: str) -> None:
    assert told(call("ringing", StirVerstat=signed_by_network)) == [
        ("phone", "+12125550105", trust)
    ]


def test_the_same_key_in_two_menus_is_pressed_twice() -> None:
    form = call("in-progress", Digits="1")
    first = only(form, {"i-twilio-idempotency-token": "a"})
    again = only(form, {"i-twilio-idempotency-token": "a"})
    other = only(form, {"i-twilio-idempotency-token": "b"})
    assert first.id == again.id != other.id


def test_many_keys_may_be_a_card_and_are_personal() -> None:
    event = only(call("in-progress", Digits="98765"))
    assert (event.step, event.personal) == ("digits", {"text": "98765"})


@pytest.mark.parametrize(
    ("result", "outcome"),
    [("bridged", "answered"), ("hangup", "abandoned"), ("queue-full", "overflow"),
     ("leave", "flow_out"), ("redirected-from-bridged", "transferred"), ("error", "system")],
)  # fmt: skip
def test_how_a_queue_was_left(result: str, outcome: str) -> None:
    left = only(call("in-progress", QueueSid="QU1", QueueResult=result, QueueTime="31"))
    assert (left.outcome, left.wait_ms) == (outcome, 31_000)


# Conversations ------------------------------------------------------------------------------


def test_two_edits_of_a_message_are_two_and_a_retry_is_none() -> None:
    first = thread("onMessageUpdated", MessageSid="IM1", DateUpdated=AT)
    retried = thread("onMessageUpdated", MessageSid="IM1", DateUpdated=AT, RetryCount="2")
    second = thread("onMessageUpdated", MessageSid="IM1", DateUpdated="2026-09-21T15:00:00Z")
    assert only(first).id == only(retried).id != only(second).id
    assert only(line(RetryCount="3")).id == only(line()).id


def test_each_participant_has_his_receipt() -> None:
    got = [
        only(thread("onDeliveryUpdated", MessageSid="IM1", ParticipantSid=who, Status="read")).id
        for who in ("MB1", "MB2", "MB1")
    ]
    assert got[0] == got[2] != got[1]


@pytest.mark.parametrize(
    ("fields", "options", "kind"),
    [
        ({"Author": "+12125550105", "Source": "SMS"}, {}, "customer"),
        ({"Author": "dave", "Source": "SDK"}, {}, "customer"),
        ({"Author": "dave", "Source": "SDK"}, {"agents": "ada, dave"}, "agent"),
        ({"Author": "dave", "Source": "SDK"}, {"agents": "*"}, "agent"),
        ({"Author": "+12125550105", "Source": "SMS"}, {"agents": "*"}, "customer"),
        ({"Author": "ada_40acme_2Ecom", "Source": "SDK"}, {}, "agent"),
        ({"Author": "system", "Source": "API"}, {}, "bot"),
        ({"Author": "ada", "Source": "API"}, {"agents": "ada"}, "agent"),
        ({"Author": "whatsapp:+12125550105", "Source": "API"}, {}, "customer"),
    ],
)
def test_whose_side_an_author_is_on(
    fields: dict[str, str], options: dict[str, str], kind: str
) -> None:
    event = only(line(**fields), **options)
    assert event.actor.kind == kind
    assert event.direction == ("inbound" if kind == "customer" else "outbound")


def test_who_takes_part_has_the_conversation() -> None:
    joined = only(BODIES["agent joins"][0])
    assert joined.to == Party(agent="ada")
    assert only(BODIES["agent leaves"][0]).agent == "ada"
    assert read(BODIES["agent joins"][0], agents="bea").code == "ignored"


def test_the_medium_of_a_line() -> None:
    assert only(line()).channel == "sms"
    assert only(BODIES["line by whatsapp"][0]).channel == "whatsapp"
    staff = BODIES["line by staff"][0]
    assert only(staff).channel == "chat"
    assert only(staff, channel="whatsapp").channel == "whatsapp"


# TaskRouter ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "phase", "to"),
    [
        ("transfer", "blind", "started", Party(agent="WK2")),
        ("transfer to a queue", "queue", "started", Party(queue="WQ2")),
        ("warm transfer done", "warm", "accepted", Party(agent="WK2")),
        ("transfer failed", "blind", "failed", Party(agent="WK2")),
    ],
)
def test_transfers(name: str, kind: str, phase: str, to: Party) -> None:
    event = only(BODIES[name][0])
    assert (event.kind, event.phase, event.to) == (kind, phase, to)
    assert event.from_ == Party(agent="WK1")


def test_both_spellings_of_a_transfer() -> None:
    form = dict(transfer("initiated").fields)
    event = only(streamed("taskrouter.task.transfer-initiated", {"payload": snake(form)}))
    assert event == only(transfer("initiated"))
    for kind in ("task-transfer.initiated", "task-transfer-initiated", "task.transfer.initiated"):
        assert only(task(kind, TransferTo="WK2")).phase == "started"


def test_the_end_of_a_contact_counts_once_and_not_the_tidying_up() -> None:
    assert only(task("task.wrapup")).id == only(task("task.completed", Sid="EV2")).id
    assert read(task("task.deleted")).code == "ignored"


def test_events_of_one_task_are_told_apart() -> None:
    kinds = ("task.created", "task-queue.entered", "reservation.created", "reservation.accepted",
             "reservation.wrapup", "reservation.completed", "task.completed")  # fmt: skip
    events = [only(task(kind, WorkerSid="WK1")) for kind in kinds]
    assert len({event.id for event in events}) == len(kinds)
    assert {event.conversation.id for event in events} == {"CA1"}  # the call's own
    assert only(task("reservation.created", Sid="EV7")).id != events[2].id
    assert {event.time_ms for event in events} == {NOW_MS}


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("hangup", "abandoned"), ("", "abandoned"), ("Task TTL Exceeded", "timeout"),
     ("merged", "system")],
)  # fmt: skip
def test_why_a_task_was_given_up(reason: str, outcome: str) -> None:
    assert only(task("task.canceled", TaskCanceledReason=reason)).outcome == outcome


@pytest.mark.parametrize(
    ("unique", "attributes", "channel"),
    [
        ("voice", {"call_sid": "CA1", "from": "+12125550105"}, "voice"),
        ("chat", {"channelType": "web"}, "chat"),
        (
            "chat",
            {"channelType": "whatsapp", "customerAddress": "whatsapp:+12125550105"},
            "whatsapp",
        ),
        ("sms", {"from": "+12125550105"}, "sms"),
        ("chat", {"from": "messenger:7"}, "messenger"),
        ("default", {"call_sid": "CA1"}, "voice"),
        ("default", {}, "messaging"),
        ("email", {}, "email"),
    ],
)
def test_the_medium_of_a_task(unique: str, attributes: dict[str, str], channel: str) -> None:
    form = task("task.created", TaskChannelUniqueName=unique, TaskAttributes=json.dumps(attributes))
    assert only(form).channel == channel


def test_broken_attributes_cost_only_themselves() -> None:
    event = only(task("task.created", TaskAttributes="{not json"))
    assert (event.conversation.id, event.identifiers) == ("WT1", ())


def test_a_time_where_a_type_should_be_is_no_matter() -> None:
    made = streamed("taskrouter.reservation.accepted", {"payload": snake({**TASK})})
    assert made["datacontenttype"].endswith("Z")
    assert only(made).native_type == "reservation.accepted"


def test_one_strange_event_of_a_batch_does_not_hide_the_others() -> None:
    batch = [streamed("levitation.begun", {"a": 1}), BODIES["stream of a receipt"][0]]
    found = read(batch)
    assert len(found.events) == 1 and found.code == "partial"


def test_the_demo_signs_forms_as_twilio_does() -> None:
    made = Messages("tw", SECRET, URL).task("task.created", "1", WHO, NOW_MS)
    assert verified(URL, made.body, made.headers["X-Twilio-Signature"]) is None
    tampered = urlencode({"EventType": "task.completed"}).encode()
    assert verified(URL, tampered, made.headers["X-Twilio-Signature"]) == "bad_signature"


def test_what_was_said_to_a_menu_is_speech() -> None:
    assert only(call("in-progress", SpeechResult="my bill, please")).step == "speech"
    assert only(call("in-progress", Digits="123456")).step == "digits"


def test_a_call_that_is_referred_goes_on_elsewhere() -> None:
    begun = only(call("in-progress", ReferTransferTarget="sip:night@example.com"))
    assert (begun.kind, begun.phase, begun.to) == (
        "external", "started", Party(app="night@example.com")
    )  # fmt: skip
    assert only(call("in-progress", ReferCallStatus="completed")).phase == "accepted"
    assert only(call("in-progress", ReferCallStatus="busy")).phase == "failed"


def test_a_form_on_whatsapp_is_read_and_counted() -> None:
    body, _ = BODIES["filled in on whatsapp"]
    posted, filled = read(body).events
    assert posted.personal["text"] == "order: 98765"
    assert (filled.task_kind, filled.task_id, filled.state) == ("form", "SM4", "submitted")


def test_what_the_api_shows_is_what_the_call_backs_tell() -> None:
    """The same message, with its time and, if it was sent, with its words."""
    seen = only(BODIES["message as the API shows it"][0])
    told = only(message(MessageSid="SM7"))
    assert (seen.id, seen.conversation, seen.identifiers) == (
        told.id, told.conversation, told.identifiers
    )  # fmt: skip
    assert (seen.time_ms, seen.estimated, told.estimated) == (NOW_MS, False, True)
    posted, delivered = read(BODIES["answer as the API shows it"][0]).events
    assert (posted.direction, posted.personal["text"], posted.time_ms) == (
        "outbound", "Hello", NOW_MS
    )  # fmt: skip
    assert delivered.id == only(receipt("delivered", MessageSid="SM8", From="+15550100800")).id
