"""Ends a worker that has records and applies none: a consumer can go deaf without an error."""

from __future__ import annotations

import time
import zlib

from streams.engine.host import Host


def stalled(host: Host, limit_ms: int) -> str:
    """Empty while all is well, else a sentence. A lane is stalled when it lags and has applied
    nothing for `limit_ms`; a worker when it has not heard of the logs' ends for so long, because
    then nobody knows whether its lanes lag.
    """
    now_s = time.monotonic()
    limit_s = limit_ms / 1_000
    for lane in host.lanes.values():
        silent_s = now_s - lane.last_applied_s
        if lane.lag == 0:
            lane.last_applied_s = now_s
        elif silent_s > limit_s:
            return (
                f"{lane.name} has {lane.lag} records to apply and has applied none for "
                f"{silent_s:.0f} s: this worker ends, to be started anew."
            )
    deaf_s = now_s - host.kept_house_s
    if deaf_s > limit_s:
        return (
            f"This worker has heard nothing of Kafka for {deaf_s:.0f} s (is Kafka or Redis away?): "
            "it ends, to be started anew."
        )
    return ""


def spread(limit_ms: int, owner: str) -> int:
    """Up to a fifth more, by the worker's name: when Kafka is away, not all end at one moment."""
    return limit_ms + limit_ms * (zlib.crc32(owner.encode()) % 100) // 500
