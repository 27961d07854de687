"""Twilio: form bodies, signed with the full URL and the sorted parameters; event streams, signed by
their hash in the URL.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person

OUR_NUMBER = "+15550100800"


class Messages:
    """SMS on one number; `url` is the public URL that Twilio was given."""

    def __init__(self, source: str, secret: str, url: str) -> None:
        self._source = source
        self._secret = secret
        self._url = url

    def sms(self, who: Person, ident: str, text: str) -> Call:
        """A text by the customer; Twilio's messages carry no time."""
        return self._signed(
            {
                "MessageSid": f"SM{ident}",
                "SmsStatus": "received",
                "From": who.phone,
                "To": OUR_NUMBER,
                "Body": text,
                "NumMedia": "0",
            }
        )

    def status(self, who: Person, ident: str, state: str) -> Call:
        """A receipt of a message of ours."""
        return self._signed(
            {
                "MessageSid": f"SM{ident}",
                "MessageStatus": state,
                "From": OUR_NUMBER,
                "To": who.phone,
            }
        )

    def conversation(self, thread: str, ident: str, author: str, text: str, at_ms: int) -> Call:
        """A line in Conversations; `author` is the customer's address, or an agent's identity."""
        return self._signed(
            {
                "EventType": "onMessageAdded",
                "ConversationSid": f"CH{thread}",
                "MessageSid": f"IM{ident}",
                "Author": author,
                "Source": "SMS" if author.startswith("+") else "SDK",
                "Body": text,
                "DateCreated": rfc3339(at_ms),
                "Index": "0",
                "RetryCount": "0",
            }
        )

    def task(
        self, kind: str, task: str, who: Person, at_ms: int, agent: Agent | None = None, **more: str
    ) -> Call:
        """An event of TaskRouter, as a form; `kind` such as `reservation.accepted`."""
        return self._signed(
            {
                **self._task(kind, task, who, at_ms, agent),
                "EventType": kind,
                "TimestampMs": str(at_ms),
                **more,
            }
        )

    def stream(
        self, kind: str, task: str, who: Person, at_ms: int, agent: Agent | None = None
    ) -> Call:
        """The same by Event Streams: an array of one CloudEvent."""
        payload = {
            _snake(name): value for name, value in self._task(kind, task, who, at_ms, agent).items()
        }
        event: dict[str, Any] = {
            "specversion": "1.0",
            "type": f"com.twilio.taskrouter.{kind}",
            "source": "AB1",
            "id": payload["sid"],
            "dataschema": "https://events-schemas.twilio.com/TaskRouter.WDSEvent/4",
            "datacontenttype": "application/json",
            "time": rfc3339(at_ms),
            "data": {"payload": {**payload, "timestamp": rfc3339(at_ms)}},
        }
        raw = orjson.dumps([event])
        url = f"{self._url}?bodySHA256={hashlib.sha256(raw).hexdigest()}"
        return Call(self._source, raw, self._headers(url, "application/json"))

    def _task(
        self, kind: str, task: str, who: Person, at_ms: int, agent: Agent | None
    ) -> dict[str, str]:
        attributes = {"call_sid": f"CA{task}", "from": who.phone, "name": who.name}
        return {
            "Sid": f"EV{kind}-{task}-{at_ms}",
            "WorkspaceSid": "WS1",
            "TaskSid": f"WT{task}",
            "TaskAttributes": orjson.dumps(attributes).decode(),
            "TaskChannelUniqueName": "voice",
            "TaskQueueName": "Support",
            **({"WorkerSid": f"WK{agent.number}"} if agent else {}),
        }

    def _signed(self, form: dict[str, str]) -> Call:
        text = self._url + "".join(key + form[key] for key in sorted(form))
        headers = self._headers(text, "application/x-www-form-urlencoded")
        return Call(self._source, urlencode(form).encode(), headers)

    def _headers(self, signed: str, content_type: str) -> dict[str, str]:
        digest = hmac.new(self._secret.encode(), signed.encode(), hashlib.sha1).digest()
        return {
            "Content-Type": content_type,
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
        }


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
