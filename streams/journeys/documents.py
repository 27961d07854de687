"""Journeys and contexts for people: state into plain values, with a sentence for each thing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from schemas.facts import (
    ChannelSwitched,
    Fact,
    TransferStarted,
)
from streams.journeys.commitments import commitments
from streams.journeys.sentences import about, brief, label, sentence, why
from streams.journeys.state import CustomerState, Entry, Excerpts, Journey


def journey_document(state: CustomerState, journey_id: str, now_ms: int) -> dict[str, Any] | None:
    """All that is known of one journey, for a page or an analyst; None when it is not here."""
    journey = state.journeys.get(journey_id)
    if journey is None:
        return None
    return {
        "id": journey.id,
        "customer": state.customer,
        "domain": state.domain,
        "state": _state(journey),
        "topic": about(journey.topic) if journey.topic else "",
        "channels": _channels(journey),
        "opened_ms": journey.opened_ms,
        "resolved_ms": journey.resolved_ms or None,
        "cycles": max((f.cycle for f in journey.published.values()), default=1),
        "conversations": [
            {
                "source": a.source, "id": a.id, "channel": a.channel, "rule": a.rule,
                "why": why(a.rule),
                "certainty": "probable" if a.probable else "certain",
            }
            for a in journey.attached
        ],
        "timeline": [_entry(entry) for entry in journey.timeline],
        "facts": [
            {
                **_fact(fact), "sentence": sentence(fact), "brief": brief(fact),
                "was": _was(journey, fact),
            }
            for fact in sorted(journey.published.values(), key=lambda f: (f.at_ms, f.subject_id))
        ],
        "waiting_since_ms": journey.waiting_ms or None,
        "agents": sorted({e.actor for e in journey.timeline if e.kind == "reply" and e.actor}),
        "follows": journey.follows or None,
        "now_ms": now_ms,
    }  # fmt: skip


def context_document(
    state: CustomerState,
    excerpts: Excerpts | None,
    now_ms: int,
    hidden: Collection[str] = (),
) -> dict[str, Any]:
    """What an agent should see when this customer appears; parts named in `hidden` are left out.

    Words of conversations that are only probably his are not among the excerpts; and while such a
    one is the latest, there are none at all: whoever speaks may be somebody else.
    """
    whole = _context(state, excerpts, now_ms)
    return {name: part for name, part in whole.items() if name not in hidden}


def _context(state: CustomerState, excerpts: Excerpts | None, now_ms: int) -> dict[str, Any]:
    live = [j for j in state.journeys.values() if not j.resolved_ms]
    done = [j for j in state.journeys.values() if j.resolved_ms]
    latest = max(live, key=lambda j: (j.last_ms, j.id), default=None)
    doubtful = _is_doubtful(state, latest)
    said = Excerpts() if doubtful else _certain(state, excerpts or Excerpts())
    return {
        "customer": state.customer,
        "domain": state.domain,
        "certainty": "probable" if doubtful else "certain",
        "name": said.name or None,
        "journeys": [journey_summary(j) for j in sorted(live, key=lambda j: -j.last_ms)],
        "about": about(latest.topic) if latest and latest.topic else None,
        "last_messages": [msgspec.structs.asdict(one) for one in said.said],
        "notes": [msgspec.structs.asdict(one) for one in said.notes],
        "commitments": [{"journey": j.id, **one} for j in live for one in commitments(j, now_ms)],
        "stopped_at": _stopped(latest) if latest else None,
        "viewed": [
            {"agent": e.data["agent"] or None, "purpose": e.data.get("purpose"), "at_ms": e.at_ms}
            for j in live
            for e in j.timeline
            if e.kind == "viewed"
        ],
        "channels": list(dict.fromkeys(c for j in live for c in _channels(j))),
        "agents": sorted(
            {e.actor for j in live for e in j.timeline if e.kind == "reply" and e.actor}
        ),
        "sentiment": _sentiment(latest) if latest else None,
        "urgency": _last(latest, "urgency") if latest else None,
        "priority": _last(latest, "priority") if latest else None,
        "waiting_since_ms": min((j.waiting_ms for j in live if j.waiting_ms), default=None),
        "recent": [journey_summary(j) for j in sorted(done, key=lambda j: -j.resolved_ms)[:3]],
        "now_ms": now_ms,
    }


def _is_doubtful(state: CustomerState, journey: Journey | None) -> bool:
    """Is the latest thing that the customer did only probably his?"""
    if journey is None:
        return False
    acts = [e for e in journey.timeline if e.kind == "act"]
    return bool(acts) and acts[-1].conversation in state.doubtful


def _certain(state: CustomerState, said: Excerpts) -> Excerpts:
    return Excerpts(
        said.name,
        [one for one in said.said if one.conversation not in state.doubtful],
        [one for one in said.notes if one.conversation not in state.doubtful],
    )


_OURS = frozenset({"told", "viewed"})
"""Entries of our own side: they happened on no channel of the customer's."""


def _channels(journey: Journey) -> list[str]:
    """In the order of their first use."""
    used = (e.channel for e in journey.timeline if e.channel and e.kind not in _OURS)
    return list(dict.fromkeys(used))


def _state(journey: Journey) -> str:
    return "closed" if journey.closed_ms else "resolved" if journey.resolved_ms else "open"


def journey_summary(journey: Journey) -> dict[str, Any]:
    """One journey in short, for a list."""
    return {
        "id": journey.id,
        "state": _state(journey),
        "topic": about(journey.topic) if journey.topic else None,
        "channels": _channels(journey),
        "opened_ms": journey.opened_ms,
        "resolved_ms": journey.resolved_ms or None,
        "waiting_since_ms": journey.waiting_ms or None,
        "switches": _count(journey, ChannelSwitched),
        "transfers": _count(journey, TransferStarted),
    }


def _count(journey: Journey, kind: type) -> int:
    return sum(1 for f in journey.published.values() if type(f) is kind and f.state == "asserted")


def _stopped(journey: Journey) -> dict[str, Any] | None:
    for entry in reversed(journey.timeline):
        if entry.kind == "task" and entry.data["state"] in {"started", "progressed"}:
            return {"task": entry.data["task"], "step": entry.data["step"]}
        if entry.kind == "stepped" and entry.data["outcome"] in {"failure", "escalated"}:
            return {"task": entry.data["resource"], "step": entry.data["step"]}
    return None


def _sentiment(journey: Journey) -> float | None:
    scores = [e.data["sentiment"] for e in journey.timeline if e.kind == "sentiment"]
    return float(scores[-1]) if scores else None


def _last(journey: Journey, name: str) -> str | None:
    said = (e.data.get(name) for e in reversed(journey.timeline) if e.kind == "urgency")
    return next((str(value) for value in said if value), None)


def _fact(fact: Fact) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(fact)
    return {"state": fact.state, "revision": fact.revision, **found}


def _was(journey: Journey, fact: Fact) -> str | None:
    """What was said of the same thing before it was corrected."""
    old = journey.before.get(fact.subject_id)
    return sentence(old) if old is not None and fact.state == "asserted" else None


def _entry(entry: Entry) -> dict[str, Any]:
    source, _, conversation = entry.conversation.partition(":")
    return {
        "at_ms": entry.at_ms,
        "until_ms": entry.until_ms or None,
        "kind": entry.kind,
        "channel": "" if entry.kind in _OURS else entry.channel,
        "source": source,
        "conversation": conversation,
        "actor": entry.actor,
        "count": entry.count,
        "label": label(entry),
    }
