"""A backtest that keeps next to nothing in memory concludes what one that keeps all concludes."""

from __future__ import annotations

import io

from benchmarks.load import events
from streams.backtest.run import Result, replay
from streams.backtest.states import States
from streams.policy import Policy
from streams.stages.journeys import Journeys


def _replayed(in_memory: int) -> tuple[Result, bytes]:
    facts = io.BytesIO()
    result = replay(events(1_500, 120), {}, facts, in_memory)
    return result, facts.getvalue()


def test_states_on_disk_change_nothing() -> None:
    everything, facts_of_all = _replayed(100_000)
    hardly_any, facts_of_few = _replayed(8)
    assert facts_of_few == facts_of_all
    assert hardly_any.standing.counts == everything.standing.counts
    hardly_any.standing = everything.standing
    assert hardly_any == everything
    assert everything.customers == 120


def test_only_so_many_states_stay_in_memory_and_all_are_known() -> None:
    states = States(Journeys(), 10)
    for number in range(1_000):
        states[f"policy:{number}"] = Policy(version=str(number)) if number % 2 else None
        states.make_room()
        assert len(states) <= 10
    assert {key: state.version for key, state in states.everything()} == {
        f"policy:{number}": str(number) for number in range(1, 1_000, 2)
    }
    assert states["policy:501"].version == "501"
    assert states["policy:500"] is None
    states.close()
