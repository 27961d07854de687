"""Whose each conversation was at the line up to which a journey is sealed (`Journey.held`).

Transfers go on from there, as if every entry before it were still known.
"""

from __future__ import annotations

from collections.abc import Container

import msgspec

from streams.journeys.chains import Holding
from streams.journeys.moved import Moved

Held = dict[str, Holding]
"""By conversation."""

MOST = 32
"""Conversations of the sealed part of which it stays known whose they are; as many again in which
a transfer waits.
"""

_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(tuple[list[Holding], dict[str, int], list[Moved]]).decode
"""Holdings once each (a chain has one over several conversations), which conversation has which,
and transfers.
"""


def written(held: Held, moved: list[Moved], going: Container[str]) -> bytes:
    """With those transfers (by id) that are still going on."""
    holdings = list({id(holding): holding for holding in held.values()}.values())
    numbers = {id(holding): number for number, holding in enumerate(holdings)}
    places = {conversation: numbers[id(holding)] for conversation, holding in held.items()}
    return _encode((holdings, places, [one for one in moved if one.id in going]))


def read(raw: bytes) -> tuple[Held, list[Moved]]:
    if not raw:
        return {}, []
    holdings, places, moved = _decode(raw)
    known = {transfer.id: transfer for transfer in moved}
    for holding in holdings:
        holding.open = known.get(holding.open.id) if holding.open else None
    return {conversation: holdings[number] for conversation, number in places.items()}, moved


def latest(held: Held) -> Held:
    """The newest of those in which a transfer waits to be taken, and of the others."""
    by_age = sorted(held, key=lambda conversation: (held[conversation].last_ms, conversation))
    waits = [conversation for conversation in by_age if held[conversation].waiting]
    rests = [conversation for conversation in by_age if not held[conversation].waiting]
    known = {*waits[-MOST:], *rests[-MOST:]}
    return {c: holding for c, holding in held.items() if c in known}
