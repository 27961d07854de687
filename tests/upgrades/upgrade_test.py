"""A keyspace of the first version is read as it was meant, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from streams.engine.store import ClaimRefusedError
from streams.fold import Fold
from streams.stages.journeys import Journeys
from tests.servers.embedded import embedded_redis
from tests.upgrades.keyspace import FILE, Kept, fold_on, folds, load, told

KEPT = msgspec.json.decode(FILE.read_bytes(), type=Kept)


@pytest.fixture
def url() -> Iterator[str]:
    """A Redis that holds the kept keyspace."""
    with embedded_redis() as server:
        load(server.client, KEPT.keys)
        yield server.url


@pytest.mark.parametrize("fold", folds(), ids=lambda fold: fold.name)
async def test_a_keyspace_of_the_first_version_is_read_or_refused(url: str, fold: Fold) -> None:
    if fold.version != KEPT.versions[fold.name]:
        with pytest.raises(ClaimRefusedError, match="Use another keyspace"):
            await fold_on(url, fold, [])
        return
    sent, began = await fold_on(url, fold, KEPT.rest[fold.name])
    assert began == KEPT.positions[fold.name], "its lanes are not found any more"
    assert told(sent) == KEPT.published[fold.name], (
        f"{fold.name} concludes something else from the state of its first version: raise its "
        "`version`, so that workers refuse that state and say what to do. (Before the first "
        "release: `python -m tests.upgrades.keyspace` writes the kept keyspace anew.)"
    )


class Later(Journeys):
    version = "of another day"


async def test_a_state_of_another_version_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(ClaimRefusedError) as refused:
        await fold_on(url, Later(), [])
    sentence = str(refused.value)
    assert f"journeys-{KEPT.versions['journeys']}" in sentence
    assert "journeys-of another day" in sentence
    assert "Use another keyspace and rebuild it by replay" in sentence
