"""What Genesys's sessions mean: who has the conversation, what is a transfer and what is not."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.common import Party
from schemas.events import Durations
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.genesys import Genesys
from tests.conformance.vendors import NOW_MS, SECRET
from tests.conformance.vendors.genesys import (
    BODIES,
    CALL,
    CUSTOMER,
    FIRST,
    QUEUE,
    agent,
    answer,
    bridged,
    conversation,
    event,
    left_by,
    message,
)


def read(body: Any, **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return Genesys().parse(request, SourceConfig("gc", "genesys", "acme", options=options))


def only(body: Any, **options: str) -> Any:
    [found] = read(body, **options).events
    return found


def identifiers(body: Any) -> list[tuple[str, str, str]]:
    return [(i.kind, i.value, i.trust) for i in read(body).events[0].identifiers]


# Keys ---------------------------------------------------------------------------------------


def test_the_way_it_came_by_does_not_matter() -> None:
    plain = event("acd.start", queueId="q-1")
    assert only(plain).id == only(bridged(plain)).id == only(plain["eventBody"]).id


@pytest.mark.parametrize(
    "other",
    [
        {"eventTime": NOW_MS + 1},
        {"participantId": "p-9"},
        {"sessionId": "s-9"},
        {"conversationId": "c-9"},
    ],
)
def test_another_event_of_the_same_object_has_another_key(other: dict[str, Any]) -> None:
    assert (
        only(event("acd.start", queueId="q-1")).id
        != only(event("acd.start", queueId="q-1", **other)).id
    )


def test_the_topic_is_part_of_the_key() -> None:
    assert only(event("customer.start")).id != only(event("customer.end")).id


# Who it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("call", [("phone", "+12125550109", "network")]),
        ("call to a customer", [("phone", "+15550100800", "network")]),
        ("call-back", [("phone", "+12125550109", "claimed")]),
        ("mail", [("email", "nadia@example.com", "claimed")]),
        ("sms", [("phone", "+12125550109", "network")]),
        (
            "whatsapp",
            [("whatsapp", "12125550109", "asserted"), ("phone", "+12125550109", "asserted")],
        ),
        ("web chat", [("vendor", "gc:chat/g-1", "asserted")]),
        ("open message", [("vendor", "gc:open/guest-1", "asserted")]),
        (
            "open message, by mail",
            [("vendor", "gc:open/nadia@example.com", "asserted"),
             ("email", "nadia@example.com", "claimed")],
        ),
        (
            "whole conversation",
            [("vendor", "gc:contact/x-1", "asserted"), ("phone", "+12125550109", "network")],
        ),
    ],
)  # fmt: skip
def test_how_sure_we_are(name: str, told: list[tuple[str, str, str]]) -> None:
    assert identifiers(BODIES[name][0]) == told


def test_an_agents_session_names_no_number() -> None:
    """There `ani` may be the agent who consults, and no customer is called by that."""
    assert identifiers(agent("user.start")) == []
    assert identifiers(left_by("TRANSFER")) == []


def test_an_external_contact_counts_when_it_is_the_only_one() -> None:
    one = event("acd.start", ani="", conversationExternalContactIds=["x-1"])
    assert identifiers(one) == [("vendor", "gc:contact/x-1", "asserted")]
    assert identifiers(event("acd.start", ani="", conversationExternalContactIds=["x", "y"])) == []


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("tel:+12125550109", "+12125550109"),
        ("sip:+12125550109@198.51.100.7;user=phone", "+12125550109"),
        ("+12125550109", "+12125550109"),
        ("sip:6178655f3757f61bcff5bee9+acme.orgspan.com@localhost", None),
        ("sip:anonymous@anonymous.invalid", None),
        ("tel:anonymous", None),
        ("", None),
    ],
)
def test_which_addresses_are_numbers(address: str, number: str | None) -> None:
    told = identifiers(event("customer.start", ani=address))
    assert told == ([("phone", number, "network")] if number else [])


def test_the_key_of_the_crm_stands_in_an_attribute_of_your_choice() -> None:
    body = event("attributes", attributes={"crm": "C-40", "ic-other": "x"})
    linked = only(body, crm_attribute="crm")
    assert [(i.kind, i.value, i.trust) for i in linked.identifiers] == [("crm", "C-40", "curated")]
    assert read(body, crm_attribute="other").code == "ignored"


@pytest.mark.parametrize(
    ("media", "message_type", "channel"),
    [
        ("VOICE", "", "voice"),
        ("voice", "", "voice"),
        ("CALLBACK", "", "voice"),
        ("CHAT", "", "chat"),
        ("EMAIL", "", "email"),
        ("MESSAGE", "WEBMESSAGING", "chat"),
        ("MESSAGE", "WHATSAPP", "whatsapp"),
        ("MESSAGE", "FACEBOOK", "messenger"),
        ("MESSAGE", "INSTAGRAM", "instagram"),
        ("MESSAGE", "SMS", "sms"),
        ("MESSAGE", "OPEN", "messaging"),
        ("MESSAGE", "LEVITATION", "messaging"),
        ("LEVITATION", "", "messaging"),
    ],
)
def test_the_channel_is_the_customers_medium(media: str, message_type: str, channel: str) -> None:
    body = event("customer.start", mediaType=media, messageType=message_type)
    assert only(body).channel == channel


# Queues and agents --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "outcome", "by"),
    [
        ("abandoned", "abandoned", "customer"),
        ("flowed out", "flow_out", "system"),
        ("out of the queue", "transferred", "system"),
        ("out of time", "timeout", "system"),
    ],
)
def test_how_a_queue_was_left(name: str, outcome: str, by: str) -> None:
    left = only(BODIES[name][0])
    assert (left.outcome, left.actor.kind) == (outcome, by)


def test_a_queues_transfer_is_only_the_way_to_the_agent() -> None:
    left, connected = read(BODIES["answered"][0]).events
    assert (left.outcome, left.wait_ms) == ("answered", 30_000)  # type: ignore[attr-defined]
    assert (connected.agent, connected.mode) == ("u-1", "owner")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("reason", "kind", "phase"),
    [
        ("TRANSFER", "blind", "started"),
        ("CONSULT_TRANSFER", "warm", "accepted"),
        ("CONFERENCE_TRANSFER", "warm", "accepted"),
    ],
)
def test_an_agent_passes_it_on(reason: str, kind: str, phase: str) -> None:
    transfer, gone = read(left_by(reason)).events
    assert (transfer.kind, transfer.phase) == (kind, phase)  # type: ignore[attr-defined]
    assert transfer.from_ == Party(agent="u-1", queue="q-1")  # type: ignore[attr-defined]
    assert gone.agent == "u-1"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("NO_ANSWER_TRANSFER", "missed"),
        ("NOT_AVAILABLE_TRANSFER", "missed"),
        ("FORWARD_TRANSFER", "missed"),
        ("DND_TRANSFER", "declined"),
        ("TRANSFER", "missed"),
        ("CLIENT", "declined"),
        ("SYSTEM", "missed"),
    ],
)
def test_who_never_had_it_passes_nothing_on(reason: str, outcome: str) -> None:
    offered = only(left_by(reason, interactingDurationMs=0, heldDurationMs=0))
    assert (offered.agent, offered.outcome) == ("u-1", outcome)


def test_a_transfer_without_durations_is_one() -> None:
    body = agent("user.end", disconnectType="TRANSFER")
    assert [type(e).__name__ for e in read(body).events] == [
        "TransferReported",
        "AgentDisconnected",
    ]


def test_beside_the_queue_it_may_be_a_consultation_and_is_no_change_of_hands() -> None:
    connected, gone = read(BODIES["consulted"][0]).events
    assert (connected.mode, connected.time_ms) == ("consult", NOW_MS - 50_000)  # type: ignore[attr-defined]
    assert gone.time_ms == NOW_MS


def test_a_call_of_the_agents_is_answered_by_the_customer() -> None:
    connected, _ = read(BODIES["agent's own call ended"][0]).events
    assert (connected.mode, connected.actor.kind) == ("owner", "agent")  # type: ignore[attr-defined]
    dialled = only(BODIES["agent dials"][0])
    assert dialled.to == Party(agent="u-1", queue="q-1")


@pytest.mark.parametrize(
    ("reason", "by"),
    [("ENDPOINT", "customer"), ("CLIENT", "customer"), ("PEER", "unknown"), ("SYSTEM", "system"),
     ("TIMEOUT", "system"), ("", "unknown")],
)  # fmt: skip
def test_who_ended_it(reason: str, by: str) -> None:
    over = only(event("customer.end", disconnectType=reason, interactingDurationMs=61_000))
    assert (over.by, over.durations) == (by, Durations(total_ms=61_000))


# Flows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("flow", "started"),
        ("flow to the queue", "escalated"),
        ("flow to a flow", "progressed"),
        ("flow hung up on", "left"),
        ("flow at its end", "success"),
        ("outcome missed", "failure"),
    ],
)
def test_how_a_flow_was_left(name: str, outcome: str) -> None:
    assert only(BODIES[name][0]).outcome == outcome


def test_an_outcome_has_its_own_time_and_milestones() -> None:
    stone, outcome = read(BODIES["outcome"][0]).events
    assert (stone.time_ms, outcome.time_ms) == (NOW_MS - 900, NOW_MS - 500)
    assert (outcome.step, outcome.outcome) == ("o-1", "success")  # type: ignore[attr-defined]


# Whole conversations ------------------------------------------------------------------------


def test_a_conversation_told_again_is_the_same_and_its_news_are_new() -> None:
    before = {e.id for e in read(conversation(CUSTOMER, QUEUE)).events}
    after = {e.id for e in read(conversation(CUSTOMER, QUEUE, FIRST)).events}
    assert before < after
    again = {e.id for e in read(conversation(CUSTOMER, QUEUE, FIRST)).events}
    assert after == again


def test_in_a_whole_conversation_a_consultation_is_seen() -> None:
    events = read(BODIES["whole conversation"][0]).events
    modes = [(e.agent, e.mode) for e in events if type(e).__name__ == "AgentConnected"]  # type: ignore[attr-defined]
    assert modes == [("u-1", "owner"), ("u-2", "consult")]
    [over] = [e for e in events if type(e).__name__ == "ContactEnded"]
    assert (over.by, over.answered) == ("agent", True)  # type: ignore[attr-defined]
    assert [e.time_ms for e in events] == sorted(e.time_ms for e in events)
    [wrapped] = [e for e in events if type(e).__name__ == "WrapupEnded"]
    assert (wrapped.code, wrapped.duration_ms) == ("w-1", 12_000)  # type: ignore[attr-defined]


# Open messaging -----------------------------------------------------------------------------


def test_a_receipt_is_about_the_message_that_it_names() -> None:
    said, receipt = only(answer()), only(BODIES["open receipt"][0])
    assert receipt.message_id == said.message_id
    assert receipt.id != only(answer(type="Receipt", status="Read")).id
    assert only(BODIES["open failure"][0]).reason == "Not now."


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (message(), "customer", "It's Nadia"),
        (BODIES["open message, button"][0], "customer", "Refund, please"),
        (BODIES["open message, picture"][0], "customer", "[image]"),
        (answer(), "agent", "Hello"),
        (BODIES["open answer, carousel"][0], "bot", "One, Two"),
    ],
)
def test_who_said_what(body: Any, kind: str, said: str) -> None:
    posted = only(body)
    assert (posted.actor.kind, posted.personal["text"]) == (kind, said)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({k.lower(): v for k, v in CALL.headers.items()}, None),
        ({"x-hub-signature-256": "sha256=AAAA"}, "bad_signature"),
        ({"x-api-key": SECRET}, None),
        ({"authorization": f"Bearer {SECRET}"}, None),
        ({"x-api-key": "wrong"}, "bad_signature"),
        ({}, "no_signature"),
    ],
)
def test_what_opens_the_door(headers: dict[str, str], code: str | None) -> None:
    request = Request("POST", "https://hooks.example.com/", headers, CALL.body, NOW_MS)
    refused = Genesys().verify(request, SourceConfig("gc", "genesys", "acme", ("new", SECRET)))
    assert (refused.code if refused else None) == code


def test_a_button_is_said_by_its_words() -> None:
    [chosen] = read(BODIES["button"][0]).events
    assert (chosen.personal["text"], chosen.direction) == ("Refund, please", "inbound")


def test_what_a_bot_is_asked_stands_in_the_conversation() -> None:
    [asked] = read(BODIES["asked of your bot"][0]).events
    assert (asked.conversation.id, asked.actor.kind, asked.estimated) == ("c-7", "customer", True)
