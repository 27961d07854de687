"""One transfer is the same whoever tells it, and whether he names it or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemas.facts import (
    TransferConcluded,
    TransferStarted,
)
from streams.demo.traffic.call import Agent
from streams.stages.names import Names
from tests.cases.telling import ADA, NAMES, YAN, ZOE, Story, to_telephony
from tests.world import MINUTE


def by_aircall(story: Story, agents: tuple[Agent, Agent]) -> None:
    first, second = agents
    start = story.now
    say = story.phone.event
    times = {"started_at": start // 1_000, "answered_at": start // 1_000 + 20}
    story.call(say("call.created", 9, ADA, start, started_at=start // 1_000))
    story.call(say("call.answered", 9, ADA, story.later(20_000), first, **times))
    passed = {
        "transferred_by": {"id": first.number}, "transferred_to": {"id": second.number}, **times,
    }  # fmt: skip
    story.call(say("call.transferred", 9, ADA, story.later(40_000), second, **passed))
    again = {**times, "answered_at": story.later(10_000) // 1_000}
    story.call(say("call.answered", 9, ADA, story.now, second, **again))


def by_connect(story: Story, agents: tuple[Agent, Agent]) -> None:
    """A new contact of the same chain."""
    first, second = agents
    say = story.connect.phase
    story.call(say("INITIATED", "c1", ADA, story.now))
    queued = story.now
    story.call(say("QUEUED", "c1", ADA, queued, queued_ms=queued))
    story.call(say("CONNECTED_TO_AGENT", "c1", ADA, story.later(20_000), first, queued))
    chain: dict[str, Any] = {
        "initialContactId": "c1", "previousContactId": "c1", "initiationMethod": "TRANSFER",
        "queueInfo": {},
    }  # fmt: skip
    story.call(say("INITIATED", "c2", ADA, story.later(40_000), **chain))
    story.call(say("DISCONNECTED", "c1", ADA, story.now, first, disconnectReason="TRANSFERRED"))
    story.call(say("CONNECTED_TO_AGENT", "c2", ADA, story.later(10_000), second, **chain))


def by_genesys(story: Story, agents: tuple[Agent, Agent]) -> None:
    """A new segment of the same conversation; that it was answered is told when it ends."""
    first, second = agents
    say = story.genesys.event
    a, b = {"participantId": "a", "sessionId": "a"}, {"participantId": "b", "sessionId": "b"}
    story.call(say("customer.start", "g1", ADA, story.now))
    story.call(say("acd.start", "g1", ADA, story.now))
    story.call(say("user.start", "g1", ADA, story.later(20_000), first, **a))
    answered = {"acdOutcome": "ANSWERED", "answeredUserId": str(first.number)}
    story.call(say("acd.end", "g1", ADA, story.now, None, **answered, connectedDurationMs=20_000))
    ended = {"disconnectType": "TRANSFER", "interactingDurationMs": 40_000}
    story.call(say("user.end", "g1", ADA, story.later(40_000), first, **a, **ended))
    story.call(say("user.start", "g1", ADA, story.later(10_000), second, **b, queueId=None))
    ended = {"disconnectType": "PEER", "interactingDurationMs": 50_000}
    beside = {**b, "queueId": None}
    story.call(say("user.end", "g1", ADA, story.later(50_000), second, **beside, **ended))


def by_chatwoot(story: Story, agents: tuple[Agent, Agent]) -> None:
    """The assignee is another one."""
    first, second = agents
    story.call(story.desk.message(1, 1, ADA, "Hello?", story.now))
    story.call(story.desk.assigned(1, ADA, None, first, story.later(20_000)))
    story.call(story.desk.assigned(1, ADA, first, second, story.later(40_000)))
    story.call(story.desk.message(1, 2, ADA, "I am here.", story.later(10_000), second))


def by_zendesk(story: Story, agents: tuple[Agent, Agent]) -> None:
    first, second = (str(agent.number) for agent in agents)
    changed = "ticket.agent_assignment_changed"
    story.call(story.tickets.user(ADA, story.now))
    story.call(story.tickets.created(5, ADA, "My order", story.now))
    for old, new, ms in ((None, first, 20_000), (first, second, 40_000)):
        told = {"previous": old, "current": new}
        story.call(story.tickets._event(changed, 5, ADA, told, story.later(ms)))
    story.call(story.tickets.comment(5, 6, ADA, "I am here.", story.later(10_000), agents[1]))


Vendor = Callable[[Story, tuple[Agent, Agent]], None]
VENDORS: tuple[Vendor, ...] = (by_aircall, by_connect, by_genesys, by_chatwoot, by_zendesk)


def conclusions(tell: Vendor) -> list[tuple[Any, ...]]:
    story = Story(None, NAMES)
    begins = story.now
    tell(story, (ZOE, YAN))
    story.wait(11 * MINUTE)
    assert not story.letters
    return [
        (
            type(f).__name__, f.kind, f.from_.agent, f.to.agent, getattr(f, "outcome", ""),
            getattr(f, "ping_pong", None), f.at_ms - begins, f.certainty, f.revision,
        )
        for f in story.asserted()
        if isinstance(f, TransferStarted | TransferConcluded)
    ]  # fmt: skip


@pytest.mark.parametrize("tell", VENDORS, ids=lambda tell: tell.__name__)
def test_a_transfer_that_a_vendor_implies_equals_one_that_a_vendor_names(tell: Vendor) -> None:
    concluded = conclusions(tell)
    started = [one[:8] for one in concluded if one[0] == "TransferStarted"]
    [done] = [one[:8] for one in concluded if one[0] == "TransferConcluded"]
    named = conclusions(by_aircall)
    assert done == next(one[:8] for one in named if one[0] == "TransferConcluded")
    assert done[:6] == ("TransferConcluded", "blind", "zoe", "yan", "successful", False)
    assert [one[1:8] for one in started] == [
        one[1:8] for one in named if one[0] == "TransferStarted"
    ]


def team_by_aircall(story: Story) -> None:
    story.call(story.phone.event("call.created", 9, ADA, story.now))
    at_s = story.now // 1_000
    story.call(story.phone.event("call.answered", 9, ADA, story.now, ZOE, answered_at=at_s))
    passed = {"transferred_by": {"id": ZOE.number}, "transferred_to_team": {"name": "Phones"}}
    story.call(story.phone.event("call.transferred", 9, ADA, story.later(60_000), **passed))
    again = story.later(10_000) // 1_000
    story.call(story.phone.event("call.answered", 9, ADA, story.now, YAN, answered_at=again))


def team_by_chatwoot(story: Story) -> None:
    story.call(story.desk.message(1, 1, ADA, "Hello?", story.now))
    story.call(story.desk.assigned(1, ADA, None, ZOE, story.now))
    to_telephony(story)
    story.call(story.desk.message(1, 2, ADA, "I am here.", story.later(10_000), YAN))


def team_by_zendesk(story: Story) -> None:
    """First the group, then its agent is nobody any more: one change, told as two."""
    story.call(story.tickets.user(ADA, story.now))
    story.call(story.tickets.created(5, ADA, "My order", story.now))
    changes = (
        (0, "agent", None, str(ZOE.number)), (60_000, "group", None, "9"),
        (0, "agent", str(ZOE.number), None),
    )  # fmt: skip
    for ms, what, old, new in changes:
        told = {"previous": old, "current": new}
        changed = f"ticket.{what}_assignment_changed"
        story.call(story.tickets._event(changed, 5, ADA, told, story.later(ms)))
    story.call(story.tickets.comment(5, 6, ADA, "I am here.", story.later(10_000), YAN))


@pytest.mark.parametrize("tell", [team_by_aircall, team_by_chatwoot, team_by_zendesk])
def test_a_transfer_to_a_team_is_the_same_whoever_tells_it(tell: Callable[[Story], None]) -> None:
    story = Story(None, NAMES)
    begins = story.now
    tell(story)
    story.wait(11 * MINUTE)
    started, concluded = story.one(TransferStarted), story.one(TransferConcluded)
    assert (started.kind, started.at_ms - begins) == ("queue", MINUTE)
    assert (started.from_.agent, started.to.team) == ("zoe", "telephone desk")
    assert (concluded.outcome, concluded.to.agent) == ("successful", "yan")
    assert (concluded.ping_pong, concluded.at_ms - begins) == (False, 11 * MINUTE)


# One person with two ids ------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
def test_one_human_with_two_ids_is_no_transfer(named: bool) -> None:
    """In the mail client Zoé is agent 21 of the help desk, in the chat 501."""
    story = Story(None, NAMES if named else Names())
    other = Agent(21, "Zoé")
    story.call(story.desk.message(1, 1, ADA, "Hello?", story.now))
    story.call(story.desk.assigned(1, ADA, None, ZOE, story.later(1_000)))
    story.call(story.desk.message(1, 2, ADA, "One moment.", story.later(1_000), ZOE))
    story.call(story.desk.assigned(1, ADA, ZOE, other, story.later(1_000)))
    assert len(story.asserted(TransferStarted)) == (0 if named else 1)
