"""Twilio TaskRouter: tasks wait in queues, a reservation offers one to a worker, a transfer passes
it on.  The same events come as forms (event call-backs) and by Event Streams, in two spellings
(`TaskSid`, `task_sid`).

A task's attributes say whose it is: `call_sid` or `conversationSid` (then the task belongs to that
conversation), `from`, `customerAddress`, `channelType`, `customers.external_id` of Flex Insights.
A transfer's acceptance is told by `task.transfer-completed` and by the next worker's
`reservation.accepted`.  `task.wrapup` ends the contact, `task.completed` the work after it: the end
counts once.  A finished task is deleted by the system later: that means nothing.
Dedupe: the event's `Sid`, which both ways have, with its type.
Source: Twilio's documentation, "TaskRouter events reference", "Event types: TaskRouter"; the
transfers' fields from `TaskRouter.WDSEvent` of its event schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from schemas.common import Actor, Channel, Identifier, Party
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    ContactEnded,
    ConversationOpened,
    EventBase,
    QueueEntered,
    QueueLeft,
    TransferReported,
    WrapupEnded,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, malformed, unknown
from streams.channels.body import read_json, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.twilio_people import Address, address, person

_CHANNELS: dict[str, Channel] = {
    "voice": "voice",
    "call": "voice",
    "callback": "voice",
    "video": "voice",
    "chat": "chat",
    "web": "chat",
    "sms": "sms",
    "whatsapp": "whatsapp",
    "messenger": "messenger",
    "facebook": "messenger",
    "instagram": "instagram",
    "email": "email",
}
_SET_UP = ("worker", "workflow", "workspace", "activity", "task-channel")


def read_taskrouter(
    values: Mapping[str, Any], name: str, request: Request, source: SourceConfig, ident: str = ""
) -> Parsed:
    """`name` is the event's type; `ident` the id that a stream's envelope gives."""
    kind = name.replace("_", "-").lower().replace("task-transfer", "task.transfer", 1)
    room, _, what = kind.replace("task.transfer.", "task.transfer-", 1).partition(".")
    if room in _SET_UP:
        return ignored(f"{name}: about the company's own set-up, not about a customer.")
    event = _Event(_flat(values), f"{room}.{what}", request, source, ident)
    match room:
        case "task":
            return event.of_task(what)
        case "task-queue":
            return event.of_queue(what)
        case "reservation":
            return event.of_reservation(what)
    return unknown(f"TaskRouter sends no event {name!r} that we know.")


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    """`TaskSid` and `task_sid` are the same to us."""
    return {
        key.replace("_", "").lower(): str(value)
        for key, value in values.items()
        if not isinstance(value, dict | list) and value is not None
    }


def _attributes(raw: str) -> dict[str, Any]:
    try:
        found = read_json(raw.encode("utf-8", "replace"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class _Event:
    def __init__(
        self,
        data: dict[str, str],
        kind: str,
        request: Request,
        source: SourceConfig,
        ident: str,
    ) -> None:
        self._data = data
        self._source = source
        self._attributes = attributes = _attributes(data.get("taskattributes", ""))
        self._task = data.get("tasksid", "")
        self._worker = data.get("workersid") or data.get("workername") or ""
        self._outbound = text(attributes, "direction").lower().startswith("outbound")
        self._at_ms = times.milliseconds(data.get("timestampms")) or times.any_form(
            data.get("timestamp")
        )
        sid = data.get("sid") or ident
        moment = data.get("timestampms") or data.get("timestamp")
        about = data.get("reservationsid") or self._task
        self._key = f"taskrouter/{kind}/{sid or f'{about}/{moment}'}"
        draft = self._draft = Draft(request, source, kind)
        customer = self._address()
        draft.channel = self._channel(customer)
        draft.conversation = (
            text(attributes, "call_sid")
            or text(attributes, "conversationSid")
            or text(attributes, "channelSid")
            or self._task
            or sid  # an abridged event names no task, and stands alone
        )
        draft.identifiers = self._who(customer)

    def _address(self) -> Address:
        attributes = self._attributes
        ours_first = ("outbound_to", "to", "called") if self._outbound else ()
        for name in (*ours_first, "customerAddress", "from", "caller"):
            if found := text(attributes, name):
                return address(found)
        return Address("sms", "")

    def _channel(self, customer: Address) -> Channel:
        attributes = self._attributes
        unique = self._data.get("taskchanneluniquename", "").lower()
        if told := _CHANNELS.get(text(attributes, "channelType").lower()):
            return told
        if unique in _CHANNELS and unique not in {"chat", "sms"}:
            return _CHANNELS[unique]
        if customer.native and customer.channel not in {"voice", "app"}:
            return customer.channel
        if unique in _CHANNELS:
            return _CHANNELS[unique]
        return "voice" if text(attributes, "call_sid") or not unique else "messaging"

    def _who(self, customer: Address) -> tuple[Identifier, ...]:
        attributes = self._attributes
        found: tuple[Identifier, ...] = ()
        if self._draft.channel == "voice" and customer.native == "client":
            found = identifier("user", customer.value, "asserted")
        elif customer.native or customer.is_number:
            medium = self._draft.channel if customer.native in {"", "sip"} else customer.channel
            found = person(customer._replace(channel=medium), self._source.name)
        elif customer.channel == "email":
            found = identifier("email", customer.value, "claimed")
        found += identifier("crm", text(attributes, "customers", "external_id"), "curated")
        return found

    def _one(self, cls: type[EventBase], /, **fields: Any) -> Parsed:
        key = fields.pop("key", self._key)
        if not self._draft.conversation:
            return malformed("The event names no task.")
        return Parsed((self._draft.event(cls, key, self._at_ms, **fields),))

    @property
    def _queue(self) -> str:
        data = self._data
        return data.get("taskqueuename") or data.get("taskqueuesid") or "taskrouter"

    # Tasks ----------------------------------------------------------------------------------

    def of_task(self, what: str) -> Parsed:
        if what.startswith("transfer-"):
            return self._transfer(what.removeprefix("transfer-"))
        match what:
            case "created":
                return self._one(
                    ConversationOpened,
                    actor=Actor("agent") if self._outbound else CUSTOMER,
                    initiated_by="agent" if self._outbound else "customer",
                    direction="outbound" if self._outbound else "inbound",
                    personal={
                        "name": text(self._attributes, "name")
                        or text(self._attributes, "customerName"),
                    },
                )
            case "canceled":
                return self._canceled()
            case "wrapup" | "completed":
                return self._one(
                    ContactEnded,
                    key=f"taskrouter/{self._task}/ended" if self._task else self._key,
                    reason=self._data.get("taskcompletedreason") or None,
                    answered=True,
                )
            case "deleted" | "system-deleted":
                return ignored(f"task.{what}: a task is tidied away; how it ended was told before.")
            case "updated":
                return ignored("task.updated: changes nothing that a journey depends on.")
        return unknown(f"TaskRouter sends no event 'task.{what}' that we know.")

    def _canceled(self) -> Parsed:
        """Nobody took it: the customer hung up, time ran out, or a program gave up."""
        reason = (self._data.get("taskcanceledreason") or self._data.get("reason") or "").lower()
        outcome: Literal["abandoned", "timeout", "system"] = "system"
        if not reason or any(word in reason for word in ("hangup", "hung up", "abandon", "caller")):
            outcome = "abandoned"
        elif "ttl" in reason or "timeout" in reason:
            outcome = "timeout"
        actor = CUSTOMER if outcome == "abandoned" else SYSTEM
        return self._one(QueueLeft, actor=actor, queue=self._queue, outcome=outcome)

    def _transfer(self, what: str) -> Parsed:
        data = self._data
        to_sid = data.get("transferto") or data.get("transfertoworker") or ""
        to_queue = data.get("transfertype", "").upper() == "QUEUE" or to_sid.startswith("WQ")
        to = Party(
            agent=None if to_queue else to_sid or None,
            queue=(to_sid if to_queue else data.get("transfertoqueue")) or None,
        )
        started_by = data.get("transferinitiatingworkersid")
        warm = data.get("transfermode", "").upper() == "WARM"
        if what == "attempt-failed":
            # One worker did not take it; the transfer itself goes on, or fails by itself.
            agent = self._worker or to.agent or "unknown"
            return self._one(AgentOffered, agent=agent, outcome="declined")
        phases = {
            "initiated": "started",
            "completed": "accepted",
            "failed": "failed",
            "canceled": "failed",
        }
        if what not in phases:
            return unknown(f"TaskRouter sends no event 'task.transfer-{what}' that we know.")
        return self._one(
            TransferReported,
            actor=Actor("agent", started_by) if started_by else SYSTEM,
            kind="warm" if warm else "queue" if to_queue else "blind",
            phase=phases[what],
            to=to if to != Party() else None,
            from_=Party(agent=started_by) if started_by else None,
        )

    # Queues and reservations ----------------------------------------------------------------

    def of_queue(self, what: str) -> Parsed:
        previous = self._data.get("previoustaskqueuename") or self._data.get("previoustaskqueuesid")
        match what:
            case "entered":
                return self._one(QueueEntered, actor=CUSTOMER, queue=self._queue)
            case "moved":
                return self._one(QueueLeft, queue=previous or self._queue, outcome="overflow")
            case "timeout":
                return self._one(QueueLeft, queue=previous or self._queue, outcome="timeout")
            case "created" | "deleted" | "updated" | "expression.updated":
                return ignored(f"task-queue.{what}: about the company's own set-up.")
        return unknown(f"TaskRouter sends no event 'task-queue.{what}' that we know.")

    def of_reservation(self, what: str) -> Parsed:
        worker = self._worker or "unknown"
        agent = Actor("agent", self._worker or None)
        match what:
            case "created":
                return self._one(AgentOffered, agent=worker, outcome="ringing")
            case "accepted":
                called = agent if self._outbound else CUSTOMER
                return self._one(AgentConnected, actor=called, agent=worker)
            case "rejected":
                return self._one(AgentOffered, actor=agent, agent=worker, outcome="declined")
            case "timeout" | "failed":
                return self._one(AgentOffered, agent=worker, outcome="missed")
            case "canceled" | "rescinded":
                return ignored(f"reservation.{what}: taken back, before the worker could answer.")
            case "wrapup":
                return self._one(AgentDisconnected, actor=agent, agent=worker, reason="wrapping up")
            case "completed":
                return self._one(WrapupEnded, actor=agent, agent=self._worker or None)
            case "updated":
                return ignored("reservation.updated: changes nothing that a journey depends on.")
        return unknown(f"TaskRouter sends no event 'reservation.{what}' that we know.")
