"""Customers and journeys by look-up: identifier → customer → state, a few HGETs each."""

from __future__ import annotations

import time
from typing import Any, get_args

import redis.asyncio

from schemas.common import Identifier, IdentifierKind
from streams.engine.keys import LaneKeys
from streams.engine.partition import partition_for
from streams.identity import graph
from streams.identity.identifiers import normalise
from streams.identity.index import alias_key, identifier_key
from streams.journeys.documents import context_document, journey_document
from streams.journeys.state import CustomerState, decode_excerpts, decode_state
from streams.policy import Policy, decode_policy
from streams.settings import Settings

KINDS: tuple[str, ...] = get_args(IdentifierKind)


class People:
    """Reads the normalise stage's graph and the journeys stage's states."""

    def __init__(self, client: redis.asyncio.Redis, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def customer(self, domain: str, kind: str, value: str, region: str = "") -> str | None:
        """The customer whom an identifier leads to, after all joins; None when nobody."""
        identifier = normalise(Identifier(kind, value, "asserted"), region)  # type: ignore[arg-type]
        if identifier is None:
            return None
        key = identifier_key(self._settings.domain_key(domain), identifier)
        raw = await self._normalised(domain, key)
        if raw is None:
            return None
        return await self.current(domain, graph.decode(key, raw).customer)

    async def current(self, domain: str, customer: str) -> str:
        """The customer that stands for this one now."""
        while (raw := await self._normalised(domain, alias_key(customer))) is not None:
            customer = graph.decode("a:", raw)
        return customer

    async def _normalised(self, domain: str, key: str) -> bytes | None:
        count = self._settings.kafka.webhooks_partitions
        partition = partition_for(domain, count)
        lane = LaneKeys(self._settings.keyspace, "normalise", partition, count)
        found: Any = await self._client.hget(lane.states, key)
        return found  # type: ignore[no-any-return]

    async def state(self, customer: str) -> CustomerState | None:
        raw: Any = await self._client.hget(self._lane(customer).states, customer)
        return None if raw is None else decode_state(raw)

    async def context(self, domain: str, customer: str, purpose: str) -> dict[str, Any] | None:
        """What somebody with this purpose should see of this customer."""
        keys = [customer, f"ctx:{customer}", f"policy:{domain}"]
        found: Any = await self._client.hmget(self._lane(customer).states, keys)
        raw, excerpts, stored = found
        if raw is None:
            return None
        heard = decode_excerpts(excerpts) if excerpts else None
        hides = (decode_policy(stored) if stored else Policy()).context_hides
        return context_document(decode_state(raw), heard, _now_ms(), hides.get(purpose, ()))

    async def journey(self, ident: str) -> dict[str, Any] | None:
        """A journey by its id, wherever a join has moved it."""
        customer = ident.rpartition(".")[0]
        state = await self.state(customer)
        while state is not None and state.moved_to:
            state = await self.state(state.moved_to)
        return journey_document(state, ident, _now_ms()) if state else None

    def _lane(self, customer: str) -> LaneKeys:
        count = self._settings.kafka.events_partitions
        partition = partition_for(customer, count)
        return LaneKeys(self._settings.keyspace, "journeys", partition, count)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
