"""What Intercom's bodies mean: parts told twice, who writes, who has it, which medium, whom to
believe.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest

from schemas.common import Party
from schemas.events import AgentConnected
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.intercom import Intercom
from tests.conformance.vendors.intercom import (
    ASSIGNED,
    BODIES,
    EVA,
    FIN,
    LEA,
    NOW_MS,
    NOW_S,
    call,
    campaign,
    contact,
    notification,
    old_talk,
    part,
    talk,
    ticket,
)


def read(body: dict[str, Any], **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return Intercom().parse(request, SourceConfig("desk", "intercom", "acme", options=options))


def only(body: dict[str, Any], **options: str) -> Any:
    [event] = read(body, **options).events
    return event


def of(topic: str, *parts: dict[str, Any], **item: Any) -> dict[str, Any]:
    return notification(topic, talk(*parts, **item))


def test_the_retry_of_a_notification_is_the_same_event() -> None:
    first = of("conversation.user.replied", part("comment", LEA, "<p>Hi</p>"))
    again = {**first, "delivery_status": "retry", "delivery_attempts": 2}
    assert only(first).id == only(again).id


def test_two_topics_about_one_part_count_once() -> None:
    topics = ("conversation.admin.assigned", "conversation.admin.open.assigned")
    assert len({only(of(topic, ASSIGNED)).id for topic in topics}) == 1
    last_word = part("close", body="<p>Bye</p>")
    replied = read(of("conversation.admin.replied", last_word)).events
    closed = read(of("conversation.admin.closed", last_word)).events
    assert [e.id for e in replied] == [e.id for e in closed]
    assert len({e.id for e in closed}) == 2  # the word and the close


def test_two_parts_of_one_conversation_are_two_events() -> None:
    one = only(of("conversation.user.replied", part("comment", LEA, "<p>Hi</p>")))
    two = only(of("conversation.user.replied", part("comment", LEA, "<p>Hi</p>", id="p2")))
    assert one.id != two.id


def test_changes_without_parts_are_told_apart_by_the_conversations_time() -> None:
    ids = {
        only(of("conversation.priority.updated", priority=priority, updated_at=NOW_S + late)).id
        for priority, late in (("priority", 0), ("not_priority", 0), ("priority", 9))
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("author", "kind", "ident"),
    [
        (LEA, "customer", None),
        ({"type": "lead", "id": "c40"}, "customer", None),
        (EVA, "agent", "31"),
        (FIN, "bot", "9"),
        ({**EVA, "from_ai_agent": True}, "bot", "31"),  # a machine in her name
        ({"type": "team", "id": "8"}, "system", None),
    ],
)
def test_who_writes(author: dict[str, Any], kind: str, ident: str | None) -> None:
    event = only(of("conversation.admin.replied", part("comment", author, "<p>Hi</p>")))
    assert (event.actor.kind, event.actor.id) == (kind, ident)
    assert event.direction == ("inbound" if kind == "customer" else "outbound")


@pytest.mark.parametrize(
    ("kind", "visibility", "automated"),
    [
        ("comment", "public", "no"),
        ("quick_reply", "public", "no"),
        ("assignment", "public", "no"),  # "reply and assign"
        ("note", "internal", "no"),
        ("note_and_reopen", "internal", "no"),
        ("channel_and_reply_time_expectation", "public", "auto_reply"),
        ("levitation", "internal", "no"),  # unknown types are not taken for a reply
    ],
)
def test_who_can_read_it(kind: str, visibility: str, automated: str) -> None:
    body = of("conversation.admin.closed", part(kind, body="<p>x</p>"))
    message = read(body).events[0]
    assert (message.visibility, message.automated) == (visibility, automated)  # type: ignore[attr-defined]


def test_a_summary_is_said_to_nobody() -> None:
    found = read(of("conversation.user.replied", part("conversation_summary", FIN, "<p>x</p>")))
    assert [e.personal.get("text") for e in found.events] == [None]  # the topic's own, wordless


def test_a_chat_that_goes_on_by_mail_is_a_mail_under_the_same_id() -> None:
    chat = only(of("conversation.user.replied", part("comment", LEA, "<p>Hi</p>")))
    mail = only(
        of(
            "conversation.user.replied",
            part("comment", LEA, "<p>Hi</p>", email_message_metadata={"subject": "Re: parcel"}),
        )
    )
    assert (chat.channel, mail.channel) == ("chat", "email")
    assert chat.conversation == mail.conversation
    assert mail.personal["subject"] == "Re: parcel"


@pytest.mark.parametrize(
    ("medium", "channel"),
    [
        ("conversation", "chat"),
        ("email", "email"),
        ("facebook", "messenger"),
        ("instagram", "instagram"),
        ("sms", "sms"),
        ("twitter", "social"),
        ("whatsapp", "whatsapp"),
        ("phone_call", "voice"),
        ("push", "app"),
        ("telepathy", "chat"),
    ],
)
def test_the_medium_is_the_sources(medium: str, channel: str) -> None:
    events = read(of("conversation.user.created", medium=medium)).events
    assert {e.channel for e in events} == {channel}


@pytest.mark.parametrize(
    ("given", "item", "to"),
    [
        ({"type": "admin", "id": "32"}, {}, Party(agent="32")),
        (
            {"type": "admin", "id": "32"},
            {"admin_assignee_id": 32, "team_assignee_id": 8},
            Party(agent="32", team="8"),
        ),
        ({"type": "team", "id": "8"}, {"admin_assignee_id": 31}, Party(team="8")),
        ({"type": "nobody_admin", "id": None}, {"admin_assignee_id": 31}, Party()),
        (None, {"admin_assignee_id": 31, "team_assignee_id": "0"}, Party(agent="31")),
        (None, {}, Party()),
    ],
)
def test_who_has_it(given: Any, item: dict[str, Any], to: Party) -> None:
    body = of("conversation.admin.assigned", part("assignment", assigned_to=given), **item)
    event = only(body)
    assert (event.to, event.actor.id) == (to, "31")


def test_the_old_api_tells_one_assignee() -> None:
    assert only(BODIES["old: assigned"][0]).to == Party(team="8")
    nobody = notification("conversation.admin.assigned", old_talk())
    assert only(nobody).to == Party()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("close", "closed"),
        ("open", "open"),
        ("snoozed", "snoozed"),
        ("unsnoozed", "open"),
        ("timer_unsnooze", "open"),
        ("assign_and_reopen", "open"),
        ("note_and_unsnooze", "open"),
    ],
)
def test_part_types_are_read_by_their_words(kind: str, status: str) -> None:
    told = read(of("conversation.admin.opened", part(kind))).events
    assert [e.status for e in told if hasattr(e, "status")] == [status]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("submitted", "open"),
        ({"category": "in_progress"}, "open"),
        ({"category": "waiting_on_customer"}, "on_hold"),
        ("resolved", "resolved"),
    ],
)
def test_a_tickets_state_is_a_text_or_an_object(state: Any, status: str) -> None:
    assert only(notification("ticket.state.updated", ticket(state=state))).status == status


def test_a_state_that_we_do_not_know_is_kept() -> None:
    assert read(notification("ticket.state.updated", ticket(state="odd"))).code == "malformed"


def test_who_opened_it() -> None:
    def by(body: dict[str, Any]) -> tuple[str, str]:
        opened: Any = read(body).events[0]
        return opened.initiated_by, opened.direction

    campaign_source = {"source": {"delivered_as": "automated", "author": EVA, "body": "x"}}
    assert by(of("conversation.user.created")) == ("customer", "inbound")
    assert by(of("conversation.admin.single.created", **campaign_source)) == (
        "campaign",
        "outbound",
    )
    old = {"conversation_message": {"body": "x", "author": EVA}}
    assert by(notification("conversation.admin.single.created", old_talk(**old))) == (
        "agent",
        "outbound",
    )
    assert by(notification("ticket.created", ticket())) == ("customer", "inbound")
    assert by(notification("ticket.created", ticket(part("open", EVA)))) == ("agent", "outbound")


def test_a_bots_greeting_does_not_make_the_conversation_the_bots() -> None:
    source = {
        "delivered_as": "operator_initiated",
        "author": FIN,
        "body": "Can I help?",
        "id": "s1",
    }
    body = of("conversation.user.created", part("comment", LEA, "<p>Hi</p>"), source=source)
    opened, greeting, said = read(body).events
    assert (opened.initiated_by, opened.actor.kind) == ("customer", "customer")  # type: ignore[attr-defined]
    assert (greeting.automated, greeting.actor.kind) == ("greeting", "bot")  # type: ignore[attr-defined]
    assert said.actor.kind == "customer"


def test_a_rating_counts_once_and_keeps_its_remark() -> None:
    rated = {"rating": 4, "remark": "Splendid", "created_at": NOW_S - 60}
    asked = only(of("conversation.rating.added", conversation_rating=rated))
    later = read(of("conversation.admin.closed", part("close"), conversation_rating=rated)).events
    assert (asked.score, asked.scale_min, asked.scale_max) == (4.0, 1.0, 5.0)
    assert asked.personal == {"comment": "Splendid"} and asked.time_ms == NOW_MS
    assert asked.id in {event.id for event in later}
    better = only(of("conversation.rating.added", conversation_rating={**rated, "rating": 5}))
    assert better.id != asked.id


def test_whom_we_believe() -> None:
    def trust(body: dict[str, Any], **options: str) -> list[tuple[str, str]]:
        return [(i.kind, i.trust) for i in only(body, **options).identifiers]

    user = contact("contact.user.created")
    lead = contact("contact.lead.created", role="lead")
    claimed = ["claimed"] * 3
    assert trust(user) == list(
        zip(["vendor", "user", "email", "phone"], ["asserted", *claimed], strict=True)
    )
    assert trust(user, identity="verified") == [
        ("vendor", "asserted"),
        ("user", "asserted"),
        ("email", "curated"),
        ("phone", "curated"),
    ]
    # A lead's user id is Intercom's own, and what he typed is what he typed.
    assert trust(lead, identity="verified") == [
        ("vendor", "asserted"),
        ("email", "claimed"),
        ("phone", "claimed"),
    ]


def test_the_words_author_adds_to_the_contact_only_if_it_is_he() -> None:
    event = only(of("conversation.user.replied", part("comment", LEA, "<p>Hi</p>")))
    assert [i.value for i in event.identifiers] == ["desk:c40", "C-40", "lea@example.com"]
    other = {"contacts": {"contacts": [{"type": "contact", "id": "c41"}]}}
    event = only(of("conversation.user.replied", part("comment", LEA, "<p>Hi</p>"), **other))
    assert [i.value for i in event.identifiers] == ["desk:c41"]


def test_merged_contacts_are_both_named() -> None:
    merged, card = read(BODIES["merged"][0]).events
    assert merged.rel == "merged"  # type: ignore[attr-defined]
    assert [i.value for i in merged.identifiers] == ["desk:c40", "desk:c41"]
    assert card.rel == "same" and len(card.identifiers) == 4  # type: ignore[attr-defined]


def test_times_are_seconds_or_iso() -> None:
    iso = "2026-09-21T14:13:20.000+00:00"
    for at in (NOW_S, iso):
        assert only(of("conversation.user.replied", part("comment", LEA, "x", created_at=at))).time_ms == NOW_MS  # fmt: skip
    assert only(contact("contact.user.updated", updated_at=NOW_S)).time_ms == NOW_MS


def test_an_answered_call_still_says_who_called() -> None:
    """By the customer: the agent took it.  By the agent: he called the customer back."""
    for direction, caller in (("inbound", "customer"), ("outbound", "agent")):
        answered = read(call("call.started", direction=direction, answered_at=NOW_S + 5)).events
        [connected] = [one for one in answered if isinstance(one, AgentConnected)]
        assert connected.actor.kind == answered[0].actor.kind == caller


def test_a_call_is_told_whole_and_each_of_its_steps_once() -> None:
    started = read(call("call.started", answered_at=NOW_S + 5)).events
    ended = read(call("call.ended", answered_at=NOW_S + 5, ended_at=NOW_S + 65)).events
    assert {e.id for e in started} < {e.id for e in ended}
    last: Any = ended[-1]
    assert (last.answered, last.durations.total_ms, last.durations.talk_ms) == (
        True,
        65_000,
        60_000,
    )
    assert [(i.kind, i.trust) for i in last.identifiers] == [
        ("vendor", "asserted"),
        ("phone", "network"),
    ]


def test_an_answer_of_a_survey_comes_twice_and_counts_once() -> None:
    single, complete = only(BODIES["survey"][0]), only(BODIES["survey, complete"][0])
    assert single.id == complete.id and single.score == 9.0


def test_what_becomes_of_a_campaigns_mail_belongs_to_that_mail() -> None:
    sent, opened = only(campaign("email", "receipt")), only(campaign("email", "open", id=2))
    assert sent.message_id == opened.message_id and sent.id != opened.id
    assert (sent.automated, opened.status) == ("campaign", "opened")
    assert only(campaign("email", "open", id=3)).id != opened.id


def test_a_ping_has_no_id() -> None:
    assert read(BODIES["ping"][0]).reason == "ping: a test."
    read_twice = notification("conversation.read", talk(), id=None)
    later = notification("conversation.read", talk(), id=None, created_at=NOW_S + 60)
    assert only(read_twice).id == only(read_twice).id != only(later).id


def test_the_signature_covers_the_raw_body() -> None:
    body = b'{"topic": "ping"} '
    signed = "sha1=" + hmac.new(b"secret", body, hashlib.sha1).hexdigest()

    def code(body: bytes, signature: str, *secrets: str) -> str | None:
        config = SourceConfig("desk", "intercom", "acme", secrets)
        headers = {"x-hub-signature": signature}
        refused = Intercom().verify(Request("POST", "", headers, body, NOW_MS), config)
        return refused.code if refused else None

    assert code(body, signed, "secret") is None
    assert code(body, signed, "new", "secret") is None
    assert code(body.strip(), signed, "secret") == "bad_signature"
    assert code(body, signed.removeprefix("sha1="), "secret") == "bad_signature"
    assert code(body, "", "secret") == code(body, signed) == "no_signature"


def test_kinds_of_subscription_are_told_by_their_names() -> None:
    body, _ = BODIES["subscribed"]
    told = [(e.purpose, e.state, e.consent_channel) for e in read(body).events]
    assert told == [("Offers", "granted", "email"), ("News", "granted", None)]


def test_first_words_that_come_again_as_a_part_are_one_message() -> None:
    """A tag on the first message brings it along as a part."""
    begun = read(notification("conversation.user.created", talk())).events
    first = next(event for event in begun if event.native_type and hasattr(event, "message_id"))
    again = part("comment", LEA, "<p>Hello</p>", id=first.message_id)
    tagged = read(notification("conversation_part.tag.created", talk(again))).events
    assert first.id in {event.id for event in tagged}


def test_the_medium_of_a_ticket_is_its_channel() -> None:
    told = read(notification("ticket.closed", {**ticket(), "channel": "email"})).events
    assert {event.channel for event in told} == {"email"}


@pytest.mark.parametrize(
    ("topic", "kind", "direction", "visibility"),
    [
        ("conversation.user.replied", "customer", "inbound", "public"),
        ("conversation.admin.replied", "agent", "outbound", "public"),
        ("conversation.operator.replied", "bot", "outbound", "public"),
        ("conversation.admin.noted", "agent", "outbound", "internal"),
    ],
)
def test_a_part_without_author_or_type_is_what_its_topic_says(
    topic: str, kind: str, direction: str, visibility: str
) -> None:
    bare = {"type": "conversation_part", "id": "p9", "body": "<p>Hi</p>", "created_at": NOW_S}
    event = only(of(topic, bare))
    assert (event.actor.kind, event.direction, event.visibility) == (kind, direction, visibility)
