"""What the lexicon says of somebody's words, as an event like a model's."""

from __future__ import annotations

from typing import Any

from schemas.common import Actor
from schemas.events import ConversationUpdated, EventBase, MessagePosted
from streams.lexicon.promises import promises
from streams.lexicon.reading import GUESS, lexicon

_SYSTEM = Actor("system")


def judgement(event: EventBase) -> ConversationUpdated | None:
    """Topic, urgency and tone of what a customer wrote; what an agent promised, to him or in a
    note.  None when the words say nothing.
    """
    if event.conversation is None:
        return None
    if isinstance(event, MessagePosted) and _customers_own(event):
        return _read(event)
    if event.actor.kind == "agent":
        return _promised(event)
    return None


def _read(message: MessagePosted) -> ConversationUpdated | None:
    text = message.personal.get("text", "")
    words = lexicon()
    if not text or not (read := words.read(text)):
        return None
    return _said(
        message,
        actor=_SYSTEM,
        topic=GUESS + read.topic if read.topic else None,
        urgency=read.urgency or None,
        sentiment=read.sentiment,
        by_model=f"lexicon-{words.version}",
    )


def _promised(event: EventBase) -> ConversationUpdated | None:
    text = ""
    if isinstance(event, MessagePosted) and event.automated == "no" and event.owner == "ours":
        text = event.personal.get("text", "")
    elif isinstance(event, ConversationUpdated) and event.note and event.commitment is None:
        text = event.personal.get("note", "")
    words = promises()
    if not text or (commitment := words.read(text, event.time_ms)) is None:
        return None
    return _said(
        event, actor=event.actor, commitment=commitment, by_model=f"lexicon-{words.version}"
    )


def _said(event: EventBase, **fields: Any) -> ConversationUpdated:
    return ConversationUpdated(
        id=f"{event.id}/lexicon",
        source=event.source,
        domain=event.domain,
        time_ms=event.time_ms,
        recorded_ms=event.recorded_ms,
        estimated=event.estimated,
        channel=event.channel,
        conversation=event.conversation,
        customer=event.customer,
        probable=event.probable,
        members=event.members,
        **fields,
    )


def _customers_own(message: MessagePosted) -> bool:
    return (
        message.actor.kind == "customer"
        and message.direction == "inbound"
        and message.visibility == "public"
        and message.automated == "no"
        and message.owner == "ours"
    )
