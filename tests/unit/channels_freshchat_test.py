"""What Freshchat's bodies mean, and that only its own key opens the door."""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from schemas.common import Actor, Party
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.freshchat import Freshchat
from tests.conformance.vendors.freshchat import (
    ACCOUNT,
    AGENT,
    BODIES,
    CALL,
    NOW_MS,
    SECRET,
    SYSTEM,
    USER,
    assignment,
    message,
    reopen,
    resolution,
)


def read(body: dict[str, Any], **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 9_000)
    return Freshchat().parse(request, SourceConfig("desk", "freshchat", "acme", options=options))


def only(body: dict[str, Any], **options: str) -> Any:
    [event] = read(body, **options).events
    return event


@pytest.mark.parametrize(
    ("name", "actor", "direction", "visibility"),
    [
        ("by the customer", Actor("customer"), "inbound", "public"),
        ("by an agent", Actor("agent", "a-31"), "outbound", "public"),
        ("by the system", Actor("system"), "outbound", "public"),
        ("private note", Actor("agent", "a-31"), "outbound", "internal"),
        ("note of a bot", Actor("agent", "a-31"), "outbound", "internal"),
    ],
)
def test_who_speaks(name: str, actor: Actor, direction: str, visibility: str) -> None:
    event = only(BODIES[name][0])  # type: ignore[arg-type]
    assert (event.actor, event.direction, event.visibility) == (actor, direction, visibility)
    assert event.time_ms == NOW_MS


def test_each_message_names_its_customer() -> None:
    for actor in (USER, AGENT, SYSTEM):
        assert [i.value for i in only(message(actor)).identifiers] == ["desk:user/u-5"]
    assert only(message(user_id=None)).identifiers[0].value == "desk:user/u-5"
    assert only(message(AGENT, user_id=None)).identifiers == ()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([{"text": {"content": "One"}}, {"text": {"content": "two"}}], "One\ntwo"),
        ([{"text": {"content": "<p>Good <b>day</b></p>"}}], "Good day"),
        ([{"image": {"url": "https://example.org/1.png"}}], "[image]"),
        ([{"file": {"name": "bill.pdf", "url": "x"}}], "bill.pdf"),
        ([{"quick_reply_button": {"custom_reply_text": "Yes", "label": "y"}}], "Yes"),
        ([{"url_button": {"label": "Track", "url": "x"}}], "Track"),
        (
            [{"collection": {"sub_parts": [{"text": {"content": "A"}}, {"image": {}}]}}],
            "A\n[image]",
        ),
        ([{"text": "bare"}], ""),
        (["text"], ""),
    ],
)
def test_the_words_of_a_message(parts: list[Any], said: str) -> None:
    assert only(message(message_parts=parts)).personal.get("text", "") == said


def test_older_parts_and_answers_with_buttons() -> None:
    older = only(BODIES["older parts"][0])  # type: ignore[arg-type]
    assert older.personal == {"text": "Where is it?"}
    offered = [{"quick_reply_button": {"label": "Yes"}}, {"quick_reply_button": {"label": "No"}}]
    assert only(message(AGENT, reply_parts=offered)).personal["text"].endswith("Yes\nNo")


@pytest.mark.parametrize(
    ("source", "channel"),
    [
        ("web", "chat"), ("WhatsApp", "whatsapp"), ("facebook", "messenger"), ("ios", "app"),
        ("sms", "sms"), ("", "chat"), (None, "chat"), ("carrier-pigeon", "messaging"),
    ],
)  # fmt: skip
def test_the_medium_is_the_customers(source: str | None, channel: str) -> None:
    assert only(message(message_source=source)).channel == channel


def test_where_it_went_and_where_it_was() -> None:
    first = only(assignment())
    assert (first.to, first.from_) == (Party(agent="a-31", team="g-2"), Party(team="g-2"))
    other = only(assignment(from_agent_id="a-30", to_agent_id="a-32"))
    assert (other.to.agent, other.from_.agent) == ("a-32", "a-30")
    group = only(BODIES["another group"][0])  # type: ignore[arg-type]
    assert (group.to, group.from_) == (Party(team="g-3"), Party(agent="a-31", team="g-2"))
    assert only(BODIES["nobody"][0]).to == Party()  # type: ignore[arg-type]
    shown = assignment(to_agent_id=None, to_group_id=None)
    assert only(shown).to == Party(agent="a-31")  # as the conversation shows it


def test_a_bot_is_a_bot_once_you_name_it() -> None:
    handed = assignment(SYSTEM, from_agent_id="a-bot", to_agent_id="a-32")
    assert only(handed).from_ == Party(agent="a-bot", team="g-2")
    assert only(handed, bots="x, a-bot").from_ == Party(bot="a-bot", team="g-2")
    spoken = message({"actor_type": "agent", "actor_id": "a-bot"})
    assert only(spoken, bots="a-bot").actor == Actor("bot", "a-bot")
    assert only(spoken).actor == Actor("agent", "a-bot")


def test_solved_and_open_again() -> None:
    assert only(resolution()).status == "resolved"
    assert only(resolution()).actor == Actor("agent", "a-31")
    again = only(reopen())
    assert (again.status, again.actor) == ("open", Actor("customer"))
    assert again.identifiers[0].value == "desk:user/u-5"


def test_what_the_user_typed_is_only_claimed() -> None:
    event = only(BODIES["resolved, with the user"][0])  # type: ignore[arg-type]
    assert {i.kind: i.trust for i in event.identifiers} == {
        "vendor": "asserted", "email": "claimed", "phone": "claimed", "user": "claimed",
    }  # fmt: skip


def test_a_conversation_may_stand_in_any_of_its_places() -> None:
    bare = {"action": "conversation_resolution", "data": {"conversation_id": "c-9"}}
    assert only(bare).conversation.id == "c-9"
    assert only(bare).estimated


def test_changes_of_one_conversation_are_told_apart_by_their_time() -> None:
    one = only(assignment())
    assert one.id == only(assignment()).id
    assert one.id != only(assignment(at="2026-09-21T14:15:00.000Z")).id
    assert only(resolution()).id != only(reopen()).id
    assert only(message()).id == only(message(message_source="web ")).id
    assert only(message()).id != only(message(id="m-901")).id


# The door -----------------------------------------------------------------------------------------


def verified(body: bytes, signature: str, *secrets: str) -> str:
    request = Request("POST", "", {"x-freshchat-signature": signature}, body, NOW_MS)
    refused = Freshchat().verify(request, SourceConfig("desk", "freshchat", "acme", secrets))
    return refused.code if refused else ""


SIGNATURE = CALL.headers["X-Freshchat-Signature"]


@pytest.mark.parametrize(
    "form",
    ["pem", "one line", "bare", "called RSA", "pkcs1"],
)
def test_the_key_may_be_written_in_any_of_its_forms(form: str) -> None:
    bare = "".join(SECRET.splitlines()[1:-1])
    key = load_pem_public_key(SECRET.encode())
    forms = {
        "pem": SECRET,
        "one line": SECRET.replace("\n", " "),
        "bare": bare,
        "called RSA": f"-----BEGIN RSA PUBLIC KEY----- {bare} -----END RSA PUBLIC KEY-----",
        "pkcs1": key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode(),
    }
    assert verified(CALL.body, SIGNATURE, forms[form]) == ""


def test_the_raw_bytes_are_signed_and_by_this_key_only() -> None:
    other = generate_private_key(65_537, 2_048).public_key()
    theirs = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    curve = elliptic(SECP256R1()).public_key()
    strange = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert verified(CALL.body, SIGNATURE, "no key", strange, theirs, SECRET) == ""
    for body, signature, secrets, code in (
        (CALL.body + b"\n", SIGNATURE, (SECRET,), "bad_signature"),
        (b" " + CALL.body, SIGNATURE, (SECRET,), "bad_signature"),
        (CALL.body, SIGNATURE, (theirs,), "bad_signature"),
        (CALL.body, SIGNATURE, (strange,), "bad_signature"),
        (CALL.body, base64.b64encode(b"x" * 256).decode(), (SECRET,), "bad_signature"),
        (CALL.body, "AA==", (SECRET,), "bad_signature"),
        (CALL.body, "no base64!", (SECRET,), "malformed"),
        (CALL.body, "", (SECRET,), "no_signature"),
        (CALL.body, SIGNATURE, (), "no_signature"),
    ):
        assert verified(body, signature, *secrets) == code


def test_the_generator_shows_a_whole_conversation() -> None:
    from streams.demo.cast import AGENTS, person  # noqa: PLC0415

    who, (one, two, *_) = person(5), AGENTS
    calls = [
        ACCOUNT.message("c-1", "m-1", who, "Hello?", NOW_MS),
        ACCOUNT.assigned("c-1", None, one, "g-1", NOW_MS + 1_000),
        ACCOUNT.assigned("c-1", one, two, "g-1", NOW_MS + 2_000),
        ACCOUNT.message("c-1", "m-2", who, "Yes?", NOW_MS + 3_000, two),
        ACCOUNT.resolved("c-1", two, NOW_MS + 4_000),
        ACCOUNT.reopened("c-1", who, NOW_MS + 5_000),
    ]
    told = [only(json.loads(call.body)) for call in calls]
    assert [e.time_ms for e in told] == [NOW_MS + 1_000 * i for i in range(6)]
    assert told[2].to.agent == f"a-{two.number}"
    assert told[2].from_.agent == f"a-{one.number}"
    for call in calls:
        assert verified(call.body, call.headers["X-Freshchat-Signature"], SECRET) == ""


def test_an_actor_of_a_new_kind_is_put_on_no_side() -> None:
    found = read(message({"actor_type": "partner", "actor_id": "p-1"}))
    assert found.code == "unknown_type" and "'partner'" in found.reason
