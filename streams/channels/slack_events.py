"""Slack's Events API: what is said in channels and direct messages, reactions, members.

A message is known by its channel and `ts`, so `app_mention` and `message` about one line, which
have event ids of their own, count once.  A thread is the conversation; a direct message is one for
good.
Sources: docs.slack.dev, "The Events API"; message subtypes as in the types of its own client
(@slack/types 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from schemas.common import Actor, Ref
from schemas.events import (
    ConversationOpened,
    EventBase,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, malformed, unknown
from streams.channels.body import rows, table, text
from streams.channels.draft import CUSTOMER, Draft, identifier
from streams.channels.slack_sides import SLACKBOT, Sides, person

_SAID = {
    "", "bot_message", "file_comment", "file_mention", "file_share", "me_message",
    "reply_broadcast", "slackbot_response", "thread_broadcast",
}  # fmt: skip
"""Subtypes of a message in which somebody says something."""

_NO_WORDS = {
    "app_conversation_join", "assistant_app_thread", "bot_add", "bot_disable", "bot_enable",
    "bot_remove", "bot_update",
    "channel_archive", "channel_convert_to_private", "channel_convert_to_public", "channel_join",
    "channel_leave", "channel_name", "channel_posting_permissions", "channel_purpose",
    "channel_topic", "channel_unarchive", "document_mention", "ekm_access_denied", "group_archive",
    "group_join", "group_leave", "group_name", "group_purpose", "group_topic", "group_unarchive",
    "huddle_thread", "message_replied", "pinned_item", "sh_room_created", "sh_room_shared",
    "tombstone", "unpinned_item",
}  # fmt: skip
"""Lines that Slack itself writes: about a channel, not to anybody."""

_WITHOUT_MEANING = (
    "app_", "assistant_thread_context_", "bot_", "call_", "channel_", "dnd_", "emoji_",
    "entity_details_", "file_", "function_", "grid_migration_", "group_", "im_", "invite_",
    "link_shared", "member_", "message_metadata_", "pin_", "shared_channel_", "star_", "subteam_",
    "team_access_", "team_domain_", "team_rename", "tokens_revoked", "url_verification",
    "user_huddle_", "user_resource_", "user_status_", "workflow_", "mpim_", "resources_", "scope_",
    "email_domain_", "steps_from_apps", "agent_",
)  # fmt: skip
"""Beginnings of event types that are about the workspace, not said by or to a customer."""

_PEOPLE = {"team_join", "user_change", "user_profile_changed"}


class Event:
    def __init__(self, body: dict[str, Any], request: Request, source: SourceConfig) -> None:
        event = table(body, "event")
        self._body, self._event = body, event
        self._sides = Sides(source)
        self._home_team = text(body, "team_id")
        self._kind = text(event, "type")
        item = table(event, "item")
        self._channel = (
            text(event, "channel") or text(event, "channel_id") or text(item, "channel")
            or text(event, "assistant_thread", "channel_id") or text(event, "channel", "id")
        )  # fmt: skip
        direct = text(event, "channel_type") in {"im", "mpim", "app_home"}
        self._direct = direct or self._channel.startswith("D")
        self._at_ms = (
            times.seconds(event.get("event_ts"))
            or times.seconds(event.get("ts"))
            or times.seconds(body.get("event_time"))
        )
        # Its event id is the last resort: the same line has several.
        self._moment = (
            text(event, "event_ts") or text(event, "ts") or text(event, "client_msg_id")
            or f"{text(body, 'event_id')}/{text(body, 'event_time')}"
        )  # fmt: skip
        self._draft = Draft(request, source, self._kind, "slack")

    def parsed(self) -> Parsed:
        kind = self._kind
        if kind in {"message", "app_mention"}:
            return self._line()
        makers: dict[str, Callable[[], Iterator[EventBase]]] = {
            "reaction_added": self._reaction,
            "reaction_removed": self._reaction,
            "app_home_opened": self._home,
            "assistant_thread_started": self._assistant,
            **dict.fromkeys(_PEOPLE, self._card),
        }
        if kind in makers:
            events = tuple(makers[kind]())
            return Parsed(events) if events else ignored(f"{kind}: nothing about a customer.")
        if kind.startswith(_WITHOUT_MEANING):
            return ignored(f"{kind}: about the workspace, not said by or to a customer.")
        return unknown(f"Slack sends no event {kind!r} that we know.")

    # Messages ---------------------------------------------------------------------------------

    def _line(self) -> Parsed:
        event, subtype = self._event, text(self._event, "subtype")
        if subtype in _NO_WORDS:
            return ignored(f"{subtype}: a line of Slack's own, said to nobody.")
        if not self._channel:
            return malformed("The message names no channel.")
        match subtype:
            case "message_changed":
                return self._edited()
            case "message_deleted":
                gone = table(event, "previous_message")
                stamp = text(event, "deleted_ts") or text(gone, "ts")
                return Parsed((self._changed(gone, stamp, "deleted"),))
        if subtype not in _SAID:
            return unknown(f"Slack sends no message of the subtype {subtype!r} that we know.")
        if subtype != "bot_message" and not (text(event, "user") or text(event, "bot_id")):
            return malformed("The message does not say who wrote it.")
        return Parsed((self._said(event, text(event, "ts") or self._moment, self._at_ms),))

    def _said(self, line: dict[str, Any], stamp: str, at_ms: int | None) -> EventBase:
        actor = self._about(line, stamp)
        thread = text(line, "thread_ts")
        root = f"{self._channel}/{thread}" if thread and thread != stamp else ""
        return self._draft.event(
            MessagePosted,
            f"message/{self._channel}/{stamp}",
            times.seconds(stamp) or at_ms,
            actor=actor,
            message_id=f"{self._channel}/{stamp}",
            direction="inbound" if actor == CUSTOMER else "outbound",
            in_reply_to=root or None,
            refs=(Ref("in_reply_to", root),) if root else (),
            personal={"text": _words(line), "name": _name(line) if actor == CUSTOMER else ""},
        )

    def _edited(self) -> Parsed:
        """Slack also tells a change when it unfolds a link or counts an answer."""
        line, before = table(self._event, "message"), table(self._event, "previous_message")
        stamp = text(line, "ts") or text(before, "ts")
        if text(line, "subtype") == "tombstone":
            return Parsed((self._changed(before, stamp, "deleted"),))
        if before and _words(line) == _words(before):
            return ignored("message_changed: its words are what they were.")
        if not stamp:
            return malformed("message_changed: it is not said which message.")
        edited = text(line, "edited", "ts") or self._moment
        return Parsed((self._changed(line, stamp, "edited", f"/{edited}"),))

    def _changed(
        self, line: dict[str, Any], stamp: str, status: str, suffix: str = ""
    ) -> EventBase:
        actor = self._about(line, stamp)
        return self._draft.event(
            MessageStatusChanged,
            f"message/{self._channel}/{stamp}/{status}{suffix}",
            self._at_ms,
            actor=actor,
            message_id=f"{self._channel}/{stamp}",
            status=status,
            personal={"text": _words(line) if status == "edited" else ""},
        )

    def _about(self, line: dict[str, Any], stamp: str) -> Actor:
        """Whose line it is, and its thread, which the draft takes over."""
        user = text(line, "user")
        team = text(line, "user_team") or text(line, "source_team") or text(line, "team")
        actor = self._sides.actor(user, team or self._home_team, text(line, "bot_id"))
        thread = text(line, "thread_ts") or stamp
        # The answers of an assistant stand in threads of a direct message.
        own = self._direct and not text(line, "thread_ts")
        self._draft.conversation = self._channel if own else f"{self._channel}/{thread}"
        # In an answer the one who began the thread is known too.
        opener = text(line, "parent_user_id")
        asks = opener and actor != CUSTOMER and self._sides.actor(opener) == CUSTOMER
        self._draft.identifiers = person(user, actor) or (
            person(opener, CUSTOMER) if asks and opener != SLACKBOT else ()
        )
        return actor

    # The rest -----------------------------------------------------------------------------------

    def _reaction(self) -> Iterator[EventBase]:
        """Which thread the line stands in is not told: its channel and its author must do."""
        event, stamp = self._event, text(self._event, "item", "ts")
        if not stamp or not self._channel:
            return  # on a file
        user, author, emoji = (text(event, name) for name in ("user", "item_user", "reaction"))
        actor = self._sides.actor(user)
        self._draft.conversation = self._channel if self._direct else f"{self._channel}/{stamp}"
        self._draft.identifiers = person(user, actor)
        if not self._draft.identifiers and author:
            self._draft.identifiers = person(author, self._sides.actor(author))
        status = "reacted" if self._kind == "reaction_added" else "unreacted"
        yield self._draft.event(
            MessageStatusChanged,
            f"message/{self._channel}/{stamp}/{status}/{user}/{emoji}/{self._moment}",
            self._at_ms,
            actor=actor,
            message_id=f"{self._channel}/{stamp}",
            status=status,
            reason=emoji or None,
        )

    def _home(self) -> Iterator[EventBase]:
        user = text(self._event, "user")
        actor = self._sides.actor(user, self._home_team)
        if actor == CUSTOMER:
            self._draft.identifiers = person(user, actor)
            yield self._draft.event(
                SelfserviceStepped,
                f"home/{user}/{self._moment}",
                self._at_ms,
                actor=actor,
                resource="app_home",
                step=text(self._event, "tab") or "home",
                outcome="started",
            )

    def _assistant(self) -> Iterator[EventBase]:
        thread = table(self._event, "assistant_thread")
        user, stamp = text(thread, "user_id"), text(thread, "thread_ts")
        if not user or not stamp or not self._channel:
            return
        actor = self._sides.actor(user, self._home_team)
        self._draft.conversation = f"{self._channel}/{stamp}"
        self._draft.identifiers = person(user, actor)
        yield self._draft.event(
            ConversationOpened,
            f"thread/{self._channel}/{stamp}",
            self._at_ms,
            actor=actor,
            initiated_by="customer" if actor == CUSTOMER else "agent",
            direction="inbound",
        )

    def _card(self) -> Iterator[EventBase]:
        """A member of the workspace: Slack has written to his address if it calls it confirmed."""
        member = table(self._event, "user")
        user, profile = text(member, "id"), table(member, "profile")
        actor = self._sides.actor(user, text(member, "team_id"))
        bot = member.get("is_bot") is True or user == SLACKBOT
        confirmed = member.get("is_email_confirmed") is True
        found = (
            *identifier("slack", user, "asserted"),
            *identifier("email", text(profile, "email"), "curated" if confirmed else "claimed"),
            *identifier("phone", text(profile, "phone"), "claimed"),
        )
        if actor == CUSTOMER and not bot and len(found) > 1:
            known = "/".join(f"{i.kind}={i.value}" for i in found)
            self._draft.channel = "web"
            yield self._draft.event(
                IdentityLinked,
                f"card/{known}",
                self._at_ms,
                identifiers=found,
                rel="same",
                by="vendor",
                personal={"name": text(profile, "real_name") or text(member, "real_name")},
            )


def _name(line: dict[str, Any]) -> str:
    return text(line, "user_profile", "real_name") or text(line, "username")


def _words(line: dict[str, Any]) -> str:
    """What was said; without words what stands for them."""
    if said := text(line, "text").strip():
        return said
    for block in (*rows(line, "attachments"), *rows(line, "blocks")):
        shown = text(block, "text") or text(block, "fallback") or text(block, "text", "text")
        if shown := shown or "".join(_runs(block)).strip():
            return shown
    kinds = [
        text(one, "mimetype") or text(one, "filetype") or "file" for one in rows(line, "files")
    ]
    return f"[{', '.join(kinds)}]" if kinds else ""


def _runs(block: dict[str, Any], depth: int = 4) -> Iterator[str]:
    """The words of a `rich_text` block, whose pieces stand in sections and lists, as its `text`
    would have them.
    """
    for piece in rows(block, "elements"):
        match text(piece, "type"):
            case "text" | "link":
                yield text(piece, "text") or text(piece, "url")
            case "emoji":
                yield f":{text(piece, 'name')}:"
            case "user":
                yield f"<@{text(piece, 'user_id')}>"
            case _ if depth:
                yield from (*_runs(piece, depth - 1), "\n")
