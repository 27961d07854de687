"""Genesys Cloud: detail events of conversations as EventBridge posts them, and open messaging."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Organisation:
    """A contact center with one queue."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def event(
        self, topic: str, conversation: str, who: Person, at_ms: int, agent: Agent | None = None,
        **body: Any,
    ) -> Call:  # fmt: skip
        """`topic` as Genesys names it, such as `acd.start`; `body` takes precedence."""
        event = {
            "eventTime": at_ms,
            "conversationId": conversation,
            "participantId": f"{conversation}-{topic.partition('.')[0]}",
            "sessionId": f"{conversation}-s-{topic.partition('.')[0]}",
            "mediaType": "VOICE",
            "provider": "Edge",
            "direction": "INBOUND",
            "ani": f"tel:{who.phone}",
            "dnis": "tel:+15550100800",
            **({"queueId": "support"} if topic.startswith(("acd", "user", "acw")) else {}),
            **({"userId": str(agent.number)} if agent else {}),
            **body,
        }
        note = {
            "topicName": f"v2.detail.events.conversation.{conversation}.{topic}",
            "version": "2",
            "eventBody": event,
            "metadata": {"CorrelationId": f"{conversation}-{at_ms}"},
            "timestamp": rfc3339(at_ms),
        }
        envelope = {
            "version": "0",
            "id": f"{conversation}-{topic}-{at_ms}",
            "detail-type": f"v2.detail.events.conversation.{{id}}.{topic}",
            "source": "aws.partner/genesys.com/cloud/00000000/demo",
            "account": "111122223333",
            "time": rfc3339(at_ms - at_ms % 1_000),
            "region": "eu-west-3",
            "resources": [],
            "detail": note,
        }
        headers = {"Content-Type": "application/json", "X-Api-Key": self._secret}
        return Call(self._source, orjson.dumps(envelope), headers)

    def message(
        self, conversation: str, ident: str, who: Person, text: str, at_ms: int,
        *, by_customer: bool = False,
    ) -> Call:  # fmt: skip
        """Open messaging: an agent's words to the customer, or the customer's."""
        customer = {"id": f"guest-{who.number}", "idType": "Opaque", "nickname": who.name}
        desk = {"id": "integration-1", "idType": "Opaque"}
        body = {
            "id": ident,
            "channel": {
                "id": "integration-1",
                "platform": "Open",
                "type": "Private",
                "messageId": ident,
                "to": desk if by_customer else customer,
                "from": customer if by_customer else desk,
                "time": rfc3339(at_ms),
            },
            "type": "Text",
            "text": text,
            "direction": "Inbound" if by_customer else "Outbound",
            **({} if by_customer else {"originatingEntity": "Human"}),
            "conversationId": conversation,
        }
        raw = orjson.dumps(body)
        digest = hmac.new(self._secret.encode(), raw, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": "sha256=" + base64.b64encode(digest).decode(),
        }
        return Call(self._source, raw, headers)


class Traffic(Generator):
    vendor = "genesys"
    channel = "voice"
    transfer = "blind"

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._desk = Organisation(source, secret)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [
            self._told(visit, "customer.start", at_ms, ["conversation.opened"]),
            self._told(visit, "acd.start", at_ms, ["queue.entered"]),
        ]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        agent = visit.agent
        found = {
            "acdOutcome": "ANSWERED",
            "answeredUserId": str(agent.number),
            "connectedDurationMs": 1_000,
        }
        session = _session(agent)
        return [
            self._told(visit, "user.start", at_ms, ["agent.offered"], agent, **session),
            self._told(visit, "acd.end", at_ms, ["queue.left", "agent.connected"], None, **found),
        ]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        old = {
            **_session(visit.agent),
            "disconnectType": "TRANSFER",
            "interactingDurationMs": 2_000,
        }
        new = {**_session(visit.second), "queueId": None}
        gone = ["transfer.reported", "agent.disconnected"]
        return [
            self._told(visit, "user.end", at_ms, gone, visit.agent, **old),
            self._told(visit, "user.start", at_ms, ["agent.offered"], visit.second, **new),
        ]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        """That the second agent had it, without a queue, is told when he hangs up."""
        session = {
            **_session(visit.holder),
            "disconnectType": "PEER",
            "interactingDurationMs": 1_500,
            **({"queueId": None} if visit.passed else {}),
        }
        gone = ["agent.connected"] * visit.passed + ["agent.disconnected"]
        return [
            self._told(visit, "user.end", at_ms, gone, visit.holder, **session),
            self._told(
                visit, "customer.end", at_ms, ["contact.ended"], None, disconnectType="CLIENT"
            ),
        ]

    def _told(
        self, visit: Visit, topic: str, at_ms: int, events: list[str], agent: Agent | None = None,
        **body: Any,
    ) -> Told:  # fmt: skip
        return told(
            self._desk.event(topic, str(visit.thread), visit.who, at_ms, agent, **body), *events
        )


def _session(agent: Agent) -> dict[str, Any]:
    return {"participantId": f"p-{agent.number}", "sessionId": f"s-{agent.number}"}
