"""Identifiers that stand for nobody in particular, in a list that an operator can read."""

from __future__ import annotations

from schemas.common import Identifier
from schemas.events import EventBase
from streams.fold import View
from streams.identity.graph import Shared
from streams.identity.index import shared_key

LISTED = 256
"""The newest are kept: whoever has more has to mend the source that sends them."""


def note_shared(event: EventBase, identifier: Identifier, key: str, view: View) -> None:
    """Two people have it, or it is a team's mailbox."""
    listed: tuple[Shared, ...] = view.get(shared_key(event.domain)) or ()
    if all(one.key != key for one in listed):
        mailbox = identifier.value if identifier.trust == "claimed" else ""
        new = Shared(key, identifier.kind, event.source, event.recorded_ms, mailbox)
        view.put(shared_key(event.domain), (*listed, new)[-LISTED:])
