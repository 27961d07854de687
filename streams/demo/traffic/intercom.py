"""Intercom: SHA-1 over the body; a conversation as it stands, with its newest part."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Workspace:
    """An Intercom workspace, API version 2."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def created(self, conversation: int, who: Person, text: str, at_ms: int) -> Call:
        """The customer wrote into the Messenger."""
        return self._told("conversation.user.created", conversation, who, at_ms, text=text)

    def message(
        self, conversation: int, part: int, who: Person, text: str, at_ms: int,
        agent: Agent | None = None, *, bot: bool = False, by_mail: bool = False,
    ) -> Call:  # fmt: skip
        """By the customer, unless an agent or the bot is named."""
        author = _user(who)
        topic = "conversation.user.replied"
        if agent:
            author, topic = _admin(agent), "conversation.admin.replied"
        elif bot:
            author = {"type": "bot", "id": "1", "from_ai_agent": True}
            topic = "conversation.operator.replied"
        told = _part(part, "comment", author, at_ms, body=f"<p>{text}</p>")
        if by_mail:
            told["email_message_metadata"] = {"subject": "Re: your question"}
        return self._told(topic, conversation, who, at_ms, told)

    def assigned(
        self, conversation: int, part: int, who: Person, by: Agent, to: Agent, at_ms: int
    ) -> Call:
        """One agent gave it to another."""
        told = _part(part, "assignment", _admin(by), at_ms)
        told["assigned_to"] = {"type": "admin", "id": str(to.number)}
        return self._told("conversation.admin.assigned", conversation, who, at_ms, told)

    def closed(self, conversation: int, part: int, who: Person, by: Agent, at_ms: int) -> Call:
        told = _part(part, "close", _admin(by), at_ms)
        return self._told("conversation.admin.closed", conversation, who, at_ms, told)

    def rating(self, conversation: int, who: Person, stars: int, at_ms: int) -> Call:
        """The customer's answer, one to five."""
        rating = {"rating": stars, "remark": "Quick.", "created_at": at_ms // 1_000 - 60}
        return self._told("conversation.rating.added", conversation, who, at_ms, rating=rating)

    def _told(
        self, topic: str, conversation: int, who: Person, at_ms: int,
        part: dict[str, Any] | None = None, text: str = "Hello", **item: Any,
    ) -> Call:  # fmt: skip
        at_s = at_ms // 1_000
        rating = item.get("rating", {"rating": None})
        shown = {
            "type": "conversation",
            "id": str(conversation),
            "created_at": at_s,
            "updated_at": at_s,
            "source": {
                "type": "conversation",
                "id": f"{conversation}00",
                "delivered_as": "customer_initiated",
                "body": f"<p>{text}</p>",
                "author": _user(who),
            },
            "contacts": {
                "type": "contact.list",
                "contacts": [{"type": "contact", "id": str(who.number), "external_id": who.crm}],
            },
            "state": "open",
            "open": True,
            "conversation_rating": rating,
            "conversation_parts": {
                "type": "conversation_part.list",
                "conversation_parts": [part] if part else [],
                "total_count": 1 if part else 0,
            },
        }
        body = {
            "type": "notification_event",
            "app_id": "demo",
            "topic": topic,
            "created_at": at_s,
            "delivery_attempts": 1,
            "first_sent_at": at_s,
            "data": {"type": "notification_event_data", "item": shown},
        }
        body["id"] = f"notif_{hashlib.sha256(orjson.dumps(body)).hexdigest()[:32]}"
        raw = orjson.dumps(body)
        digest = hmac.new(self._secret.encode(), raw, hashlib.sha1).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature": f"sha1={digest}"}
        return Call(self._source, raw, headers)


def _part(part: int, kind: str, author: dict[str, Any], at_ms: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "conversation_part",
        "id": str(part),
        "part_type": kind,
        "created_at": at_ms // 1_000,
        "author": author,
        "body": None,
        "assigned_to": None,
        **more,
    }


def _user(who: Person) -> dict[str, Any]:
    return {"type": "user", "id": str(who.number), "name": who.name, "email": who.email}


def _admin(agent: Agent) -> dict[str, Any]:
    return {"type": "admin", "id": str(agent.number), "name": agent.name}


class Traffic(Generator):
    vendor = "intercom"
    channel = "chat"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._space = Workspace(source, secret)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("vendor", f"{self.source}:{who.number}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._space.created(visit.thread, visit.who, text, at_ms)
        return [told(call, "conversation.opened", "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [self._said(visit, text, at_ms, visit.agent)]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._space.assigned(
            visit.thread, visit.number(), visit.who, visit.agent, visit.second, at_ms
        )
        said = self._said(visit, "I go on with it.", at_ms, visit.second)
        return [told(call, "assignment.changed"), said]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._space.closed(visit.thread, visit.number(), visit.who, visit.holder, at_ms)
        return [told(call, "conversation.updated")]

    def _said(self, visit: Visit, text: str, at_ms: int, agent: Agent) -> Told:
        call = self._space.message(visit.thread, visit.number(), visit.who, text, at_ms, agent)
        return told(call, "message.posted")
