"""Agents, teams and queues by one name each, whatever each vendor calls them.

Zoé is 501 in the help desk and 7101 on the telephone.  Without the settings' tables `[[agent]]`,
`[[team]]` and `[[queue]]` she would be two people, and a customer who goes on with her would seem
to have been transferred.  What no table names keeps its vendor's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from schemas.common import Party
from schemas.events import EventBase

E = TypeVar("E", bound=EventBase)

Table = Mapping[tuple[str, str], str]
"""(source, what it is called there) → name."""


class Names(msgspec.Struct, frozen=True):
    agents: Table = {}
    teams: Table = {}
    queues: Table = {}

    def applied(self, event: E) -> E:
        """The event with our names."""
        if not (self.agents or self.teams or self.queues):
            return event
        source, changes = event.source, dict[str, Any]()
        if event.actor.kind == "agent" and event.actor.id:
            actor = msgspec.structs.replace(
                event.actor, id=self.agents.get((source, event.actor.id), event.actor.id)
            )
            changes["actor"] = actor
        for field, table in (("agent", self.agents), ("queue", self.queues)):
            value = getattr(event, field, None)
            if isinstance(value, str):
                changes[field] = table.get((source, value), value)
        for field in ("to", "from_"):
            if isinstance(party := getattr(event, field, None), Party):
                changes[field] = self._party(source, party)
        return msgspec.structs.replace(event, **changes)

    def _party(self, source: str, party: Party) -> Party:
        def named(table: Table, value: str | None) -> str | None:
            return table.get((source, value), value) if value else value

        return msgspec.structs.replace(
            party,
            agent=named(self.agents, party.agent),
            team=named(self.teams, party.team),
            queue=named(self.queues, party.queue),
        )


NONE = Names()
"""Everybody is called as his vendor calls him."""
