"""When to try again: the schedule that Standard Webhooks recommends, over about three days."""

from __future__ import annotations

import hashlib

DELAYS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before the second, third… attempt."""

MAX_ATTEMPTS = len(DELAYS_S) + 1


def next_attempt_ms(attempt: int, now_ms: int, key: str, retry_after_s: int | None) -> int | None:
    """When attempt `attempt` + 1 is due (ms), or None when there are no more.

    The jitter (up to 20 %) comes from `key`, so that a thousand notices that failed together do
    not come back together.  `retry_after_s` is what the subscriber asked for; it can only delay.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    delay_s = DELAYS_S[attempt - 1]
    spread = hashlib.sha256(f"{key}/{attempt}".encode()).digest()[0] / 255
    jittered_ms = int(delay_s * 1_000 * (1 + 0.2 * spread))
    return now_ms + max(jittered_ms, (retry_after_s or 0) * 1_000)
