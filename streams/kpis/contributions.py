"""What a fact adds to the figures, or takes back when it is revised."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from schemas.facts import (
    Fact,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyAwaited,
)
from streams.fold import Effect, Ledger, LiveDelta, PaneDelta, Waiting
from streams.kpis.cells import Cell, dimensions_of
from streams.kpis.definitions import BY_FACT

WAITING = "waiting"
"""The live list of customers who wait for an answer."""

_encode = msgspec.json.Encoder().encode


def effects(fact: Fact, sign: int) -> Iterator[Effect]:
    """`sign` +1 for what is asserted now, −1 for what was asserted before."""
    for kpi in BY_FACT.get(type(fact), ()):
        parts = list(kpi.parts(fact))
        if not parts:
            continue
        dims = dimensions_of(fact, kpi.detail(fact))
        for part, amount in parts:
            cell = Cell(fact.domain, kpi.name, part, dims).encode()
            yield PaneDelta(cell, fact.at_ms, sign * amount)
        yield Ledger(
            fact.at_ms,
            f"{fact.domain}|{kpi.name}|{fact.subject_id}",
            _encode({"journey": fact.journey, "cycle": fact.cycle, "dims": dims, "parts": parts})
            if sign > 0
            else None,
        )
    yield from _live(fact, sign)


def _live(fact: Fact, sign: int) -> Iterator[Effect]:
    """Who waits now, and what is open now."""
    match fact:
        case ReplyAwaited():
            yield LiveDelta(f"{fact.domain}|waiting|{fact.channel}", sign)
            member = f"{fact.domain}|{fact.channel}|{fact.journey}"
            yield Waiting(WAITING, member, fact.at_ms if sign > 0 else None)
        case JourneyOpened() | JourneyReopened():
            yield LiveDelta(f"{fact.domain}|open|{fact.channel}", sign)
        case JourneyResolved():
            yield LiveDelta(f"{fact.domain}|resolved|{fact.channel}", sign)
        case JourneyClosed(how="expired"):
            yield LiveDelta(f"{fact.domain}|resolved|{fact.channel}", sign)
