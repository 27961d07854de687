"""A room of Rocket.Chat's as it is now: its visitor, and who serves him.

Its `_id` is the room, not the event.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Identifier, Party
from streams.channels import times
from streams.channels.body import table, text
from streams.channels.draft import Draft, identifier


class Room:
    """What its messages and its changes share: who visits it, who serves it, its department."""

    def __init__(self, body: dict[str, Any], draft: Draft, bots: frozenset[str]) -> None:
        self.body, self.draft = body, draft
        self._bots = {"rocket.cat", *bots}
        self.visitor = table(body, "visitor")
        # `agent` is the person's record, `servedBy` who serves the room and since when.
        self.agent = text(body, "servedBy", "_id") or text(body, "agent", "_id")
        self.agent_name = text(body, "servedBy", "username") or text(body, "agent", "username")
        self.department = text(body, "departmentId") or text(self.visitor, "department")
        self.served_ms = times.any_form(table(body, "servedBy").get("ts"))
        draft.conversation = text(body, "_id") or text(body, "messages", 0, "rid")
        draft.identifiers = visitor_of(self.visitor, draft)
        self.key = f"room/{draft.conversation}"

    def is_bot(self, ident: str, name: str = "") -> bool:
        return bool(self._bots & {ident, name} - {""})

    def party(self, agent: str, name: str, department: str) -> Party:
        is_bot = self.is_bot(agent, name)
        return Party(
            agent=agent if agent and not is_bot else None,
            bot=agent if agent and is_bot else None,
            team=department or None,
        )

    def serves(self) -> Party:
        return self.party(self.agent, self.agent_name, self.department)


def visitor_of(visitor: dict[str, Any], draft: Draft) -> tuple[Identifier, ...]:
    """His id is the platform's; what he typed is claimed.  His token would open his chat, so it
    goes nowhere.
    """
    ident = text(visitor, "_id")
    found = draft.vendor_id(f"visitor/{ident}" if ident else "")
    for address in _values(visitor, "email", "address"):
        found += identifier("email", address, "claimed")
    for number in _values(visitor, "phone", "phoneNumber"):
        found += identifier("phone", number, "claimed")
    return found


def _values(visitor: dict[str, Any], field: str, inner: str) -> list[str]:
    """`"a@b"`, or `[{"address": "a@b"}]`, or `["a@b"]`."""
    if (value := visitor.get(field)) is None:
        return []
    listed = value if isinstance(value, list) else [value]
    found = [text(one, inner) or text(one) for one in listed]
    return list(dict.fromkeys(filter(None, found)))
