"""Journeys and contexts for people: state into plain values, with a sentence for each thing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from schemas.facts import (
    ChannelSwitched,
    ContactRepeated,
    ConversationAttached,
    Fact,
    FeedbackJoined,
    JourneyClosed,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    QueueAbandoned,
    QueueWaited,
    ReplyAwaited,
    ReplyMeasured,
    SentimentAlerted,
    SlaAtRisk,
    SlaBreached,
    SlaMet,
    TransferConcluded,
    TransferStarted,
)
from streams.journeys.commitments import commitments
from streams.journeys.feedback import VERY_BAD
from streams.journeys.state import CustomerState, Entry, Excerpts, Journey
from streams.lexicon.reading import GUESS

_CHANNELS = {
    "whatsapp": "WhatsApp", "sms": "SMS", "voice": "the phone", "email": "e-mail",
    "messenger": "Messenger", "instagram": "Instagram", "telegram": "Telegram", "slack": "Slack",
    "viber": "Viber", "line": "LINE", "rcs": "RCS", "app": "the app",
}  # fmt: skip

_RULES = {
    "conversation": "it is the same conversation",
    "reference": "it refers to another conversation of this customer",
    "expectation": "we had sent the customer to this channel",
    "topic": "it is about the same topic",
    "waiting": "the customer was waiting for an answer",
    "latest": "it came while this need was open and active",
    "new": "no need of this customer was open",
}


_CAUSES = {
    "agent_invited": "an agent invited",
    "callback": "called back",
    "deflected": "deflected",
    "handed_off": "handed off",
    "bot_failed": "the bot failed",
    "queue_overflow": "queue overflow",
    "out_of_hours": "out of hours",
    "undelivered": "not delivered",
    "abandoned_queue": "gave up in the queue",
    "unanswered": "no answer came",
}


_OUTCOMES = {
    "successful": "was successful",
    "bounced": "bounced back",
    "refused": "was refused",
    "failed": "failed",
    "no_context": "came without the context",
}


_PROMISES = {
    "call_back": "to call back",
    "answer": "an answer",
    "refund": "a refund",
    "delivery": "a delivery",
    "visit": "a visit",
}


def on(channel: str) -> str:
    """The channel as people say it."""
    return _CHANNELS.get(channel, channel or "an unknown channel")


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
                "why": _RULES.get(a.rule, a.rule),
                "certainty": "probable" if a.probable else "certain",
            }
            for a in journey.attached
        ],
        "timeline": [_entry(entry) for entry in journey.timeline],
        "facts": [
            {**_fact(fact), "sentence": sentence(fact), "was": _was(journey, fact)}
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
        "journeys": [_summary(j) for j in sorted(live, key=lambda j: -j.last_ms)],
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
        "recent": [_summary(j) for j in sorted(done, key=lambda j: -j.resolved_ms)[:3]],
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


def _summary(journey: Journey) -> dict[str, Any]:
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


def label(entry: Entry) -> str:
    """One entry as a plain sentence."""
    times = f" ({entry.count} messages)" if entry.count > 1 else ""
    agent = entry.data.get("agent") or entry.actor
    who = f"Agent {agent}" if agent else "An agent"
    data = entry.data
    match entry.kind:
        case "act" if data.get("queued"):
            return f"Customer entered the queue {data['queue']}"
        case "act" if data.get("step"):
            return f"Customer chose {data['step']} in {data['resource']}"
        case "act":
            return f"Customer wrote on {on(entry.channel)}{times}"
        case "connected":
            return f"{who} called the customer" if data.get("callback") else f"{who} took the call"
        case "consulted":
            return f"{who} was consulted"
        case "reply":
            return f"{who} answered on {on(entry.channel)}{times}"
        case "bot":
            return f"The bot answered{times}"
        case "auto":
            return f"An automatic message went out{times}"
        case "note":
            return "An internal note was written"
        case "left":
            return f"Left the queue {data['queue']}: {data['outcome']}"
        case "assigned":
            return f"Now with {_hands(data['to'])}"
        case "transfer":
            return f"Transfer {data['phase']} ({data['kind']}), to {_hands(data.get('to', {}))}"
        case "status":
            return f"The conversation is {data['status'].replace('_', ' ')}"
        case "ended":
            return "The call ended" + (", answered" if data.get("answered") else "")
        case "feedback":
            return f"Customer answered: {_rating(data['instrument'], data['score'])}"
        case "viewed":
            return f"{who} looked the customer up"
        case "promised":
            return f"{who} promised {_PROMISES.get(data['what'], 'something')}"
        case "told":
            return "The context was delivered"
        case "opened":
            return f"Conversation opened by the {data['by']}"
        case "topic":
            return f"It is about {about(data['topic'])}"
        case "sentiment":
            return f"The tone is {_tone(data['sentiment'])}"
        case "urgency":
            return "It is urgent" if data.get("urgency") == "high" else f"Priority {_most(data)}"
        case "task":
            return f"{data['task']}: {data['step']} ({data['state']})"
    return entry.kind


def about(topic: str) -> str:
    """A topic as people say it."""
    return topic.removeprefix(GUESS) + (" (by its words)" if topic.startswith(GUESS) else "")


def _tone(sentiment: float) -> str:
    if sentiment <= VERY_BAD:
        return "very bad"
    return "bad" if sentiment < 0 else "good" if sentiment > 0 else "neutral"


def _most(data: dict[str, Any]) -> str:
    return str(data.get("priority") or data.get("urgency"))


def _hands(hands: dict[str, str], otherwise: str = "nobody") -> str:
    named = (name if value == name else f"{name} {value}" for name, value in hands.items())
    return ", ".join(named) or otherwise


def _rating(instrument: str, score: float | None) -> str:
    name = instrument.upper() if instrument in {"csat", "nps", "ces"} else instrument
    return name if score is None else f"{name} {score:g}"


def _span(ms: int) -> str:
    seconds = round(ms / 1_000)
    if seconds < 90:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"


def sentence(fact: Fact) -> str:
    """One conclusion as a plain sentence."""
    said = _said(fact)
    return f"Taken back: {said}" if fact.state == "retracted" else said


def _said(fact: Fact) -> str:
    match fact:
        case JourneyOpened():
            return f"A need was opened on {on(fact.channel)} by the {fact.initiated_by}"
        case ConversationAttached():
            return f"Its conversation on {on(fact.channel)} belongs here because {_RULES.get(fact.rule, fact.rule)}"
        case ChannelSwitched():
            cause = _CAUSES.get(fact.cause, fact.cause.replace("_", " "))
            how = f"forced: {cause}" if fact.forced else "by choice"
            return f"Customer came from {on(fact.from_)} to {on(fact.to)} after {_span(fact.gap_ms)} ({how})"
        case TransferStarted():
            if fact.kind == "handoff":
                return f"The bot handed over to {_party(fact.to, 'the agents')}"
            return f"Transferred{_ways(fact)}"
        case TransferConcluded():
            pong = ", ping-pong" if fact.ping_pong else ""
            what = "hand-off" if fact.kind == "handoff" else "transfer"
            return f"The {what}{_ways(fact)} {_OUTCOMES[fact.outcome]}{pong}"
        case ReplyMeasured():
            return f"The {fact.which} reply took {_span(fact.ms)}"
        case SlaAtRisk():
            return f"The {fact.clock.replace('_', ' ')} is at risk"
        case SlaMet():
            return f"The {fact.clock.replace('_', ' ')} came in time"
        case ReplyAwaited():
            return f"The customer waits for an answer on {on(fact.channel)}"
        case SlaBreached():
            return f"The {fact.clock.replace('_', ' ')} came too late"
        case QueueAbandoned():
            return f"Hung up in the queue {fact.queue} after {_span(fact.wait_ms)}"
        case QueueWaited():
            return f"Waited {_span(fact.wait_ms)} in the queue {fact.queue}: {fact.outcome}"
        case JourneyResolved():
            return f"Resolved after {_span(fact.duration_ms)}; first contact resolution: {fact.fcr}"
        case JourneyReopened():
            return f"Reopened after {_span(fact.after_ms)}"
        case JourneyClosed():
            return f"Closed: {fact.how}"
        case ContactRepeated():
            return f"The customer came back after {_span(fact.within_ms)}"
        case FeedbackJoined():
            return f"Rated: {_rating(fact.instrument, fact.score)}"
        case SentimentAlerted():
            return f"The tone of the customer is {_tone(fact.sentiment)}"
    return str(fact.__struct_config__.tag).replace(".", " ")


def _ways(fact: TransferStarted | TransferConcluded) -> str:
    """From whom, to whom; nothing of whom nobody told."""
    told = (("from", _party(fact.from_, "")), ("to", _party(fact.to, "")))
    return "".join(f" {word} {party}" for word, party in told if party)


def _party(party: Any, otherwise: str = "nobody") -> str:
    return _hands({k: v for k, v in msgspec.structs.asdict(party).items() if v}, otherwise)
