"""Freshchat: signed with the account's private RSA key; ISO times with milliseconds."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told

_APP = "app-1"
_TOPIC = "topic-1"


class Account:
    """A Freshchat account, with the key with which it signs."""

    def __init__(self, source: str, key: RSAPrivateKey) -> None:
        self._source = source
        self._key = key

    @property
    def public_key(self) -> str:
        """As Freshchat shows it to the account's admin: the source's secret."""
        public = self._key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def message(
        self, conversation: str, message: str, who: Person, text: str, at_ms: int,
        agent: Agent | None = None, *, private: bool = False,
    ) -> Call:  # fmt: skip
        """By the customer, unless an agent is named."""
        actor = _agent(agent) if agent else _user(who)
        said = {
            "message_parts": [{"text": {"content": text}}],
            "app_id": _APP,
            "id": message,
            "channel_id": _TOPIC,
            "conversation_id": conversation,
            "message_type": "private" if private else "normal",
            "created_time": rfc3339(at_ms),
            "user_id": user_id(who),
            "message_source": "web",
            **actor,
        }
        return self._signed("message_create", actor, {"message": said}, at_ms)

    def assigned(
        self, conversation: str, old: Agent | None, new: Agent, team: str, at_ms: int
    ) -> Call:
        change = {
            "assignor": "agent",
            "assignor_id": agent_id(new),
            "to_agent_id": agent_id(new),
            "to_group_id": team,
            "from_agent_id": agent_id(old) if old else "",
            "from_group_id": team if old else "",
            "conversation": _conversation(conversation, "assigned"),
        }
        return self._signed("conversation_assignment", _agent(new), {"assignment": change}, at_ms)

    def resolved(self, conversation: str, agent: Agent, at_ms: int) -> Call:
        change = {
            "resolver": "agent",
            "resolver_id": agent_id(agent),
            "conversation": _conversation(conversation, "resolved"),
        }
        return self._signed("conversation_resolution", _agent(agent), {"resolve": change}, at_ms)

    def reopened(self, conversation: str, who: Person, at_ms: int) -> Call:
        change = {
            "reopener": "user",
            "reopener_id": user_id(who),
            "conversation": _conversation(conversation, "reopened"),
        }
        return self._signed("conversation_reopen", _user(who), {"reopen": change}, at_ms)

    def _signed(self, action: str, actor: dict[str, str], data: dict[str, Any], at_ms: int) -> Call:
        body = orjson.dumps(
            {"actor": actor, "action": action, "action_time": rfc3339(at_ms), "data": data}
        )
        signature = self._key.sign(body, PKCS1v15(), SHA256())
        headers = {
            "Content-Type": "application/json",
            "X-Freshchat-Payload-Version": "1.0",
            "X-Retry-Count": "0",
            "X-Freshchat-Signature": base64.b64encode(signature).decode(),
        }
        return Call(self._source, body, headers)


def user_id(who: Person) -> str:
    return f"u-{who.number}"


def agent_id(agent: Agent) -> str:
    return f"a-{agent.number}"


def _user(who: Person) -> dict[str, str]:
    return {"actor_type": "user", "actor_id": user_id(who)}


def _agent(agent: Agent) -> dict[str, str]:
    return {"actor_type": "agent", "actor_id": agent_id(agent)}


def _conversation(conversation: str, status: str) -> dict[str, Any]:
    return {
        "conversation_id": conversation,
        "app_id": _APP,
        "status": status,
        "channel_id": _TOPIC,
    }


@cache
def _key() -> RSAPrivateKey:
    """One pair a process: making it takes a while."""
    return generate_private_key(65_537, 2_048)


class Traffic(Generator):
    vendor = "freshchat"
    channel = "chat"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        self._account = Account(source, _key())
        super().__init__(source, self._account.public_key, url)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("vendor", f"{self.source}:user/{user_id(who)}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        return [self._said(visit, text, at_ms)]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        taken = self._account.assigned(str(visit.thread), None, visit.agent, "support", at_ms)
        return [told(taken, "assignment.changed"), self._said(visit, text, at_ms, visit.agent)]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        passed = self._account.assigned(
            str(visit.thread), visit.agent, visit.second, "support", at_ms
        )
        said = self._said(visit, "I go on with it.", at_ms, visit.second)
        return [told(passed, "assignment.changed"), said]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._account.resolved(str(visit.thread), visit.holder, at_ms)
        return [told(call, "conversation.updated")]

    def _said(self, visit: Visit, text: str, at_ms: int, agent: Agent | None = None) -> Told:
        ident = f"m-{visit.number()}"
        call = self._account.message(str(visit.thread), ident, visit.who, text, at_ms, agent)
        return told(call, "message.posted")
