"""What the customer says of it: scores joined to their journey, and a very bad tone."""

from __future__ import annotations

from schemas.facts import FeedbackJoined, SentimentAlerted
from streams.journeys.findings import Cycle, Findings

VERY_BAD = -0.7
_SAYS = frozenset({"feedback", "sentiment"})


def conclude(cycle: Cycle, found: Findings) -> None:
    if cycle.kinds.isdisjoint(_SAYS):
        return
    for entry in cycle.entries:
        if entry.kind == "feedback":
            data = entry.data
            found.add(
                FeedbackJoined, f"feedback/{entry.id}", cycle, entry.at_ms, entry.channel,
                (entry.id,), instrument=data["instrument"], score=data["score"],
                scale_min=data["min"], scale_max=data["max"], easy_is_low=data["easy_is_low"],
            )  # fmt: skip
        elif entry.kind == "sentiment" and entry.data["sentiment"] <= VERY_BAD:
            found.add(
                SentimentAlerted, f"sentiment/{entry.id}", cycle, entry.at_ms, entry.channel,
                (entry.id,), sentiment=entry.data["sentiment"],
            )  # fmt: skip
