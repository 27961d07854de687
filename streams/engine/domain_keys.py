"""The keys of the domains belong to a keyspace: another one would make every customer a stranger.

What Redis keeps of a key is a fingerprint, made as customer ids are: it says no more than they do.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import redis.asyncio

from streams.engine.keys import domain_keys_key
from streams.settings import Domain, Settings


def _fingerprint(domain: Domain) -> str:
    made = hmac.new(domain.key.encode(), b"filrouge: the key of a domain", hashlib.sha256)
    return made.hexdigest()[:32]


async def key_fault(settings: Settings, client: redis.asyncio.Redis) -> str:
    """A sentence when a domain's key is not the one that the keyspace began with, else empty.  A
    domain that is seen for the first time begins here.  Raises Redis's errors.
    """
    place = domain_keys_key(settings.keyspace)
    for domain in settings.domain:
        ours = _fingerprint(domain)
        await client.hsetnx(place, domain.name, ours)
        known: Any = await client.hget(place, domain.name)
        if known != ours.encode():
            return (
                f"The key of domain {domain.name!r} is not the one that keyspace "
                f"{settings.keyspace!r} was made with: every customer would be a stranger. Put "
                "the old key back, or rebuild into a new keyspace."
            )
    return ""
