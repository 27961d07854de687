"""A notification: somebody should be told, or need not be told any more."""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.common import ConversationRef, Part


class Audience(Part, frozen=True):
    """`ref` is a customer id, an agent's or queue's id, or a subscriber's name."""

    kind: Literal["customer", "agent", "supervisor", "system"]
    ref: str


class Notification(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag="notification"
):
    """On topic `notifications`, keyed by `id`.

    `id` is the business id: hash(domain, rule, subject, revision), the same however often
    the log is replayed; receivers drop what they have seen.  `cancel` withdraws the notice
    that has the same `collapse_key`.  Times are ms; the body stays under 20 kB.
    """

    id: str
    op: Literal["send", "cancel"]
    rule: str
    subject_id: str
    revision: int
    domain: str
    audience: Audience
    purpose: str
    channel: str
    locale: str
    template: str
    title: str
    body: str
    variables: dict[str, str] = {}
    reply_to: ConversationRef | None = None
    address: str | None = None
    consent: Literal["granted", "denied", "unknown", "not_needed"] = "unknown"
    created_ms: int
    not_before_ms: int
    expires_at_ms: int
    collapse_key: str
    customer: str = ""
    journey: str = ""
    pos: str = ""


class DeliveryAttempted(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    tag="delivery.attempted",
):
    """What became of one attempt to hand a notice to a subscriber.

    It goes back into topic `notifications`, so that the queue is a fold of the log like
    everything else.  `next_ms` is when to try again, only for outcome `retry`.
    """

    notification: str
    op: Literal["send", "cancel"]
    subscriber: str
    collapse_key: str
    domain: str
    attempt: int
    outcome: Literal["delivered", "retry", "failed", "expired", "refused"]
    reason: str = ""
    at_ms: int
    next_ms: int = 0
    disable: bool = False
    """The subscriber said 410 Gone: nothing more is sent to it."""
