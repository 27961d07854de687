"""What is so about a journey: a pure function of its timeline, the policy, and the time."""

from __future__ import annotations

from streams.journeys import cycles, feedback, queues, replies, switches, tasks, transfers
from streams.journeys.findings import ATTACHING, Findings
from streams.journeys.state import Journey
from streams.lexicon.reading import GUESS
from streams.policy import Policy


def derive(journey: Journey, domain: str, customer: str, policy: Policy, now_ms: int) -> Findings:
    """Facts by subject (revision 1, asserted), and when to look again. Sets what else follows from
    the journey's timeline: `opened_ms`, `initiated_by`, `proactive`, `resolved_ms`, `closed_ms`,
    `waiting_ms` and `topic`.
    """
    journey.topic = _topic(journey)
    _opened(journey)
    found = Findings(journey, domain, customer, policy, now_ms)
    if journey.empty:
        return found  # all that was in it belongs elsewhere now
    spans = found.cycles = cycles.split(journey, policy, found)
    for cycle in spans:
        found.look_at(cycle)
        moved = transfers.conclude(cycle, found)
        switches.conclude(cycle, moved, found)
        replies.conclude(cycle, found)
        queues.conclude(cycle, found)
        feedback.conclude(cycle, found)
        tasks.conclude(cycle, found)
    cycles.conclude(spans, found)
    for fact in journey.coming:
        if not tasks.taken_up(fact, journey.timeline) and found.silent_since(fact.at_ms):
            found.facts[fact.subject_id] = fact
    return found


def _opened(journey: Journey) -> None:
    """What comes late may have happened before what had opened the journey; and what the customer
    did in it may turn out to belong to another.
    """
    begun = [e for e in journey.timeline if e.kind in ATTACHING]
    acted = any(not e.calls_customer for e in begun)
    if journey.sealed:
        journey.proactive = journey.proactive and not acted
    elif begun:
        journey.proactive = not acted
        journey.follows_within_ms += begun[0].at_ms - journey.opened_ms
        journey.opened_ms = begun[0].at_ms
        journey.initiated_by = "agent" if begun[0].calls_customer else "customer"


def _topic(journey: Journey) -> str:
    """What was said last; the lexicon's guess only where nobody else says anything.  What was said
    last in the sealed part is known; of its entries one that stays may be older.
    """
    said = [
        str(e.data["topic"])
        for e in reversed(journey.timeline)
        if e.data and e.data.get("topic") and (e.until_ms or e.at_ms) > journey.sealed_ms
    ]
    if not said:
        return journey.topic
    known = [*said, journey.topic]
    return next((topic for topic in known if topic and not topic.startswith(GUESS)), "") or next(
        iter(said), journey.topic
    )
