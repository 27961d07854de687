"""What Zendesk's bodies mean: whose ticket, who acts, where it stands, how it was rated."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson
import pytest

from schemas.common import Party
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.zendesk import Zendesk
from tests.conformance.vendors.zendesk import (
    AGENTS_WORKSPACE,
    AI_AGENT,
    BODIES,
    LEA,
    NOW_MS,
    sunshine,
    sunshine_line,
    zendesk,
    zendesk_comment,
    zendesk_line,
)

TIME_MS = NOW_MS + 123


def read(body: dict[str, Any], **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return Zendesk().parse(request, SourceConfig("desk", "zendesk", "acme", options=options))


def only(body: dict[str, Any], **options: str) -> Any:
    [event] = read(body, **options).events
    return event


def test_ids_beyond_doubles_and_nine_digits_of_a_second_are_exact() -> None:
    event = only(BODIES["comment"][0])
    assert event.conversation.id == "9007199254740993"
    assert event.time_ms == TIME_MS
    numeric = zendesk("ticket.undeleted", id=9007199254740993)
    assert only(numeric).conversation.id == "9007199254740993"


@pytest.mark.parametrize(
    ("time", "time_ms"),
    [
        ("2026-09-21T14:13:20Z", NOW_MS),
        ("2026-09-21T14:13:20.5Z", NOW_MS + 500),
        ("2026-09-21T14:13:20.123456Z", NOW_MS + 123),
        ("2026-09-21T16:13:20.123456789+02:00", NOW_MS + 123),
    ],
)
def test_times_have_any_number_of_digits(time: str, time_ms: int) -> None:
    assert only({**BODIES["comment"][0], "time": time}).time_ms == time_ms


@pytest.mark.parametrize(
    ("body", "actor", "direction", "visibility"),
    [
        (BODIES["comment"][0], ("customer", None), "inbound", "public"),
        (BODIES["answer"][0], ("agent", "31"), "outbound", "public"),
        (BODIES["note"][0], ("agent", "31"), "outbound", "internal"),
        (
            zendesk(
                "ticket.comment_added",
                {"comment": {"id": "1", "body": "x", "author_id": "40", "public": False}},
            ),
            ("customer", None),
            "inbound",
            "internal",
        ),
        (
            zendesk("ticket.comment_added", {"comment": {"id": "1", "author_id": "-1"}}),
            ("system", None),
            "outbound",
            "public",
        ),
    ],
)
def test_who_comments(
    body: dict[str, Any], actor: tuple[str, str | None], direction: str, visibility: str
) -> None:
    event = only(body)
    assert (event.actor.kind, event.actor.id) == actor
    assert (event.direction, event.visibility) == (direction, visibility)
    assert [i.value for i in event.identifiers] == ["desk:user/40"]


def test_the_first_words_are_one_message_though_told_twice() -> None:
    created = read(BODIES["created"][0]).events[1]
    comment = only(zendesk_comment("It does not light.\n"))
    assert comment.id == created.id
    assert comment.message_id == created.message_id  # type: ignore[attr-defined]
    assert only(zendesk_comment("Any news?")).id != created.id


def test_the_same_words_later_are_a_message_of_their_own() -> None:
    later = {**zendesk_comment("It does not light."), "time": "2026-09-21T18:00:00Z"}
    first = read(BODIES["created"][0]).events[1]
    assert only(later).id != first.id


def test_who_opened_it() -> None:
    opened, _ = read(BODIES["created"][0]).events
    assert (opened.initiated_by, opened.direction) == ("customer", "inbound")  # type: ignore[attr-defined]
    opened, holder = read(BODIES["created by an agent"][0]).events
    assert (opened.initiated_by, opened.actor.id) == ("agent", "31")  # type: ignore[attr-defined]
    assert holder.to == Party(agent="31")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("via", "channel"),
    [
        ("email", "email"),
        ("mail", "email"),
        ("web", "form"),
        ("web_widget", "form"),
        ("web_service", "web"),
        ("native_messaging", "chat"),
        ("WHATSAPP", "whatsapp"),
        ("phone_call_inbound", "voice"),
        ("voicemail", "voice"),
        ("twilio_sms", "sms"),
        ("facebook_message", "messenger"),
        ("sunshine_conversations_facebook_messenger", "messenger"),
        ("instagram_dm", "instagram"),
        ("twitter", "social"),
        ("mobile_sdk", "app"),
        ("answer_bot_for_web_widget", "bot"),
        ("from_the_future", "email"),
    ],
)
def test_the_medium_is_the_customers(via: str, channel: str) -> None:
    assert only(zendesk("ticket.undeleted", via={"channel": via})).channel == channel


def test_a_comment_may_come_by_another_medium_than_its_ticket() -> None:
    body = zendesk_comment("From my phone")
    body["event"]["comment"]["via"] = {"channel": "sms"}
    assert only(body).channel == "sms"


@pytest.mark.parametrize(
    ("current", "status"),
    [
        ("NEW", "open"),
        ("Open", "open"),
        ("PENDING", "on_hold"),
        ("hold", "on_hold"),
        ("SOLVED", "resolved"),
        ("closed", "closed"),
        ("DELETED", "deleted"),
        ("SCRUBBED", "deleted"),
    ],
)
def test_a_status_in_either_case(current: str, status: str) -> None:
    event = only(zendesk("ticket.status_changed", {"current": current}))
    assert event.status == status


def test_who_changed_it() -> None:
    def actor(ident: str) -> tuple[str, str | None]:
        found = only(zendesk("ticket.status_changed", {"current": "OPEN"}, actor_id=ident)).actor
        return found.kind, found.id

    assert actor("40") == ("customer", None)
    assert actor("31") == ("agent", "31")
    assert actor("-1") == ("system", None)


@pytest.mark.parametrize(
    ("body", "to", "before"),
    [
        (
            zendesk(
                "ticket.agent_assignment_changed",
                {"previous": "31", "current": "32"},
                group_id="9",
            ),
            Party(agent="32", team="9"),
            Party(agent="31"),
        ),
        (
            zendesk("ticket.agent_assignment_changed", {"previous": "0", "current": "32"}),
            Party(agent="32"),
            None,
        ),
        (
            zendesk(
                "ticket.agent_assignment_changed",
                {"previous": "31", "current": None},
                assignee_id="31",
            ),
            Party(),
            Party(agent="31"),
        ),
        (
            zendesk("ticket.group_assignment_changed", {"previous": "8", "current": "9"}),
            Party(team="9"),
            Party(team="8"),
        ),
    ],
)
def test_who_has_it(body: dict[str, Any], to: Party, before: Party | None) -> None:
    event = only(body)
    assert (event.to, event.from_) == (to, before)


@pytest.mark.parametrize(
    ("event", "score", "scale"),
    [
        ({"satisfaction_score": {"score": "BAD", "comment": "Slow"}}, 0.0, (0.0, 1.0)),
        ({"satisfaction_score": {"score": "good"}}, 1.0, (0.0, 1.0)),
        ({"current": "good_with_comment"}, 1.0, (0.0, 1.0)),
        ({"rating": 4}, 4.0, (1.0, 5.0)),
        ({"csat": {"rating": "2", "comment": "Slow"}}, 2.0, (1.0, 5.0)),
    ],
)
def test_ratings_in_words_and_numbers(
    event: dict[str, Any], score: float, scale: tuple[float, float]
) -> None:
    rated = only(zendesk("ticket.csat_received", event))
    assert (rated.score, (rated.scale_min, rated.scale_max)) == (score, scale)
    assert rated.actor.kind == "customer"
    if "Slow" in str(event):
        assert rated.personal == {"comment": "Slow"}


def test_a_rating_that_cannot_be_read_is_kept() -> None:
    assert read(zendesk("ticket.csat_received", {"survey": 1})).code == "malformed"
    assert read(zendesk("ticket.csat_received", {"current": "OFFERED"})).code == "ignored"


def test_a_merged_ticket_points_to_the_one_that_lives_on() -> None:
    event = only(BODIES["merged"][0])
    assert (event.rel, event.other.source, event.other.id) == ("merged", "desk", "12")


def test_tags_come_as_a_list_or_as_words() -> None:
    for told in (["lamp", "vip"], "lamp vip"):
        assert only(zendesk("ticket.tags_changed", {}, tags=told)).tags == ("lamp", "vip")


@pytest.mark.parametrize(
    ("actor", "kind", "automated"),
    [
        ({"id": "u1", "type": "end_user"}, "customer", "no"),
        ({"id": "31", "type": "agent"}, "agent", "no"),
        ({"id": "zd:answerBot", "type": "system"}, "bot", "no"),
        ({"id": "zd:answerBot", "type": "agent"}, "bot", "no"),  # the id says more than the type
        ({"id": "t1", "type": "trigger"}, "system", "auto_reply"),
    ],
)
def test_who_writes_in_messaging(actor: dict[str, str], kind: str, automated: str) -> None:
    event = read(zendesk_line(actor)).events[0]
    assert (event.actor.kind, event.automated) == (kind, automated)
    assert bool(event.identifiers) is (kind == "customer")
    assert event.conversation.id == "141" and event.channel == "chat"


def test_an_unknown_writer_is_not_taken_for_the_customer() -> None:
    assert read(zendesk_line({"id": "x", "type": "levitator"})).code == "unknown_type"
    assert read(zendesk_line({})).code == "unknown_type"


def test_how_a_user_can_be_reached() -> None:
    event = only(BODIES["identity"][0])
    assert [(i.kind, i.value, i.trust) for i in event.identifiers] == [
        ("vendor", "desk:user/40", "asserted"),
        ("phone", "+33600000040", "curated"),
        ("email", "lea@example.com", "curated"),
        ("crm", "C-40", "curated"),
    ]
    claimed = only(BODIES["user"][0], users="claimed")
    assert {i.trust for i in claimed.identifiers[1:]} == {"claimed"}


def test_an_unverified_identity_is_only_claimed() -> None:
    body = zendesk(
        "user.identity_created",
        {"identity": {"type": "email", "value": "lea@example.com", "verified": False}},
        external_id="",
    )
    assert [i.trust for i in only(body).identifiers] == ["asserted", "claimed"]


def test_merged_users_are_both_named() -> None:
    event = only(BODIES["users merged"][0])
    assert event.rel == "merged"
    assert [i.value for i in event.identifiers] == ["desk:user/40", "desk:user/41"]


def test_zendesks_position_in_a_sequence_is_told() -> None:
    body = zendesk("ticket.undeleted", {"meta": {"sequence": {"id": "A", "position": 2}}})
    assert only(body).sequence == 2
    body["event"]["meta"]["sequence"]["position"] = True
    assert only(body).sequence is None


@pytest.mark.parametrize(
    ("author", "source", "holder", "kind"),
    [
        ({"type": "user", "userId": "u1"}, "web", AI_AGENT, "customer"),
        ({"type": "business"}, "zd:answerBot", AGENTS_WORKSPACE, "bot"),
        ({"type": "business", "userId": "31"}, "zd:agentWorkspace", AI_AGENT, "agent"),
        ({"type": "business"}, "api:conversations", AI_AGENT, "bot"),
        ({"type": "business"}, "api:conversations", AGENTS_WORKSPACE, "agent"),
        ({"type": "business", "subtypes": ["AI"]}, "zd:agentWorkspace", AGENTS_WORKSPACE, "bot"),
    ],
)
def test_who_writes_on_the_messaging_platform(
    author: dict[str, Any], source: str, holder: dict[str, Any], kind: str
) -> None:
    event = only(sunshine_line(author, source, holder))
    assert event.actor.kind == kind
    assert event.direction == ("inbound" if kind == "customer" else "outbound")
    assert bool(event.identifiers) is (kind == "customer")


def test_a_line_told_by_the_ticket_and_by_the_platform_is_one() -> None:
    line = zendesk_line({"id": "u1", "type": "end_user"})
    line["event"]["message"]["id"] = "m9"
    told = read(line).events[0], only(sunshine_line({"type": "user", "userId": "u1"}, "web"))
    assert told[0].id == told[1].id
    assert [(ref.rel, ref.id) for ref in told[0].refs] == [("conversation", "c1")]
    assert told[0].identifiers == told[1].identifiers


def test_control_goes_from_the_machine_to_people_and_back() -> None:
    for holder, to, status in (
        (AGENTS_WORKSPACE, Party(app="zd-agentWorkspace"), "open"),
        (AI_AGENT, Party(bot="zd-answerBot"), "pending_bot"),
    ):
        assignment, updated = read(sunshine("switchboard:passControl", holder=holder)).events
        assert assignment.to == to  # type: ignore[attr-defined]
        assert updated.status == status  # type: ignore[attr-defined]
        assert assignment.id != updated.id


def test_a_signed_in_user_of_the_platform_is_asserted() -> None:
    event = only(
        sunshine("client:add", user=LEA, client={"type": "whatsapp", "externalId": "+33600000040"})
    )
    assert [(i.kind, i.value, i.trust) for i in event.identifiers] == [
        ("vendor", "desk:user/u1", "asserted"),
        ("user", "C-40", "asserted"),
        ("whatsapp", "33600000040", "asserted"),
        ("phone", "+33600000040", "asserted"),
        ("email", "lea@example.com", "claimed"),
    ]


def test_the_platforms_secret_comes_as_it_is() -> None:
    def code(key: str, *secrets: str) -> str | None:
        config = SourceConfig("desk", "zendesk", "acme", secrets)
        call = Request("POST", "", {"x-api-key": key}, b"{}", NOW_MS)
        refused = Zendesk().verify(call, config)
        return refused.code if refused else None

    assert code("right", "new", "right") is None
    assert code("wrong", "right") == "bad_signature"
    assert code("", "right") == code("right") == "no_signature"


def test_the_signature_covers_time_and_raw_body() -> None:
    adapter, body, stamp = Zendesk(), b'{"id": "1"} ', "2026-09-21T14:13:20Z"
    digest = hmac.new(b"secret", stamp.encode() + body, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()

    def code(body: bytes, stamp: str, signature: str, *secrets: str, at_ms: int = NOW_MS) -> Any:
        headers = {
            "x-zendesk-webhook-signature": signature,
            "x-zendesk-webhook-signature-timestamp": stamp,
        }
        config = SourceConfig("desk", "zendesk", "acme", secrets)
        refused = adapter.verify(Request("POST", "", headers, body, at_ms), config)
        return refused.code if refused else None

    assert code(body, stamp, signature, "secret") is None
    assert code(body, stamp, signature, "new", "secret") is None
    assert code(body.strip(), stamp, signature, "secret") == "bad_signature"
    assert code(body, "2026-09-21T14:13:21Z", signature, "secret") == "bad_signature"
    assert code(body, stamp, signature, "other") == "bad_signature"
    assert code(body, stamp, "", "secret") == "no_signature"
    assert code(body, stamp, signature) == "no_signature"
    assert code(body, stamp, signature, "secret", at_ms=NOW_MS + 300_001) == "stale"
    assert code(body, stamp, signature, "secret", at_ms=NOW_MS + 300_000) is None


def test_what_comes_by_the_bus_is_the_same_event() -> None:
    body, _ = BODIES["assigned, on the bus"]
    told = only(body)
    assert (told.to, told.from_) == (Party(agent="31"), Party(agent="30"))
    assert (told.time_ms, told.sequence, told.actor.id) == (NOW_MS + 123, 2, "31")
    said = only(BODIES["said, on the bus"][0])
    assert (said.direction, said.actor.kind, said.conversation.id) == ("outbound", "agent", "12")


def test_a_survey_is_rated_by_its_answers() -> None:
    rated = only(BODIES["answered a survey"][0])
    assert (rated.score, rated.scale_max, rated.personal) == (2.0, 5.0, {"comment": "Slow"})


def test_a_ticket_whose_requester_is_not_told_is_his_own() -> None:
    body = zendesk("ticket.created", submitter_id="40", requester_id=None)
    opened = read(body).events[0]
    assert (opened.initiated_by, opened.direction) == ("customer", "inbound")  # type: ignore[attr-defined]
