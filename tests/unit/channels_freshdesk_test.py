"""What Freshdesk's templates mean: triggers in their own notation, authors before a colon."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.common import Actor, Party
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    MessagePosted,
)
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.freshdesk import Freshdesk
from streams.channels.freshdesk_template import pseudo_json
from tests.conformance.vendors import wire
from tests.conformance.vendors.freshdesk import BODIES, NOW_MS, SAID, WHAT, held, hook


def read(body: Any, arrived_ms: int = NOW_MS + 9_000, **options: str) -> Parsed:
    raw = wire(body)
    request = Request("POST", "https://hooks.example.com/", raw.headers, raw.body, arrived_ms)
    return Freshdesk().parse(request, SourceConfig("desk", "freshdesk", "acme", options=options))


def the(kind: type[EventBase], body: Any, **options: str) -> Any:
    [event] = [e for e in read(body, **options).events if type(e) is kind]
    return event


@pytest.mark.parametrize("trigger", ["{customer_reply:x}", "{reply_sent:requester_replied}"])
def test_a_reply_that_its_trigger_calls_the_customers_is_his(trigger: str) -> None:
    said = the(MessagePosted, hook(trigger))
    assert (said.actor.kind, said.direction) == ("customer", "inbound")


# The notation of the trigger ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("{ticket_action:created}", {"ticket_action": "created"}),
        ("{status:{from:4,to:6}}", {"status": {"from": "4", "to": "6"}}),
        ("{ status : { from : 4 , to : 6 } }", {"status": {"from": "4", "to": "6"}}),
        ("{status:{from:,to:6}}", {"status": {"from": "", "to": "6"}}),
        (
            "{status:{from:2,to:4},note_type:public}",
            {"status": {"from": "2", "to": "4"}, "note_type": "public"},
        ),
        ('{"status": {"from": "4", "to": "6"}}', {"status": {"from": "4", "to": "6"}}),
        ("{cf_when:{from:10:30,to:11:45}}", {"cf_when": {"from": "10:30", "to": "11:45"}}),
        ("", {}),
        ("{", {}),
        ("{}}}", {}),
        ("{status:{from:4", {"status": {}}),
        ("created", {}),
    ],
)
def test_the_notation_of_the_trigger(written: str, found: dict[str, Any]) -> None:
    assert pseudo_json(written) == found


@given(st.text(alphabet='{}:,"ab1 ', max_size=30))
def test_no_trigger_makes_it_raise(written: str) -> None:
    assert isinstance(pseudo_json(written), dict)


# Who speaks ---------------------------------------------------------------------------------------

CUSTOMER, RUTH = Actor("customer"), Actor("agent", "ruth@acme.example")


@pytest.mark.parametrize(
    ("body", "actor", "visibility", "words"),
    [
        (held("{reply_sent:sent}", ticket_latest_public_comment=SAID), CUSTOMER, "public",
         "Where is my parcel?"),
        (held("{reply_sent:sent}", ticket_latest_public_comment="Ruth : <p>On its way.</p>"), RUTH,
         "public", "On its way."),
        (held("{reply_sent:sent}", ticket_latest_public_comment="Max : Sorry: late."),
         Actor("agent"), "public", "Sorry: late."),
        (held("{note_type:public}", ticket_latest_public_comment="INES DUVAL : Yes"), CUSTOMER,
         "public", "Yes"),
        (hook("{note_type:private}", ticket_latest_private_comment="Ruth : Call him",
              ticket_latest_public_comment=SAID), Actor("agent"), "internal", "Call him"),
        (hook("{note_type:private}", ticket_latest_private_comment=SAID), Actor("agent"),
         "internal", "Where is my parcel?"),
        (hook("{note_type:public}"), Actor("agent"), "public", ""),
        (hook("{reply_sent:sent}", ticket_latest_public_comment=WHAT), Actor("agent"), "public",
         "Where is my parcel?"),
        # Nothing says who: neither a customer who waits nor an agent who answered.
        (hook(ticket_latest_public_comment=WHAT), Actor("external"), "public",
         "Where is my parcel?"),
        (hook(ticket_latest_public_comment=SAID), CUSTOMER, "public", "Where is my parcel?"),
        ({"event": "customer_replied", "ticket_id": 1, "comment": "Yes"}, CUSTOMER, "public",
         "Yes"),
        ({"event": "agent replied", "ticket_id": 1, "comment": "Yes"}, Actor("agent"), "public",
         "Yes"),
        (hook("{reply_sent:sent}", ticket_latest_public_comment="See https://x.example : y"),
         Actor("agent"), "public", "See https://x.example : y"),
    ],
)  # fmt: skip
def test_who_speaks(body: Any, actor: Actor, visibility: str, words: str) -> None:
    event = the(MessagePosted, body)
    assert (event.actor, event.visibility) == (actor, visibility)
    assert event.direction == ("outbound" if actor.kind == "agent" else "inbound")
    assert event.personal.get("text", "") == words


def test_a_ticket_begins_with_its_description() -> None:
    opened = the(ConversationOpened, BODIES["created"][0])
    assert (opened.initiated_by, opened.direction) == ("customer", "inbound")
    first = the(MessagePosted, BODIES["created"][0])
    assert (first.actor, first.personal["text"]) == (CUSTOMER, "Where is my parcel?")
    ours = the(ConversationOpened, BODIES["created by ourselves"][0])
    assert (ours.initiated_by, ours.direction) == ("agent", "outbound")
    assert the(MessagePosted, BODIES["created by ourselves"][0]).direction == "outbound"


@pytest.mark.parametrize(
    ("source", "channel"),
    [
        ("Email", "email"), ("1", "email"), ("Portal", "form"), ("2", "form"), ("Phone", "voice"),
        ("Chat", "chat"), ("WhatsApp", "whatsapp"), ("Twitter", "social"), ("Feedback Widget", "form"),
        ("", "email"), ("Pigeon", "email"), ("{{ticket.source}}", "email"),
    ],
)  # fmt: skip
def test_the_source_is_the_medium(source: str, channel: str) -> None:
    assert the(MessagePosted, hook("{note_type:public}", ticket_source=source)).channel == channel


# Where it stands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trigger", "named", "status"),
    [
        ("{status:{from:4,to:2}}", "Open", "open"),
        ("{status:{from:2,to:3}}", "Pending", "on_hold"),
        ("{status:{from:2,to:4}}", "Resolved", "resolved"),
        ("{status:{from:2,to:5}}", "Closed", "closed"),
        ("{status:{from:2,to:4}}", "Gelöst", "resolved"),  # a translated name
        ("{status:{from:2,to:4}}", "Open", "resolved"),  # opened again since
        ("{status:{from:4,to:6}}", "Waiting on Customer", "on_hold"),
        ("{status:{from:4,to:7}}", "", "on_hold"),
        ("{status:{from:4,to:6}}", "Job Application", "open"),
        ("{status:{from:2,to:12}}", "Awaiting parts", "on_hold"),
    ],
)
def test_the_status_of_a_ticket(trigger: str, named: str, status: str) -> None:
    assert the(ConversationUpdated, hook(trigger, ticket_status=named)).status == status


def test_priorities_have_names() -> None:
    assert the(ConversationUpdated, hook("{priority:{from:1,to:4}}")).priority == "urgent"
    shown = the(ConversationUpdated, hook(ticket_status=None, ticket_priority="High"))
    assert (shown.status, shown.priority) == (None, "high")


def test_one_agent_has_one_name() -> None:
    """The trigger knows agents by number, the template perhaps by address."""
    numbers = the(AssignmentChanged, hook("{responder_id:{from:30,to:31}}"))
    assert (numbers.to, numbers.from_) == (Party(agent="31"), Party(agent="30"))
    names = the(AssignmentChanged, held("{responder_id:{from:30,to:31}}"))
    assert (names.to, names.from_) == (Party(agent="ruth@acme.example", team="Support"), None)
    gone = the(AssignmentChanged, held("{responder_id:{from:31,to:}}", ticket_agent_name="",
                                       ticket_agent_email=""))  # fmt: skip
    assert gone.to == Party(team="Support")
    first = the(AssignmentChanged, hook("{responder_id:{from:,to:31}}"))
    assert (first.to, first.from_) == (Party(agent="31"), None)
    team = the(AssignmentChanged, hook("{group_id:{from:1,to:2}}"))
    assert (team.to, team.from_) == (Party(team="2"), Party(team="1"))


def test_a_body_without_a_time_tells_only_what_triggered_it() -> None:
    """Sent again an hour later, it would undo what came since."""
    timeless = held("{note_type:public}", ticket_updated_at=None)
    assert [type(e) for e in read(timeless).events] == [MessagePosted]
    timed = [type(e) for e in read(held("{note_type:public}")).events]
    assert timed == [MessagePosted, AssignmentChanged, ConversationUpdated]
    assert all(e.time_ms == NOW_MS and not e.estimated for e in read(held("{x:y}")).events)


@pytest.mark.parametrize(
    ("trigger", "score", "most"),
    [
        ("{customer_feedback:103}", 3.0, 3.0),
        ("{customer_feedback:-102}", -2.0, 3.0),
        ("{customer_feedback:100}", 0.0, 3.0),
        ("{customer_feedback:Extremely Unhappy}", -3.0, 3.0),
        ("{customer_feedback:1}", 1.0, 1.0),
        ("{customer_feedback:3}", -1.0, 1.0),
    ],
)
def test_ratings_stand_on_their_scale(trigger: str, score: float, most: float) -> None:
    event = the(FeedbackReceived, hook(trigger, feedback="<p>Quick.</p>"))
    assert (event.score, event.scale_min, event.scale_max) == (score, -most, most)
    assert event.personal == {"comment": "Quick."}


def test_a_rating_may_stand_in_the_template_alone() -> None:
    event = the(FeedbackReceived, hook(satisfaction_rating="102", ticket_status=None))
    assert event.score == 2.0


# Whom we believe ----------------------------------------------------------------------------------


def test_an_address_is_one_contact_and_what_stands_in_his_record_is_claimed() -> None:
    body = hook(
        "{note_type:public}", requester_email="Ines@Example.com", requester_id="77",
        requester_phone="+33600000005", ticket_contact_unique_external_id="A-5",
    )  # fmt: skip
    event = the(MessagePosted, body)
    assert {(i.kind, i.value): i.trust for i in event.identifiers} == {
        ("vendor", "desk:contact/77"): "asserted",
        ("vendor", "desk:contact/ines@example.com"): "asserted",
        ("email", "Ines@Example.com"): "claimed",
        ("phone", "+33600000005"): "claimed",
        ("crm", "A-5"): "curated",
    }
    kept = the(MessagePosted, body, contacts="curated")
    assert {i.trust for i in kept.identifiers if i.kind in {"email", "phone"}} == {"curated"}


# The key ------------------------------------------------------------------------------------------


def ids(body: Any, arrived_ms: int = NOW_MS) -> list[str]:
    return [e.id for e in read(body, arrived_ms).events]


def test_a_body_sent_again_after_an_hour_is_the_same() -> None:
    for body, expected in BODIES.values():
        if not isinstance(expected, str):
            assert ids(body) == ids(body, NOW_MS + 3_600_000)


def test_events_of_one_ticket_differ() -> None:
    bodies = [
        hook("{status:{from:2,to:4}}", ticket_status="Resolved"),
        hook("{status:{from:4,to:2}}", ticket_status="Open"),
        hook("{priority:{from:1,to:4}}"),
        hook("{responder_id:{from:30,to:31}}"),
        hook("{responder_id:{from:31,to:30}}"),
        hook("{note_type:public}"),
        hook("{note_type:private}"),
        hook("{reply_sent:sent}", ticket_latest_public_comment="Ruth : One"),
        hook("{reply_sent:sent}", ticket_latest_public_comment="Ruth : Two"),
        hook("{customer_feedback:103}"),
    ]
    found = [ident for body in bodies for ident in ids(body)]
    assert len(set(found)) == len(found) == len(bodies)


def test_with_a_time_even_equal_changes_differ() -> None:
    """Without one they are a change and its retry: the page says to have it in the template."""
    later = held("{status:{from:2,to:4}}", ticket_updated_at="2026-09-21T15:00:00Z")
    assert not set(ids(held("{status:{from:2,to:4}}"))) & set(ids(later))


def test_a_ticket_is_created_once_and_its_latest_words_are_told_once() -> None:
    first = the(MessagePosted, hook("{ticket_action:created}", ticket_description=WHAT))
    again = the(MessagePosted, hook(ticket_description=WHAT, ticket_status="Pending"))
    assert first.id == again.id
    one = the(MessagePosted, hook(ticket_latest_public_comment=SAID))
    two = the(MessagePosted, hook(ticket_latest_public_comment=SAID, ticket_status="Pending"))
    assert one.id == two.id


# The door -----------------------------------------------------------------------------------------


def test_the_password_the_header_or_the_url_opens() -> None:
    desk, source = Freshdesk(), SourceConfig("desk", "freshdesk", "acme", ("right",))
    basic = base64.b64encode(b"filrouge:right").decode()
    for headers, url, code in (
        ({"authorization": f"Basic {basic}"}, "", None),
        ({"authorization": "Bearer right"}, "", None),
        ({}, "https://x.example/?token=right", None),
        ({"authorization": "Bearer wrong"}, "", "bad_signature"),
        ({}, "", "no_signature"),
    ):
        refused = desk.verify(Request("POST", url, headers, b"{}", NOW_MS), source)
        assert (refused.code if refused else None) == code


def test_xml_gets_a_plain_answer() -> None:
    request = Request("POST", "", {"content-type": "application/xml"}, b"<a>1</a>", NOW_MS)
    found = Freshdesk().parse(request, SourceConfig("desk", "freshdesk", "acme"))
    assert found.code == "malformed" and "choose the encoding JSON" in found.reason
