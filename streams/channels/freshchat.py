"""Freshchat webhooks: `{actor, action, action_time, data}`.

Freshchat names the change and often the state before it.  A message has its own id; a change of a
conversation has none: conversation, action and `action_time` make it unique, and a retry
(`X-Retry-Count`) repeats the body.  The customer is named in his messages (`user_id`) and in some
resolutions, never in assignments: those know him by their conversation.

Signature: base64 of RSA PKCS#1 v1.5 with SHA-256 over the raw body; the source's secret is the
account's public key, which Freshchat shows as PEM, on one line, or as bare base64 (its label says
RSA, its bytes are SubjectPublicKeyInfo).
Sources: Freshworks support, "Freshchat webhooks, payload structure and authentication" (events,
headers, both forms of message parts); developers.freshchat.com, API v2, message parts and users.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from schemas.common import Actor, Channel, Identifier, Party
from schemas.events import AssignmentChanged, ConversationUpdated, EventBase, MessagePosted, Status
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    malformed,
    unknown,
)
from streams.channels.body import dig, plain, read_object, rows, table, text
from streams.channels.draft import BOT, CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.key_pairs import is_rsa_signed
from streams.channels.signatures import NO_SECRET

_CHANNELS: dict[str, Channel] = {
    "web": "chat",
    "website": "chat",
    "webchat": "chat",
    "mobile": "app",
    "ios": "app",
    "android": "app",
    "whatsapp": "whatsapp",
    "facebook": "messenger",
    "messenger": "messenger",
    "instagram": "instagram",
    "line": "line",
    "sms": "sms",
    "telegram": "telegram",
    "viber": "viber",
    "email": "email",
    "apple_business_chat": "messaging",
    "google_business_messages": "messaging",
    "api": "messaging",
    "channel_api": "messaging",
    "bot": "chat",
}
_INNER = {
    "conversation_assignment": "assignment",
    "conversation_resolution": "resolve",
    "conversation_reopen": "reopen",
}
"""Where the change stands in `data`."""

_BY = {"assignment": "assignor", "resolve": "resolver", "reopen": "reopener"}


class Freshchat(Adapter):
    """Option `bots`: the agent ids of bots, with commas between; without it a bot that speaks as
    an agent is taken for one.
    """

    vendor = "freshchat"
    title = "Freshchat"
    options = ("bots",)
    about = About(
        gives=("messages", "states", "agents", "bots", "transfers"),
        identities={
            "phone": ("claimed",),
            "email": ("claimed",),
            "user": ("claimed",),
            "vendor": ("asserted",),
        },
        transfer="conversation_assignment",
        lacks="receipts, edits, queues, tags, ratings, the customer of an assignment",
        retries="yes, counted in X-Retry-Count; the body is the same",
    )
    keep_headers = ("x-freshchat-payload-version", "x-retry-count")

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        if not source.secrets:
            return NO_SECRET
        given = request.headers.get("x-freshchat-signature")
        if not given:
            return Rejected("no_signature", "The request has no X-Freshchat-Signature.")
        try:
            signature = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            return Rejected("malformed", "X-Freshchat-Signature is not base64.")
        if any(is_rsa_signed(secret, signature, request.body) for secret in source.secrets):
            return None
        return Rejected(
            "bad_signature",
            "X-Freshchat-Signature does not fit any of this source's public keys: another "
            "account's key, or a body changed on its way.",
        )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        action = text(body, "action").lower()
        bots = frozenset(filter(None, source.options.get("bots", "").replace(" ", "").split(",")))
        draft = Draft(request, source, action, "chat")
        if action == "message_create":
            return _message(body, draft, bots)
        if action in _INNER:
            return _change(body, draft, _INNER[action], bots)
        return unknown(f"Freshchat sends no action {action!r} that we know.")


# Who ------------------------------------------------------------------------------------------


_CUSTOMERS = {"user", "contact", "customer"}
_KINDS = _CUSTOMERS | {"agent", "admin", "bot", "system"}


def _actor(kind: str, ident: str, bots: frozenset[str]) -> Actor:
    if kind in _CUSTOMERS:
        return CUSTOMER
    if ident and ident in bots:
        return Actor("bot", ident)
    if kind in {"agent", "admin"}:
        return Actor("agent", ident or None)
    return BOT if kind == "bot" else SYSTEM


def _user(user: dict[str, Any], draft: Draft) -> tuple[Identifier, ...]:
    """A user's record.  He may have typed all of it, so it is claimed, but for the id by which
    your own site or app knows him, which is as good as what it passed on.
    """
    return (
        *draft.vendor_id(_user_id(text(user, "id"))),
        *identifier("email", text(user, "email"), "claimed"),
        *identifier("phone", text(user, "phone"), "claimed"),
        *identifier("user", text(user, "reference_id"), "claimed"),
    )


def _user_id(ident: str) -> str:
    return f"user/{ident}" if ident else ""


def _name(user: dict[str, Any]) -> str:
    return " ".join(filter(None, (text(user, "first_name"), text(user, "last_name"))))


# What was said --------------------------------------------------------------------------------


def _message(body: dict[str, Any], draft: Draft, bots: frozenset[str]) -> Parsed:
    message = table(body, "data", "message") or table(body, "data")
    ident = text(message, "id") or text(message, "message_id")
    draft.conversation = text(message, "conversation_id") or text(body, "data", "conversation_id")
    if not ident or not draft.conversation:
        return malformed("The message has no id, or names no conversation.")
    source = text(message, "message_source").lower()
    draft.channel = _CHANNELS.get(source, "messaging" if source else "chat")
    kind = (text(message, "actor_type") or text(body, "actor", "actor_type")).lower()
    who = text(message, "actor_id") or text(body, "actor", "actor_id")
    if kind not in _KINDS:
        return unknown(f"Freshchat has no actor type {kind!r} that we know: who speaks?")
    actor = _actor(kind, who, bots)
    user = text(message, "user_id") or (who if actor == CUSTOMER else "")
    person = table(body, "data", "user") or table(message, "user")
    draft.identifiers = _user({**person, "id": user or text(person, "id")}, draft)
    private = (
        text(message, "message_type").lower() == "private" or message.get("botsPrivateNote") is True
    )
    posted = draft.event(
        MessagePosted,
        f"message/{ident}",
        times.any_form(message.get("created_time")) or times.any_form(body.get("action_time")),
        actor=actor,
        message_id=ident,
        direction="inbound" if actor == CUSTOMER else "outbound",
        visibility="internal" if private else "public",
        personal={"text": _words(message), "name": _name(person)},
    )
    return Parsed((posted,))


def _words(message: dict[str, Any]) -> str:
    """The texts of a message's parts; what has none is named by its kind."""
    parts = rows(message, "message_parts") or rows(message, "msg_parts")
    said = [_part(part) for part in (*parts, *rows(message, "reply_parts"))]
    return "\n".join(word for word in said if word)


def _part(part: dict[str, Any]) -> str:
    """`{"text": {"content": …}}`, or in the older form `{"part_type": …, "properties": {…}}`."""
    if kind := text(part, "part_type"):
        return plain(text(part, "properties", "text")) or f"[{kind}]"
    for kind, value in part.items():
        if sub := rows(value, "sub_parts"):
            return "\n".join(filter(None, map(_part, sub)))
        shown = next(
            filter(
                None,
                (
                    text(value, name)
                    for name in ("content", "custom_reply_text", "label", "title", "name")
                ),
            ),
            "",
        )
        if shown or isinstance(value, dict):
            return plain(shown) or f"[{kind}]"
    return ""


# What became of the conversation --------------------------------------------------------------


def _change(body: dict[str, Any], draft: Draft, inner: str, bots: frozenset[str]) -> Parsed:
    change = table(body, "data", inner) or table(body, "data")
    conversation = table(change, "conversation") or table(body, "data", "conversation")
    draft.conversation = (
        text(conversation, "conversation_id")
        or text(conversation, "id")
        or text(change, "conversation_id")
        or text(body, "data", "conversation_id")
    )
    if not draft.conversation:
        return malformed("The conversation has no id.")
    at_ms = times.any_form(body.get("action_time"))
    by = _BY[inner]
    actor = _actor(
        (text(body, "actor", "actor_type") or text(change, by)).lower(),
        text(body, "actor", "actor_id") or text(change, f"{by}_id"),
        bots,
    )
    person = table(change, "user") or table(conversation, "user")
    if actor == CUSTOMER and not person:
        person = {"id": text(body, "actor", "actor_id") or text(change, f"{by}_id")}
    draft.identifiers = _user(person, draft)
    # Two changes differ in their time; without one, in what they say.
    stamp = text(body, "action_time") or text(change, "interaction_id")
    key = f"conversation/{draft.conversation}/{inner}/{stamp}"
    event: EventBase
    if inner == "assignment":
        to, before = _to(change, conversation, bots), _party(change, "from", bots)
        event = draft.event(
            AssignmentChanged,
            f"{key}/{to.agent}/{to.team}/{to.bot}",
            at_ms,
            actor=actor,
            to=to,
            from_=before if before != Party() else None,
        )
    else:
        status: Status = "resolved" if inner == "resolve" else "open"
        event = draft.event(
            ConversationUpdated,
            key,
            at_ms,
            actor=actor,
            status=status,
            personal={"name": _name(person)},
        )
    return Parsed((event,))


def _to(change: dict[str, Any], conversation: dict[str, Any], bots: frozenset[str]) -> Party:
    """Who has it now: as the change says, else as the conversation shows it."""
    if any(dig(change, f"to_{name}_id") is not None for name in ("agent", "group")):
        return _party(change, "to", bots)
    return _party(conversation, "assigned", bots)


def _party(value: dict[str, Any], prefix: str, bots: frozenset[str]) -> Party:
    """`to_agent_id` and `to_group_id`; empty texts stand for nobody."""
    agent = text(value, f"{prefix}_agent_id")
    is_bot = agent in bots
    return Party(
        agent=agent if agent and not is_bot else None,
        bot=agent if agent and is_bot else None,
        team=text(value, f"{prefix}_group_id") or None,
    )
