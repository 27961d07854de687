"""From an event's identifiers to its customer.

- Identifiers that meet join their customers if they are trusted enough (policy `joins_from`:
  asserted and curated ones); with less, but more than a claim, they only find a customer.
- Two customers with different ids of a kind of which a person has one (CRM, account) are two
  people: what they share is marked as shared, and finds nobody from then on.  So are two that were
  split.
- A claimed identifier that leads to exactly one customer attaches the conversation as probable, in
  whichever order claim and proof come.  A proof settles it: the conversation stays, or goes to whom
  it proves.
- A conversation or message that is known gives its customer; an unknown one gives a provisional
  customer, who loses any later join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from schemas.common import ConversationRef, Identifier, Trust
from schemas.events import EventBase, IdentityLinked, MessagePosted, MessageStatusChanged
from streams.fold import View
from streams.identity.found import OWN, Found, find, normalised
from streams.identity.graph import (
    STRENGTH,
    Known,
    Message,
    NewJoin,
    Thread,
    current,
    differ,
    own_of_both,
)
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
from streams.identity.joins import apart, known_of, unused
from streams.identity.learn import Lesson, keep_thread, learn, remember_message
from streams.identity.rekey import contact_told, replaced
from streams.identity.shared import note_shared


class Resolved(msgspec.Struct, frozen=True):
    """`customer` is empty when nothing leads to anybody."""

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
    message, conversation = _message(event, view)
    thread: Thread | None = None
    if conversation is not None:
        thread = view.get(conversation_key(event.domain, conversation))
    holder = current(view, thread.customer) if thread else ""
    doubt = thread is not None and (
        thread.probable or (thread.claims and holder != thread.customer)
    )

    joining = _joining(event, view)
    proofs = [f for f in found if f.strength >= joining and not f.shared]
    finding = [f for f in found if 0 < f.strength < joining and f.believed and not f.shared]
    own = _own(proofs)
    meeting = _meeting(_people(proofs, own, view), own, view)
    match = "" if proofs else _claimed(found)
    probable = False
    if meeting:
        winner = meeting[0]
    elif finding:
        winner = finding[0].customer or ""
    elif holder and not (doubt and proofs) and _may_keep(holder, match, own, view):
        winner, probable = holder, doubt
    elif message:
        winner = current(view, message.customer)
    elif match:
        winner, probable = match, True
    else:
        winner = _new(event, conversation, found, domain_key, view)
    if not winner:
        return Resolved("", identifiers=identifiers)

    moved_from = holder if doubt and not probable and holder != winner else ""
    mine = [] if probable else [f for f in found if not f.team]
    by = proofs[0].key if proofs else ""
    joins = {loser: NewJoin(loser, by) for loser in meeting[1:]}
    if holder and not moved_from and _gives_way(holder, winner, view):
        # Nothing is proven of the conversation's own customer.  What he claimed elsewhere is not
        # proven by what is proven here.
        unproven = probable or bool(known_of(view, holder).identifiers)
        joins.setdefault(holder, NewJoin(holder, by, probable=unproven))
    for f in mine:
        if f.takes_over and f.customer and _gives_way(f.customer, winner, view):
            joins.setdefault(f.customer, NewJoin(f.customer, f.key, probable=True))
    members = _members(mine, winner, joins)
    if len(members) == 1:
        whose = members[0]
    elif thread and holder in {winner, *joins}:
        whose = thread.customer
    else:
        whose = next((f.link.customer for f in found if probable and f.link), winner)

    held = thread.customer if thread else ""
    lesson = Lesson(winner, tuple(joins.values()), mine, own, whose, held, probable)
    known, shared = learn(event, lesson, view)
    for f in found:
        if f.team:
            note_shared(event, f.identifier, f.key, view)
    if conversation is not None:
        proven = any(f.strength for f in found)
        mine_now = None if moved_from else thread
        keep_thread(event, conversation, mine_now, lesson, proven, view)
    if isinstance(event, MessagePosted) and event.direction == "outbound":
        remember_message(event, whose, conversation, view)
    return Resolved(
        winner,
        probable,
        lesson.joins,
        conversation,
        identifiers,
        (members or (whose,)) if known.members else (),
        moved_from,
        shared,
    )


# Who it is ---------------------------------------------------------------------------------------


def _joining(event: EventBase, view: View) -> int:
    """The least strength that joins."""
    trust: Trust | None = view.get(policy_key(event.domain))
    return STRENGTH[trust or "curated"]


def _own(proofs: list[Found]) -> dict[str, tuple[str, ...]]:
    """The person's own ids that the event names; of a kind that it names twice, both are his."""
    named: dict[str, tuple[str, ...]] = {}
    for f in proofs:
        if f.identifier.kind in OWN:
            kind = f.identifier.kind
            named[kind] = (*named.get(kind, ()), f.key)
    return named


def _people(proofs: list[Found], own: Mapping[str, tuple[str, ...]], view: View) -> list[str]:
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


def _claimed(found: list[Found]) -> str:
    """The one customer whom claims lead to; empty when there is none, or more."""
    leads = {f.customer for f in found if f.customer and not f.shared}
    return leads.pop() or "" if len(leads) == 1 else ""


def _may_keep(holder: str, match: str, own: Mapping[str, tuple[str, ...]], view: View) -> bool:
    """Nobody is proven: the conversation's customer it is, unless he is proven not to be, or is
    nobody yet while a claim leads to somebody.
    """
    if match and _gives_way(holder, match, view):
        return False
    return not differ(own, known_of(view, holder).own)


def _gives_way(claimer: str, winner: str, view: View) -> bool:
    """Of whom nothing but claims is known goes to whom the claim proves."""
    return (
        claimer != winner
        and known_of(view, claimer).provisional
        and not apart(claimer, winner, view)
    )


def _meeting(people: list[str], own: Mapping[str, tuple[str, ...]], view: View) -> list[str]:
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


def _message(event: EventBase, view: View) -> tuple[Message | None, ConversationRef | None]:
    """What is known of the message that a receipt is about, and where that stands: a receipt of a
    mail names the mail alone, and belongs into the thread in which the mail was seen.
    """
    if not isinstance(event, MessageStatusChanged):
        return None, event.conversation
    message = view.get(message_key(event.domain, event.source, event.message_id))
    conversation = event.conversation
    alone = conversation is None or conversation.id == event.message_id
    if message is not None and message.conversation and (alone or message.source):
        conversation = ConversationRef(message.source or event.source, message.conversation)
    return message, conversation


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


def _members(mine: list[Found], winner: str, joins: Iterable[str]) -> tuple[str, ...]:
    """For whom the identifiers were first seen; the winner when all are new."""
    ours = {winner, *joins}
    raws = [f.link.customer for f in mine if f.link and f.customer in ours and f.believed]
    return tuple(dict.fromkeys(raws)) or ((winner,) if mine else ())


def _replace(event: IdentityLinked, found: list[Found], domain_key: bytes, view: View) -> Resolved:
    """The old identifier's customer keeps everything under the new one; the old one is free."""
    old, new = found[0], found[1]
    customer = (not old.shared and old.customer) or new.customer
    if not customer:
        customer = _new(event, None, [new], domain_key, view)
    joins = replaced(event, old, new, customer, view)
    return Resolved(customer, joins=joins, identifiers=(new.identifier,))
