"""Figures: cells, colours, windows, percentiles."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from schemas.facts import (
    Fact,
    FeedbackJoined,
    JourneyOpened,
    ReplyMeasured,
    SlaBreached,
    SlaClock,
    SlaMet,
)
from streams.kpis.cells import Cell, bucket, bucket_value, decode, dimensions_of, quantile
from streams.kpis.contributions import effects
from streams.kpis.definitions import BY_NAME, KPIS
from streams.kpis.panes import WINDOWS, starts
from streams.kpis.scorecard import colour, duration, scorecard


def opened(channel: str = "chat", topic: str = "") -> JourneyOpened:
    return JourneyOpened(
        subject_id=f"c.1/{channel}", domain="acme", customer="c", journey="c.1", at_ms=1_000,
        channel=channel, topic=topic, initiated_by="customer",
    )  # fmt: skip


def test_names_are_unique_and_every_definition_says_what_it_counts() -> None:
    assert len(BY_NAME) == len(KPIS)
    assert all(kpi.counts.endswith(".") for kpi in KPIS)


def test_a_cell_is_bounded_whatever_a_vendor_sends() -> None:
    fact = opened(topic="a|b" * 100)
    cell = Cell("acme", "volume", "n", dimensions_of(fact))
    assert decode(cell.encode()) == cell
    assert len(cell.encode()) < 120


@pytest.mark.parametrize("q", [0.0, 0.5, 0.9, 0.99])
def test_percentiles_are_within_one_percent(q: float) -> None:
    values = sorted(random.Random(3).randint(1, 5_000_000) for _ in range(2_000))
    buckets: dict[str, int] = {}
    for value in values:
        buckets[bucket(value)] = buckets.get(bucket(value), 0) + 1
    found = quantile(buckets, q)
    assert found == pytest.approx(values[int(q * (len(values) - 1))], rel=0.011)
    assert bucket_value("b0") == 0.0


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [((5,), 5, 5), ((1_000, 9_000), 1_000, 9_000), (range(100, 1_100, 100), 500, 900)],
)
def test_of_ten_nine_do_not_exceed_the_p90(values: Sequence[int], median: int, p90: int) -> None:
    buckets = Counter(bucket(value) for value in values)
    assert quantile(buckets, 0.5) == pytest.approx(median, rel=0.01)
    assert quantile(buckets, 0.9) == pytest.approx(p90, rel=0.01)


def counted(kpi: str, fact: Fact) -> dict[str, int]:
    return dict(BY_NAME[kpi].parts(fact))


@pytest.mark.parametrize("kind", [SlaMet, SlaBreached])
def test_a_promise_to_a_queue_is_the_service_levels_alone(
    kind: type[SlaMet | SlaBreached],
) -> None:
    def promise(clock: SlaClock) -> SlaMet | SlaBreached:
        return kind(
            subject_id="c.1/sla", domain="acme", customer="c", journey="c.1", at_ms=5,
            clock=clock, target_ms=20_000, due_ms=20_005,
        )  # fmt: skip

    hit = {"n": 1} | ({"hit": 1} if kind is SlaMet else {})
    assert counted("sla_met_rate", promise("first_reply")) == hit
    assert counted("service_level", promise("queue")) == hit
    assert not counted("sla_met_rate", promise("queue"))
    assert not counted("service_level", promise("resolution"))


@pytest.mark.parametrize(
    ("score", "points"),
    [(-1, None), (0, -100), (6, -100), (7, 0), (8, 0), (9, 100), (10, 100), (11, None)],
)
def test_a_recommendation_is_a_score_from_0_to_10(score: int, points: int | None) -> None:
    fact = FeedbackJoined(
        subject_id="c.1/feedback", domain="acme", customer="c", journey="c.1", at_ms=5,
        instrument="nps", score=score,
    )  # fmt: skip
    found = counted("nps", fact)
    assert (found.get("sum", 0) / 1_000 if found else None) == points


def test_what_was_counted_and_taken_back_leaves_nothing() -> None:
    sums: dict[str, int] = {}
    fact = ReplyMeasured(
        subject_id="x", domain="acme", customer="c", journey="c.1", at_ms=5, channel="chat",
        which="first", ms=777,
    )  # fmt: skip
    for sign in (1, -1):
        for effect in effects(fact, sign):
            if hasattr(effect, "cell") and hasattr(effect, "at_ms"):
                sums[effect.cell] = sums.get(effect.cell, 0) + effect.amount
    assert sums and set(sums.values()) == {0}


def test_splits_add_up_to_the_whole() -> None:
    cells: dict[str, int] = {}
    for channel in ("chat", "chat", "email"):
        for effect in effects(opened(channel), 1):
            if hasattr(effect, "cell") and hasattr(effect, "at_ms"):
                cells[effect.cell] = cells.get(effect.cell, 0) + effect.amount
    [whole] = scorecard(cells, only=["volume"])
    parts = {f.dims["channel"]: f.n for f in scorecard(cells, by=["channel"], only=["volume"])}
    assert whole.n == 3 and parts == {"chat": 2, "email": 1}
    assert scorecard(cells, "another", only=["volume"])[0].value == 0


def test_a_channel_on_which_all_was_taken_back_has_no_figures() -> None:
    cells = {"acme|volume|n|chat||||": 1, "acme|volume|n|voice||||": 0, "acme|fcr|n|voice||||": 0}
    figures = scorecard(cells, by=["channel"])
    assert [(one.kpi, one.dims["channel"]) for one in figures] == [("volume", "chat")]


def test_no_sample_is_not_zero() -> None:
    [fcr] = scorecard({}, only=["fcr"])
    assert (fcr.value, fcr.text, fcr.colour) == (None, "—", "none")


def test_an_unknown_dimension_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="There is no dimension 'moon'"):
        scorecard({}, by=["moon"])


@pytest.mark.parametrize(
    ("kpi", "value", "wanted"),
    [
        ("fcr", 0.80, "green"), ("fcr", 0.70, "amber"), ("fcr", 0.69, "red"),
        ("forced_switch_rate", 0.10, "green"), ("forced_switch_rate", 0.12, "amber"),
        ("forced_switch_rate", 0.13, "red"), ("nps", 50.0, "green"), ("nps", 29.0, "red"),
        ("ces", 3.0, "green"), ("ces", 4.1, "red"), ("volume", 9.0, "none"),
    ],
)  # fmt: skip
def test_colours(kpi: str, value: float, wanted: str) -> None:
    definition = BY_NAME[kpi]
    assert colour(definition, value, definition.target) == wanted


@pytest.mark.parametrize(
    ("ms", "text"),
    [(850, "850 ms"), (12_000, "12 s"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min"),
     (273_600_000, "3 d 4 h")],
)  # fmt: skip
def test_durations_for_people(ms: int, text: str) -> None:
    assert duration(ms) == text


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_is_covered_by_its_panes_without_a_hole(window: str) -> None:
    now_ms = 1_790_000_123_456
    _, panes = starts(WINDOWS[window], now_ms)
    assert panes[0] <= now_ms - WINDOWS[window] + panes.step
    assert panes[-1] <= now_ms < panes[-1] + panes.step
    assert len(panes) <= 900
