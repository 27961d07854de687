"""What becomes of a room of Rocket.Chat's: opened, queued, taken, forwarded, closed; and what its
visitor's card gains.

Opening and closing happen to a room once; a taking has the time at which it was served.  Only a
forwarding has no time of its own unless an agent serves it: then it is the arrival's.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Party
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ContactEnded,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    IdentityLinked,
    QueueEntered,
    QueueLeft,
)
from streams.channels import times
from streams.channels.body import table, text
from streams.channels.draft import CUSTOMER, SYSTEM
from streams.channels.ids import digest
from streams.channels.rocketchat_room import Room

_NO_DEPARTMENT = "omnichannel"
"""The queue of chats that no department was chosen for."""


def read_started(room: Room) -> list[EventBase]:
    opened = room.draft.event(
        ConversationOpened,
        f"{room.key}/opened",
        times.any_form(room.body.get("createdAt")),
        actor=CUSTOMER,
        initiated_by="customer",
        direction="inbound",
        queue=room.department or None,
        personal={"name": text(room.visitor, "name")},
    )
    if not room.agent:
        return [opened]
    return [
        opened,
        room.draft.event(
            AssignmentChanged,
            f"{room.key}/first-holder",
            room.served_ms or times.any_form(room.body.get("createdAt")),
            to=room.serves(),
        ),
    ]


def read_queued(room: Room) -> list[EventBase]:
    """A room enters a queue when it begins, and again when it is forwarded to a department:
    what was said last tells one from the other.
    """
    last = text(room.body, "lastMessageAt")
    return [
        room.draft.event(
            QueueEntered,
            f"{room.key}/queued/{room.department}/{last}",
            times.any_form(last) or times.any_form(room.body.get("createdAt")),
            actor=CUSTOMER,
            queue=room.department or _NO_DEPARTMENT,
        )
    ]


def read_taken(room: Room) -> list[EventBase]:
    if not room.agent:
        return []
    holder = room.serves()
    key = f"{room.key}/taken/{room.agent}/{text(room.body, 'servedBy', 'ts')}"
    if holder.bot:
        return [room.draft.event(AssignmentChanged, key, room.served_ms, actor=SYSTEM, to=holder)]
    return [
        room.draft.event(
            AgentConnected,
            key,
            room.served_ms,
            actor=CUSTOMER,
            agent=room.agent,
        )
    ]


def read_forwarded(room: Room) -> list[EventBase]:
    """To another agent, or to a department, whose queue may hold it without an agent."""
    old = table(room.body, "oldServedBy")
    before = room.party(text(old, "_id"), text(old, "username"), text(room.body, "oldDepartmentId"))
    to = room.serves()
    left_ms = times.any_form(old.get("ts"))
    at_ms = room.served_ms
    if at_ms is not None and left_ms is not None and at_ms <= left_ms:
        at_ms = None  # still the old agent's time
    told = [
        text(room.body, "servedBy", "ts"), text(old, "ts"), text(room.body, "lastMessageAt"),
        to.agent, to.bot, to.team, before.agent, before.team,
    ]  # fmt: skip
    return [
        room.draft.event(
            AssignmentChanged,
            f"{room.key}/forwarded/{digest(told)}",
            at_ms,
            actor=Actor("agent", before.agent) if before.agent else SYSTEM,
            to=to,
            from_=before if before != Party() else None,
        )
    ]


def read_closed(room: Room) -> list[EventBase]:
    at_ms = times.any_form(room.body.get("closedAt")) or times.any_form(
        room.body.get("lastMessageAt")
    )
    closer = text(room.body, "closer")
    by = text(room.body, "closedBy", "_id")
    actor = SYSTEM
    if closer == "visitor":
        actor = CUSTOMER
    elif room.is_bot(by, text(room.body, "closedBy", "username")):
        actor = Actor("bot", by or None)
    elif by or room.agent:
        actor = Actor("agent", by or room.agent)
    if closer == "visitor" and not room.agent:
        return _given_up(room, at_ms)
    return [closing(room, at_ms, actor)]


def _given_up(room: Room, at_ms: int | None) -> list[EventBase]:
    """He leaves before anybody served him: the room is closed, his need is not met."""
    return [
        room.draft.event(
            QueueLeft,
            f"{room.key}/abandoned",
            at_ms,
            actor=CUSTOMER,
            queue=room.department or _NO_DEPARTMENT,
            outcome="abandoned",
        ),
        room.draft.event(
            ContactEnded,
            f"{room.key}/closed",
            at_ms,
            actor=CUSTOMER,
            by="customer",
            answered=False,
        ),
    ]


def closing(room: Room, at_ms: int | None, actor: Actor) -> EventBase:
    return room.draft.event(
        ConversationUpdated,
        f"{room.key}/closed",
        at_ms,
        actor=actor,
        status="closed",
        tags=_tags(room.body) or None,
    )


def read_edited(room: Room) -> list[EventBase]:
    """Sent for a closed room whose form was saved."""
    tags = _tags(room.body)
    if not tags:
        return []
    return [
        room.draft.event(ConversationUpdated, f"{room.key}/tags/{digest(tags)}", None, tags=tags)
    ]


def read_captured(room: Room) -> list[EventBase]:
    """He wrote an address or a number into the chat, and Rocket.Chat put it on his card."""
    found = room.draft.identifiers
    if len(found) < 2:
        return []
    return [
        room.draft.event(
            IdentityLinked,
            f"{room.key}/captured/{'/'.join(f'{i.kind}={i.value}' for i in found)}",
            times.any_form(room.body.get("lastMessageAt")),
            actor=CUSTOMER,
            rel="same",
            by="contact",
            personal={"name": text(room.visitor, "name")},
        )
    ]


def _tags(body: dict[str, Any]) -> tuple[str, ...]:
    value = body.get("tags")
    return tuple(t for t in value if isinstance(t, str)) if isinstance(value, list) else ()
