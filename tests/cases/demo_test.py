"""The demo's stories in a world without servers: what is concluded is what really happened.

Every vendor is played before and after every other, so whichever the demo's seed lets meet, its
judge has nothing to complain of.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.events import IdentityJoined, IdentitySplit
from schemas.facts import FactBase
from schemas.notification import Notification
from streams.channels.base import Adapter, SourceConfig
from streams.channels.registry import adapters, is_own
from streams.demo.cast import person
from streams.demo.judge import expected, seen
from streams.demo.setup import POLICY, sources
from streams.demo.stories import STORIES, Stage, Story, joined_by_mistake
from streams.demo.traffic.call import Call
from streams.demo.visits import goes_on_elsewhere, pairs, programme
from streams.demo.watch import Seen
from tests.world import DOMAIN, World

SOURCES = sources("https://hooks.example.com")
TICK_S = 0.5


class Theatre(World):
    """A world with the demo's sources and policy, in which time passes when a story waits."""

    def __init__(self) -> None:
        configured = [
            SourceConfig(one.source, one.vendor, DOMAIN, (one.secret,), one.options)
            for one in SOURCES.values()
        ]
        late = {one.source: adapters()[one.vendor].lateness_ms for one in SOURCES.values()}
        late = {name: ms for name, ms in late.items() if ms > Adapter.lateness_ms}
        super().__init__(sources=configured, lateness=late, **POLICY)
        self.stage = Stage(self._post, self._operate, SOURCES, self._wait, lambda: self.now)

    async def _post(self, call: Call) -> None:
        self.call(call)

    async def _operate(self, path: str, said: dict[str, str] | None) -> dict[str, Any]:
        raise NotImplementedError("no console here")

    async def _wait(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.wait(round(TICK_S * 1_000))

    def plays(self, story: Story, number: int = 7) -> tuple[Counter[Any], Counter[Any]]:
        """(what happened, what was found)."""
        [truth] = asyncio.run(self._told(story, number))
        assert not self.letters
        customers = {fact.customer for fact in self.facts.values() if fact.state == "asserted"}
        assert len(customers) == 1, "he was not recognised"
        return +expected(truth), +seen(self._seen(), customers.pop())

    async def _told(self, story: Story, number: int) -> Sequence[Any]:
        truths = await story(self.stage, person(number))
        await self._wait(26)
        return truths

    def _seen(self) -> Seen:
        published = Seen()
        for news in (*self.history, *self.notices, *self.events):
            if isinstance(news, FactBase | Notification | IdentityJoined | IdentitySplit):
                published.take(news)  # type: ignore[arg-type]
        return published


@pytest.mark.parametrize(
    "story", [s for s in STORIES if s is not joined_by_mistake], ids=lambda s: s.__name__
)
def test_a_story_is_found(story: Story) -> None:
    """`joined_by_mistake` needs an operator: the demo itself plays it."""
    happened, found = Theatre().plays(story)
    assert found == happened


@pytest.mark.parametrize("first", sorted(SOURCES))
@pytest.mark.parametrize("second", sorted(SOURCES))
def test_whichever_two_vendors_meet_it_is_found(first: str, second: str) -> None:
    async def story(stage: Stage, who: Any) -> list[Any]:
        return await goes_on_elsewhere(SOURCES[first], SOURCES[second], stage, who)

    happened, found = Theatre().plays(story)
    assert found == happened


def test_every_vendor_is_played_once_a_round() -> None:
    own = {name for name, adapter in adapters().items() if is_own(adapter)} - {"filrouge"}
    assert {one.vendor for one in SOURCES.values()} == own
    for seed in range(50):
        met = [one.vendor for pair in pairs(random.Random(seed), SOURCES) for one in pair]
        assert {*met} == own and len(met) <= len(own) + 1
    told = programme(random.Random(1), SOURCES)
    assert {next(told) for _ in range(2 * len(STORIES))} >= {*STORIES}
