"""What is said at Zendesk outside of tickets' comments: lines of messaging, posts in the community
and the help center.
Source: developer.zendesk.com, webhooks, event types, "Messaging", "Community posts", "Articles".
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, ConversationRef, Ref
from schemas.events import ConversationLinked, MessagePosted
from streams.channels import times
from streams.channels.base import Parsed, unknown
from streams.channels.body import table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft
from streams.channels.zendesk_words import CHANNELS, some_id


def read_messaging(body: dict[str, Any], draft: Draft, what: str) -> Parsed:
    """A line of a messaging conversation; it stands in the ticket that it belongs to."""
    if what != "message_added":
        return unknown(f"Zendesk sends no event {draft.native_type!r} that we know.")
    event, detail = table(body, "event"), table(body, "detail")
    draft.channel = CHANNELS.get(text(detail, "via", "channel").lower(), "chat")
    draft.conversation = text(detail, "id") or text(event, "conversation_id")
    kind, ident = text(event, "actor", "type").lower(), text(event, "actor", "id")
    if kind == "trigger":
        actor = SYSTEM
    elif kind in {"system", "bot"} or ident.startswith("zd:"):
        actor = Actor("bot", ident or None)
    elif kind in {"agent", "admin"}:
        actor = Actor("agent", ident or None)
    elif kind in {"end_user", "end-user", "user"}:
        actor = CUSTOMER
    else:
        return unknown(f"Zendesk has no actor type {kind!r} that we know.")
    by_customer = actor == CUSTOMER
    if by_customer and ident:
        draft.identifiers = draft.vendor_id(f"user/{ident}")
    message_id = text(event, "message", "id") or text(body, "id")
    platform_id = text(event, "conversation_id")
    posted = draft.event(
        MessagePosted,
        f"message/{message_id}",
        times.iso(body.get("time")),
        actor=actor,
        # The messaging platform's own webhooks name the thread so.
        refs=(Ref("conversation", platform_id),) if platform_id else (),
        message_id=message_id,
        direction="inbound" if by_customer else "outbound",
        automated="auto_reply" if kind == "trigger" else "no",
        personal={
            "text": text(event, "message", "body"),
            "name": text(event, "actor", "name") if by_customer else "",
        },
    )
    if not platform_id or platform_id == draft.conversation:
        return Parsed((posted,))
    # The platform may have told the line already; then this is how the ticket belongs to it.
    linked = draft.event(
        ConversationLinked,
        f"linked/{draft.conversation}/{platform_id}",
        times.iso(body.get("time")),
        rel="ticket",
        other=ConversationRef(draft.source_name, platform_id),
    )
    return Parsed((posted, linked))


def read_post(body: dict[str, Any], draft: Draft, room: str) -> Parsed:
    """What somebody wrote in public; whether customer or agent is not told."""
    event, detail = table(body, "event"), table(body, "detail")
    author = some_id(event, "author_id") or some_id(event, "user_id") or some_id(detail, "user_id")
    draft.channel, draft.conversation = "social", f"{room}/{text(detail, 'id')}"
    draft.identifiers = draft.vendor_id(f"user/{author}" if author else "")
    posted = draft.event(
        MessagePosted,
        text(body, "id"),
        times.iso(body.get("time")),
        actor=Actor("external", author or None),
        message_id=some_id(event, "comment_id") or text(body, "id"),
        direction="inbound",
        personal={
            "text": text(event, "body") or text(event, "comment", "body") or text(event, "details"),
            "subject": text(event, "title"),
        },
    )
    return Parsed((posted,))
