"""What a fact adds to the figures, or takes back when it is revised."""

from __future__ import annotations

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
from streams.kpis.cells import dimension, dimensions_of, encode
from streams.kpis.definitions import BY_FACT, Parts

WAITING = "waiting"
"""The live list of customers who wait for an answer."""

_encode = msgspec.json.Encoder().encode


def open_list(domain: str) -> str:
    """The live list of a domain's open journeys: journey → since when (ms) its cycle is open."""
    return f"open:{domain}"


def effects(fact: Fact, sign: int) -> list[Effect]:
    """`sign` +1 for what is asserted now, −1 for what was asserted before."""
    found: list[Effect] = []
    kpis = BY_FACT.get(type(fact), ())
    split_by = dimensions_of(fact) if kpis else ()
    written: dict[object, bytes] = {}  # several KPIs count an opened journey in the same words
    for kpi in kpis:
        parts = kpi.parts(fact)
        if not parts:
            continue
        detail = kpi.detail(fact)
        dims = (*split_by[:-1], dimension(detail)) if detail else split_by
        for part, amount in parts:
            cell = encode(fact.domain, kpi.name, part, dims)
            found.append(PaneDelta(cell, fact.at_ms, sign * amount))
        line = None
        if sign > 0 and (line := written.get((parts, detail))) is None:
            line = written[parts, detail] = _line(fact, dims, parts)
        found.append(Ledger(fact.at_ms, f"{fact.domain}|{kpi.name}|{fact.subject_id}", line))
    _live(fact, sign, found)
    return found


def _line(fact: Fact, dims: tuple[str, ...], parts: Parts) -> bytes:
    return _encode(
        {
            "journey": fact.journey, "cycle": fact.cycle, "at_ms": fact.at_ms,
            "dims": dims, "parts": parts,
        }
    )  # fmt: skip


def lines(fact: Fact, sign: int) -> list[Effect]:
    """Of a fact's effects those that no sum over all lanes has: they stand in the lists of one."""
    return [effect for effect in effects(fact, sign) if isinstance(effect, Ledger | Waiting)]


def _live(fact: Fact, sign: int, found: list[Effect]) -> None:
    """Who waits now, and what is open now."""
    match fact:
        case ReplyAwaited():
            found.append(LiveDelta(f"{fact.domain}|waiting|{fact.channel}", sign))
            member = f"{fact.domain}|{fact.channel}|{fact.journey}"
            found.append(Waiting(WAITING, member, fact.at_ms if sign > 0 else None))
        case JourneyOpened() | JourneyReopened():
            found.append(LiveDelta(f"{fact.domain}|open|{fact.channel}", sign))
        case JourneyResolved():
            found.append(LiveDelta(f"{fact.domain}|resolved|{fact.channel}", sign))
        case JourneyClosed(how="expired"):
            found.append(LiveDelta(f"{fact.domain}|resolved|{fact.channel}", sign))
