"""Zammad: `{ticket, article}` as a trigger sends it, signed `X-Hub-Signature: sha1=`."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told

_SYSTEM = 1


class Desk:
    """A Zammad with a trigger on each change of a ticket.  It tells the ticket as it is: so here
    each call says by whom it is held and in which state it is.
    """

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def article(
        self, ticket: int, article: int, who: Person, text: str, at_ms: int,
        agent: Agent | None = None, *, kind: str = "email", owner: Agent | None = None,
        state: str = "open", first: bool = False,
    ) -> Call:  # fmt: skip
        """By the customer, unless an agent is named.  `kind` as Zammad names it."""
        by = agent.number if agent else who.number
        return self._signed(
            self._ticket(ticket, who, at_ms, owner, state, by, 1 if first else 2),
            {
                "id": article,
                "ticket_id": ticket,
                "type": kind,
                "sender": "Agent" if agent else "Customer",
                "internal": kind == "note",
                "from": agent.name if agent else f"{who.name} <{who.email}>",
                "body": f"<p>{text}</p>",
                "content_type": "text/html",
                "created_at": rfc3339(at_ms),
                "updated_at": rfc3339(at_ms),
                "created_by_id": by,
                "attachments": [],
            },
        )

    def changed(
        self, ticket: int, who: Person, at_ms: int, owner: Agent | None = None,
        state: str = "open",
    ) -> Call:  # fmt: skip
        """The ticket got another owner or state, and nothing was written."""
        by = owner.number if owner else _SYSTEM
        return self._signed(self._ticket(ticket, who, at_ms, owner, state, by, 2), {})

    @staticmethod
    def _ticket(
        ticket: int,
        who: Person,
        at_ms: int,
        owner: Agent | None,
        state: str,
        by: int,
        articles: int,
    ) -> dict[str, Any]:
        return {
            "id": ticket,
            "number": f"10{ticket:04d}",
            "title": "Order",
            "state": state,
            "priority": {"id": 2, "name": "2 normal"},
            "group_id": 3,
            "owner_id": owner.number if owner else _SYSTEM,
            "customer_id": who.number,
            "customer": {
                "id": who.number,
                "firstname": who.name.partition(" ")[0],
                "lastname": who.name.partition(" ")[2],
                "email": who.email,
                "phone": who.phone,
                "created_by_id": _SYSTEM,
            },
            "create_article_type": "email",
            "create_article_sender": "Customer",
            "article_count": articles,
            "created_at": rfc3339(at_ms),
            "updated_at": rfc3339(at_ms),
            "updated_by_id": by,
        }

    def _signed(self, ticket: dict[str, Any], article: dict[str, Any]) -> Call:
        body = orjson.dumps({"ticket": ticket, "article": article})
        digest = hmac.new(self._secret.encode(), body, hashlib.sha1).hexdigest()
        return Call(
            self._source,
            body,
            {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Zammad User Agent",
                "X-Zammad-Trigger": "to Filrouge",
                "X-Zammad-Delivery": hashlib.sha256(body).hexdigest()[:36],
                "X-Hub-Signature": f"sha1={digest}",
            },
        )


class Traffic(Generator):
    vendor = "zammad"
    channel = "email"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._desk = Desk(source, secret)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("vendor", f"{self.source}:user/{who.number}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._desk.article(
            visit.thread, visit.number(), visit.who, text, at_ms, state="new", first=True
        )
        return [told(call, "conversation.opened", "assignment.changed", "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [self._answered(visit, visit.agent, text, at_ms)]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._desk.changed(visit.thread, visit.who, at_ms, visit.second)
        return [
            told(call, "assignment.changed", "conversation.updated"),
            self._answered(visit, visit.second, "I go on with it.", at_ms),
        ]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._desk.changed(visit.thread, visit.who, at_ms, visit.holder, "closed")
        return [told(call, "assignment.changed", "conversation.updated")]

    def _answered(self, visit: Visit, agent: Agent, text: str, at_ms: int) -> Told:
        call = self._desk.article(
            visit.thread, visit.number(), visit.who, text, at_ms, agent, owner=agent
        )
        return told(call, "assignment.changed", "message.posted", "conversation.updated")
