"""Aircall: the token stands in the body, times in whole seconds."""

from __future__ import annotations

from typing import Any

import orjson

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class Line:
    """Calls on one number; each method is one webhook of the call's life."""

    def __init__(self, source: str, token: str) -> None:
        self._source = source
        self._token = token

    def event(
        self, kind: str, call: int, who: Person, at_ms: int, agent: Agent | None = None, **data: Any
    ) -> Call:
        """`kind` as Aircall names it, such as `call.answered`."""
        user = _user(agent) if agent else None
        body = {
            "resource": "call",
            "event": kind,
            "timestamp": at_ms // 1_000,
            "token": self._token,
            "data": {
                "id": call,
                "call_uuid": f"CA{call:032d}",
                "direction": "inbound",
                "status": "done" if kind in {"call.hungup", "call.ended"} else "initial",
                "raw_digits": who.phone,
                "user": user,
                "number": {"id": 7, "name": "Support", "digits": "+1 555-010-0700"},
                **data,
            },
        }
        return Call(self._source, orjson.dumps(body), {"Content-Type": "application/json"})


class Traffic(Generator):
    vendor = "aircall"
    channel = "voice"
    transfer = "blind"

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._line = Line(source, secret)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._line.event("call.created", visit.thread, visit.who, at_ms)
        return [told(call, "conversation.opened", "queue.entered")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._line.event(
            "call.answered", visit.thread, visit.who, at_ms, visit.agent,
            answered_at=at_ms // 1_000,
        )  # fmt: skip
        return [told(call, "queue.left", "agent.connected")]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        old, new = _user(visit.agent), _user(visit.second)
        passed = self._line.event(
            "call.transferred", visit.thread, visit.who, at_ms, visit.agent,
            transferred_by=old, transferred_to=new,
        )  # fmt: skip
        taken = self._line.event(
            "call.answered", visit.thread, visit.who, at_ms, visit.second,
            answered_at=at_ms // 1_000,
        )  # fmt: skip
        return [told(passed, "transfer.reported"), told(taken, "queue.left", "agent.connected")]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        at_s = at_ms // 1_000
        call = self._line.event(
            "call.ended", visit.thread, visit.who, at_ms, visit.holder,
            started_at=at_s - 4, answered_at=at_s - 3, ended_at=at_s, duration=4,
        )  # fmt: skip
        return [told(call, "contact.ended")]


def _user(agent: Agent) -> dict[str, Any]:
    return {"id": agent.number, "name": agent.name}
