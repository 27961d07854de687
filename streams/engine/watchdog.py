"""Ends a worker that has records and applies none: a consumer can go deaf without an error."""

from __future__ import annotations

import time
from collections.abc import Mapping

from streams.engine.host import Partition
from streams.engine.lane import Lane


def stalled(lanes: Mapping[Partition, Lane], limit_ms: int) -> str:
    """Empty while all is well, else a sentence. A lane is stalled when it lags and has applied
    nothing for `limit_ms`.
    """
    now_s = time.monotonic()
    for lane in lanes.values():
        silent_s = now_s - lane.last_applied_s
        if lane.lag == 0:
            lane.last_applied_s = now_s
        elif silent_s * 1_000 > limit_ms:
            return (
                f"{lane.name} has {lane.lag} records to apply and has applied none for "
                f"{silent_s:.0f} s: this worker ends, to be started anew."
            )
    return ""
