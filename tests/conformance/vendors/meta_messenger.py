"""Messenger: a body of each documented kind, private and public."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.meta_messaging import Page
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body

CALL = Page("source", SECRET).message(WHO, "x", "hello", NOW_MS)
SIGNS = "body"
WORDS = ("Bonjour", "parcel", "Nour", "wonderful")

PAGE = "5000"
NOUR = "24000007"


def batch(kind: str, *items: Body, room: str = "messaging") -> Body:
    return {"object": kind, "entry": [{"id": PAGE, "time": NOW_MS, room: list(items)}]}


def item(ours: bool = False, **parts: Any) -> Body:
    """One element: by the customer, or by the page."""
    sides = [{"id": NOUR}, {"id": PAGE}]
    if ours:
        sides.reverse()
    return {"sender": sides[0], "recipient": sides[1], "timestamp": NOW_MS, **parts}


def told(ours: bool = False, **parts: Any) -> Body:
    return batch("page", item(ours, **parts))


def said(**message: Any) -> Body:
    return told(message={"mid": "m_1", **message})


def attached(kind: str, **payload: Any) -> Body:
    return said(attachments=[{"type": kind, "payload": payload}])


def change(field: str, kind: str = "page", **value: Any) -> Body:
    """Something public."""
    entry = {"id": PAGE, "time": NOW_S, "changes": [{"field": field, "value": value}]}
    return {"object": kind, "entry": [entry]}


def feed(item: str, verb: str = "add", **value: Any) -> Body:
    value = {"from": {"id": "31", "name": "Nour"}, "post_id": "5000_1", **value}
    return change("feed", item=item, verb=verb, created_time=NOW_S, **value)


def rated(**answer: Any) -> Body:
    screen = {"screen_id": 0, "questions": {"q1": answer}}
    return told(messaging_feedback={"feedback_screens": [screen]})


POSTED, STATUS = ("message.posted",), ("message.status_changed",)
RATED, STEPPED = ("feedback.received",), ("selfservice.stepped",)

BODIES: Bodies = {
    "text": (said(text="Bonjour"), POSTED),
    "quick reply": (said(text="Yes", quick_reply={"payload": "YES"}), POSTED),
    "reply": (said(text="Oui", reply_to={"mid": "m_0"}), POSTED),
    "image": (attached("image", url="https://example.com/a.jpg"), POSTED),
    "location": (attached("location", coordinates={"lat": 1, "long": 2}), POSTED),
    "shared link": (attached("fallback", title="A parcel", url="https://example.com"), POSTED),
    "attachment without payload": (said(attachments=[{"type": "fallback"}]), POSTED),
    "from a shop": (said(text="How much?", referral={"product": {"id": "P1"}}), POSTED),
    "twice in one body": (batch("page", *[item(message={"mid": "m_1", "text": "Bonjour"})] * 2),
                          POSTED),
    "echo": (told(ours=True, message={"mid": "m_2", "text": "Bonjour", "is_echo": True}), POSTED),
    "edit": (told(message_edit={"mid": "m_1", "text": "Bonjour!", "num_edit": 1}), STATUS),
    "deleted": (said(is_deleted=True), STATUS),
    "postback": (told(postback={"mid": "m_3", "title": "My parcel", "payload": "P"}), POSTED),
    "get started from an advertisement": (
        told(postback={"payload": "GO", "referral": {"ad_id": "9", "source": "ADS"}}),
        POSTED,
    ),
    "reaction": (told(reaction={"mid": "m_2", "action": "react", "emoji": "❤"}), STATUS),
    "reaction taken back": (told(reaction={"mid": "m_2", "action": "unreact"}), STATUS),
    "read": (told(read={"watermark": NOW_MS}), STATUS),
    "delivered": (told(delivery={"mids": ["m_2", "m_4"], "watermark": NOW_MS}), STATUS * 2),
    "delivered until": (told(delivery={"watermark": NOW_MS}), STATUS),
    "delivered nothing": (told(delivery={}), "ignored"),
    "referral": (told(referral={"ref": "r", "source": "SHORTLINK", "type": "OPEN_THREAD"}),
                 STEPPED),
    "send to messenger": (told(optin={"ref": "r"}), STEPPED),
    "checkbox": (
        batch("page", {"recipient": {"id": PAGE}, "timestamp": NOW_MS,
                       "optin": {"ref": "r", "user_ref": "u-1"}}),
        STEPPED,
    ),
    "marketing agreed": (told(optin={"type": "notification_messages"}), ("consent.changed",)),
    "marketing stopped": (
        told(optin={"type": "notification_messages",
                    "notification_messages_status": "STOP_NOTIFICATIONS"}),
        ("consent.changed",),
    ),
    "passed": (
        told(pass_thread_control={"previous_owner_app_id": None, "new_owner_app_id": "2"}),
        ("assignment.changed",),
    ),
    "taken": (
        told(take_thread_control={"previous_owner_app_id": "2", "new_owner_app_id": "1"}),
        ("assignment.changed",),
    ),
    "requested": (
        told(request_thread_control={"requested_owner_app_id": 1}), ("transfer.reported",)
    ),
    "standby": (batch("page", item(message={"mid": "m_5", "text": "Bonjour"}), room="standby"),
                POSTED),
    "rating": (rated(type="csat", payload="4", follow_up={"type": "free_form",
                                                          "payload": "wonderful"}), RATED),
    "recommendation": (rated(type="nps", payload="9"), RATED),
    "words only": (rated(type="free_form", payload="wonderful"), RATED),
    "no answer": (told(messaging_feedback={"feedback_screens": []}), "ignored"),
    "good response": (told(response_feedback={"feedback": "Good response", "mid": "m_2"}), RATED),
    "customer's information": (
        told(messaging_customer_information={
            "screens": [{"screen_id": "s", "responses": [{"key": "name", "value": "Nour"}]}]
        }),
        ("task.progressed",),
    ),
    "account linked": (told(account_linking={"status": "linked"}), "ignored"),
    "roles": (batch("page", {"recipient": {"id": PAGE}, "timestamp": NOW_MS,
                             "app_roles": {"1": ["primary_receiver"]}}), "ignored"),
    "policy": (batch("page", {"recipient": {"id": PAGE}, "timestamp": NOW_MS,
                              "policy_enforcement": {"action": "warning"}}), "ignored"),
    "game": (told(game_play={"game_id": "1"}), "ignored"),
    "nothing happened": (told(), "ignored"),
    "no entry": ({"object": "page", "entry": []}, "ignored"),
    "something new": (told(levitation={"height": 2}), "unknown_type"),
    "message without an id": (told(message={"text": "Bonjour"}), "unknown_type"),
    "reaction to nothing": (told(reaction={"action": "react"}), "unknown_type"),
    "message of nobody": (batch("page", {"message": {"mid": "m_1"}}), "unknown_type"),
    "another object": ({"object": "tree", "entry": [{}]}, "unknown_type"),
    "comment": (feed("comment", comment_id="1_2", parent_id="5000_1", message="Bonjour"), POSTED),
    "answer to a comment": (feed("comment", comment_id="1_3", parent_id="1_2", message="Oui"),
                            POSTED),
    "our answer": (
        feed("comment", comment_id="1_4", parent_id="1_2", message="Merci", **{"from": {"id": PAGE}}),
        POSTED,
    ),
    "comment edited": (feed("comment", "edited", comment_id="1_2", message="Bonjour!"), STATUS),
    "comment removed": (feed("comment", "remove", comment_id="1_2"), STATUS),
    "comment shown again": (feed("comment", "unhide", comment_id="1_2"), "ignored"),
    "visitor's post": (feed("post", message="Bonjour"), POSTED),
    "our post": (feed("status", message="News", **{"from": {"id": PAGE}}), "ignored"),
    "like": (feed("reaction", reaction_type="like"), STATUS),
    "like taken back": (feed("reaction", "remove", reaction_type="like"), STATUS),
    "event of the page": (feed("event"), "ignored"),
    "comment without an id": (feed("comment", post_id=""), "unknown_type"),
    "mention": (change("mention", item="post", verb="add", post_id="9_9", sender_id="31",
                       sender_name="Nour", message="wonderful", created_time=NOW_S), POSTED),
    "recommended": (
        change("ratings", item="rating", verb="add", reviewer_id="31", reviewer_name="Nour",
               recommendation_type="POSITIVE", review_text="wonderful", created_time=NOW_S,
               open_graph_story_id="77"),
        RATED,
    ),
    "recommendation edited": (
        change("ratings", item="rating", verb="edited", reviewer_id="31",
               open_graph_story_id="77", created_time=NOW_S),
        STATUS,
    ),
    "lead": (change("leadgen", leadgen_id="L1", form_id="F1", created_time=NOW_S),
             ("task.progressed",)),
    "lead without an id": (change("leadgen"), "unknown_type"),
    "opening hours": (change("hours"), "ignored"),
    "field that is new": (change("levitation"), "unknown_type"),
}  # fmt: skip
