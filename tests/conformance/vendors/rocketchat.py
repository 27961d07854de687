"""Rocket.Chat: a body of each trigger, the offline form, the test call, and the bridge's."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.rocketchat import Workspace
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body

CALL = Workspace("source", SECRET).message("room-1", "m-1", WHO, "hello", NOW_MS)
SIGNS = "nothing"
WORDS = ("parcel", "Ines", "example.com", "+33600000005", "visitor-token")

AT = "2026-09-21T14:13:20.000Z"
SERVED = "2026-09-21T14:13:10.000Z"


def agent(number: int = 31, ts: str | None = None) -> Body:
    return {"_id": f"agent{number}", "username": f"agent-{number}"} | ({"ts": ts} if ts else {})


def said(**more: Any) -> Body:
    return {
        "_id": "m-900",
        "username": "guest-5",
        "msg": "Where is my parcel?",
        "ts": AT,
        "rid": "room-71",
        "_updatedAt": AT,
        **more,
    }


def by_agent(number: int = 31, **more: Any) -> Body:
    return said(
        **{"_id": "m-901", "username": f"agent-{number}", "agentId": f"agent{number}", **more}
    )


def room(kind: str, *messages: Body, **more: Any) -> Body:
    return {
        "_id": "room-71",
        "label": "Ines Duval",
        "createdAt": "2026-09-21T14:13:00.000Z",
        "lastMessageAt": AT,
        "tags": [],
        "visitor": {
            "_id": "visitor5",
            "token": "visitor-token",
            "name": "Ines Duval",
            "username": "guest-5",
            "email": [{"address": "ines@example.com"}],
            "phone": [{"phoneNumber": "+33600000005"}],
        },
        "type": kind,
        "messages": list(messages),
        **more,
    }


HELD = {"agent": {**agent(), "name": "Ruth"}, "servedBy": agent(ts=SERVED)}

BODIES: Bodies = {
    "by the visitor": (room("Message", said()), ("message.posted",)),
    "by an agent": (room("Message", by_agent(), **HELD), ("message.posted",)),
    "by the house bot": (
        room("Message", by_agent(username="rocket.cat", agentId="rocket.cat")),
        ("message.posted",),
    ),
    "edited": (
        room("Message", said(editedAt="2026-09-21T14:14:00.000Z")),
        ("message.posted", "message.status_changed"),
    ),
    "picture": (
        room("Message", said(msg="", file={"type": "image/png"}, attachments=[{}])),
        ("message.posted",),
    ),
    "closing words": (
        room("Message", by_agent(closingMessage=True, msg="Solved"), **HELD),
        ("conversation.updated",),
    ),
    "looked at a page": (
        room("Message", said(msg="Visited", navigation={"page": {"title": "Prices"}})),
        "ignored",
    ),
    "started": (
        room("LivechatSessionStart", said(), departmentId="d-1"),
        ("conversation.opened", "message.posted"),
    ),
    "started with an agent": (
        room("LivechatSessionStart", **HELD),
        ("conversation.opened", "assignment.changed"),
    ),
    "queued": (
        room("LivechatSessionQueued", said(), departmentId="d-1"),
        ("message.posted", "queue.entered"),
    ),
    "taken": (
        room("LivechatSessionTaken", said(), departmentId="d-1", **HELD),
        ("message.posted", "agent.connected"),
    ),
    "taken by nobody": (room("LivechatSessionTaken"), "ignored"),
    "forwarded to an agent": (
        room(
            "LivechatSessionForwarded",
            departmentId="d-1",
            agent=agent(32),
            servedBy=agent(32, AT),
            oldServedBy=agent(31, SERVED),
        ),
        ("assignment.changed",),
    ),
    "forwarded to a department": (
        room(
            "LivechatSessionForwarded",
            departmentId="d-2",
            oldDepartmentId="d-1",
        ),
        ("assignment.changed",),
    ),
    "closed by the agent": (
        room(
            "LivechatSession",
            said(),
            by_agent(),
            closedAt="2026-09-21T14:20:00.000Z",
            closedBy=agent(),
            closer="user",
            tags=["returns"],
            **HELD,
        ),
        ("message.posted", "message.posted", "conversation.updated"),
    ),
    "gave up waiting": (
        room(
            "LivechatSession",
            closedAt="2026-09-21T14:20:00.000Z",
            closer="visitor",
            departmentId="d-1",
        ),
        ("queue.left", "contact.ended"),
    ),
    "closed, an old version's": (
        room(
            "LivechatSession",
            {"username": "guest-5", "msg": "Where is my parcel?", "ts": AT},
            {"username": "agent-31", "agentId": "agent31", "msg": "Here", "ts": AT},
            visitor={"_id": "visitor5", "username": "guest-5", "email": "ines@example.com",
                     "phone": "+33600000005"},
            agent=agent(),
        ),
        ("message.posted", "message.posted", "conversation.updated"),
    ),
    "tagged afterwards": (room("LivechatEdit", tags=["returns"]), ("conversation.updated",)),
    "saved afterwards": (room("LivechatEdit"), "ignored"),
    "gave an address": (room("LeadCapture"), ("identity.linked",)),
    "gave nothing": (room("LeadCapture", visitor={"_id": "visitor5"}), "ignored"),
    "offline form": (
        {
            "type": "LivechatOfflineMessage",
            "sentAt": AT,
            "visitor": {"name": "Ines Duval", "email": "ines@example.com"},
            "message": "Where is my parcel?",
        },
        ("message.posted",),
    ),
    "offline form of nobody": (
        {"type": "LivechatOfflineMessage", "sentAt": AT, "visitor": {}, "message": "x"},
        "malformed",
    ),
    "test call": (
        room("LivechatSession", said(), _id="fasd6f5a4sd6f8a4sdf", createdAt=AT),
        "ignored",
    ),
    "room without id": (room("LivechatSessionTaken", _id="", **HELD), "malformed"),
    "news": (room("LivechatLevitated"), "unknown_type"),
    "outgoing webhook of an integration": (
        {"token": "x", "channel_name": "general", "user_name": "ruth", "text": "Lunch?"},
        "unknown_type",
    ),
    "bridge": (
        {
            "user": {"urn": "livechat:visitor5", "username": "guest-5", "full_name": "Ines Duval"},
            "text": "Where is my parcel?",
        },
        ("message.posted",),
    ),
    "bridge, a picture": (
        {
            "user": {"urn": "direct:ines", "full_name": "Ines Duval"},
            "attachments": [{"type": "image/jpg", "url": "https://example.org/1.jpg"}],
        },
        ("message.posted",),
    ),
    "bridge without a word": ({"user": {"urn": "livechat:visitor5"}, "text": ""}, "malformed"),
    "bridge without a visitor": ({"user": {"urn": ""}, "text": "x"}, "malformed"),
}  # fmt: skip
