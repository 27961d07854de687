"""The open door tells a sender what it did not understand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.cloudevents import kind_of
from schemas.events import MessagePosted, TransferReported
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.fitting import misfits, strangers, words
from streams.channels.registry import adapters

NOW_MS = 1_790_000_000_000
SOURCE = SourceConfig("company", "cloudevents", "acme", ("secret",))


def request(body: object, **headers: str) -> Request:
    return Request("POST", "https://x/", headers, json.dumps(body).encode(), NOW_MS)


def message(**data: Any) -> dict[str, Any]:
    told = {
        "channel": "chat", "conversation": "1", "actor": "customer", "message_id": "m",
        "direction": "inbound", "personal": {"text": "hello"}, **data,
    }  # fmt: skip
    return {"specversion": "1.0", "type": "message.posted", "source": "shop", "id": "m",
            "time": "2026-09-21T14:13:20Z", "data": told}  # fmt: skip


def read(body: object) -> Parsed:
    return adapters()["cloudevents"].parse(request(body), SOURCE)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"tier": "gold"}, "there is no field `tier`"),
        ({"actor": {"kind": "customer", "name": "Ada"}}, "there is no field `actor.name`"),
        ({"identifiers": [{"kind": "user", "value": "7", "note": 1}]}, "`identifiers.note`"),
        ({"personal": {"words": "hello"}}, "`personal` has no `words`, but comment, name, note"),
    ],
)
def test_what_has_no_place_is_named_and_the_event_goes_on(data: dict[str, Any], said: str) -> None:
    found = read(message(**data))
    assert len(found.events) == 1 and found.code == "" and said in found.reason
    assert said in read([message(), message(**data)]).reason


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text": "hello"}, "`text` belongs into `personal`"),
        ({"direction": "outbound"}, "a customer's message is `inbound`"),
        ({"actor": "agent:7"}, "everybody else's `outbound`"),
    ],
)
def test_what_was_meant_otherwise_is_a_dead_letter_beside_the_event(
    data: dict[str, Any], said: str
) -> None:
    found = read(message(**data))
    assert len(found.events) == 1 and found.code == "partial" and said in found.reason


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "partial"),
        ({"state": "closed"}, "partial"),  # it is `status`: without a word nothing would close
        ({"by_model": "urgency-2"}, "partial"),
        ({"status": "closed"}, ""),
        ({"note": True}, ""),
        ({"sentiment": 0.0}, ""),
        ({"identifiers": [{"kind": "user", "value": "7"}]}, ""),
        ({"refs": [{"rel": "ticket", "id": "7"}]}, ""),
    ],
)
def test_an_update_that_sets_nothing_is_a_dead_letter(data: dict[str, Any], code: str) -> None:
    told = {"channel": "chat", "conversation": "1", "actor": "agent:7", **data}
    found = read({**message(), "type": "conversation.updated", "data": told})
    assert (len(found.events), found.code) == (1, code), found.reason
    assert ("it sets none of `status`, `topic`, `priority`" in found.reason) == bool(code)


def test_an_object_of_which_nothing_fits_refuses_its_event() -> None:
    told = message(to={"agents": "7"}, kind="cold", phase="started")
    wrong = {**told, "type": "transfer.reported"}
    found = read([message(), wrong])
    assert [kind_of(type(e)) for e in found.events] == ["message.posted"]
    assert found.code == "partial" and "there is no field `to.agents`" in found.reason


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"channel": "livechat"}, "it is one of voice, chat, bot, whatsapp"),
        ({"actor": "visitor"}, "it is one of customer, agent, bot, system, external"),
        ({"identifiers": [{"kind": "mail", "value": "x"}]}, "it is one of phone, email, whatsapp"),
    ],
)
def test_what_would_say_something_else_is_refused_with_what_would_fit(
    data: dict[str, Any], said: str
) -> None:
    found = read(message(**data))
    assert found.events == () and found.code == "malformed" and said in found.reason


@pytest.mark.parametrize(
    ("time", "estimated", "said"),
    [
        ("2026-09-21T14:13:20+02:00", False, ""),
        (1_789_999_999_000, False, ""),
        (None, True, ""),
        (0, True, ""),
        ("yesterday at 9", True, "'yesterday at 9' cannot be read"),
    ],
)
def test_a_time_that_cannot_be_read_is_said(time: object, estimated: bool, said: str) -> None:
    found = read({**message(), "time": time})
    assert found.events[0].estimated is estimated
    assert said in found.reason and bool(said) is (found.code == "partial")


def test_an_actor_may_be_a_word_with_his_id() -> None:
    [event] = read(message(actor="agent:7:b", direction="outbound")).events
    assert (event.actor.kind, event.actor.id) == ("agent", "7:b")


def test_who_asks_hears_what_was_understood() -> None:
    adapter = adapters()["cloudevents"]
    bodies = [message(), {**message(status="solved"), "type": "conversation.updated", "id": "2"}]
    asked = adapter.reply(request(bodies, prefer="return=representation"), SOURCE)
    told = json.loads(asked.body)
    assert asked.status == 200 and told["events"] == ["message.posted"]
    assert "it is one of open, pending_bot" in told["reason"]
    assert adapter.reply(request(bodies), SOURCE).body == b""


def test_places_are_found_in_lists_and_within() -> None:
    value = {
        "to": {"agent": "7", "desk": "1"},
        "refs": [{"rel": "x", "id": "1", "why": "?"}],
        "y": 1,
    }
    assert strangers(value, TransferReported) == ["to.desk", "refs.why", "y"]
    assert list(misfits(value, TransferReported)) == []
    assert list(misfits({"refs": [{"why": "?"}]}, TransferReported)) == ["refs"]
    assert words(MessagePosted, "$.identifiers[0].trust")[0] == "asserted"
    assert words(MessagePosted, "$.message_id") == words(MessagePosted, "$.no.such") == ()
