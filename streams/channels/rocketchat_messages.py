"""What is said in Rocket.Chat: in a room, or into the form that is shown when nobody is there.

Who writes: a message without `agentId` is the visitor's.  `closingMessage` is the words of a
closing, a `navigation` a page that was looked at: neither is a message to anybody.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor
from schemas.events import EventBase, MessagePosted, MessageStatusChanged
from streams.channels import times
from streams.channels.base import Parsed, malformed
from streams.channels.body import plain, rows, table, text
from streams.channels.draft import CUSTOMER, Draft
from streams.channels.ids import digest
from streams.channels.rocketchat_changes import closing
from streams.channels.rocketchat_room import Room, visitor_of


def read_messages(room: Room) -> list[EventBase]:
    return [event for message in rows(room.body, "messages") for event in _message(room, message)]


def _message(room: Room, message: dict[str, Any]) -> list[EventBase]:
    if message.get("navigation"):
        return []  # a page that he looked at
    at_ms = times.any_form(message.get("ts"))
    actor = _author(room, message)
    if message.get("closingMessage") is True:
        # The room's own close hook may be off: then this is all that tells it.
        return [closing(room, at_ms, actor)] if room.draft.native_type == "Message" else []
    said = _words(message)
    # Messages without ids are those of the oldest versions.
    ident = text(message, "_id") or digest([text(message, "ts"), text(message, "username"), said])
    found: list[EventBase] = [
        room.draft.event(
            MessagePosted,
            f"message/{ident}",
            at_ms,
            actor=actor,
            message_id=ident,
            direction="inbound" if actor == CUSTOMER else "outbound",
            personal={
                "text": said,
                "name": text(room.visitor, "name") if actor == CUSTOMER else "",
            },
        )
    ]
    if edited := text(message, "editedAt"):
        found.append(
            room.draft.event(
                MessageStatusChanged,
                f"message/{ident}/edited/{edited}",
                times.any_form(edited),
                actor=actor,
                message_id=ident,
                status="edited",
            )
        )
    return found


def _author(room: Room, message: dict[str, Any]) -> Actor:
    name = text(message, "username") or text(message, "u", "username")
    agent = text(message, "agentId")
    if room.is_bot(agent, name):
        return Actor("bot", agent or None)
    if not agent and name and name == room.agent_name:
        agent = room.agent
    return Actor("agent", agent) if agent else CUSTOMER


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


def read_offline_message(body: dict[str, Any], draft: Draft) -> Parsed:
    """The form that is shown when no agent is there; it makes no room."""
    visitor = table(body, "visitor")
    draft.channel = "form"
    draft.identifiers = visitor_of(visitor, draft)
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
