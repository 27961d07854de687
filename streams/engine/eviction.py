"""A Redis that may throw keys out when it is full would throw out states, figures and positions:
what is gone looks as if it had never been.  One that is full and keeps them refuses writes instead;
the lanes wait then, and nothing is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import redis.asyncio
from redis.exceptions import NoPermissionError

log = logging.getLogger(__name__)

_KEEPS_ALL = "noeviction"


def eviction_advice(info: Mapping[str, Any]) -> str:
    """What to do when a server that says this (`INFO`) may throw keys out; else empty."""
    policy = info.get("maxmemory_policy", _KEEPS_ALL)
    if policy == _KEEPS_ALL:
        return ""
    return (
        f"Redis' maxmemory-policy is {policy}: it may throw out states when it is full. "
        f"Set it to {_KEEPS_ALL}."
    )


async def eviction_fault(client: redis.asyncio.Redis) -> str:
    """The advice if the server has a limit of memory, else empty."""
    try:
        info = await client.info("memory")
    except NoPermissionError:
        log.info("Redis' user may not ask for INFO: whether states may be thrown out is not known")
        return ""
    return eviction_advice(info) if int(info.get("maxmemory", 0)) else ""
