"""What Rocket.Chat's bodies mean: a room as it is, and messages that are told again and again."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.common import Actor, Party
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ConversationUpdated,
    EventBase,
    MessagePosted,
    QueueEntered,
    QueueLeft,
)
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.rocketchat import RocketChat
from tests.conformance.vendors.rocketchat import (
    AT,
    BODIES,
    HELD,
    NOW_MS,
    SERVED,
    agent,
    by_agent,
    room,
    said,
)


def read(body: Any, arrived_ms: int = NOW_MS + 9_000, **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), arrived_ms)
    return RocketChat().parse(request, SourceConfig("desk", "rocketchat", "acme", options=options))


def the(kind: type[EventBase], body: Any, **options: str) -> Any:
    [event] = [e for e in read(body, **options).events if type(e) is kind]
    return event


def ids(body: Any, **options: str) -> dict[str, str]:
    return {type(e).__name__: e.id for e in read(body, **options).events}


@pytest.mark.parametrize(
    ("message", "options", "actor", "direction"),
    [
        (said(), {}, Actor("customer"), "inbound"),
        (by_agent(), {}, Actor("agent", "agent31"), "outbound"),
        (by_agent(username="rocket.cat"), {}, Actor("bot", "agent31"), "outbound"),
        (by_agent(), {"bots": "helper, agent-31"}, Actor("bot", "agent31"), "outbound"),
        (by_agent(), {"bots": "agent31"}, Actor("bot", "agent31"), "outbound"),
    ],
)
def test_who_speaks(
    message: dict[str, Any], options: dict[str, str], actor: Actor, direction: str
) -> None:
    event = the(MessagePosted, room("Message", message), **options)
    assert (event.actor, event.direction, event.time_ms) == (actor, direction, NOW_MS)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"msg": "Hello"}, "Hello"),
        ({"msg": "", "file": {"type": "image/png", "name": "a.png"}}, "[image]"),
        ({"msg": "", "fileUpload": {"type": "application/pdf"}}, "[application]"),
        ({"msg": "", "attachments": [{"title": "a.png"}]}, "[file]"),
        ({"msg": '[{"type":"section"}]',
          "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Choose"}}]}, "Choose"),
    ],
)  # fmt: skip
def test_the_words_of_a_message(more: dict[str, Any], words: str) -> None:
    assert the(MessagePosted, room("Message", said(**more))).personal["text"] == words


def test_a_message_that_the_closing_tells_again_is_the_same() -> None:
    first = the(MessagePosted, room("Message", said()))
    again = read(BODIES["closed by the agent"][0]).events
    assert first.id in {e.id for e in again}
    assert first.id != the(MessagePosted, room("Message", said(_id="m-902"))).id
    edited = ids(room("Message", said(editedAt=AT, msg="Where is it?")))
    assert edited["MessagePosted"] == first.id
    twice = ids(room("Message", said(editedAt="2026-09-21T14:15:00.000Z")))
    assert edited["MessageStatusChanged"] != twice["MessageStatusChanged"]


def test_messages_of_old_versions_are_told_apart_without_ids() -> None:
    bare = {"username": "guest-5", "msg": "Yes", "ts": AT}
    later = {**bare, "ts": "2026-09-21T14:13:25.000Z"}
    one, two = read(room("LivechatSession", bare, later)).events[:2]
    assert one.id != two.id
    assert one.id == read(room("LivechatSession", bare)).events[0].id


def test_a_room_closes_once_whoever_tells_it() -> None:
    told = the(ConversationUpdated, BODIES["closed by the agent"][0])
    assert (told.status, told.tags, told.actor) == (
        "closed",
        ("returns",),
        Actor("agent", "agent31"),
    )
    assert told.time_ms == NOW_MS + 400_000
    words = the(ConversationUpdated, BODIES["closing words"][0])
    assert words.id == told.id


@pytest.mark.parametrize(
    ("more", "actor"),
    [
        ({"closer": "visitor", **HELD}, Actor("customer")),
        ({"closer": "user", "closedBy": agent(33)}, Actor("agent", "agent33")),
        ({"closedBy": agent(33)}, Actor("agent", "agent33")),
        ({"closedBy": {"_id": "rocket.cat", "username": "rocket.cat"}}, Actor("bot", "rocket.cat")),
        (HELD, Actor("agent", "agent31")),
        ({}, Actor("system")),
    ],
)
def test_who_closes(more: dict[str, Any], actor: Actor) -> None:
    assert the(ConversationUpdated, room("LivechatSession", **more)).actor == actor


def test_who_gives_up_in_the_queue_has_abandoned_it() -> None:
    left = the(QueueLeft, BODIES["gave up waiting"][0])
    assert (left.queue, left.outcome, left.actor) == ("d-1", "abandoned", Actor("customer"))
    served = room("LivechatSession", closer="visitor", **HELD)
    assert not [e for e in read(served).events if isinstance(e, QueueLeft)]
    by_rule = room("LivechatSession", closer="user")
    assert not [e for e in read(by_rule).events if isinstance(e, QueueLeft)]


def test_a_queue_has_its_name_or_the_general_one() -> None:
    assert the(QueueEntered, room("LivechatSessionQueued", departmentId="d-1")).queue == "d-1"
    assert the(QueueEntered, room("LivechatSessionQueued")).queue == "omnichannel"


def test_taken_and_forwarded() -> None:
    taken = the(AgentConnected, BODIES["taken"][0])
    assert (taken.agent, taken.actor, taken.time_ms) == (
        "agent31",
        Actor("customer"),
        NOW_MS - 10_000,
    )
    moved = the(AssignmentChanged, BODIES["forwarded to an agent"][0])
    assert moved.to == Party(agent="agent32", team="d-1")
    assert moved.from_ == Party(agent="agent31")
    assert moved.actor == Actor("agent", "agent31")
    assert moved.time_ms == NOW_MS and not moved.estimated
    queue = the(AssignmentChanged, BODIES["forwarded to a department"][0])
    assert (queue.to, queue.from_) == (Party(team="d-2"), Party(team="d-1"))
    assert queue.estimated


def test_a_bot_that_takes_a_chat_is_no_agent() -> None:
    events = read(BODIES["taken"][0], bots="agent-31").events
    assert not [e for e in events if isinstance(e, AgentConnected)]
    held = the(AssignmentChanged, BODIES["taken"][0], bots="agent-31")
    assert held.to == Party(bot="agent31", team="d-1")
    moved = the(AssignmentChanged, BODIES["forwarded to an agent"][0], bots="agent-31")
    assert moved.from_ == Party(bot="agent31")
    assert moved.actor == Actor("system")


def test_an_agent_who_still_serves_says_nothing_of_when_it_was_forwarded() -> None:
    body = room(
        "LivechatSessionForwarded", departmentId="d-2", oldDepartmentId="d-1",
        servedBy=agent(ts=SERVED), oldServedBy=agent(ts=SERVED),
    )  # fmt: skip
    assert the(AssignmentChanged, body).estimated


def test_a_retry_of_a_forwarding_is_the_same_and_the_way_back_is_not() -> None:
    def forwarded(new: int, old: int, at: str, since: str) -> str:
        body = room(
            "LivechatSessionForwarded", servedBy=agent(new, at), oldServedBy=agent(old, since)
        )
        one, again = read(body).events[0], read(body, NOW_MS + 99_000).events[0]
        assert one.id == again.id
        return one.id

    there = forwarded(32, 31, AT, SERVED)
    back = forwarded(31, 32, "2026-09-21T14:15:00.000Z", AT)
    again = forwarded(32, 31, "2026-09-21T14:16:00.000Z", "2026-09-21T14:15:00.000Z")
    assert len({there, back, again}) == 3


def test_queued_and_taken_again_after_a_forwarding_are_other_events() -> None:
    first, later = "2026-09-21T14:13:05.000Z", "2026-09-21T14:15:00.000Z"
    for kind, more in (
        ("LivechatSessionQueued", {"departmentId": "d-1"}),
        ("LivechatSessionTaken", {}),
    ):
        one = ids(room(kind, lastMessageAt=first, servedBy=agent(ts=first), **more))
        two = ids(room(kind, lastMessageAt=later, servedBy=agent(ts=later), **more))
        assert one == ids(room(kind, lastMessageAt=first, servedBy=agent(ts=first), **more))
        assert not set(one.values()) & set(two.values())


def test_what_the_visitor_typed_is_claimed_and_his_token_goes_nowhere() -> None:
    for body in (room("Message", said()), BODIES["closed, an old version's"][0]):
        event = read(body).events[0]
        assert {(i.kind, i.value): i.trust for i in event.identifiers} == {
            ("vendor", "desk:visitor/visitor5"): "asserted",
            ("email", "ines@example.com"): "claimed",
            ("phone", "+33600000005"): "claimed",
        }
        assert "visitor-token" not in str(event)


def test_the_test_call_is_known_by_its_room_and_its_moment() -> None:
    body = room("LivechatSession", said(), _id="fasd6f5a4sd6f8a4sdf", createdAt=AT)
    assert read(body).code == "ignored"
    assert read(body, NOW_MS + 172_800_000).events  # an example of long ago is a chat


def test_the_bridge_says_who_and_what() -> None:
    event = the(MessagePosted, BODIES["bridge"][0])
    assert event.conversation.id == "livechat:visitor5"
    assert event.identifiers[0].value == "desk:visitor/visitor5"
    assert event.personal == {"text": "Where is my parcel?", "name": "Ines Duval"}
    assert event.estimated
    picture = the(MessagePosted, BODIES["bridge, a picture"][0])
    assert picture.personal["text"] == "[image]"
    assert picture.identifiers[0].value == "desk:direct:ines"


def test_the_door_knows_the_token_wherever_it_stands() -> None:
    chat, source = RocketChat(), SourceConfig("desk", "rocketchat", "acme", ("right",))
    for headers, url, code in (
        ({"x-rocketchat-livechat-token": "right"}, "", None),
        ({"x-rocketchat-livechat-token": "wrong"}, "", "bad_signature"),
        ({"x-rocketchat-livechat-token": ""}, "", "no_signature"),
        ({"x-rocketchat-livechat-token": "wrong", "authorization": "Token right"}, "",
         "bad_signature"),
        ({"authorization": "Token right"}, "", None),
        ({"authorization": "Token wrong"}, "", "bad_signature"),
        ({"authorization": "Token "}, "", "no_signature"),
        ({}, "https://x.example/?token=right", None),
        ({}, "", "no_signature"),
    ):  # fmt: skip
        refused = chat.verify(Request("POST", url, headers, b"{}", NOW_MS), source)
        assert (refused.code if refused else None) == code, headers


def test_it_is_answered_with_200_and_nothing_that_the_room_would_keep() -> None:
    answer = RocketChat().reply(
        Request("POST", "", {}, b"{}", NOW_MS), SourceConfig("desk", "rocketchat", "acme")
    )
    assert (answer.status, answer.body) == (200, b"")


def test_who_serves_the_room_is_no_visitor_though_his_id_is_missing() -> None:
    nameless = {name: value for name, value in by_agent().items() if name != "agentId"}
    posted = the(MessagePosted, room("Message", nameless, **HELD))
    assert (posted.actor, posted.direction) == (Actor("agent", "agent31"), "outbound")
