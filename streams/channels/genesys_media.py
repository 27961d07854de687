"""What Genesys Cloud's own terms mean: media, addresses, and why a session ended.

Enumerations come in capitals in events and in lower case with dots in conversations
(`CONSULT_TRANSFER`, `transfer.consult`).
Source: the models of Genesys's published SDKs (mediaType, messageType, disconnectType).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from schemas.common import Channel, Identifier, IdentifierKind, Trust
from streams.channels.draft import Draft, identifier

_MEDIA: dict[str, Channel] = {
    "VOICE": "voice",
    "CALL": "voice",
    "CALLBACK": "voice",
    "CHAT": "chat",
    "COBROWSE": "web",
    "SCREENSHARE": "web",
    "VIDEO": "voice",
    "EMAIL": "email",
    "MESSAGE": "messaging",
}
_MESSAGES: dict[str, Channel] = {
    "SMS": "sms",
    "WHATSAPP": "whatsapp",
    "FACEBOOK": "messenger",
    "INSTAGRAM": "instagram",
    "LINE": "line",
    "WEBMESSAGING": "chat",
    "TWITTER": "social",
    "LINKEDIN": "social",
    "OPEN": "messaging",
    "APPLE": "messaging",
}
BETWEEN_COLLEAGUES = {"INTERNALMESSAGE", "SCREENMONITORING"}

_NUMBER = re.compile(r"(?:tel:|sips?:)?(\+\d{6,15})(?=$|[@;])", re.IGNORECASE)
_ADDRESS: dict[Channel, tuple[IdentifierKind, Trust]] = {
    "whatsapp": ("whatsapp", "asserted"),
    "messenger": ("messenger", "asserted"),
    "instagram": ("instagram", "asserted"),
    "email": ("email", "claimed"),
    "social": ("social", "asserted"),
}


class Passed(NamedTuple):
    """An agent passes on what he has: blind the next one has still to take it, warm he has it."""

    kind: Literal["blind", "warm"]
    phase: Literal["started", "accepted"]


PASSED = {
    "TRANSFER": Passed("blind", "started"),
    "CONSULT_TRANSFER": Passed("warm", "accepted"),
    "CONFERENCE_TRANSFER": Passed("warm", "accepted"),
}
NOT_TAKEN: dict[str, Literal["missed", "declined"]] = {
    "FORWARD_TRANSFER": "missed",
    "NO_ANSWER_TRANSFER": "missed",
    "NOT_AVAILABLE_TRANSFER": "missed",
    "DND_TRANSFER": "declined",
    "DND_ENDPOINT": "declined",
}
"""An agent was called who did not take it, and it went on elsewhere."""

_DOTTED = {
    "TRANSFER_CONFERENCE": "CONFERENCE_TRANSFER",
    "TRANSFER_CONSULT": "CONSULT_TRANSFER",
    "TRANSFER_FORWARD": "FORWARD_TRANSFER",
    "TRANSFER_NOANSWER": "NO_ANSWER_TRANSFER",
    "TRANSFER_NOTAVAILABLE": "NOT_AVAILABLE_TRANSFER",
    "TRANSFER_DND": "DND_TRANSFER",
}


def disconnect(written: str) -> str:
    """One spelling for both."""
    name = written.upper().replace(".", "_")
    return _DOTTED.get(name, name)


def by_whom(reason: str) -> Literal["customer", "agent", "system", "unknown"]:
    """Who ended the customer's session.  `CLIENT` and `ENDPOINT` are his own side; `PEER` is the
    other one, be it a flow or an agent.
    """
    if reason in {"CLIENT", "ENDPOINT"}:
        return "customer"
    return "unknown" if reason in {"", "PEER", "OTHER", "UNKNOWN"} else "system"


def channel(media: str, message_type: str = "") -> Channel:
    """The customer's medium."""
    name = media.upper()
    if name == "MESSAGE" or (not name and message_type):
        return _MESSAGES.get(message_type.upper(), "messaging")
    return _MEDIA.get(name, "messaging")


def phone(address: str, trust: Trust) -> tuple[Identifier, ...]:
    """`tel:+1…`, `sip:+1…@host` and `+1…` are numbers; names of phones and trunks are none."""
    found = _NUMBER.match(address)
    return identifier("phone", found.group(1), trust) if found else ()


def reached_at(draft: Draft, address: str) -> tuple[Identifier, ...]:
    """The customer's address in the draft's medium."""
    if draft.channel in {"voice", "sms"}:
        return phone(address, "network")
    if draft.channel == "whatsapp":
        digits = address.removeprefix("+")
        return (*identifier("whatsapp", digits, "asserted"), *phone(f"+{digits}", "asserted"))
    if draft.channel in _ADDRESS:
        kind, trust = _ADDRESS[draft.channel]
        return identifier(kind, address, trust)
    return draft.vendor_id(f"{draft.channel}/{address}" if address else "")
