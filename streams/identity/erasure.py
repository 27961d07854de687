"""Erasure: of a customer nothing stays but that he was erased, and when.

His identifiers and conversations still lead to that mark.  So what is told once more of the time
before (a retry, a replay, a dead letter that is sent again) is dropped and brings nobody back; and
whoever turns up by them later is somebody new, with the next incarnation of the id.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.events import ErasureRequested
from streams.fold import View
from streams.identity.found import Found
from streams.identity.graph import Known, current
from streams.identity.index import contact_key, customer_key, join_key


def meant(event: ErasureRequested, found: Iterable[Found], view: View) -> tuple[str, ...]:
    """Whom the request is about: the customer that it names, else those whom its identifiers find,
    claims not counted.  Empty when that is nobody of its domain.
    """
    if event.customer:
        named = [current(view, event.customer)]
    else:
        named = [f.customer for f in found if f.customer and f.strength and f.believed
                 and not f.shared]  # fmt: skip
    return tuple(c for c in dict.fromkeys(named) if _is_of(event.domain, c, view))


def erase(customer: str, event: ErasureRequested, view: View) -> tuple[str, ...]:
    """Leaves only the mark.  Returns whose states are to be erased elsewhere: his and those of the
    customers who were joined into him.
    """
    known: Known = view.get(customer_key(customer))
    for key in known.identifiers:
        view.delete(contact_key(key))
    for tie in known.ties:
        if tie.join:
            view.delete(join_key(tie.join))
            view.clear_timer(join_key(tie.join), "forget")
    at_ms = known.erased_ms or event.recorded_ms
    mark = Known(0, provisional=False, members=known.members, domain=event.domain, erased_ms=at_ms)
    view.put(customer_key(customer), mark)
    return (customer, *known.members)


def _is_of(domain: str, customer: str, view: View) -> bool:
    known: Known | None = view.get(customer_key(customer))
    return known is not None and known.is_of(domain)
