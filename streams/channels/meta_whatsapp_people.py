"""Who a customer of WhatsApp is from now on, what he agreed to, and who serves him."""

from __future__ import annotations

import re
from typing import Any

from schemas.common import Identifier
from schemas.events import (
    ConsentChanged,
    EventBase,
    IdentityLinked,
    MessageStatusChanged,
    TransferReported,
)
from streams.channels import times
from streams.channels.body import table, text
from streams.channels.draft import CUSTOMER, SYSTEM, identifier
from streams.channels.meta_whatsapp_change import BSUID, Change, is_number

_CHANGED_FROM_TO = re.compile(r" from (\S+) to (\S+)$")


def read_system(change: Change, message: dict[str, Any], at_ms: int | None) -> list[EventBase]:
    """A changed number or user id: the same person under another key."""
    system = table(message, "system")
    kind = text(system, "type")
    old, new = _replaced_ids(message, system)
    pair = (*_key_of(old), *_key_of(new))
    if "identity" in kind:
        change.reasons.append(f"{kind}: the phone's keys changed, the number is the same.")
        return []
    if len(pair) < 2:
        return change.odd(f"A system message without an old and a new id: {kind or 'no type'}.")
    change.draft.native_type = f"system.{kind}"
    return [_replaced(change, pair, f"rekey/{old}/{new}/{at_ms}", at_ms)]


def read_rekey(change: Change, update: dict[str, Any]) -> list[EventBase]:
    ids = table(update, "user_id") or update
    old, new = text(ids, "previous"), text(ids, "current")
    pair = (*_key_of(old), *_key_of(new))
    if len(pair) < 2:
        return change.odd("A user_id_update without a previous and a current id.")
    at_ms = times.seconds(update.get("timestamp"))
    return [_replaced(change, pair, f"rekey/{old}/{new}/{at_ms}", at_ms)]


def _replaced(
    change: Change, pair: tuple[Identifier, ...], key: str, at_ms: int | None
) -> EventBase:
    return change.draft.event(
        IdentityLinked,
        key,
        at_ms,
        identifiers=pair,
        rel="replaces",
        by="vendor",
        conversation="",
    )


def _replaced_ids(message: dict[str, Any], system: dict[str, Any]) -> tuple[str, str]:
    """The old and the new id of a system message. Some versions tell them only in the sentence:
    "… changed from A to B".
    """
    said = _CHANGED_FROM_TO.search(text(system, "body"))
    old, new = said.groups() if said else ("", "")
    if "user_id" in text(system, "type"):
        return text(system, "previous_user_id") or old or text(message, "from_user_id"), (
            text(system, "user_id") or new
        )
    return text(system, "customer") or text(message, "from") or old, (
        text(system, "wa_id") or text(system, "new_wa_id") or new
    )


def _key_of(value: str) -> tuple[Identifier, ...]:
    if is_number(value):
        return identifier("whatsapp", value, "asserted")
    return identifier("bsuid", value if BSUID.fullmatch(value) else "", "asserted")


def read_preference(change: Change, preference: dict[str, Any]) -> list[EventBase]:
    wa_id = text(preference, "wa_id")
    # Another contact's `wa_id` is another person: only a wish that names nobody may be his.
    alone = change.alone("user_preferences") and not wa_id
    person = change.who((wa_id, text(preference, "user_id")), alone=alone)
    change.turn_to(person, change.field or "user_preferences")
    wish = text(preference, "value")
    if wish not in {"stop", "resume"}:
        return change.odd(f"A preference that we do not know: {wish!r}.")
    at_ms = times.seconds(preference.get("timestamp"))
    purpose = text(preference, "category").removesuffix("_messages") or "marketing"
    key = f"preference/{person.key}/{purpose}/{wish}/{at_ms}"
    return [consent(change, purpose, wish == "resume", key, at_ms)]


def read_click(change: Change, action: dict[str, Any]) -> list[EventBase]:
    """Somebody followed the link of a marketing message; which message, its token tells."""
    kind = text(action, "action_type")
    click = table(action, f"{kind}_data")
    ident = text(click, "click_id") or text(click, "tracking_token")
    if "click" not in kind or not ident:
        return change.odd(f"An action of a customer that we do not know: {kind!r}.")
    draft = change.turn_to(change.who((), alone=change.alone("user_actions")), kind)
    return [
        draft.event(
            MessageStatusChanged,
            f"click/{ident}",
            times.seconds(action.get("timestamp")),
            actor=CUSTOMER,
            message_id=text(click, "tracking_token") or ident,
            status="clicked",
        )
    ]


def consent(change: Change, purpose: str, granted: bool, key: str, at_ms: int | None) -> EventBase:
    return change.draft.event(
        ConsentChanged,
        f"consent/{key}",
        at_ms,
        actor=CUSTOMER,
        purpose=purpose,
        state="granted" if granted else "denied",
        evidence=change.draft.native_type,
        consent_channel="whatsapp",
    )


def read_handover(change: Change) -> list[EventBase]:
    value = change.value
    sender = table(value, "sender")
    person = change.who(
        (text(sender, "phone_number"), text(sender, "wa_id"), text(sender, "user_id")),
        alone=True,
    )
    draft = change.turn_to(person, "messaging_handovers")
    if not person.key:
        return change.odd("A hand-over that names no customer.")
    return [
        draft.event(
            TransferReported,
            f"handover/{person.key}/{text(value, 'timestamp')}",
            times.seconds(value.get("timestamp")),
            actor=SYSTEM,
            kind="unknown",
            phase="accepted",
        )
    ]
