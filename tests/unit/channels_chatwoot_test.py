"""What Chatwoot's bodies mean: whom to believe, who acts, who has the conversation."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from schemas.common import Identifier, Party
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.chatwoot import Chatwoot
from tests.conformance.vendors.chatwoot import (
    AGENT,
    BODIES,
    NOW_MS,
    NOW_S,
    changed,
    chatwoot_message,
    conversation,
)


def read(body: dict[str, Any], **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return Chatwoot().parse(request, SourceConfig("desk", "chatwoot", "acme", options=options))


def only(body: dict[str, Any], **options: str) -> Any:
    parsed = read(body, **options)
    [event] = parsed.events
    return event


def trusts(event: Any) -> dict[str, str]:
    return {f"{i.kind} {i.value}": i.trust for i in event.identifiers}


def test_what_a_visitor_typed_is_only_claimed() -> None:
    assert trusts(only(BODIES["incoming"][0])) == {
        "vendor desk:5": "asserted",
        "cookie c0ffee-5": "asserted",
        "phone +33600000005": "claimed",
        "email ines@example.com": "claimed",
    }


def test_a_visitor_whom_the_website_signed_in_is_believed() -> None:
    meta = {
        "hmac_verified": True,
        "sender": {"id": 5, "identifier": "A-5", "email": "ines@example.com", "type": "contact"},
    }
    found = trusts(only(chatwoot_message(conversation=conversation(meta=meta))))
    assert found["user A-5"] == "asserted"
    assert found["email ines@example.com"] == "curated"
    meta["hmac_verified"] = "yes"  # only a real true counts
    found = trusts(only(chatwoot_message(conversation=conversation(meta=meta))))
    assert found["user A-5"] == "claimed"


@pytest.mark.parametrize(
    ("native", "address", "channel", "expected"),
    [
        ("Channel::Whatsapp", "33600000005", "whatsapp", ("whatsapp", "33600000005", "asserted")),
        (
            "Channel::TwilioSms",
            "whatsapp:+33600000005",
            "whatsapp",
            ("phone", "+33600000005", "asserted"),
        ),
        ("Channel::TwilioSms", "+33600000005", "sms", ("phone", "+33600000005", "network")),
        ("Channel::Sms", "+33600000005", "sms", ("phone", "+33600000005", "network")),
        ("Channel::FacebookPage", "998877", "messenger", ("messenger", "998877", "asserted")),
        ("Channel::Instagram", "998878", "instagram", ("instagram", "998878", "asserted")),
        ("Channel::Telegram", "998879", "telegram", ("telegram", "998879", "asserted")),
        ("Channel::Email", "ines@example.com", "email", ("email", "ines@example.com", "claimed")),
        ("Channel::Api", "uuid", "messaging", ("vendor", "desk:5", "asserted")),
        ("Channel::Line", "U1", "line", ("vendor", "desk:5", "asserted")),
        ("Channel::FromTheFuture", "x", "messaging", ("vendor", "desk:5", "asserted")),
    ],
)
def test_the_medium_says_who_it_is(
    native: str, address: str, channel: str, expected: tuple[str, str, str]
) -> None:
    shown = conversation(
        channel=native,
        contact_inbox={"contact_id": 5, "source_id": address, "hmac_verified": False},
    )
    event = only(chatwoot_message(conversation=shown))
    assert event.channel == channel
    assert Identifier(*expected) in event.identifiers
    assert len({(i.kind, i.value) for i in event.identifiers}) == len(event.identifiers)


@pytest.mark.parametrize(
    ("name", "actor", "direction", "visibility", "automated"),
    [
        ("incoming", ("customer", None), "inbound", "public", "no"),
        ("outgoing", ("agent", "31"), "outbound", "public", "no"),
        ("bot", ("bot", "4"), "outbound", "public", "no"),
        ("note", ("agent", "31"), "outbound", "internal", "no"),
        ("greeting", ("system", None), "outbound", "public", "greeting"),
    ],
)
def test_who_speaks(
    name: str, actor: tuple[str, str | None], direction: str, visibility: str, automated: str
) -> None:
    event = only(BODIES[name][0])
    assert (event.actor.kind, event.actor.id) == actor
    assert (event.direction, event.visibility, event.automated) == (
        direction,
        visibility,
        automated,
    )


@pytest.mark.parametrize(
    ("more", "kind", "automated"),
    [
        ({"sender": None}, "bot", "no"),
        ({"sender": None, "content_attributes": {"external_echo": True}}, "agent", "no"),
        ({"sender": {"id": 31, "email": "ruth@example.com"}}, "agent", "no"),
        ({"sender": AGENT, "additional_attributes": {"campaign_id": 3}}, "agent", "campaign"),
        ({"sender": None, "content_attributes": {"automation_rule_id": 8}}, "bot", "auto_reply"),
    ],
)
def test_who_speaks_for_the_company(more: dict[str, Any], kind: str, automated: str) -> None:
    event = only(chatwoot_message(message_type="outgoing", **more))
    assert (event.actor.kind, event.automated) == (kind, automated)


def test_an_out_of_office_mail_is_no_act_of_the_customer() -> None:
    event = only(chatwoot_message(content_attributes={"email": {"auto_reply": True}}))
    assert (event.actor.kind, event.automated) == ("customer", "auto_reply")


def test_the_same_change_told_by_two_events_is_one() -> None:
    change = {"status": ("open", "resolved")}
    told = [
        only({**conversation(status="resolved"), **changed(event, **change)})
        for event in ("conversation_updated", "conversation_status_changed")
    ]
    assert told[0].id == told[1].id
    assert told[0].status == "resolved"


def test_the_change_counts_and_not_what_the_body_shows_later() -> None:
    shown = conversation(status="open", meta={"sender": {"id": 5}, "assignee": {"id": 33}})
    parsed = read({**shown, **changed(status=("open", "resolved"), assignee_id=(31, None))})
    status, assignment = parsed.events
    assert status.status == "resolved"  # type: ignore[attr-defined]
    assert assignment.to == Party()  # type: ignore[attr-defined]
    assert assignment.from_ == Party(agent="31")  # type: ignore[attr-defined]
    assert status.time_ms == NOW_MS + 40_000  # 14:14:00, not the body's updated_at


def test_two_changes_of_one_conversation_are_two_events() -> None:
    first = changed(status=("open", "resolved"))
    second = changed(status=("open", "resolved"))
    second["changed_attributes"][-1]["updated_at"]["current_value"] = "2026-09-21T15:00:00Z"
    shown = conversation(status="resolved")
    assert only({**shown, **first}).id != only({**shown, **second}).id


@pytest.mark.parametrize(
    ("meta", "change", "expected"),
    [
        ({"assignee": {"id": 31, "type": "user"}}, {"assignee_id": (None, 31)}, Party(agent="31")),
        (
            {"assignee": {"id": 4}, "assignee_type": "AgentBot"},
            {"assignee_agent_bot_id": (None, 4)},
            Party(bot="4"),
        ),
        (
            {"assignee": {"id": 31}, "team": {"id": 2, "name": "Billing"}},
            {"team_id": (1, 2)},
            Party(agent="31", team="2"),
        ),
    ],
)
def test_who_has_it_now(meta: dict[str, Any], change: dict[str, Any], expected: Party) -> None:
    event = only({**conversation(meta={"sender": {"id": 5}, **meta}), **changed(**change)})
    assert event.to == expected


def test_a_conversation_says_from_the_start_where_it_stands() -> None:
    meta = {"sender": {"id": 5}, "assignee": {"id": 31, "type": "user"}}
    body = {**conversation(status="pending", meta=meta), "event": "conversation_created"}
    opened, status, holder = read(body).events
    assert opened.initiated_by == "customer"  # type: ignore[attr-defined]
    assert status.status == "pending_bot"  # type: ignore[attr-defined]
    assert holder.to == Party(agent="31")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("message", "by", "direction"),
    [
        ({"message_type": 0}, "customer", "inbound"),
        ({"message_type": 3}, "customer", "inbound"),  # the greeting that answers him
        ({"message_type": 1, "sender": {"id": 4, "type": "agent_bot"}}, "customer", "inbound"),
        ({"message_type": 1, "sender": AGENT}, "agent", "outbound"),
        (
            {"message_type": 1, "additional_attributes": {"campaign_id": 9}},
            "campaign",
            "outbound",
        ),
    ],
)
def test_who_began(message: dict[str, Any], by: str, direction: str) -> None:
    opened = only({**conversation(messages=[message]), "event": "conversation_created"})
    assert (opened.initiated_by, opened.direction) == (by, direction)


def test_stars_are_on_their_scale_with_the_comment_among_the_personal() -> None:
    event = only(BODIES["rated"][0])
    assert (event.score, event.scale_min, event.scale_max) == (2.0, 1.0, 5.0)
    assert event.personal == {"comment": "Slow."}
    assert event.actor.kind == "customer"


@pytest.mark.parametrize(
    ("card", "options", "trust"),
    [
        ({}, {}, "claimed"),
        ({"identifier": "A-5"}, {}, "curated"),
        ({}, {"contacts": "curated"}, "curated"),
        ({"identifier": "A-5"}, {"contacts": "claimed"}, "claimed"),
    ],
)
def test_a_card_is_worth_what_the_source_says(
    card: dict[str, Any], options: dict[str, str], trust: str
) -> None:
    event = only({**BODIES["contact"][0], **card}, **options)
    assert trusts(event)["email ines@example.com"] == trust


def test_without_a_time_the_arrival_is_taken_and_said_so() -> None:
    event = only(chatwoot_message(created_at=None))
    assert event.estimated and event.time_ms == event.recorded_ms == NOW_MS + 900


@pytest.mark.parametrize(
    "created_at", ["2026-09-21T14:13:20.000Z", NOW_S, float(NOW_S), "2026-09-21 14:13:20 UTC"]
)
def test_every_form_of_a_time_is_read(created_at: object) -> None:
    event = only(chatwoot_message(created_at=created_at))
    assert event.time_ms == NOW_MS and not event.estimated


def signed(body: bytes, secret: str, stamp: int = NOW_S) -> Request:
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-chatwoot-timestamp": str(stamp), "x-chatwoot-signature": f"sha256={digest}"}
    return Request("POST", "https://hooks.example.com/", headers, body, NOW_MS)


def source(*secrets: str) -> SourceConfig:
    return SourceConfig("desk", "chatwoot", "acme", secrets)


def test_the_signature_covers_time_and_body() -> None:
    desk = Chatwoot()
    assert desk.verify(signed(b'{"a": 1}\r\n', "new"), source("new", "old")) is None
    assert desk.verify(signed(b'{"a": 1}\r\n', "old"), source("new", "old")) is None
    for request in (
        signed(b"{}", "other"),
        Request("POST", "", {**signed(b"{}", "new").headers}, b"{ }", NOW_MS),
        Request(
            "POST",
            "",
            {**signed(b"{}", "new").headers, "x-chatwoot-timestamp": str(NOW_S + 1)},
            b"{}",
            NOW_MS,
        ),
    ):
        refused = desk.verify(request, source("new"))
        assert refused is not None and refused.code == "bad_signature"
    stale = desk.verify(signed(b"{}", "new", NOW_S - 301), source("new"))
    assert stale is not None and stale.code == "stale"


def test_an_old_chatwoot_signs_nothing_and_carries_a_token() -> None:
    desk = Chatwoot()
    for url, code in (
        ("https://hooks.example.com/?token=right", None),
        ("https://hooks.example.com/?token=wrong", "bad_signature"),
        ("https://hooks.example.com/", "no_signature"),
        ("https://hooks.example.com/?token=", "no_signature"),
    ):
        refused = desk.verify(Request("POST", url, {}, b"{}", NOW_MS), source("right"))
        assert (refused.code if refused else None) == code, url
    empty = Request("POST", "https://hooks.example.com/?token=", {}, b"{}", NOW_MS)
    assert desk.verify(empty, source()) is not None


def test_instagram_through_a_page_is_instagram() -> None:
    page = {
        "channel": "Channel::FacebookPage",
        "contact_inbox": {"contact_id": 5, "source_id": "178001"},
    }
    by_page = {**page, "additional_attributes": {"type": "instagram_direct_message"}}
    assert only(chatwoot_message(conversation=conversation(**page))).channel == "messenger"
    told = only(chatwoot_message(conversation=conversation(**by_page)))
    assert told.channel == "instagram"
    assert trusts(told)["instagram 178001"] == "asserted"


def test_a_card_was_changed_when_its_change_says() -> None:
    card = {
        "event": "contact_updated",
        "id": 5,
        "email": "ines@example.com",
        "changed_attributes": [
            {"updated_at": {"previous_value": None, "current_value": "2026-09-21T14:13:20.000Z"}}
        ],
    }
    linked = only(card)
    assert (linked.time_ms, linked.estimated) == (NOW_MS, False)


def test_a_message_of_a_new_type_is_put_on_no_side() -> None:
    found = read(chatwoot_message(message_type="whispered"))
    assert found.code == "unknown_type" and "'whispered'" in found.reason


@pytest.mark.parametrize("address", ["33600000005@s.whatsapp.net", "33600000005:7@c.us"])
def test_a_bridges_address_is_no_account_of_the_companys(address: str) -> None:
    card = {"event": "contact_updated", "id": 5, "identifier": address, "name": "Ines Duval"}
    assert trusts(only(card)) == {
        "vendor desk:5": "asserted",
        "whatsapp 33600000005": "curated",
    }


def test_a_group_is_nobody() -> None:
    card = {"event": "contact_created", "id": 6, "identifier": "12036300000@g.us", "name": "Us"}
    assert read(card).code == "ignored"
