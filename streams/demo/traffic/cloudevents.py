"""The open door: CloudEvents signed as Standard Webhooks, here from the company's own systems."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Call, Person


class Company:
    """The company's shop and CRM."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def contact(self, who: Person, at_ms: int) -> Call:
        """The CRM says which identifiers are one person."""
        identifiers = [
            {"kind": "crm", "value": who.crm, "trust": "curated"},
            {"kind": "user", "value": who.crm, "trust": "curated"},
            {"kind": "phone", "value": who.phone, "trust": "curated"},
            {"kind": "email", "value": who.email, "trust": "curated"},
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
