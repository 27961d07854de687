"""What agents promise, by the lexicon or by a tool, and what the context shows of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.common import Actor
from schemas.events import AgentConnected, Commitment, ContextViewed, ConversationUpdated
from streams.journeys.documents import context_document
from streams.lexicon.promises import promises
from streams.policy import Policy
from tests.story import AGENT, answers, resolves, writes
from tests.world import HOUR, MINUTE, World, who

MONDAY_10H = round(datetime(2026, 9, 21, 10, tzinfo=UTC).timestamp() * 1_000)


def end_of(day: int) -> int:
    return round(datetime(2026, 9, day + 1, tzinfo=UTC).timestamp() * 1_000) - 1


@pytest.mark.parametrize(
    ("text", "what", "due_ms"),
    [
        ("We will call you back tomorrow.", "call_back", end_of(22)),
        ("Je vous rappelle demain matin", "call_back", end_of(22)),
        ("Nous revenons vers vous sous 48 heures", "answer", MONDAY_10H + 48 * HOUR),
        ("I'll get back to you within 30 minutes", "answer", MONDAY_10H + 30 * MINUTE),
        ("Vous serez remboursé vendredi", "refund", end_of(25)),
        ("A technician will come on Monday", "visit", end_of(28)),
        ("I'll keep you posted", "answer", None),
    ],
)
def test_a_promise_and_its_time_are_read(text: str, what: str, due_ms: int | None) -> None:
    assert promises().read(text, MONDAY_10H) == Commitment(what, due_ms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "Je vous rappelle que le magasin est fermé",
        "Could you call tomorrow?",
        "It takes 3 days",
        "",
        "99999999999999999999 hours",
    ],
)
def test_what_is_no_promise_is_none(text: str) -> None:
    assert promises().read(text, MONDAY_10H) is None


# In the context ----------------------------------------------------------------------------------


def context(world: World, purpose: str = "service") -> dict[str, Any]:
    [customer] = {e.customer for e in world.events if e.customer}
    states = world.journeys.states
    hidden = Policy().context_hides.get(purpose, ())
    return context_document(states[customer], states[f"ctx:{customer}"], world.now, hidden)


def promised(world: World) -> list[tuple[str, str]]:
    return [(one["what"], one["state"]) for one in context(world)["commitments"]]


def test_a_promised_call_is_open_then_late_then_kept() -> None:
    world = World()
    writes(world, "email")
    answers(world, "email", personal={"text": "We will call you back within 2 hours."})
    assert promised(world) == [("call_back", "open")]
    world.wait(3 * HOUR)
    assert promised(world) == [("call_back", "late")]
    world.event(
        AgentConnected, conversation="call", channel="voice", identifiers=who(), actor=AGENT,
        agent="zoe",
    )  # fmt: skip
    assert promised(world) == []


def test_the_same_breath_keeps_no_promise_and_a_later_word_does() -> None:
    world = World()
    writes(world)
    answers(world, personal={"text": "I get back to you today."})
    world.wait(5_000)
    answers(world, personal={"text": "Have a nice day."})
    assert promised(world) == [("answer", "open")]
    world.wait(HOUR)
    answers(world, personal={"text": "It is done."})
    assert promised(world) == []


def test_a_tool_says_it_better_and_the_resolution_settles_it() -> None:
    world = World()
    writes(world)
    world.event(
        ConversationUpdated, conversation="chat-1", actor=AGENT,
        commitment=Commitment("refund", world.now + HOUR),
    )  # fmt: skip
    [one] = context(world)["commitments"]
    assert (one["what"], one["by"], one["due_ms"]) == ("refund", "zoe", world.now + HOUR)
    resolves(world)
    assert context(world)["commitments"] == []


def test_a_note_is_read_for_promises_too() -> None:
    world = World()
    writes(world)
    world.event(
        ConversationUpdated, conversation="chat-1", actor=AGENT, note=True,
        personal={"note": "Promised to call: vous rappeler demain"},
    )  # fmt: skip
    assert promised(world) == [("call_back", "open")]


def test_a_customer_promises_nothing() -> None:
    world = World()
    writes(world, personal={"text": "I will get back to you tomorrow"})
    assert promised(world) == []


def test_who_looked_stands_in_the_context() -> None:
    world = World()
    writes(world)
    [customer] = {e.customer for e in world.events}
    world.event(
        ContextViewed, actor=Actor("agent", "bo"), customer=customer, purpose="sales", channel="web"
    )
    assert context(world)["viewed"] == [{"agent": "bo", "purpose": "sales", "at_ms": world.now}]


@pytest.mark.parametrize(
    ("purpose", "hidden"),
    [
        ("service", set()),
        ("sales", {"last_messages", "notes", "sentiment"}),
        (
            "marketing",
            {"name", "last_messages", "notes", "sentiment", "commitments", "stopped_at"},
        ),
    ],
)
def test_a_purpose_sees_what_the_policy_lets_it_see(purpose: str, hidden: set[str]) -> None:
    world = World()
    writes(world, personal={"text": "This is terrible", "name": "Ada"})
    assert set(context(world)) - set(context(world, purpose)) == hidden
