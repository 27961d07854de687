"""Rocket.Chat Omnichannel (livechat) webhooks.

A body is the room as it is now: visitor, agent, and all visible messages so far (`Message` holds
only the new one, `LeadCapture` none).  Its `_id` is the room, not the event: messages have their
own ids, so whatever tells them again is the same; opening and closing happen to a room once; a
taking has the time at which it was served.  Only a forwarding has no time of its own unless an
agent serves it: then it is the arrival's.

Who writes: a message without `agentId` is the visitor's.  `closingMessage` is the words of a
closing, a `navigation` a page that was looked at: neither is a message to anybody.
Rocket.Chat wants exactly 200 and keeps what we answer in the room (`crmData`): so it is empty.

A bridge of the same name (Courier, RapidPro) sends `{user: {urn, …}, text, attachments}`, with
neither id nor time: two equal messages of one visitor look like a retry.

Sources: Rocket.Chat's code (`livechat/server/hooks/sendToCRM.ts`, `offlineMessage.ts`,
`lib/webhooks.ts`, `lib/guests.ts`, `api/v1/webhooks.ts`), docs.rocket.chat, "Configure Omnichannel
Event Webhooks"; the bridge: github.com/nyaruka/courier, `handlers/rocketchat`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.common import Actor, Identifier, Party
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ContactEnded,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    QueueEntered,
    QueueLeft,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    malformed,
    unknown,
)
from streams.channels.body import plain, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.ids import digest
from streams.channels.signatures import any_secret, bearer

_TOKEN = "x-rocketchat-livechat-token"  # noqa: S105 - the header's name
_TEST_ROOM = "fasd6f5a4sd6f8a4sdf"
"""The room of the button "Send Test", which is always of that moment."""

_TEST_MS = 86_400_000
_NO_DEPARTMENT = "omnichannel"
"""The queue of chats that no department was chosen for."""


class RocketChat(Adapter):
    """Option `bots`: user names or ids of agents that are bots, with commas between."""

    vendor = "rocketchat"
    title = "Rocket.Chat"
    about = About(
        gives=(
            "messages", "receipts", "states", "ends", "queue", "agents", "bots", "transfers",
        ),
        identities={"phone": ("claimed",), "email": ("claimed",), "vendor": ("asserted",)},
        transfer="LivechatSessionForwarded",
        lacks="receipts but for edits, ratings, when a chat was forwarded to a department",
        retries="ten every 10 seconds, later versions five on 429 and 5xx; the body is the same",
    )  # fmt: skip

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """The secret token as it is; the bridge sends `Authorization: Token …`."""
        if (given := request.headers.get(_TOKEN)) is not None:
            return any_secret(source, given, lambda secret: secret, "X-RocketChat-Livechat-Token")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "token":
            return any_secret(source, token.strip(), lambda secret: secret, "Authorization")
        return bearer(request, source)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        kind = text(body, "type")
        draft = Draft(request, source, kind, "chat")
        if not kind and isinstance(body.get("user"), dict):
            return _bridged(body, draft)
        if kind == "LivechatOfflineMessage":
            return _left_word(body, draft)
        created_ms = times.any_form(body.get("createdAt"))
        if (
            text(body, "_id") == _TEST_ROOM
            and created_ms is not None
            and abs(request.received_ms - created_ms) < _TEST_MS
        ):
            return ignored("Rocket.Chat's own test call: its visitor is nobody.")
        bots = frozenset(filter(None, source.options.get("bots", "").replace(" ", "").split(",")))
        return _Room(body, draft, bots).parsed()


class _Room:
    def __init__(self, body: dict[str, Any], draft: Draft, bots: frozenset[str]) -> None:
        self._body, self._draft = body, draft
        self._bots = {"rocket.cat", *bots}
        self._visitor = table(body, "visitor")
        # `agent` is the person's record, `servedBy` who serves the room and since when.
        self._agent = text(body, "servedBy", "_id") or text(body, "agent", "_id")
        self._department = text(body, "departmentId") or text(self._visitor, "department")
        self._served_ms = times.any_form(table(body, "servedBy").get("ts"))
        draft.conversation = text(body, "_id") or text(body, "messages", 0, "rid")
        draft.identifiers = _visitor(self._visitor, draft)
        self._key = f"room/{draft.conversation}"

    def parsed(self) -> Parsed:
        kind = self._draft.native_type
        makers: dict[str, Callable[[], list[EventBase]]] = {
            "LivechatSessionStart": self._started,
            "LivechatSessionStarted": self._started,
            "LivechatSessionQueued": self._queued,
            "LivechatSessionTaken": self._taken,
            "LivechatSessionForwarded": self._forwarded,
            "LivechatSession": self._closed,
            "LivechatEdit": self._edited,
            "LeadCapture": self._captured,
            "Message": list,
        }
        if not kind:
            return unknown(
                "This is no Omnichannel webhook (it has no type): an integration's outgoing "
                "webhook tells what colleagues write to each other."
            )
        if kind not in makers:
            return unknown(f"Rocket.Chat's livechat sends no type {kind!r} that we know.")
        if not self._draft.conversation:
            return malformed("The room has no id.")
        what, said = makers[kind](), self._said()
        # A room opens before anything is said in it; all else comes after what was said.
        found = [*what, *said] if kind.startswith("LivechatSessionStart") else [*said, *what]
        if not found:
            return ignored(f"{kind}: nothing that a journey depends on.")
        return Parsed(tuple(found))

    def _is_bot(self, ident: str, name: str = "") -> bool:
        return bool(self._bots & {ident, name} - {""})

    def _party(self, agent: str, name: str, department: str) -> Party:
        is_bot = self._is_bot(agent, name)
        return Party(
            agent=agent if agent and not is_bot else None,
            bot=agent if agent and is_bot else None,
            team=department or None,
        )

    def _serves(self) -> Party:
        name = text(self._body, "servedBy", "username") or text(self._body, "agent", "username")
        return self._party(self._agent, name, self._department)

    # What was said ------------------------------------------------------------------------------

    def _said(self) -> list[EventBase]:
        return [
            event for message in rows(self._body, "messages") for event in self._message(message)
        ]

    def _message(self, message: dict[str, Any]) -> list[EventBase]:
        if message.get("navigation"):
            return []  # a page that he looked at
        at_ms = times.any_form(message.get("ts"))
        actor = self._author(message)
        if message.get("closingMessage") is True:
            # The room's own close hook may be off: then this is all that tells it.
            return [self._closing(at_ms, actor)] if self._draft.native_type == "Message" else []
        said = _words(message)
        # Messages without ids are those of the oldest versions.
        ident = text(message, "_id") or digest(
            [text(message, "ts"), text(message, "username"), said]
        )
        found: list[EventBase] = [
            self._draft.event(
                MessagePosted,
                f"message/{ident}",
                at_ms,
                actor=actor,
                message_id=ident,
                direction="inbound" if actor == CUSTOMER else "outbound",
                personal={
                    "text": said,
                    "name": text(self._visitor, "name") if actor == CUSTOMER else "",
                },
            )
        ]
        if edited := text(message, "editedAt"):
            found.append(
                self._draft.event(
                    MessageStatusChanged,
                    f"message/{ident}/edited/{edited}",
                    times.any_form(edited),
                    actor=actor,
                    message_id=ident,
                    status="edited",
                )
            )
        return found

    def _author(self, message: dict[str, Any]) -> Actor:
        name = text(message, "username") or text(message, "u", "username")
        agent = text(message, "agentId")
        if self._is_bot(agent, name):
            return Actor("bot", agent or None)
        return Actor("agent", agent) if agent else CUSTOMER

    # What became of the room --------------------------------------------------------------------

    def _started(self) -> list[EventBase]:
        opened = self._draft.event(
            ConversationOpened,
            f"{self._key}/opened",
            times.any_form(self._body.get("createdAt")),
            actor=CUSTOMER,
            initiated_by="customer",
            direction="inbound",
            queue=self._department or None,
            personal={"name": text(self._visitor, "name")},
        )
        if not self._agent:
            return [opened]
        return [
            opened,
            self._draft.event(
                AssignmentChanged,
                f"{self._key}/first-holder",
                self._served_ms or times.any_form(self._body.get("createdAt")),
                to=self._serves(),
            ),
        ]

    def _queued(self) -> list[EventBase]:
        """A room enters a queue when it begins, and again when it is forwarded to a department:
        what was said last tells one from the other.
        """
        last = text(self._body, "lastMessageAt")
        return [
            self._draft.event(
                QueueEntered,
                f"{self._key}/queued/{self._department}/{last}",
                times.any_form(last) or times.any_form(self._body.get("createdAt")),
                actor=CUSTOMER,
                queue=self._department or _NO_DEPARTMENT,
            )
        ]

    def _taken(self) -> list[EventBase]:
        if not self._agent:
            return []
        holder = self._serves()
        key = f"{self._key}/taken/{self._agent}/{text(self._body, 'servedBy', 'ts')}"
        if holder.bot:
            return [
                self._draft.event(AssignmentChanged, key, self._served_ms, actor=SYSTEM, to=holder)
            ]
        return [
            self._draft.event(
                AgentConnected,
                key,
                self._served_ms,
                actor=CUSTOMER,
                agent=self._agent,
            )
        ]

    def _forwarded(self) -> list[EventBase]:
        """To another agent, or to a department, whose queue may hold it without an agent."""
        old = table(self._body, "oldServedBy")
        before = self._party(
            text(old, "_id"), text(old, "username"), text(self._body, "oldDepartmentId")
        )
        to = self._serves()
        left_ms = times.any_form(old.get("ts"))
        at_ms = self._served_ms
        if at_ms is not None and left_ms is not None and at_ms <= left_ms:
            at_ms = None  # still the old agent's time
        told = [
            text(self._body, "servedBy", "ts"), text(old, "ts"), text(self._body, "lastMessageAt"),
            to.agent, to.bot, to.team, before.agent, before.team,
        ]  # fmt: skip
        return [
            self._draft.event(
                AssignmentChanged,
                f"{self._key}/forwarded/{digest(told)}",
                at_ms,
                actor=Actor("agent", before.agent) if before.agent else SYSTEM,
                to=to,
                from_=before if before != Party() else None,
            )
        ]

    def _closed(self) -> list[EventBase]:
        at_ms = times.any_form(self._body.get("closedAt")) or times.any_form(
            self._body.get("lastMessageAt")
        )
        closer = text(self._body, "closer")
        by = text(self._body, "closedBy", "_id")
        actor = SYSTEM
        if closer == "visitor":
            actor = CUSTOMER
        elif self._is_bot(by, text(self._body, "closedBy", "username")):
            actor = Actor("bot", by or None)
        elif by or self._agent:
            actor = Actor("agent", by or self._agent)
        if closer == "visitor" and not self._agent:
            return self._given_up(at_ms)
        return [self._closing(at_ms, actor)]

    def _given_up(self, at_ms: int | None) -> list[EventBase]:
        """He leaves before anybody served him: the room is closed, his need is not met."""
        return [
            self._draft.event(
                QueueLeft,
                f"{self._key}/abandoned",
                at_ms,
                actor=CUSTOMER,
                queue=self._department or _NO_DEPARTMENT,
                outcome="abandoned",
            ),
            self._draft.event(
                ContactEnded,
                f"{self._key}/closed",
                at_ms,
                actor=CUSTOMER,
                by="customer",
                answered=False,
            ),
        ]

    def _closing(self, at_ms: int | None, actor: Actor) -> EventBase:
        return self._draft.event(
            ConversationUpdated,
            f"{self._key}/closed",
            at_ms,
            actor=actor,
            status="closed",
            tags=_tags(self._body) or None,
        )

    def _edited(self) -> list[EventBase]:
        """Sent for a closed room whose form was saved."""
        tags = _tags(self._body)
        if not tags:
            return []
        return [
            self._draft.event(
                ConversationUpdated, f"{self._key}/tags/{digest(tags)}", None, tags=tags
            )
        ]

    def _captured(self) -> list[EventBase]:
        """He wrote an address or a number into the chat, and Rocket.Chat put it on his card."""
        found = self._draft.identifiers
        if len(found) < 2:
            return []
        return [
            self._draft.event(
                IdentityLinked,
                f"{self._key}/captured/{'/'.join(f'{i.kind}={i.value}' for i in found)}",
                times.any_form(self._body.get("lastMessageAt")),
                actor=CUSTOMER,
                rel="same",
                by="contact",
                personal={"name": text(self._visitor, "name")},
            )
        ]


# Who ------------------------------------------------------------------------------------------


def _visitor(visitor: dict[str, Any], draft: Draft) -> tuple[Identifier, ...]:
    """His id is the platform's; what he typed is claimed.  His token would open his chat, so it
    goes nowhere.
    """
    ident = text(visitor, "_id")
    found = draft.vendor_id(f"visitor/{ident}" if ident else "")
    for address in _values(visitor, "email", "address"):
        found += identifier("email", address, "claimed")
    for number in _values(visitor, "phone", "phoneNumber"):
        found += identifier("phone", number, "claimed")
    return found


def _values(visitor: dict[str, Any], field: str, inner: str) -> list[str]:
    """`"a@b"`, or `[{"address": "a@b"}]`, or `["a@b"]`."""
    if (value := visitor.get(field)) is None:
        return []
    listed = value if isinstance(value, list) else [value]
    found = [text(one, inner) or text(one) for one in listed]
    return list(dict.fromkeys(filter(None, found)))


def _tags(body: dict[str, Any]) -> tuple[str, ...]:
    value = body.get("tags")
    return tuple(t for t in value if isinstance(t, str)) if isinstance(value, list) else ()


# What -----------------------------------------------------------------------------------------


def _words(message: dict[str, Any]) -> str:
    said = plain(text(message, "msg"))
    if said and not (rows(message, "blocks") and said.startswith("[")):
        return said
    blocks = [
        text(block, "text", "text") or text(block, "text") for block in rows(message, "blocks")
    ]
    if shown := "\n".join(filter(None, blocks)):
        return shown
    kinds = [
        text(one).partition("/")[0]
        for one in (
            table(message, "fileUpload").get("type"),
            table(message, "file").get("type"),
            *(row.get("type") for row in rows(message, "attachments")),
        )
        if text(one)
    ]
    if kinds:
        return f"[{kinds[0]}]"
    return "[file]" if message.get("file") or message.get("attachments") else ""


# Outside a room -------------------------------------------------------------------------------


def _left_word(body: dict[str, Any], draft: Draft) -> Parsed:
    """The form that is shown when no agent is there; it makes no room."""
    visitor = table(body, "visitor")
    draft.channel = "form"
    draft.identifiers = _visitor(visitor, draft)
    if not draft.identifiers:
        return malformed("The offline message says from nobody.")
    ident = digest(
        [text(body, "sentAt"), text(visitor, "name"), text(visitor, "email"), text(body, "message")]
    )
    draft.conversation = f"offline/{ident}"
    posted = draft.event(
        MessagePosted,
        f"offline/{ident}",
        times.any_form(body.get("sentAt")),
        actor=CUSTOMER,
        message_id=f"offline/{ident}",
        direction="inbound",
        personal={"text": text(body, "message"), "name": text(visitor, "name")},
    )
    return Parsed((posted,))


def _bridged(body: dict[str, Any], draft: Draft) -> Parsed:
    """A message of a visitor, told by the bridge; the visitor's thread is the conversation."""
    user = table(body, "user")
    urn = text(user, "urn")
    said = plain(text(body, "text"))
    kinds = [text(one, "type").partition("/")[0] or "file" for one in rows(body, "attachments")]
    if not urn:
        return malformed("The bridge names nobody who wrote.")
    if not said and not kinds:
        return malformed("The bridge's message has neither text nor attachment.")
    draft.native_type = "bridge"
    draft.conversation = urn
    scheme, _, path = urn.partition(":")
    draft.identifiers = draft.vendor_id(f"visitor/{path}" if scheme == "livechat" else urn)
    ident = digest([urn, text(body, "text"), rows(body, "attachments")])
    posted = draft.event(
        MessagePosted,
        f"bridge/{ident}",
        None,
        actor=CUSTOMER,
        message_id=ident,
        direction="inbound",
        personal={
            "text": said or f"[{', '.join(kinds)}]",
            "name": text(user, "full_name") or text(user, "username"),
        },
    )
    return Parsed((posted,))
