"""From an event's identifiers to its customer.

- Identifiers that meet join their customers if they are trusted enough (policy `joins_from`:
  asserted and curated ones); with less, but more than a claim, they only find a customer.
- Two customers with different ids of a kind of which a person has one (CRM, account) are two
  people: what they share is marked as shared, and finds nobody from then on.  So are two that were
  split.
- A claimed identifier that leads to exactly one customer attaches the conversation as probable, in
  whichever order claim and proof come.  A proof settles it: the conversation stays, or goes to whom
  it proves.  A platform's handle of somebody of whom it knows nothing else (a browser's cookie, a
  contact record) is no such proof: what he claims counts.
- A conversation or message that is known gives its customer; an unknown one gives a provisional
  customer, who loses any later join.
- Whoever was erased is nobody: see `streams/identity/erasure.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from schemas.common import ConversationRef, Identifier
from schemas.events import EventBase, IdentityLinked, MessagePosted, MessageStatusChanged
from streams.fold import View
from streams.identity.evidence import Evidence, evidence
from streams.identity.found import OWN, Found, find, normalised
from streams.identity.graph import NewJoin, Thread, current
from streams.identity.identifiers import Writing
from streams.identity.index import (
    alias_key,
    conversation_key,
    customer_base,
    customer_key,
    identifier_key,
    message_key,
    policy_key,
    provisional_base,
)
from streams.identity.joins import known_of, unused
from streams.identity.learn import Lesson, keep_thread, learn, note_claims, remember_message
from streams.identity.people import gives_way, is_unnamed, may_keep, meeting
from streams.identity.rekey import contact_told, replaced
from streams.identity.shared import note_shared


class Resolved(msgspec.Struct, frozen=True):
    """`customer` is empty when nothing leads to anybody; `erased`: to nobody but somebody who was
    erased after it happened.
    """

    customer: str
    probable: bool = False
    joins: tuple[NewJoin, ...] = ()
    conversation: ConversationRef | None = None
    identifiers: tuple[Identifier, ...] = ()
    members: tuple[str, ...] = ()
    """Whom the identifiers stood for before any join; empty when there was none."""
    moved_from: str = ""
    """The conversation was probably this customer's and is proven not to be."""
    shared: int = 0
    """Identifiers that were found to be shared just now."""
    claims: tuple[tuple[ConversationRef, str], ...] = ()
    """Conversations that are probably this customer's from now on, and whose they were: he has
    proven what was only claimed in them.
    """
    erased: bool = False


def keys(domain: str, domain_key: bytes, event: EventBase, writing: Writing) -> Iterable[str]:
    """The states that resolving the event reads first, and of a customer who may be new."""
    yield policy_key(domain)
    bases = []
    for identifier in normalised(event, writing):
        yield identifier_key(domain_key, identifier)
        bases.append(customer_base(domain_key, identifier))
    if event.conversation:
        yield conversation_key(domain, event.conversation)
        if not bases:
            bases.append(provisional_base(domain_key, event.conversation))
    for base in bases:
        yield customer_key(f"{base}-0")
        yield alias_key(f"{base}-0")
    if isinstance(event, MessageStatusChanged):
        yield message_key(domain, event.source, event.message_id)


class Verdict(msgspec.Struct, frozen=True):
    """Who it is; `probable` when only a claim says so; `losers` are one person with him."""

    winner: str
    probable: bool = False
    losers: tuple[str, ...] = ()


def resolve(event: EventBase, domain_key: bytes, writing: Writing, view: View) -> Resolved:
    """Finds or makes the customer, and keeps the graph. See the module."""
    identifiers = normalised(event, writing)
    found = [find(identifier, domain_key, writing, view) for identifier in identifiers]
    if isinstance(event, IdentityLinked) and found:
        if event.rel == "replaces" and len(found) > 1:
            return _replace(event, found, domain_key, view)
        if event.rel == "contact":
            contact_told(found[0], found[1:], view)
            found = [find(identifier, domain_key, writing, view) for identifier in identifiers]
    told = evidence(event, found, view)
    verdict = _decided(event, told, domain_key, view)
    winner, probable = verdict.winner, verdict.probable
    if not winner:
        return Resolved("", identifiers=identifiers, erased=told.erased)

    moved_from = _moved_from(told, verdict, view)
    mine = [] if probable else [f for f in found if not f.team]
    joins = _joins(told, verdict, moved_from, mine, view)
    members = _members(mine, winner, joins)
    whose = _whose(told, verdict, members, joins)
    held = told.thread.customer if told.thread else ""
    claims = _claims(event, told, verdict, mine, joins, view)
    lesson = Lesson(winner, tuple(joins.values()), mine, told.own, whose, held, probable)
    known, shared = learn(event, lesson, view)
    for f in found:
        if f.team:
            note_shared(event, f.identifier, f.key, view)
    if told.conversation is not None:
        proves = any(f.strength for f in found)
        stays = None if moved_from else told.thread
        keep_thread(event, told.conversation, stays, lesson, proves, view)
        note_claims(told.conversation, found, view)
    for where, _ in claims:
        view.put(conversation_key(event.domain, where), Thread(whose, probable=True))
    if isinstance(event, MessagePosted) and event.direction == "outbound":
        remember_message(event, whose, told.conversation, view)
    return Resolved(
        winner,
        probable,
        lesson.joins,
        told.conversation,
        identifiers,
        (members or (whose,)) if known.members else (),
        moved_from,
        shared,
        claims,
    )


# Who it is ---------------------------------------------------------------------------------------


def _decided(event: EventBase, told: Evidence, domain_key: bytes, view: View) -> Verdict:
    """The first that holds: a proof, what finds, the conversation's customer, the message's, a
    claim; else somebody new.
    """
    if met := meeting(told.people, told.own, view):
        return Verdict(met[0], losers=tuple(met[1:]))
    if told.finding:
        return Verdict(told.finding[0].customer or "")
    disproven = told.doubt and bool(told.proofs)
    if told.holder and not disproven and may_keep(told.holder, told.match, told.own, view):
        return Verdict(told.holder, told.doubt)
    if told.message:
        return Verdict(current(view, told.message.customer))
    if told.match:
        return Verdict(told.match, probable=True)
    if told.erased:
        return Verdict("")
    return Verdict(_new(event, told.conversation, told.found, domain_key, view))


def _new(
    event: EventBase,
    conversation: ConversationRef | None,
    found: list[Found],
    domain_key: bytes,
    view: View,
) -> str:
    """A customer id that nobody has: numbers are recycled, so incarnations are counted."""
    people = [f for f in found if not f.team and not f.shared]
    if people:
        first = max(people, key=lambda f: (f.identifier.kind in OWN, f.strength))
        base = customer_base(domain_key, first.identifier)
    elif conversation is not None:
        base = provisional_base(domain_key, conversation)
    elif isinstance(event, MessageStatusChanged):
        base = provisional_base(domain_key, ConversationRef(event.source, event.message_id))
    else:
        return ""
    return unused(base, view)


# What follows from it ---------------------------------------------------------------------------


def _moved_from(told: Evidence, verdict: Verdict, view: View) -> str:
    """Whose the conversation was, if it goes to the winner without a join."""
    holder, winner = told.holder, verdict.winner
    if not holder or holder == winner:
        return ""
    proven_away = told.doubt and not verdict.probable
    claimed_away = verdict.probable and not told.doubt and not gives_way(holder, winner, view)
    return holder if proven_away or claimed_away else ""


def _joins(
    told: Evidence, verdict: Verdict, moved_from: str, mine: list[Found], view: View
) -> dict[str, NewJoin]:
    """Who joins the winner, by his customer id."""
    winner, holder = verdict.winner, told.holder
    by = told.proofs[0].key if told.proofs else ""
    joins = {loser: NewJoin(loser, by) for loser in verdict.losers}
    if holder and not moved_from and gives_way(holder, winner, view):
        # Nothing is proven of the conversation's own customer.  What he claimed elsewhere is not
        # proven by what is proven here.
        unproven = verdict.probable or bool(known_of(view, holder).identifiers)
        joins.setdefault(holder, NewJoin(holder, by, probable=unproven))
    for f in mine:
        if f.takes_over and f.customer and gives_way(f.customer, winner, view):
            joins.setdefault(f.customer, NewJoin(f.customer, f.key, probable=True))
    return joins


def _claims(
    event: EventBase,
    told: Evidence,
    verdict: Verdict,
    mine: list[Found],
    joins: Iterable[str],
    view: View,
) -> tuple[tuple[ConversationRef, str], ...]:
    """Where somebody of whom nothing else is known has claimed what is proven here, and who he is;
    his other conversations stay his.
    """
    found: dict[ConversationRef, str] = {}
    for f in mine:
        claimer = f.customer
        if not f.takes_over or f.link is None or not claimer or claimer in joins:
            continue
        if not is_unnamed(claimer, verdict.winner, view):
            continue
        for key in f.link.claimed_in:
            source, _, ident = key.partition(":")
            where = ConversationRef(source, ident)
            thread: Thread | None = view.get(conversation_key(event.domain, where))
            if thread and where != told.conversation and current(view, thread.customer) == claimer:
                found[where] = claimer
    return tuple(found.items())


def _members(mine: list[Found], winner: str, joins: Iterable[str]) -> tuple[str, ...]:
    """For whom the identifiers were first seen; the winner when all are new."""
    ours = {winner, *joins}
    raws = [f.link.customer for f in mine if f.link and f.customer in ours and f.believed]
    return tuple(dict.fromkeys(raws)) or ((winner,) if mine else ())


def _whose(told: Evidence, verdict: Verdict, members: tuple[str, ...], joins: Iterable[str]) -> str:
    """The member of the winner for whom the event stands."""
    if len(members) == 1:
        return members[0]
    if told.thread and told.holder in {verdict.winner, *joins}:
        return told.thread.customer
    claims = (f for f in told.found if verdict.probable and f.customer == verdict.winner)
    return next((f.link.customer for f in claims if f.link), verdict.winner)


def _replace(event: IdentityLinked, found: list[Found], domain_key: bytes, view: View) -> Resolved:
    """The old identifier's customer keeps everything under the new one; the old one is free."""
    old, new = found[0], found[1]
    customer = (not old.shared and old.customer) or new.customer
    if not customer:
        if event.time_ms <= max(old.erased_ms, new.erased_ms):
            return Resolved("", erased=True)
        customer = _new(event, None, [new], domain_key, view)
    joins = replaced(event, old, new, customer, view)
    return Resolved(customer, joins=joins, identifiers=(new.identifier,))
