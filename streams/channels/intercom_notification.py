"""A notification of Intercom's: its topic, its item, a person's card as the source trusts it."""

from __future__ import annotations

from typing import Any

from schemas.common import Identifier, Trust
from streams.channels import times
from streams.channels.base import Request, SourceConfig
from streams.channels.body import table, text
from streams.channels.draft import Draft, identifier


class Notification:
    """`key` tells it from others: its id, else its topic, what it is about and its time."""

    def __init__(self, body: dict[str, Any], request: Request, source: SourceConfig) -> None:
        self.topic = text(body, "topic")
        self.item = table(body, "data", "item")
        self.at_ms = times.any_form(body.get("created_at"))
        self.key = text(body, "id") or (
            f"{self.topic}/{text(self.item, 'id')}/{text(body, 'created_at')}"
        )
        self.draft = Draft(request, source, self.topic, "chat")
        self._verified = source.options.get("identity") == "verified"

    def card(self, person: dict[str, Any]) -> tuple[Identifier, ...]:
        """A contact by its own id and by what its card says; a lead's user id is Intercom's own."""
        kind = text(person, "role") or text(person, "type")
        is_user = kind not in {"lead", "visitor"} and person.get("anonymous") is not True
        account = text(person, "external_id") or text(person, "user_id") if is_user else ""
        by_login = self._verified and is_user
        trust: Trust = "curated" if by_login else "claimed"
        return (
            *self.draft.vendor_id(text(person, "id")),
            *identifier("user", account, "asserted" if by_login else "claimed"),
            *identifier("email", text(person, "email"), trust),
            *identifier("phone", text(person, "phone"), trust),
        )

    def updated_ms(self) -> int | None:
        return times.any_form(self.item.get("updated_at")) or self.at_ms
