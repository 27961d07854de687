"""What is said in a Freshdesk ticket: replies and notes, and how the customer liked it.

A comment comes as `Author : <div>…</div>`: its author is told by that and nothing else.
Source: a bot of Wechaty's (the form of a comment); developers.freshdesk.com, API v2, satisfaction
ratings.
"""

from __future__ import annotations

import re

from schemas.common import Actor
from schemas.events import EventBase, FeedbackReceived, MessagePosted
from streams.channels.base import Parsed, malformed
from streams.channels.body import plain
from streams.channels.draft import CUSTOMER
from streams.channels.freshdesk_ticket import Ticket
from streams.channels.ids import digest
from streams.channels.mail_text import unquoted

_BY_CUSTOMER = {"customer", "requester"}
"""Words of a trigger that name the author of a reply."""

_RATINGS = {
    "extremely happy": 3, "very happy": 2, "happy": 1, "neutral": 0, "unhappy": -1,
    "very unhappy": -2, "extremely unhappy": -3,
    "103": 3, "102": 2, "101": 1, "100": 0, "-101": -1, "-102": -2, "-103": -3,
}  # fmt: skip
_COMMENT = re.compile(r"\s*([^<>:]{1,120}?)\s+:\s+(.*)", re.DOTALL)


def read_comment(ticket: Ticket, *, private: bool, key: str = "", known: bool = True) -> EventBase:
    """A reply or a note. `known`: something said that one was written just now."""
    written = ticket.get("latest_private_comment" if private else "latest_public_comment")
    written = written or ticket.get("latest_comment", "comment", "comment_body", "reply_body")
    found = _COMMENT.fullmatch(written)
    author, words = found.groups() if found else ("", written)
    actor = _author(ticket, author, Actor("agent") if known else Actor("external"))
    if private and actor == CUSTOMER:
        actor = Actor("agent")  # a customer writes no private notes
    ident = key or ticket.digest
    return ticket.draft.event(
        MessagePosted,
        f"{ticket.key}/comment/{ident}",
        ticket.at_ms,
        actor=actor,
        message_id=f"{ticket.draft.conversation}/{ident}",
        direction="outbound" if actor.kind == "agent" else "inbound",
        visibility="internal" if private else "public",
        personal={
            "text": unquoted(words),
            "subject": ticket.get("subject"),
            "name": ticket.person("name") if actor == CUSTOMER else "",
        },
    )


def _author(ticket: Ticket, name: str, otherwise: Actor) -> Actor:
    requester, agent = ticket.person("name"), ticket.get("agent_name")
    trigger = ticket.get("triggered_event", "event", "event_type", "trigger")
    if _BY_CUSTOMER & set(re.split(r"[^a-z]+", trigger.lower())):
        return CUSTOMER
    if not name or not (requester or agent):
        return otherwise
    if name.casefold() == requester.casefold():
        return CUSTOMER
    if name.casefold() == agent.casefold():
        return Actor("agent", ticket.holder.agent)
    return Actor("agent") if requester else otherwise


def rating_of(ticket: Ticket, told: str) -> str:
    return told or ticket.get("satisfaction_rating", "survey_rating", "feedback_rating", "rating")


def read_rating(ticket: Ticket, told: str) -> Parsed:
    """From extremely unhappy (-3) to extremely happy (3); the old survey has 1 happy, 2
    neutral and 3 unhappy.
    """
    rating = rating_of(ticket, told).lower()
    comment = ticket.get("feedback", "survey_comment", "feedback_comment", "feedback_text")
    if rating in _RATINGS:
        score, most = float(_RATINGS[rating]), 3.0
    elif rating in {"1", "2", "3"}:
        score, most = 2.0 - float(rating), 1.0
    else:
        return malformed(f"Freshdesk has no satisfaction rating {rating!r} that we know.")
    rated = ticket.draft.event(
        FeedbackReceived,
        f"{ticket.key}/rated/{rating}/{digest(comment)}",
        ticket.at_ms,
        actor=CUSTOMER,
        instrument="csat",
        score=score,
        scale_min=-most,
        scale_max=most,
        personal={"comment": plain(comment)},
    )
    return Parsed((rated,))
