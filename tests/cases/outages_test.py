"""What comes in the wrong order, all at once, or after a standstill."""

from __future__ import annotations

import pytest

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import ClockTick, MessagePosted
from schemas.facts import JourneyOpened, QueueWaited, SlaAtRisk, SlaBreached, SlaMet
from tests.cases.telling import ADA, ZOE, Story
from tests.world import DOMAIN, HOUR, MINUTE


@pytest.mark.parametrize("late", [False, True])
def test_case_21_genesys_tells_the_queue_before_the_customer(late: bool) -> None:
    """EventBridge keeps no order: `acd.start` comes before `customer.start`.  The queue's entry
    waits for nobody: it is one call, with the wait that it had.
    """
    story = Story()
    start = story.now
    say = story.genesys.event
    calls = [
        say("customer.start", "g1", ADA, start),
        say("acd.start", "g1", ADA, start + 5_000),
        say("user.start", "g1", ADA, start + 25_000, ZOE),
        say(
            "acd.end", "g1", ADA, start + 30_000, None, acdOutcome="ANSWERED",
            answeredUserId=str(ZOE.number), connectedDurationMs=25_000,
        ),
    ]  # fmt: skip
    if late:
        calls[0], calls[1] = calls[1], calls[0]
    for call in calls:
        story.call(call, story.later(30_000))
    waited = story.one(QueueWaited)
    assert (waited.wait_ms, waited.outcome) == (25_000, "answered")
    assert len(story.asserted(JourneyOpened)) == 1
    assert not [f for f in story.history if f.state == "retracted" and isinstance(f, QueueWaited)]


CUSTOMERS = 2_000
"""Each has three timers due; a hundred thousand are only more of the same."""


def test_case_29_an_outage_with_all_timers_due_and_the_replies_behind_them() -> None:
    """Everybody was answered in time, but the answers stand in the log behind hours in which no
    worker ran.  The log's clock stood still as well: nobody is told of a breach that never was.
    """
    story = Story()
    asked = story.now
    for number in range(CUSTOMERS):
        story.put(message(number, asked, "inbound", asked))
    story.now = asked + 31_000  # when they arrived, while the worker was down
    for number in range(CUSTOMERS):
        story.put(message(number, asked + 30_000, "outbound", story.now))
    story.wait(6 * HOUR)
    breached = [f for f in story.history if isinstance(f, SlaBreached | SlaAtRisk)]
    assert not breached
    assert len(story.asserted(SlaMet)) == CUSTOMERS
    assert not {"sla.breached", "sla.at_risk", "reply.waiting"} & set(story.sent())


def test_case_29_what_really_came_too_late_is_told_however_long_the_standstill() -> None:
    """Of those whom nobody answered, each is told once."""
    story = Story()
    asked = story.now
    for number in range(50):
        story.put(message(number, asked, "inbound", asked))
    story.now = asked + 31_000
    for number in range(0, 50, 2):
        story.put(message(number, asked + 30_000, "outbound", asked + 31_000))
    story.now = asked + 2 * MINUTE
    story.event(ClockTick, actor=Actor("system"))
    assert len(story.asserted(SlaBreached)) == 25
    assert story.sent().count("sla.breached") == 25


def test_case_29_an_answer_that_its_vendor_tells_hours_late_takes_the_breach_back() -> None:
    """The outage was the vendor's: our clock went on, and the answers come with their old times."""
    story = Story()
    asked = story.now
    for number in range(50):
        story.put(message(number, asked, "inbound", asked))
    story.wait(2 * MINUTE)
    assert len(story.asserted(SlaBreached)) == 50
    story.now = asked + 20 * MINUTE
    for number in range(50):
        story.put(message(number, asked + 30_000, "outbound", story.now))
    assert not story.asserted(SlaBreached) and len(story.asserted(SlaMet)) == 50
    assert story.cancelled().count("sla.breached") == 50


def message(number: int, time_ms: int, direction: str, arrived_ms: int) -> MessagePosted:
    by_customer = direction == "inbound"
    return MessagePosted(
        id=f"{number}/{direction}", source="s", domain=DOMAIN, time_ms=time_ms,
        recorded_ms=arrived_ms, channel="chat", message_id=f"{number}/{direction}",
        actor=Actor("customer") if by_customer else Actor("agent", "zoe"),
        conversation=ConversationRef("s", f"chat-{number}"),
        identifiers=(Identifier("user", f"u{number}", "asserted"),),
        direction=direction,  # type: ignore[arg-type]  # one of the two
    )  # fmt: skip
