"""Genesys Cloud's detail events of a conversation: customers, queues, agents and flows, by session.

A session of a participant starts when he is called: an agent rings at `user.start`; that he has
answered stands in `acd.end` (`answeredUserId`), and for calls outside a queue only in the durations
of his `user.end`.  Such a session beside the queue may as well be a consultation, and is told as
one.  An agent passes the conversation on with `disconnectType` TRANSFER, CONSULT_TRANSFER or
CONFERENCE_TRANSFER; of a queue TRANSFER is only the way to the agent.

Whom to believe: an agent's session shows the addresses of agents and trunks too, so only the
customer's, the queue's and the flow's sessions name the customer.
Sources: developer.genesys.cloud, "Analytics detail events"; the models of Genesys's SDKs; an event
of a blind transfer shown in Genesys's community ("Triggering API call on agent transfer").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from schemas.common import Actor, Identifier, Party
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    AssignmentChanged,
    ContactEnded,
    ConversationOpened,
    ConversationUpdated,
    Durations,
    EventBase,
    IdentityLinked,
    MessagePosted,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
    WrapupEnded,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import number, rows, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.genesys_media import (
    BETWEEN_COLLEAGUES,
    NOT_TAKEN,
    PASSED,
    by_whom,
    channel,
    disconnect,
    phone,
    reached_at,
)

_SERVICE_FLOWS = {
    "WORKFLOW": "a program of the company's",
    "WORKITEM": "a program of the company's",
    "COMMONMODULE": "a part of a flow",
    "INQUEUECALL": "what is played while he waits; the queue is told by itself",
    "INQUEUEEMAIL": "what is done while he waits; the queue is told by itself",
    "INQUEUESHORTMESSAGE": "what is done while he waits; the queue is told by itself",
    "SURVEYINVITE": "a program of the company's",
}
_QUEUE_OUTCOMES: dict[str, Literal["answered", "abandoned", "flow_out"]] = {
    "ANSWERED": "answered",
    "ABANDON": "abandoned",
    "FLOW_OUT": "flow_out",
}
Outcome = Literal["started", "progressed", "success", "failure", "escalated", "left"]
_EXITS: dict[str, Outcome] = {
    "TRANSFER": "escalated",
    "DISCONNECT": "left",
    "USER_EXIT": "left",
    "SESSION_EXPIRE_DISCONNECT": "left",
    "FLOW_DISCONNECT": "success",
    "FLOW_EXIT": "success",
    "FLOW_ERROR_DISCONNECT": "failure",
    "FLOW_ERROR_EXIT": "failure",
    "RECOGNITION_FAILURE_DISCONNECT": "failure",
    "RECOGNITION_FAILURE_EXIT": "failure",
}
"""How a flow was left. It ended by itself: success, unless an outcome of it says otherwise."""

_VALUES: dict[str, Outcome] = {"SUCCESS": "success", "FAILURE": "failure"}
_TO_NO_HUMAN = {"FLOW", "SECURE_FLOW", "ACD_VOICEMAIL", "USER_VOICEMAIL", "GROUP_VOICEMAIL"}


def read_detail(event: dict[str, Any], draft: Draft, crm_attribute: str) -> Parsed:
    """`draft.native_type` is the topic's end, such as `acd.start`."""
    return _Detail(draft, event, crm_attribute).parsed()


class _Detail:
    """One event of `v2.detail.events.conversation.{id}.…`."""

    def __init__(self, draft: Draft, event: dict[str, Any], crm_attribute: str) -> None:
        self._draft = draft
        self._event = event
        self._crm_attribute = crm_attribute
        self._topic = draft.native_type
        self._media = text(event, "mediaType").upper()
        self._outbound = text(event, "direction").upper() == "OUTBOUND"
        self._reason = disconnect(text(event, "disconnectType"))
        self._user = text(event, "userId")
        self._queue = text(event, "queueId")
        self._at_ms = times.milliseconds(event.get("eventTime"))
        draft.conversation = text(event, "conversationId")
        draft.channel = channel(self._media, text(event, "messageType"))
        draft.identifiers = self._who()

    def parsed(self) -> Parsed:
        makers: dict[str, Callable[[], list[EventBase]]] = {
            "customer.start": self._customer_start,
            "customer.end": self._customer_end,
            "outbound": self._dialled_by_campaign,
            "acd.start": self._acd_start,
            "acd.end": self._acd_end,
            "user.start": self._user_start,
            "user.end": self._user_end,
            "flow.start": self._flow_start,
            "flow.end": self._flow_end,
            "flow.outcome": self._flow_outcome,
            "acw": self._acw,
            "wrapup": self._wrapup,
            "contact": self._contact,
            "attributes": self._attributes,
            "voicemail.start": list,
            "voicemail.end": self._voicemail,
        }
        if self._topic not in makers:
            return unknown(f"Genesys Cloud sends no detail event {self._topic!r} that we know.")
        if not self._draft.conversation:
            return malformed("The event names no conversation.")
        if self._media in BETWEEN_COLLEAGUES:
            return ignored(f"{self._topic}: among colleagues.")
        if why := _SERVICE_FLOWS.get(text(self._event, "flowType").upper()):
            return ignored(f"{self._topic}: {why}.")
        events = makers[self._topic]()
        if not events:
            return ignored(f"{self._topic}: nothing that a journey depends on.")
        return Parsed(tuple(events))

    def _one(self, cls: type[EventBase], what: str = "", /, **fields: Any) -> EventBase:
        event = self._event
        key = "/".join(
            (
                self._draft.conversation,
                text(event, "participantId"),
                text(event, "sessionId"),
                self._topic,
                text(event, "eventTime"),
                what,
            )
        )
        at_ms = fields.pop("at_ms", self._at_ms)
        return self._draft.event(cls, key, at_ms, **fields)

    def _ms(self, name: str) -> int | None:
        found = number(self._event, name)
        return None if found is None or found < 0 else round(found)

    def _who(self) -> tuple[Identifier, ...]:
        """The external contact, when it is the only one; the address from the customer's side."""
        event = self._event
        several = event.get("conversationExternalContactIds")
        only = several[0] if isinstance(several, list) and len(several) == 1 else ""
        contact = text(event, "externalContactId") or (only if isinstance(only, str) else "")
        found = self._draft.vendor_id(f"contact/{contact}" if contact else "")
        if self._topic.startswith(("user.", "acw", "wrapup", "attributes")):
            return found
        if self._media == "CALLBACK":
            numbers = event.get("callbackNumbers")
            for asked in numbers if isinstance(numbers, list) else ():
                found += phone(text(asked), "claimed")
            return found
        if self._draft.channel == "voice":
            return found + phone(text(event, "dnis" if self._outbound else "ani"), "network")
        return found + reached_at(
            self._draft, text(event, "addressTo" if self._outbound else "addressFrom")
        )

    # The customer ---------------------------------------------------------------------------

    def _customer_start(self) -> list[EventBase]:
        callback = self._media == "CALLBACK"
        by_customer = callback or not self._outbound
        return [
            self._one(
                ConversationOpened,
                actor=CUSTOMER if by_customer else Actor("agent"),
                initiated_by="customer" if by_customer else "agent",
                direction="outbound" if callback or self._outbound else "inbound",
                rel="callback" if callback else None,
                personal={
                    "subject": text(self._event, "subject"),
                    "name": text(self._event, "callbackUserName"),
                },
            )
        ]

    def _dialled_by_campaign(self) -> list[EventBase]:
        return [self._one(ConversationOpened, initiated_by="campaign", direction="outbound")]

    def _customer_end(self) -> list[EventBase]:
        by = by_whom(self._reason)
        return [
            self._one(
                ContactEnded,
                actor=CUSTOMER if by == "customer" else SYSTEM,
                by=by,
                reason=self._reason.lower() or None,
                durations=Durations(total_ms=self._ms("interactingDurationMs")),
            )
        ]

    def _contact(self) -> list[EventBase]:
        """The conversation got its customer: by his number, or by an agent's hand."""
        if not text(self._event, "externalContactId"):
            return []
        return [self._one(IdentityLinked, rel="same", by="vendor")]

    def _attributes(self) -> list[EventBase]:
        """What flows and scripts write down about a participant; only your key concerns us."""
        key = text(self._event, "attributes", self._crm_attribute) if self._crm_attribute else ""
        if not key:
            return []
        self._draft.identifiers += identifier("crm", key, "curated")
        return [self._one(IdentityLinked, rel="same", by="crm")]

    def _voicemail(self) -> list[EventBase]:
        if self._ms("voicemailDurationMs") == 0:
            return []
        ident = text(self._event, "sessionId") or self._draft.conversation
        return [
            self._one(
                MessagePosted,
                actor=CUSTOMER,
                message_id=f"voicemail/{ident}",
                direction="inbound",
                personal={"text": "[voicemail]"},
            )
        ]

    # Queues ---------------------------------------------------------------------------------

    def _acd_start(self) -> list[EventBase]:
        return [self._one(QueueEntered, actor=CUSTOMER, queue=self._queue or "unknown")]

    def _acd_end(self) -> list[EventBase]:
        """What ends in a queue has found an agent, given up, or gone where the flow sent it."""
        answered_by = text(self._event, "answeredUserId")
        outcome = _QUEUE_OUTCOMES.get(text(self._event, "acdOutcome").upper())
        told = outcome or ("answered" if answered_by else self._left_by_reason())
        found = [
            self._one(
                QueueLeft,
                "left",
                actor=CUSTOMER if told == "abandoned" else SYSTEM,
                queue=self._queue or "unknown",
                outcome=told,
                wait_ms=self._ms("connectedDurationMs"),
            )
        ]
        if told == "answered" and answered_by:
            found.append(
                self._one(
                    AgentConnected,
                    "connected",
                    actor=Actor("agent", answered_by) if self._outbound else CUSTOMER,
                    agent=answered_by,
                )
            )
        return found

    def _left_by_reason(self) -> Literal["transferred", "abandoned", "timeout", "system"]:
        if "TRANSFER" in self._reason:
            return "transferred"
        if self._reason in {"TIMEOUT", "INACTIVITY", "SESSION_EXPIRED"}:
            return "timeout"
        return "abandoned" if self._reason in {"CLIENT", "ENDPOINT", "PEER"} else "system"

    # Agents ---------------------------------------------------------------------------------

    def _user_start(self) -> list[EventBase]:
        if not self._user:
            return []
        agent = Actor("agent", self._user)
        if self._outbound:
            # He dials; that the customer answered is known when he hangs up.
            to = Party(agent=self._user, queue=self._queue or None)
            return [self._one(AssignmentChanged, actor=agent, to=to)]
        return [self._one(AgentOffered, agent=self._user, outcome="ringing")]

    def _user_end(self) -> list[EventBase]:
        if not self._user:
            return []
        agent = Actor("agent", self._user)
        spent = [
            self._ms(name)
            for name in ("interactingDurationMs", "heldDurationMs", "callbackDurationMs")
        ]
        had_ms = sum(filter(None, spent))
        if had_ms == 0 and (self._reason in NOT_TAKEN or any(s is not None for s in spent)):
            if self._outbound:
                return []  # nobody answered his call
            declined = NOT_TAKEN.get(self._reason) or (
                "declined" if self._reason == "CLIENT" else "missed"
            )
            return [self._one(AgentOffered, agent=self._user, outcome=declined)]
        found: list[EventBase] = []
        if had_ms and self._at_ms is not None and (self._outbound or not self._queue):
            found.append(
                self._one(
                    AgentConnected,
                    "connected",
                    at_ms=self._at_ms - had_ms,
                    actor=agent if self._outbound else CUSTOMER,
                    agent=self._user,
                    mode="owner" if self._outbound else "consult",
                )
            )
        if passed := PASSED.get(self._reason):
            found.append(
                self._one(
                    TransferReported,
                    "transfer",
                    actor=agent,
                    kind=passed.kind,
                    phase=passed.phase,
                    from_=Party(agent=self._user, queue=self._queue or None),
                )
            )
        gone = self._reason.lower() or None
        found.append(
            self._one(AgentDisconnected, "gone", actor=agent, agent=self._user, reason=gone)
        )
        return found

    def _acw(self) -> list[EventBase]:
        code, notes = text(self._event, "wrapupCode"), text(self._event, "wrapupNotes")
        return [
            self._one(
                WrapupEnded,
                actor=Actor("agent", self._user or None),
                agent=self._user or None,
                code=code or None,
                duration_ms=self._ms("wrapupDurationMs"),
                personal={"note": notes},
            )
        ]

    def _wrapup(self) -> list[EventBase]:
        """The code was set; the work itself ends with `acw`."""
        code, notes = text(self._event, "wrapupCode"), text(self._event, "wrapupNotes")
        if not code and not notes:
            return []
        return [
            self._one(
                ConversationUpdated,
                tags=(code,) if code else None,
                note=bool(notes),
                personal={"note": notes},
            )
        ]

    # Flows ----------------------------------------------------------------------------------

    def _stepped(self, what: str, step: str, outcome: Outcome, **fields: Any) -> EventBase:
        kind = text(self._event, "flowType").lower() or "flow"
        resource = " ".join(filter(None, (kind, text(self._event, "flowId"))))
        return self._one(
            SelfserviceStepped, what, resource=resource, step=step, outcome=outcome, **fields
        )

    def _flow_start(self) -> list[EventBase]:
        return [self._stepped("", "entered", "started")]

    def _flow_end(self) -> list[EventBase]:
        exit_reason = text(self._event, "exitReason").upper()
        where = text(self._event, "transferType").upper()
        outcome = _EXITS.get(exit_reason) or (
            "escalated" if self._reason in PASSED and not exit_reason else "left"
        )
        if outcome == "escalated" and where in _TO_NO_HUMAN:
            outcome = "progressed"
        step = " ".join(filter(None, (exit_reason or self._reason or "ended", where))).lower()
        return [self._stepped("", step, outcome)]

    def _flow_outcome(self) -> list[EventBase]:
        """Milestones on the way, and what came of it."""
        found = [
            self._stepped(
                f"milestone/{text(stone, 'milestoneId')}",
                f"milestone {text(stone, 'milestoneId')}",
                "progressed",
                at_ms=times.milliseconds(stone.get("milestoneTime")) or self._at_ms,
            )
            for stone in rows(self._event, "flowMilestones")
            if text(stone, "milestoneId")
        ]
        ident = text(self._event, "flowOutcomeId")
        value = text(self._event, "flowOutcomeValue").upper()
        ended_ms = times.milliseconds(self._event.get("flowOutcomeEndTime"))
        if value not in _VALUES:
            raise ValueError(f"Genesys Cloud has no flow outcome {value!r} that we know.")
        outcome = self._stepped(
            f"outcome/{ident}",
            ident or "outcome",
            _VALUES[value],
            at_ms=ended_ms or self._at_ms,
        )
        return [*found, outcome]
