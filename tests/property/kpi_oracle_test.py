"""Every figure is what plain loops over the facts that stand come to, however it is asked for.

Random histories are folded over four partitions whose turns are drawn at random.  At moments in
between, and at the end, an oracle of its own (`kpi_oracle`) says what each KPI is: over all time and
over each rolling window, as a whole and split by each dimension.  The scorecard must say the same,
and what opens a figure must be the very things that the oracle has counted.  And what the facts count is
read off each thread once more (`kpi_thread_oracle`).  A history is made from
its seed alone; the seed stands in the message of a failure.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from streams.kpis.definitions import KPIS
from streams.kpis.panes import WINDOWS, starts
from streams.kpis.scorecard import Figure, scorecard
from tests.examples import QUICK
from tests.property import kpi_oracle as oracle
from tests.property import kpi_thread_oracle as thread
from tests.property.kpi_histories import Counted, history, mistake, pass_time
from tests.world import DAY

UNITS = {kpi.name: kpi.unit for kpi in KPIS}
SPLITS = [(), *((name,) for name in oracle.DIMENSIONS), ("channel", "queue"), ("team", "topic")]

SEEDS = 300
PART = 30


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(PART, SEEDS, PART))]
)
def test_every_figure_is_what_plain_loops_come_to(first: int) -> None:
    counted: set[str] = set()
    for seed in range(first, first + (PART // 6 if QUICK else PART)):
        lanes = told(random.Random(seed), f"seed {seed}")
        facts = oracle.standing(lanes.facts.values())
        counted |= {kpi for kpi in UNITS if oracle.samples(kpi, facts)}
    assert QUICK or counted == UNITS.keys()


def told(dice: random.Random, seed: str) -> Counted:
    """A history, looked at now and then."""
    lanes, events = Counted(dice), history(dice)
    looks = {dice.randrange(len(events)) for _ in range(3)}
    wrong = {dice.randrange(len(events)) for _ in range(2)} if dice.random() < 0.3 else set()
    now_ms, join = 0, ""
    for number, event in enumerate(events):
        now_ms = event.recorded_ms
        if number in wrong:
            join = mistake(lanes, now_ms, join)
        lanes.put(event)
        if number in looks:
            figures_agree(lanes, now_ms, f"{seed}, event {number}")
    for pause in dice.sample((DAY // 24, 4 * DAY, 9 * DAY, 45 * DAY), 2):
        now_ms = pass_time(lanes, now_ms, pause)
        figures_agree(lanes, now_ms, f"{seed}, at {now_ms}")
        figures_open(lanes, now_ms, f"{seed}, at {now_ms}")
        threads_tell_the_same(lanes, now_ms, f"{seed}, at {now_ms}")
    return lanes


def figures_agree(lanes: Counted, now_ms: int, where: str) -> None:
    """Over all time, and over each rolling window; stories may be under way between lanes."""
    facts = oracle.standing(lanes.facts.values())
    for by in SPLITS:
        agree(scorecard(lanes.ever(), by=by), facts, by, f"{where}, ever")
    for window in WINDOWS:
        from_ms, until_ms, size = oracle.window(window, now_ms)
        cells = lanes.between(*_panes(window, now_ms))
        recent = [fact for fact in facts if from_ms <= fact.at_ms < until_ms]
        assert lanes.between(size, from_ms, until_ms) == cells, (where, window)
        for by in ((), ("channel",)):
            agree(scorecard(cells, by=by), recent, by, f"{where}, {window}")


def _panes(window: str, now_ms: int) -> tuple[str, int, int]:
    size, panes = starts(WINDOWS[window], now_ms)
    return size, panes.start, panes.stop


def agree(figures: Iterable[Figure], facts: list[Any], by: tuple[str, ...], where: str) -> None:
    """The figures, in groups by these dimensions, are the oracle's."""
    found = {(one.kpi, tuple(one.dims[name] for name in by)): one for one in figures}
    wanted: dict[tuple[str, tuple[str, ...]], list[oracle.Sample]] = {}
    for kpi in UNITS:
        for sample in oracle.samples(kpi, facts):
            group = tuple(sample.dims()[oracle.DIMENSIONS.index(name)] for name in by)
            wanted.setdefault((kpi, group), []).append(sample)
    if not by:
        wanted |= {(kpi, ()): [] for kpi in UNITS if (kpi, ()) not in wanted}
    assert found.keys() == wanted.keys(), (where, by)
    for group, counted in wanted.items():
        want, have = oracle.figure(UNITS[group[0]], counted), found[group]
        exact = (have.n, have.hits, have.pending, have.provisional)
        assert exact == (want.n, want.hits, want.pending, want.pending > 0), (where, by, group)
        pairs = ((have.value, want.value), (have.median, want.median), (have.p90, want.p90))
        for (is_now, should_be), apart in zip(pairs, (1e-9, 0.0101, 0.0101), strict=True):
            assert near(is_now, should_be, apart), (where, by, group, have, want)


def near(found: float | None, wanted: float | None, apart: float) -> bool:
    """Equal within a share; scores are kept in thousandths."""
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=apart, abs_tol=0.0005)


def figures_open(lanes: Counted, now_ms: int, where: str) -> None:
    """What is listed behind each figure is what the oracle counts, and adds up to the figure."""
    facts = oracle.standing(lanes.facts.values())
    lines = [(key, msgspec.json.decode(raw)) for (_, _, key), raw in lanes.ledger.items()]
    for window in ("1h", "24h", "30d"):
        from_ms, until_ms, _ = oracle.window(window, now_ms)
        recent = [fact for fact in facts if from_ms <= fact.at_ms < until_ms]
        for kpi in UNITS:
            listed = sorted(
                (key.split("|", 2)[2], line["journey"], line["cycle"], line["at_ms"])
                for key, line in lines
                if key.split("|", 2)[1] == kpi and from_ms <= line["at_ms"] < until_ms
            )
            counted = sorted(
                (fact.subject_id, fact.journey, fact.cycle, fact.at_ms)
                for fact, *_ in oracle.samples(kpi, recent)
            )
            assert listed == counted, (where, window, kpi)


def threads_tell_the_same(lanes: Counted, now_ms: int, where: str) -> None:
    """What is read off each thread that is whole is what its facts count."""
    facts = oracle.standing(lanes.facts.values())
    states = [state for lane in lanes.lanes for state in lane.states.values()]
    followed = {f.of: f.at_ms for f in facts if oracle.tag(f) == "contact.repeated"}
    for journey in [j for state in states for j in getattr(state, "journeys", {}).values()]:
        mine = [fact for fact in facts if fact.journey == journey.id]
        if not journey.sealed:
            read = thread.rows(journey, mine, followed.get(journey.id, 0), now_ms)
            assert read == thread.rows_of(mine), (where, journey.id)
