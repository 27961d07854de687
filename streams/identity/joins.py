"""Joining two customers, and undoing it.

A customer is a set of members (customers as they were first seen) held together by joins; each join
rests on evidence that tied two members.  The loser's id becomes an alias of the winner's.  For 90
days a ledger keeps each join.  To undo one is to cut its tie: the members who then hang on nothing
but each other leave as a new customer, and are not joined again on what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from streams.fold import Timer, View
from streams.identity.graph import Joined, Known, Link, Tie, current, own_of_both
from streams.identity.index import alias_key, customer_key, join_key

KEPT_MS = 90 * 86_400_000
"""A join can be undone so long."""

KNOWN_IDENTIFIERS = 64
"""Identifiers, members and ties that are remembered of a customer."""


class Split(msgspec.Struct, frozen=True):
    """`members` are those whose conversations go from `customer` to `into`."""

    customer: str
    into: str
    members: tuple[str, ...]


def known_of(view: View, customer: str) -> Known:
    """What is known of a customer; of somebody new, nothing."""
    known: Known | None = view.get(customer_key(customer))
    return known or Known(view.now_ms, provisional=True)


def unique(*keys: str) -> tuple[str, ...]:
    """Without repeats, and bounded."""
    return tuple(dict.fromkeys(keys))[:KNOWN_IDENTIFIERS]


def apart(one: str, other: str, view: View) -> bool:
    """They were taken apart: what they share does not join them again."""
    return other in _apart_from(one, view) or one in _apart_from(other, view)


def _apart_from(customer: str, view: View) -> list[str]:
    """Whom he is not joined with, as they are called now."""
    return [current(view, each) for each in known_of(view, customer).apart]


def unused(base: str, view: View) -> str:
    """The first incarnation of `base` that was never a customer: numbers are recycled."""
    incarnation = 0
    while (
        view.get(customer_key(f"{base}-{incarnation}")) is not None
        or view.get(alias_key(f"{base}-{incarnation}")) is not None
    ):
        incarnation += 1
    return f"{base}-{incarnation}"


def join(winner: str, loser: str, tie: Tie, by: str, view: View) -> Known:
    """Everything of the loser stands under the winner from here on.  `by` is the key of the
    identifier that proved it, or `operator`.  Returns what is known of the winner.
    """
    mine, theirs = known_of(view, winner), known_of(view, loser)
    # Who are one person again are no longer apart.
    others = (
        each for each in (*mine.apart, *theirs.apart) if current(view, each) not in {winner, loser}
    )
    view.put(join_key(tie.join), Joined(winner, loser, view.now_ms, by))
    view.set_timer(Timer(view.now_ms + KEPT_MS, join_key(tie.join), "forget"))
    merged = Known(
        min(mine.first_ms, theirs.first_ms),
        mine.provisional and theirs.provisional,
        unique(*mine.identifiers, *theirs.identifiers),
        unique(*mine.members, loser, *theirs.members),
        unique(*others),
        own_of_both(mine.own, theirs.own),
        (*mine.ties, *_whole(loser, theirs), tie)[-KNOWN_IDENTIFIERS:],
        mine.domain or theirs.domain,
    )
    view.put(alias_key(loser), winner)
    view.delete(customer_key(loser))
    view.put(customer_key(winner), merged)
    return merged


def split(ident: str, domain: str, view: View) -> Split | str:
    """Undoes the join, or says in a sentence why it cannot be."""
    ledger: Joined | None = view.get(join_key(ident))
    customer = current(view, ledger.loser) if ledger else ""
    known = known_of(view, customer)
    tie = next((tie for tie in known.ties if tie.join == ident), None)
    if ledger is None or tie is None or not known.is_of(domain):
        return f"There is no join {ident!r} to undo: never made, undone, or older than 90 days."
    ties = tuple(one for one in known.ties if one is not tie)
    sides = ((end, _together(end, ties)) for end in (tie.other, tie.one))
    end, gone = next(((end, side) for end, side in sides if customer not in side), ("", None))
    if gone is None:
        return f"The join {ident!r} cannot be undone alone: other evidence says the same."
    stay = {customer, *known.members} - gone
    leave = unique(*(member for member in known.members if member in gone), *sorted(gone))
    into = unused(end.rpartition("-")[0], view)
    theirs = {key for key in known.identifiers if _raw(view, key) in leave}
    view.put(
        customer_key(customer),
        msgspec.structs.replace(
            known,
            identifiers=tuple(key for key in known.identifiers if key not in theirs),
            members=tuple(member for member in known.members if member in stay),
            apart=unique(*known.apart, into),
            own=_only(known.own, lambda key: key not in theirs),
            ties=tuple(one for one in ties if one.one not in gone),
        ),
    )
    view.put(
        customer_key(into),
        Known(
            known.first_ms,
            provisional=not theirs,
            identifiers=tuple(sorted(theirs)),
            members=leave,
            apart=(customer,),
            own=_only(known.own, lambda key: key in theirs),
            ties=tuple(one for one in ties if one.one in gone),
            domain=known.domain,
        ),
    )
    for member in leave:
        view.put(alias_key(member), into)
    for member in stay - {customer}:
        view.put(alias_key(member), customer)
    view.delete(join_key(ident))
    view.clear_timer(join_key(ident), "forget")
    return Split(customer, into, leave)


def _whole(customer: str, known: Known) -> tuple[Tie, ...]:
    """His ties, and such as no undoing cuts to members with whom none of these connects him: he
    came out of a join with them, and leaves another one with them.
    """
    found = set(_together(customer, known.ties))
    ties = list(known.ties)
    for member in known.members:
        if member not in found:
            ties.append(Tie("", customer, member))
            found |= _together(member, known.ties)
    return tuple(ties)


def _together(member: str, ties: Iterable[Tie]) -> frozenset[str]:
    """All who hang together with this member."""
    found, grown = {member}, True
    while grown:
        ends = {end for tie in ties if {tie.one, tie.other} & found for end in (tie.one, tie.other)}
        grown = not ends <= found
        found |= ends
    return frozenset(found)


def _raw(view: View, key: str) -> str:
    link: Link | None = view.get(key)
    return link.customer if link else ""


def _only(
    own: Mapping[str, tuple[str, ...]], wanted: Callable[[str], bool]
) -> dict[str, tuple[str, ...]]:
    kept = {kind: tuple(key for key in keys if wanted(key)) for kind, keys in own.items()}
    return {kind: keys for kind, keys in kept.items() if keys}
