"""Twilio: form bodies, signed with the full URL and the sorted parameters; event streams, signed by
their hash in the URL.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told

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

    def closed(self, thread: str, at_ms: int) -> Call:
        """The conversation is over."""
        return self._signed(
            {
                "EventType": "onConversationStateUpdated",
                "ConversationSid": f"CH{thread}",
                "StateFrom": "active",
                "StateTo": "closed",
                "StateUpdated": rfc3339(at_ms),
                "Reason": "API",
                "RetryCount": "0",
            }
        )

    def task(
        self, kind: str, task: str, who: Person, at_ms: int, agent: Agent | None = None,
        attributes: Mapping[str, str] | None = None, **more: str,
    ) -> Call:  # fmt: skip
        """An event of TaskRouter, as a form; `kind` such as `reservation.accepted`.  A task is a
        call's, unless `attributes` say otherwise.
        """
        return self._signed(
            {
                **self._task(kind, task, who, at_ms, agent, attributes),
                "EventType": kind,
                "TimestampMs": str(at_ms),
                **more,
            }
        )

    def stream(
        self, kind: str, task: str, who: Person, at_ms: int, agent: Agent | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> Call:  # fmt: skip
        """The same by Event Streams: an array of one CloudEvent."""
        payload = {
            _snake(name): value
            for name, value in self._task(kind, task, who, at_ms, agent, attributes).items()
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
        query = f"?bodySHA256={hashlib.sha256(raw).hexdigest()}"
        return Call(self._source, raw, self._headers(self._url + query, "application/json"), query)

    def _task(
        self, kind: str, task: str, who: Person, at_ms: int, agent: Agent | None,
        attributes: Mapping[str, str] | None,
    ) -> dict[str, str]:  # fmt: skip
        said = attributes or {"call_sid": f"CA{task}", "from": who.phone, "name": who.name}
        return {
            "Sid": f"EV{kind}-{task}-{at_ms}",
            "WorkspaceSid": "WS1",
            "TaskSid": f"WT{task}",
            "TaskAttributes": orjson.dumps(said).decode(),
            "TaskChannelUniqueName": said.get("channelType", "voice"),
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


class Traffic(Generator):
    """Texts in Conversations, served by workers of TaskRouter, whose task belongs to the thread.

    What TaskRouter tells comes as forms and by Event Streams.
    """

    vendor = "twilio"
    channel = "sms"
    options: ClassVar[Mapping[str, str]] = {"agents": "agent-*", "channel": "sms"}
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._texts = Messages(source, secret, url)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        said = self._texts.conversation(
            str(visit.thread), str(visit.number()), visit.who.phone, text, at_ms
        )
        made = self._task(visit, "task.created", at_ms)
        queued = self._task(visit, "task-queue.entered", at_ms)
        return [
            told(said, "message.posted"),
            told(made, "conversation.opened"),
            told(queued, "queue.entered"),
        ]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        taken = self._texts.stream(
            "reservation.accepted", str(visit.thread), visit.who, at_ms, visit.agent,
            attributes=_attributes(visit),
        )  # fmt: skip
        return [told(taken, "agent.connected"), self._said(visit, text, at_ms)]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        old, new = f"WK{visit.agent.number}", f"WK{visit.second.number}"
        passed = self._task(
            visit, "task.transfer-initiated", at_ms, TransferMode="COLD", TransferType="WORKER",
            TransferTo=new, TransferInitiatingWorkerSid=old,
        )  # fmt: skip
        taken = self._task(visit, "reservation.accepted", at_ms, WorkerSid=new)
        return [told(passed, "transfer.reported"), told(taken, "agent.connected")]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        closed = self._texts.closed(str(visit.thread), at_ms)
        done = self._task(visit, "task.completed", at_ms)
        return [told(closed, "conversation.updated"), told(done, "contact.ended")]

    def _said(self, visit: Visit, text: str, at_ms: int) -> Told:
        author = f"agent-{visit.agent.number}"
        call = self._texts.conversation(str(visit.thread), str(visit.number()), author, text, at_ms)
        return told(call, "message.posted")

    def _task(self, visit: Visit, kind: str, at_ms: int, **more: str) -> Call:
        return self._texts.task(
            kind, str(visit.thread), visit.who, at_ms, None, _attributes(visit), **more
        )


def _attributes(visit: Visit) -> dict[str, str]:
    return {
        "conversationSid": f"CH{visit.thread}",
        "from": visit.who.phone,
        "channelType": "sms",
        "name": visit.who.name,
    }
