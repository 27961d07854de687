"""Zendesk event webhooks (`zen:event-type:…`).

`id` (a UUID or ULID) is the event's own and signed; `time` has 0 to 9 digits of fraction.  Ids
are texts and may exceed 2^53; "0" and "-1" stand for nobody.  Enum values come in either case.
Delivery may repeat, may omit, and keeps no order.
Tickets are read in `zendesk_tickets.py`, messaging and posts in `zendesk_messages.py`, records of
users in `zendesk_users.py`.  Trigger webhooks carry whatever an admin typed: they are kept as
unknown.  The messaging platform has webhooks of its own, of another shape (`sunshine.py`);
EventBridge and ZIS tell a ticket's events in envelopes of theirs, with the same names.
Shapes: developer.zendesk.com, webhooks, event types; "Events Connector for Amazon EventBridge".
"""

from __future__ import annotations

import re
from typing import Any

from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    malformed,
    unknown,
)
from streams.channels.body import read_object, table, text
from streams.channels.draft import Draft
from streams.channels.signatures import any_secret, base64_hmac, fresh
from streams.channels.sunshine import is_conversation_webhook, read_conversations
from streams.channels.zendesk_messages import read_messaging, read_post
from streams.channels.zendesk_tickets import Ticket
from streams.channels.zendesk_users import read_user

_TYPE = re.compile(r"zen:event-type[:/](\w+)\.(\w+)")
"""With a slash here and there in the documentation."""


class Zendesk(Adapter):
    """Option `users`: `claimed` if your users' records are filled in by themselves; else they are
    curated, but for identities that Zendesk calls unverified.
    """

    vendor = "zendesk"
    title = "Zendesk"
    options = ("users",)
    about = About(
        gives=(
            "messages", "receipts", "states", "agents", "bots", "transfers", "self-care", "ratings",
        ),
        identities={
            "phone": ("asserted", "curated"),
            "email": ("curated", "claimed"),
            "whatsapp": ("asserted",),
            "user": ("asserted",),
            "crm": ("curated",),
            "vendor": ("asserted",),
        },
        transfer="ticket.agent_ and group_assignment_changed, switchboard:passControl",
        lacks="presence in a queue; calls of Talk but for the ticket they leave",
        retries="a 409 up to 3 times; may come twice or not at all, in any order",
    )  # fmt: skip
    keep_headers = ("x-zendesk-webhook-invocation-id",)

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """Base64 of HMAC-SHA256 over timestamp and raw body; the messaging platform signs nothing
        and sends its webhook's secret as it is.
        """
        if (key := request.headers.get("x-api-key")) is not None:
            return any_secret(source, key, lambda secret: secret, "X-API-Key")
        stamp = request.headers.get("x-zendesk-webhook-signature-timestamp", "")
        message = stamp.encode() + request.body
        return any_secret(
            source,
            request.headers.get("x-zendesk-webhook-signature"),
            lambda key: base64_hmac(key, message),
            "X-Zendesk-Webhook-Signature",
        ) or fresh(request, times.any_form(stamp), "X-Zendesk-Webhook-Signature-Timestamp")

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        if is_conversation_webhook(body):
            return read_conversations(body, request, source)
        body = _off_the_bus(body)
        named = _TYPE.fullmatch(text(body, "type"))
        if named is None:
            return unknown(
                "This is no Zendesk event webhook (no zen:event-type): a trigger's own body has to "
                "be sent through the cloudevents source."
            )
        if not text(body, "id"):
            return malformed("The event has no id.")
        room, what = named.groups()
        draft = Draft(request, source, f"{room}.{what}")
        match room:
            case "ticket":
                return Ticket(body, draft).parsed(what)
            case "messaging_ticket" | "conversation":
                return read_messaging(body, draft, what)
            case "user":
                return read_user(body, draft, what, source)
            case "community_post" | "article" if what in {"created", "comment_created"}:
                return read_post(body, draft, room)
            case "agent":
                return ignored(
                    f"{room}.{what}: about an agent; who has a ticket comes with "
                    "ticket.agent_assignment_changed."
                )
            case (
                "organization" | "article" | "community_post" | "agent_availability"
                | "omnichannel_config" | "messaging_live_metrics"
            ):  # fmt: skip
                return ignored(f"{room}.{what}: not about a customer's conversation.")
        return unknown(f"Zendesk sends no event '{room}.{what}' that we know.")


def _off_the_bus(body: dict[str, Any]) -> dict[str, Any]:
    """An event of EventBridge (`detail`) or ZIS (`input`) as a webhook would tell it."""
    told = table(body, "detail", "ticket_event") or table(body, "input", "ticket_event")
    if not told:
        return body
    meta, ticket = table(told, "meta"), table(told, "ticket")
    what = text(told, "type").lower().replace(" ", "_")
    if what != "ticket_type_changed":
        what = what.removeprefix("ticket_")
    return {
        "type": f"zen:event-type:ticket.{'comment_added' if what == 'comment_created' else what}",
        "id": text(body, "id") or f"{text(meta, 'sequence', 'id')}/{text(meta, 'ref')}/{what}",
        "time": text(meta, "occurred_at") or text(body, "time"),
        "detail": {"actor_id": meta.get("actor_id"), **ticket},
        "event": {name: part for name, part in told.items() if name not in {"ticket", "type"}},
    }
