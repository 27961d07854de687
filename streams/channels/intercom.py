"""Intercom webhooks (`notification_event`): conversations, tickets, calls, contacts, campaigns.

Signed: `X-Hub-Signature: sha1=` and HMAC-SHA1 of the raw body with the app's client secret; no time
is signed.  The URL is tried with a HEAD request.  A notification has an id of its own (none on a
ping and on `conversation.read`), the same on its one retry after a minute.  It cannot serve as the
key: two topics tell about one part of a conversation (`intercom_conversations.py`).

Times are seconds or ISO, by API version and object.  API 1 names `user`, `assignee` and
`conversation_message`, API 2 `contacts`, `*_assignee_id` and `source`.
Sources: Intercom's developer documentation, "Webhook Topics" (versions 1.0 to preview, with its
notification objects); the types of its own client (intercom-client 7) for conversations, parts,
tickets and calls.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Channel, ConversationRef, Identifier, Trust
from schemas.events import (
    AgentConnected,
    ConsentChanged,
    ContactEnded,
    ConversationLinked,
    ConversationOpened,
    Durations,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
)
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
from streams.channels.body import number, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.intercom_conversations import read_talk
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
_STATS: dict[str, str] = {
    "open": "opened",
    "click": "clicked",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "failure": "failed",
    "push_failure": "failed",
    "sms_failure": "failed",
    "reaction": "reacted",
}
"""What happened to one message of a campaign."""

_CAMPAIGNS: dict[str, Channel] = {
    "email": "email",
    "chat": "chat",
    "post": "chat",
    "push": "app",
    "sms": "sms",
    "whatsapp": "whatsapp",
}
"""Campaigns that write to somebody; banners, tours and the like are shown in a product."""

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

_BY_COMPANY = {"outbound", "out"}


class Intercom(Adapter):
    """Option `identity`: `verified` if your Messenger only trusts signed users (identity
    verification, Messenger security): then your own user ids are asserted and the rest of a user's
    card is curated.  Without it anybody can call himself anybody: all is claimed.
    """

    vendor = "intercom"
    title = "Intercom"
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
                return _person(note)
            case "call":
                return _call(note)
            case "content_stat":
                return _campaign(note)
            case "event":
                return _product_event(note)
        if not topic:
            return unknown("This is no notification of Intercom's: it has no topic.")
        return unknown(f"Intercom has no topic {topic!r} that we know.")


class Notification:
    """The envelope, and a person's card as this source may trust it."""

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


# Contacts -------------------------------------------------------------------------------------


def _person(note: Notification) -> Parsed:
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


def _product_event(note: Notification) -> Parsed:
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


# Calls ----------------------------------------------------------------------------------------


def _call(note: Notification) -> Parsed:
    """A call as it stands: begun, answered, ended; each once, whichever topic tells it first."""
    item, draft = table(note.item, "call") or note.item, note.draft
    last, ident = note.topic.rpartition(".")[2], text(item, "id")
    if last in {"transcription_available", "recording_available"}:
        return ignored(f"{note.topic}: a recording can be fetched; the call itself is told.")
    if last not in {"started", "ended"}:
        return unknown(f"Intercom has no topic {note.topic!r} that we know.")
    if not ident:
        return malformed(f"{note.topic}: the call has no id.")
    began, answered, ended = (
        times.any_form(item.get(name)) for name in ("initiated_at", "answered_at", "ended_at")
    )
    outbound = text(item, "direction") in _BY_COMPANY
    agent = text(item, "admin_id")
    draft.channel, draft.conversation = "voice", f"call/{ident}"
    draft.identifiers = (
        *draft.vendor_id(text(item, "contact_id")),
        *identifier("phone", text(item, "phone"), "network"),
    )
    caller = Actor("agent", agent or None) if outbound else CUSTOMER
    events: list[EventBase] = [
        draft.event(
            ConversationOpened,
            f"call/{ident}",
            began or times.any_form(item.get("created_at")) or note.at_ms,
            actor=caller,
            initiated_by="agent" if outbound else "customer",
            direction="outbound" if outbound else "inbound",
        )
    ]
    if talk := text(item, "conversation_id"):
        events.append(
            draft.event(
                ConversationLinked,
                f"call/{ident}/conversation",
                began or note.at_ms,
                rel="related",
                other=ConversationRef(draft.source_name, talk),
            )
        )
    if answered is not None and agent:
        events.append(
            draft.event(
                AgentConnected,
                f"call/{ident}/{agent}",
                answered,
                actor=CUSTOMER if outbound else Actor("agent", agent),
                agent=agent,
            )
        )
    if last == "ended" or ended is not None:
        events.append(
            draft.event(
                ContactEnded,
                f"call/{ident}/ended",
                ended or note.at_ms,
                reason=text(item, "ended_reason") or text(item, "state") or None,
                answered=answered is not None,
                durations=Durations(
                    total_ms=_between(began, ended), talk_ms=_between(answered, ended)
                ),
            )
        )
    return Parsed(tuple(events))


def _between(first_ms: int | None, last_ms: int | None) -> int | None:
    return None if first_ms is None or last_ms is None else max(0, last_ms - first_ms)


# Campaigns ------------------------------------------------------------------------------------


def _campaign(note: Notification) -> Parsed:
    item, draft = note.item, note.draft
    stat = table(item, "content_stat") or item
    kind = text(stat, "content_type").lower() or note.topic.partition(".")[2]
    what, ident = text(stat, "stat_type").lower(), text(stat, "receipt_id") or text(stat, "id")
    at_ms = times.any_form(item.get("created_at")) or note.at_ms
    draft.channel = _CAMPAIGNS.get(kind, "web")
    draft.identifiers = note.card(table(item, "contact") or table(item, "user"))
    if kind == "survey" and what in {"answer", "completion"}:
        return _answers(note, stat, ident, at_ms)
    if what in {"unsubscribe", "spam_complaint"} and draft.identifiers:
        return _opted_out(note, what, ident, at_ms)
    if kind not in _CAMPAIGNS or (what != "receipt" and what not in _STATS):
        return ignored(f"{note.topic}, {what or 'nothing'}: no message to somebody; a reply to "
                       "one comes as a conversation.")  # fmt: skip
    if not draft.identifiers or not ident:
        return malformed(f"{note.topic}: it is not said which message to whom.")
    draft.conversation = f"campaign/{ident}"
    if what == "receipt":
        event: EventBase = draft.event(
            MessagePosted,
            f"campaign/{ident}",
            at_ms,
            actor=SYSTEM,
            message_id=f"campaign/{ident}",
            direction="outbound",
            automated="campaign",
        )
    else:
        event = draft.event(
            MessageStatusChanged,
            f"campaign/{ident}/{what}/{text(stat, 'id')}",
            at_ms,
            actor=CUSTOMER if what in {"open", "click", "reaction"} else SYSTEM,
            message_id=f"campaign/{ident}",
            status=_STATS[what],
            reason=what,
        )
    return Parsed((event,))


def _opted_out(note: Notification, what: str, ident: str, at_ms: int | None) -> Parsed:
    changed = note.draft.event(
        ConsentChanged,
        f"campaign/{ident}/{what}",
        at_ms,
        actor=CUSTOMER,
        purpose="marketing",
        state="denied",
        evidence=what,
        consent_channel=note.draft.channel,
    )
    return Parsed((changed,))


def _answers(note: Notification, stat: dict[str, Any], ident: str, at_ms: int | None) -> Parsed:
    """An answer comes by itself, and again with all others when the survey is complete."""
    found = rows(stat, "answers") or rows(note.item, "answers")
    single = table(stat, "answer") or (stat if text(stat, "question_id") else note.item)
    if not found and text(single, "question_id"):
        found = [single]
    if not note.draft.identifiers:
        return malformed(f"{note.topic}: it is not said whose answer it is.")
    events = tuple(
        note.draft.event(
            FeedbackReceived,
            f"survey/{ident}/{text(answer, 'question_id')}",
            times.any_form(answer.get("answered_at")) or at_ms,
            actor=CUSTOMER,
            instrument="survey",
            score=number(answer, "response"),
            survey_id=text(answer, "question_id"),
            personal={"comment": text(answer, "response")},
        )
        for answer in found
    )
    return Parsed(events) if events else ignored(f"{note.topic}: no answer is told.")
