"""The words of Zammad's bodies: types, senders and states, by name or by id; whom an id names."""

from __future__ import annotations

from typing import Any

from schemas.common import Channel
from schemas.events import Initiator, Status
from streams.channels.body import text

_CHANNELS: dict[str, Channel] = {
    "email": "email",
    "sms": "sms",
    "chat": "chat",
    "fax": "messaging",
    "phone": "voice",
    "twitter status": "social",
    "twitter direct-message": "social",
    "facebook feed post": "social",
    "facebook feed comment": "social",
    "facebook direct-message": "messenger",
    "telegram personal-message": "telegram",
    "whatsapp message": "whatsapp",
    "web": "form",
}
TYPES = (
    "", "email", "sms", "chat", "fax", "phone", "twitter status", "twitter direct-message",
    "facebook feed post", "facebook feed comment", "note", "web", "telegram personal-message",
    "facebook direct-message", "whatsapp message",
)  # fmt: skip
"""By their ids, which a new installation gives in this order."""

SENDERS = ("", "Agent", "Customer", "System")
INITIATORS: dict[str, Initiator] = {
    "Customer": "customer",
    "Agent": "agent",
    "System": "system",
}
STATUSES: dict[str, Status] = {
    "new": "open",
    "open": "open",
    "pending reminder": "on_hold",
    "pending close": "on_hold",
    "closed": "closed",
    "merged": "deleted",
    "removed": "deleted",
}
STATES = (
    "", "new", "open", "pending reminder", "closed", "merged", "removed", "pending close",
)  # fmt: skip
_NOBODY = {"", "1"}
"""User 1 is Zammad itself: tickets without an owner are its, and what rules and mails do."""


def name_of(value: dict[str, Any], field: str, by_id: tuple[str, ...] = ()) -> str:
    """`state: "open"`, `state: {"name": "open"}`, or only `state_id: 2`."""
    named = text(value, field) or text(value, field, "name")
    if named or not by_id:
        return named
    number = text(value, f"{field}_id")
    return by_id[int(number)] if number.isdecimal() and int(number) < len(by_id) else ""


def id_of(value: dict[str, Any], field: str) -> str:
    """A user's id; empty for Zammad itself."""
    found = text(value, f"{field}_id") or text(value, field, "id")
    return "" if found in _NOBODY else found


def yes(value: Any) -> bool:
    """A custom payload writes it as a text."""
    return value is True or value == "true"


def medium_of(kind: str) -> Channel:
    """A type that an add-on brings along is named after its medium."""
    if kind in _CHANNELS:
        return _CHANNELS[kind]
    words = kind.lower().split()
    for medium in ("whatsapp", "telegram", "instagram", "viber", "line", "sms", "email", "chat"):
        if medium in words:
            return _CHANNELS.get(medium) or medium
    return "messaging" if kind else "email"
