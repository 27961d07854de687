"""Chatwoot: signed `{timestamp}.{body}`; ISO, whole seconds and floats mixed in one body."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Desk:
    """A Chatwoot account with a website inbox."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def message(
        self, conversation: int, message: int, who: Person, text: str, at_ms: int,
        agent: Agent | None = None, *, bot: bool = False, private: bool = False,
    ) -> Call:  # fmt: skip
        """By the customer, unless an agent or a bot is named."""
        if agent:
            sender = {"id": agent.number, "name": agent.name, "type": "user"}
        elif bot:
            sender = {"id": 1, "name": "Helper", "type": "agent_bot"}
        else:
            sender = _contact(who)
        outgoing = agent is not None or bot
        return self._signed(
            {
                "event": "message_created",
                "id": message,
                "content": text,
                "content_type": "text",
                "message_type": "outgoing" if outgoing else "incoming",
                "private": private,
                "created_at": rfc3339(at_ms),
                "sender": sender,
                "conversation": self._conversation(conversation, who, at_ms),
                "inbox": {"id": 3, "name": "Website"},
                "account": {"id": 1, "name": "Acme"},
            },
            at_ms,
        )

    def contact(self, who: Person, at_ms: int) -> Call:
        """The contact's card, filled in by an agent."""
        card = {**_contact(who), "event": "contact_updated", "updated_at": rfc3339(at_ms)}
        return self._signed(card, at_ms)

    def rating(self, conversation: int, survey: int, who: Person, stars: int, at_ms: int) -> Call:
        """The customer's answer to the survey in the chat."""
        return self._signed(
            {
                "event": "message_updated",
                "id": survey,
                "content_type": "input_csat",
                "message_type": "template",
                "content_attributes": {
                    "submitted_values": {
                        "csat_survey_response": {"rating": stars, "feedback_message": "Quick."}
                    }
                },
                "created_at": rfc3339(at_ms),
                "updated_at": rfc3339(at_ms),
                "conversation": self._conversation(conversation, who, at_ms),
                "account": {"id": 1, "name": "Acme"},
            },
            at_ms,
        )

    def status(self, conversation: int, who: Person, old: str, new: str, at_ms: int) -> Call:
        """open, pending (with the bot), resolved, snoozed."""
        return self._changed(
            "conversation_status_changed",
            {**self._conversation(conversation, who, at_ms), "status": new},
            {"status": {"previous_value": old, "current_value": new}},
            at_ms,
        )

    def assigned(
        self, conversation: int, who: Person, old: Agent | None, new: Agent, at_ms: int
    ) -> Call:
        """The conversation is another agent's now."""
        shown = self._conversation(conversation, who, at_ms)
        shown["meta"] = {
            **shown["meta"],
            "assignee": {"id": new.number, "name": new.name, "type": "user"},
        }
        before = old.number if old else None
        return self._changed(
            "conversation_updated",
            shown,
            {"assignee_id": {"previous_value": before, "current_value": new.number}},
            at_ms,
        )

    def _changed(
        self, event: str, conversation: dict[str, Any], change: dict[str, Any], at_ms: int
    ) -> Call:
        return self._signed({**conversation, "event": event, "changed_attributes": [change]}, at_ms)

    @staticmethod
    def _conversation(conversation: int, who: Person, at_ms: int) -> dict[str, Any]:
        return {
            "id": conversation,
            "inbox_id": 3,
            "channel": "Channel::WebWidget",
            "status": "open",
            "contact_inbox": {"source_id": f"web-{who.number}", "hmac_verified": True},
            "meta": {"sender": _contact(who), "hmac_verified": True},
            "labels": [],
            "created_at": at_ms // 1_000,
            "updated_at": at_ms / 1_000,
            "timestamp": at_ms // 1_000,
        }

    def _signed(self, value: dict[str, Any], at_ms: int) -> Call:
        body = orjson.dumps(value)
        stamp = str(at_ms // 1_000)
        digest = hmac.new(self._secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        return Call(
            self._source,
            body,
            {
                "Content-Type": "application/json",
                "X-Chatwoot-Timestamp": stamp,
                "X-Chatwoot-Signature": f"sha256={digest.hexdigest()}",
                "X-Chatwoot-Delivery": hashlib.sha256(body).hexdigest()[:32],
            },
        )


def _contact(who: Person) -> dict[str, Any]:
    return {
        "id": who.number,
        "name": who.name,
        "email": who.email,
        "phone_number": who.phone,
        "identifier": who.crm,
        "type": "contact",
    }


class Traffic(Generator):
    vendor = "chatwoot"
    channel = "chat"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._desk = Desk(source, secret)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._desk.message(visit.thread, visit.number(), visit.who, text, at_ms)
        return [told(call, "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        taken = self._desk.assigned(visit.thread, visit.who, None, visit.agent, at_ms)
        said = self._desk.message(visit.thread, visit.number(), visit.who, text, at_ms, visit.agent)
        return [told(taken, "assignment.changed"), told(said, "message.posted")]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._desk.assigned(visit.thread, visit.who, visit.agent, visit.second, at_ms)
        said = self._desk.message(
            visit.thread, visit.number(), visit.who, "I go on with it.", at_ms, visit.second
        )
        return [told(call, "assignment.changed"), told(said, "message.posted")]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._desk.status(visit.thread, visit.who, "open", "resolved", at_ms)
        return [told(call, "conversation.updated")]
