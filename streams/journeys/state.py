"""What is remembered of one customer: his journeys, each with a bounded timeline."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.common import ConversationRef
from schemas.facts import Fact, Visit
from streams.notifications.book import NoticeBook

TIMELINE = 64
"""Entries a journey keeps; more are merged, then sealed from the oldest on (`sealing`)."""

SEEN = 32
"""Event ids that are remembered to recognise vendors' retries."""

PENDING = 16
"""Entries without a journey that wait for their conversation's first act."""

CONVERSATIONS = 64
"""Conversations whose journey is remembered."""


CONSENTS = 32
"""Consents that are remembered."""

LEFT = 64
"""Members whom splits took away that are remembered."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened, compactly.  Order: time, then what its vendor counts, then position
    (order of arrival).

    `kind`: act, reply, bot, auto, note, opened, queued, left, connected, gone, offered, assigned,
    transfer, status, ended, topic, sentiment, urgency, feedback, viewed, told, undelivered,
    stepped, task, linked, promised, twin.
    `data` is what the kind needs beyond that.
    """

    at_ms: int
    position: int
    id: str
    kind: str
    channel: str
    conversation: str
    actor: str = ""
    data: dict[str, Any] = {}
    count: int = 1
    until_ms: int = 0
    """End of a run of messages, or when a statement was said again last; 0 for a single one."""
    arrived_ms: int = 0
    """When the webhook came: attachment is decided in this order, also when it is decided anew."""
    refs: tuple[str, ...] = ()
    """Keys of other conversations that it points to."""
    mark: str = ""
    """A short hash of a message's text: the same message told by two vendors has the same."""
    last_id: str = ""
    """Of the last one in a run."""
    sequence: int = 0
    """The vendor's own count, for what happened at the same time; 0 where it has none."""

    @property
    def order(self) -> tuple[int, int, int]:
        return self.at_ms, self.sequence, self.position

    @property
    def source(self) -> str:
        return self.conversation.partition(":")[0]

    @property
    def asks(self) -> bool:
        """Does the customer wait for an answer? A step in self-service has its own at once."""
        return self.kind == "act" and "step" not in self.data

    @property
    def calls_customer(self) -> bool:
        """Does the company speak first here? Then the journey is proactive until he acts."""
        return self.kind == "reply" or bool(self.kind == "connected" and self.data.get("callback"))


class Attached(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A conversation of a journey, and the rule that put it there."""

    source: str
    id: str
    channel: str
    rule: str
    at_ms: int
    probable: bool = False

    @property
    def key(self) -> str:
        return f"{self.source}:{self.id}"

    @property
    def ref(self) -> ConversationRef:
        return ConversationRef(self.source, self.id)


class Journey(msgspec.Struct, array_like=True, gc=False):
    """`published` holds the last revision of every fact by its subject."""

    id: str
    opened_ms: int
    initiated_by: str
    topic: str = ""
    follows: str = ""
    follows_within_ms: int = 0
    proactive: bool = False
    repeated_ms: int = 0
    """When a journey that follows this one was opened; 0 for never."""
    attached: list[Attached] = []
    timeline: list[Entry] = []
    published: dict[str, Fact] = {}
    sealed: int = 0
    """Entries that were too many and are gone; later news about them is context only."""
    sealed_ms: int = 0
    """Everything up to then is sealed; entries that old stand for what they leave behind."""
    resolved_ms: int = 0
    """End of the last cycle, 0 while the journey is open."""
    closed_ms: int = 0
    waiting_ms: int = 0
    """Since when the customer waits for an answer, 0 when he does not."""
    policy: str = ""
    """The version under which the published facts were last concluded."""
    origin: str = ""
    """Id of the event that opened it: when identity changes, it is known again by that."""
    cycles: int = 0
    """Cycles that are sealed as a whole."""
    cycle_ms: int = 0
    """When the one after them was opened."""
    reopened_after_ms: int = 0
    contacts: int = 0
    """Sealed contacts of that cycle."""
    way: list[Visit] = []
    """The customer's way over the channels up to `sealed_ms`."""
    on: str = ""
    """The channel on which he was then, in the first cycle that is kept."""
    held: bytes = b""
    """Whose each conversation was then (`transfers`)."""
    answered: bool = False
    """Had a human answered then?"""
    open: list[str] = []
    """Subjects about the sealed part of which conclusions may still come."""
    before: dict[str, Fact] = {}
    """What was concluded of a subject before it was last corrected (`corrections`)."""
    way_ms: int = 0
    """Until when the last stay of `way` lasted; 0 if that is not known."""
    coming: list[Fact] = []
    """Of cycles that are sealed as a whole: what only time will say, unless it was said already."""
    told: bool = False
    """When it was last concluded, nothing was left that silence alone would say later."""

    @property
    def empty(self) -> bool:
        """Whatever was in it belongs to another journey, or to another customer, now."""
        return not self.timeline and not self.sealed

    @property
    def last_ms(self) -> int:
        """The last act of either side."""
        times = [e.until_ms or e.at_ms for e in self.timeline if e.kind in _ACTIVE]
        return max(times, default=self.opened_ms)

    def last_channel(self) -> str:
        acts = [e for e in self.timeline if e.kind == "act"]
        return acts[-1].channel if acts else self.attached[-1].channel if self.attached else ""

    def fork(self) -> Journey:
        """A copy that may be changed."""
        return msgspec.structs.replace(
            self,
            attached=list(self.attached),
            timeline=list(self.timeline),
            published=dict(self.published),
            before=dict(self.before),
            way=list(self.way),
            open=list(self.open),
            coming=list(self.coming),
        )


_ACTIVE = frozenset({"act", "reply", "connected"})


class CustomerState(msgspec.Struct, array_like=True, gc=False):
    """`moved_to` is a tombstone: everything of this customer is another's now."""

    customer: str
    domain: str
    opened: int = 0
    """Journeys opened so far: numbers their ids."""
    position: int = 0
    """Entries so far: orders those of equal time."""
    journeys: dict[str, Journey] = {}
    conversations: dict[str, str] = {}
    """Conversation key → journey id, newest last."""
    seen: list[str] = []
    pending: list[Entry] = []
    consent: dict[str, str] = {}
    """`purpose/channel` → granted or denied; channel `*` is all."""
    floor_ms: int = 0
    """Everything before is sealed."""
    notices: NoticeBook = NoticeBook()
    locale: str = ""
    moved_to: str = ""
    members: dict[str, list[str]] = {}
    """Conversation key → the customers that its identifiers stood for before any join; only when
    that is somebody else than this customer.
    """
    doubtful: list[str] = []
    """Conversations that only a claimed identifier attached to this customer."""
    left: dict[str, str] = {}
    """Members, and single conversations (by key), that a split took away → the customer whose they
    are now.
    """
    erased: bool = False
    """All that stays of him is this, and whoever left him before."""

    def fork(self) -> CustomerState:
        """A copy that may be changed; journeys are forked when they are touched."""
        return msgspec.structs.replace(
            self,
            journeys=dict(self.journeys),
            conversations=dict(self.conversations),
            seen=list(self.seen),
            pending=list(self.pending),
            consent=dict(self.consent),
            members=dict(self.members),
            doubtful=list(self.doubtful),
            left=dict(self.left),
        )


class Said(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A bounded excerpt."""

    at_ms: int
    channel: str
    by: str
    text: str
    conversation: str = ""


class Excerpts(msgspec.Struct, array_like=True, gc=False):
    """What may be shown to an agent; under a key of its own, so that the state stays small."""

    name: str = ""
    said: list[Said] = []
    notes: list[Said] = []


encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(CustomerState).decode
decode_excerpts = msgspec.msgpack.Decoder(Excerpts).decode
