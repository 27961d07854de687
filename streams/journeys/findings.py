"""What the rules have in common: a cycle of a journey, and where they put their facts.

Subjects are functions of the journey and of vendors' ids, never of offsets, so that the same thing
keeps its subject however the news of it came.  A rule that concludes from silence says when it
will know more (`looks`).
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from schemas.facts import Fact, FactBase
from streams.journeys.state import Entry, Journey
from streams.policy import Policy

F = TypeVar("F", bound=FactBase)

FOLD = "journeys-1"

INFERRED = frozenset({"topic", "waiting", "latest"})
"""Rules that conclude from topic or time that a conversation belongs to a journey; by the others
one side has said so.
"""

ACTS = frozenset({"act", "connected"})
"""Kinds of entries that are acts of the customer."""

ATTACHING = ACTS | {"reply"}
"""Kinds that open a journey when none is found."""

WORK = frozenset({"assigned", "transfer", "status", "note", "promised", "consulted"})
"""What the company does about an open need without a word to the customer."""


_FOREVER = 1 << 60


class Cycle(msgspec.Struct, gc=False):
    """An open→resolved span: the unit that KPIs count. `resolved_ms` is None while it is open."""

    number: int
    entries: list[Entry]
    opened_ms: int
    resolved_ms: int | None = None
    resolved_by: str = ""
    resolved_id: str = ""
    reopened_after_ms: int = 0
    acts: list[Entry] = []
    kinds: set[str] = set()
    """Of its entries: a rule that none of them concerns need not look."""
    queued: list[Entry] = []
    assigned: list[Entry] = []
    """The entries by which queue and team of its facts are known."""
    priority: str = ""
    """As it stands now."""

    def take(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.kinds.add(entry.kind)
        if entry.kind in ACTS:
            self.acts.append(entry)
        if entry.data:
            if entry.data.get("queue"):
                self.queued.append(entry)
            if entry.kind == "assigned" and entry.data["to"].get("team"):
                self.assigned.append(entry)
            if entry.kind == "urgency" and entry.data.get("priority"):
                self.priority = str(entry.data["priority"])


class Findings:
    """Collects the facts of one derivation."""

    def __init__(
        self, journey: Journey, domain: str, customer: str, policy: Policy, now_ms: int
    ) -> None:
        self.journey = journey
        self.policy = policy
        self.now_ms = now_ms
        self.facts: dict[str, Fact] = {}
        self.cycles: list[Cycle] = []
        self.parallel: set[str] = set()
        """Subjects of what would be switches, if the customer had not stayed on both channels."""
        self.looks: set[int] = set()
        lateness = policy.lateness
        self._late_ms = (
            max(policy.late_ms, *(lateness.get(a.source, 0) for a in journey.attached))
            if lateness
            else policy.late_ms
        )
        self._domain = domain
        self._customer = customer
        self._probable = {a.channel for a in journey.attached if a.probable}
        self._inferred = {a.key for a in journey.attached if a.rule in INFERRED}
        self._queued: list[Entry] = []
        self._assigned: list[Entry] = []
        self.priority = ""
        """As it stands now, in this cycle."""

    def once_silent(self) -> Findings:
        """To conclude what will be so of this journey if nothing more comes."""
        later = Findings(self.journey, self._domain, self._customer, self.policy, _FOREVER)
        later.cycles = self.cycles
        return later

    def look_at(self, cycle: Cycle | None) -> None:
        """The cycle by which queue and team of the facts that follow are known."""
        self._queued = cycle.queued if cycle else []
        self._assigned = cycle.assigned if cycle else []
        self.priority = cycle.priority if cycle else ""

    def queue(self, channel: str, at_ms: int) -> str:
        """As it was then: what comes later does not revise it."""
        for entry in reversed(self._queued):
            if entry.at_ms <= at_ms and entry.channel == channel:
                return str(entry.data["queue"])
        return ""

    def team(self, at_ms: int) -> str:
        """Who had it then."""
        for entry in reversed(self._assigned):
            if entry.at_ms <= at_ms:
                return str(entry.data["to"]["team"])
        return ""

    def add(
        self, cls: type[F], subject: str, cycle: Cycle, at_ms: int, channel: str = "", /,
        evidence: tuple[str, ...] = (), **fields: Any,
    ) -> F:  # fmt: skip
        """`subject` is what follows the journey's id in the subject's; `rests_on` the key of the
        conversation on whose being part of the journey the fact rests.
        """
        journey = self.journey
        inferred = fields.pop("rests_on", None) in self._inferred
        certainty: Literal["certain", "inferred"] = "inferred" if inferred else "certain"
        fact = cls(
            subject_id=f"{journey.id}/{subject}",
            domain=self._domain,
            customer=self._customer,
            journey=journey.id,
            cycle=cycle.number,
            at_ms=at_ms,
            channel=channel,
            queue=fields.pop("queue", None) or self.queue(channel, at_ms),
            team=self.team(at_ms),
            topic=journey.topic,
            certainty="probable" if channel in self._probable else certainty,
            evidence=evidence,
            policy=self.policy.version,
            fold=FOLD,
            **fields,
        )
        self.facts[fact.subject_id] = fact  # type: ignore[assignment]  # every FactBase is a Fact
        return fact

    def is_over(self, cycle: Cycle, entry: Entry, subject: str) -> bool:
        """Is this of the sealed part, and was it over where that ends?  (Its end may be gone.)"""
        journey = self.journey
        return (
            entry.at_ms <= journey.sealed_ms
            and cycle.number == journey.cycles + 1
            and f"{journey.id}/{subject}" not in journey.open
        )

    def stands(self, cycle: Cycle, evidence: tuple[str, ...], *subjects: str) -> bool:
        """Whether these facts, published together of a moment that is over, are still so: the same
        entries under the same policy, and nothing else that they rest on.  If so they are kept and
        need not be worked out again.  (A property test compares this with working them out.)
        """
        if self._queued or self._assigned or self.priority:
            return False
        kept: dict[str, Fact] = {}
        for subject in subjects:
            known = self.journey.published.get(f"{self.journey.id}/{subject}")
            if (
                known is None
                or known.state != "asserted"
                or known.cycle != cycle.number
                or known.topic != self.journey.topic
                or known.policy != self.policy.version
                or known.customer != self._customer
                or known.queue
                or known.team
                or (known.certainty == "probable") != (known.channel in self._probable)
            ):
                return False
            kept[known.subject_id] = known
        if next(iter(kept.values())).evidence != evidence:
            return False
        self.facts |= kept
        return True

    def silent_since(self, due_ms: int) -> bool:
        """Has the time come to conclude from silence? Late news get their grace first."""
        at_ms = due_ms + self._late_ms
        if self.now_ms >= at_ms:
            return True
        self.looks.add(at_ms)
        return False
