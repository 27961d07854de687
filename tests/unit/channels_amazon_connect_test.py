"""What Amazon Connect's contact events mean: one chain, its phases, and why they end."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.common import Party
from schemas.events import Durations
from streams.channels import times
from streams.channels.amazon_connect import AmazonConnect
from streams.channels.base import Parsed, Request, SourceConfig
from tests.conformance.vendors.amazon_connect import (
    AGENT,
    ANSWERED,
    BEGAN,
    BODIES,
    ENDED,
    NOW_MS,
    QUEUE,
    QUEUED,
    UNSET,
    contact,
    ended,
    record,
)


def read(body: Any) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return AmazonConnect().parse(request, SourceConfig("aws", "amazon_connect", "acme"))


def only(body: Any) -> Any:
    [event] = read(body).events
    return event


def last(body: Any) -> Any:
    return read(body).events[-1]


def test_each_phase_has_its_own_time_and_unset_ones_have_none() -> None:
    assert only(BODIES["call"][0]).time_ms == times.iso(BEGAN)
    assert only(BODIES["queued"][0]).time_ms == times.iso(QUEUED)
    assert last(BODIES["answered"][0]).time_ms == times.iso(ANSWERED)
    assert last(BODIES["ended"][0]).time_ms == times.iso(ENDED)
    unset = contact("CONNECTED_TO_SYSTEM")
    assert only(unset).time_ms == NOW_MS and not only(unset).estimated  # the envelope's


def test_a_chain_of_contacts_is_one_conversation() -> None:
    first = only(contact("INITIATED", contactId="c-1"))
    moved = only(BODIES["transfer"][0])
    assert first.conversation == moved.conversation
    assert first.identifiers == moved.identifiers
    assert (moved.kind, moved.phase, moved.to) == ("unknown", "started", Party(queue="q-1"))
    assert [(ref.rel, ref.id) for ref in moved.refs] == [("previous", "c-1")]


def test_a_persistent_chat_is_the_same_customers() -> None:
    opened, linked = read(BODIES["persistent chat"][0]).events
    assert [i.value for i in opened.identifiers] == ["aws:contact/c-2", "aws:contact/c-0"]
    assert opened.rel == "persistent" and linked.other.id == "c-0"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "begun"),
    [
        ("call", ("customer", "inbound", None)),
        ("chat", ("customer", "inbound", None)),
        ("task", ("system", "inbound", None)),
        ("call by an agent", ("agent", "outbound", None)),
        ("call by a campaign", ("campaign", "outbound", None)),
        ("call by a program", ("system", "outbound", None)),
        ("call-back", ("customer", "outbound", "callback")),
    ],
)
def test_who_began(name: str, begun: tuple[Any, ...]) -> None:
    event = only(BODIES[name][0])
    assert (event.initiated_by, event.direction, event.rel) == begun


@pytest.mark.parametrize(
    ("detail", "channel"),
    [
        ({"channel": "Voice"}, "voice"),
        ({"channel": "CHAT"}, "chat"),
        ({"channel": "EMAIL"}, "email"),
        (
            {
                "channel": "CHAT",
                "segmentAttributes": {"connect:Subtype": {"ValueString": "connect:SMS"}},
            },
            "sms",
        ),
        ({"channel": "SEMAPHORE"}, "messaging"),
    ],
)
def test_the_channel_is_the_customers_medium(detail: dict[str, Any], channel: str) -> None:
    assert only(contact("INITIATED", **detail)).channel == channel


def test_an_answer_ends_the_wait() -> None:
    left, connected = read(BODIES["answered"][0]).events
    assert (left.queue, left.outcome, left.wait_ms) == ("q-1", "answered", 30_500)  # type: ignore[attr-defined]
    assert (connected.agent, connected.mode, connected.actor.kind) == (  # type: ignore[attr-defined]
        "a-7", "owner", "customer"
    )  # fmt: skip
    called = contact("CONNECTED_TO_AGENT", initiationMethod="CALLBACK", agentInfo=AGENT)
    assert only(called).actor.kind == "agent"


@pytest.mark.parametrize(
    ("reason", "outcome", "by"),
    [
        ("", "abandoned", "unknown"),
        ("CUSTOMER_DISCONNECT", "abandoned", "customer"),
        ("CONTACT_FLOW_DISCONNECT", "flow_out", "system"),
        ("EXPIRED", "timeout", "system"),
        ("TELECOM_PROBLEM", "system", "system"),
    ],
)
def test_why_nobody_answered(reason: str, outcome: str, by: str) -> None:
    left, over = read(ended(reason, queueInfo=QUEUE)).events
    assert (left.outcome, left.wait_ms) == (outcome, 120_000)  # type: ignore[attr-defined]
    assert (over.by, over.answered) == (by, False)  # type: ignore[attr-defined]


def test_durations_are_those_that_both_ends_tell() -> None:
    over = last(BODIES["ended"][0])
    assert over.durations == Durations(total_ms=149_750, queue_ms=30_500, talk_ms=89_500)
    wrong_order = last(
        ended(agentInfo={**AGENT, "connectedToAgentTimestamp": "2026-09-22T00:00:00Z"})
    )
    assert wrong_order.durations.talk_ms is None


def test_who_is_passed_on_is_not_gone() -> None:
    event = only(BODIES["passed on"][0])
    assert (event.agent, event.reason) == ("a-7", "transferred")


def test_completed_repeats_the_end_and_adds_the_work() -> None:
    first = read(ended(queueInfo=QUEUE, agentInfo=AGENT)).events
    again = read(BODIES["completed"][0]).events
    assert [e.id for e in again[:2]] == [e.id for e in first]
    assert (again[2].agent, again[2].duration_ms) == ("a-7", 40_000)  # type: ignore[attr-defined]


def test_a_task_makes_no_customer_wait() -> None:
    queued, taken = only(BODIES["task queued"][0]), only(BODIES["task taken"][0])
    assert queued.to == Party(queue="q-1")
    assert taken.to == Party(agent="a-7", queue="q-1")


def test_phases_that_come_again_are_told_apart() -> None:
    one = contact("PAUSED", lastPausedTimestamp="2026-09-21T14:10:01Z")
    two = contact("PAUSED", lastPausedTimestamp="2026-09-21T14:11:01Z")
    assert only(one).id != only(two).id


def test_how_sure_we_are() -> None:
    by_network = only(BODIES["call of a known number"][0]).identifiers
    assert [(i.kind, i.trust) for i in by_network] == [("vendor", "asserted"), ("phone", "network")]
    typed = only(BODIES["mail"][0]).identifiers
    assert [(i.kind, i.trust) for i in typed] == [("vendor", "asserted"), ("email", "claimed")]
    known = only(BODIES["customer known"][0]).identifiers
    assert [(i.kind, i.value, i.trust) for i in known][1:] == [("crm", "C-40", "curated")]


def test_a_rule_of_contact_lens_is_a_models_word() -> None:
    event = only(BODIES["rule"][0])
    assert (event.tags, event.by_model) == (("CANCELS", "TELL"), "Contact Lens")
    assert event.conversation.id == "c-2"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-api-key": "right"}, None),
        ({"x-api-key": "wrong"}, "bad_signature"),
        ({"authorization": "Bearer right"}, None),
        ({"authorization": "Basic dTpyaWdodA=="}, None),
        ({}, "no_signature"),
    ],
)
def test_the_connections_key_opens(headers: dict[str, str], code: str | None) -> None:
    request = Request("POST", "https://hooks.example.com/", headers, b"{}", NOW_MS)
    source = SourceConfig("aws", "amazon_connect", "acme", ("new", "right"))
    refused = AmazonConnect().verify(request, source)
    assert (refused.code if refused else None) == code


def test_an_agent_who_is_named_without_a_time_had_the_call() -> None:
    """Bodies of 2021 name only him; since then a time that is not set says that he had not."""
    named = {"agentInfo": {"agentArn": AGENT["agentArn"]}}
    assert last(ended(**named)).answered is True
    unset = {"agentInfo": {**AGENT, "connectedToAgentTimestamp": UNSET}}
    assert last(ended(**unset)).answered is False


def test_names_of_2021_are_the_same_names() -> None:
    body, _ = BODIES["connected, as told in 2021"]
    [connected] = read(body).events
    assert connected.agent == "a-7"


def test_a_record_tells_the_figures_of_its_contact() -> None:
    found = {type(event).__name__: event for event in read(record()).events}
    ended = found["ContactEnded"]
    assert (ended.by, ended.answered) == ("customer", True)  # type: ignore[attr-defined]
    assert ended.durations == Durations(  # type: ignore[attr-defined]
        total_ms=150_000, queue_ms=30_000, talk_ms=90_000, hold_ms=12_000
    )
    assert found["QueueLeft"].queue == "q-1"  # type: ignore[attr-defined]
    assert found["WrapupEnded"].duration_ms == 40_000  # type: ignore[attr-defined]
    assert ("phone", "+12125550107") in {(i.kind, i.value) for i in ended.identifiers}
    assert {event.native_type for event in found.values()} == {"CONTACT_RECORD"}
