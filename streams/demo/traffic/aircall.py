"""Aircall: the token stands in the body, times in whole seconds."""

from __future__ import annotations

from typing import Any

import orjson

from streams.demo.traffic.call import Agent, Call, Person


class Line:
    """Calls on one number; each method is one webhook of the call's life."""

    def __init__(self, source: str, token: str) -> None:
        self._source = source
        self._token = token

    def event(
        self, kind: str, call: int, who: Person, at_ms: int, agent: Agent | None = None, **data: Any
    ) -> Call:
        """`kind` as Aircall names it, such as `call.answered`."""
        user = {"id": agent.number, "name": agent.name} if agent else None
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
