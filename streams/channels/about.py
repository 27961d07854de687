"""What a vendor tells and what it does not: stated by each adapter, proven by its samples.

`docs/vendors/README.md` and `filrouge vendors` are made from it, so an engineer sees before he
connects a vendor what he will get.  The conformance suite holds the statement against the
samples: what is stated some sample gives, and what a sample gives is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, get_args

import msgspec

from schemas.common import IdentifierKind, Trust
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    AssignmentChanged,
    ConsentChanged,
    ContactEnded,
    ContactHeld,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    FeedbackReceived,
    MessagePosted,
    MessageStatusChanged,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TaskProgressed,
    TransferReported,
    WrapupEnded,
)

Ability = Literal[
    "messages",
    "receipts",
    "states",
    "ends",
    "queue",
    "agents",
    "bots",
    "transfers",
    "self-care",
    "ratings",
    "consent",
]

MEANING: dict[Ability, str] = {
    "messages": "what was written, by whom, in which direction",
    "receipts": "sent, delivered, read, failed, edited, deleted",
    "states": "a conversation begun, resolved, reopened, put on hold, linked",
    "ends": "a call or contact ended, was held, was worked on afterwards",
    "queue": "entered and left, with the outcome",
    "agents": "which agent did it, was offered it, has it",
    "bots": "what a bot did, or that it has the conversation",
    "transfers": "it went to another agent, team, queue, bot or app",
    "self-care": "menus, flows, forms, carts",
    "ratings": "scores and comments",
    "consent": "what the customer agreed to, or no longer",
}

_AGENTS = (AgentOffered, AgentConnected, AgentDisconnected)

_SHOWS: dict[Ability, Callable[[EventBase], bool]] = {
    "messages": lambda e: isinstance(e, MessagePosted),
    "receipts": lambda e: isinstance(e, MessageStatusChanged),
    "states": lambda e: isinstance(
        e, ConversationOpened | ConversationUpdated | ConversationLinked
    ),
    "ends": lambda e: isinstance(e, ContactEnded | ContactHeld | WrapupEnded),
    "queue": lambda e: isinstance(e, QueueEntered | QueueLeft),
    "agents": lambda e: (
        isinstance(e, _AGENTS)
        or (e.actor.kind == "agent" and e.actor.id is not None)
        or (isinstance(e, AssignmentChanged) and e.to.agent is not None)
    ),
    "bots": lambda e: (
        e.actor.kind == "bot" or (isinstance(e, AssignmentChanged) and e.to.bot is not None)
    ),
    "transfers": lambda e: isinstance(e, AssignmentChanged | TransferReported),
    "self-care": lambda e: isinstance(e, SelfserviceStepped | TaskProgressed),
    "ratings": lambda e: isinstance(e, FeedbackReceived),
    "consent": lambda e: isinstance(e, ConsentChanged),
}


class About(msgspec.Struct, frozen=True, kw_only=True):
    """`gives` and `identities` (kind → how sure) are held against the samples; the rest are
    sentences or parts of one, for the table.
    """

    gives: tuple[Ability, ...] = ()
    identities: Mapping[IdentifierKind, tuple[Trust, ...]] = {}
    transfer: str = ""
    """The vendor's own signal for a transfer, by its native name; empty: there is none."""
    lacks: str = ""
    retries: str = ""
    """What it does after an answer that is no 2xx, and whether a retry can be recognised."""


def abilities(events: Iterable[EventBase]) -> tuple[Ability, ...]:
    """What these events show, in the order of the table."""
    found = list(events)
    names: tuple[Ability, ...] = get_args(Ability)
    return tuple(name for name in names if any(map(_SHOWS[name], found)))


def identities(events: Iterable[EventBase]) -> dict[IdentifierKind, tuple[Trust, ...]]:
    """Which identifiers these events carry, and how sure, strongest first."""
    seen = {(i.kind, i.trust) for event in events for i in event.identifiers}
    kinds: tuple[IdentifierKind, ...] = get_args(IdentifierKind)
    trusts: tuple[Trust, ...] = get_args(Trust)
    return {
        kind: tuple(trust for trust in trusts if (kind, trust) in seen)
        for kind in kinds
        if any(one == kind for one, _ in seen)
    }
