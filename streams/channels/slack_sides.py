"""Whose side somebody on Slack is on.

Slack knows no customers and no agents: who is an agent is the option `agents`; an app is a bot;
everybody else is a customer.  Members of another workspace are told with their `user_team`, those
of one's own often without, and a reaction never says of which workspace somebody is.
"""

from __future__ import annotations

from schemas.common import Actor, Identifier
from streams.channels.base import SourceConfig
from streams.channels.draft import CUSTOMER, SYSTEM, identifier

SLACKBOT = "USLACKBOT"


class Sides:
    """Who is who in this source."""

    def __init__(self, source: SourceConfig) -> None:
        listed = source.options.get("agents", "")
        self._agents = {one.strip() for one in listed.split(",") if one.strip()}
        self._by_team = any(one.startswith(("T", "E")) for one in self._agents)

    def actor(self, user: str, team: str = "", bot: str = "") -> Actor:
        """An agent who speaks through an app is an agent; of somebody whose workspace is not told
        nothing is said if workspaces matter.
        """
        if user and user in self._agents:
            return Actor("agent", user)
        if bot or user == SLACKBOT:
            return Actor("bot", bot or user)
        if team and team in self._agents:
            return Actor("agent", user or None)
        if user and self._by_team and not team:
            return Actor("external", user)
        return CUSTOMER if user else SYSTEM


def person(user: str, actor: Actor) -> tuple[Identifier, ...]:
    """Slack's own user id, for a customer."""
    return identifier("slack", user, "asserted") if actor == CUSTOMER else ()
