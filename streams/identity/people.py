"""Who may be whom: which customers proofs lead to, who of them are one person, who gives way."""

from __future__ import annotations

from collections.abc import Mapping

from streams.fold import View
from streams.identity.found import OWN, Found
from streams.identity.graph import STRENGTH, Known, Link, differ, own_of_both
from streams.identity.joins import apart, known_of

Own = Mapping[str, tuple[str, ...]]
"""Keys of a person's own ids by kind."""


def own_ids(proofs: list[Found]) -> Own:
    """The person's own ids that the event names; of a kind that it names twice, both are his."""
    named: dict[str, tuple[str, ...]] = {}
    for f in proofs:
        if f.identifier.kind in OWN:
            kind = f.identifier.kind
            named[kind] = (*named.get(kind, ()), f.key)
    return named


def proven(proofs: list[Found], own: Own, view: View) -> list[str]:
    """Customers that the proofs lead to, and who can be this person; the surest first."""
    named = {f.customer: f.identifier.kind in OWN for f in sorted(proofs, key=_named_last)
             if f.customer and f.believed}  # fmt: skip
    knowns = {customer: known_of(view, customer) for customer in named if customer}
    able = [c for c in knowns if not differ(own, knowns[c].own)]
    if len(able) < 2:
        return able
    return sorted(
        able, key=lambda c: (knowns[c].provisional, not (own and named[c]), knowns[c].first_ms, c)
    )


def _named_last(found: Found) -> bool:
    return found.identifier.kind in OWN


def claimed(found: list[Found]) -> str:
    """The one customer whom claims lead to; empty when there is none, or more."""
    leads = {f.customer for f in found if f.customer and not f.shared}
    return leads.pop() or "" if len(leads) == 1 else ""


def meeting(people: list[str], own: Own, view: View) -> list[str]:
    """The winner, and those who join him: the oldest of those who may be one person."""
    if len(people) < 2:
        return people
    chosen = [people[0]]
    mine = known_of(view, people[0])
    together = own_of_both(mine.own, own)
    for customer in people[1:]:
        known = known_of(view, customer)
        if apart(people[0], customer, view) or differ(together, known.own):
            continue
        together = own_of_both(together, known.own)
        chosen.append(customer)
    return sorted(chosen, key=lambda c: _age(known_of(view, c), c))


def _age(known: Known, customer: str) -> tuple[bool, int, str]:
    return known.provisional, known.first_ms, customer


def may_keep(holder: str, match: str, own: Own, view: View) -> bool:
    """Nobody is proven: the conversation's customer it is, unless he is proven not to be, or is
    nobody yet while a claim leads to somebody (`match`).
    """
    if match and (gives_way(holder, match, view) or is_unnamed(holder, match, view)):
        return False
    return not differ(own, known_of(view, holder).own)


def gives_way(claimer: str, winner: str, view: View) -> bool:
    """Of whom nothing but claims is known goes to whom the claim proves."""
    return (
        claimer != winner
        and known_of(view, claimer).provisional
        and not apart(claimer, winner, view)
    )


def is_unnamed(customer: str, match: str, view: View) -> bool:
    """Is nothing known of him but platforms' handles, and what he claimed? Then he may be whom a
    claim leads to (`match`), unless the two were taken apart.
    """
    if customer == match or (match and apart(customer, match, view)):
        return False
    links: list[Link | None] = [view.get(key) for key in known_of(view, customer).identifiers]
    return all(link.handle or not STRENGTH[link.trust] for link in links if link)
