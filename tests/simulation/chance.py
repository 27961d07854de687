"""All that is left to chance in a run, from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """`Chance(seed, "network")` gives the same choices each time, whatever others choose."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._random = random.Random(f"{seed}/{purpose}")

    def wire(self) -> float:
        """Seconds on the network: mostly a few milliseconds, now and then a long way."""
        slow = 0.4 if self._random.random() < 0.06 else 0.01
        return 0.001 + self._random.random() * slow

    def one_in(self, count: int) -> bool:
        return self._random.random() * count < 1

    def between(self, low: float, high: float) -> float:
        return low + self._random.random() * (high - low)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self._random.random() * len(items))]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        found = list(items)
        self._random.shuffle(found)
        return found
