"""Conversations that a log ends and in which no customer did anything: mostly a mapping whose end
stands in another thread than the acts.  Told, because such an end changes nothing.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from schemas.common import ConversationRef
from schemas.events import ConversationUpdated, EventBase, SelfserviceStepped
from schemas.facts import ConversationAttached, FactBase

_ENDS = frozenset({"resolved", "closed"})
_FEW = 10
"""So many are told, if they are a tenth: a chat without a word is closed too."""

_NAMED = 100_000


class WithoutAct(msgspec.Struct):
    """A conversation is remembered by eight bytes of a hash; of the first ones also the name."""

    attached: set[int] = set()
    resolved: dict[int, None] = {}
    tried: dict[int, None] = {}
    names: dict[int, str] = {}

    def event(self, event: EventBase) -> None:
        if event.conversation is None:
            return
        if isinstance(event, ConversationUpdated) and event.status in _ENDS:
            self._note(self.resolved, event.conversation)
        elif isinstance(event, SelfserviceStepped) and event.actor.kind == "customer":
            self._note(self.tried, event.conversation)

    def fact(self, fact: FactBase) -> None:
        if isinstance(fact, ConversationAttached):
            self.attached.add(_key(fact.conversation))

    def _note(self, where: dict[int, None], conversation: ConversationRef) -> None:
        key = _key(conversation)
        where[key] = None
        if len(self.names) < _NAMED:
            self.names[key] = conversation.id

    def hints(self) -> list[str]:
        """A sentence for each kind of end that found nothing."""
        return [
            f"{len(lost)} of {len(where)} conversations {what} (such as "
            f"{self.names.get(lost[0], '…')!r}): {advice}"
            for where, what, advice in (
                (
                    self.resolved,
                    "are resolved, and no act of a customer stands in them",
                    "it changes nothing. Is their `conversation` that of the acts?",
                ),
                (
                    self.tried,
                    "hold steps of a customer's, and none is his act",
                    'only `outcome = "progressed"` is; the others say how it began or ended.',
                ),
            )
            if len(lost := [key for key in where if key not in self.attached]) >= _FEW
            and len(where) <= _FEW * len(lost)
        ]


def _key(conversation: ConversationRef) -> int:
    name = f"{conversation.source}\0{conversation.id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big")
