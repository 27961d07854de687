"""Rocket.Chat Omnichannel: the room as it is, with a static token in a header."""

from __future__ import annotations

from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Workspace:
    """A Rocket.Chat workspace; a room is one chat of a visitor."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def message(
        self, room: str, message: str, who: Person, text: str, at_ms: int,
        agent: Agent | None = None,
    ) -> Call:  # fmt: skip
        """By the visitor, unless an agent is named."""
        said = {
            "_id": message,
            "username": username(agent) if agent else _guest(who),
            "msg": text,
            "ts": rfc3339(at_ms),
            "rid": room,
            "_updatedAt": rfc3339(at_ms),
            **({"agentId": agent_id(agent)} if agent else {}),
        }
        return self._sent("Message", room, who, at_ms, agent, messages=[said])

    def started(self, room: str, who: Person, at_ms: int, department: str = "") -> Call:
        more = {"departmentId": department} if department else {}
        return self._sent("LivechatSessionStart", room, who, at_ms, None, **more)

    def queued(self, room: str, who: Person, at_ms: int, department: str) -> Call:
        return self._sent("LivechatSessionQueued", room, who, at_ms, None, departmentId=department)

    def taken(self, room: str, who: Person, agent: Agent, at_ms: int) -> Call:
        return self._sent(
            "LivechatSessionTaken", room, who, at_ms, agent, servedBy=_served(agent, at_ms)
        )

    def forwarded(
        self, room: str, who: Person, old: Agent, new: Agent, at_ms: int, since_ms: int
    ) -> Call:
        """`since_ms`: when the old agent had taken it."""
        return self._sent(
            "LivechatSessionForwarded", room, who, at_ms, new,
            servedBy=_served(new, at_ms), oldServedBy=_served(old, since_ms),
        )  # fmt: skip

    def closed(
        self, room: str, who: Person, agent: Agent | None, at_ms: int, department: str = ""
    ) -> Call:
        """By the agent, or by the visitor if none serves him."""
        by = {"_id": agent_id(agent), "username": username(agent)} if agent else {"_id": "v"}
        return self._sent(
            "LivechatSession", room, who, at_ms, agent, closedAt=rfc3339(at_ms), closedBy=by,
            closer="user" if agent else "visitor", departmentId=department,
        )  # fmt: skip

    def _sent(
        self, kind: str, room: str, who: Person, at_ms: int, agent: Agent | None, **more: Any
    ) -> Call:
        body: dict[str, Any] = {
            "_id": room,
            "label": who.name,
            "createdAt": rfc3339(at_ms),
            "lastMessageAt": rfc3339(at_ms),
            "visitor": {
                "_id": visitor_id(who),
                "token": f"t-{who.number}",
                "name": who.name,
                "username": _guest(who),
                "email": [{"address": who.email}],
                "phone": [{"phoneNumber": who.phone}],
            },
            "type": kind,
            "messages": [],
        }
        if agent:
            body["agent"] = {
                "_id": agent_id(agent), "username": username(agent), "name": agent.name,
            }  # fmt: skip
        headers = {
            "Content-Type": "application/json",
            "X-RocketChat-Livechat-Token": self._secret,
        }
        return Call(self._source, orjson.dumps({**body, **more}), headers)


def visitor_id(who: Person) -> str:
    return f"visitor{who.number:010d}"


def agent_id(agent: Agent) -> str:
    return f"agent{agent.number:012d}"


def username(agent: Agent) -> str:
    return f"agent-{agent.number}"


def _guest(who: Person) -> str:
    return f"guest-{who.number}"


def _served(agent: Agent, at_ms: int) -> dict[str, str]:
    return {"_id": agent_id(agent), "username": username(agent), "ts": rfc3339(at_ms)}


class Traffic(Generator):
    vendor = "rocketchat"
    channel = "chat"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._space = Workspace(source, secret)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("vendor", f"{self.source}:visitor/{visitor_id(who)}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        started = self._space.started(_room(visit), visit.who, at_ms)
        return [told(started, "conversation.opened"), self._said(visit, text, at_ms)]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        taken = self._space.taken(_room(visit), visit.who, visit.agent, at_ms)
        return [told(taken, "agent.connected"), self._said(visit, text, at_ms, visit.agent)]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        passed = self._space.forwarded(
            _room(visit), visit.who, visit.agent, visit.second, at_ms, at_ms - 1_000
        )
        said = self._said(visit, "I go on with it.", at_ms, visit.second)
        return [told(passed, "assignment.changed"), said]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._space.closed(_room(visit), visit.who, visit.holder, at_ms)
        return [told(call, "conversation.updated")]

    def _said(self, visit: Visit, text: str, at_ms: int, agent: Agent | None = None) -> Told:
        ident = f"m-{visit.number()}"
        call = self._space.message(_room(visit), ident, visit.who, text, at_ms, agent)
        return told(call, "message.posted")


def _room(visit: Visit) -> str:
    return f"room-{visit.thread}"
