"""Slack: a body of each documented kind: events, clicks, dialogs, commands."""

from __future__ import annotations

from typing import Any

import orjson

from streams.demo.traffic.slack import SharedChannel
from tests.conformance.vendors import NOW_MS, NOW_S, SECRET, WHO, Bodies, Body, Form

CALL = SharedChannel("source", SECRET).message(WHO, "hello", NOW_MS)
SIGNS = "body and time"
WORDS = ("Léa", "lamp", "example.com", "Hello")

TS, THREAD = f"{NOW_S}.000100", f"{NOW_S - 60}.000200"
LEA = {"id": "U40", "username": "lea", "name": "lea", "team_id": "T2"}


def callback(event: Body, **envelope: Any) -> Body:
    return {
        "token": "legacy",
        "team_id": "T1",
        "api_app_id": "A1",
        "event": event,
        "type": "event_callback",
        "event_id": "Ev1",
        "event_time": NOW_S,
        "authorizations": [{"team_id": "T1", "user_id": "U0BOT", "is_bot": True}],
        **envelope,
    }


def line(subtype: str = "", **more: Any) -> Body:
    """A message of Léa's, in a channel."""
    made = {
        "type": "message",
        "channel": "C1",
        "user": "U40",
        "team": "T2",
        "text": "Hello, my lamp is broken",
        "ts": TS,
        "event_ts": TS,
        "channel_type": "channel",
        **more,
    }
    return {**made, "subtype": subtype} if subtype else made


def changed(subtype: str, **more: Any) -> Body:
    return callback(
        {"type": "message", "subtype": subtype, "channel": "C1", "hidden": True, "ts": TS,
         "event_ts": TS, "channel_type": "channel", **more}
    )  # fmt: skip


def about(kind: str, **more: Any) -> Body:
    return callback({"type": kind, "event_ts": TS, **more})


def interaction(kind: str, **more: Any) -> Body:
    return {
        "type": kind,
        "user": LEA,
        "team": {"id": "T1", "domain": "acme"},
        "api_app_id": "A1",
        "trigger_id": "10.20.abc",
        **more,
    }


def click(kind: str, action_id: str, **more: Any) -> Body:
    return interaction(
        "block_actions",
        channel={"id": "C1", "name": "support"},
        container={"type": "message", "message_ts": TS, "channel_id": "C1", "thread_ts": THREAD},
        message={"user": "U0BOT", "type": "message", "ts": TS, "thread_ts": THREAD},
        actions=[{"type": kind, "block_id": "b1", "action_id": action_id, "action_ts": TS, **more}],
    )


def modal(kind: str, **values: Body) -> Body:
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "complaint",
        "blocks": [
            {"type": "input", "block_id": name, "label": {"type": "plain_text", "text": name}}
            for name in values
        ],
        "state": {"values": {name: {name: field} for name, field in values.items()}},
    }
    return interaction(kind, view=view)


WORDED = {"type": "plain_text_input", "value": "My lamp"}
MAIL = {"type": "email_text_input", "value": "lea@example.com"}
PICKED = {"type": "static_select",
          "selected_option": {"text": {"type": "plain_text", "text": "Late"}, "value": "late"}}  # fmt: skip
STARS = {"type": "radio_buttons", "selected_option": {"text": {"text": "Good"}, "value": "4"}}
COMMAND = {
    "command": "/support",
    "text": "my lamp",
    "user_id": "U40",
    "team_id": "T1",
    "channel_id": "C1",
    "trigger_id": "10.20.abc",
    "response_url": "https://hooks.slack.com/commands/1",
}
MEMBER = {
    "id": "U40",
    "team_id": "T1",
    "is_bot": False,
    "is_email_confirmed": True,
    "profile": {"email": "lea@example.com", "real_name": "Léa", "phone": ""},
}
REACTED = {"user": "U40", "item_user": "U31", "reaction": "tada",
           "item": {"type": "message", "channel": "C1", "ts": TS}}  # fmt: skip
FEEDBACK = {
    **click("feedback_buttons", "verdict", value="bad", text={"text": "Not helpful"}),
    "message": {
        "ts": TS,
        "blocks": [
            {
                "type": "context_actions",
                "elements": [
                    {
                        "type": "feedback_buttons",
                        "action_id": "verdict",
                        "positive_button": {"value": "good"},
                        "negative_button": {"value": "bad"},
                    }
                ],
            }
        ],
    },
}

SAID = ("message.posted",)
SILENT = ("channel_join", "channel_leave", "channel_topic", "channel_archive", "pinned_item",
          "message_replied", "ekm_access_denied", "huddle_thread", "bot_add",
          "assistant_app_thread")  # fmt: skip
OTHERS = ("member_joined_channel", "channel_created", "file_shared", "link_shared", "pin_added",
          "star_added", "app_uninstalled", "tokens_revoked", "emoji_changed", "subteam_updated",
          "assistant_thread_context_changed", "message_metadata_posted", "function_executed",
          "shared_channel_invite_accepted", "im_created", "user_huddle_changed")  # fmt: skip

BODIES: Bodies = {
    "message": (callback(line()), SAID),
    "answer": (callback(line(thread_ts=THREAD, parent_user_id="U40", user="U31")), SAID),
    "direct": (callback(line(channel="D1", channel_type="im")), SAID),
    "mention": (callback({**line(), "type": "app_mention"}), SAID),
    "bot": (callback(line("bot_message", bot_id="B1", user=None)), SAID),
    "app": (callback(line(user="U0BOT", bot_id="B1", app_id="A1")), SAID),
    **{
        subtype: (callback(line(subtype, thread_ts=THREAD)), SAID)
        for subtype in ("thread_broadcast", "me_message")
    },
    "file": (callback(line("file_share", text="", files=[{"id": "F1", "mimetype": "image/png"}])), SAID),
    "only blocks": (
        callback(line(text="", blocks=[{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "My lamp "}, {"type": "user", "user_id": "U31"},
                {"type": "emoji", "name": "cry"}, {"type": "link", "url": "https://example.com/"}]},
        ]}])),
        SAID,
    ),
    "file without a time of its own": (
        callback({"type": "message", "text": "", "user": "U40", "channel": "D1",
                  "files": [{"mimetype": "image/png"}]}),
        SAID,
    ),
    "edited": (
        changed(
            "message_changed",
            message=line(text="Hello again", edited={"user": "U40", "ts": TS}),
            previous_message=line(),
        ),
        ("message.status_changed",),
    ),
    "unfolded": (
        changed("message_changed", message=line(attachments=[{}]), previous_message=line()),
        "ignored",
    ),
    "deleted": (
        changed("message_deleted", deleted_ts=TS, previous_message=line()),
        ("message.status_changed",),
    ),
    "deleted with answers": (
        changed("message_changed", message=line("tombstone"), previous_message=line()),
        ("message.status_changed",),
    ),
    **{subtype: (callback(line(subtype)), "ignored") for subtype in SILENT},
    "news of a message": (callback(line("levitated")), "unknown_type"),
    "reaction": (about("reaction_added", **REACTED), ("message.status_changed",)),
    "reaction taken back": (about("reaction_removed", **REACTED), ("message.status_changed",)),
    "reaction to a file": (
        about("reaction_added", user="U40", reaction="tada", item={"type": "file", "file": "F1"}),
        "ignored",
    ),
    "home": (about("app_home_opened", user="U40", channel="D1", tab="home"), ("selfservice.stepped",)),
    "assistant": (
        about(
            "assistant_thread_started",
            assistant_thread={"user_id": "U40", "channel_id": "D1", "thread_ts": TS, "context": {}},
        ),
        ("conversation.opened",),
    ),
    "member": (about("team_join", user=MEMBER), ("identity.linked",)),
    "member changed": (about("user_change", user=MEMBER), ("identity.linked",)),
    "a bot joined": (about("team_join", user={**MEMBER, "is_bot": True}), "ignored"),
    **{kind: (about(kind, user="U40", channel="C1"), "ignored") for kind in OTHERS},
    "news": (about("levitation_begun", user="U40"), "unknown_type"),
    "no channel": (callback({**line(), "channel": None}), "malformed"),
    "button": (
        click("button", "info", text={"type": "plain_text", "text": "Hello"}, value="i"),
        ("selfservice.stepped",),
    ),
    "select": (click(**{**PICKED, "kind": "static_select", "action_id": "why"}), ("selfservice.stepped",)),
    "rating": (click("button", "csat_5", value="5"), ("feedback.received",)),
    "feedback buttons": (FEEDBACK, ("feedback.received",)),
    "in a form": (
        Form({"payload": orjson.dumps(click("button", "info")).decode()}),
        ("selfservice.stepped",),
    ),
    "old button": (
        interaction(
            "interactive_message", callback_id="c", action_ts=TS, message_ts=TS,
            channel={"id": "C1"}, actions=[{"name": "yes", "type": "button", "value": "yes"}],
        ),
        ("selfservice.stepped",),
    ),
    "modal": (modal("view_submission", words=WORDED, why=PICKED), ("task.progressed",)),
    "modal with a rating and a mail": (
        modal("view_submission", nps=STARS, mail=MAIL),
        ("task.progressed", "feedback.received", "identity.linked"),
    ),
    "modal closed": (modal("view_closed"), ("task.progressed",)),
    "dialog": (
        interaction("dialog_submission", callback_id="c", action_ts=TS, submission={"why": "Hello"}),
        ("task.progressed",),
    ),
    "shortcut": (interaction("shortcut", callback_id="help", action_ts=TS), ("selfservice.stepped",)),
    "shortcut on a message": (
        interaction(
            "message_action", callback_id="ticket", action_ts=TS, channel={"id": "C1"},
            message=line(),
        ),
        ("message.posted", "selfservice.stepped"),
    ),
    "command": (Form(COMMAND), ("selfservice.stepped",)),
    "suggestion": (interaction("block_suggestion", value="x"), "ignored"),
    "socket mode": ({"type": "events_api", "envelope_id": "e1", "payload": callback(line())}, SAID),
    "without its envelope": (line(), SAID),
    "verification": ({"type": "url_verification", "challenge": "abc", "token": "x"}, "ignored"),
    "rate limited": ({"type": "app_rate_limited", "team_id": "T1"}, "ignored"),
    "nothing known": ({"type": "levitation"}, "unknown_type"),
}  # fmt: skip
