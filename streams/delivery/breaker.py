"""A circuit breaker for each subscriber: after some failures in a row only a probe goes out."""

from __future__ import annotations


class Breaker:
    """Open after `failures` in a row; then one probe every `pause_ms` until one succeeds."""

    def __init__(self, failures: int = 5, pause_ms: int = 30_000) -> None:
        self._limit = failures
        self._pause_ms = pause_ms
        self._failed = 0
        self._probe_at_ms = 0
        self._probing = False

    def allows(self, now_ms: int) -> bool:
        """May an attempt go out now? An open breaker lets one probe through at a time."""
        if self._failed < self._limit:
            return True
        if self._probing or now_ms < self._probe_at_ms:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._failed = 0
        self._probing = False

    def failed(self, now_ms: int) -> None:
        self._failed += 1
        self._probing = False
        self._probe_at_ms = now_ms + self._pause_ms
