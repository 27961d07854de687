"""Customers and journeys by look-up: identifier → customer → state, one trip to Redis or two."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, get_args

import redis.asyncio

from schemas.common import ConversationRef, Identifier, IdentifierKind
from streams.console.reads import Found, Reads
from streams.engine.keys import LaneKeys
from streams.engine.partition import partition_for
from streams.identity import graph
from streams.identity.identifiers import Writing, normalise
from streams.identity.index import (
    alias_key,
    conversation_key,
    customer_base,
    customer_key,
    identifier_key,
    join_key,
    shared_key,
)
from streams.identity.joins import KEPT_MS
from streams.journeys.documents import context_document, journey_document, journey_summary
from streams.journeys.state import CustomerState, decode_excerpts, decode_state
from streams.policy import Policy, decode_policy
from streams.settings import Settings

KINDS: tuple[str, ...] = get_args(IdentifierKind)

REGIONS = 256
"""Of whose writing the newest are kept: as many as there are."""

PORTION = 8
"""Journeys that are read at once: whoever looks a customer up waits for no more."""


class SharedError(Exception):
    """Several people have the identifier: it stands for nobody in particular."""

    def __init__(self) -> None:
        super().__init__(
            "Several customers have that identifier, so it leads to none of them; name another one."
        )


class People:
    """Reads the normalise stage's graph and the journeys stage's states."""

    def __init__(self, client: redis.asyncio.Redis, settings: Settings) -> None:
        self._reads = Reads(client)
        self._settings = settings
        rules = settings.mail_rules()
        # What is normalised is remembered by its writing: one made anew each time fills memory.
        self._writing = lru_cache(maxsize=REGIONS)(lambda region: Writing(region, rules))
        keyspace, kafka = settings.keyspace, settings.kafka
        self._lanes = {
            stage: [LaneKeys(keyspace, stage, place, count).states for place in range(count)]
            for stage, count in (
                ("normalise", kafka.webhooks_partitions),
                ("journeys", kafka.events_partitions),
            )
        }

    def identifier(self, kind: str, value: str, region: str = "") -> Identifier | None:
        """In its one form, or None when it is none."""
        written = Identifier(kind, value, "asserted")  # type: ignore[arg-type]
        return normalise(written, self._writing(region))

    async def customer(self, domain: str, who: Identifier | str) -> str | None:
        """The customer with this id or identifier, after all joins; None when nobody has it.
        Raises `SharedError`.
        """
        if isinstance(who, str):
            return await self.current(domain, who)
        key = identifier_key(self._settings.domain_key(domain), who)
        link: graph.Link | None = await self._graph(domain, key)
        if link is None:
            return None
        customer = await self.current(domain, _owner(link))
        return None if await self._is_erased(domain, customer) else customer

    async def current(self, domain: str, customer: str) -> str:
        """The customer that stands for this one now."""
        while (winner := await self._graph(domain, alias_key(customer))) is not None:
            customer = winner
        return customer

    async def identity(self, domain: str, customer: str) -> dict[str, Any] | None:
        """What holds this customer together: identifiers, and joins that can be undone."""
        known = await self._known(domain, customer)
        if known is None:
            return None
        joins = []
        for tie in known.ties:
            made: graph.Joined | None = await self._graph(domain, join_key(tie.join))
            if made is not None:
                joins.append(
                    {
                        "join": tie.join, "joined": made.loser, "at_ms": made.at_ms,
                        "by": "operator" if made.by == "operator" else "identifier",
                        "undo_until_ms": made.at_ms + KEPT_MS,
                    }
                )  # fmt: skip
        links = [await self._graph(domain, key) for key in known.identifiers]
        state = await self.state(customer)
        return {
            "customer": customer,
            "domain": domain,
            "first_ms": known.first_ms,
            "provisional": known.provisional,
            "identifiers": dict(Counter(link.trust for link in links if link)),
            "members": list(known.members),
            "joins": joins,
            "apart": [await self.current(domain, other) for other in known.apart],
            "probable_conversations": list(state.doubtful) if state else [],
            "journeys": sorted(state.journeys) if state else [],
        }

    async def is_known(self, domain: str, customer: str) -> bool:
        """Is this a customer of the domain's?"""
        return await self._known(domain, customer) is not None

    async def _known(self, domain: str, customer: str) -> graph.Known | None:
        known: graph.Known | None = await self._graph(domain, customer_key(customer))
        if known is None or known.erased_ms or not known.is_of(domain):
            return None
        return known

    async def _is_erased(self, domain: str, customer: str) -> bool:
        known: graph.Known | None = await self._graph(domain, customer_key(customer))
        return known is not None and known.erased_ms > 0

    async def shared(self, domain: str) -> list[dict[str, Any]]:
        """Identifiers that stand for nobody in particular, and which customers have them."""
        found = []
        listed: tuple[graph.Shared, ...] = await self._graph(domain, shared_key(domain)) or ()
        for one in listed:
            link: graph.Link | None = None if one.mailbox else await self._graph(domain, one.key)
            who = (link.customer, *link.others) if link else ()
            if one.mailbox or len(who) > 1:
                found.append(
                    {
                        "kind": one.kind, "source": one.source, "since_ms": one.since_ms,
                        "mailbox": one.mailbox or None,
                        "customers": [await self.current(domain, customer) for customer in who],
                    }
                )  # fmt: skip
        return found

    async def policy(self, domain: str) -> Policy:
        """What the journeys stage goes by now, as its first partition knows it."""
        [raw] = await self._reads.hmget(self._lanes["journeys"][0], f"policy:{domain}")
        return decode_policy(raw) if raw else Policy()

    async def attached(
        self, domain: str, source: str, conversation: str, customer: str = ""
    ) -> bool:
        """Is it known without doubt whose the conversation is (and is it this customer's)?"""
        key = conversation_key(domain, ConversationRef(source, conversation))
        thread: graph.Thread | None = await self._graph(domain, key)
        if thread is None or thread.probable:
            return False
        return customer in {"", await self.current(domain, thread.customer)}

    async def has(self, domain: str, source: str, conversation: str) -> bool:
        """Is the conversation known?"""
        key = conversation_key(domain, ConversationRef(source, conversation))
        thread: graph.Thread | None = await self._graph(domain, key)
        if thread is None:
            return False
        return not await self._is_erased(domain, await self.current(domain, thread.customer))

    async def joined(self, domain: str, join: str) -> bool:
        """Does this join stand?"""
        return await self._graph(domain, join_key(join)) is not None

    async def _graph(self, domain: str, key: str) -> Any:
        [raw] = await self._reads.hmget(self._normalised(domain), key)
        return None if raw is None else graph.decode(key, raw)

    async def state(self, customer: str) -> CustomerState | None:
        [raw] = await self._reads.hmget(self._journeys(customer), customer)
        state = None if raw is None else decode_state(raw)
        return None if state is None or state.erased else state

    async def context(
        self, domain: str, who: Identifier | str, purpose: str
    ) -> tuple[str, dict[str, Any]] | None:
        """The customer who has this identifier, or this id, as he is known now, and what somebody
        with this purpose should see of him; None when nobody is.  Raises `SharedError`.
        """
        customer = who if isinstance(who, str) else self._first(domain, who)
        kept = self._kept(domain, customer)
        if not isinstance(who, str):
            key = identifier_key(self._settings.domain_key(domain), who)
            [link], _ = await asyncio.gather(self._reads.hmget(self._normalised(domain), key), kept)
            if link is None:
                return None
            owner = _owner(graph.decode(key, link))
            if owner != customer:
                customer, kept = owner, self._kept(domain, owner)
        while True:
            [alias], [raw, excerpts, stored] = await kept
            if alias is None:
                break
            customer = graph.decode(alias_key(customer), alias)
            kept = self._kept(domain, customer)
        if raw is not None:
            state = decode_state(raw)
        elif isinstance(who, str):
            return None
        else:  # a contact of the CRM's, say, who has not turned up yet
            state = CustomerState(customer, domain)
        if state.domain != domain or state.erased:
            return None
        heard = decode_excerpts(excerpts) if excerpts else None
        hides = (decode_policy(stored) if stored else Policy()).context_hides
        seen = context_document(state, heard, _now_ms(), hides.get(purpose, ()))
        return customer, seen

    def _first(self, domain: str, identifier: Identifier) -> str:
        """The id of most who have this identifier: by it they were first seen.  So what is kept of
        that customer is asked for before it is known whom the identifier leads to.
        """
        return f"{customer_base(self._settings.domain_key(domain), identifier)}-0"

    def _kept(self, domain: str, customer: str) -> asyncio.Future[tuple[Found, Found]]:
        """[the winner of a join that he lost], [his state, excerpts, the policy]: few have lost
        one, so the state is asked for before that is known.
        """
        return asyncio.gather(
            self._reads.hmget(self._normalised(domain), alias_key(customer)),
            self._reads.hmget(
                self._journeys(customer), customer, f"ctx:{customer}", f"policy:{domain}"
            ),
        )

    async def journey(self, ident: str) -> dict[str, Any] | None:
        """A journey by its id, wherever a join has moved it."""
        state = await self._holder(ident)
        return journey_document(state, ident, _now_ms()) if state else None

    async def _holder(self, ident: str) -> CustomerState | None:
        """The state of whoever has this journey, or had it last."""
        state = await self.state(ident.rpartition(".")[0])
        while state is not None and state.moved_to:
            state = await self.state(state.moved_to)
        return state

    async def summaries(self, idents: Sequence[str]) -> list[dict[str, Any] | None]:
        """Journeys in short, in this order, a few at a time; None for one that is not open now."""
        found: list[dict[str, Any] | None] = []
        for at in range(0, len(idents), PORTION):
            found += await asyncio.gather(*map(self._summary, idents[at : at + PORTION]))
        return found

    async def _summary(self, ident: str) -> dict[str, Any] | None:
        state = await self._holder(ident)
        journey = state.journeys.get(ident) if state else None
        if state is None or journey is None or journey.resolved_ms or journey.closed_ms:
            return None
        whose = {"customer": state.customer, "domain": state.domain}
        return journey_summary(journey) | whose | {"channel": journey.last_channel()}

    def _normalised(self, domain: str) -> str:
        lanes = self._lanes["normalise"]
        return lanes[partition_for(domain, len(lanes))]

    def _journeys(self, customer: str) -> str:
        lanes = self._lanes["journeys"]
        return lanes[partition_for(customer, len(lanes))]


def _owner(link: graph.Link) -> str:
    if link.others:
        raise SharedError
    return link.customer


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
