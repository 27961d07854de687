"""The open door: CloudEvents signed as Standard Webhooks, here from the company's own systems."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Company:
    """The company's shop and CRM."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def contact(self, who: Person, at_ms: int, more: Iterable[tuple[str, str]] = ()) -> Call:
        """The CRM says which identifiers are one person; `more` are his ids elsewhere."""
        identifiers = [
            {"kind": "crm", "value": who.crm, "trust": "curated"},
            {"kind": "user", "value": who.crm, "trust": "curated"},
            {"kind": "phone", "value": who.phone, "trust": "curated"},
            {"kind": "email", "value": who.email, "trust": "curated"},
            *({"kind": kind, "value": value, "trust": "curated"} for kind, value in more),
        ]
        return self.event(
            "identity.linked",
            f"contact/{who.number}",
            at_ms,
            {"channel": "web", "rel": "same", "by": "crm", "identifiers": identifiers},
        )

    def broken(self) -> Call:
        """A body that is signed and is no JSON."""
        body, ident, now = b"{not json", "broken", datetime.now(UTC)
        return Call(
            self._source,
            body,
            {
                "Content-Type": "application/cloudevents+json",
                "webhook-id": ident,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(self._secret).sign(ident, now, body.decode()),
            },
        )

    def event(self, kind: str, ident: str, at_ms: int, data: dict[str, Any]) -> Call:
        """Any canonical event."""
        body = orjson.dumps(
            {
                "specversion": "1.0",
                "type": f"filrouge.{kind}",
                "source": "acme",
                "id": ident,
                "time": rfc3339(at_ms),
                "datacontenttype": "application/json",
                "data": {"actor": {"kind": "system"}, **data},
            }
        )
        stamp = datetime.fromtimestamp(at_ms // 1_000, UTC)
        signature = Webhook(self._secret).sign(ident, stamp, body.decode())
        return Call(
            self._source,
            body,
            {
                "Content-Type": "application/cloudevents+json",
                "webhook-id": ident,
                "webhook-timestamp": str(at_ms // 1_000),
                "webhook-signature": signature,
            },
        )


class Traffic(Generator):
    """The company's own app has a chat, which it tells in canonical events."""

    vendor = "cloudevents"
    channel = "app"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._company = Company(source, secret)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [self._said(visit, text, at_ms, {"kind": "customer"}, "inbound")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [
            self._has(visit, visit.agent, at_ms),
            self._answers(visit, visit.agent, text, at_ms),
        ]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        agent = visit.second
        return [
            self._has(visit, agent, at_ms),
            self._answers(visit, agent, "I go on with it.", at_ms),
        ]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        return [self._told(visit, "conversation.updated", at_ms, {"status": "resolved"})]

    def _has(self, visit: Visit, agent: Agent, at_ms: int) -> Told:
        to = {"to": {"agent": str(agent.number)}}
        return self._told(visit, "assignment.changed", at_ms, to)

    def _answers(self, visit: Visit, agent: Agent, text: str, at_ms: int) -> Told:
        actor = {"kind": "agent", "id": str(agent.number)}
        return self._said(visit, text, at_ms, actor, "outbound")

    def _said(
        self, visit: Visit, text: str, at_ms: int, actor: dict[str, str], direction: str
    ) -> Told:
        said = {
            "message_id": str(visit.number()),
            "direction": direction,
            "actor": actor,
            "personal": {"text": text},
        }
        return self._told(visit, "message.posted", at_ms, said)

    def _told(self, visit: Visit, kind: str, at_ms: int, data: dict[str, Any]) -> Told:
        envelope = {
            "channel": "app",
            "conversation": {"source": self.source, "id": str(visit.thread)},
            "identifiers": [{"kind": "user", "value": visit.who.crm, "trust": "curated"}],
        }
        ident = f"{kind}/{visit.thread}/{visit.number()}"
        return told(self._company.event(kind, ident, at_ms, {**envelope, **data}), kind)
