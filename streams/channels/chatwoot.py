"""Chatwoot account, inbox and agent-bot webhooks.

Bodies and signature follow the code of Chatwoot (`app/listeners/webhook_listener.rb`, the event
presenters, `lib/webhooks/trigger.rb`, PR #13573 for the signature).  There is no event id: a
message has its id, a conversation only the account's display id and `updated_at`.  Times are ISO
texts, whole seconds and floats mixed in one body.  4.2 never retries; later versions repeat with
the same delivery id.

Whom to believe: the address of the medium (`contact_inbox.source_id`) is the platform's own word.
E-mail, phone and identifier of the contact's card may have been typed by the visitor, so they are
claimed, unless the website has signed him in (`hmac_verified`).
"""

from __future__ import annotations

import re
from typing import Any, Literal

from schemas.common import Actor, Channel, Identifier, Party, Ref, Trust
from schemas.events import (
    AgentConnected,
    AssignmentChanged,
    ContactEnded,
    ConversationOpened,
    ConversationUpdated,
    Durations,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
    Status,
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
from streams.channels.body import dig, number, read_object, rows, table, text
from streams.channels.draft import BOT, CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, bearer, fresh, hex_hmac

_CHANNELS: dict[str, Channel] = {
    "Channel::WebWidget": "chat",
    "Channel::Email": "email",
    "Channel::Whatsapp": "whatsapp",
    "Channel::Sms": "sms",
    "Channel::TwilioSms": "sms",
    "Channel::FacebookPage": "messenger",
    "Channel::Instagram": "instagram",
    "Channel::Telegram": "telegram",
    "Channel::Line": "line",
    "Channel::Voice": "voice",
    "Channel::TwitterProfile": "social",
    "Channel::Tiktok": "social",
}
_STATUSES: dict[str, Status] = {
    "open": "open",
    "resolved": "resolved",
    "pending": "pending_bot",
    "snoozed": "snoozed",
}
_MESSAGE_TYPES = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}
_RECEIPTS = {"delivered", "read", "failed"}
_BOTS = {"agent_bot", "agentbot", "captain_assistant", "captain::assistant"}
_WITHOUT_MEANING = {
    "conversation_typing_on": "typing",
    "conversation_typing_off": "typing",
    "inbox_created": "an inbox was set up",
    "inbox_updated": "an inbox was changed",
    "macro.executed": "what a macro did has events of its own",
}
_AUTOMATION = "automation_event."
"""An automation rule sends the conversation under the event's name with this before it."""

_INSTAGRAM_BY_PAGE = "instagram_direct_message"
"""Instagram connected through a Facebook page: the conversation's channel is the page's."""

_ADDRESS = re.compile(r"(?:whatsapp:)?\+?(\d{6,15})")


class Chatwoot(Adapter):
    """Option `contacts`: `curated` if only agents and your own systems write contact cards,
    `claimed` if nobody vouches for them.  Without it a card that has your own `identifier` is
    curated, any other claimed.
    """

    vendor = "chatwoot"
    title = "Chatwoot"
    about = About(
        gives=(
            "messages", "receipts", "states", "ends", "agents", "bots", "transfers", "self-care",
            "ratings",
        ),
        identities={
            "phone": ("claimed",),
            "email": ("claimed",),
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
                _describe(conversation, draft)
                if kind == "message_updated":
                    return _message_updated(body, draft)
                return _message(body, conversation, draft)
            case "conversation_created":
                return _opened(body, draft)
            case "conversation_status_changed" | "conversation_updated":
                return _changed(body, draft)
            case "conversation_resolved":
                return _told(body, draft, "resolved")
            case "conversation_opened" | "conversation_bot_handoff":
                return _told(body, draft, "open")
            case "contact_created" | "contact_updated":
                return _contact_card(body, draft, source)
            case "webwidget_triggered":
                return _widget(body, draft)
        return unknown(f"Chatwoot sends no event {native!r} that we know.")


# Who ------------------------------------------------------------------------------------------


def _describe(conversation: dict[str, Any], draft: Draft) -> None:
    """Channel, conversation and customer from a conversation's object."""
    # Old versions send the display id beside the database's own, newer ones only as `id`.
    draft.conversation = text(conversation, "display_id") or text(conversation, "id")
    inbox = table(conversation, "contact_inbox")
    native = text(conversation, "channel")
    draft.channel = _CHANNELS.get(native, "messaging")
    if text(conversation, "additional_attributes", "type") == _INSTAGRAM_BY_PAGE:
        draft.channel = "instagram"
    address = text(inbox, "source_id")
    if native == "Channel::TwilioSms" and address.startswith("whatsapp:"):
        draft.channel = "whatsapp"
    verified = dig(conversation, "meta", "hmac_verified") is True or (
        inbox.get("hmac_verified") is True
    )
    contact = table(conversation, "meta", "sender")
    draft.identifiers = _distinct(
        *draft.vendor_id(text(contact, "id") or text(inbox, "contact_id")),
        *_address(draft.channel, address),
        *_card(
            contact, "curated" if verified else "claimed", "asserted" if verified else "claimed"
        ),
    )


def _conversation(body: dict[str, Any], draft: Draft) -> None:
    _describe(body, draft)
    if not draft.conversation:
        raise ValueError("The conversation has no id.")


def _address(channel: Channel, address: str) -> tuple[Identifier, ...]:
    """What the medium itself says of the sender."""
    number = found.group(1) if (found := _ADDRESS.fullmatch(address)) else ""
    match channel:
        case "whatsapp" if number:
            return (
                *identifier("whatsapp", number, "asserted"),
                *identifier("phone", f"+{number}", "asserted"),
            )
        case "sms" | "voice" if number:
            return identifier("phone", f"+{number}", "network")
        case "chat":
            return identifier("cookie", address, "asserted")
        case "messenger" | "instagram" | "telegram" | "social":
            return identifier(channel, address, "asserted")
    return ()


def _card(contact: dict[str, Any], trust: Trust, account: Trust) -> tuple[Identifier, ...]:
    """The contact's card; `account` is how sure the company's own `identifier` is."""
    return (
        *identifier("user", text(contact, "identifier"), account),
        *identifier("phone", text(contact, "phone_number"), trust),
        *identifier("email", text(contact, "email"), trust),
    )


def _distinct(*found: Identifier) -> tuple[Identifier, ...]:
    """Of equal values the first, which comes from the surer place."""
    first: dict[tuple[str, str], Identifier] = {}
    for one in found:
        first.setdefault((one.kind, one.value), one)
    return tuple(first.values())


def _actor(body: dict[str, Any], message_type: str) -> Actor:
    sender = table(body, "sender")
    kind = (text(sender, "type") or text(body, "sender_type")).lower()
    ident = text(sender, "id") or text(body, "sender_id") or None
    if message_type == "incoming" or kind == "contact":
        return CUSTOMER
    if kind in _BOTS:
        return Actor("bot", ident)
    if kind == "user" or (message_type == "outgoing" and ident):
        return Actor("agent", ident)
    if dig(body, "content_attributes", "external_echo"):
        return Actor("agent")  # typed on the company's own phone
    return BOT if message_type == "outgoing" else SYSTEM


# Messages -------------------------------------------------------------------------------------


def _message(body: dict[str, Any], conversation: dict[str, Any], draft: Draft) -> Parsed:
    raw_type = text(body, "message_type")
    message_type = _MESSAGE_TYPES.get(raw_type, raw_type)
    ident = text(body, "id")
    if message_type == "activity":
        return ignored("An activity line of Chatwoot's own; the change has an event of its own.")
    if not ident:
        return malformed("The message has no id.")
    if not draft.identifiers:
        contact = table(body, "sender" if message_type == "incoming" else "contact")
        draft.identifiers = (
            *draft.vendor_id(text(contact, "id")),
            *_card(contact, "claimed", "claimed"),
        )
    at_ms = times.any_form(body.get("created_at"))
    attributes = table(body, "content_attributes")
    if text(body, "content_type") == "voice_call":
        return _call(body, draft, ident, at_ms)
    automated = "no"
    if message_type == "template":
        automated = "greeting"
    elif dig(body, "additional_attributes", "campaign_id"):
        automated = "campaign"
    elif attributes.get("automation_rule_id") or dig(attributes, "email", "auto_reply") is True:
        automated = "auto_reply"
    posted = draft.event(
        MessagePosted,
        f"message/{ident}",
        at_ms,
        actor=_actor(body, message_type),
        message_id=ident,
        direction="inbound" if message_type == "incoming" else "outbound",
        visibility="internal" if body.get("private") is True else "public",
        automated=automated,
        in_reply_to=text(attributes, "in_reply_to") or None,
        refs=_twin(body),
        personal={
            "text": text(body, "content") or _attachments(body),
            "subject": text(attributes, "email", "subject"),
            "name": text(conversation, "meta", "sender", "name"),
        },
    )
    return Parsed((posted,))


def _twin(body: dict[str, Any]) -> tuple[Ref, ...]:
    """The message's id at the medium: whoever carries it tells it by that."""
    native_id = text(body, "source_id")
    return (Ref("twin", native_id),) if native_id else ()


def _attachments(body: dict[str, Any]) -> str:
    kinds = [text(attachment, "file_type") or "file" for attachment in rows(body, "attachments")]
    return f"[{', '.join(kinds)}]" if kinds else ""


def _message_updated(body: dict[str, Any], draft: Draft) -> Parsed:
    """A survey answer, a filled-in form, a receipt, a deletion or an edit."""
    ident = text(body, "id")
    at_ms = times.any_form(body.get("updated_at"))
    attributes = table(body, "content_attributes")
    if not ident:
        return malformed("The message has no id.")
    if text(body, "content_type") == "voice_call":
        return _call(body, draft, ident, at_ms)
    submitted = attributes.get("submitted_values")
    if survey := table(submitted, "csat_survey_response"):
        return _rated(survey, draft, ident, at_ms)
    if submitted or attributes.get("submitted_email"):
        return _submitted(body, draft, ident, at_ms)
    status = text(body, "status")
    if attributes.get("deleted"):
        status = "deleted"
    elif text(body, "source_id") and "source_id" in table(body, "previous_changes"):
        status = "sent"  # the carrier took it, and gave it an id
    elif status not in _RECEIPTS:
        if not attributes.get("edited") and not body.get("previous_changes"):
            return ignored("A message was touched, with no change that concerns a customer.")
        status = "edited"
    changed = draft.event(
        MessageStatusChanged,
        f"message/{ident}/{status}" + (f"/{at_ms}" if status == "edited" else ""),
        at_ms,
        message_id=ident,
        status=status,
        reason=text(attributes, "external_error") or None,
        refs=_twin(body),
    )
    return Parsed((changed,))


def _rated(survey: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    comment = text(survey, "feedback_message")
    score = number(survey, "rating")
    if score is None and not comment:
        return ignored("The survey was opened, and not answered yet.")
    rated = draft.event(
        FeedbackReceived,
        f"csat/{ident}/{score}/{comment}",
        at_ms,
        actor=CUSTOMER,
        instrument="csat",
        score=score,
        scale_min=1.0,
        scale_max=5.0,
        survey_id=ident,
        personal={"comment": comment},
    )
    return Parsed((rated,))


def _submitted(body: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    """The customer chose an option or filled in what the bot showed him."""
    attributes = table(body, "content_attributes")
    answers = [
        ": ".join(filter(None, (text(row, "name") or text(row, "title"), text(row, "value"))))
        for row in rows(attributes, "submitted_values")
    ]
    email = text(attributes, "submitted_email")
    content_type = text(body, "content_type") or "form"
    stepped: EventBase = draft.event(
        SelfserviceStepped,
        f"message/{ident}/submitted",
        at_ms,
        actor=CUSTOMER,
        resource=content_type,
        step="submitted",
        outcome="progressed",
        personal={"text": "; ".join(filter(None, [*answers, email]))},
    )
    if not email or not draft.identifiers:
        return Parsed((stepped,))
    linked = draft.event(
        IdentityLinked,
        f"message/{ident}/email/{email}",
        at_ms,
        actor=CUSTOMER,
        identifiers=_distinct(*draft.identifiers, *identifier("email", email, "claimed")),
        rel="same",
        by="contact",
    )
    return Parsed((stepped, linked))


def _call(body: dict[str, Any], draft: Draft, ident: str, at_ms: int | None) -> Parsed:
    """A phone call stands in the conversation as a message whose `data.status` moves on."""
    draft.channel = "voice"
    data = table(body, "content_attributes", "data")
    status = text(data, "status").replace("_", "-")
    outbound = text(data, "call_direction") == "outbound"
    if status in {"in-progress", "answered"}:
        accepted = data.get("accepted_by")
        agent = text(accepted, "id") or text(accepted) or text(body, "sender", "id")
        connected = draft.event(
            AgentConnected,
            f"call/{ident}/connected",
            at_ms,
            actor=Actor("agent", agent or None) if outbound else CUSTOMER,
            agent=agent or "unknown",
        )
        return Parsed((connected,))
    if status in {"completed", "no-answer", "busy", "failed", "canceled", "cancelled"}:
        talk_s = number(data, "meta", "duration")
        ended = draft.event(
            ContactEnded,
            f"call/{ident}/ended",
            at_ms,
            reason=status,
            answered=status == "completed",
            durations=None if talk_s is None else Durations(talk_ms=round(talk_s * 1_000)),
        )
        return Parsed((ended,))
    if status in {"ringing", "initiated", "queued", ""}:
        return ignored("A call rings; that it was answered or ended comes by itself.")
    return unknown(f"A call of Chatwoot's has no status {status!r} that we know.")


# Conversations --------------------------------------------------------------------------------


def _opened(body: dict[str, Any], draft: Draft) -> Parsed:
    """The conversation, and where it stands from the start: with the bot, with an agent."""
    _conversation(body, draft)
    at_ms = times.any_form(body.get("created_at"))
    by, direction = _initiator((rows(body, "messages") or [{}])[0])
    key = f"conversation/{draft.conversation}"
    events: list[EventBase] = [
        draft.event(
            ConversationOpened,
            key,
            at_ms,
            actor=CUSTOMER if by == "customer" else SYSTEM,
            initiated_by=by,
            direction=direction,
            queue=text(body, "meta", "team", "id") or None,
            personal={"name": text(body, "meta", "sender", "name")},
        )
    ]
    if text(body, "status") == "pending":
        events.append(
            draft.event(ConversationUpdated, f"{key}/first-status", at_ms, status="pending_bot")
        )
    if (holder := _holder(body)) != Party():
        events.append(draft.event(AssignmentChanged, f"{key}/first-holder", at_ms, to=holder))
    return Parsed(tuple(events))


def _initiator(
    message: dict[str, Any],
) -> tuple[Literal["customer", "agent", "campaign"], Literal["inbound", "outbound"]]:
    """A greeting or a bot's answer may already be the last message: only a person's or a
    campaign's own message means that the company spoke first.
    """
    if (
        _MESSAGE_TYPES.get(text(message, "message_type"), text(message, "message_type"))
        != "outgoing"
    ):
        return "customer", "inbound"
    if dig(message, "additional_attributes", "campaign_id"):
        return "campaign", "outbound"
    bot = _actor(message, "outgoing").kind == "bot"
    return ("customer", "inbound") if bot else ("agent", "outbound")


def _changed(body: dict[str, Any], draft: Draft) -> Parsed:
    """`changed_attributes` says what; without it everything is told as it stands now."""
    _conversation(body, draft)
    changed = _changes(body)
    stamp, at_ms = _when(body, changed)
    key = f"conversation/{draft.conversation}"
    events: list[EventBase] = []
    if "status" in changed or not changed or draft.native_type == "conversation_status_changed":
        now = text(changed, "status", "current_value")
        if now not in _STATUSES:
            now = text(body, "status")
        events.append(_status(draft, now, stamp, at_ms))
    if {"assignee_id", "assignee_agent_bot_id", "team_id"} & changed.keys() or (
        not changed and _holder(body) != Party()
    ):
        to, before = _holder(body, changed), _holder_before(changed)
        events.append(
            draft.event(
                AssignmentChanged,
                f"{key}/assignment/{to.agent}/{to.team}/{to.bot}/{stamp}",
                at_ms,
                to=to,
                from_=before if before != Party() else None,
            )
        )
    fields: dict[str, Any] = {}
    if "priority" in changed:
        fields["priority"] = text(body, "priority") or "none"
    if {"label_list", "labels", "cached_label_list"} & changed.keys():
        labels = dig(body, "labels")
        fields["tags"] = tuple(
            label
            for label in (labels if isinstance(labels, list) else ())
            if isinstance(label, str)
        )
    if fields:
        events.append(
            draft.event(ConversationUpdated, f"{key}/{'+'.join(fields)}/{stamp}", at_ms, **fields)
        )
    if not events:
        what = ", ".join(sorted(changed)) or "nothing named"
        return ignored(f"The conversation changed in what does not concern a journey: {what}.")
    return Parsed(tuple(events))


def _told(body: dict[str, Any], draft: Draft, status: str) -> Parsed:
    """Events of agent bots and automations are named after the status."""
    _conversation(body, draft)
    return Parsed((_status(draft, status, *_when(body, {})),))


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    """Attribute → {previous_value, current_value}, from a list of such objects or from one."""
    changed: dict[str, Any] = dict(table(body, "changed_attributes"))
    for change in rows(body, "changed_attributes"):
        changed |= change
    return changed


def _when(body: dict[str, Any], changed: dict[str, Any]) -> tuple[str, int | None]:
    """What tells this change from the next one, and its time.  The body is made later than the
    change, and tells the state of then; `changed_attributes` is of the moment itself.
    """
    for stamp in (
        text(changed, "updated_at", "current_value"),
        text(body, "updated_at"),
        text(body, "timestamp"),
    ):
        if (at_ms := times.any_form(stamp)) is not None:
            return stamp, at_ms
    return "", None


def _status(draft: Draft, status: str, stamp: str, at_ms: int | None) -> EventBase:
    """Both conversation_updated and conversation_status_changed tell it: one key for both."""
    if status not in _STATUSES:
        raise ValueError(f"Chatwoot has no conversation status {status!r} that we know.")
    key = f"conversation/{draft.conversation}/status/{status}/{stamp}"
    return draft.event(ConversationUpdated, key, at_ms, status=_STATUSES[status])


def _holder(body: dict[str, Any], changed: dict[str, Any] | None = None) -> Party:
    """Who has the conversation: as the change says, else as the body tells it."""
    meta = table(body, "meta")
    assignee = table(meta, "assignee")
    ident = text(assignee, "id")
    is_bot = (text(meta, "assignee_type") or text(assignee, "type")).lower() in _BOTS
    told = {
        "assignee_id": "" if is_bot else ident,
        "assignee_agent_bot_id": ident if is_bot else "",
        "team_id": text(meta, "team", "id"),
    }
    now = {
        name: text(changed, name, "current_value") if changed and name in changed else value
        for name, value in told.items()
    }
    return Party(
        agent=now["assignee_id"] or None,
        bot=now["assignee_agent_bot_id"] or None,
        team=now["team_id"] or None,
    )


def _holder_before(changed: dict[str, Any]) -> Party:
    return Party(
        agent=text(changed, "assignee_id", "previous_value") or None,
        bot=text(changed, "assignee_agent_bot_id", "previous_value") or None,
        team=text(changed, "team_id", "previous_value") or None,
    )


# Contacts and the website ---------------------------------------------------------------------


def _contact_card(body: dict[str, Any], draft: Draft, source: SourceConfig) -> Parsed:
    option = source.options.get("contacts", "")
    curated = option == "curated" or (option != "claimed" and bool(text(body, "identifier")))
    trust: Trust = "curated" if curated else "claimed"
    draft.channel = "web"
    draft.identifiers = (*draft.vendor_id(text(body, "id")), *_card(body, trust, trust))
    if len(draft.identifiers) < 2:
        return ignored("The contact card holds nothing by which the person could be recognised.")
    values = "/".join(f"{i.kind}={i.value}" for i in draft.identifiers)
    linked = draft.event(
        IdentityLinked,
        f"contact/{values}",
        _when(body, _changes(body))[1] or times.any_form(body.get("created_at")),
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
