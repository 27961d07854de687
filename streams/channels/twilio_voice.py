"""Twilio voice: status call-backs of calls, and the requests that a call makes on its way.

An incoming call is answered by Twilio, not by a human: `in-progress` means that its program runs.
A leg that `<Dial>` opens (`ParentCallSid`) is an agent's: it belongs to the caller's conversation,
and `To` names the agent.  A call that the company starts is answered by the customer.
Dedupe: call and status; a pressed key by `I-Twilio-Idempotency-Token`, which a retry repeats.
`Timestamp` is RFC 2822, in whole seconds; requests on the way (gather, queue, record) have none.
Source: Twilio's documentation, "Call resource: StatusCallback", "TwiML: Dial, Enqueue, Queue,
Gather, Record, Refer", "Conference: statusCallback", "Trusted calling with STIR/SHAKEN".
"""

from __future__ import annotations

from typing import Any, Literal

from schemas.common import Actor, Party, Trust
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    ContactEnded,
    ContactHeld,
    ConversationOpened,
    Durations,
    EventBase,
    MessagePosted,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, unknown
from streams.channels.body import count
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.twilio_messages import Form
from streams.channels.twilio_people import address

_RINGING = {"queued", "initiated", "ringing"}
_ANSWERED = {"in-progress", "answered"}
_ENDED = {"completed", "busy", "no-answer", "failed", "canceled"}
_NOT_TAKEN: dict[str, Literal["missed", "declined"]] = {
    "busy": "declined",
    "no-answer": "missed",
    "failed": "missed",
    "canceled": "missed",
}
_QUEUE_RESULTS: dict[
    str, Literal["answered", "abandoned", "overflow", "flow_out", "transferred"]
] = {
    "bridged": "answered",
    "bridging-in-process": "answered",
    "hangup": "abandoned",
    "queue-full": "overflow",
    "leave": "flow_out",
    "redirected": "flow_out",
    "redirected-from-bridged": "transferred",
}
_ASIDE = {
    "RecordingStatus": "A recording is ready: nothing happened to the customer.",
    "TranscriptionEvent": "What is said is written down meanwhile.",
    "StreamSid": "A stream of sound began or ended: nothing happened to the customer.",
    "MachineDetectionDuration": "What picked up; that it did is told by the call's status.",
    "PaymentCardType": "A payment by phone goes on.",
}


class Call:
    def __init__(
        self, form: Form, request: Request, source: SourceConfig, at_ms: int | None = None
    ) -> None:
        self._form = form
        self._leg = form["CallSid"]
        self._sid = form.get("ParentCallSid") or self._leg
        self._status = form.get("CallStatus", "").lower()
        self._once = request.headers.get("i-twilio-idempotency-token", "")
        self._inbound = not form.get("Direction", "inbound").startswith("outbound")
        self._at_ms = at_ms or times.mail(form.get("Timestamp"))
        self._draft = draft = Draft(request, source, f"call.{self._status}", "voice")
        draft.conversation = self._sid
        if not form.get("ParentCallSid"):
            self._name_customer(draft)

    def _name_customer(self, draft: Draft) -> None:
        form = self._form
        customer = address(
            form.get("From" if self._inbound else "To", "")
            or form.get("Caller" if self._inbound else "Called", "")
        )
        signed = form.get("StirVerstat", "")
        doubtful = bool(signed) and not signed.startswith("TN-Validation-Passed-A")
        trust: Trust = "claimed" if doubtful and self._inbound else "network"
        if customer.native == "client":
            draft.identifiers = identifier("user", customer.value, "asserted")
        elif customer.value.startswith("+"):
            draft.identifiers = identifier("phone", customer.value.partition("@")[0], trust)

    def parsed(self) -> Parsed:
        form = self._form
        events: list[EventBase] = []
        if (
            "RecordingUrl" in form
            and "RecordingStatus" not in form
            and "DialCallStatus" not in form
        ):
            events.append(self._voicemail(form.get("TranscriptionText", "")))
        elif "Digits" in form or "SpeechResult" in form:
            events.append(self._gathered())
        if "QueueResult" in form or "DequeingCallSid" in form or "DequeuingCallSid" in form:
            events.append(self._left_queue())
        elif "QueueSid" in form:
            events.append(
                self._one(
                    QueueEntered, f"queue/{form['QueueSid']}", actor=CUSTOMER, queue=self._queue
                )
            )
        if dialled := form.get("DialCallStatus", "").lower():
            events += self._dialled(dialled)
        if "ReferTransferTarget" in form or "ReferCallStatus" in form:
            events.append(self._referred())
        if events:
            return Parsed(tuple(events))
        for name, why in _ASIDE.items():
            if name in form:
                return ignored(why)
        found = self._agents_leg() if form.get("ParentCallSid") else self._customers_leg()
        if found is None:
            return unknown(f"A call status that we do not know: {form.get('CallStatus', '')!r}.")
        return Parsed((found,))

    def _one(self, cls: type[EventBase], what: str, /, **fields: Any) -> EventBase:
        fields.setdefault("sequence", count(self._form.get("SequenceNumber", "")))
        return self._draft.event(cls, f"call/{self._sid}/{what}", self._at_ms, **fields)

    # Legs -----------------------------------------------------------------------------------

    def _customers_leg(self) -> EventBase | None:
        form = self._form
        agent = Actor("agent", self._name("From"))
        if self._status in _RINGING:
            return self._one(
                ConversationOpened,
                "opened",
                actor=CUSTOMER if self._inbound else agent,
                initiated_by="customer" if self._inbound else "agent",
                direction="inbound" if self._inbound else "outbound",
                personal={"name": form.get("CallerName", "")},
            )
        if self._status in _ANSWERED and self._inbound:
            return self._one(
                SelfserviceStepped, "answered", resource="call", step="answered", outcome="started"
            )
        if self._status in _ANSWERED:
            return self._one(
                AgentConnected, "answered", actor=agent, agent=self._name("From") or "twilio"
            )
        if self._status not in _ENDED:
            return None
        completed = self._status == "completed"
        by_machine = form.get("AnsweredBy", "").startswith(("machine", "fax"))
        unknown_yet = completed and self._inbound  # by Twilio; by a human the agent's leg tells
        return self._one(
            ContactEnded,
            "ended",
            reason=self._status,
            answered=None if unknown_yet else completed and not by_machine,
            durations=Durations(total_ms=_seconds(form.get("CallDuration", ""))),
        )

    def _agents_leg(self) -> EventBase | None:
        agent = self._name("To") or self._name("Called") or self._leg
        key = f"leg/{self._leg}"
        if self._status in _RINGING:
            return self._one(AgentOffered, f"{key}/ringing", agent=agent, outcome="ringing")
        if self._status in _ANSWERED:
            return self._one(AgentConnected, f"{key}/connected", actor=CUSTOMER, agent=agent)
        if self._status == "completed":
            return self._one(
                AgentDisconnected, f"{key}/gone",
                actor=Actor("agent", agent), agent=agent, reason="completed",
            )  # fmt: skip
        if self._status in _NOT_TAKEN:
            outcome = _NOT_TAKEN[self._status]
            return self._one(AgentOffered, f"{key}/not taken", agent=agent, outcome=outcome)
        return None

    def _dialled(self, status: str) -> list[EventBase]:
        """`<Dial>` is over.  If the leg has told of itself, these are the same events."""
        leg = self._form.get("DialCallSid", "")
        agent = leg or "twilio"
        if status in {"completed", "answered"}:
            return [self._one(AgentConnected, f"leg/{leg}/connected", actor=CUSTOMER, agent=agent)]
        if status in _NOT_TAKEN:
            outcome = _NOT_TAKEN[status]
            return [self._one(AgentOffered, f"leg/{leg}/not taken", agent=agent, outcome=outcome)]
        return []

    def _referred(self) -> EventBase:
        """SIP REFER: the call goes on at another address, and leaves Twilio."""
        form, status = self._form, self._form.get("ReferCallStatus", "").lower()
        target = form.get("ReferTransferTarget", "")
        return self._one(
            TransferReported,
            f"refer/{status or self._once or target}",
            kind="external",
            phase={"": "started", "completed": "accepted"}.get(status, "failed"),
            to=Party(app=address(target).value) if target else None,
        )

    def _name(self, parameter: str) -> str:
        """An agent's client name, SIP user, or the number at which he was called."""
        return address(self._form.get(parameter, "")).value.partition("@")[0]

    # On its way -----------------------------------------------------------------------------

    def _gathered(self) -> EventBase:
        keys, said = self._form.get("Digits", ""), self._form.get("SpeechResult", "")
        many = len(keys) > 2  # they may be a card's or a customer's number
        return self._one(
            SelfserviceStepped,
            f"gather/{keys or 'speech'}/{self._once or self._form.get('SequenceNumber', '')}",
            actor=CUSTOMER,
            resource="ivr",
            step="digits" if many else keys or "speech",
            outcome="progressed",
            personal={"text": said or (keys if many else "")},
        )

    def _voicemail(self, said: str) -> EventBase:
        ident = self._form.get("RecordingSid") or self._leg
        return self._one(
            MessagePosted,
            f"voicemail/{ident}",
            actor=CUSTOMER,
            message_id=ident,
            direction="inbound",
            personal={"text": said or "[voicemail]"},
        )

    @property
    def _queue(self) -> str:
        return self._form.get("FriendlyName") or self._form.get("QueueSid") or "twilio"

    def _left_queue(self) -> EventBase:
        result = self._form.get("QueueResult", "bridged")
        outcome = _QUEUE_RESULTS.get(result, "system")
        return self._one(
            QueueLeft,
            f"queue/{self._form.get('QueueSid', '')}/left",
            actor=CUSTOMER if outcome == "abandoned" else SYSTEM,
            queue=self._queue,
            outcome=outcome,
            wait_ms=_seconds(self._form.get("QueueTime", "")),
        )


def read_conference(
    form: Form, request: Request, source: SourceConfig, at_ms: int | None = None
) -> Parsed:
    """Of a conference only that somebody was put on hold: who is who, TaskRouter tells."""
    what = form.get("StatusCallbackEvent", "")
    call = form.get("CallSid", "")
    phases = {"participant-hold": "held", "participant-unhold": "resumed"}
    if what not in phases or not call:
        return ignored(f"{what or 'conference'}: who takes part is told by calls and TaskRouter.")
    draft = Draft(request, source, what, "voice", call)
    number = form.get("SequenceNumber", "")
    held = draft.event(
        ContactHeld,
        f"conference/{form.get('ConferenceSid')}/{call}/{what}/{number or form.get('Timestamp')}",
        at_ms or times.mail(form.get("Timestamp")),
        phase=phases[what],
        sequence=count(number),
    )
    return Parsed((held,))


def _seconds(value: str) -> int | None:
    found = count(value)
    return None if found is None else found * 1_000
