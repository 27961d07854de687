"""What Slack's bodies mean: one line told twice, who is who, threads, edits, ratings by name."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.slack import Slack
from tests.conformance.vendors.slack import (
    BODIES,
    COMMAND,
    FEEDBACK,
    MEMBER,
    NOW_MS,
    NOW_S,
    REACTED,
    STARS,
    THREAD,
    TS,
    about,
    callback,
    changed,
    click,
    interaction,
    line,
    modal,
)


def read(body: dict[str, Any], agents: str = "") -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    options = {"agents": agents} if agents else {}
    return Slack().parse(request, SourceConfig("desk", "slack", "acme", options=options))


def only(body: dict[str, Any], agents: str = "") -> Any:
    [event] = read(body, agents).events
    return event


def test_a_mention_and_the_message_are_one_line() -> None:
    said = callback(line(), event_id="Ev1")
    mentioned = callback({**line(), "type": "app_mention"}, event_id="Ev2")
    again = callback(line(), event_id="Ev1", event_context="other")
    assert only(said).id == only(mentioned).id == only(again).id


def test_two_lines_are_two_though_they_say_the_same() -> None:
    later = f"{NOW_S}.000200"
    assert only(callback(line())).id != only(callback(line(ts=later))).id
    assert only(callback(line())).id != only(callback(line(channel="C2"))).id


def test_lines_without_a_time_of_their_own_are_told_apart_by_the_event() -> None:
    bare = {"type": "message", "user": "U40", "channel": "D1", "text": "x"}
    ids = {
        only(callback(bare, event_id=ident, event_time=at)).id
        for ident, at in (("Ev1", NOW_S), ("Ev2", NOW_S), ("Ev1", NOW_S + 9), ("Ev1", NOW_S))
    }
    assert len(ids) == 3
    assert only(callback(bare)).time_ms == NOW_MS and not only(callback(bare)).estimated


@pytest.mark.parametrize(
    ("said", "agents", "kind", "ident"),
    [
        (line(), "", "customer", None),
        (line(), "T1, U31", "customer", None),
        (line(user="U31"), "T1, U31", "agent", "U31"),
        (line(user="U31", team="T1"), "T1", "agent", "U31"),
        (line(user="U31", team=None), "T1", "agent", "U31"),  # untold: of our own workspace
        (line(team="T1", user_team="T2"), "T1", "customer", None),
        (line(user="U0BOT", bot_id="B1", team="T1"), "T1", "bot", "B1"),
        (line(user="U31", bot_id="B1"), "U31", "agent", "U31"),  # an app speaks for her
        (line("bot_message", user=None, bot_id="B1"), "", "bot", "B1"),
        (line(user="USLACKBOT"), "", "bot", "USLACKBOT"),
    ],
)
def test_who_is_who(said: dict[str, Any], agents: str, kind: str, ident: str | None) -> None:
    event = only(callback(said), agents)
    assert (event.actor.kind, event.actor.id) == (kind, ident)
    assert event.direction == ("inbound" if kind == "customer" else "outbound")
    assert bool(event.identifiers) is (kind == "customer")


def test_of_a_reaction_the_workspace_is_not_told() -> None:
    reaction = about("reaction_added", **REACTED)
    assert only(reaction).actor.kind == "customer"
    assert only(reaction, "U40").actor.kind == "agent"
    assert [i.value for i in only(reaction, "U40").identifiers] == ["U31"]
    by_team = only(reaction, "T1")
    assert by_team.actor.kind == "external" and by_team.identifiers == ()


@pytest.mark.parametrize(
    ("said", "conversation", "replied"),
    [
        (line(), f"C1/{TS}", None),
        (line(thread_ts=TS), f"C1/{TS}", None),  # the first line, once it was answered
        (line(thread_ts=THREAD), f"C1/{THREAD}", f"C1/{THREAD}"),
        (line(channel="D1"), "D1", None),
        (line(channel="G1", channel_type="mpim"), "G1", None),
        (line(channel="D1", thread_ts=THREAD), f"D1/{THREAD}", f"D1/{THREAD}"),
    ],
)
def test_a_thread_is_the_conversation(
    said: dict[str, Any], conversation: str, replied: str | None
) -> None:
    event = only(callback(said))
    assert (event.conversation.id, event.in_reply_to) == (conversation, replied)
    assert event.message_id == f"{said['channel']}/{TS}"
    assert event.time_ms == NOW_MS


def test_an_agents_answer_names_the_one_who_asked_if_that_is_sure() -> None:
    answer = callback(line(user="U31", thread_ts=THREAD, parent_user_id="U40"))
    assert [i.value for i in only(answer, "U31").identifiers] == ["U40"]
    assert only(answer, "U31,U40").identifiers == ()
    by_team = callback(line(user="U31", team="T1", thread_ts=THREAD, parent_user_id="U40"))
    assert only(by_team, "T1").identifiers == ()  # U40 may be a colleague


def test_each_edit_counts_and_its_retry_does_not() -> None:
    def edited(at: str, words: str = "Hello again") -> dict[str, Any]:
        new = line(text=words, edited={"user": "U40", "ts": at})
        return changed("message_changed", message=new, previous_message=line())

    one, two = only(edited("1790000001.0")), only(edited("1790000002.0"))
    assert one.id == only(edited("1790000001.0")).id != two.id
    assert (one.status, one.message_id, one.actor.kind) == ("edited", f"C1/{TS}", "customer")
    assert one.conversation.id == f"C1/{TS}" and one.personal == {"text": "Hello again"}
    same = edited("1790000001.0", line()["text"])
    assert read(same).code == "ignored"


def test_a_message_with_answers_is_deleted_by_a_tombstone() -> None:
    gone, stone = only(BODIES["deleted"][0]), only(BODIES["deleted with answers"][0])
    assert gone.status == stone.status == "deleted"
    assert gone.id == stone.id and gone.personal == {}


def test_a_member_is_believed_as_far_as_slack_has_written_to_him() -> None:
    def trust(**member: Any) -> list[str]:
        return [i.trust for i in only(about("user_change", user={**MEMBER, **member})).identifiers]

    assert trust() == ["asserted", "curated"]
    assert trust(is_email_confirmed=False) == ["asserted", "claimed"]
    assert read(about("user_change", user=MEMBER), "T1").code == "ignored"  # a colleague


@pytest.mark.parametrize(
    ("name", "value", "rated"),
    [
        ("csat", "4", ("csat", 4.0, 5.0)),
        ("csat_after_chat", "4", ("csat", 4.0, 5.0)),
        ("NPS", "9", ("nps", 9.0, 10.0)),
        ("rating-5", "5", ("rating", 5.0, 5.0)),
        ("ces", "7", ("ces", 7.0, 7.0)),
        ("csat", "good", None),
        ("csat", "20261124", None),
        ("rate_limit", "5", None),
        ("ratings", "5", None),
        ("ok", "5", None),
    ],
)
def test_a_rating_is_known_by_its_name(
    name: str, value: str, rated: tuple[str, float, float | None] | None
) -> None:
    event = only(click("button", name, value=value))
    if rated is None:
        assert not hasattr(event, "instrument")
    else:
        assert (event.instrument, event.score, event.scale_max) == rated
        assert event.conversation.id == f"C1/{THREAD}"


def test_feedback_buttons_say_good_or_bad_by_the_message_that_shows_them() -> None:
    def score(value: str) -> Any:
        action = {**FEEDBACK["actions"][0], "value": value}
        return getattr(only({**FEEDBACK, "actions": [action]}), "score", None)

    assert (score("good"), score("bad"), score("else")) == (1.0, 0.0, None)


def test_a_modal_keeps_its_answers_as_people_saw_them() -> None:
    form, rated = read(modal("view_submission", nps=STARS)).events
    assert form.personal == {"text": "nps: Good"}
    assert rated.score == 4.0  # type: ignore[attr-defined]


def test_what_agents_click_is_no_customers_step() -> None:
    for body in (click("button", "csat", value="5"), modal("view_submission", nps=STARS)):
        assert read(body, "T2").code == "ignored"
    shortcut = BODIES["shortcut on a message"][0]
    assert isinstance(shortcut, dict)
    [message] = read({**shortcut, "user": {"id": "U31"}}, "U31").events
    assert message.actor.kind == "customer"  # she opened it on the customer's line


def test_a_line_that_a_shortcut_brings_along_is_the_line_itself() -> None:
    brought = interaction(
        "message_action", callback_id="c", action_ts=TS, channel={"id": "C1"}, message=line()
    )
    assert read(brought).events[0].id == only(callback(line())).id


def test_forms_and_envelopes_carry_the_same() -> None:
    def parse(body: bytes) -> list[str]:
        request = Request("POST", "", {}, body, NOW_MS)
        found = Slack().parse(request, SourceConfig("desk", "slack", "acme"))
        assert found.events, found.reason
        return [event.id for event in found.events]

    raw = orjson.dumps(click("button", "info"))
    assert parse(raw) == parse(urlencode({"payload": raw.decode()}).encode())
    wrapped = {"type": "slash_commands", "envelope_id": "e", "payload": COMMAND}
    assert parse(urlencode(COMMAND).encode()) == parse(orjson.dumps(wrapped))


def signed(body: bytes, stamp: str, secret: str = "secret") -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-signature": f"v0={digest}", "x-slack-request-timestamp": stamp}


def test_the_signature_covers_time_and_raw_body() -> None:
    body, stamp = b'{"type": "event_callback"} ', str(NOW_S)

    def code(headers: dict[str, str], *secrets: str, body: bytes = body, late_ms: int = 0) -> Any:
        config = SourceConfig("desk", "slack", "acme", secrets)
        refused = Slack().verify(Request("POST", "", headers, body, NOW_MS + late_ms), config)
        return refused.code if refused else None

    right = signed(body, stamp)
    assert code(right, "secret") is None
    assert code(right, "new", "secret") is None
    assert code(right, "secret", body=body.strip()) == "bad_signature"
    assert code({**right, "x-slack-request-timestamp": "1"}, "secret") == "bad_signature"
    assert code(right, "other") == "bad_signature"
    assert code(right) == code({}, "secret") == "no_signature"
    assert code(right, "secret", late_ms=300_000) is None
    assert code(right, "secret", late_ms=300_001) == "stale"


def test_the_challenge_goes_back_only_if_it_is_signed() -> None:
    config = SourceConfig("desk", "slack", "acme", ("secret",))
    body = orjson.dumps(BODIES["verification"][0])

    def answer(body: bytes, headers: dict[str, str]) -> Any:
        return Slack().handshake(Request("POST", "", headers, body, NOW_MS), config)

    assert answer(body, signed(body, str(NOW_S))).body == b"abc"
    assert answer(body, signed(body, str(NOW_S), "other")) is None
    assert answer(body, {}) is None
    # A message that talks about it is a message.
    talk = orjson.dumps(callback(line(text="url_verification")))
    assert answer(talk, signed(talk, str(NOW_S))) is None


def test_an_assistants_thread_in_no_channel_is_no_conversation() -> None:
    thread = {"user_id": "U1", "thread_ts": TS, "context": {}}
    found = read(callback({"type": "assistant_thread_started", "assistant_thread": thread}))
    assert found.code == "ignored" and not found.events
