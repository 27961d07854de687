"""A contact of Amazon Connect's: its medium, its customer, its chain, and its times so far.

Names come in PascalCase and camelCase, values in either case; 1970-01-01T00:00:00.001Z means "not
yet".  A transfer makes a new contact that names the first of its chain (`initialContactId`): the
chain is our conversation, so that a transfer changes hands inside it.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from schemas.common import Channel, Identifier, Ref
from schemas.events import Direction, EventBase, Initiator
from streams.channels import times
from streams.channels.base import Request, SourceConfig
from streams.channels.body import table, text
from streams.channels.draft import Draft, identifier

_CHANNELS: dict[str, Channel] = {"VOICE": "voice", "CHAT": "chat", "TASK": "web", "EMAIL": "email"}
_SUBTYPES: dict[str, Channel] = {
    "connect:sms": "sms",
    "connect:whatsapp": "whatsapp",
    "connect:apple": "messaging",
    "connect:email": "email",
}


class Begun(NamedTuple):
    by: Initiator
    direction: Direction
    rel: Literal["callback"] | None = None


BEGUN = {
    "INBOUND": Begun("customer", "inbound"),
    "WEBRTC_API": Begun("customer", "inbound"),
    "API": Begun("customer", "inbound"),
    "OUTBOUND": Begun("agent", "outbound"),
    "EXTERNAL_OUTBOUND": Begun("agent", "outbound"),
    "AGENT_REPLY": Begun("agent", "outbound"),
    "CAMPAIGN_PREVIEW": Begun("campaign", "outbound"),
    "FLOW": Begun("system", "outbound"),
    "CALLBACK": Begun("customer", "outbound", "callback"),
}


class Contact:
    """A phase of a contact (`eventType`), and what is known of the contact by then."""

    def __init__(
        self, request: Request, source: SourceConfig, detail: dict[str, Any], at_ms: int | None
    ) -> None:
        self.detail = detail
        self.sent_ms = at_ms
        self.id = text(detail, "contactId")
        self.method = text(detail, "initiationMethod").upper()
        self.reason = text(detail, "disconnectReason").upper()
        self.agent = _named(detail, "agent")
        self.queue = _named(detail, "queue")
        self.related = text(detail, "relatedContactId")
        self.began_ms = self.time("initiationTimestamp")
        self.queued_ms = self.time("queueInfo", "enqueueTimestamp")
        self.answered_ms = self.time("agentInfo", "connectedToAgentTimestamp")
        # An agent without a time is one of the older bodies, which told only him.
        told = "connectedToAgentTimestamp" in table(detail, "agentInfo")
        self.answered = self.answered_ms is not None or bool(self.agent and not told)
        self.ended_ms = self.time("disconnectTimestamp")
        kind = text(detail, "eventType").upper()
        draft = self.draft = Draft(request, source, kind)
        subtype = camel(table(detail, "segmentAttributes", "connect:Subtype"))
        draft.channel = _SUBTYPES.get(text(subtype, "valueString").lower()) or _CHANNELS.get(
            text(detail, "channel").upper(), "messaging"
        )
        draft.conversation = text(detail, "initialContactId") or self.id
        draft.identifiers = self._who()

    def time(self, *path: str) -> int | None:
        found = self.detail
        for step in path[:-1]:
            found = table(found, step)
        return times.iso(found.get(path[-1]))

    def _who(self) -> tuple[Identifier, ...]:
        """The chain, the chat that it goes on from if it is persistent, and what else is told."""
        found = self.draft.vendor_id(f"contact/{self.draft.conversation}")
        found += self.draft.vendor_id(f"contact/{self.related}" if self.related else "")
        found += identifier("crm", text(self.detail, "customerId"), "curated")
        endpoint = table(self.detail, "customerEndpoint")
        address = text(endpoint, "address")
        if text(endpoint, "type") == "TELEPHONE_NUMBER":
            found += identifier("phone", address, "network")
        elif text(endpoint, "type") == "EMAIL_ADDRESS":
            found += identifier("email", address, "claimed")
        return found

    def one(
        self, cls: type[EventBase], what: str, at_ms: int | None, /, **fields: Any
    ) -> EventBase:
        return self.draft.event(cls, f"{self.id}/{what}", at_ms or self.sent_ms, **fields)

    @property
    def outbound(self) -> bool:
        """We called: the method says so, or our program started a call."""
        begun = BEGUN.get(self.method)
        by_program = self.method == "API" and self.draft.channel == "voice"
        return by_program or (begun is not None and begun.direction == "outbound")

    @property
    def task(self) -> bool:
        """Work for an agent, at which no customer waits on a line."""
        return text(self.detail, "channel").upper() == "TASK"

    def previous(self) -> tuple[Ref, ...]:
        previous = text(self.detail, "previousContactId")
        return (Ref("previous", previous),) if previous else ()


def camel(value: dict[str, Any]) -> dict[str, Any]:
    """`AgentInfo` is `agentInfo` too, `AgentARN` is `agentArn`."""
    return {
        _first_small(name.replace("ARN", "Arn")): camel(part) if type(part) is dict else part
        for name, part in value.items()
    }


def _first_small(name: str) -> str:
    return name[:1].lower() + name[1:]


def name_of(arn: str) -> str:
    """The id at the end of an ARN."""
    return arn.rpartition("/")[2]


def _named(detail: dict[str, Any], what: str) -> str:
    """The id of the contact's agent or queue."""
    info = table(detail, f"{what}Info")
    return name_of(text(info, f"{what}Arn") or text(info, "arn"))


def span(start_ms: int | None, end_ms: int | None) -> int | None:
    """How long, if both are known and in their order."""
    if start_ms is None or end_ms is None or end_ms < start_ms:
        return None
    return end_ms - start_ms
