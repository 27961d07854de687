"""Amazon Connect: contact events as EventBridge posts them; each tells all phases so far."""

from __future__ import annotations

from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told

_ARN = "arn:aws:connect:eu-west-3:111122223333:instance/77"
_UNSET = "1970-01-01T00:00:00.001Z"


class Instance:
    """A contact center with one queue; a call is `contact`, and `first` of its chain."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def phase(
        self, kind: str, contact: str, who: Person, at_ms: int, agent: Agent | None = None,
        queued_ms: int | None = None, **detail: Any,
    ) -> Call:  # fmt: skip
        """`kind` as Amazon names it, such as QUEUED; `detail` takes precedence."""
        connected = rfc3339(at_ms) if kind == "CONNECTED_TO_AGENT" else _UNSET
        body = {
            "version": "0",
            "id": f"{contact}-{kind}",
            "detail-type": "Amazon Connect Contact Event",
            "source": "aws.connect",
            "account": "111122223333",
            "time": rfc3339(at_ms - at_ms % 1_000),
            "region": "eu-west-3",
            "resources": [_ARN],
            "detail": {
                "eventType": kind,
                "contactId": contact,
                "channel": "VOICE",
                "instanceArn": _ARN,
                "initiationMethod": "INBOUND",
                "initiationTimestamp": rfc3339(at_ms if kind == "INITIATED" else at_ms - 60_000),
                "customerEndpoint": {"type": "TELEPHONE_NUMBER", "address": who.phone},
                "queueInfo": {
                    "queueArn": f"{_ARN}/queue/support",
                    "queueType": "STANDARD",
                    "enqueueTimestamp": rfc3339(queued_ms or at_ms),
                },
                "agentInfo": {
                    "agentArn": f"{_ARN}/agent/{agent.number}",
                    "connectedToAgentTimestamp": connected,
                }
                if agent
                else {},
                **detail,
            },
        }
        headers = {"Content-Type": "application/json", "X-Api-Key": self._secret}
        return Call(self._source, orjson.dumps(body), headers)


class Traffic(Generator):
    vendor = "amazon_connect"
    channel = "voice"
    transfer = "blind"

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._instance = Instance(source, secret)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        contact, who = str(visit.thread), visit.who
        began = self._instance.phase("INITIATED", contact, who, at_ms)
        queued = self._instance.phase("QUEUED", contact, who, at_ms)
        return [told(began, "conversation.opened"), told(queued, "queue.entered")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        connected = self._instance.phase(
            "CONNECTED_TO_AGENT", str(visit.thread), visit.who, at_ms, visit.agent
        )
        return [told(connected, "queue.left", "agent.connected")]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        again, chain, who = f"{visit.thread}-2", _transferred(visit), visit.who
        began = self._instance.phase("INITIATED", again, who, at_ms, None, None, **chain)
        taken = self._instance.phase(
            "CONNECTED_TO_AGENT", again, who, at_ms, visit.second, None, **chain
        )
        return [told(began, "transfer.reported"), told(taken, "agent.connected")]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        contact = f"{visit.thread}-2" if visit.passed else str(visit.thread)
        agent = {
            "agentArn": f"{_ARN}/agent/{visit.holder.number}",
            "connectedToAgentTimestamp": rfc3339(at_ms - 1_000),
        }
        ended = self._instance.phase(
            "DISCONNECTED", contact, visit.who, at_ms, agentInfo=agent,
            disconnectTimestamp=rfc3339(at_ms), disconnectReason="CUSTOMER_DISCONNECT",
            **(_transferred(visit) if visit.passed else {"queueInfo": {}}),
        )  # fmt: skip
        return [told(ended, "agent.disconnected", "contact.ended")]


def _transferred(visit: Visit) -> dict[str, Any]:
    """A new contact, which names the first of its chain; it goes to an agent, not to a queue."""
    return {
        "initialContactId": str(visit.thread),
        "initiationMethod": "TRANSFER",
        "queueInfo": {},
    }
