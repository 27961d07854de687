"""Switches and transfers in words: who, from where to where, why, and how it ended."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from schemas.common import Party
from schemas.facts import (
    ChannelSwitched,
    FeedbackJoined,
    JourneyResolved,
    QueueAbandoned,
    ReplyAwaited,
    SlaBreached,
    SwitchCause,
    TransferConcluded,
    TransferStarted,
)
from streams.journeys.acts import entries_of
from streams.journeys.sentences import brief, label, sentence
from tests.conformance.vendors import parsed, vendors

SAMPLES = vendors()
COMMON: dict[str, Any] = {
    "subject_id": "j/1", "domain": "acme", "customer": "ada-0", "journey": "ada-0.1", "at_ms": 1,
    "channel": "chat", "evidence": (), "policy": "p", "fold": "f",
}  # fmt: skip
ZOE, NOBODY = Party(agent="zoe"), Party()


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("successful", "was successful"),
        ("bounced", "bounced back"),
        ("refused", "was refused"),
        ("failed", "failed"),
        ("no_context", "came without the context"),
    ],
)
def test_a_transfer_names_both_sides_and_its_outcome(outcome: Any, said: str) -> None:
    fact = TransferConcluded(
        kind="blind", from_=Party(agent="zoe"), to=Party(queue="billing"), outcome=outcome, **COMMON
    )
    assert sentence(fact) == f"The transfer from agent zoe to queue billing {said}"


def test_a_side_that_nobody_told_is_left_out() -> None:
    fact = TransferStarted(kind="blind", from_=Party(agent="zoe"), to=Party(), **COMMON)
    assert sentence(fact) == "Transferred from agent zoe"
    handed = TransferConcluded(
        kind="handoff", from_=Party(bot="bot"), to=Party(), outcome="failed", **COMMON
    )
    assert sentence(handed) == "The hand-off from bot failed"


@pytest.mark.parametrize("cause", get_args(SwitchCause))
def test_each_cause_of_a_switch_has_its_words(cause: Any) -> None:
    fact = ChannelSwitched(
        from_="instagram", to="app", gap_ms=5_000, cause=cause, forced=cause != "customer", **COMMON
    )
    said = sentence(fact)
    assert said.startswith("Customer came from Instagram to the app after 5 s (")
    assert "_" not in said
    assert said.endswith("(by choice)") == (cause == "customer")
    assert cause != "unanswered" or "no answer came" in said
    few = brief(fact)
    assert few == "own choice" if cause == "customer" else few and f"(forced: {few})" in said


@pytest.mark.parametrize(
    ("fact", "few"),
    [
        (TransferStarted(kind="blind", from_=ZOE, to=NOBODY, **COMMON), "Transfer under way"),
        (
            TransferConcluded(
                kind="handoff", from_=ZOE, to=NOBODY, outcome="no_context", ping_pong=True, **COMMON
            ),
            "Hand-off: no context, ping-pong",
        ),
        (SlaBreached(clock="first_reply", target_ms=1, due_ms=1, **COMMON), "First reply too late"),
        (QueueAbandoned(wait_ms=42_000, **COMMON), "Gave up after 42 s"),
        (FeedbackJoined(instrument="csat", score=4, **COMMON), "Rated CSAT 4"),
        (JourneyResolved(duration_ms=1, **COMMON), "Resolved"),
        (ReplyAwaited(**COMMON), None),
    ],
)
def test_beside_the_thread_a_conclusion_has_few_words(fact: Any, few: str | None) -> None:
    assert brief(fact) == few


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_all_that_happens_at_a_vendor_has_its_words(vendor: str) -> None:
    for name, (sample, _) in SAMPLES[vendor].BODIES.items():
        for event in parsed(vendor, sample).events:
            for entry in entries_of(event, 1):
                said = label(entry)
                assert " " in said and said[0].isupper() and said != entry.kind, (name, said)
