"""How many webhooks a second one source may bring."""

from __future__ import annotations

import math


class Bucket:
    """A token bucket: `rate` a second on average, twice as many at once.  Times are seconds."""

    def __init__(self, rate: int, now_s: float) -> None:
        self._rate = rate
        self._tokens = 2.0 * rate
        self._at_s = now_s

    def wait_s(self, now_s: float) -> int:
        """0 and one token taken, or in how many whole seconds there will be one again."""
        self._tokens = min(2.0 * self._rate, self._tokens + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        return math.ceil((1 - self._tokens) / self._rate)
