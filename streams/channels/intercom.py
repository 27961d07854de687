"""Intercom webhooks (`notification_event`): conversations, tickets, calls, contacts, campaigns.

Signed: `X-Hub-Signature: sha1=` and HMAC-SHA1 of the raw body with the app's client secret; no time
is signed.  The URL is tried with a HEAD request.  A notification has an id of its own (none on a
ping and on `conversation.read`), the same on its one retry after a minute.  It cannot serve as the
key: two topics tell about one part of a conversation (`intercom_conversations.py`).
Contacts are read in `intercom_people.py`, calls in `intercom_calls.py`, campaigns and surveys in
`intercom_campaigns.py`.

Times are seconds or ISO, by API version and object.  API 1 names `user`, `assignee` and
`conversation_message`, API 2 `contacts`, `*_assignee_id` and `source`.
Sources: Intercom's developer documentation, "Webhook Topics" (versions 1.0 to preview, with its
notification objects); the types of its own client (intercom-client 7) for conversations, parts,
tickets and calls.
"""

from __future__ import annotations

from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    unknown,
)
from streams.channels.body import read_object, text
from streams.channels.intercom_calls import read_call
from streams.channels.intercom_campaigns import read_campaign
from streams.channels.intercom_conversations import read_talk
from streams.channels.intercom_notification import Notification
from streams.channels.intercom_people import read_person, read_product_event
from streams.channels.signatures import any_secret, hex_hmac

_WITHOUT_MEANING = {
    "admin": "about a colleague",
    "api": "about a use of the API",
    "app": "about the app's installation",
    "article": "about the help centre",
    "audience": "about an audience",
    "company": "about a company",
    "content_import_source": "about the help centre",
    "content_snippet": "about the help centre",
    "data_connector": "about a connector",
    "job": "about an export or import",
    "messenger": "about the Messenger's installation",
    "ping": "a test",
    "procedure": "a question to a colleague",
}


class Intercom(Adapter):
    """Option `identity`: `verified` if your Messenger only trusts signed users (identity
    verification, Messenger security): then your own user ids are asserted and the rest of a user's
    card is curated.  Without it anybody can call himself anybody: all is claimed.
    """

    vendor = "intercom"
    title = "Intercom"
    options = ("identity",)
    about = About(
        gives=(
            "messages",
            "receipts",
            "states",
            "ends",
            "agents",
            "bots",
            "transfers",
            "self-care",
            "ratings",
            "consent",
        ),
        identities={
            "phone": ("network", "claimed"),
            "email": ("claimed",),
            "user": ("claimed",),
            "vendor": ("asserted",),
        },
        transfer="conversation.admin.assigned, ticket.team.assigned: the part's assigned_to",
        lacks="a queue and the wait in it, who had it before, receipts of conversations",
        retries="once after a minute; the same notification id",
    )
    lateness_ms = 90_000  # the one retry comes after a minute

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        return any_secret(
            source,
            request.headers.get("x-hub-signature"),
            lambda key: f"sha1={hex_hmac(key, request.body, 'sha1')}",
            "X-Hub-Signature",
        )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        topic = text(body, "topic")
        room = topic.partition(".")[0]
        if room in _WITHOUT_MEANING and not topic.startswith("company.contact."):
            return ignored(f"{topic}: {_WITHOUT_MEANING[room]}.")
        note = Notification(body, request, source)
        match room:
            case "conversation" | "conversation_part" | "ticket":
                return read_talk(note.item, note.draft, note.at_ms, note.key, note.card)
            case "contact" | "user" | "visitor" | "lead" | "granular" | "company":
                return read_person(note)
            case "call":
                return read_call(note)
            case "content_stat":
                return read_campaign(note)
            case "event":
                return read_product_event(note)
        if not topic:
            return unknown("This is no notification of Intercom's: it has no topic.")
        return unknown(f"Intercom has no topic {topic!r} that we know.")
