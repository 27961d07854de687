"""What an operator says about who is who: it goes into the log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec
from aiohttp import web
from confluent_kafka import KafkaException

from schemas.common import Actor
from schemas.events import OperatorCommand
from streams.console import asked
from streams.console.answers import json, refusal
from streams.console.asked import Domains
from streams.console.told import Told
from streams.engine.first_party import own_event
from streams.settings import Right

COMMANDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "join": (("winner", "loser"), ()),
    "split": (("join",), ()),
    "attach": (("source", "conversation"), ("customer",)),
}
"""What an operator may say about who is who, with what it needs and what it may have."""


class Commands:
    right: Right = "commands"

    def __init__(self, domains: Domains, told: Told) -> None:
        self._domains = domains
        self._told = told

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/identity/{command}", self._command)]

    async def _command(self, request: web.Request) -> web.Response:
        """An operator's word about who is who: into the log, and 202 once it is durable.  What
        cannot be done becomes a dead letter with its reason.
        """
        command = request.match_info["command"]
        if command not in COMMANDS:
            return refusal(404, f"There is no command {command!r}; there are {_listed(COMMANDS)}.")
        if request.content_type != "application/json":
            return refusal(415, "Send JSON, as application/json.")
        try:
            said = msgspec.json.decode(await request.read(), type=dict[str, str])
        except msgspec.DecodeError as error:
            return refusal(400, f"The body must be a JSON object of texts: {error}.")
        domain = self._domains.one(request, said.pop("domain", ""))
        agent = said.pop("agent", "") or None
        needs, may = COMMANDS[command]
        if missing := [name for name in needs if not said.get(name)]:
            return refusal(400, f"{command!r} needs {_listed(missing)}.")
        if strange := [name for name in said if name not in (*needs, *may)]:
            return refusal(400, f"{command!r} knows no {_listed(strange)}.")
        event = own_event(
            OperatorCommand,
            domain,
            asked.now_ms(),
            Actor("agent", agent),
            command=command,
            args=said,
        )
        failures: list[object] = ["no answer yet"]
        try:
            self._told.put(event, lambda error, _: failures.__setitem__(0, error))
            await asyncio.to_thread(self._told.flush, 5)
        except (BufferError, KafkaException):
            return refusal(503, "Kafka does not answer; try again in a moment.")
        if failures[0] is not None:
            return refusal(503, "Kafka has not confirmed the command; look before you try again.")
        return json({"accepted": event.id}, 202)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
