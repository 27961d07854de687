"""Each guard alone: the engine without it turns the simulator red."""

from __future__ import annotations

import pytest

from tests.simulation.guards import MUTATIONS, Mutation, hunt


@pytest.mark.long
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard)
def test_the_engine_without_this_guard_is_caught(mutation: Mutation) -> None:
    caught = hunt(mutation)
    assert caught is not None, f"nothing was seen without the guard: {mutation.guard}"


def test_a_mutation_of_what_has_moved_fails_loudly() -> None:
    mutation = Mutation("nothing", "-", Mutation, "applied", "words that stand nowhere", "")
    with pytest.raises(LookupError, match="move its mutation too"), mutation.applied():
        pass
