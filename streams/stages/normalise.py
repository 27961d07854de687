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
    OperatorCommand,
    PolicyChanged,
)
from streams.channels.base import Adapter, Parsed, Request, SourceConfig, unknown
from streams.fold import Count, Fold, Observe, Publish, Record, Timer, View
from streams.identity import graph
from streams.identity.erasure import erase, meant
from streams.identity.found import find, normalised
from streams.identity.identifiers import Writing
from streams.identity.index import conversation_key, customer_key, policy_key
from streams.identity.mail import RULES, MailRule
from streams.identity.resolve import keys, resolve
from streams.stages.carried import Carriers, waited_for_nothing
from streams.stages.judgement import judgement
from streams.stages.letters import dead_letter
from streams.stages.names import NONE, Names
from streams.stages.operator_commands import obey
from streams.stages.who_is_who import joined, parted, publish

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
                if problem := obey(event, view):
                    dead_letter(view, record, "refused_command", problem, self.name)
                return
        domain_key = self._domains.get(event.domain)
        if domain_key is None:
            dead_letter(view, record, "unknown_domain", _no_domain(event.domain), self.name)
            return
        if isinstance(event, ErasureRequested):
            if not self._erase(event, domain_key, view):
                dead_letter(view, record, "no_customer", _NOBODY_TO_ERASE, self.name)
            return
        if event.customer:
            customer = graph.current(view, event.customer)
            somebody: graph.Known | None = view.get(customer_key(customer))
            if somebody is not None and not somebody.is_of(event.domain):
                dead_letter(view, record, "no_customer", _elsewhere(customer, event), self.name)
            elif somebody is not None and somebody.erased_ms:
                view.emit(Count("erased_total", (event.source,)))
            else:
                publish(msgspec.structs.replace(event, customer=customer), view)
            return
        resolved = resolve(event, domain_key, self._writing(event), view)
        if resolved.erased:
            view.emit(Count("erased_total", (event.source,)))
            return
        if not resolved.customer:
            dead_letter(view, record, "no_customer", _nobody(kind), self.name)
            return
        if resolved.shared:
            view.emit(Count("identifiers_shared_total", (event.source,), resolved.shared))
        joined(event, resolved, view)
        if resolved.moved_from:
            parted(event, resolved.moved_from, resolved.customer, view, probable=resolved.probable)
        for where, claimer in resolved.claims:
            parted(
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
            publish(judged, view)  # before the message: a topic takes part in attaching it
        publish(known, view)

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
            whose = graph.current(view, thread.customer) if thread else customer
            if whose != customer and not graph.erased_ms(view, whose):
                view.emit(Count("foreign_refs_total", (event.source,)))
                refs.append(msgspec.structs.replace(ref, rel="foreign_ref"))
            else:
                refs.append(ref)
        return tuple(refs)

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

    def _erase(self, event: ErasureRequested, domain_key: bytes, view: View) -> bool:
        """Every partition that has something of him hears it. False when nobody is meant."""
        writing = self._writing(event)
        found = [find(one, domain_key, writing, view) for one in normalised(event, writing)]
        customers = meant(event, found, view)
        for customer in customers:
            for one in erase(customer, event, view):
                publish(msgspec.structs.replace(event, customer=one, identifiers=()), view)
        return bool(customers)

    def fire(self, timer: Timer, view: View) -> None:
        """`forget`: a message's id, or the ledger of a join, is not needed any more.  `tell`: what
        a carrier brought is told by nobody else.
        """
        if timer.kind != "tell":
            view.delete(timer.entity)
        elif (event := waited_for_nothing(timer, view)) is not None:
            customer = graph.current(view, event.customer)
            if graph.erased_ms(view, customer):
                view.emit(Count("erased_total", (event.source,)))
            else:
                self._tell(msgspec.structs.replace(event, customer=customer), view)

    def encode(self, key: str, state: Any) -> bytes:
        return graph.encode(key, state)

    def decode(self, key: str, raw: bytes) -> Any:
        return graph.decode(key, raw)


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


_NOBODY_TO_ERASE = (
    "It names no customer of this domain to erase: neither by `customer` nor by identifiers that "
    "somebody has proven."
)


def _header(record: Record, name: str) -> str:
    return next(
        (value.decode("utf-8", "replace") for key, value in record.headers if key == name), ""
    )


def _no_domain(domain: str) -> str:
    return f"Domain {domain!r} has no [[domain]] in the settings."


def _nobody(kind: str) -> str:
    return f"This {kind} names no customer, conversation or message: nobody to attach it to."


def _elsewhere(customer: str, event: EventBase) -> str:
    return f"Customer {customer!r} is not one of domain {event.domain!r}."
