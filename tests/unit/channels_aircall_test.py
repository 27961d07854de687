"""What Aircall's bodies mean: threads of text messages, machines in a call and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.events import Durations
from tests.conformance.vendors import NOW_MS, NOW_S, parsed
from tests.conformance.vendors.aircall import (
    BODIES,
    call,
    intelligence,
    text_message,
    voice_agent,
)


def only(body: Any) -> Any:
    [event] = parsed("aircall", body, source="calls").events
    return event


def ids(event: Any) -> list[str]:
    return [f"{i.kind} {i.value} {i.trust}" for i in event.identifiers]


def test_a_thread_is_the_same_however_the_number_is_written() -> None:
    spaced = only(text_message("received", external_number="+1 212-555-0105"))
    plain = only(text_message("received", id="m2"))
    assert spaced.conversation == plain.conversation
    assert plain.conversation.id == "7/12125550105"


def test_whatsapp_vouches_for_the_number_a_telephone_network_only_shows_it() -> None:
    assert ids(only(text_message("received", channel="whatsapp"))) == [
        "whatsapp 12125550105 asserted",
        "phone +12125550105 asserted",
    ]
    assert ids(only(text_message("received"))) == ["phone +12125550105 network"]


def test_a_call_back_in_proxy_mode_is_the_webhook_by_another_name() -> None:
    body, _ = BODIES["text message in proxy mode"]
    called_back = only(body)
    assert called_back.id == only(text_message("received")).id
    assert called_back.native_type == "message.received"
    receipt = {**body, "event_name": "message.updated"}
    receipt["data"] = {**body["data"], "status": "undelivered", "created_at": None}
    changed = only(receipt)
    assert (changed.status, changed.time_ms) == ("failed", NOW_MS)


@pytest.mark.parametrize(
    ("reason", "outcome", "actor"),
    [
        ("answered", "success", "bot"),
        ("escalated", "escalated", "bot"),
        ("disconnected", "failure", "bot"),
        ("caller_hung_up", "left", "customer"),
        ("", "progressed", "bot"),
    ],
)
def test_how_a_voice_agent_ended(reason: str, outcome: str, actor: str) -> None:
    ended = only(voice_agent("ended", call_end_reason=reason, ended_at=NOW_S - 9))
    assert (ended.outcome, ended.actor.kind) == (outcome, actor)
    assert ended.time_ms == NOW_MS - 9_000
    assert ended.conversation.id == "41"


def test_a_hand_over_by_a_voice_agent_counts_once() -> None:
    told = only(voice_agent("escalated"))
    again = only(voice_agent("ended", call_end_reason="escalated"))
    assert told.id == again.id
    assert told.id != only(voice_agent("escalated", ai_voice_agent_session_id="s-2")).id


def test_what_a_voice_agent_was_told_is_personal() -> None:
    body, _ = BODIES["machine asks"]
    assert only(body).personal == {"text": "about: a parcel"}


def test_what_is_to_be_done_is_a_note_and_no_topic() -> None:
    noted = only(intelligence("action_item.created", content=["Trace it", "Call back"]))
    assert (noted.note, noted.topic, noted.by_model) == (True, None, "aircall")
    assert noted.personal == {"note": "Trace it\nCall back"}
    assert only(intelligence("topics.created", content=["refund"])).topic == "refund"


def passed_on(**data: Any) -> Any:
    return only(call("call.transferred", user={"id": 501}, **data))


def test_who_passes_a_call_on_to_whom() -> None:
    by_ada = {"transferred_by": {"id": 501}}
    told = passed_on(**by_ada, transferred_to={"id": 502})
    assert (told.actor.id, told.to.agent, told.from_.agent) == ("501", "502", "501")
    # To nobody that is named: whoever passes it on does not pass it to himself.
    assert passed_on(**by_ada).to.agent is None
    # The one who has it by now, when another has passed it on.
    other = passed_on(transferred_by={"id": 500})
    assert (other.actor.id, other.to.agent) == ("500", "501")


@pytest.mark.parametrize(
    ("said", "kind"), [("warm", "warm"), ("cold", "blind"), (None, "unknown"), ("odd", "unknown")]
)
def test_how_a_call_was_passed_on_is_known_only_if_it_is_said(said: str | None, kind: str) -> None:
    assert passed_on(transfer_type=said).kind == kind


def test_the_figures_of_a_call() -> None:
    times = {"started_at": NOW_S - 100, "ended_at": NOW_S - 10, "duration": 90}
    answered = only(call("call.ended", answered_at=NOW_S - 70, **times))
    assert answered.durations == Durations(total_ms=90_000, queue_ms=30_000, talk_ms=60_000)
    ours = only(call("call.ended", direction="outbound", answered_at=NOW_S - 70, **times))
    assert ours.durations == Durations(total_ms=90_000, talk_ms=60_000)
    _, missed = parsed("aircall", call("call.ended", answered_at=None, **times)).events
    assert missed.durations == Durations(total_ms=90_000, queue_ms=90_000)  # type: ignore[attr-defined]
