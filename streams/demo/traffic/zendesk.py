"""Zendesk event webhooks: base64 HMAC over timestamp and body; times with nine digits."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Tickets:
    """A Zendesk account."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def user(self, who: Person, at_ms: int) -> Call:
        """The account's record of the customer."""
        body = {
            "type": "zen:event-type:user.created",
            "account_id": 900,
            "id": f"user-{who.number}-{at_ms}",
            "time": rfc3339(at_ms),
            "zendesk_event_version": "2022-11-06",
            "subject": f"zen:user:{who.number}",
            "detail": {
                "id": str(who.number),
                "email": who.email,
                "name": who.name,
                "role": "end-user",
            },
            "event": {},
        }
        return self._signed(orjson.dumps(body), at_ms)

    def created(self, ticket: int, who: Person, subject: str, at_ms: int) -> Call:
        """The customer wrote a mail that opened a ticket."""
        return self._event(
            "ticket.created",
            ticket,
            who,
            {},
            at_ms,
            {"subject": subject, "description": subject, "via": {"channel": "email"}},
        )

    def comment(
        self, ticket: int, comment: int, who: Person, text: str, at_ms: int,
        agent: Agent | None = None, *, public: bool = True,
    ) -> Call:  # fmt: skip
        """By the customer, unless an agent is named."""
        author = (
            {"id": str(agent.number), "is_staff": True, "name": agent.name}
            if agent
            else {"id": str(who.number), "is_staff": False, "name": who.name}
        )
        event = {
            "comment": {"id": str(comment), "body": text, "is_public": public, "author": author}
        }
        return self._event("ticket.comment_added", ticket, who, event, at_ms)

    def status(self, ticket: int, who: Person, old: str, new: str, at_ms: int) -> Call:
        """NEW, OPEN, PENDING, HOLD, SOLVED, CLOSED."""
        event = {"previous": old, "current": new}
        return self._event("ticket.status_changed", ticket, who, event, at_ms)

    def _event(
        self, kind: str, ticket: int, who: Person, event: dict[str, Any], at_ms: int,
        detail: dict[str, Any] | None = None,
    ) -> Call:  # fmt: skip
        ident = hashlib.sha256(orjson.dumps([kind, ticket, event, at_ms])).hexdigest()[:26]
        body = orjson.dumps(
            {
                "type": f"zen:event-type:{kind}",
                "account_id": 900,
                "id": ident,
                "time": rfc3339(at_ms).removesuffix("Z") + "000000Z",
                "zendesk_event_version": "2022-11-06",
                "subject": f"zen:ticket:{ticket}",
                "detail": {
                    "id": str(ticket),
                    "requester_id": str(who.number),
                    "status": "OPEN",
                    "via": {"channel": "email"},
                    **(detail or {}),
                },
                "event": event,
            }
        )
        return self._signed(body, at_ms)

    def _signed(self, body: bytes, at_ms: int) -> Call:
        stamp = rfc3339(at_ms)
        digest = hmac.new(self._secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
        return Call(
            self._source,
            body,
            {
                "Content-Type": "application/json",
                "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
                "X-Zendesk-Webhook-Signature-Timestamp": stamp,
            },
        )


class Traffic(Generator):
    vendor = "zendesk"
    channel = "email"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._desk = Tickets(source, secret)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("vendor", f"{self.source}:user/{who.number}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._desk.created(visit.thread, visit.who, text, at_ms)
        return [told(call, "conversation.opened", "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._desk.comment(visit.thread, visit.number(), visit.who, text, at_ms, visit.agent)
        return [told(call, "message.posted")]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._desk.status(visit.thread, visit.who, "OPEN", "SOLVED", at_ms)
        return [told(call, "conversation.updated")]
