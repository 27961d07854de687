"""Zendesk's words: media, statuses, and the ids that stand for nobody."""

from __future__ import annotations

from typing import Any

from schemas.common import Channel
from schemas.events import Status
from streams.channels.body import text

_MEDIA: dict[Channel, tuple[str, ...]] = {
    "email": ("email", "mail", "mailgun", "connect_mail", "side_conversation"),
    "form": ("web", "web_form", "web_widget", "help_center", "helpcenter", "topic", "blog",
             "chat_offline_message", "recovered_from_suspended_tickets"),
    "chat": ("chat", "chat_transcript", "native_messaging", "messaging"),
    "bot": ("answer_bot", "answer_bot_api", "answer_bot_for_web_widget", "answer_bot_for_sdk"),
    "app": ("mobile", "mobile_sdk", "iphone"),
    "voice": ("voice", "phone", "phone_call_inbound", "phone_call_outbound", "voicemail",
              "api_phone_call_inbound", "api_phone_call_outbound", "api_voicemail"),
    "sms": ("sms", "text_message", "twilio_sms", "messagebird_sms", "connect_sms"),
    "whatsapp": ("whatsapp",),
    "messenger": ("facebook_message", "facebook_messenger",
                  "sunshine_conversations_facebook_messenger"),
    "instagram": ("instagram_dm",),
    "telegram": ("telegram",),
    "line": ("line",),
    "viber": ("viber",),
    "rcs": ("google_rcs",),
    "slack": ("business_messaging_slack_connect", "answer_bot_for_slack"),
    "messaging": ("any_channel", "apple_business_chat", "google_business_messages", "kakaotalk",
                  "wechat", "sunshine_conversations_api", "omnichannel"),
    "social": ("facebook", "facebook_post", "twitter", "twitter_dm", "twitter_favorite",
               "sunshine_conversations_twitter_dm"),
    "web": ("api", "web_service"),
}  # fmt: skip
CHANNELS = {native: channel for channel, names in _MEDIA.items() for native in names}
STATUSES: dict[str, Status] = {
    "new": "open",
    "open": "open",
    "pending": "on_hold",
    "hold": "on_hold",
    "on-hold": "on_hold",
    "solved": "resolved",
    "closed": "closed",
    "deleted": "deleted",
    "scrubbed": "deleted",
}


def some_id(value: Any, *path: str) -> str:
    """An id, empty when it stands for nobody."""
    found = text(value, *path)
    return "" if found in {"0", "-1"} else found
