"""The identity graph as states: small values, one key each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from schemas.common import Trust
from streams.identity.index import alias_key

STRENGTH: Mapping[Trust, int] = {"claimed": 0, "network": 1, "curated": 2, "asserted": 3}


class Link(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An identifier belongs to a customer, as surely as `trust` says."""

    customer: str
    trust: Trust


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A customer: since when, whether anything but a conversation tells of him, and the keys of
    his identifiers (bounded: for erasure).
    """

    first_ms: int
    provisional: bool
    identifiers: tuple[str, ...] = ()


class Thread(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A conversation's customer; `probable` when only a claimed identifier says so."""

    customer: str
    probable: bool = False


class Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An outbound message: receipts name nothing else."""

    customer: str
    conversation: str


class States(Protocol):
    def get(self, key: str) -> Any: ...


def current(states: States, customer: str) -> str:
    """The customer that stands for this one after all joins."""
    while (winner := states.get(alias_key(customer))) is not None:
        customer = str(winner)
    return customer


_encode = msgspec.msgpack.Encoder().encode
_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {
    "i": msgspec.msgpack.Decoder(Link),
    "c": msgspec.msgpack.Decoder(Known),
    "v": msgspec.msgpack.Decoder(Thread),
    "m": msgspec.msgpack.Decoder(Message),
    "a": msgspec.msgpack.Decoder(str),
}


def encode(_key: str, state: Any) -> bytes:
    return _encode(state)


def decode(key: str, raw: bytes) -> Any:
    """Raises `msgspec.DecodeError` for a state of another version."""
    return _DECODERS[key[0]].decode(raw)
