"""Amazon Connect contact events, by an EventBridge API destination (`eventbridge.py`).

A body is one phase of a contact and tells all phases so far with their times to the millisecond;
1970-01-01T00:00:00.001Z means "not yet".  Names come in PascalCase and camelCase, values in either
case.  A transfer makes a new contact that names the first of its chain (`initialContactId`): the
chain is our conversation, so that a transfer changes hands inside it.  COMPLETED repeats what
DISCONNECTED said, and adds the after-contact work.

Dedupe: contact, phase and its time.  Events are sent as best they can: some may be missing.
Not told: the words, and mostly who the customer is: we know his contacts by their ids.
Sources: Amazon Connect administrator guide, "Amazon Connect contact events", "Contact records data
model" (initiation methods, disconnect reasons), "Create a rule that generates an EventBridge
event"; Amazon EventBridge reference, "Amazon Connect events".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from schemas.common import Actor, Channel, ConversationRef, Identifier, Party, Ref
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AssignmentChanged,
    ContactEnded,
    ContactHeld,
    ConversationLinked,
    ConversationOpened,
    ConversationUpdated,
    Direction,
    Durations,
    EventBase,
    IdentityLinked,
    Initiator,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
    WrapupEnded,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import Parsed, Request, SourceConfig, ignored, malformed, unknown
from streams.channels.body import number, read_object, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.eventbridge import EventBridge

_CONTACT_EVENT = "Amazon Connect Contact Event"
_CHANNELS: dict[str, Channel] = {"VOICE": "voice", "CHAT": "chat", "TASK": "web", "EMAIL": "email"}
_SUBTYPES: dict[str, Channel] = {
    "connect:sms": "sms",
    "connect:whatsapp": "whatsapp",
    "connect:apple": "messaging",
    "connect:email": "email",
}


class _Begun(NamedTuple):
    by: Initiator
    direction: Direction
    rel: Literal["callback"] | None = None


_BEGUN = {
    "INBOUND": _Begun("customer", "inbound"),
    "WEBRTC_API": _Begun("customer", "inbound"),
    "API": _Begun("customer", "inbound"),
    "OUTBOUND": _Begun("agent", "outbound"),
    "EXTERNAL_OUTBOUND": _Begun("agent", "outbound"),
    "AGENT_REPLY": _Begun("agent", "outbound"),
    "CAMPAIGN_PREVIEW": _Begun("campaign", "outbound"),
    "FLOW": _Begun("system", "outbound"),
    "CALLBACK": _Begun("customer", "outbound", "callback"),
}
_TRANSFERS: dict[str, Literal["unknown", "queue"]] = {
    "TRANSFER": "unknown",
    "QUEUE_TRANSFER": "queue",
}
_GAVE_UP_IN_QUEUE: dict[
    str, Literal["abandoned", "flow_out", "timeout", "transferred", "system"]
] = {
    "": "abandoned",
    "CUSTOMER_DISCONNECT": "abandoned",
    "CUSTOMER_NEVER_ARRIVED": "abandoned",
    "CONTACT_FLOW_DISCONNECT": "flow_out",
    "FLOW_DISCONNECT": "flow_out",
    "EXPIRED": "timeout",
    "IDLE_DISCONNECT": "timeout",
    "TRANSFERRED": "transferred",
}
"""Why a contact left its queue without an agent; anything else was the system."""

_AFTERMATH = (
    "Contact Lens Analysis State Change",
    "Contact Lens Automated Evaluation Submission Failed",
    "Contact Lens Evaluation",
    "Metrics Rules Matched",
    "Amazon Connect Rules Action Execution Failed",
    "AWS API Call via CloudTrail",
    "AWS Service Event via CloudTrail",
)


class AmazonConnect(EventBridge):
    vendor = "amazon_connect"
    title = "Amazon Connect"
    about = About(
        gives=("states", "ends", "queue", "agents", "transfers", "self-care"),
        identities={
            "phone": ("network",),
            "email": ("claimed",),
            "crm": ("curated",),
            "vendor": ("asserted",),
        },
        transfer="a new contact with initiationMethod TRANSFER or QUEUE_TRANSFER",
        lacks="what was said, holds on calls, ratings",
        retries="EventBridge, up to 24 hours; may come twice, no order; one may be missing",
    )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        kind = text(body, "detail-type")
        detail = _camel(table(body, "detail"))
        if not kind and "contactId" in _camel(body):  # the rule sends the detail alone
            kind, detail = _CONTACT_EVENT, _camel(body)
        at_ms = times.iso(body.get("time"))
        if kind == _CONTACT_EVENT:
            return _Contact(request, source, detail, at_ms).parsed()
        if kind.startswith(_AFTERMATH):
            return ignored(f"{kind}: about the company's own work, not about what a customer did.")
        if "Contact Lens" in kind and "Match" in kind:
            return _rule(Draft(request, source, kind), detail, at_ms, text(body, "id"))
        return unknown(f"Amazon Connect sends no event {kind!r} that we know.")


def _camel(value: dict[str, Any]) -> dict[str, Any]:
    """`AgentInfo` is `agentInfo` too, `AgentARN` is `agentArn`."""
    return {
        _first_small(name.replace("ARN", "Arn")): _camel(part) if type(part) is dict else part
        for name, part in value.items()
    }


def _first_small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _name(arn: str) -> str:
    """The id at the end of an ARN."""
    return arn.rpartition("/")[2]


def _named(detail: dict[str, Any], what: str) -> str:
    """The id of the contact's agent or queue."""
    info = table(detail, f"{what}Info")
    return _name(text(info, f"{what}Arn") or text(info, "arn"))


def _rule(draft: Draft, detail: dict[str, Any], at_ms: int | None, ident: str) -> Parsed:
    """A rule of Contact Lens found its words, tone or category in a contact."""
    contact = _name(text(detail, "contactArn"))
    tags = tuple(filter(None, (text(detail, "ruleName"), text(detail, "actionName"))))
    if not contact or not tags:
        return malformed("The rule names no contact, or not itself.")
    draft.channel = "chat" if "Chat" in draft.native_type else "voice"
    draft.channel = "email" if "Email" in draft.native_type else draft.channel
    draft.conversation = contact
    draft.identifiers = draft.vendor_id(f"contact/{contact}")
    key = f"rule/{ident or at_ms}/{contact}/{'/'.join(tags)}"
    updated = draft.event(ConversationUpdated, key, at_ms, tags=tags, by_model="Contact Lens")
    return Parsed((updated,))


class _Contact:
    def __init__(
        self, request: Request, source: SourceConfig, detail: dict[str, Any], at_ms: int | None
    ) -> None:
        self._detail = detail
        self._sent_ms = at_ms
        self._id = text(detail, "contactId")
        self._method = text(detail, "initiationMethod").upper()
        self._reason = text(detail, "disconnectReason").upper()
        self._agent = _named(detail, "agent")
        self._queue = _named(detail, "queue")
        self._related = text(detail, "relatedContactId")
        self._began_ms = self._time("initiationTimestamp")
        self._queued_ms = self._time("queueInfo", "enqueueTimestamp")
        self._answered_ms = self._time("agentInfo", "connectedToAgentTimestamp")
        # An agent without a time is one of the older bodies, which told only him.
        told = "connectedToAgentTimestamp" in table(detail, "agentInfo")
        self._answered = self._answered_ms is not None or bool(self._agent and not told)
        self._ended_ms = self._time("disconnectTimestamp")
        kind = text(detail, "eventType").upper()
        draft = self._draft = Draft(request, source, kind)
        subtype = _camel(table(detail, "segmentAttributes", "connect:Subtype"))
        draft.channel = _SUBTYPES.get(text(subtype, "valueString").lower()) or _CHANNELS.get(
            text(detail, "channel").upper(), "messaging"
        )
        draft.conversation = text(detail, "initialContactId") or self._id
        draft.identifiers = self._who()

    def _time(self, *path: str) -> int | None:
        found = self._detail
        for step in path[:-1]:
            found = table(found, step)
        return times.iso(found.get(path[-1]))

    def _who(self) -> tuple[Identifier, ...]:
        """The chain, the chat that it goes on from if it is persistent, and what else is told."""
        found = self._draft.vendor_id(f"contact/{self._draft.conversation}")
        found += self._draft.vendor_id(f"contact/{self._related}" if self._related else "")
        found += identifier("crm", text(self._detail, "customerId"), "curated")
        endpoint = table(self._detail, "customerEndpoint")
        address = text(endpoint, "address")
        if text(endpoint, "type") == "TELEPHONE_NUMBER":
            found += identifier("phone", address, "network")
        elif text(endpoint, "type") == "EMAIL_ADDRESS":
            found += identifier("email", address, "claimed")
        return found

    def parsed(self) -> Parsed:
        kind = self._draft.native_type
        makers: dict[str, Callable[[], list[EventBase]]] = {
            "INITIATED": self._initiated,
            "WEBRTC_API": self._initiated,  # a call from the company's own page or app
            "CONNECTED_TO_SYSTEM": self._answered_by_system,
            "QUEUED": self._entered,
            "CONNECTED_TO_AGENT": self._connected,
            "DISCONNECTED": self._disconnected,
            "COMPLETED": self._completed,
            "PAUSED": lambda: self._held("held", "lastPausedTimestamp"),
            "RESUMED": lambda: self._held("resumed", "lastResumedTimestamp"),
            "CONTACT_DATA_UPDATED": self._updated,
        }
        if not self._id:
            return malformed("The contact has no id.")
        if kind == "AMD_DISABLED":
            return ignored("AMD_DISABLED: a setting of the dialler.")
        if kind not in makers:
            return unknown(f"Amazon Connect sends no contact event {kind!r} that we know.")
        if self._method == "MONITOR" and kind != "CONNECTED_TO_AGENT":
            return ignored(f"{kind}: a supervisor listens in.")
        events = makers[kind]()
        if not events:
            return ignored(f"{kind}: nothing that a journey depends on has changed.")
        return Parsed(tuple(events))

    def _one(
        self, cls: type[EventBase], what: str, at_ms: int | None, /, **fields: Any
    ) -> EventBase:
        return self._draft.event(cls, f"{self._id}/{what}", at_ms or self._sent_ms, **fields)

    @property
    def _outbound(self) -> bool:
        """We called: the method says so, or our program started a call."""
        begun = _BEGUN.get(self._method)
        by_program = self._method == "API" and self._draft.channel == "voice"
        return by_program or (begun is not None and begun.direction == "outbound")

    # How it begins ------------------------------------------------------------------------

    def _initiated(self) -> list[EventBase]:
        if kind := _TRANSFERS.get(self._method):
            to = Party(agent=self._agent or None, queue=self._queue or None)
            return [
                self._one(
                    TransferReported,
                    "transfer",
                    self._began_ms,
                    kind=kind,
                    phase="started",
                    to=to if to != Party() else None,
                    refs=self._previous(),
                )
            ]
        if self._method == "DISCONNECT":
            # The flow that runs once the agent has gone, such as a survey.
            return [self._stepped("disconnect flow", "entered", self._began_ms)]
        begun = _BEGUN.get(self._method or self._draft.native_type, _Begun("system", "inbound"))
        if self._outbound and self._method == "API":
            begun = _Begun("system", "outbound")
        if self._task:
            begun = _Begun("system", "inbound")
        elif self._detail.get("campaign"):
            begun = _Begun("campaign", "outbound")
        actor = {"customer": CUSTOMER, "agent": Actor("agent", self._agent or None)}
        opened = self._one(
            ConversationOpened,
            "opened",
            self._began_ms,
            actor=SYSTEM if begun.rel else actor.get(begun.by, SYSTEM),
            initiated_by=begun.by,
            direction=begun.direction,
            rel="persistent" if self._related and not begun.rel else begun.rel,
            queue=self._queue or None,
            refs=self._previous(),
        )
        if not self._related:
            return [opened]
        linked = self._one(
            ConversationLinked,
            f"related/{self._related}",
            self._began_ms,
            rel="related",
            other=ConversationRef(self._draft.source_name, self._related),
        )
        return [opened, linked]

    def _previous(self) -> tuple[Ref, ...]:
        previous = text(self._detail, "previousContactId")
        return (Ref("previous", previous),) if previous else ()

    def _stepped(self, resource: str, step: str, at_ms: int | None) -> EventBase:
        return self._one(
            SelfserviceStepped, f"{resource}/{step}", at_ms,
            resource=resource, step=step, outcome="started",
        )  # fmt: skip

    def _answered_by_system(self) -> list[EventBase]:
        """The flow has the contact; of a call of ours it says who or what picked up."""
        step = text(self._detail, "answeringMachineDetectionStatus").lower() or "connected"
        return [self._stepped("flow", step, self._time("connectedToSystemTimestamp"))]

    @property
    def _task(self) -> bool:
        """Work for an agent, at which no customer waits on a line."""
        return text(self._detail, "channel").upper() == "TASK"

    # Queue and agent ------------------------------------------------------------------------

    def _entered(self) -> list[EventBase]:
        what = f"queued/{self._queue}/{self._queued_ms}"
        queue = self._queue or "unknown"
        if self._task:
            return [self._one(AssignmentChanged, what, self._queued_ms, to=Party(queue=queue))]
        return [self._one(QueueEntered, what, self._queued_ms, actor=CUSTOMER, queue=queue)]

    def _connected(self) -> list[EventBase]:
        found: list[EventBase] = []
        what = f"connected/{self._agent}/{self._answered_ms}"
        if self._task:
            to = Party(agent=self._agent or None, queue=self._queue or None)
            return [self._one(AssignmentChanged, what, self._answered_ms, to=to)]
        if self._queued_ms:
            found.append(self._left("answered", self._answered_ms))
        called = Actor("agent", self._agent or None) if self._outbound else CUSTOMER
        found.append(
            self._one(
                AgentConnected,
                what,
                self._answered_ms,
                actor=called,
                agent=self._agent or "unknown",
                mode="monitor" if self._method == "MONITOR" else "owner",
            )
        )
        return found

    def _left(self, outcome: str, at_ms: int | None) -> EventBase:
        return self._one(
            QueueLeft,
            f"left/{self._queue}/{self._queued_ms}",
            at_ms,
            actor=CUSTOMER if outcome == "abandoned" else SYSTEM,
            queue=self._queue or "unknown",
            outcome=outcome,
            wait_ms=_span(self._queued_ms, at_ms),
        )

    def _held(self, phase: str, name: str) -> list[EventBase]:
        at_ms = self._time(name)
        return [self._one(ContactHeld, f"{phase}/{at_ms or self._sent_ms}", at_ms, phase=phase)]

    # How it ends ----------------------------------------------------------------------------

    def _disconnected(self) -> list[EventBase]:
        """Of a contact that was passed on, only its agent goes: the conversation does not end."""
        answered = self._answered
        by, reason = _by(self._reason), self._reason.lower() or None
        found: list[EventBase] = []
        if answered and self._agent:
            found.append(
                self._one(
                    AgentDisconnected, "gone", self._ended_ms, agent=self._agent, reason=reason
                )
            )
        elif self._queued_ms and not answered and not self._task:
            outcome = _GAVE_UP_IN_QUEUE.get(self._reason, "system")
            found.append(self._left(outcome, self._ended_ms or self._sent_ms))
        if self._reason == "TRANSFERRED":
            return found
        actors = {"customer": CUSTOMER, "agent": Actor("agent", self._agent or None)}
        ended = self._one(
            ContactEnded,
            "ended",
            self._ended_ms,
            actor=actors.get(by, SYSTEM),
            by=by,
            reason=reason,
            answered=answered,
            durations=Durations(
                total_ms=_span(self._began_ms, self._ended_ms),
                queue_ms=_span(self._queued_ms, self._answered_ms or self._ended_ms),
                talk_ms=_span(self._answered_ms, self._ended_ms),
            ),
        )
        return [*found, ended]

    def _completed(self) -> list[EventBase]:
        worked_ms = self._time("agentInfo", "afterContactWorkEndTimestamp")
        found = self._disconnected()
        if worked_ms is None:
            return found
        spent = number(self._detail, "agentInfo", "afterContactWorkDuration")
        wrapped = self._one(
            WrapupEnded,
            "wrapup",
            worked_ms,
            actor=Actor("agent", self._agent or None),
            agent=self._agent or None,
            duration_ms=round(spent * 1_000)
            if spent is not None
            else _span(self._time("agentInfo", "afterContactWorkStartTimestamp"), worked_ms),
        )
        return [*found, wrapped]

    def _updated(self) -> list[EventBase]:
        """Of what may change, only who the customer is concerns us."""
        changed = self._detail.get("updatedProperties")
        told = " ".join(map(str, changed)).lower() if isinstance(changed, list) else ""
        customer = text(self._detail, "customerId")
        if "customerid" not in told or not customer:
            return []
        return [self._one(IdentityLinked, f"customer/{customer}", None, rel="same", by="crm")]


def _span(start_ms: int | None, end_ms: int | None) -> int | None:
    """How long, if both are known and in their order."""
    if start_ms is None or end_ms is None or end_ms < start_ms:
        return None
    return end_ms - start_ms


def _by(reason: str) -> Literal["customer", "agent", "system", "unknown"]:
    if reason.startswith("CUSTOMER"):
        return "customer"
    if reason.startswith(("AGENT", "BARGED")):
        return "agent"
    return "system" if reason else "unknown"
