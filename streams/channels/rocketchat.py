"""Rocket.Chat Omnichannel (livechat) webhooks.

A body is the room as it is now: visitor, agent, and all visible messages so far (`Message` holds
only the new one, `LeadCapture` none).  Its `_id` is the room, not the event: messages have their
own ids, so whatever tells them again is the same, and what becomes of a room has keys of its own.
Who is in it is told in `rocketchat_room.py`, what is said in `rocketchat_messages.py`, what becomes
of it in `rocketchat_changes.py`; a bridge of the same name is read in `rocketchat_bridge.py`.
Rocket.Chat wants exactly 200 and keeps what we answer in the room (`crmData`): so it is empty.

Sources: Rocket.Chat's code (`livechat/server/hooks/sendToCRM.ts`, `offlineMessage.ts`,
`lib/webhooks.ts`, `lib/guests.ts`, `api/v1/webhooks.ts`), docs.rocket.chat, "Configure Omnichannel
Event Webhooks".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from schemas.events import EventBase
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
from streams.channels.body import read_object, text
from streams.channels.draft import Draft
from streams.channels.rocketchat_bridge import read_bridge
from streams.channels.rocketchat_changes import (
    read_captured,
    read_closed,
    read_edited,
    read_forwarded,
    read_queued,
    read_started,
    read_taken,
)
from streams.channels.rocketchat_messages import read_messages, read_offline_message
from streams.channels.rocketchat_room import Room
from streams.channels.signatures import any_secret, bearer

_TOKEN = "x-rocketchat-livechat-token"  # noqa: S105 - the header's name
_TEST_ROOM = "fasd6f5a4sd6f8a4sdf"
"""The room of the button "Send Test", which is always of that moment."""

_TEST_MS = 86_400_000
_READERS: Mapping[str, Callable[[Room], list[EventBase]]] = {
    "LivechatSessionStart": read_started,
    "LivechatSessionStarted": read_started,
    "LivechatSessionQueued": read_queued,
    "LivechatSessionTaken": read_taken,
    "LivechatSessionForwarded": read_forwarded,
    "LivechatSession": read_closed,
    "LivechatEdit": read_edited,
    "LeadCapture": read_captured,
    "Message": lambda _: [],
}
"""What a type tells besides the messages that are in the room."""


class RocketChat(Adapter):
    """Option `bots`: user names or ids of agents that are bots, with commas between."""

    vendor = "rocketchat"
    title = "Rocket.Chat"
    options = ("bots",)
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
            return read_bridge(body, draft)
        if kind == "LivechatOfflineMessage":
            return read_offline_message(body, draft)
        created_ms = times.any_form(body.get("createdAt"))
        if (
            text(body, "_id") == _TEST_ROOM
            and created_ms is not None
            and abs(request.received_ms - created_ms) < _TEST_MS
        ):
            return ignored("Rocket.Chat's own test call: its visitor is nobody.")
        bots = frozenset(filter(None, source.options.get("bots", "").replace(" ", "").split(",")))
        return _in_room(kind, Room(body, draft, bots))


def _in_room(kind: str, room: Room) -> Parsed:
    if not kind:
        return unknown(
            "This is no Omnichannel webhook (it has no type): an integration's outgoing "
            "webhook tells what colleagues write to each other."
        )
    if kind not in _READERS:
        return unknown(f"Rocket.Chat's livechat sends no type {kind!r} that we know.")
    if not room.draft.conversation:
        return malformed("The room has no id.")
    what, said = _READERS[kind](room), read_messages(room)
    # A room opens before anything is said in it; all else comes after what was said.
    found = [*what, *said] if kind.startswith("LivechatSessionStart") else [*said, *what]
    if not found:
        return ignored(f"{kind}: nothing that a journey depends on.")
    return Parsed(tuple(found))
