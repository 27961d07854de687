"""What an event teaches about its customer: his identifiers, his conversation, who joins him."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from schemas.common import ConversationRef
from schemas.events import EventBase, MessagePosted
from streams.fold import Timer, View
from streams.identity.found import HANDLES, Found
from streams.identity.graph import (
    CLAIMED,
    SHARED,
    STRENGTH,
    Known,
    Link,
    Message,
    NewJoin,
    Thread,
    Tie,
    current,
    own_of_both,
)
from streams.identity.index import conversation_key, customer_key, message_key
from streams.identity.joins import join, known_of, unique
from streams.identity.shared import note_shared

MESSAGE_KEPT_MS = 3 * 86_400_000
"""Receipts come within hours; a read receipt after three days tells nothing new."""


class Lesson(msgspec.Struct):
    """`mine` are the identifiers that the event says are the winner's; `whose` is the member of his
    for whom they stand; `held` is the member whose the conversation was.
    """

    winner: str
    joins: tuple[NewJoin, ...]
    mine: list[Found]
    own: Mapping[str, tuple[str, ...]]
    whose: str
    held: str
    probable: bool


def learn(event: EventBase, lesson: Lesson, view: View) -> tuple[Known, int]:
    """What is known of the winner now, and how many identifiers turned out to be shared."""
    known = _customer(event, lesson, view)
    losers = {one.loser for one in lesson.joins}
    shared = 0
    for found in lesson.mine:
        if found.takes_over and found.customer and found.customer not in {lesson.winner, *losers}:
            _lost(found.key, found.customer, view)
        if _link(found, lesson.winner, losers, lesson.whose, view):
            note_shared(event, found.identifier, found.key, view)
            shared += 1
    return known, shared


def _customer(event: EventBase, lesson: Lesson, view: View) -> Known:
    winner, mine = lesson.winner, lesson.mine
    ours = {None, winner, *(one.loser for one in lesson.joins)}
    stored: Known | None = view.get(customer_key(winner))
    known = stored or Known(event.recorded_ms, provisional=True)
    # An identifier that is shared, or found to be, is nobody's own.
    keys = tuple(f.key for f in mine if not f.shared and (f.customer in ours or f.takes_over))
    known = msgspec.structs.replace(
        known,
        provisional=known.provisional and not any(f.strength for f in mine),
        identifiers=unique(*known.identifiers, *keys),
        own=own_of_both(known.own, lesson.own) if mine and lesson.own else known.own,
        domain=event.domain,
    )
    if known != stored:
        view.put(customer_key(winner), known)
    for one in lesson.joins:
        tie = Tie(f"{event.id}/{one.loser}", *_ends(one.loser, lesson, view))
        known = join(winner, one.loser, tie, one.by, view)
    return known


def _ends(loser: str, lesson: Lesson, view: View) -> tuple[str, str]:
    """The members that the evidence ties: as the identifiers, or the conversation, know them."""
    raws = {f.customer: f.link.customer for f in lesson.mine if f.link and f.believed}
    held = lesson.held if lesson.held and current(view, lesson.held) == loser else loser
    return raws.get(lesson.winner, lesson.whose), raws.get(loser, held)


def _lost(key: str, claimer: str, view: View) -> None:
    """What he only claimed is another's."""
    known = known_of(view, claimer)
    kept = tuple(one for one in known.identifiers if one != key)
    view.put(customer_key(claimer), msgspec.structs.replace(known, identifiers=kept))


def _link(found: Found, winner: str, losers: set[str], whose: str, view: View) -> bool:
    """Keeps whose the identifier is. True when it has just turned out to be shared."""
    link, trust = found.link, found.identifier.trust
    if link is None or (found.takes_over and found.customer != winner):
        view.put(found.key, Link(whose, trust, handle=found.identifier.kind in HANDLES))
    elif found.customer in {winner, *losers}:
        if found.strength > STRENGTH[link.trust]:
            view.put(found.key, msgspec.structs.replace(link, trust=trust, claimed_in=()))
    elif found.strength >= STRENGTH["curated"]:
        if winner not in link.others and len(link.others) < SHARED:
            others = (*link.others, winner)
            view.put(found.key, msgspec.structs.replace(link, others=others))
        return not link.others
    return False


def keep_thread(
    event: EventBase,
    where: ConversationRef,
    thread: Thread | None,
    lesson: Lesson,
    proven: bool,
    view: View,
) -> None:
    """Keeps whose the conversation is. The first who proved it has it: `thread` is None when it has
    nobody yet, or goes to somebody else now.
    """
    if thread is None:
        new = Thread(lesson.whose, lesson.probable, not proven)
    elif current(view, thread.customer) == lesson.winner:
        new = Thread(thread.customer, lesson.probable, thread.claims and not proven)
    else:
        return
    if new != view.get(conversation_key(event.domain, where)):
        view.put(conversation_key(event.domain, where), new)


def note_claims(where: ConversationRef, found: list[Found], view: View) -> None:
    """Keeps where it was claimed what nobody has proven: that may be his who proves it."""
    key = f"{where.source}:{where.id}"
    for f in found:
        link: Link | None = None if f.strength else view.get(f.key)
        if link is None or STRENGTH[link.trust] or key in link.claimed_in:
            continue
        view.put(
            f.key, msgspec.structs.replace(link, claimed_in=(*link.claimed_in, key)[-CLAIMED:])
        )


def remember_message(
    event: MessagePosted, whose: str, conversation: ConversationRef | None, view: View
) -> None:
    key = message_key(event.domain, event.source, event.message_id)
    keep_message(key, Message(whose, conversation.id if conversation else ""), view)


def keep_message(key: str, message: Message, view: View) -> None:
    """For as long as receipts may come."""
    view.put(key, message)
    view.set_timer(Timer(view.now_ms + MESSAGE_KEPT_MS, key, "forget"))
