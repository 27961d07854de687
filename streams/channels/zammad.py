"""Zammad webhooks of triggers and schedulers: `{ticket, article}`.

Zammad tells the state and no change: each body holds the whole ticket as it is now, and the article
that the trigger fired on, if there was one.  So a body says what was written, and besides where the
ticket stands; whether that is news the fold finds out.  `updated_at` tells one state from the next.
`X-Zammad-Delivery` is no key: several triggers may tell one thing, and a retry is rendered anew.

An article's type is the medium of what was said, its sender who said it.  A note goes to nobody.
A phone article is what a colleague wrote down of a call: it stands on the voice channel, where
nobody waits for a written answer.
A merged ticket does not say into which: it is gone (`deleted`), since its need lives on elsewhere.

A custom payload is understood as far as it keeps these names: nested, or flat with the variables'
own (`ticket.id`, `ticket_id`).
The ticket is read in `zammad_ticket.py`, its words in `zammad_words.py`.
Sources: Zammad's code (`app/jobs/trigger_webhook_job`, `db/seeds/ticket_article_types.rb`,
`db/seeds/ticket_states.rb`, `app/models/channel/filter/auto_response_check.rb`) and its
administrator documentation, "Webhooks" (payload, headers, signature, custom payload).
"""

from __future__ import annotations

from typing import Any

from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    malformed,
    unknown,
)
from streams.channels.body import read_object, table, text
from streams.channels.draft import Draft
from streams.channels.signatures import any_secret, bearer, hex_hmac
from streams.channels.zammad_ticket import Told

_OF_A_TICKET = (
    "number", "title", "state", "state_id", "priority", "priority_id", "group", "group_id", "owner",
    "owner_id", "customer", "customer_id", "created_at", "updated_at",
)  # fmt: skip
"""Names of a flat custom payload that need no `ticket` before them."""


class Zammad(Adapter):
    """Option `users`: `curated` if only colleagues and your own systems keep the users' records,
    `claimed` if nobody does.  Without it a record that a colleague made is curated, one that came
    into being by a mail is claimed.
    """

    vendor = "zammad"
    title = "Zammad"
    options = ("users",)
    about = About(
        gives=("messages", "receipts", "states", "agents", "transfers"),
        identities={
            "phone": ("asserted", "curated", "network", "claimed"),
            "email": ("curated", "claimed"),
            "whatsapp": ("asserted",),
            "vendor": ("asserted",),
        },
        transfer="another owner_id or group_id than in the body before",
        lacks="what changed, receipts of deliveries, queues, ratings, the target of a merge",
        retries="four within two minutes, each with the state of then; known by the article's id",
    )
    keep_headers = ("x-zammad-trigger", "x-zammad-delivery")

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """`sha1=` and HMAC-SHA1 of the body; a webhook without a signature token can carry a
        bearer token or basic auth instead.
        """
        given = request.headers.get("x-hub-signature")
        if given is None:
            return bearer(request, source)
        return any_secret(
            source,
            given,
            lambda key: f"sha1={hex_hmac(key, request.body, 'sha1')}",
            "X-Hub-Signature",
        )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = _unfolded(read_object(request.body))
        ticket, article = table(body, "ticket"), table(body, "article")
        if not ticket and not article:
            return unknown(
                "This is a custom payload that names neither a ticket nor an article as Zammad "
                "does: switch Custom Payload off, or keep ticket.id, article.id and their kin."
            )
        draft = Draft(request, source, "article" if article else "ticket", "email")
        draft.conversation = text(ticket, "id") or text(article, "ticket_id")
        if not draft.conversation:
            return malformed("The ticket has no id.")
        return Told(ticket, article, draft, request, source).parsed()


def _unfolded(body: dict[str, Any]) -> dict[str, Any]:
    """Flat names of a custom payload (`ticket.group.name`, `article_body`) as nested objects."""
    found = {name: dict(table(body, name)) for name in ("ticket", "article")}
    for name, value in body.items():
        room, _, path = name.replace("_", ".", 1).partition(".")
        if room in found and path:
            *way, last = path.split(".")
            place = found[room]
            for step in way:
                inner = place.get(step)
                place[step] = inner = dict(inner) if isinstance(inner, dict) else {}
                place = inner
            place.setdefault(last, value)
    if found["ticket"] and not isinstance(body.get("ticket"), dict):
        # `ticket_id` beside `state`: the rest is the ticket's too.
        found["ticket"] = {name: body[name] for name in _OF_A_TICKET if name in body} | found[
            "ticket"
        ]
    return found
