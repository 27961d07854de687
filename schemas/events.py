"""Canonical events: what happened, in one vocabulary for every vendor.

One tagged union, `Event`; the tag stands in `type`.  An adapter makes events, the identity
fold adds `customer`, the journeys fold reads them.  Everything personal (text, names) is in
`personal` and in `identifiers`, nowhere else.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from schemas.common import (
    Actor,
    Channel,
    ConversationRef,
    Identifier,
    Milliseconds,
    Moment,
    Part,
    Party,
    Ref,
    WholeNumber,
)


class EventBase(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="type"
):
    """The envelope.

    `id` is a hash of source and dedupe key, so a vendor's retry has the id of its first try.
    `time_ms` is when it happened, `recorded_ms` when it arrived; `estimated` says that the
    vendor gave no usable time.  `customer` is empty until normalised.
    """

    id: str
    source: str
    domain: str
    time_ms: Moment
    recorded_ms: Moment
    channel: Channel
    actor: Actor
    conversation: ConversationRef | None = None
    identifiers: tuple[Identifier, ...] = ()
    refs: tuple[Ref, ...] = ()
    sequence: WholeNumber | None = None
    estimated: bool = False
    native_type: str = ""
    personal: dict[str, str] = {}
    customer: str = ""
    probable: bool = False
    members: tuple[str, ...] = ()
    """Whom the event's identifiers stood for before any join; only if there was one."""


Initiator = Literal["customer", "agent", "bot", "system", "campaign"]
Direction = Literal["inbound", "outbound"]


class ConversationOpened(EventBase, frozen=True, kw_only=True, tag="conversation.opened"):
    initiated_by: Initiator
    direction: Direction
    rel: Literal["transfer", "callback", "persistent"] | None = None
    queue: str | None = None
    topic: str | None = None


Status = Literal["open", "pending_bot", "on_hold", "snoozed", "resolved", "closed", "deleted"]


class Commitment(Part, frozen=True):
    """Something that an agent promised the customer, and by when (ms), if he said."""

    what: Literal["call_back", "answer", "refund", "delivery", "visit", "other"]
    due_ms: Moment | None = None


class ConversationUpdated(EventBase, frozen=True, kw_only=True, tag="conversation.updated"):
    """What is now so. At least one field is set."""

    status: Status | None = None
    topic: str | None = None
    priority: str | None = None
    urgency: str | None = None
    sentiment: float | None = None
    tags: tuple[str, ...] | None = None
    note: bool = False
    """An internal note was added; its text is in `personal["note"]`."""
    commitment: Commitment | None = None
    by_model: str | None = None


class ConversationLinked(EventBase, frozen=True, kw_only=True, tag="conversation.linked"):
    rel: Literal["merged", "related", "ticket", "callback", "deflection", "follow_up"]
    other: ConversationRef


class MessagePosted(EventBase, frozen=True, kw_only=True, tag="message.posted"):
    """`personal["text"]` holds the text when the vendor sends it."""

    message_id: str
    direction: Direction
    visibility: Literal["public", "internal"] = "public"
    automated: Literal["no", "auto_reply", "campaign", "greeting"] = "no"
    owner: Literal["ours", "other"] = "ours"
    in_reply_to: str | None = None


class MessageStatusChanged(EventBase, frozen=True, kw_only=True, tag="message.status_changed"):
    message_id: str
    status: Literal[
        "queued",
        "sent",
        "delivered",
        "read",
        "played",
        "failed",
        "bounced",
        "deferred",
        "opened",
        "clicked",
        "edited",
        "deleted",
        "reacted",
        "unreacted",
    ]
    reason: str | None = None


class QueueEntered(EventBase, frozen=True, kw_only=True, tag="queue.entered"):
    queue: str


class QueueLeft(EventBase, frozen=True, kw_only=True, tag="queue.left"):
    queue: str
    outcome: Literal[
        "answered",
        "abandoned",
        "transferred",
        "overflow",
        "flow_out",
        "callback",
        "timeout",
        "system",
    ]
    wait_ms: Milliseconds | None = None
    """The vendor's own figure, when it gives one; else the fold measures."""


class AgentOffered(EventBase, frozen=True, kw_only=True, tag="agent.offered"):
    agent: str
    outcome: Literal["ringing", "declined", "missed"]


class AgentConnected(EventBase, frozen=True, kw_only=True, tag="agent.connected"):
    """`actor` is who called: the customer, or the agent if he calls the customer (back)."""

    agent: str
    mode: Literal["owner", "consult", "conference", "monitor"] = "owner"


class AgentDisconnected(EventBase, frozen=True, kw_only=True, tag="agent.disconnected"):
    agent: str
    reason: str | None = None


class AssignmentChanged(EventBase, frozen=True, kw_only=True, tag="assignment.changed"):
    """`to` is where it stands now; `from` only when the vendor tells."""

    to: Party
    from_: Party | None = msgspec.field(default=None, name="from")


class TransferReported(EventBase, frozen=True, kw_only=True, tag="transfer.reported"):
    kind: Literal["blind", "warm", "external", "queue", "unknown"]
    phase: Literal["started", "accepted", "failed"]
    to: Party | None = None
    from_: Party | None = msgspec.field(default=None, name="from")


class ContactHeld(EventBase, frozen=True, kw_only=True, tag="contact.held"):
    phase: Literal["held", "resumed"]


class Durations(Part, frozen=True):
    """Milliseconds as the vendor counts them; absent when it does not."""

    total_ms: Milliseconds | None = None
    queue_ms: Milliseconds | None = None
    talk_ms: Milliseconds | None = None
    hold_ms: Milliseconds | None = None
    wrapup_ms: Milliseconds | None = None


class ContactEnded(EventBase, frozen=True, kw_only=True, tag="contact.ended"):
    """`final` is False for a first notice whose figures are still provisional."""

    by: Literal["customer", "agent", "bot", "system", "unknown"] = "unknown"
    reason: str | None = None
    final: bool = True
    answered: bool | None = None
    durations: Durations | None = None


class WrapupEnded(EventBase, frozen=True, kw_only=True, tag="wrapup.ended"):
    agent: str | None = None
    code: str | None = None
    duration_ms: Milliseconds | None = None


class SelfserviceStepped(EventBase, frozen=True, kw_only=True, tag="selfservice.stepped"):
    resource: str
    step: str
    outcome: Literal["started", "progressed", "success", "failure", "escalated", "left"]


class TaskProgressed(EventBase, frozen=True, kw_only=True, tag="task.progressed"):
    """A cart, form, booking or purchase; `value` in minor units of `currency`."""

    task_kind: str
    task_id: str
    step: str
    state: Literal["started", "progressed", "submitted", "completed", "cancelled"]
    value: WholeNumber | None = None
    currency: str | None = None


class FeedbackReceived(EventBase, frozen=True, kw_only=True, tag="feedback.received"):
    """A score on its own scale; the comment is in `personal["comment"]`."""

    instrument: Literal["csat", "nps", "ces", "rating", "review", "mention", "survey"]
    score: float | None = None
    scale_min: float | None = None
    scale_max: float | None = None
    easy_is_low: bool | None = None
    survey_id: str | None = None


class IdentityLinked(EventBase, frozen=True, kw_only=True, tag="identity.linked"):
    """Two identifiers or more (in `identifiers`) belong to one person, or one replaces another.

    For `replaces` the first identifier is the old one, the second the new one.  For `contact` the
    first is the contact's id in its system, and the others are all that it has there now.
    """

    rel: Literal["same", "replaces", "merged", "contact"]
    by: Literal["login", "contact", "vendor", "crm", "operator"]


class ConsentChanged(EventBase, frozen=True, kw_only=True, tag="consent.changed"):
    purpose: str
    state: Literal["granted", "denied"]
    evidence: str = ""
    consent_channel: str | None = None
    """The channel it is about; None is all."""


# First-party events: they come in by the same way as any vendor's.


class NotificationOutcome(EventBase, frozen=True, kw_only=True, tag="notification.outcome"):
    notification: str
    """The notification's business id."""
    outcome: Literal["delivered", "failed", "expired", "cancelled", "refused"]
    purpose: str = ""
    reason: str | None = None


class ContextViewed(EventBase, frozen=True, kw_only=True, tag="context.viewed"):
    """An agent's screen looked the customer up; `actor.id` is the agent."""

    purpose: str = "service"


class KpiAlerted(EventBase, frozen=True, kw_only=True, tag="kpi.alerted"):
    kpi: str
    dims: dict[str, str] = {}
    value: float
    target: float


class OperatorCommand(EventBase, frozen=True, kw_only=True, tag="operator.command"):
    command: Literal["join", "split", "attach", "close", "dead_letter.retry"]
    args: dict[str, str] = {}


class ClockTick(EventBase, frozen=True, kw_only=True, tag="clock.tick"):
    """Time passes in this domain although no customer did anything."""


class PolicyChanged(EventBase, frozen=True, kw_only=True, tag="policy.changed"):
    version: str
    policy: dict[str, Any] = {}
    """Fields of the policy that change; `promises` and `calendars` are replaced as a whole."""


class ErasureRequested(EventBase, frozen=True, kw_only=True, tag="erasure.requested"):
    reason: str = ""


# Between the stages: made by the identity fold, never by a vendor.


class IdentityJoined(EventBase, frozen=True, kw_only=True, tag="identity.joined"):
    """From here on everything of `loser` is keyed by `customer` (the winner).  When it is
    `probable`, only a claim says that they are one: his conversations are the winner's as probable.
    """

    loser: str
    join: str
    by: str = ""


class IdentitySplit(EventBase, frozen=True, kw_only=True, tag="identity.split"):
    """From `customer` the conversations of `members` go to the customer `into`: a join was undone.
    With a `conversation` only that one goes: it was attached by a claim and is proven another's; or
    (`probable`) nobody was known in it but a platform's handle, and a claim now leads to another.
    """

    into: str
    join: str = ""
    members: tuple[str, ...] = ()


class JourneyMoved(EventBase, frozen=True, kw_only=True, tag="journey.moved"):
    """The whole state of `loser`, sent to the customer that it was joined into."""

    loser: str
    state: bytes


Event = (
    ConversationOpened
    | ConversationUpdated
    | ConversationLinked
    | MessagePosted
    | MessageStatusChanged
    | QueueEntered
    | QueueLeft
    | AgentOffered
    | AgentConnected
    | AgentDisconnected
    | AssignmentChanged
    | TransferReported
    | ContactHeld
    | ContactEnded
    | WrapupEnded
    | SelfserviceStepped
    | TaskProgressed
    | FeedbackReceived
    | IdentityLinked
    | ConsentChanged
    | NotificationOutcome
    | ContextViewed
    | KpiAlerted
    | OperatorCommand
    | ClockTick
    | PolicyChanged
    | ErasureRequested
    | IdentityJoined
    | IdentitySplit
    | JourneyMoved
)
