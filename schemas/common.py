"""What every part of the contract shares: who, where, how sure.

All times are integers, milliseconds since the Unix epoch (`*_ms`).  Names are the field's
standard terms; `docs/events.md` explains each of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

WholeNumber = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""What every reader of JSON keeps exactly (RFC 8259, section 6)."""

Milliseconds = WholeNumber
"""A duration."""

Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""A time in ms since the epoch, up to the year 9999."""

Trust = Literal["asserted", "curated", "network", "claimed"]
"""How sure a source is that an identifier belongs to the person, strongest first."""

ActorKind = Literal["customer", "agent", "bot", "system", "external"]

Channel = Literal[
    "voice",
    "chat",
    "bot",
    "whatsapp",
    "sms",
    "messenger",
    "instagram",
    "telegram",
    "viber",
    "line",
    "rcs",
    "slack",
    "messaging",
    "email",
    "social",
    "web",
    "form",
    "in_person",
    "app",
]
"""The customer's medium (not the vendor): it stands on each event."""

IdentifierKind = Literal[
    "phone",
    "email",
    "whatsapp",
    "bsuid",
    "messenger",
    "instagram",
    "telegram",
    "slack",
    "social",
    "cookie",
    "device",
    "user",
    "crm",
    "vendor",
]
"""`phone` is E.164 with a plus; `vendor` is a contact id that means something only inside its
source and is written `source:id`; `user` is the company's own account id."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A value inside an event; equal when its fields are."""


class Identifier(Part, frozen=True):
    """One way to reach or recognise a person."""

    kind: IdentifierKind
    value: str
    trust: Trust = "claimed"


class ConversationRef(Part, frozen=True):
    """A thread as its vendor knows it."""

    source: str
    id: str


class Actor(Part, frozen=True):
    """Who did it. `id` is the vendor's id inside the event's source, when it tells one."""

    kind: ActorKind
    id: str | None = None


class Ref(Part, frozen=True):
    """A pointer to something else: `ticket`, `conversation`, `in_reply_to`, `twin`, `previous`…"""

    rel: str
    id: str
    source: str | None = None


class Party(Part, frozen=True):
    """Where a conversation stands: any of agent, team, queue, bot, app (vendor's ids)."""

    agent: str | None = None
    team: str | None = None
    queue: str | None = None
    bot: str | None = None
    app: str | None = None
