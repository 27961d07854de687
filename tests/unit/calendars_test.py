"""Business calendars: what is open when, and clocks that run only then."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.common import Actor, Party
from schemas.events import AssignmentChanged, ConversationUpdated, QueueEntered, QueueLeft
from schemas.facts import (
    ChannelSwitched,
    JourneyResolved,
    ReplyMeasured,
    SlaAtRisk,
    SlaBreached,
    SlaMet,
)
from streams.calendars import Calendar
from streams.kpis.scorecard import scorecard
from tests.story import AGENT, answers, resolves, writes
from tests.world import HOUR, MINUTE, World

PARIS = Calendar(
    "Europe/Paris", "mon-fri 09:00-12:30 13:30-18:00; sat 09:00-12:00", ("2026-07-14",)
)


def at(text: str, zone: str = "Europe/Paris") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-09-21T10:00", "2026-09-21T11:30", 1.5),
        ("2026-09-21T12:00", "2026-09-21T14:00", 1.0),  # lunch
        ("2026-09-21T17:00", "2026-09-22T10:00", 2.0),  # a night
        ("2026-09-25T17:00", "2026-09-28T10:00", 1 + 3 + 1),  # a week-end with a Saturday morning
        ("2026-07-13T17:00", "2026-07-15T10:00", 2.0),  # a holiday
        ("2026-09-21T03:00", "2026-09-21T08:59", 0.0),
        ("2026-09-21T11:00", "2026-09-21T10:00", 0.0),
    ],
)
def test_open_time_between_two_moments(start: str, end: str, hours: float) -> None:
    assert PARIS.open_ms(at(start), at(end)) == hours * HOUR


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-09-21T10:00", 2, "2026-09-21T12:00"),
        ("2026-09-21T12:00", 1, "2026-09-21T14:00"),
        ("2026-09-21T19:00", 1, "2026-09-22T10:00"),
        ("2026-09-26T11:30", 1, "2026-09-28T09:30"),
    ],
)
def test_a_moment_after_so_much_open_time(start: str, hours: int, due: str) -> None:
    assert PARIS.after(at(start), hours * HOUR) == at(due)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_on_which_the_clock_changes_are_an_hour_shorter_or_longer(
    day: str, hours: int
) -> None:
    whole = Calendar("Europe/Paris", "mon-sun 00:00-24:00")
    start = at(f"{day}T00:00")
    assert whole.open_ms(start, start + 48 * HOUR) == 48 * HOUR
    assert whole.open_ms(start, at(f"{day}T23:59")) == (hours - 1) * HOUR + 59 * MINUTE


@given(
    start=st.integers(1_700_000_000_000, 1_900_000_000_000),
    ms=st.integers(1, 60 * HOUR),
    more=st.integers(0, 200 * HOUR),
)
def test_the_two_directions_agree(start: int, ms: int, more: int) -> None:
    due = PARIS.after(start, ms)
    assert PARIS.open_ms(start, due) == ms
    assert PARIS.open_ms(start, due + more) == ms + PARIS.open_ms(due, due + more)


@pytest.mark.parametrize(
    ("zone", "hours", "holidays", "sentence"),
    [
        ("Europe/Atlantis", "mon 09:00-10:00", (), "no time zone"),
        ("../etc/passwd", "mon 09:00-10:00", (), "no time zone"),
        ("UTC", "monday nine to five", (), "must be like"),
        ("UTC", "mon 10:00-09:00", (), "does not end after it begins"),
        ("UTC", "mon 09:00-12:00; mon 11:00-13:00", (), "overlap"),
        ("UTC", "", (), "needs hours"),
        ("UTC", "mon 09:00-10:00", ("Christmas",), "a date like"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(
    zone: str, hours: str, holidays: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        Calendar(zone, hours, holidays)


# Clocks ------------------------------------------------------------------------------------------

NINE_TO_FIVE = {"zone": "UTC", "hours": "mon-sun 09:00-17:00"}
MAIL_4H = {"clock": "first_reply", "target_ms": 4 * HOUR, "channels": ["email"], "business": True}


def test_a_reply_the_next_morning_keeps_a_promise_of_four_open_hours() -> None:
    world = World(calendars={"default": NINE_TO_FIVE}, promises=[MAIL_4H])
    world.wait(7 * HOUR)  # 16:00
    writes(world, "email")
    world.wait(18 * HOUR)  # 10:00 the next day
    assert world.asserted(SlaBreached) == world.asserted(SlaAtRisk) == []
    answers(world, "email")
    reply = world.one(ReplyMeasured)
    assert (reply.ms, reply.business_ms) == (18 * HOUR, 2 * HOUR)
    kept = world.one(SlaMet)
    assert (kept.clock, kept.target_ms, kept.due_ms - reply.at_ms) == (
        "first_reply",
        4 * HOUR,
        2 * HOUR,
    )


def test_a_promise_in_open_hours_is_broken_when_they_have_passed() -> None:
    world = World(calendars={"default": NINE_TO_FIVE}, promises=[MAIL_4H])
    world.wait(7 * HOUR)
    writes(world, "email")
    world.wait(21 * HOUR)  # 13:00 the next day
    world.wait(MINUTE)
    assert world.one(SlaBreached).due_ms == world.now - MINUTE - HOUR


def test_the_calendar_is_that_of_the_team_which_has_the_conversation() -> None:
    night = {"zone": "UTC", "hours": "mon-sun 00:00-24:00", "teams": ["night"]}
    world = World(calendars={"default": NINE_TO_FIVE, "night": night}, promises=[MAIL_4H])
    world.wait(11 * HOUR)  # 20:00: the day's team is away
    world.event(
        AssignmentChanged, conversation="email-1", channel="email", actor=Actor("system"),
        to=Party(team="night"),
    )  # fmt: skip
    writes(world, "email")
    world.wait(5 * HOUR)
    assert world.one(SlaBreached).team == "night"


def test_a_priority_that_is_known_later_shortens_the_promise() -> None:
    urgent = {"clock": "first_reply", "target_ms": HOUR, "priorities": ["urgent"]}
    world = World(promises=[urgent])
    writes(world, "email")
    world.wait(2 * HOUR)
    assert world.asserted(SlaBreached) == []
    world.event(
        ConversationUpdated, conversation="email-1", channel="email", actor=AGENT,
        priority="urgent",
    )  # fmt: skip
    assert world.one(SlaBreached).target_ms == HOUR


def test_resolution_is_told_in_wall_time_and_in_open_hours() -> None:
    world = World(calendars={"default": NINE_TO_FIVE})
    world.wait(7 * HOUR)
    writes(world, "email")
    answers(world, "email")
    world.wait(18 * HOUR)
    resolves(world, "email-1", "email")
    resolved = world.one(JourneyResolved)
    assert (resolved.duration_ms, resolved.business_ms) == (18 * HOUR, 2 * HOUR)
    figures = {one.kpi: one for one in scorecard(world.panes)}
    assert figures["resolution_business"].value == 2 * HOUR


def test_without_a_calendar_there_is_no_figure_in_open_hours() -> None:
    world = World()
    writes(world, "email")
    answers(world, "email")
    assert world.one(ReplyMeasured).business_ms is None


def test_who_wrote_while_it_was_closed_and_went_on_elsewhere_was_forced() -> None:
    world = World(calendars={"default": NINE_TO_FIVE})
    world.wait(10 * HOUR)  # 19:00
    writes(world, "whatsapp")
    world.wait(MINUTE)
    writes(world, "email")
    switch = world.one(ChannelSwitched)
    assert (switch.cause, switch.forced) == ("out_of_hours", True)


# Service level -----------------------------------------------------------------------------------

IN_20_S = {"clock": "queue", "target_ms": 20_000, "queues": ["sales"]}


def calls(world: World, wait_ms: int, outcome: str, queue: str = "sales") -> None:
    call = f"call-{world._numbers}"
    world.event(QueueEntered, conversation=call, channel="voice", queue=queue)
    world.wait(wait_ms)
    world.event(QueueLeft, conversation=call, channel="voice", queue=queue, outcome=outcome)


@pytest.mark.parametrize(
    ("wait_ms", "outcome", "kept"),
    [
        (20_000, "answered", True),
        (20_001, "answered", False),
        (40_000, "abandoned", False),
        (19_000, "abandoned", None),
    ],
)
def test_a_wait_is_held_against_what_its_queue_is_promised(
    wait_ms: int, outcome: str, kept: bool | None
) -> None:
    world = World(promises=[IN_20_S])
    calls(world, wait_ms, outcome)
    told = [f.__struct_config__.tag for f in world.asserted() if getattr(f, "clock", "") == "queue"]
    assert told == {True: ["sla.met"], False: ["sla.breached"], None: []}[kept]


def test_a_wait_that_goes_on_breaks_the_promise_before_it_ends() -> None:
    world = World(promises=[IN_20_S])
    world.event(QueueEntered, conversation="call", channel="voice", queue="sales")
    world.wait(30_000)
    assert world.one(SlaBreached).clock == "queue"


def test_a_queue_to_which_nothing_is_promised_has_no_service_level() -> None:
    world = World(promises=[IN_20_S])
    calls(world, 40_000, "answered", queue="other")
    assert all(getattr(f, "clock", "") != "queue" for f in world.asserted())
