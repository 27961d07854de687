"""The normalise stage: webhooks in; canonical events with their customer out.

A domain's webhooks stand in one partition in their order of arrival, so identity is an ordinary
fold.  A body that cannot be read becomes a dead letter with its reason; the partition goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from schemas.cloudevents import CONTENT_TYPE, encode_event
from schemas.common import ConversationRef, Ref
from schemas.events import (
    ClockTick,
    ErasureRequested,
    EventBase,
    IdentityJoined,
    IdentitySplit,
    OperatorCommand,
    PolicyChanged,
)
from streams.channels.base import Adapter, Parsed, Request, SourceConfig, unknown
from streams.fold import Count, Fold, Observe, Publish, Record, Timer, View
from streams.identity import graph
from streams.identity.graph import Tie
from streams.identity.identifiers import Writing
from streams.identity.index import conversation_key, customer_key, policy_key
from streams.identity.joins import join, split
from streams.identity.mail import RULES, MailRule
from streams.identity.resolve import Resolved, keys, resolve
from streams.stages.carried import Carriers, waited_for_nothing
from streams.stages.judgement import judgement
from streams.stages.letters import dead_letter
from streams.stages.names import NONE, Names

FUTURE_MS = 5_000
"""A vendor's clock may run ahead so much; a later time is brought down to it."""

_FIRST_PARTY = SourceConfig("filrouge", "filrouge", "")
_HEADERS = (("content-type", CONTENT_TYPE),)
_POINTERS = frozenset({"conversation", "ticket", "callback", "deflection", "related"})
"""Refs that name a conversation."""


class Normalise(Fold):
    """See the module."""

    name = "normalise"
    version = "1"
    input_topic = "webhooks"

    def __init__(
        self,
        domains: Mapping[str, bytes],
        sources: Iterable[SourceConfig],
        adapters: Mapping[str, Adapter],
        events_partitions: int,
        mail: Mapping[str, MailRule] = RULES,
        names: Names = NONE,
    ) -> None:
        """`domains` holds each domain's key; `mail` the rules of mail domains; `names` what
        agents, teams and queues are called here.
        """
        self._domains = domains
        self._sources = {source.name: source for source in sources} | {"filrouge": _FIRST_PARTY}
        self._carriers = Carriers(self._sources.values())
        self._names = names
        self._adapters = adapters
        self._partitions = events_partitions
        self._usual = Writing(mail=mail)
        self._writings = {
            name: Writing(source.options.get("region", ""), mail)
            for name, source in self._sources.items()
        }

    def prepare(self, record: Record) -> Parsed:
        headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
        source = self._sources.get(headers.get("source", ""))
        if source is None:
            return unknown(f"There is no source {headers.get('source', '')!r} any more.")
        request = Request(
            method=headers.get("method", "POST"),
            url=headers.get("url", ""),
            headers={
                "content-type": headers.get("content-type", ""),
                **{name[2:]: value for name, value in headers.items() if name.startswith("h-")},
            },
            body=record.value or b"",
            received_ms=record.timestamp_ms,
        )
        parsed = self._adapters[source.vendor].parse(request, source)
        events = tuple(_in_time(event, record.timestamp_ms) for event in parsed.events)
        return msgspec.structs.replace(parsed, events=events)

    def keys(self, prepared: Parsed) -> Iterable[str]:
        for event in prepared.events:
            if (key := self._domains.get(event.domain)) is not None:
                yield from keys(event.domain, key, event, self._writing(event))
                yield from self._carriers.keys(event)

    def _writing(self, event: EventBase) -> Writing:
        return self._writings.get(event.source, self._usual)

    def apply(self, prepared: Parsed, record: Record, view: View) -> None:
        source = self._sources.get(_header(record, "source"))
        vendor = source.vendor if source else "unknown"
        if prepared.code:
            view.emit(Count("bodies_without_events", (vendor, prepared.code)))
        if prepared.code in {"malformed", "unknown_type", "partial"}:
            dead_letter(view, record, prepared.code, prepared.reason, self.name)
        for event in prepared.events:
            self._event(self._names.applied(event), record, view)

    def _event(self, event: EventBase, record: Record, view: View) -> None:
        kind = str(event.__struct_config__.tag)
        view.emit(Count("events_total", (kind, event.source)))
        if not event.estimated:
            skew_s = (event.recorded_ms - event.time_ms) / 1_000
            view.emit(Observe("clock_skew_seconds", skew_s, (event.source,)))
        match event:
            case ClockTick() | PolicyChanged():
                if isinstance(event, PolicyChanged):
                    self._policy_changed(event, view)
                self._broadcast(event, view)
                return
            case OperatorCommand(command="join" | "split" | "attach"):
                self._command(event, record, view)
                return
            case ErasureRequested():
                self._erase(event, view)
                return
        domain_key = self._domains.get(event.domain)
        if domain_key is None:
            dead_letter(view, record, "unknown_domain", _no_domain(event.domain), self.name)
            return
        if event.customer:
            customer = graph.current(view, event.customer)
            self._publish(msgspec.structs.replace(event, customer=customer), view)
            return
        resolved = resolve(event, domain_key, self._writing(event), view)
        if not resolved.customer:
            dead_letter(view, record, "no_customer", _nobody(kind), self.name)
            return
        if resolved.shared:
            view.emit(Count("identifiers_shared_total", (event.source,), resolved.shared))
        self._joined(event, resolved, view)
        if resolved.moved_from:
            self._parted(
                event, resolved.moved_from, resolved.customer, view, probable=resolved.probable
            )
        for where, claimer in resolved.claims:
            self._parted(
                msgspec.structs.replace(
                    event, id=f"{event.id}/claim/{where.source}:{where.id}", conversation=where
                ),
                claimer, resolved.customer, view, probable=True,
            )  # fmt: skip
        known = msgspec.structs.replace(
            event,
            customer=resolved.customer,
            probable=resolved.probable,
            conversation=resolved.conversation or event.conversation,
            identifiers=resolved.identifiers,
            members=resolved.members,
            refs=self._refs(event, resolved.customer, view),
        )
        for carrier in self._carriers.told(known, view):
            view.emit(Count("twins_total", (carrier,)))
        if self._carriers.is_told(known, view):
            view.emit(Count("twins_total", (event.source,)))
        elif not self._carriers.hold(known, view):
            self._tell(known, view)

    def _tell(self, known: EventBase, view: View) -> None:
        if known.personal and (judged := judgement(known)) is not None:
            self._publish(judged, view)  # before the message: a topic takes part in attaching it
        self._publish(known, view)

    def _refs(self, event: EventBase, customer: str, view: View) -> tuple[Ref, ...]:
        """A pointer to another customer's conversation joins nothing: a mail with somebody
        else's ticket number is a leak of privacy, and is flagged.
        """
        refs = []
        for ref in event.refs:
            thread: graph.Thread | None = None
            if ref.rel in _POINTERS:
                where = ConversationRef(ref.source or event.source, ref.id)
                thread = view.get(conversation_key(event.domain, where))
            if thread is not None and graph.current(view, thread.customer) != customer:
                view.emit(Count("foreign_refs_total", (event.source,)))
                refs.append(msgspec.structs.replace(ref, rel="foreign_ref"))
            else:
                refs.append(ref)
        return tuple(refs)

    def _publish(self, event: EventBase, view: View) -> None:
        view.emit(Publish("events", event.customer, encode_event(event), _HEADERS))

    def _policy_changed(self, event: PolicyChanged, view: View) -> None:
        """Identity needs one field of it; a policy that is wrong is refused where it is used."""
        trust = event.policy.get("joins_from")
        if trust in {"asserted", "curated", "network"}:
            view.put(policy_key(event.domain), trust)

    def _broadcast(self, event: EventBase, view: View) -> None:
        """Time passes, and the policy holds, for every customer."""
        value = encode_event(event)
        for partition in range(self._partitions):
            view.emit(Publish("events", "", value, _HEADERS, partition))

    def _joined(self, event: EventBase, resolved: Resolved, view: View) -> None:
        """The loser's fold must see it: the record is keyed by the loser."""
        for one in resolved.joins:
            by = "operator" if one.by == "operator" else "claim" if one.probable else "identifier"
            view.emit(Count("customers_joined_total", (by,)))
            joined = IdentityJoined(
                **_envelope(event, f"join/{one.loser}"),
                customer=resolved.customer,
                loser=one.loser,
                join=f"{event.id}/{one.loser}",
                by=one.by,
                probable=one.probable,
            )
            view.emit(Publish("events", one.loser, encode_event(joined), _HEADERS))

    def _command(self, event: OperatorCommand, record: Record, view: View) -> None:
        """An operator's word about who is who. What cannot be done becomes a dead letter."""
        problem = {"join": self._join, "split": self._split, "attach": self._attach}[event.command](
            event, view
        )
        if problem:
            dead_letter(view, record, "refused_command", problem, self.name)

    def _join(self, event: OperatorCommand, view: View) -> str:
        winner = graph.current(view, event.args.get("winner", ""))
        loser = graph.current(view, event.args.get("loser", ""))
        for customer in (winner, loser):
            if view.get(customer_key(customer)) is None:
                return f"There is no customer {customer!r} to join."
        if winner == loser:
            return f"{winner!r} and {event.args['loser']!r} are one customer already."
        join(winner, loser, Tie(f"{event.id}/{loser}", winner, loser), "operator", view)
        self._joined(event, Resolved(winner, joins=(graph.NewJoin(loser, "operator"),)), view)
        return ""

    def _split(self, event: OperatorCommand, view: View) -> str:
        ident = event.args.get("join", "")
        undone = split(ident, view)
        if isinstance(undone, str):
            return undone
        view.emit(Count("customers_split_total"))
        self._publish(
            IdentitySplit(
                **_envelope(event, f"split/{ident}"),
                customer=undone.customer,
                into=undone.into,
                join=ident,
                members=undone.members,
            ),
            view,
        )
        return ""

    def _attach(self, event: OperatorCommand, view: View) -> str:
        """An agent confirms whose a conversation is, or says whose else it is."""
        where = ConversationRef(event.args.get("source", ""), event.args.get("conversation", ""))
        thread: graph.Thread | None = view.get(conversation_key(event.domain, where))
        if thread is None:
            return f"No conversation {where.id!r} of {where.source!r} is known."
        holder = graph.current(view, thread.customer)
        customer = graph.current(view, event.args.get("customer") or holder)
        if view.get(customer_key(customer)) is None:
            return f"There is no customer {customer!r} to attach it to."
        # A member's conversation stays his: it goes along when he is split off.
        whose = thread.customer if customer == holder else customer
        view.put(conversation_key(event.domain, where), graph.Thread(whose))
        moved = msgspec.structs.replace(event, conversation=where, customer=customer)
        if customer != holder:
            self._parted(moved, holder, customer, view)
        self._publish(moved, view)
        return ""

    def _parted(
        self, event: EventBase, old: str, new: str, view: View, *, probable: bool = False
    ) -> None:
        """The event's conversation goes from one customer to another."""
        parted = IdentitySplit(
            **_envelope(event, f"parted/{old}"),
            conversation=event.conversation,
            customer=old,
            into=new,
            probable=probable,
        )
        self._publish(parted, view)

    def _erase(self, event: ErasureRequested, view: View) -> None:
        customer = graph.current(view, event.customer)
        known = view.get(customer_key(customer))
        for key in known.identifiers if known else ():
            view.delete(key)
        view.delete(customer_key(customer))
        self._publish(msgspec.structs.replace(event, customer=customer), view)

    def fire(self, timer: Timer, view: View) -> None:
        """`forget`: a message's id, or the ledger of a join, is not needed any more.  `tell`: what
        a carrier brought is told by nobody else.
        """
        if timer.kind != "tell":
            view.delete(timer.entity)
        elif (event := waited_for_nothing(timer, view)) is not None:
            customer = graph.current(view, event.customer)
            self._tell(msgspec.structs.replace(event, customer=customer), view)

    def encode(self, key: str, state: Any) -> bytes:
        return graph.encode(key, state)

    def decode(self, key: str, raw: bytes) -> Any:
        return graph.decode(key, raw)


def _envelope(event: EventBase, what: str) -> dict[str, Any]:
    """Of a record between the stages that `event` causes."""
    return {
        "id": f"{event.id}/{what}",
        "source": event.source,
        "domain": event.domain,
        "time_ms": event.time_ms,
        "recorded_ms": event.recorded_ms,
        "channel": event.channel,
        "actor": event.actor,
    }


def _in_time(event: EventBase, arrival_ms: int) -> EventBase:
    """The future is brought down to arrival + 5 s; the past is believed; no time is the arrival."""
    changes: dict[str, Any] = {}
    if event.recorded_ms != arrival_ms:
        changes["recorded_ms"] = arrival_ms
    if event.estimated:
        changes["time_ms"] = arrival_ms
    elif event.time_ms > arrival_ms + FUTURE_MS:
        changes["time_ms"] = arrival_ms + FUTURE_MS
    elif event.time_ms < 365 * 86_400_000:
        changes |= {"time_ms": arrival_ms, "estimated": True}
    return msgspec.structs.replace(event, **changes) if changes else event


def _header(record: Record, name: str) -> str:
    return next(
        (value.decode("utf-8", "replace") for key, value in record.headers if key == name), ""
    )


def _no_domain(domain: str) -> str:
    return f"Domain {domain!r} has no [[domain]] in the settings."


def _nobody(kind: str) -> str:
    return f"This {kind} names no customer, conversation or message: nobody to attach it to."
