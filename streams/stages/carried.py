"""One message, told by two sources: the help desk that shows it, and the carrier that brought it.

The option `carried_by` of the source that tells names its carriers.  A carrier's message waits a
few seconds for the other's word, which names it by the carrier's own id (a ref `twin`).  Then it is
the other's, and the carrier gives identifiers and receipts only, which find the other's
conversation by that id.  What the other does not tell in that time the carrier tells itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.cloudevents import decode_event, encode_event
from schemas.events import EventBase, MessagePosted, MessageStatusChanged
from streams.channels.base import SourceConfig
from streams.fold import Timer, View
from streams.identity.graph import Message
from streams.identity.index import held_key, message_key
from streams.identity.learn import keep_message

WAIT_MS = 10_000
"""A help desk tells what its carrier brought within a second or two."""


class Carriers:
    def __init__(self, sources: Iterable[SourceConfig]) -> None:
        self._of = {source.name: source.carriers for source in sources}
        self._all = frozenset(name for names in self._of.values() for name in names)

    def keys(self, event: EventBase) -> Iterator[str]:
        """The states that are read for it."""
        if event.source in self._all and isinstance(event, MessagePosted):
            yield message_key(event.domain, event.source, event.message_id)
        for carrier, ident in self._twins(event):
            yield held_key(event.domain, carrier, ident)

    def _twins(self, event: EventBase) -> Iterator[tuple[str, str]]:
        """(carrier, its id) of the message that the event is about."""
        if isinstance(event, MessagePosted | MessageStatusChanged):
            for carrier in self._of.get(event.source, ()):
                yield from ((carrier, ref.id) for ref in event.refs if ref.rel == "twin")

    def told(self, event: EventBase, view: View) -> list[str]:
        """Remembers by their carriers' ids which messages this event (with its customer) tells.
        Returns the carriers of those that had been waiting for it.
        """
        waited = []
        for carrier, ident in self._twins(event):
            where = event.conversation.id if event.conversation else ""
            key = message_key(event.domain, carrier, ident)
            keep_message(key, Message(event.customer, where, event.source), view)
            held = held_key(event.domain, carrier, ident)
            if view.get(held) is not None:
                view.delete(held)
                view.clear_timer(held, "tell")
                waited.append(carrier)
        return waited

    def is_told(self, event: EventBase, view: View) -> bool:
        """Has another source told this carrier's message already?"""
        if event.source not in self._all or not isinstance(event, MessagePosted):
            return False
        known: Message | None = view.get(message_key(event.domain, event.source, event.message_id))
        return known is not None and bool(known.source)

    def hold(self, event: EventBase, view: View) -> bool:
        """Lets a carrier's message (with its customer) wait; False when it is not a carrier's."""
        if event.source not in self._all or not isinstance(event, MessagePosted):
            return False
        held = held_key(event.domain, event.source, event.message_id)
        view.put(held, encode_event(event))
        view.set_timer(Timer(view.now_ms + WAIT_MS, held, "tell"))
        return True


def waited_for_nothing(timer: Timer, view: View) -> EventBase | None:
    """Nobody else has told it: the carrier's own word, once."""
    raw: bytes | None = view.get(timer.entity)
    view.delete(timer.entity)
    return decode_event(raw) if raw is not None else None
