"""From an event's identifiers to its customer.

Asserted and curated identifiers that meet join their customers.  One from the network finds its
customer but joins nobody.  A claimed one that matches a customer attaches the event as probable.
A conversation or message that is known gives its customer; an unknown one gives a provisional
customer, who loses any later join.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from schemas.common import ConversationRef, Identifier
from schemas.events import EventBase, IdentityLinked, MessagePosted, MessageStatusChanged
from streams.fold import Timer, View
from streams.identity.graph import STRENGTH, Known, Link, Message, Thread, current
from streams.identity.identifiers import is_role_mailbox, normalise
from streams.identity.index import (
    alias_key,
    conversation_key,
    customer_base,
    customer_key,
    identifier_key,
    message_key,
    provisional_base,
)

MAX_IDENTIFIERS = 16
"""More than that is no person; the rest of an event's identifiers is passed over."""

MESSAGE_KEPT_MS = 3 * 86_400_000
"""Receipts come within hours; a read receipt after three days tells nothing new."""

_KNOWN_IDENTIFIERS = 64


class Resolved(msgspec.Struct, frozen=True):
    """`customer` is empty when nothing leads to anybody. `joins` are (loser, by which key)."""

    customer: str
    probable: bool = False
    joins: tuple[tuple[str, str], ...] = ()
    conversation: ConversationRef | None = None
    identifiers: tuple[Identifier, ...] = ()


class _Found(msgspec.Struct):
    """An identifier of the event, its state key, and the customer that it leads to now."""

    identifier: Identifier
    key: str
    link: Link | None
    customer: str | None

    @property
    def strength(self) -> int:
        return STRENGTH[self.identifier.trust]


def keys(domain: str, domain_key: bytes, event: EventBase, region: str) -> Iterable[str]:
    """The states that resolving the event reads first."""
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
    thread_customer = current(view, thread.customer) if thread else None
    message_customer = current(view, message.customer) if message else None

    strong = [f for f in found if f.strength >= STRENGTH["curated"]]
    sure = {f.customer for f in strong if f.customer and _believed(f)}
    knowns = {
        c: view.get(customer_key(c)) for c in _everybody(found, thread_customer, message_customer)
    }
    losers: list[str] = []
    probable = False
    if sure:
        winner, *rest = sorted(sure, key=lambda c: _age(knowns[c], c))
        losers += rest
    elif by_network := [
        f.customer for f in found if f.customer and f.strength == 1 and _believed(f)
    ]:
        winner = by_network[0]
    elif thread_customer and not (thread and thread.probable and strong):
        winner, probable = thread_customer, bool(thread and thread.probable)
    elif message_customer:
        winner = message_customer
    elif claimed := [f.customer for f in found if f.customer and not strong]:
        winner, probable = claimed[0], True
    else:
        winner = _new(event, conversation, found, domain_key, view)
    if not winner:
        return Resolved("", identifiers=identifiers)
    if thread_customer and thread_customer != winner and thread and not thread.probable:
        known = knowns[thread_customer]
        if known is None or known.provisional:
            # Of the conversation's own customer nothing else was known: it is this one.
            losers.append(thread_customer)
    losers = [loser for loser in dict.fromkeys(losers) if loser != winner]
    _keep(event, winner, losers, probable, found, conversation, view, knowns)
    by = strong[0].key if strong else ""
    joins = tuple((loser, by) for loser in losers)
    return Resolved(winner, probable, joins, conversation, identifiers)


def join(winner: str, losers: Iterable[str], view: View) -> None:
    """Everything of the losers stands under the winner from here on."""
    mine: Known | None = view.get(customer_key(winner))
    merged = mine or Known(view.now_ms, provisional=False)
    for loser in losers:
        known: Known | None = view.get(customer_key(loser))
        if known is not None:
            merged = Known(
                min(merged.first_ms, known.first_ms),
                merged.provisional and known.provisional,
                tuple(dict.fromkeys((*merged.identifiers, *known.identifiers)))[
                    :_KNOWN_IDENTIFIERS
                ],
            )
        view.put(alias_key(loser), winner)
        view.delete(customer_key(loser))
    view.put(customer_key(winner), merged)


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


def _believed(found: _Found) -> bool:
    """A link that was only claimed joins nobody: whoever proves the identifier takes it over."""
    return found.link is not None and STRENGTH[found.link.trust] >= STRENGTH["network"]


def _message(event: EventBase, view: View) -> tuple[Message | None, ConversationRef | None]:
    message: Message | None = None
    if isinstance(event, MessageStatusChanged):
        message = view.get(message_key(event.domain, event.source, event.message_id))
    conversation = event.conversation
    if conversation is None and message is not None and message.conversation:
        conversation = ConversationRef(event.source, message.conversation)
    return message, conversation


def _everybody(found: list[_Found], *others: str | None) -> set[str]:
    return {f.customer for f in found if f.customer} | {c for c in others if c}


def _age(known: Known | None, customer: str) -> tuple[bool, int, str]:
    return (known is None or known.provisional, known.first_ms if known else 0, customer)


def _new(
    event: EventBase,
    conversation: ConversationRef | None,
    found: list[_Found],
    domain_key: bytes,
    view: View,
) -> str:
    """A customer id that nobody has: numbers are recycled, so incarnations are counted."""
    people = [f for f in found if not is_role_mailbox(f.identifier)]
    if people:
        first = max(people, key=lambda f: f.strength)
        base = customer_base(domain_key, first.identifier)
    elif conversation is not None:
        base = provisional_base(domain_key, conversation)
    elif isinstance(event, MessageStatusChanged):
        base = provisional_base(domain_key, ConversationRef(event.source, event.message_id))
    else:
        return ""
    incarnation = 0
    while (
        view.get(customer_key(f"{base}-{incarnation}")) is not None
        or view.get(alias_key(f"{base}-{incarnation}")) is not None
    ):
        incarnation += 1
    return f"{base}-{incarnation}"


def _keep(
    event: EventBase,
    customer: str,
    losers: list[str],
    probable: bool,
    found: list[_Found],
    conversation: ConversationRef | None,
    view: View,
    knowns: dict[str, Known | None],
) -> None:
    """Writes what was learnt."""
    known = knowns.get(customer) or view.get(customer_key(customer))
    mine = [] if probable else [f for f in found if not is_role_mailbox(f.identifier)]
    keys = tuple(f.key for f in mine)
    merged = Known(
        known.first_ms if known else event.recorded_ms,
        not mine and (known is None or known.provisional),
        _unique(*(known.identifiers if known else ()), *keys),
    )
    if merged != known:
        view.put(customer_key(customer), merged)
    if losers:
        join(customer, losers, view)
    for f in mine:
        if f.link is None or _takes_over(f, customer):
            view.put(f.key, Link(customer, f.identifier.trust))
    if conversation is not None:
        thread = Thread(customer, probable)
        key = conversation_key(event.domain, conversation)
        if view.get(key) != thread:
            view.put(key, thread)
    if isinstance(event, MessagePosted) and event.direction == "outbound":
        key = message_key(event.domain, event.source, event.message_id)
        view.put(key, Message(customer, conversation.id if conversation else ""))
        view.set_timer(Timer(view.now_ms + MESSAGE_KEPT_MS, key, "forget"))


def _unique(*keys: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))[:_KNOWN_IDENTIFIERS]


def _takes_over(found: _Found, customer: str) -> bool:
    assert found.link is not None
    stored = STRENGTH[found.link.trust]
    if found.customer == customer:
        return found.strength > stored
    return stored == 0 and found.strength > 0


def _replace(event: IdentityLinked, found: list[_Found], domain_key: bytes, view: View) -> Resolved:
    """The old identifier's customer keeps everything under the new one; the old one is free."""
    old, new = found[0], found[1]
    customer = old.customer or _new(event, None, [new], domain_key, view)
    known: Known | None = view.get(customer_key(customer))
    first_ms = known.first_ms if known else event.recorded_ms
    kept = tuple(key for key in (known.identifiers if known else ()) if key != old.key)
    view.put(customer_key(customer), Known(first_ms, False, (*kept, new.key)))
    view.delete(old.key)
    view.put(new.key, Link(customer, new.identifier.trust))
    return Resolved(customer, identifiers=(new.identifier,))
