"""The engine without one of its guards.

A mutation is a patch of a few words in one function.  It fails loudly when those words are not
there (once) any more: then the guard has moved, and its mutation must move with it.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import sys
import textwrap
from collections.abc import Iterator
from typing import Any
from unittest import mock

import msgspec

from streams.engine.driver import Driver
from streams.engine.lane import Lane
from streams.engine.memory_store import MemoryStore
from streams.engine.timers import TimerBook
from streams.stages.journeys import Journeys
from tests.simulation.judge import Fault
from tests.simulation.run import Plan, simulate


class Mutation(msgspec.Struct, frozen=True):
    """`owner.function` with `old` replaced by `new`: the build without the guard."""

    guard: str
    without: str
    """What the build does instead, for the table."""
    owner: Any
    function: str
    old: str
    new: str
    blows: frozenset[str] = frozenset()
    """Only runs with one of these blows are worth a try; empty: any run is."""

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        original = inspect.getattr_static(self.owner, self.function)
        source = textwrap.dedent(inspect.getsource(original))
        if source.count(self.old) != 1:
            raise LookupError(
                f"{self.owner.__name__}.{self.function} has {source.count(self.old)} times "
                f"{self.old!r}: the guard {self.guard!r} has moved, move its mutation too."
            )
        source = "from __future__ import annotations\n" + source.replace(self.old, self.new)
        names: dict[str, Any] = {}
        module = sys.modules[self.owner.__module__]
        exec(compile(source, f"<without {self.guard}>", "exec"), vars(module), names)
        with mock.patch.object(self.owner, self.function, names[self.function]):
            yield


MUTATIONS = (
    Mutation(
        "epoch check", "whoever claimed once may write for ever",
        MemoryStore, "_owned", "if epoch != self.epoch:", "if False:",
    ),
    Mutation(
        "compare-and-set on offset", "a commit is applied wherever the store stands",
        MemoryStore, "commit", "if self.position != batch.before:",
        "if self.position is None or self.position.step != batch.before.step:",
        frozenset({"unkind redis", "redis loses"}),
    ),
    Mutation(
        "compare-and-set on step", "a commit of timers alone is applied twice",
        MemoryStore, "commit", "if self.position != batch.before:",
        "if self.position is None or self.position.offset != batch.before.offset:",
        frozenset({"unkind redis"}),
    ),
    Mutation(
        "publish after commit", "effects are published while their commit is under way",
        Lane, "_commit",
        "await self._store.commit(self._epoch, batch, unpublished.published_to)\n"
        "    self._relay.send(self.name, batch.outbox)",
        "self._relay.send(self.name, batch.outbox)\n"
        "    await self._store.commit(self._epoch, batch, unpublished.published_to)",
    ),
    Mutation(
        "Kafka commit after publish", "Kafka is told what is only folded",
        Lane, "committable", "lowest = self._relay.lane(self.name).lowest_offset()",
        "return self.driver.at.offset",
        frozenset({"redis lost", "redis loses"}),
    ),
    Mutation(
        "high-water mark between stages", "what a relay sends again is folded again",
        Driver, "advance", "if upstream and upstream.mark <= self.marks.get(upstream.lane, _NO_MARK):",
        "if False:",
    ),
    Mutation(
        "claim's range check", "a position that the log does not hold is sought all the same",
        Lane, "require_within", "if not begin <= offset <= end:", "if False:",
        frozenset({"log cut"}),
    ),
    Mutation(
        "generation check", "a late claim of an older generation is accepted",
        MemoryStore, "claim", "and generation < self._generation and young", "and False",
        frozenset({"pause", "rebalance"}),
    ),
    Mutation(
        "a batch begins at the position", "a batch is folded from wherever it begins",
        Lane, "_from_position", "if records and records[0].offset > at:", "if False:",
        frozenset({"stale fetch"}),
    ),
    Mutation(
        "order of a timer sweep", "of the timers due the last one fires first",
        TimerBook, "due", "timer = heap[0]",
        "timer = max(t for t in heap if t.due_ms <= now_ms and (self.holds(t, clock) or t is heap[0]))",
    ),
    Mutation(
        "per-upstream clock", "a lane has one clock, which any domain moves",
        Driver, "_clock_of", "return upstream.clock if self._relayed else self.partition",
        "return self.partition",
    ),
    Mutation(
        "outbox trim after publish only", "the outbox is trimmed of what is only sent",
        Lane, "_commit", "unpublished.published_to",
        "(unpublished._queue[-1][0].entry if unpublished._queue else unpublished.published_to)",
        frozenset({"kill"}),
    ),
    Mutation(
        "dedupe of vendor retries", "an event that comes again is a new one",
        Journeys, "_event", "is_repeat(known, event)", "False",
    ),
    Mutation(
        "skip list", "what was set aside is folded again after a claim",
        Lane, "_restore", "driver.skip = claimed.skip", "driver.skip = set()",
    ),
    Mutation(
        "Kafka is told only what Redis holds", "Kafka is told what is folded and published so far",
        Lane, "committable", "return self._committed if lowest is None else min(lowest, self._committed)",
        "return self.driver.at.offset if lowest is None else min(lowest, self.driver.at.offset)",
        frozenset({"redis lost", "redis loses"}),
    ),
    Mutation(
        "an idle lane asks for its position", "a lane without records never looks at Redis",
        Lane, "confirm", "if self.idle and", "if False and",
        frozenset({"redis loses"}),
    ),
)  # fmt: skip

TRIES = 250
"""Runs after which a guard counts as not caught."""


class Caught(msgspec.Struct, frozen=True):
    """By which seed the build without a guard was caught, and what was seen."""

    seed: int
    faults: tuple[Fault, ...]


def hunt(mutation: Mutation, first: int = 1) -> Caught | None:
    """The first seed that turns red without the guard."""
    tries = 0
    for seed in itertools.count(first):
        plan = Plan.of(seed)
        if mutation.blows and not mutation.blows & {blow.kind for blow in plan.blows}:
            continue
        if faults := simulate(plan, mutation.applied()).faults:
            return Caught(seed, faults)
        if (tries := tries + 1) == TRIES:
            return None
    raise AssertionError  # itertools.count never ends
