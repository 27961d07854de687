"""Zendesk's records of users: how a person can be reached, and who turned out to be whom.
Source: developer.zendesk.com, webhooks, event types, "User events".
"""

from __future__ import annotations

from typing import Any

from schemas.common import Identifier, Trust
from schemas.events import IdentityLinked
from streams.channels import times
from streams.channels.base import Parsed, SourceConfig, ignored, unknown
from streams.channels.body import table, text
from streams.channels.draft import Draft, identifier
from streams.channels.zendesk_words import some_id

_CARDS = {
    "created", "details_changed", "external_id_changed", "identity_changed", "identity_created",
    "name_changed",
}  # fmt: skip
"""Events of a user that tell how he can be reached."""

_USER_NO_MATTER = {
    "active_changed", "alias_changed", "custom_field_changed", "custom_role_changed",
    "default_group_changed", "deleted", "group_membership_created", "group_membership_deleted",
    "identity_deleted", "last_login_changed", "notes_changed", "only_private_comments_changed",
    "organization_membership_created", "organization_membership_deleted", "password_changed",
    "photo_changed", "role_changed", "suspended_changed", "tags_changed", "time_zone_changed",
}  # fmt: skip


def read_user(body: dict[str, Any], draft: Draft, what: str, source: SourceConfig) -> Parsed:
    """A user's record is the help desk's card of the customer."""
    if what in _USER_NO_MATTER:
        return ignored(f"user.{what}: tells no new way to recognise the person.")
    if what != "merged" and what not in _CARDS:
        return unknown(f"Zendesk sends no event 'user.{what}' that we know.")
    event, detail = table(body, "event"), table(body, "detail")
    ident = some_id(detail, "id") or text(body, "subject").rpartition(":")[2]
    if text(detail, "role").lower() in {"agent", "admin"}:
        return ignored(f"user.{what}: about an agent, not about a customer.")
    found = draft.vendor_id(f"user/{ident}" if ident else "")
    if what == "merged":
        for other in _users_named(event):
            found += draft.vendor_id(f"user/{other}") if other != ident else ()
    else:
        found += _reach(event, detail, source)
    if len(found) < 2:
        return ignored(f"user.{what}: nothing by which the person could be recognised elsewhere.")
    linked = draft.event(
        IdentityLinked,
        text(body, "id"),
        times.iso(body.get("time")),
        channel="web",
        identifiers=found,
        rel="merged" if what == "merged" else "same",
        by="vendor",
        personal={"name": text(detail, "name")},
    )
    return Parsed((linked,))


def _users_named(event: dict[str, Any]) -> list[str]:
    """The ids of the users that a merge names, under whatever name."""
    found = [
        some_id(value) or some_id(value, "id")
        for name, value in event.items()
        if "user" in name or name in {"current", "previous", "merged_into", "winner", "loser"}
    ]
    return list(dict.fromkeys(filter(None, found)))


def _reach(
    event: dict[str, Any], detail: dict[str, Any], source: SourceConfig
) -> tuple[Identifier, ...]:
    """E-mail, phone and the company's own id, each once."""
    trust: Trust = "claimed" if source.options.get("users") == "claimed" else "curated"
    identity = next(
        (
            found
            for found in (table(event, "identity"), table(event, "current"), event)
            if text(found, "type") and text(found, "value")
        ),
        {},
    )
    kind, value = text(identity, "type").lower(), text(identity, "value")
    theirs: Trust = "claimed" if identity.get("verified") is False else trust
    found: tuple[Identifier, ...] = ()
    if kind == "email":
        found += identifier("email", value, theirs)
    elif kind in {"phone_number", "phone"}:
        found += identifier("phone", value, theirs)
    elif kind in {"twitter", "facebook"}:
        found += identifier("social", f"{kind}:{value}", theirs)
    email, phone = text(detail, "email"), text(detail, "phone")
    if "@" in email and email != value:
        found += identifier("email", email, trust)
    if phone != value:
        found += identifier("phone", phone, trust)
    return found + identifier("crm", text(detail, "external_id"), trust)
