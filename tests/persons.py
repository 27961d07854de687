"""Ada, Bo and their identifiers; what they write, and what systems and operators say of who they are."""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Identifier
from schemas.events import EventBase, IdentityLinked, MessagePosted, OperatorCommand
from schemas.facts import ConversationAttached
from streams.journeys.documents import context_document
from tests.world import MINUTE, World

ADA = Identifier("user", "ada", "asserted")
ADAS_MAIL = Identifier("email", "ada@example.com", "curated")
CLAIM = Identifier("email", "Ada@Example.com", "claimed")
BROWSER = Identifier("cookie", "s:77", "asserted")
BO = Identifier("user", "bo", "asserted")
NUMBER = Identifier("phone", "+33142685300", "curated")


def writes(world: World, channel: str, *who: Identifier, text: str = "", **fields: Any) -> str:
    """The customer to whom the message went."""
    world._numbers += 1
    world.event(
        MessagePosted, channel=channel, conversation=fields.pop("conversation", f"{channel}-1"),
        identifiers=who, message_id=f"m{world._numbers}", direction="inbound",
        personal={"text": text, "name": "Ada" if who else ""} if text else {}, **fields,
    )  # fmt: skip
    world.now += MINUTE
    return next(e.customer for e in reversed(world.events) if isinstance(e, MessagePosted))


def tells(world: World, *who: Identifier, rel: str = "same", by: str = "crm") -> None:
    world.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel=rel, by=by, identifiers=who
    )
    world.now += MINUTE


def commands(world: World, command: str, **args: str) -> None:
    world.event(
        OperatorCommand, channel="web", actor=Actor("agent", "zoe"), command=command, args=args
    )
    world.now += MINUTE


def last(world: World, kind: type[EventBase]) -> Any:
    return [e for e in world.events if isinstance(e, kind)][-1]


def context(world: World, customer: str) -> dict[str, Any]:
    states = world.journeys.states
    return context_document(states[customer], states[f"ctx:{customer}"], world.now)


def forms(world: World) -> Any:
    return next(f for f in world.asserted(ConversationAttached) if f.channel == "form")
