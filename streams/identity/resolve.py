"""From an event's identifiers to its customer.

- Asserted and curated identifiers that meet join their customers; those of the network do so where
  the domain's policy says so, else they only find their customer.
- Two customers with different ids of a kind of which a person has one (CRM, account) are two
  people: what they share is marked as shared, and finds nobody from then on.  So are two that were
  split.
- A claimed identifier that matches exactly one customer attaches the conversation as probable.  An
  asserted one settles it: the conversation stays, or goes to whom it proves.
- A conversation or message that is known gives its customer; an unknown one gives a provisional
  customer, who loses any later join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from schemas.common import ConversationRef, Identifier
from schemas.events import EventBase, IdentityLinked, MessagePosted, MessageStatusChanged
from streams.fold import Timer, View
from streams.identity.graph import (
    SHARED,
    STRENGTH,
    Known,
    Link,
    Message,
    Thread,
    Tie,
    current,
    differ,
    own_of_both,
)
from streams.identity.identifiers import is_role_mailbox, normalise
from streams.identity.index import (
    conversation_key,
    customer_base,
    customer_key,
    identifier_key,
    message_key,
    network_key,
    provisional_base,
)
from streams.identity.joins import join, known_of, unique, unused

MAX_IDENTIFIERS = 16
"""More than that is no person; the rest of an event's identifiers is passed over."""

MESSAGE_KEPT_MS = 3 * 86_400_000
"""Receipts come within hours; a read receipt after three days tells nothing new."""

OWN = frozenset({"crm", "user"})
"""Kinds of which one person has one id: two different ones are two people."""


class Resolved(msgspec.Struct, frozen=True):
    """`customer` is empty when nothing leads to anybody. `joins` are (loser, by which key)."""

    customer: str
    probable: bool = False
    joins: tuple[tuple[str, str], ...] = ()
    conversation: ConversationRef | None = None
    identifiers: tuple[Identifier, ...] = ()
    members: tuple[str, ...] = ()
    """Whom the identifiers stood for before any join; empty when there was none."""
    moved_from: str = ""
    """The conversation was probably this customer's and is proven not to be."""
    shared: int = 0
    """Identifiers that were found to be shared just now."""


class _Found(msgspec.Struct):
    """An identifier of the event, its state key, and the customer that it leads to now."""

    identifier: Identifier
    key: str
    link: Link | None
    customer: str | None

    @property
    def strength(self) -> int:
        return STRENGTH[self.identifier.trust]

    @property
    def shared(self) -> bool:
        return self.link is not None and bool(self.link.others)

    @property
    def believed(self) -> bool:
        """A link that was only claimed joins nobody: whoever proves the identifier takes it."""
        return self.link is not None and STRENGTH[self.link.trust] >= STRENGTH["network"]


def keys(domain: str, domain_key: bytes, event: EventBase, region: str) -> Iterable[str]:
    """The states that resolving the event reads first."""
    yield network_key(domain)
    for identifier in _normalised(event, region):
        yield identifier_key(domain_key, identifier)
    if event.conversation:
        yield conversation_key(domain, event.conversation)
    if isinstance(event, MessageStatusChanged):
        yield message_key(domain, event.source, event.message_id)


def resolve(event: EventBase, domain_key: bytes, region: str, view: View) -> Resolved:
    """Finds or makes the customer, and keeps the graph. See the module."""
    identifiers = _normalised(event, region)
    found = [_find(identifier, domain_key, view) for identifier in identifiers]
    if isinstance(event, IdentityLinked) and event.rel == "replaces" and len(found) > 1:
        return _replace(event, found, domain_key, view)
    message, conversation = _message(event, view)
    thread: Thread | None = None
    if conversation is not None:
        thread = view.get(conversation_key(event.domain, conversation))
    holder = current(view, thread.customer) if thread else None

    proofs = [f for f in found if f.strength >= _joining(event, view) and not f.shared]
    own = _own(proofs)
    meeting = _meeting(_people(proofs, own, view), own, view)
    probable = False
    if meeting:
        winner = meeting[0]
    elif by_network := [
        f.customer for f in found if f.strength == 1 and f.believed and not f.shared
    ]:
        winner = by_network[0] or ""
    elif holder and thread and _may_keep(holder, thread, proofs, own, view):
        winner, probable = holder, thread.probable
    elif message:
        winner = current(view, message.customer)
    elif (
        len(claimed := {f.customer for f in found if f.customer and not f.shared}) == 1
        and not proofs
    ):
        [match] = claimed
        winner, probable = match or "", True
    else:
        winner = _new(event, conversation, found, domain_key, view)
    if not winner:
        return Resolved("", identifiers=identifiers)

    losers = meeting[1:]
    moved_from = ""
    if holder and thread and holder != winner:
        if thread.probable and proofs:
            moved_from = holder
        elif (known := view.get(customer_key(holder))) is None or known.provisional:
            # Of the conversation's own customer nothing else was known: it is this one.
            losers.append(holder)
    losers = [loser for loser in dict.fromkeys(losers) if loser != winner]
    mine = [] if probable else [f for f in found if not is_role_mailbox(f.identifier)]
    members = _members(mine, winner, losers)
    if len(members) == 1:
        whose = members[0]
    else:
        whose = thread.customer if thread and holder == winner else winner
    by = proofs[0].key if proofs else ""
    known = _learn(event, winner, losers, mine, own, by, thread.customer if thread else "", view)
    shared = sum(_link(f, winner, losers, whose, view) for f in mine)
    if conversation is not None:
        _thread(event, conversation, thread, winner, Thread(whose, probable), moved_from, view)
    if isinstance(event, MessagePosted) and event.direction == "outbound":
        _remember_message(event, whose, conversation, view)
    return Resolved(
        winner,
        probable,
        tuple((loser, by) for loser in losers),
        conversation,
        identifiers,
        (members or (whose,)) if known.members else (),
        moved_from,
        shared,
    )


# Who it is ---------------------------------------------------------------------------------------


def _joining(event: EventBase, view: View) -> int:
    """The least strength that joins."""
    return STRENGTH["network"] if view.get(network_key(event.domain)) else STRENGTH["curated"]


def _own(proofs: list[_Found]) -> dict[str, tuple[str, ...]]:
    """The person's own ids that the event names; of a kind that it names twice, both are his."""
    named: dict[str, tuple[str, ...]] = {}
    for f in proofs:
        if f.identifier.kind in OWN:
            kind = f.identifier.kind
            named[kind] = (*named.get(kind, ()), f.key)
    return named


def _people(proofs: list[_Found], own: Mapping[str, tuple[str, ...]], view: View) -> list[str]:
    """Customers that the proofs lead to, and who can be this person; the surest first."""
    named = {f.customer: f.identifier.kind in OWN for f in sorted(proofs, key=_named_last)
             if f.customer and f.believed}  # fmt: skip
    knowns = {customer: known_of(view, customer) for customer in named if customer}
    able = [c for c in knowns if not differ(own, knowns[c].own)]
    return sorted(
        able, key=lambda c: (knowns[c].provisional, not (own and named[c]), knowns[c].first_ms, c)
    )


def _named_last(found: _Found) -> bool:
    return found.identifier.kind in OWN


def _may_keep(
    holder: str,
    thread: Thread,
    proofs: list[_Found],
    own: Mapping[str, tuple[str, ...]],
    view: View,
) -> bool:
    """Nobody is proven: the conversation's customer it is, unless he is proven not to be."""
    if thread.probable and proofs:
        return False
    return not differ(own, known_of(view, holder).own)


def _meeting(people: list[str], own: Mapping[str, tuple[str, ...]], view: View) -> list[str]:
    """The winner, and those who join him: the oldest of those who may be one person."""
    if not people:
        return []
    chosen = [people[0]]
    mine = known_of(view, people[0])
    together = own_of_both(mine.own, own)
    for customer in people[1:]:
        known = known_of(view, customer)
        apart = {current(view, other) for other in (*mine.apart, *known.apart)}
        if people[0] in apart or customer in apart or differ(together, known.own):
            continue
        together = own_of_both(together, known.own)
        chosen.append(customer)
    return sorted(chosen, key=lambda c: _age(known_of(view, c), c))


def _age(known: Known, customer: str) -> tuple[bool, int, str]:
    return known.provisional, known.first_ms, customer


def _normalised(event: EventBase, region: str) -> tuple[Identifier, ...]:
    found: dict[tuple[str, str], Identifier] = {}
    for raw in event.identifiers:
        one = normalise(raw, region)
        if one is None:
            continue
        known = found.get((one.kind, one.value))
        if known is None or STRENGTH[one.trust] > STRENGTH[known.trust]:
            found[one.kind, one.value] = one
    return tuple(found.values())[:MAX_IDENTIFIERS]


def _find(identifier: Identifier, domain_key: bytes, view: View) -> _Found:
    key = identifier_key(domain_key, identifier)
    link: Link | None = view.get(key)
    return _Found(identifier, key, link, current(view, link.customer) if link else None)


def _message(event: EventBase, view: View) -> tuple[Message | None, ConversationRef | None]:
    message: Message | None = None
    if isinstance(event, MessageStatusChanged):
        message = view.get(message_key(event.domain, event.source, event.message_id))
    conversation = event.conversation
    if conversation is None and message is not None and message.conversation:
        conversation = ConversationRef(event.source, message.conversation)
    return message, conversation


def _new(
    event: EventBase,
    conversation: ConversationRef | None,
    found: list[_Found],
    domain_key: bytes,
    view: View,
) -> str:
    """A customer id that nobody has: numbers are recycled, so incarnations are counted."""
    people = [f for f in found if not is_role_mailbox(f.identifier) and not f.shared]
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


# What is learnt ----------------------------------------------------------------------------------


def _members(mine: list[_Found], winner: str, losers: list[str]) -> tuple[str, ...]:
    """For whom the identifiers were first seen; the winner when all are new."""
    ours = {winner, *losers}
    raws = [f.link.customer for f in mine if f.link and f.customer in ours and f.believed]
    return tuple(dict.fromkeys(raws)) or ((winner,) if mine else ())


def _learn(
    event: EventBase,
    winner: str,
    losers: list[str],
    mine: list[_Found],
    own: Mapping[str, tuple[str, ...]],
    by: str,
    holder: str,
    view: View,
) -> Known:
    """Writes what is known of the customer now, and of those who joined him."""
    stored: Known | None = view.get(customer_key(winner))
    known = stored or Known(event.recorded_ms, provisional=True)
    # An identifier that is shared, or found to be, is nobody's own.
    keys = tuple(f.key for f in mine if not f.shared and f.customer in {None, winner, *losers})
    known = msgspec.structs.replace(
        known,
        provisional=known.provisional and not mine,
        identifiers=unique(*known.identifiers, *keys),
        own=own_of_both(known.own, own) if mine else known.own,
    )
    if known != stored:
        view.put(customer_key(winner), known)
    for loser in losers:
        tie = Tie(f"{event.id}/{loser}", *_ends(winner, loser, mine, holder))
        known = join(winner, loser, tie, by, view)
    return known


def _ends(winner: str, loser: str, mine: list[_Found], holder: str) -> tuple[str, str]:
    """The members that the evidence ties: as the identifiers, or the conversation, know them."""
    raws = {f.customer: f.link.customer for f in mine if f.link and f.customer and f.believed}
    return raws.get(winner, winner), raws.get(loser, holder or loser)


def _link(found: _Found, winner: str, losers: list[str], whose: str, view: View) -> bool:
    """Keeps whose the identifier is. True when it has just turned out to be shared."""
    link, trust = found.link, found.identifier.trust
    if link is None:
        view.put(found.key, Link(whose, trust))
    elif found.customer in {winner, *losers}:
        if found.strength > STRENGTH[link.trust]:
            view.put(found.key, msgspec.structs.replace(link, trust=trust))
    elif STRENGTH[link.trust] == 0 and found.strength > 0:
        view.put(found.key, Link(whose, trust))
    elif found.strength >= STRENGTH["curated"]:
        if winner not in link.others and len(link.others) < SHARED:
            others = (*link.others, winner)
            view.put(found.key, msgspec.structs.replace(link, others=others))
        return not link.others
    return False


def _thread(
    event: EventBase,
    conversation: ConversationRef,
    thread: Thread | None,
    winner: str,
    new: Thread,
    moved_from: str,
    view: View,
) -> None:
    """Keeps whose the conversation is; the first who proved it has it."""
    if thread is not None and not moved_from:
        mine = current(view, thread.customer) == winner
        if mine or not thread.probable:
            new = Thread(thread.customer, thread.probable and (new.probable or not mine))
    if new != thread:
        view.put(conversation_key(event.domain, conversation), new)


def _remember_message(
    event: MessagePosted, whose: str, conversation: ConversationRef | None, view: View
) -> None:
    key = message_key(event.domain, event.source, event.message_id)
    view.put(key, Message(whose, conversation.id if conversation else ""))
    view.set_timer(Timer(view.now_ms + MESSAGE_KEPT_MS, key, "forget"))


def _replace(event: IdentityLinked, found: list[_Found], domain_key: bytes, view: View) -> Resolved:
    """The old identifier's customer keeps everything under the new one; the old one is free."""
    old, new = found[0], found[1]
    customer = old.customer or _new(event, None, [new], domain_key, view)
    known: Known | None = view.get(customer_key(customer))
    kept = tuple(key for key in (known.identifiers if known else ()) if key != old.key)
    own = {
        kind: tuple(new.key if key == old.key else key for key in keys)
        for kind, keys in (known.own if known else {}).items()
    }
    renewed = known or Known(event.recorded_ms, provisional=False)
    view.put(
        customer_key(customer),
        msgspec.structs.replace(
            renewed, provisional=False, identifiers=unique(*kept, new.key), own=own
        ),
    )
    view.delete(old.key)
    raw = old.link.customer if old.link else customer
    view.put(new.key, Link(raw, new.identifier.trust))
    return Resolved(customer, identifiers=(new.identifier,))
