"""What Front's bodies mean: two ways of sending one event, who acts, who has it, whom to believe."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson
import pytest

from schemas.common import Party
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.front import Front
from tests.conformance.vendors.front import (
    BODIES,
    EVA,
    INBOX,
    NOW_MS,
    RULE,
    TOM,
    comment,
    event,
    message,
    moved,
    of_application,
    preview,
)


def read(body: dict[str, Any]) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return Front().parse(request, SourceConfig("desk", "front", "acme"))


def only(body: dict[str, Any]) -> Any:
    [found] = read(body).events
    return found


def test_a_rule_and_an_application_tell_one_event() -> None:
    for name, kind, target in (
        ("inbound_received", "inbound", message()),
        ("assignee_changed", "assign", TOM),
        ("conversation_archived", "archive", None),
    ):
        by_rule = event(kind, target)
        assert only(by_rule).id == only(of_application(name, by_rule)).id


def test_events_of_one_conversation_are_told_apart() -> None:
    twice = [{**event("archive"), "id": ident} for ident in ("evt_1", "evt_2")]
    assert only(twice[0]).id != only(twice[1]).id
    said = [event("inbound", message(id=ident)) for ident in ("msg_1", "msg_2")]
    assert only(said[0]).id != only(said[1]).id


def test_a_mention_is_the_comment_that_it_stands_in() -> None:
    said = comment(EVA, "@tom, look")
    mentioned = {**event("mention", said), "id": "evt_2"}
    assert only(event("comment", said)).id == only(mentioned).id


def test_a_resource_without_an_event_is_told_apart_by_its_time_or_its_words() -> None:
    def archived(**more: Any) -> str:
        shown = {**event("")["conversation"], **more}
        return str(only(of_application("conversation_archived", shown)).id)

    assert archived(updated_at=1) == archived(updated_at=1) != archived(updated_at=2)
    assert archived() == archived() != archived(subject="Another")


@pytest.mark.parametrize(
    ("body", "actor", "direction", "visibility", "automated"),
    [
        (event("inbound", message(), INBOX), ("customer", None), "inbound", "public", "no"),
        (
            event("out_reply", message(False), INBOX),
            ("agent", "tea_31"),
            "outbound",
            "public",
            "no",
        ),
        (
            event("outbound", message(False, author={"id": "tea_8", "type": "rule"})),
            ("system", "tea_8"),
            "outbound",
            "public",
            "auto_reply",
        ),
        (
            event("outbound", message(False, author={"id": "tea_8", "type": "bulk_reply"})),
            ("system", "tea_8"),
            "outbound",
            "public",
            "campaign",
        ),
        (
            event("out_reply", message(False, author={"id": "tea_8", "type": "ai"})),
            ("bot", "tea_8"),
            "outbound",
            "public",
            "no",
        ),
        (
            event("outbound", message(False, author=None), INBOX),
            ("agent", None),
            "outbound",
            "public",
            "no",
        ),
        (event("forward", message(False)), ("agent", "tea_31"), "outbound", "internal", "no"),
    ],
)
def test_who_writes_and_who_can_read_it(
    body: dict[str, Any],
    actor: tuple[str, str | None],
    direction: str,
    visibility: str,
    automated: str,
) -> None:
    found = only(body)
    assert (found.actor.kind, found.actor.id) == actor
    assert (found.direction, found.visibility) == (direction, visibility)
    assert found.automated == automated


def test_a_message_is_of_its_own_time_and_the_rest_of_the_events() -> None:
    said = only({**event("inbound", message(created_at=1_789_999_999.25)), "emitted_at": 1e9})
    assert said.time_ms == 1_789_999_999_250
    assert only(event("archive")).time_ms == NOW_MS


def test_a_preview_takes_the_message_that_the_conversation_shows_if_it_fits() -> None:
    inbound = {**preview("inbound"), "conversation": event("inbound")["conversation"]}
    assert only(inbound).message_id == "msg_1"
    reply = {**inbound, "type": "out_reply"}
    assert only(reply).message_id == "evt_1"  # the last one shown is the customer's


@pytest.mark.parametrize(
    ("body", "to"),
    [
        (event("assign", TOM), Party(agent="tea_32")),
        (event("assign", TOM, assignee=EVA), Party(agent="tea_32")),
        (event("assign", assignee=EVA), Party(agent="tea_31")),
        (event("assign", {"id": "tea_9", "type": "ai"}), Party(bot="tea_9")),
        (event("unassign"), Party()),
        (of_application("assignee_changed", event("unassign")), Party()),
        (moved(), Party(queue="inb_2")),
    ],
)
def test_who_has_it(body: dict[str, Any], to: Party) -> None:
    assert only(body).to == to


def test_who_did_it() -> None:
    def actor(source: dict[str, Any]) -> tuple[str, str | None]:
        found = only(event("archive", source=source)).actor
        return found.kind, found.id

    assert actor({"_meta": {"type": "teammate"}, "data": EVA}) == ("agent", "tea_31")
    assert actor(RULE) == ("system", None)
    assert actor({"_meta": {"type": "gmail"}, "data": None}) == ("agent", None)
    assert actor({"_meta": {"type": "api"}}) == ("system", None)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("archive", "closed"),
        ("reopen", "open"),
        ("reminder", "open"),
        ("snooze", "snoozed"),
        ("trash", "deleted"),
        ("restore", "open"),
    ],
)
def test_where_it_stands(kind: str, status: str) -> None:
    assert only(event(kind)).status == status


@pytest.mark.parametrize(
    ("medium", "handle", "channel", "known"),
    [
        ("email", "lea@example.com", "email", [("email", "lea@example.com", "claimed")]),
        ("sms", "+33600000040", "sms", [("phone", "+33600000040", "network")]),
        ("call", "+33600000040", "voice", [("phone", "+33600000040", "network")]),
        (
            "whatsapp",
            "+33600000040",
            "whatsapp",
            [("whatsapp", "33600000040", "asserted"), ("phone", "+33600000040", "asserted")],
        ),
        ("facebook", "24000040", "messenger", [("messenger", "24000040", "asserted")]),
        ("tweet_dm", "[REDACTED]", "social", []),
        ("custom", "user-40", "messaging", []),
        ("custom", "+33600000040", "messaging", [("phone", "+33600000040", "claimed")]),
        ("front_chat", "lea@example.com", "chat", [("email", "lea@example.com", "claimed")]),
    ],
)
def test_the_medium_is_the_messages_and_whom_we_believe(
    medium: str, handle: str, channel: str, known: list[tuple[str, str, str]]
) -> None:
    body = event("inbound", message(medium=medium))
    body["conversation"]["recipient"]["handle"] = handle
    found = only(body)
    assert found.channel == channel
    assert [(i.kind, i.value, i.trust) for i in found.identifiers] == [
        ("vendor", "desk:crd_40", "asserted"),
        *known,
    ]


def test_the_tags_are_all_that_are_there_now() -> None:
    both = [{"id": "tag_1", "name": "vip"}, {"id": "tag_2", "name": "lamp"}]
    assert only(event("tag", both[1], tags=both)).tags == ("vip", "lamp")
    assert only(event("untag", both[1], tags=both[:1])).tags == ("vip",)


def test_each_conversation_that_was_merged_goes_into_the_one_that_lives_on() -> None:
    found: Any = read(BODIES["merged"][0]).events
    assert [(e.conversation.id, e.other.id) for e in found] == [("cnv_2", "cnv_1"), ("cnv_3", "cnv_1")]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "score", "top"),
    [("Rated 4/5: Quick", 4.0, 5.0), ("9 out of 10", 9.0, 10.0), ("Quick.", None, None)],
)
def test_the_answer_to_a_survey_is_a_comment(
    words: str, score: float | None, top: float | None
) -> None:
    found = only(event("comment", comment({"id": "tea_9", "type": "smart_csat"}, words)))
    assert (found.score, found.scale_max) == (score, top)
    assert found.actor.kind == "customer" and found.personal == {"comment": words}


def signed(body: bytes, stamp: str | None, secret: bytes = b"secret") -> dict[str, str]:
    if stamp is None:
        digest = hmac.new(secret, body, hashlib.sha1).digest()
        return {"x-front-signature": base64.b64encode(digest).decode()}
    digest = hmac.new(secret, f"{stamp}:".encode() + body, hashlib.sha256).digest()
    return {
        "x-front-signature": base64.b64encode(digest).decode(),
        "x-front-request-timestamp": stamp,
    }


def test_rules_and_applications_sign_differently() -> None:
    body, stamp = b'{"type": "sync"} ', str(NOW_MS)

    def code(headers: dict[str, str], *secrets: str, body: bytes = body, late_ms: int = 0) -> Any:
        config = SourceConfig("desk", "front", "acme", secrets)
        refused = Front().verify(Request("POST", "", headers, body, NOW_MS + late_ms), config)
        return refused.code if refused else None

    for headers in (signed(body, None), signed(body, stamp)):
        assert code(headers, "secret") is None
        assert code(headers, "new", "secret") is None
        assert code(headers, "other") == "bad_signature"
        assert code(headers, "secret", body=body.strip()) == "bad_signature"
        assert code(headers) == "no_signature"
    assert code({}, "secret") == "no_signature"
    assert code(signed(body, stamp), "secret", late_ms=300_001) == "stale"
    assert code({**signed(body, stamp), "x-front-request-timestamp": "1"}, "secret") == "bad_signature"  # fmt: skip
    # A captured request does not become a rule's by losing its time.
    captured = signed(body, stamp)
    del captured["x-front-request-timestamp"]
    assert code(captured, "secret", late_ms=300_001) == "bad_signature"


def test_a_challenge_goes_back_only_if_it_is_signed() -> None:
    config = SourceConfig("desk", "front", "acme", ("secret",))

    def answer(headers: dict[str, str]) -> Any:
        return Front().handshake(Request("POST", "", headers, b"{}", NOW_MS), config)

    asked = {**signed(b"{}", str(NOW_MS)), "x-front-challenge": "abc"}
    assert answer(asked).body == b"abc"
    assert answer({**asked, "x-front-signature": "x"}) is None
    assert answer(signed(b"{}", str(NOW_MS))) is None


def test_a_teammate_who_takes_a_call_has_not_called_back() -> None:
    taken = only(event("call_connected", EVA))
    assert (taken.actor.kind, taken.agent) == ("customer", "tea_31")
    placed = only(event("call_connected", message(False, "call")))
    assert (placed.actor.kind, placed.agent) == ("agent", "tea_31")
