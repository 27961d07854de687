"""What Zammad's bodies mean: a state and no change, a type that is a medium, a note for nobody."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson
import pytest

from schemas.common import Actor, Party
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    MessagePosted,
)
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.zammad import Zammad
from tests.conformance.vendors.zammad import (
    AGENT,
    BODIES,
    FIRST,
    NOW_MS,
    OTHER,
    article,
    customer,
    ticket,
    told,
)


def read(body: Any, headers: dict[str, str] | None = None, **options: str) -> Parsed:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    request = Request("POST", "https://hooks.example.com/", headers or {}, raw, NOW_MS + 9_000)
    return Zammad().parse(request, SourceConfig("desk", "zammad", "acme", options=options))


def the(kind: type[EventBase], body: Any, **options: str) -> Any:
    [event] = [e for e in read(body, **options).events if type(e) is kind]
    return event


def said(**more: Any) -> Any:
    return the(MessagePosted, told(said=article(**more)))


@pytest.mark.parametrize(
    ("native", "channel"),
    [
        ("email", "email"), ("phone", "voice"), ("web", "form"), ("chat", "chat"), ("sms", "sms"),
        ("telegram personal-message", "telegram"), ("whatsapp message", "whatsapp"),
        ("facebook direct-message", "messenger"), ("facebook feed comment", "social"),
        ("twitter direct-message", "social"), ("fax", "messaging"), ("note", "email"),
        ("instagram message", "instagram"), ("carrier pigeon", "messaging"), ("", "email"),
    ],
)  # fmt: skip
def test_the_type_is_the_medium(native: str, channel: str) -> None:
    assert said(type=native).channel == channel


@pytest.mark.parametrize(
    ("more", "actor", "direction", "visibility", "automated"),
    [
        ({}, Actor("customer"), "inbound", "public", "no"),
        ({"sender": "Agent", "created_by_id": AGENT}, Actor("agent", "31"), "outbound", "public",
         "no"),
        ({"sender": "System", "created_by_id": 1}, Actor("system"), "outbound", "public",
         "auto_reply"),
        ({"sender": "Agent", "type": "note", "created_by_id": AGENT}, Actor("agent", "31"),
         "outbound", "internal", "no"),
        ({"sender": "Agent", "internal": True, "created_by_id": AGENT}, Actor("agent", "31"),
         "outbound", "internal", "no"),
        ({"type": "note"}, Actor("customer"), "inbound", "public", "no"),
        ({"type": "phone", "created_by_id": AGENT}, Actor("customer"), "inbound", "public", "no"),
        ({"preferences": {"is-auto-response": True}}, Actor("customer"), "inbound", "public",
         "auto_reply"),
        ({"preferences": {"is-auto-response": False}}, Actor("customer"), "inbound", "public",
         "no"),
        ({"sender": "Agent", "preferences": {"is-auto-response": True},
          "created_by_id": AGENT}, Actor("agent", "31"), "outbound", "public", "no"),
    ],
)  # fmt: skip
def test_who_speaks_and_to_whom(
    more: dict[str, Any], actor: Actor, direction: str, visibility: str, automated: str
) -> None:
    event = said(**more)
    assert (event.actor, event.direction) == (actor, direction)
    assert (event.visibility, event.automated) == (visibility, automated)
    assert event.time_ms == NOW_MS


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("new", "open"), ("open", "open"), ("pending reminder", "on_hold"),
        ("pending close", "on_hold"), ("closed", "closed"), ("merged", "deleted"),
        ("removed", "deleted"), ("Pending customer", "on_hold"), ("closed by phone", "closed"),
        ("In the workshop", "open"), ({"name": "closed"}, "closed"),
    ],
)  # fmt: skip
def test_the_state_of_a_ticket(state: Any, status: str) -> None:
    assert the(ConversationUpdated, told(ticket(state=state), {})).status == status


def test_a_state_may_be_told_by_its_id_alone() -> None:
    assert the(ConversationUpdated, told(ticket(state=None, state_id=4), {})).status == "closed"
    strange = the(ConversationUpdated, told(ticket(state=None, state_id=40), {}))
    assert strange.status is None and strange.priority == "2 normal"


def test_the_holder_is_told_as_it_is_and_user_one_is_nobody() -> None:
    held = the(AssignmentChanged, told())
    assert (held.to, held.from_) == (Party(agent="31", team="3"), None)
    assert the(AssignmentChanged, told(ticket(owner_id=1))).to == Party(team="3")
    assert held.actor == Actor("agent", "31")
    rule = the(AssignmentChanged, told(ticket(updated_by_id=1)))
    assert rule.actor == Actor("system")


def test_one_save_is_one_moment_in_its_order() -> None:
    """Otherwise an answer from somebody who stands in would look like a transfer to the owner."""
    events = read(told()).events
    assert [e.time_ms for e in events] == [NOW_MS] * 3
    assert [type(e) for e in events] == [AssignmentChanged, MessagePosted, ConversationUpdated]
    later = told(ticket(updated_at="2026-09-21T14:20:00.000Z"))
    assert the(AssignmentChanged, later).time_ms == NOW_MS + 400_000
    assert the(MessagePosted, later).time_ms == NOW_MS


def test_a_ticket_opens_once_with_its_first_article() -> None:
    first = told(ticket(state="new", **FIRST))
    opened = the(ConversationOpened, first)
    assert (opened.initiated_by, opened.direction, opened.queue) == ("customer", "inbound", "3")
    assert opened.time_ms == NOW_MS - 800_000
    assert not [e for e in read(told()).events if isinstance(e, ConversationOpened)]
    ours = told(ticket(create_article_sender="Agent", created_by_id=AGENT, **FIRST))
    opened = the(ConversationOpened, ours)
    assert (opened.initiated_by, opened.direction) == ("agent", "outbound")
    assert opened.actor == Actor("agent", "31")
    rule = told(ticket(create_article_sender="System", created_by_id=1, **FIRST))
    assert the(ConversationOpened, rule).initiated_by == "system"
    unsaid = told(ticket(create_article_sender=None, **FIRST))
    assert the(ConversationOpened, unsaid).initiated_by == "customer"


# The key ------------------------------------------------------------------------------------------


def ids(body: Any, **headers: str) -> dict[str, str]:
    return {type(e).__name__: e.id for e in read(body, headers).events}


def test_a_retry_and_another_trigger_are_the_same_events() -> None:
    one = ids(told(), **{"x-zammad-delivery": "a", "x-zammad-trigger": "one"})
    assert one == ids(told(), **{"x-zammad-delivery": "b", "x-zammad-trigger": "two"})


def test_a_retry_that_shows_a_later_state_is_the_same_message_and_a_new_state() -> None:
    first = ids(told())
    later = ids(told(ticket(owner_id=OTHER, updated_at="2026-09-21T14:20:00.000Z")))
    assert first["MessagePosted"] == later["MessagePosted"]
    assert first["AssignmentChanged"] != later["AssignmentChanged"]


def test_there_and_back_are_different_events() -> None:
    there = ids(told(ticket(updated_at="2026-09-21T14:15:00.000Z", owner_id=OTHER), {}))
    back = ids(told(ticket(updated_at="2026-09-21T14:16:00.000Z"), {}))
    again = ids(told(ticket(updated_at="2026-09-21T14:17:00.000Z", owner_id=OTHER), {}))
    assert len({d["AssignmentChanged"] for d in (there, back, again)}) == 3


def test_without_a_time_the_delivery_tells_states_apart_and_retries_together() -> None:
    """A job's retries keep its id."""
    bare = {"ticket": {"id": 81, "state": "open", "customer_id": 8}, "article": {}}
    one = ids(bare, **{"x-zammad-delivery": "a"})
    assert one == ids(bare, **{"x-zammad-delivery": "a"})
    assert one != ids(bare, **{"x-zammad-delivery": "b"})


# Whom we believe ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "options", "trust"),
    [
        ({}, {}, "claimed"),  # made by an incoming mail
        ({"created_by_id": None}, {}, "claimed"),
        ({"created_by_id": 8}, {}, "claimed"),  # he signed up
        ({"created_by_id": AGENT}, {}, "curated"),
        ({"created_by_id": AGENT}, {"users": "claimed"}, "claimed"),
        ({}, {"users": "curated"}, "curated"),
    ],
)
def test_a_record_is_worth_what_its_maker_is(
    card: dict[str, Any], options: dict[str, str], trust: str
) -> None:
    event = the(MessagePosted, told(ticket(customer=customer(**card))), **options)
    assert {(i.kind, i.value): i.trust for i in event.identifiers} == {
        ("vendor", "desk:user/8"): "asserted",
        ("email", "ines@example.com"): trust,
        ("phone", "+33600000005"): trust,
    }


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("sms", "+33 600 000 006", {("phone", "+33600000006", "network")}),
        ("whatsapp message", "Ines (+33600000006)",
         {("whatsapp", "33600000006", "asserted"), ("phone", "+33600000006", "asserted")}),
        ("email", "Ines <ines@example.com>", set()),
        ("phone", "+33600000006", set()),  # typed by the colleague
    ],
)  # fmt: skip
def test_the_medium_says_who_it_is(kind: str, given: str, expected: set[Any]) -> None:
    shown = said(type=kind, **{"from": given})
    bare = {(i.kind, i.value, i.trust) for i in said(type=kind, **{"from": ""}).identifiers}
    assert {(i.kind, i.value, i.trust) for i in shown.identifiers} - bare == expected
    ours = said(type=kind, sender="Agent", **{"from": given})
    assert {(i.kind, i.value, i.trust) for i in ours.identifiers} == bare


def test_a_mails_own_id_goes_along() -> None:
    event = said(message_id="<1@mx.example.org>", in_reply_to="<0@mx.example.org>")
    assert [(r.rel, r.id) for r in event.refs] == [("twin", "<1@mx.example.org>")]
    assert event.in_reply_to == "<0@mx.example.org>"
    assert event.personal == {
        "text": "Where is my parcel?", "subject": "A parcel is late", "name": "Ines Duval",
    }  # fmt: skip


def test_flat_and_nested_custom_payloads_say_the_same() -> None:
    flat = the(MessagePosted, BODIES["custom, flat"][0])
    nested = the(MessagePosted, BODIES["custom, nested"][0])
    assert flat.id == nested.id
    assert flat.time_ms == nested.time_ms == NOW_MS
    held = the(AssignmentChanged, BODIES["custom, flat"][0])
    assert held.to == Party(team="Service Desk")


# The door -----------------------------------------------------------------------------------------


def test_signed_or_with_a_token() -> None:
    zammad, source = Zammad(), SourceConfig("desk", "zammad", "acme", ("right",))
    digest = hmac.new(b"right", b"{}\n", hashlib.sha1).hexdigest()
    basic = base64.b64encode(b"filrouge:right").decode()
    for headers, body, code in (
        ({"x-hub-signature": f"sha1={digest}"}, b"{}\n", None),
        ({"x-hub-signature": f"sha1={digest}"}, b"{}", "bad_signature"),
        ({"x-hub-signature": digest}, b"{}\n", "bad_signature"),
        ({"x-hub-signature": "", "authorization": "Bearer right"}, b"{}", "no_signature"),
        ({"authorization": "Bearer right"}, b"{}", None),
        ({"authorization": f"Basic {basic}"}, b"{}", None),
        ({"authorization": "Bearer wrong"}, b"{}", "bad_signature"),
        ({}, b"{}", "no_signature"),
    ):
        refused = zammad.verify(Request("POST", "", headers, body, NOW_MS), source)
        assert (refused.code if refused else None) == code, headers


def test_a_colleague_may_be_the_customer_of_his_own_ticket() -> None:
    event = said(sender="Agent", created_by_id=8)
    assert (event.actor, event.direction) == (Actor("agent", "8"), "outbound")


@pytest.mark.parametrize(
    ("by", "actor", "direction"),
    [
        (8, Actor("customer"), "inbound"),
        (AGENT, Actor("agent", "31"), "outbound"),
        (1, Actor("system"), "outbound"),
        (None, Actor("external"), "inbound"),
    ],
)
def test_without_a_sender_whoever_wrote_it_down_counts(
    by: int | None, actor: Actor, direction: str
) -> None:
    event = said(sender=None, sender_id=None, created_by_id=by, created_by=None)
    assert (event.actor, event.direction) == (actor, direction)
