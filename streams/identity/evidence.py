"""What an event says of who it is, and whom each part of that leads to; nothing is decided yet."""

from __future__ import annotations

import msgspec

from schemas.common import ConversationRef, Trust
from schemas.events import EventBase, MessageStatusChanged
from streams.fold import View
from streams.identity.found import HANDLES, Found
from streams.identity.graph import STRENGTH, Message, Thread, current, erased_ms
from streams.identity.index import conversation_key, message_key, policy_key
from streams.identity.people import Own, claimed, is_unnamed, own_ids, proven


class Evidence(msgspec.Struct, frozen=True):
    """`doubt`: the conversation is only probably its holder's."""

    found: list[Found]
    proofs: list[Found]
    """Trusted enough to join."""
    finding: list[Found]
    """Trusted enough to find a customer, not to join."""
    own: Own
    people: list[str]
    """Customers whom the proofs lead to."""
    match: str
    """The customer whom claims lead to, if what is proven does not say otherwise."""
    message: Message | None
    conversation: ConversationRef | None
    thread: Thread | None
    holder: str
    """Whose the conversation is, after all joins; empty when it has nobody yet."""
    doubt: bool
    erased: bool
    """It tells of somebody who was erased since."""


def evidence(event: EventBase, found: list[Found], view: View) -> Evidence:
    """See the module."""
    message, conversation = _message(event, view)
    thread: Thread | None = None
    if conversation is not None:
        thread = view.get(conversation_key(event.domain, conversation))
    holder = current(view, thread.customer) if thread else ""
    gone_ms = max((f.erased_ms for f in found), default=0)
    if holder and (held_ms := erased_ms(view, holder)):
        thread, holder, gone_ms = None, "", max(gone_ms, held_ms)
    erased = event.time_ms <= gone_ms
    if message is not None and erased_ms(view, current(view, message.customer)):
        message, erased = None, True  # a receipt of what was said before
    doubt = thread is not None and (
        thread.probable or (thread.claims and holder != thread.customer)
    )
    joining = _joining(event, view)
    proofs = [f for f in found if f.strength >= joining and not f.shared]
    finding = [f for f in found if 0 < f.strength < joining and f.believed and not f.shared]
    own = own_ids(proofs)
    people = proven(proofs, own, view)
    match = "" if proofs else claimed(found)
    if proofs and all(f.identifier.kind in HANDLES for f in proofs):
        claim = claimed([f for f in found if not f.strength and f.customer not in people])
        asks = claim or (doubt and holder not in people)
        if asks and all(is_unnamed(one, claim, view) for one in people):
            # A handle of nobody in particular proves nothing here.
            people, proofs, match = [], [], claim
    return Evidence(
        found, proofs, finding, own, people, match, message, conversation, thread, holder, doubt,
        erased,
    )  # fmt: skip


def _joining(event: EventBase, view: View) -> int:
    """The least strength that joins."""
    trust: Trust | None = view.get(policy_key(event.domain))
    return STRENGTH[trust or "curated"]


def _message(event: EventBase, view: View) -> tuple[Message | None, ConversationRef | None]:
    """What is known of the message that a receipt is about, and where that stands: a receipt of a
    mail names the mail alone, and belongs into the thread in which the mail was seen.
    """
    if not isinstance(event, MessageStatusChanged):
        return None, event.conversation
    message: Message | None = view.get(message_key(event.domain, event.source, event.message_id))
    conversation = event.conversation
    alone = conversation is None or conversation.id == event.message_id
    if message is not None and message.conversation and (alone or message.source):
        conversation = ConversationRef(message.source or event.source, message.conversation)
    return message, conversation
