"""Amazon Connect: contact events as EventBridge posts them; each tells all phases so far."""

from __future__ import annotations

from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person

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
