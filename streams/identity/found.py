"""An event's identifiers in their one form, and whom each leads to."""

from __future__ import annotations

import msgspec

from schemas.common import Identifier
from schemas.events import EventBase
from streams.fold import View
from streams.identity.graph import STRENGTH, Link, current, erased_ms
from streams.identity.identifiers import Writing, is_role_mailbox, normalise
from streams.identity.index import identifier_key

MAX_IDENTIFIERS = 16
"""More than that is no person; the rest of an event's identifiers is passed over."""

OWN = frozenset({"crm", "user"})
"""Kinds of which one person has one id: two different ones are two people."""

HANDLES = frozenset({"cookie", "vendor"})
"""Kinds by which a platform knows a browser or a contact record again, whoever that is."""


class Found(msgspec.Struct, frozen=True):
    """An identifier of the event, its state key, and the customer that it leads to now."""

    identifier: Identifier
    key: str
    link: Link | None
    customer: str | None
    team: bool
    """A mailbox of a team: it stands for nobody in particular."""
    strength: int
    shared: bool
    believed: bool
    """A link that was only claimed joins nobody: whoever proves the identifier takes it."""
    takes_over: bool
    """What somebody else only claimed is shown to be this event's customer's."""
    erased_ms: int = 0
    """Whoever had it was erased then; from then on it is nobody's."""


def normalised(event: EventBase, writing: Writing) -> tuple[Identifier, ...]:
    """Each once, with its greatest trust."""
    kept: dict[tuple[str, str], Identifier] = {}
    for raw in event.identifiers:
        one = normalise(raw, writing)
        if one is None:
            continue
        known = kept.get((one.kind, one.value))
        if known is None or STRENGTH[one.trust] > STRENGTH[known.trust]:
            kept[one.kind, one.value] = one
    return tuple(kept.values())[:MAX_IDENTIFIERS]


def find(identifier: Identifier, domain_key: bytes, writing: Writing, view: View) -> Found:
    key = identifier_key(domain_key, identifier)
    link: Link | None = view.get(key)
    team = is_role_mailbox(identifier, writing)
    strength = STRENGTH[identifier.trust]
    customer = current(view, link.customer) if link else ""
    gone_ms = 0 if link is None or link.others else erased_ms(view, customer)
    if link is None or gone_ms:
        return Found(identifier, key, None, None, team, strength, False, False, False, gone_ms)
    believed = STRENGTH[link.trust] > 0
    takes_over = strength > 0 and not believed and not team
    return Found(
        identifier, key, link, customer, team, strength, bool(link.others), believed, takes_over
    )
