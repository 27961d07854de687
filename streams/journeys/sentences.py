"""What happened and what is concluded, in words: a plain sentence for each entry and each fact."""

from __future__ import annotations

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
from streams.journeys.feedback import VERY_BAD
from streams.journeys.state import Entry
from streams.lexicon.reading import GUESS
from streams.notifications.spoken import spoken

_UNKNOWN = "unknown"
"""What an adapter says of a queue or an agent that the vendor does not name."""

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
    "customer": "own choice",
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


_OFFERS = {
    "ringing": "was asked to take it", "declined": "declined", "missed": "did not take it",
}  # fmt: skip
_KINDS = {
    "blind": "A blind transfer", "warm": "A warm transfer", "external": "An external transfer",
}  # fmt: skip
_PHASES = {"started": "began", "accepted": "was accepted", "failed": "failed"}
_STEPS = {
    "success": " (done)", "failure": " (failed)", "left": " (left it)",
    "escalated": " (needs a human)",
}  # fmt: skip
_LINKS = {
    "merged": "Merged with another conversation",
    "ticket": "A ticket was made of it",
    "callback": "A call-back was arranged",
    "deflection": "The customer was sent to another channel",
    "follow_up": "It follows another conversation",
}


def why(rule: str) -> str:
    """Why a conversation belongs to its journey, after "because"."""
    return _RULES.get(rule, rule)


def on(channel: str) -> str:
    """The channel as people say it."""
    return spoken(channel) or "an unknown channel"


def label(entry: Entry) -> str:
    """One entry as a plain sentence."""
    times = f" ({entry.count} messages)" if entry.count > 1 else ""
    agent = entry.data.get("agent") or entry.actor
    who = f"Agent {agent}" if agent and agent != _UNKNOWN else "An agent"
    said, answered = ("spoke", "spoke") if entry.channel == "voice" else ("wrote", "answered")
    data = entry.data
    match entry.kind:
        case "act" if data.get("queued"):
            return f"Customer entered {_queue(data['queue'])}"
        case "act" if data.get("step"):
            return f"Customer chose {data['step']} in {data['resource']}"
        case "act":
            return f"Customer {said} on {on(entry.channel)}{times}"
        case "connected":
            if data.get("callback"):
                return f"{who} called the customer"
            return f"{who} took the {'call' if entry.channel == 'voice' else 'conversation'}"
        case "consulted":
            return f"{who} was consulted"
        case "reply":
            return f"{who} {answered} on {on(entry.channel)}{times}"
        case "bot":
            return f"The bot answered{times}"
        case "auto":
            return f"An automatic message went out{times}"
        case "note":
            return "An internal note was written"
        case "left":
            return f"Left {_queue(data['queue'])}: {data['outcome'].replace('_', ' ')}"
        case "assigned":
            return f"Now with {_hands(data['to'])}"
        case "transfer":
            to = f" to {_hands(data['to'])}" if data.get("to") else ""
            return f"{_KINDS.get(data['kind'], 'A transfer')}{to} {_PHASES[data['phase']]}"
        case "gone":
            return f"{who} left the conversation"
        case "offered":
            return f"{who} {_OFFERS[data['outcome']]}"
        case "linked":
            return _LINKS.get(data["rel"], "Another conversation belongs to it")
        case "undelivered":
            return "A message was not delivered"
        case "stepped":
            return (
                f"Self-service {data['resource']}: {data['step']}{_STEPS.get(data['outcome'], '')}"
            )
        case "twin":
            return "The same message, told by another system"
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
            kind, _, ident = data["task"].partition(":")
            return f"{kind.capitalize()} {ident}: {data['step']} ({data['state']})"
    return entry.kind


def _queue(name: str) -> str:
    return f"the queue {name}" if name and name != _UNKNOWN else "a queue"


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


def brief(fact: Fact) -> str | None:
    """The few words that a conclusion has beside the thread; None where it needs none."""
    match fact:
        case ChannelSwitched():
            return _cause(fact)
        case TransferStarted():
            return f"{_passed_on(fact).capitalize()} under way"
        case TransferConcluded():
            pong = ", ping-pong" if fact.ping_pong else ""
            return f"{_passed_on(fact).capitalize()}: {fact.outcome.replace('_', ' ')}{pong}"
        case JourneyResolved():
            return "Resolved"
        case JourneyReopened():
            return "Reopened"
        case QueueAbandoned():
            return f"Gave up after {_span(fact.wait_ms)}"
        case SlaBreached():
            return f"{fact.clock.replace('_', ' ').capitalize()} too late"
        case FeedbackJoined():
            return f"Rated {_rating(fact.instrument, fact.score)}"
    return None


def _cause(fact: ChannelSwitched) -> str:
    return _CAUSES.get(fact.cause, fact.cause.replace("_", " "))


def _passed_on(fact: TransferStarted | TransferConcluded) -> str:
    return "hand-off" if fact.kind == "handoff" else "transfer"


def _said(fact: Fact) -> str:
    match fact:
        case JourneyOpened():
            return f"A need was opened on {on(fact.channel)} by the {fact.initiated_by}"
        case ConversationAttached():
            return f"Its conversation on {on(fact.channel)} belongs here because {why(fact.rule)}"
        case ChannelSwitched():
            how = f"forced: {_cause(fact)}" if fact.forced else "by choice"
            return f"Customer came from {on(fact.from_)} to {on(fact.to)} after {_span(fact.gap_ms)} ({how})"
        case TransferStarted():
            if fact.kind == "handoff":
                return f"The bot handed over to {_party(fact.to, 'the agents')}"
            return f"Transferred{_ways(fact)}"
        case TransferConcluded():
            pong = ", ping-pong" if fact.ping_pong else ""
            return f"The {_passed_on(fact)}{_ways(fact)} {_OUTCOMES[fact.outcome]}{pong}"
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
            return f"Hung up in {_queue(fact.queue)} after {_span(fact.wait_ms)}"
        case QueueWaited():
            return f"Waited {_span(fact.wait_ms)} in {_queue(fact.queue)}: {fact.outcome}"
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
