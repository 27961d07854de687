"""The API about people: a customer's context, who he is, one journey."""

from __future__ import annotations

import logging

from aiohttp import web
from confluent_kafka import KafkaException

from schemas.common import Actor, Identifier
from schemas.events import ContextViewed
from streams import metrics
from streams.console import asked
from streams.console.answers import json, refusal
from streams.console.asked import Domains
from streams.console.people import KINDS, People
from streams.console.told import Told
from streams.engine.first_party import own_event
from streams.settings import Right

log = logging.getLogger(__name__)

NOBODY = "Nobody is known by that identifier in this domain."


class LookUps:
    right: Right = "customers"

    def __init__(self, people: People, domains: Domains, told: Told) -> None:
        self._people = people
        self._domains = domains
        self._told = told
        self._views_logged = True

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/context", self._context),
            web.get("/v1/identity", self._identity),
            web.get("/v1/identity/shared", self._shared),
            web.get("/v1/journeys/{id}", self._journey),
        ]

    async def _context(self, request: web.Request) -> web.Response:
        domain = self._domains.one(request)
        who = self._who(request)
        purpose = request.query.get("purpose", "service")
        found = await self._people.context(domain, who, purpose) if who else None
        if found is None:
            return refusal(404, NOBODY)
        customer, seen = found
        self._viewed(domain, customer, request.query.get("agent", ""), purpose)
        return json(seen)

    def _who(self, request: web.Request) -> Identifier | str | None:
        """Whom the query names: his id, or one of his identifiers; None for what cannot be one."""
        if (customer := request.query.get("customer")) is not None:
            return customer
        kind = next((kind for kind in KINDS if kind in request.query), None)
        if kind is None:
            raise web.HTTPBadRequest(
                text=f"Name the customer by one of: customer, {', '.join(KINDS)}."
            )
        region = request.query.get("region", "")
        return self._people.identifier(kind, request.query[kind], region)

    def _viewed(self, domain: str, customer: str, agent: str, purpose: str) -> None:
        """The look-up is an event: it proves that the context arrived.  The agent does not wait for
        it; that one could not be kept is counted, and said once an outage.
        """
        actor = Actor("agent", agent or None)
        event = own_event(
            ContextViewed, domain, asked.now_ms(), actor, customer=customer, purpose=purpose
        )
        try:
            self._told.put(event, self._view_logged)
        except (BufferError, KafkaException) as error:
            self._view_logged(error)

    def _view_logged(self, error: object, _: object = None) -> None:
        if error is not None:
            metrics.views_unlogged.inc()
            if self._views_logged:
                log.warning("Look-ups cannot be logged as events: %s", error)
        self._views_logged = error is None

    async def _identity(self, request: web.Request) -> web.Response:
        domain = self._domains.one(request)
        who = self._who(request)
        customer = await self._people.customer(domain, who) if who else None
        found = await self._people.identity(domain, customer) if customer else None
        if found is None:
            return refusal(404, NOBODY)
        return json(found)

    async def _shared(self, request: web.Request) -> web.Response:
        return json({"shared": await self._people.shared(self._domains.one(request))})

    async def _journey(self, request: web.Request) -> web.Response:
        found = await self._people.journey(request.match_info["id"])
        if found is None or found["domain"] not in self._domains.reach(request):
            return refusal(
                404, "There is no such journey, it was sealed long ago, or its customer was erased."
            )
        return json(found)
