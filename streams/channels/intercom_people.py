"""Intercom's contacts: how to reach them, what they agreed to, what they did in your product."""

from __future__ import annotations

from typing import Any

from schemas.events import ConsentChanged, EventBase, IdentityLinked, SelfserviceStepped
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import rows, table, text
from streams.channels.draft import CUSTOMER
from streams.channels.intercom_notification import Notification

_CARDS = {"created", "updated", "signed_up", "added_email", "unarchive", "unarchived"}
"""Last words of the topics that tell how a person can be reached."""

_CONSENTS = {
    "unsubscribed": "denied",
    "unsubscribe": "denied",
    "unsubscribed_from_sms": "denied",
    "subscribed": "granted",
    "subscribe": "granted",
    "subscribed_to_sms": "granted",
}
_MEDIA = {"email": "email", "sms_message": "sms", "sms": "sms"}
"""Of a kind of subscription."""


def read_person(note: Notification) -> Parsed:
    item, draft, topic = note.item, note.draft, note.topic
    person = table(item, "contact") or table(item, "user") or table(item, "lead") or item
    last = topic.rpartition(".")[2]
    draft.channel = "web"
    draft.identifiers = note.card(person)
    if ".tag." in topic or (".contact." in topic and topic.startswith("company.")):
        return ignored(f"{topic}: tells no new way to recognise the person.")
    if not draft.identifiers:
        return malformed(f"{topic}: it is not said who it is about.")
    if last in _CONSENTS:
        return _consent(note, last)
    if last == "merged":
        return _merged(note)
    if last in {"deleted", "archived", "archive"}:
        return ignored(
            f"{topic}: gone at Intercom; that he is to be forgotten here too is a request of its "
            "own."
        )
    if last not in _CARDS:
        return unknown(f"Intercom has no topic {topic!r} that we know.")
    if len(draft.identifiers) < 2:
        return ignored(f"{topic}: nothing by which the person could be recognised elsewhere.")
    return Parsed((_card(note),))


def _card(note: Notification) -> EventBase:
    """Equal cards are one event: Intercom repeats them with each visit."""
    known = "/".join(f"{i.kind}={i.value}" for i in note.draft.identifiers)
    return note.draft.event(
        IdentityLinked,
        f"card/{known}",
        note.updated_ms(),
        rel="same",
        by="vendor",
        personal={"name": text(note.item, "name")},
    )


def _merged(note: Notification) -> Parsed:
    """The surviving contact, and in `merged_from` the one that is no more."""
    gone = table(note.item, "merged_from") or table(note.item, "from")
    ids = (*note.draft.vendor_id(text(note.item, "id")), *note.draft.vendor_id(text(gone, "id")))
    events: list[EventBase] = []
    if len(set(ids)) == 2:
        events.append(
            note.draft.event(
                IdentityLinked,
                f"merged/{ids[0].value}/{ids[1].value}",
                note.at_ms,
                identifiers=ids,
                rel="merged",
                by="vendor",
            )
        )
    if len(note.draft.identifiers) > 1:
        events.append(_card(note))
    if not events:
        return ignored(f"{note.topic}: it is not said with whom.")
    return Parsed(tuple(events))


def _consent(note: Notification, word: str) -> Parsed:
    """About all mails, all text messages, or some kinds of subscription."""
    granular = note.topic.startswith("granular.")
    kinds = rows(note.item, "subscription_types", "data") or [
        table(note.item, "subscription_type") or table(note.item, "subscription")
    ]
    return Parsed(
        tuple(
            note.draft.event(
                ConsentChanged,
                f"{note.key}/{ident}" if (ident := text(kind, "id")) else note.key,
                note.at_ms,
                actor=CUSTOMER,
                purpose=text(kind, "name")
                or text(kind, "default_translation", "name")
                or text(note.item, "subscription_type_name")
                or "marketing",
                state=_CONSENTS[word],
                evidence=note.topic,
                consent_channel=_only_medium(kind)
                if granular
                else "sms"
                if word.endswith("_sms")
                else "email",
            )
            for kind in kinds
        )
    )


def _only_medium(kind: dict[str, Any]) -> str | None:
    media = kind.get("content_types")
    return _MEDIA.get(text(media, 0)) if isinstance(media, list) and len(media) == 1 else None


def read_product_event(note: Notification) -> Parsed:
    """An event of your own product that you track with Intercom and have subscribed."""
    item, draft = note.item, note.draft
    name = text(item, "event_name") or text(item, "name")
    draft.channel = "web"
    draft.identifiers = note.card(
        {"id": item.get("intercom_user_id") or item.get("contact_id"),
         "user_id": item.get("user_id"), "email": item.get("email")}
    )  # fmt: skip
    if not name or not draft.identifiers:
        return malformed(f"{note.topic}: it is not said what happened to whom.")
    stepped = draft.event(
        SelfserviceStepped,
        f"event/{text(item, 'id') or note.key}",
        times.any_form(item.get("created_at")) or note.at_ms,
        actor=CUSTOMER,
        resource=name,
        step="tracked",
        outcome="progressed",
    )
    return Parsed((stepped,))
