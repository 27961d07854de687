"""What is said by WhatsApp, and what changes it: reactions, edits, deletions.

An order and a filled-in form are messages and tasks.  The history of a number that joins the Cloud
API comes with its own times.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Ref
from schemas.events import (
    EventBase,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
    TaskProgressed,
)
from streams.channels import times
from streams.channels.body import BodyError, dig, number, read_json, rows, table, text
from streams.channels.draft import CUSTOMER
from streams.channels.meta_whatsapp_change import Change, error_words
from streams.channels.meta_whatsapp_people import consent, read_system


def read_message(change: Change, message: dict[str, Any], *, inbound: bool) -> list[EventBase]:
    kind = _kind_of(message)
    ident = text(message, "id")
    at_ms = times.seconds(message.get("timestamp"))
    if kind == "system":
        return read_system(change, message, at_ms)
    if not ident:
        return change.odd(f"A message of type {kind!r} without an id.")
    told = tuple(
        text(message, name)
        for name in (("from", "from_user_id") if inbound else ("to", "to_user_id", "from"))
    )
    person = change.who(told, alone=change.alone("messages" if inbound else "message_echoes"))
    draft = change.turn_to(person, f"{change.field}.{kind}" if change.field else kind)
    if group := text(message, "group_id"):
        draft.conversation = f"group/{group}"
    elif not person.key:
        # Who wrote is not told: the message is kept under a conversation of its own.
        draft.conversation = f"unknown/{ident}"
    if kind == "request_welcome":
        return [
            draft.event(
                SelfserviceStepped,
                f"message/{ident}",
                at_ms,
                actor=CUSTOMER,
                resource="whatsapp",
                step="opened",
                outcome="started",
            )
        ]
    actor = CUSTOMER if inbound else Actor("agent")
    if (changed := _of_another(change, message, kind, ident, at_ms, actor)) is not None:
        return [changed]
    replied, referral = text(message, "context", "id"), text(message, "referral", "source_id")
    found: list[EventBase] = [
        draft.event(
            MessagePosted,
            f"message/{ident}",
            at_ms,
            actor=actor,
            message_id=ident,
            direction="inbound" if inbound else "outbound",
            # On standby another app has the thread.
            owner="other" if change.field == "standby" else "ours",
            in_reply_to=replied or None,
            refs=tuple(
                Ref(rel, other)
                for rel, other in (("in_reply_to", replied), ("referral", referral))
                if other
            ),
            personal={"text": _words_of(message, kind), "name": person.name},
        )
    ]
    if kind == "order":
        found.append(_order(change, message, ident, at_ms))
    if form := table(message, "interactive", "nfm_reply"):
        found.append(_form(change, form, ident, at_ms))
    if answer := text(message, "interactive", "call_permission_reply", "response"):
        found.append(consent(change, "call", answer == "accept", f"call/{ident}", at_ms))
    return found


def _of_another(
    change: Change, message: dict[str, Any], kind: str, ident: str, at_ms: int | None, actor: Actor
) -> EventBase | None:
    """Reactions, edits and deletions: they change a message instead of being one."""
    said = ""
    if kind == "reaction":
        said = text(message, "reaction", "emoji")
        status = "reacted" if said else "unreacted"
        other = text(message, "reaction", "message_id")
    elif kind == "edit":
        edited = table(message, "edit", "message")
        status, said = "edited", _words_of(edited, _kind_of(edited))
        other = text(message, "edit", "original_message_id")
    elif kind in {"revoke", "deleted"}:
        status, other = "deleted", text(message, "revoke", "original_message_id")
    else:
        return None
    return change.draft.event(
        MessageStatusChanged,
        f"message/{ident}/{status}",
        at_ms,
        actor=actor,
        message_id=other or ident,
        status=status,
        personal={"text": said},
    )


def _order(change: Change, message: dict[str, Any], ident: str, at_ms: int | None) -> EventBase:
    items = rows(message, "order", "product_items")
    return change.draft.event(
        TaskProgressed,
        f"order/{ident}",
        at_ms,
        actor=CUSTOMER,
        task_kind="purchase",
        task_id=ident,
        step="ordered",
        state="submitted",
        value=_minor_units(items),
        currency=text(items[0], "currency") or None if items else None,
    )


def _form(change: Change, form: dict[str, Any], ident: str, at_ms: int | None) -> EventBase:
    """A WhatsApp Flow that the customer has filled in."""
    return change.draft.event(
        TaskProgressed,
        f"form/{ident}",
        at_ms,
        actor=CUSTOMER,
        task_kind="form",
        task_id=text(_answers_of(form), "flow_token") or ident,
        step=text(form, "name") or "flow",
        state="submitted",
    )


def read_history(change: Change, chunk: dict[str, Any]) -> list[EventBase]:
    """What was said before the number came to the Cloud API, at its own times."""
    found: list[EventBase] = []
    for thread in rows(chunk, "threads"):
        customer = text(thread, "id")
        for message in rows(thread, "messages"):
            ours = text(message, "from") == change.our_number or bool(
                dig(message, "history_context", "from_me")
            )
            named = {"to" if ours else "from": customer} if customer else {}
            found += read_message(change, {**message, **named}, inbound=not ours)
    for error in rows(chunk, "errors"):
        change.reasons.append(f"The history is not shared: {error_words(error)}.")
    if not found and not change.reasons:
        change.reasons.append("The history is empty.")
    return found


def _kind_of(message: dict[str, Any]) -> str:
    """Its type; very old bodies tell it only by the part that there is."""
    parts = ("text", "image", "audio", "video", "document", "sticker", "location", "contacts")
    return text(message, "type") or next((part for part in parts if part in message), "")


def _minor_units(items: list[dict[str, Any]]) -> int | None:
    """The order's sum in hundredths, or nothing when an item has no price."""
    prices = [number(item, "item_price") for item in items]
    known = [price for price in prices if price is not None]
    if not items or len(known) < len(prices):
        return None
    counts = [number(item, "quantity") or 1 for item in items]
    total = sum(price * count for price, count in zip(known, counts, strict=True)) * 100
    return round(total) if abs(total) < 2**53 else None


def _answers_of(form: dict[str, Any]) -> dict[str, Any]:
    """A Flow's answers, which stand as a JSON text in the JSON."""
    told = form.get("response_json")
    try:
        return table(told if isinstance(told, dict) else read_json(text(told).encode()))
    except BodyError:
        return {}


def _words_of(message: dict[str, Any], kind: str) -> str:
    """What was said, or what kind of thing was sent."""
    part = table(message, kind)
    form = table(part, "nfm_reply")
    answers = "; ".join(
        f"{name}: {text(value)}"
        for name, value in _answers_of(form).items()
        if name != "flow_token" and text(value)
    )
    said = (
        text(part, "body")
        or text(part, "body", "text")
        or text(part, "caption")
        or text(part, "text")
        or text(part, "button_reply", "title")
        or text(part, "list_reply", "title")
        or answers
        or ("" if _answers_of(form) else text(form, "response_json"))
        or text(form, "body")
        or text(part, "name")
        or text(part, "filename")
        or text(message, "text", "body")  # of a type that is not supported
    )
    return said or (f"[{kind}]" if kind else "")
