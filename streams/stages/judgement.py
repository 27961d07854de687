"""What the lexicon says of a customer's message, as an event like a model's."""

from __future__ import annotations

from schemas.common import Actor
from schemas.events import ConversationUpdated, MessagePosted
from streams.lexicon.reading import GUESS, lexicon

_SYSTEM = Actor("system")


def judgement(message: MessagePosted) -> ConversationUpdated | None:
    """Topic, urgency and sentiment of what a customer wrote; None when its words say nothing."""
    text = message.personal.get("text", "")
    if not text or message.conversation is None or not _is_his_own(message):
        return None
    words = lexicon()
    if not (read := words.read(text)):
        return None
    return ConversationUpdated(
        id=f"{message.id}/lexicon",
        source=message.source,
        domain=message.domain,
        time_ms=message.time_ms,
        recorded_ms=message.recorded_ms,
        estimated=message.estimated,
        channel=message.channel,
        actor=_SYSTEM,
        conversation=message.conversation,
        customer=message.customer,
        probable=message.probable,
        members=message.members,
        topic=GUESS + read.topic if read.topic else None,
        urgency=read.urgency or None,
        sentiment=read.sentiment,
        by_model=f"lexicon-{words.version}",
    )


def _is_his_own(message: MessagePosted) -> bool:
    return (
        message.actor.kind == "customer"
        and message.direction == "inbound"
        and message.visibility == "public"
        and message.automated == "no"
        and message.owner == "ours"
    )
