"""The identity graph as states: small values, one key each.

An identifier is linked to the customer for whom it was first seen.  A join never rewrites links: it
makes the loser's id an alias of the winner's.  So it stays known what belonged to whom, and a split
is one alias that points elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from schemas.common import Trust
from streams.identity.index import alias_key, customer_key

STRENGTH: Mapping[Trust, int] = {"claimed": 0, "network": 1, "curated": 2, "asserted": 3}

CLAIMED = 8
"""Conversations that are remembered of an identifier that is only claimed: the newest."""

SHARED = 8
"""Customers that are remembered of a shared identifier; more are only more of the same."""


class Link(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An identifier belongs to a customer, as surely as `trust` says.  `others` are customers who
    turned up with it too: a shared number stands for nobody in particular.  `handle`: a platform's
    own (a browser, a contact record), that says nothing of who it is.  `claimed_in` are the
    conversations (`source:id`) in which it was claimed, until somebody proves it.
    """

    customer: str
    trust: Trust
    others: tuple[str, ...] = ()
    handle: bool = False
    claimed_in: tuple[str, ...] = ()


class Tie(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A join's evidence tied these two members."""

    join: str
    one: str
    other: str


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A customer.

    `provisional`: only conversations and claims tell of him.  `identifiers` are keys (bounded: for
    erasure).  `members` are the customers who were joined into him.  `apart` are customers with
    whom he was taken apart: they are not joined again.  `own` are his ids of kinds of which a
    person has one (several, if somebody said that both are his).  `domain` is whose customer he is;
    empty until he next turns up, if he was kept before that was noted.  `erased_ms`: he was erased
    then, and this is the mark of it; 0 while he is somebody.
    """

    first_ms: int
    provisional: bool
    identifiers: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    own: dict[str, tuple[str, ...]] = {}
    ties: tuple[Tie, ...] = ()
    domain: str = ""
    erased_ms: int = 0

    def is_of(self, domain: str) -> bool:
        """Domains share partitions, and never customers."""
        return self.domain in {"", domain}


def own_of_both(
    one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The own ids of two who are one person."""
    return {
        kind: tuple(dict.fromkeys((*one.get(kind, ()), *other.get(kind, ()))))
        for kind in sorted({*one, *other})
    }


def differ(one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]) -> bool:
    """Two people: each has an own id of some kind, and none of them is the other's."""
    return any(kind in other and not set(keys) & set(other[kind]) for kind, keys in one.items())


class Thread(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A conversation's customer; `probable` when only a claim made it his.  `claims`: nothing in it
    has proven whose it is, so it becomes probable when he turns out to be somebody.
    """

    customer: str
    probable: bool = False
    claims: bool = False


class Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Receipts name nothing else. `source` is whose conversation it is, if another source than the
    receipts' tells the messages and this one only carries them.
    """

    customer: str
    conversation: str
    source: str = ""


class NewJoin(msgspec.Struct, frozen=True):
    """`by` is the key of the identifier that says so.  `probable`: only claims do, so the loser's
    conversations are the winner's as probable ones.
    """

    loser: str
    by: str
    probable: bool = False


class Joined(msgspec.Struct, frozen=True, array_like=True):
    """The ledger of a join. `by` is the key of the identifier that proved it, or `operator`."""

    winner: str
    loser: str
    at_ms: int
    by: str


class Shared(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`key` is the state of its link (with the customers who have it).  A team's mailbox has no
    link, but its address: that is nobody's.
    """

    key: str
    kind: str
    source: str
    since_ms: int
    mailbox: str = ""


class States(Protocol):
    def get(self, key: str) -> Any: ...


def current(states: States, customer: str) -> str:
    """The customer that stands for this one after all joins and splits."""
    while (winner := states.get(alias_key(customer))) is not None:
        customer = str(winner)
    return customer


def erased_ms(states: States, customer: str) -> int:
    """When he was erased; 0 when he was not."""
    known: Known | None = states.get(customer_key(customer))
    return known.erased_ms if known is not None else 0


_encode = msgspec.msgpack.Encoder().encode
_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {
    "i": msgspec.msgpack.Decoder(Link),
    "c": msgspec.msgpack.Decoder(Known),
    "v": msgspec.msgpack.Decoder(Thread),
    "m": msgspec.msgpack.Decoder(Message),
    "h": msgspec.msgpack.Decoder(bytes),
    "a": msgspec.msgpack.Decoder(str),
    "j": msgspec.msgpack.Decoder(Joined),
    "k": msgspec.msgpack.Decoder(tuple[str, ...]),
    "s": msgspec.msgpack.Decoder(tuple[Shared, ...]),
    "p": msgspec.msgpack.Decoder(Trust),
}


def encode(_key: str, state: Any) -> bytes:
    return _encode(state)


def decode(key: str, raw: bytes) -> Any:
    """Raises `msgspec.DecodeError` for a state of another version."""
    return _DECODERS[key[0]].decode(raw)
