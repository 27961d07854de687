"""What Messenger's and Instagram's bodies mean: who writes, who has the thread, what was read."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson
import pytest

from schemas.common import Actor, Party, Ref
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.registry import adapters
from tests.conformance.vendors import NOW_MS
from tests.conformance.vendors import meta_instagram as instagram
from tests.conformance.vendors.meta_messenger import (
    BODIES,
    NOUR,
    PAGE,
    batch,
    change,
    feed,
    item,
    rated,
    said,
    told,
)


def read(body: Any, vendor: str = "meta_messenger", **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    source = SourceConfig("page", vendor, "acme", options=options)
    return adapters()[vendor].parse(request, source)


def only(body: Any, vendor: str = "meta_messenger", **options: str) -> Any:
    [event] = read(body, vendor, **options).events
    return event


def test_the_customer_is_the_other_side_whoever_writes() -> None:
    asked, answered = only(BODIES["text"][0]), only(BODIES["echo"][0])
    for event in (asked, answered):
        assert event.conversation.id == f"{PAGE}/{NOUR}"
        assert [(i.kind, i.value, i.trust) for i in event.identifiers] == [
            ("messenger", NOUR, "asserted")
        ]
        assert event.channel == "messenger" and event.time_ms == NOW_MS
    assert (asked.actor, asked.direction) == (Actor("customer"), "inbound")
    assert (answered.actor, answered.direction) == (Actor("agent"), "outbound")


def test_an_app_that_is_named_as_a_bot_is_one() -> None:
    echo = told(ours=True, message={"mid": "m", "text": "x", "is_echo": True, "app_id": 7001})
    assert only(echo).actor.kind == "agent"
    assert only(echo, bots="12, 7001").actor.kind == "bot"
    assert only(echo).refs == (Ref("app", "7001"),)


def test_on_standby_another_app_has_the_thread() -> None:
    event = only(BODIES["standby"][0])
    assert event.owner == "other" and event.native_type == "standby.message"
    assert only(BODIES["text"][0]).owner == "ours"


def test_a_thread_goes_from_the_bot_to_people() -> None:
    control = {"previous_owner_app_id": "7001", "new_owner_app_id": 263902037430900}
    event = only(told(pass_thread_control=control), bots="7001")
    assert (event.from_, event.to) == (Party(bot="7001"), Party(app="263902037430900"))
    idle = only(BODIES["passed"][0])
    assert idle.from_ is None and idle.to == Party(app="2")
    old_form = only(told(take_thread_control={"previous_owner_app_id": "2"}))
    assert (old_form.from_, old_form.to) == (Party(app="2"), Party())
    asked = only(BODIES["requested"][0])
    assert (asked.phase, asked.to) == ("started", Party(app="1"))


def test_a_postback_is_what_the_thread_shows() -> None:
    tapped = only(BODIES["postback"][0])
    assert tapped.personal == {"text": "My parcel"} and tapped.message_id == "m_3"
    first = only(BODIES["get started from an advertisement"][0])
    assert first.personal == {"text": "GO"} and first.refs == (Ref("referral", "9"),)


def test_a_receipt_names_messages_or_a_moment() -> None:
    two = read(BODIES["delivered"][0]).events
    assert [event.message_id for event in two] == ["m_2", "m_4"]  # type: ignore[attr-defined]
    seen = only(BODIES["read"][0])
    assert (seen.status, seen.message_id) == ("read", f"until/{NOW_MS}")
    assert seen.actor == Actor("customer")
    by_name = only(instagram.BODIES["seen"][0], "meta_instagram")
    assert (by_name.status, by_name.message_id) == ("read", "ig_2")


def test_what_changes_one_message_again_and_again_is_told_apart() -> None:
    bodies = [
        said(text="x"),
        *(told(message_edit={"mid": "m_1", "text": "x", "num_edit": n}) for n in (1, 2)),
        said(is_deleted=True),
        told(reaction={"mid": "m_1", "action": "react", "emoji": "❤"}),
        told(reaction={"mid": "m_1", "action": "unreact"}),
    ]
    events = [only(body) for body in bodies]
    assert len({event.id for event in events}) == len(bodies)
    assert [event.status for event in events[1:]] == [
        "edited", "edited", "deleted", "reacted", "unreacted"
    ]  # fmt: skip


def test_a_part_that_we_do_not_know_does_not_hide_the_others() -> None:
    body = batch("page", item(levitation={}), item(message={"mid": "m_1", "text": "x"}))
    found = read(body)
    assert len(found.events) == 1 and found.code == "partial" and "levitation" in found.reason


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"type": "csat ", "payload": "4"}, ("csat", 4.0, 1.0, 5.0, None)),
        ({"type": "nps", "payload": "0"}, ("nps", 0.0, 0.0, 10.0, None)),
        ({"type": "ces", "payload": "7"}, ("ces", 7.0, 1.0, 7.0, False)),
        ({"type": "free_form", "payload": "5 stars"}, ("survey", None, None, None, None)),
    ],
)
def test_scores_stand_on_their_scales(answer: dict[str, Any], expected: tuple[Any, ...]) -> None:
    event = only(rated(**answer))
    assert expected == (
        event.instrument, event.score, event.scale_min, event.scale_max, event.easy_is_low
    )  # fmt: skip


def test_consent_is_given_and_taken_back() -> None:
    given, stopped = only(BODIES["marketing agreed"][0]), only(BODIES["marketing stopped"][0])
    assert [one.state for one in (given, stopped)] == ["granted", "denied"]
    assert given.purpose == "marketing" and given.consent_channel == "messenger"


@pytest.mark.parametrize(
    ("stamp", "time_ms"),
    [
        (NOW_MS, NOW_MS),
        (str(NOW_MS // 1_000), NOW_MS),
        ("2026-09-21T14:13:20+0000", NOW_MS),
        (None, NOW_MS),
    ],
)
def test_times_of_all_tools(stamp: Any, time_ms: int) -> None:
    one = {**item(message={"mid": "ig_1", "text": "x"}), "timestamp": stamp}
    assert only(batch("instagram", one), "meta_instagram").time_ms == time_ms


def test_a_message_and_its_version_0_are_one() -> None:
    first = only(instagram.BODIES["text"][0], "meta_instagram")
    again = only(instagram.BODIES["version 0 with words"][0], "meta_instagram")
    assert first.id == again.id


def test_a_reply_names_what_it_answers() -> None:
    event = only(BODIES["reply"][0])
    assert event.in_reply_to == "m_0" and event.refs == (Ref("in_reply_to", "m_0"),)
    story = only(instagram.BODIES["reply to a story"][0], "meta_instagram")
    assert story.in_reply_to is None and story.refs == (Ref("story", "s1"),)


def test_what_is_public_is_social_and_its_thread_is_the_comment() -> None:
    first = only(BODIES["comment"][0])
    answer, ours = only(BODIES["answer to a comment"][0]), only(BODIES["our answer"][0])
    assert {e.conversation.id for e in (first, answer, ours)} == {"comment/1_2"}
    assert {e.channel for e in (first, answer, ours)} == {"social"}
    assert [e.direction for e in (first, answer, ours)] == ["inbound", "inbound", "outbound"]
    assert ours.identifiers == () and ours.actor.kind == "agent"
    assert first.refs == (Ref("post", "5000_1"),)
    assert only(feed("post", message="x")).conversation.id == "post/5000_1"


def test_who_comments_on_instagram_is_who_writes_there() -> None:
    comment = only(instagram.BODIES["comment"][0], "meta_instagram")
    message = only(instagram.BODIES["text"][0], "meta_instagram")
    assert comment.identifiers == message.identifiers
    assert comment.personal["name"] == "nour.paints"
    assert comment.time_ms == NOW_MS


def test_a_recommendation_is_yes_or_no_and_was_stars() -> None:
    event = only(BODIES["recommended"][0])
    assert (event.instrument, event.score, event.scale_max) == ("review", 1.0, 1.0)
    body = deepcopy(BODIES["recommended"][0])
    body["entry"][0]["changes"][0]["value"] |= {"rating": 4}
    assert (only(body).score, only(body).scale_max) == (4.0, 5.0)


@pytest.mark.parametrize("vendor", ["meta_messenger", "meta_instagram", "meta_whatsapp"])
def test_the_handshake_goes_back_to_who_knows_the_token(vendor: str) -> None:
    def answer(token: str, **options: str) -> tuple[int, bytes]:
        url = f"https://hooks.example.com/?hub.mode=subscribe&hub.challenge=77&hub.verify_token={token}"
        source = SourceConfig("page", vendor, "acme", ("secret",), options)
        found = adapters()[vendor].handshake(Request("GET", url, {}, b"", NOW_MS), source)
        assert found is not None
        return found.status, found.body

    assert answer("open", verify_token="open") == (200, b"77")
    assert answer("secret") == (200, b"77")
    assert answer("wrong", verify_token="open")[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        told(reaction={"mid": "m_2", "action": "pinned"}),
        told(reaction={"mid": "m_2"}),
        told(optin={"type": "notification_messages", "notification_messages_status": "PAUSED"}),
        feed("reaction", "pinned", reaction_type="like"),
        change("ratings", item="rating", verb="add", reviewer_id="31"),
    ],
)
def test_an_act_of_a_new_kind_is_not_taken_for_one_that_we_know(body: Any) -> None:
    found = read(body)
    assert found.code == "unknown_type" and found.reason


def test_an_account_that_writes_to_itself_is_no_customer() -> None:
    note = {"sender": {"id": PAGE}, "recipient": {"id": PAGE}, "timestamp": NOW_MS,
            "message": {"mid": "m_1", "text": "Note", "is_echo": True, "is_self": True}}  # fmt: skip
    found = read({"object": "instagram", "entry": [{"id": PAGE, "messaging": [note]}]},
                 "meta_instagram")  # fmt: skip
    assert found.code == "ignored" and not found.events
