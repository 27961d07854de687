"""Chatwoot account, inbox and agent-bot webhooks.

Bodies and signature follow the code of Chatwoot (`app/listeners/webhook_listener.rb`, the event
presenters, `lib/webhooks/trigger.rb`, PR #13573 for the signature).  There is no event id: a
message has its id, a conversation only the account's display id and `updated_at`.  Times are ISO
texts, whole seconds and floats mixed in one body.  4.2 never retries; later versions repeat with
the same delivery id.
Who is who, and whom to believe, is told in `chatwoot_people.py`; messages are read in
`chatwoot_messages.py`, conversations in `chatwoot_conversations.py`.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Trust
from schemas.events import IdentityLinked, SelfserviceStepped
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
from streams.channels.body import read_object, rows, table, text
from streams.channels.chatwoot_conversations import (
    changes_of,
    read_changed,
    read_opened,
    read_status_event,
    when,
)
from streams.channels.chatwoot_messages import read_change, read_message
from streams.channels.chatwoot_people import card, describe
from streams.channels.draft import CUSTOMER, Draft, identifier
from streams.channels.signatures import any_secret, bearer, fresh, hex_hmac

_WITHOUT_MEANING = {
    "conversation_typing_on": "typing",
    "conversation_typing_off": "typing",
    "inbox_created": "an inbox was set up",
    "inbox_updated": "an inbox was changed",
    "macro.executed": "what a macro did has events of its own",
}
_AUTOMATION = "automation_event."
"""An automation rule sends the conversation under the event's name with this before it."""


class Chatwoot(Adapter):
    """Option `contacts`: `curated` if only agents and your own systems write contact cards,
    `claimed` if nobody vouches for them.  Without it a card that has your own `identifier` is
    curated, any other claimed.
    """

    vendor = "chatwoot"
    title = "Chatwoot"
    options = ("contacts",)
    about = About(
        gives=(
            "messages", "receipts", "states", "ends", "agents", "bots", "transfers", "self-care",
            "ratings",
        ),
        identities={
            "phone": ("asserted", "network", "claimed"),
            "email": ("claimed",),
            "whatsapp": ("asserted", "curated"),
            "messenger": ("asserted",),
            "instagram": ("asserted",),
            "telegram": ("asserted",),
            "cookie": ("asserted",),
            "vendor": ("asserted",),
        },
        transfer="conversation_updated with assignee_id, team_id or assignee_agent_bot_id",
        lacks="who changed a conversation, receipts on most channels",
        retries="none in 4.2: `filrouge reconcile` asks for what was lost",
    )  # fmt: skip
    keep_headers = ("x-chatwoot-delivery",)

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """`sha256=` and HMAC-SHA256 of `{timestamp}.{body}`; versions before it sign nothing and
        carry a token in the URL (`?token=`).
        """
        stamp = request.headers.get("x-chatwoot-timestamp", "")
        given = request.headers.get("x-chatwoot-signature")
        if given is None:
            return bearer(request, source)
        message = stamp.encode() + b"." + request.body
        return any_secret(
            source, given, lambda key: f"sha256={hex_hmac(key, message)}", "X-Chatwoot-Signature"
        ) or fresh(request, times.seconds(stamp), "X-Chatwoot-Timestamp")

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        native = text(body, "event")
        kind = native.removeprefix(_AUTOMATION)
        if kind in _WITHOUT_MEANING:
            return ignored(f"{kind}: {_WITHOUT_MEANING[kind]}.")
        draft = Draft(request, source, native)
        match kind:
            case "message_created" | "message_updated":
                if native != kind:  # the conversation, with its last message in it
                    body = {**(rows(body, "messages") or [{}])[-1], "conversation": body}
                conversation = table(body, "conversation")
                describe(conversation, draft)
                if not draft.conversation:
                    return malformed("The message names no conversation.")
                if kind == "message_updated":
                    return read_change(body, draft)
                return read_message(body, conversation, draft)
            case "conversation_created":
                return read_opened(body, draft)
            case "conversation_status_changed" | "conversation_updated":
                return read_changed(body, draft)
            case "conversation_resolved":
                return read_status_event(body, draft, "resolved")
            case "conversation_opened" | "conversation_bot_handoff":
                return read_status_event(body, draft, "open")
            case "contact_created" | "contact_updated":
                return _contact_card(body, draft, source)
            case "webwidget_triggered":
                return _widget(body, draft)
        return unknown(f"Chatwoot sends no event {native!r} that we know.")


# Contacts and the website ---------------------------------------------------------------------


def _contact_card(body: dict[str, Any], draft: Draft, source: SourceConfig) -> Parsed:
    option = source.options.get("contacts", "")
    curated = option == "curated" or (option != "claimed" and bool(text(body, "identifier")))
    trust: Trust = "curated" if curated else "claimed"
    draft.channel = "web"
    draft.identifiers = (*draft.vendor_id(text(body, "id")), *card(body, trust, trust))
    if len(draft.identifiers) < 2:
        return ignored("The contact card holds nothing by which the person could be recognised.")
    values = "/".join(f"{i.kind}={i.value}" for i in draft.identifiers)
    linked = draft.event(
        IdentityLinked,
        f"contact/{values}",
        when(body, changes_of(body))[1] or times.any_form(body.get("created_at")),
        rel="same",
        by="contact",
        personal={"name": text(body, "name")},
    )
    return Parsed((linked,))


def _widget(body: dict[str, Any], draft: Draft) -> Parsed:
    draft.channel = "chat"
    draft.conversation = text(body, "current_conversation", "id")
    cookie = text(body, "source_id")
    stamp = text(body, "event_info", "initiated_at", "timestamp")
    if not text(body, "id") and not cookie:
        return malformed("Nobody is named who opened the widget.")
    opened = draft.event(
        SelfserviceStepped,
        f"widget/{text(body, 'id') or cookie}/{stamp}",
        times.javascript(stamp) or times.iso(stamp),
        actor=CUSTOMER,
        identifiers=(
            *draft.vendor_id(text(body, "contact", "id")),
            *identifier("cookie", cookie, "asserted"),
        ),
        resource="widget",
        step="opened",
        outcome="started",
    )
    return Parsed((opened,))
