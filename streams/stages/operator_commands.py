"""What an operator says of who is who: to join, to split, and whose a conversation is."""

from __future__ import annotations

import msgspec

from schemas.common import ConversationRef
from schemas.events import IdentitySplit, OperatorCommand
from streams.fold import Count, View
from streams.identity import graph
from streams.identity.graph import Tie
from streams.identity.index import conversation_key, customer_key
from streams.identity.joins import join, split
from streams.identity.resolve import Resolved
from streams.stages.who_is_who import envelope, joined, parted, publish


def obey(event: OperatorCommand, view: View) -> str:
    """Does it. Returns why it cannot be done, or nothing."""
    return {"join": _join, "split": _split, "attach": _attach}[event.command](event, view)


def _is_known(domain: str, customer: str, view: View) -> bool:
    known: graph.Known | None = view.get(customer_key(customer))
    return known is not None and known.is_of(domain) and not known.erased_ms


def _join(event: OperatorCommand, view: View) -> str:
    winner = graph.current(view, event.args.get("winner", ""))
    loser = graph.current(view, event.args.get("loser", ""))
    for customer in (winner, loser):
        if not _is_known(event.domain, customer, view):
            return f"There is no customer {customer!r} to join."
    if winner == loser:
        return f"{winner!r} and {event.args['loser']!r} are one customer already."
    join(winner, loser, Tie(f"{event.id}/{loser}", winner, loser), "operator", view)
    joined(event, Resolved(winner, joins=(graph.NewJoin(loser, "operator"),)), view)
    return ""


def _split(event: OperatorCommand, view: View) -> str:
    ident = event.args.get("join", "")
    undone = split(ident, event.domain, view)
    if isinstance(undone, str):
        return undone
    view.emit(Count("customers_split_total"))
    publish(
        IdentitySplit(
            **envelope(event, f"split/{ident}"),
            customer=undone.customer,
            into=undone.into,
            join=ident,
            members=undone.members,
        ),
        view,
    )
    return ""


def _attach(event: OperatorCommand, view: View) -> str:
    """An agent confirms whose a conversation is, or says whose else it is."""
    where = ConversationRef(event.args.get("source", ""), event.args.get("conversation", ""))
    thread: graph.Thread | None = view.get(conversation_key(event.domain, where))
    if thread is None or graph.erased_ms(view, graph.current(view, thread.customer)):
        return f"No conversation {where.id!r} of {where.source!r} is known."
    holder = graph.current(view, thread.customer)
    customer = graph.current(view, event.args.get("customer") or holder)
    if not _is_known(event.domain, customer, view):
        return f"There is no customer {customer!r} to attach it to."
    # A member's conversation stays his: it goes along when he is split off.
    whose = thread.customer if customer == holder else customer
    view.put(conversation_key(event.domain, where), graph.Thread(whose))
    moved = msgspec.structs.replace(event, conversation=where, customer=customer)
    if customer != holder:
        parted(moved, holder, customer, view)
    publish(moved, view)
    return ""
