"""Channels as people name them in the middle of a sentence, in English and French."""

from __future__ import annotations

from collections.abc import Mapping

_OWN = {
    "whatsapp": "WhatsApp", "sms": "SMS", "messenger": "Messenger", "instagram": "Instagram",
    "telegram": "Telegram", "viber": "Viber", "line": "LINE", "rcs": "RCS", "slack": "Slack",
}  # fmt: skip
"""Names that are the same in every language."""

SPOKEN: Mapping[str, Mapping[str, str]] = {
    "en": _OWN | {
        "voice": "the phone", "chat": "chat", "bot": "the bot", "messaging": "messaging",
        "email": "e-mail", "social": "social media", "web": "the website", "form": "a form",
        "in_person": "a visit", "app": "the app",
    },
    "fr": _OWN | {
        "voice": "le téléphone", "chat": "le chat", "bot": "le robot", "messaging": "la messagerie",
        "email": "l'e-mail", "social": "un réseau social", "web": "le site",
        "form": "un formulaire", "in_person": "une visite", "app": "l'application",
    },
}  # fmt: skip


def spoken(channel: str, language: str = "en") -> str:
    """`the phone` for voice; another language than ours gets the English name, a channel that we do
    not know its own.
    """
    return SPOKEN.get(language, SPOKEN["en"]).get(channel, channel)
