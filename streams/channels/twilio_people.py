"""Whose address it is, in the spellings of all of Twilio's products.

`whatsapp:+33…`, `messenger:123`, `client:ada`, `sip:…` or a bare number; agents of Conversations
are told by their identities.  WhatsApp attests the number, a telephone network shows it, an
identity of Twilio's SDKs is in a token that the company signed.
Source: Twilio's documentation, "Channel addresses", "TwiML voice: client", "Access tokens".
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from schemas.common import Channel, Identifier
from streams.channels.base import SourceConfig
from streams.channels.draft import identifier

_CHANNELS: dict[str, Channel] = {
    "whatsapp": "whatsapp",
    "messenger": "messenger",
    "instagram": "instagram",
    "rcs": "rcs",
    "sms": "sms",
    "tel": "sms",
    "sip": "voice",
    "client": "app",
    "viber": "viber",
    "line": "line",
    "telegram": "telegram",
    "chat": "chat",
}
_NUMBER = re.compile(r"\+?\d{5,15}")
_STAFF_NAME = "_40"
"""Flex spells the @ of a worker's name so; a customer's identity has none."""


class Address(NamedTuple):
    channel: Channel
    value: str
    """Without its prefix."""
    native: str = ""
    """The prefix."""

    @property
    def is_number(self) -> bool:
        return bool(_NUMBER.fullmatch(self.value))


def address(written: str) -> Address:
    """A bare number is one of text messages."""
    prefix, colon, rest = written.strip().partition(":")
    if not colon:
        return Address("email" if "@" in written else "sms", written.strip())
    return Address(_CHANNELS.get(prefix.lower(), "messaging"), rest, prefix.lower())


def person(of: Address, source: str, wa_id: str = "") -> tuple[Identifier, ...]:
    """The identifiers of whoever has this address."""
    value = of.value
    if not value:
        return ()
    if of.channel == "whatsapp":
        if not of.is_number:
            return identifier("bsuid", value, "asserted")
        digits = wa_id or value.removeprefix("+")
        phone = value if value.startswith("+") else f"+{digits}"
        return (
            *identifier("whatsapp", digits, "asserted"),
            *identifier("phone", phone, "asserted"),
        )
    if of.channel == "messenger":
        return identifier("messenger", value, "asserted")
    if of.channel == "instagram":
        return identifier("instagram", value, "asserted")
    if of.channel == "telegram":
        return identifier("telegram", value, "asserted")
    if of.channel == "app":
        return identifier("user", value, "asserted")
    if of.channel == "email":
        return identifier("email", value, "claimed")
    if of.is_number or of.channel == "sms":
        return identifier("phone", value, "network")
    return identifier("vendor", f"{source}:{of.native or of.channel}/{value}", "asserted")


def is_agent(identity: str, source: SourceConfig) -> bool:
    """Option `agents`: identities of colleagues, comma separated, `*` for any characters."""
    patterns = [name.strip() for name in source.options.get("agents", "").split(",")]
    known = any(pattern and fnmatchcase(identity, pattern) for pattern in patterns)
    return known or _STAFF_NAME in identity
