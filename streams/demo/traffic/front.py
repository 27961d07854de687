"""Front: an application's webhook, SHA-256 over time and body; seconds with a fraction."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Inbox:
    """A company's shared mailbox in Front; `event` numbers are unique."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def message(
        self, conversation: int, event: int, who: Person, text: str, at_ms: int,
        agent: Agent | None = None,
    ) -> Call:  # fmt: skip
        """A mail by the customer, unless an agent is named."""
        message = {
            "id": f"msg_{event}",
            "type": "email",
            "is_inbound": agent is None,
            "created_at": at_ms / 1_000,
            "text": text,
            "body": f"<p>{text}</p>",
            "subject": "Your order",
            "author": _teammate(agent) if agent else None,
            "recipients": [{"handle": who.email, "role": "to" if agent else "from"}],
            "is_draft": False,
        }
        name, kind = ("outbound_sent", "out_reply") if agent else ("inbound_received", "inbound")
        target = {"_meta": {"type": "message"}, "data": message}
        return self._event(name, kind, conversation, event, who, at_ms, agent, target)

    def assigned(
        self, conversation: int, event: int, who: Person, by: Agent, to: Agent, at_ms: int
    ) -> Call:
        target = {"_meta": {"type": "teammate"}, "data": _teammate(to)}
        return self._event(
            "assignee_changed", "assign", conversation, event, who, at_ms, by, target, to
        )

    def archived(self, conversation: int, event: int, who: Person, by: Agent, at_ms: int) -> Call:
        return self._event(
            "conversation_archived", "archive", conversation, event, who, at_ms, by, None
        )

    def _event(
        self, name: str, kind: str, conversation: int, event: int, who: Person, at_ms: int,
        by: Agent | None, target: dict[str, Any] | None, assignee: Agent | None = None,
    ) -> Call:  # fmt: skip
        body: dict[str, Any] = {
            "type": name,
            "authorization": {"id": "cmp_demo"},
            "payload": {
                "id": f"evt_{event}",
                "type": kind,
                "emitted_at": at_ms / 1_000,
                "conversation": {
                    "id": f"cnv_{conversation}",
                    "subject": "Your order",
                    "status": "assigned" if assignee else "unassigned",
                    "assignee": _teammate(assignee) if assignee else None,
                    "recipient": {
                        "handle": who.email,
                        "name": who.name,
                        "role": "from",
                        "_links": {
                            "related": {
                                "contact": f"https://demo.api.frontapp.com/contacts/crd_{who.number}"
                            }
                        },
                    },
                    "tags": [],
                },
                "source": {"_meta": {"type": "teammate"}, "data": _teammate(by)}
                if by
                else {"_meta": {"type": "inboxes"}, "data": [{"id": "inb_1", "type": "smtp"}]},
                **({"target": target} if target else {}),
            },
        }
        raw, stamp = orjson.dumps(body), str(at_ms)
        digest = hmac.new(self._secret.encode(), stamp.encode() + b":" + raw, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "X-Front-Request-Timestamp": stamp,
            "X-Front-Signature": base64.b64encode(digest.digest()).decode(),
        }
        return Call(self._source, raw, headers)


def _teammate(agent: Agent) -> dict[str, Any]:
    return {"id": f"tea_{agent.number}", "username": agent.name, "type": "user"}


class Traffic(Generator):
    vendor = "front"
    channel = "email"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._inbox = Inbox(source, secret)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("vendor", f"{self.source}:crd_{who.number}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [self._said(visit, text, at_ms)]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [
            self._has(visit, visit.agent, at_ms),
            self._said(visit, text, at_ms, visit.agent),
        ]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        return [
            self._has(visit, visit.second, at_ms),
            self._said(visit, "I go on with it.", at_ms, visit.second),
        ]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._inbox.archived(visit.thread, visit.number(), visit.who, visit.holder, at_ms)
        return [told(call, "conversation.updated")]

    def _has(self, visit: Visit, agent: Agent, at_ms: int) -> Told:
        call = self._inbox.assigned(
            visit.thread, visit.number(), visit.who, visit.agent, agent, at_ms
        )
        return told(call, "assignment.changed")

    def _said(self, visit: Visit, text: str, at_ms: int, agent: Agent | None = None) -> Told:
        call = self._inbox.message(visit.thread, visit.number(), visit.who, text, at_ms, agent)
        return told(call, "message.posted")
