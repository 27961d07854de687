"""Instagram: a body of each documented kind, private and public."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.meta_messaging import Page
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body
from tests.conformance.vendors.meta_messenger import PAGE, POSTED, STATUS, STEPPED, batch, item
from tests.conformance.vendors.meta_messenger import change as on

CALL = Page("source", SECRET, "instagram").message(WHO, "x", "hello", NOW_MS)
SIGNS = "body"
WORDS = ("Bonjour", "nour.paints", "wonderful")


def told(ours: bool = False, **parts: Any) -> Body:
    return batch("instagram", item(ours, **parts))


def said(**message: Any) -> Body:
    return told(message={"mid": "ig_1", **message})


def attached(kind: str, **payload: Any) -> Body:
    return said(attachments=[{"type": kind, "payload": payload}])


def change(field: str, **value: Any) -> Body:
    return on(field, "instagram", **value)


WRITER = {"from": {"id": "24000007", "username": "nour.paints"}}

BODIES: Bodies = {
    "text": (said(text="Bonjour"), POSTED),
    "reply to a message": (said(text="Oui", reply_to={"mid": "ig_0"}), POSTED),
    "reply to a story": (said(text="Oui", reply_to={"story": {"id": "s1", "url": "x"}}), POSTED),
    "story mention": (attached("story_mention", url="https://example.com/a"), POSTED),
    "shared reel": (attached("ig_reel", title="wonderful", reel_video_id="1"), POSTED),
    "shared post": (attached("share", url="https://example.com/a"), POSTED),
    "image": (attached("image", url="https://example.com/a"), POSTED),
    "heart": (said(attachments=[{"type": "like_heart"}]), POSTED),
    "unsupported": (said(is_unsupported=True), POSTED),
    "from an advertisement": (said(text="Bonjour", referral={"ad_id": "9"}), POSTED),
    "unsent": (said(is_deleted=True), STATUS),
    "echo": (told(ours=True, message={"mid": "ig_2", "text": "Bonjour", "is_echo": True}), POSTED),
    "ice breaker": (told(postback={"mid": "ig_3", "title": "wonderful", "payload": "Q1"}), POSTED),
    "reaction": (
        told(reaction={"mid": "ig_2", "action": "react", "reaction": "love", "emoji": "❤"}),
        STATUS,
    ),
    "seen": (told(read={"mid": "ig_2"}), STATUS),
    "edit": (told(message_edit={"mid": "ig_1", "text": "Bonjour!", "num_edit": 2}), STATUS),
    "version 0": (told(message_edit={"mid": "ig_1", "num_edit": 0}), "ignored"),
    "version 0 with words": (
        told(message_edit={"mid": "ig_1", "text": "Bonjour", "num_edit": 0}),
        POSTED,
    ),
    "edit of nothing": (told(message_edit={"num_edit": 1}), "unknown_type"),
    "referral": (told(referral={"ref": "r", "source": "IGME-SOURCE-LINK"}), STEPPED),
    "passed": (
        told(pass_thread_control={"previous_owner_app_id": "1", "new_owner_app_id": "2"}),
        ("assignment.changed",),
    ),
    "standby": (
        batch("instagram", item(message={"mid": "ig_5", "text": "Bonjour"}), room="standby"),
        POSTED,
    ),
    "message as a change": (
        change("messages", **item(message={"mid": "ig_1", "text": "Bonjour"})),
        POSTED,
    ),
    "seen as a change": (change("messaging_seen", **item(read={"mid": "ig_2"})), STATUS),
    "standby as a change": (
        change("standby", **item(message={"mid": "ig_1", "text": "Bonjour"})),
        POSTED,
    ),
    "dashboard's test": (
        {"field": "messages", "value": item(message={"mid": "ig_9", "text": "Bonjour"})},
        POSTED,
    ),
    "comment": (change("comments", id="c1", text="Bonjour", media={"id": "p1"}, **WRITER), POSTED),
    "answer": (change("comments", id="c2", text="Oui", parent_id="c1", **WRITER), POSTED),
    "our comment": (
        change("comments", id="c3", text="Merci", parent_id="c1", **{"from": {"id": PAGE}}),
        POSTED,
    ),
    "live comment": (change("live_comments", id="c4", text="Bonjour", **WRITER), POSTED),
    "comment without an id": (change("comments", text="Bonjour"), "unknown_type"),
    "mention": (change("mentions", media_id="p2", comment_id="c5"), ("feedback.received",)),
    "mention nowhere": (change("mentions"), "unknown_type"),
    "story's figures": (change("story_insights", media_id="s1", replies=1), "ignored"),
    "no entry": ({"object": "instagram", "entry": []}, "ignored"),
    "of a page": ({"object": "page", "entry": [{"id": "1", "time": NOW_S}]}, "unknown_type"),
}
