"""Conversations that a log ends and in which no customer did anything: mostly a mapping whose end
stands in another thread than the acts.  Told, because such an end changes nothing.
"""

from __future__ import annotations

from hashlib import blake2b

from schemas.common import ConversationRef
from schemas.events import ConversationUpdated, EventBase, SelfserviceStepped
from schemas.facts import ConversationAttached, FactBase

_ENDS = frozenset({"resolved", "closed"})
_FEW = 10
"""So many are told, if they are a tenth: a chat without a word is closed too."""


class WithoutAct:
    """Eight bytes a conversation are remembered, not its name (but for one)."""

    def __init__(self) -> None:
        self._attached: set[int] = set()
        self._resolved: dict[int, None] = {}
        self._tried: dict[int, None] = {}
        self._names: dict[int, str] = {}

    def event(self, event: EventBase) -> None:
        if event.conversation is None:
            return
        if isinstance(event, ConversationUpdated) and event.status in _ENDS:
            self._note(self._resolved, event.conversation)
        elif isinstance(event, SelfserviceStepped) and event.actor.kind == "customer":
            self._note(self._tried, event.conversation)

    def fact(self, fact: FactBase) -> None:
        if isinstance(fact, ConversationAttached):
            self._attached.add(_key(fact.conversation))

    def _note(self, where: dict[int, None], conversation: ConversationRef) -> None:
        key = _key(conversation)
        where[key] = None
        if len(self._names) < 100_000:
            self._names[key] = conversation.id

    def hints(self) -> list[str]:
        """A sentence for each kind of end that found nothing."""
        return [
            f"{len(lost)} of {len(where)} conversations {what} (such as "
            f"{self._names.get(lost[0], '…')!r}): {advice}"
            for where, what, advice in (
                (
                    self._resolved,
                    "are resolved, and no act of a customer stands in them",
                    "it changes nothing. Is their `conversation` that of the acts?",
                ),
                (
                    self._tried,
                    "hold steps of a customer's, and none is his act",
                    'only `outcome = "progressed"` is; the others say how it began or ended.',
                ),
            )
            if len(lost := [key for key in where if key not in self._attached]) >= _FEW
            and len(where) <= _FEW * len(lost)
        ]


def _key(conversation: ConversationRef) -> int:
    name = f"{conversation.source}\0{conversation.id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big")
