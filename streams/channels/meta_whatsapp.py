"""WhatsApp Cloud API (Meta).

One body is a batch: entries, changes, and in each change messages, statuses, calls, echoes.  The
same message may stand twice in one body, and a whole batch comes again after anything but a 2xx,
for up to seven days; a message's id (`wamid`) is its dedupe key, a status' is id and status.
A customer may have no number, only a business-scoped user id (BSUID).
Shapes: Meta's documentation and public test suites of pywa, courier and others.
"""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, Identifier, Ref
from schemas.events import (
    AgentConnected,
    ConsentChanged,
    ContactEnded,
    ConversationOpened,
    EventBase,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    TaskProgressed,
    TransferReported,
)
from streams.channels import times
from streams.channels.base import Adapter, Parsed, Rejected, Reply, Request, SourceConfig
from streams.channels.body import dig, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, hex_hmac, query_values, same

_STATUSES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "played",
    "failed": "failed",
    "deleted": "deleted",
    "pending": "queued",
    "accepted": "queued",
}


class MetaWhatsApp(Adapter):
    vendor = "meta_whatsapp"
    title = "WhatsApp Cloud"

    def handshake(self, request: Request, source: SourceConfig) -> Reply | None:
        """The subscription's GET: the challenge goes back if the verify token is the option
        `verify_token` (or one of the secrets).
        """
        if request.method != "GET":
            return None
        challenge = query_values(request.url, "hub.challenge")
        token = "".join(query_values(request.url, "hub.verify_token")[:1])
        known = [source.options["verify_token"]] if "verify_token" in source.options else []
        known += source.secrets
        if challenge and sum(same(token, one) for one in known):
            return Reply(200, challenge[0].encode())
        return Reply(403, b"The verify token is not the one that this source is configured with.")

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """`sha256=` and HMAC-SHA256 of the body with the app's secret."""
        return any_secret(
            source,
            request.headers.get("x-hub-signature-256"),
            lambda key: f"sha256={hex_hmac(key, request.body)}",
            "X-Hub-Signature-256",
        )

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        events: dict[str, EventBase] = {}
        reasons: list[str] = []
        strange = False
        for entry in rows(body, "entry"):
            for change in rows(entry, "changes"):
                found = _Change(request, source, entry, change)
                events |= {event.id: event for event in found.events()}
                reasons += found.reasons
                strange |= found.strange
        reason = " ".join(dict.fromkeys(reasons))
        if events:
            return Parsed(
                tuple(events.values()), reason if strange else "", "partial" if strange else ""
            )
        if strange:
            return Parsed(reason=reason, code="unknown_type")
        return Parsed(reason=reason or "The batch is empty: no entry with changes.", code="ignored")


class _Change:
    """One element of `changes`: its field and its value."""

    def __init__(
        self, request: Request, source: SourceConfig, entry: dict[str, Any], change: dict[str, Any]
    ) -> None:
        self._field = text(change, "field")
        self._entry = entry
        self._value = table(change, "value")
        self._contacts = rows(self._value, "contacts")
        self._draft = Draft(request, source, self._field, "whatsapp")
        self.reasons: list[str] = []
        self.strange = False

    def events(self) -> list[EventBase]:
        found: list[EventBase] = []
        value = self._value
        for message in rows(value, "messages"):
            found += self._message(message, inbound=True)
        for message in rows(value, "message_echoes"):
            found += self._message(message, inbound=False)
        for status in rows(value, "statuses"):
            found += self._status(status)
        for call in rows(value, "calls"):
            found += self._call(call)
        for preference in rows(value, "user_preferences"):
            found += self._preference(preference)
        for update in rows(value, "user_id_update"):
            found += self._rekey(update)
        if self._field == "messaging_handovers" or "control_passed" in value:
            found += self._handover()
        for error in rows(value, "errors"):
            self.reasons.append(f"Meta reports an error: {text(error, 'title') or 'untitled'}.")
        if not found and not self.reasons:
            self.reasons.append(self._why_nothing())
        return found

    def _why_nothing(self) -> str:
        known = any(
            key in self._value
            for key in ("messages", "statuses", "calls", "message_echoes", "user_preferences")
        )
        if known:
            return "The batch is empty."
        detail = text(self._value, "event")
        what = f"{self._field or 'A change without a field'} {detail}".strip()
        return f"{what}: about the account, not about a customer."

    # Who ----------------------------------------------------------------------------------

    def _who(
        self, wa_id: str, user_id: str, number: int
    ) -> tuple[str, tuple[Identifier, ...], str]:
        """The thread's id, the identifiers and the name of a customer."""
        contact = next(
            (c for c in self._contacts if wa_id and text(c, "wa_id") == wa_id),
            self._contacts[number]
            if number < len(self._contacts)
            else self._contacts[0]
            if len(self._contacts) == 1
            else {},
        )
        phone = _digits(wa_id) or _digits(text(contact, "wa_id"))
        user_id = (
            user_id or text(contact, "user_id") or (wa_id if wa_id and not _digits(wa_id) else "")
        )
        found = (
            *identifier("whatsapp", phone, "asserted"),
            *identifier("phone", f"+{phone}" if len(phone) > 6 else "", "asserted"),
            *identifier("bsuid", user_id, "asserted"),
        )
        return phone or user_id, found, text(contact, "profile", "name")

    def _thread(self, customer: str) -> str:
        """One endless thread for each of our numbers and customer."""
        ours = text(self._value, "metadata", "phone_number_id") or text(self._entry, "id")
        return f"{ours}/{customer}" if customer else ""

    # What ---------------------------------------------------------------------------------

    def _message(self, message: dict[str, Any], *, inbound: bool) -> list[EventBase]:
        kind = text(message, "type") or next(
            (key for key in ("text", "image", "audio", "video", "document") if key in message), ""
        )
        ident = text(message, "id")
        at_ms = times.seconds(message.get("timestamp"))
        if kind == "system":
            return self._system(message, at_ms)
        customer = text(message, "from" if inbound else "to")
        user_id = text(message, "from_user_id" if inbound else "to_user_id")
        name_id, who, name = self._who(customer, user_id, 0)
        if not ident:
            self.reasons.append("A message without an id.")
            return []
        draft = self._draft
        draft.native_type = f"{self._field}.{kind}" if self._field else kind
        draft.identifiers, draft.conversation = who, self._thread(name_id)
        actor = CUSTOMER if inbound else Actor("agent")
        if not who:
            # Who wrote is not told; the message is kept under a conversation of its own.
            draft.conversation = f"unknown/{ident}"
        changed = self._about_another(message, kind, ident, at_ms, actor)
        if changed is not None:
            return changed
        context = table(message, "context")
        group = text(message, "group_id")
        if group:
            draft.conversation = f"group/{group}"
        posted = draft.event(
            MessagePosted,
            f"message/{ident}",
            at_ms,
            actor=actor,
            message_id=ident,
            direction="inbound" if inbound else "outbound",
            automated="no",
            in_reply_to=text(context, "id") or None,
            refs=(Ref("in_reply_to", text(context, "id")),) if text(context, "id") else (),
            personal={"text": _text(message, kind), "name": name},
        )
        found: list[EventBase] = [posted]
        if kind == "order":
            found.append(self._order(message, ident, at_ms))
        permission = text(message, "interactive", "call_permission_reply", "response")
        if permission:
            found.append(self._consent("call", permission == "accept", f"call/{ident}", at_ms))
        return found

    def _about_another(
        self, message: dict[str, Any], kind: str, ident: str, at_ms: int | None, actor: Actor
    ) -> list[EventBase] | None:
        """Reactions, edits and deletions: they change a message instead of being one."""
        if kind == "reaction":
            status = "reacted" if text(message, "reaction", "emoji") else "unreacted"
            other = text(message, "reaction", "message_id")
        elif kind == "edit":
            status, other = "edited", text(message, "edit", "original_message_id")
        elif kind in {"revoke", "deleted"}:
            status = "deleted"
            other = text(message, "revoke", "original_message_id") or ident
        else:
            return None
        changed = self._draft.event(
            MessageStatusChanged,
            f"message/{ident}/{status}",
            at_ms,
            actor=actor,
            message_id=other,
            status=status,
        )
        return [changed]

    def _order(self, message: dict[str, Any], ident: str, at_ms: int | None) -> EventBase:
        items = rows(message, "order", "product_items")
        return self._draft.event(
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

    def _system(self, message: dict[str, Any], at_ms: int | None) -> list[EventBase]:
        """A changed number or user id: the same person under another key."""
        system = table(message, "system")
        old = text(message, "from") or text(message, "from_user_id")
        new_number = text(system, "wa_id") or text(system, "new_wa_id")
        new_user = text(system, "user_id")
        if not old and " from " in text(system, "body"):
            # Meta leaves the old id to the sentence: "… changed from A to B".
            old = text(system, "body").rpartition(" from ")[2].partition(" to ")[0].strip()
        pair = (
            *_key_of(old),
            *_key_of(new_number or new_user),
        )
        if len(pair) < 2:
            self.reasons.append(
                f"A system message without an old and a new id: {text(system, 'type')}."
            )
            return []
        self._draft.native_type = f"system.{text(system, 'type')}"
        return [self._replaced(pair, f"system/{text(message, 'id')}", at_ms)]

    def _rekey(self, update: dict[str, Any]) -> list[EventBase]:
        ids = table(update, "user_id")
        old = text(ids, "previous") or text(update, "previous")
        new = text(ids, "current") or text(update, "current")
        pair = (*_key_of(old), *_key_of(new))
        if len(pair) < 2:
            self.reasons.append("A user_id_update without a previous and a current id.")
            return []
        at_ms = times.seconds(update.get("timestamp"))
        return [self._replaced(pair, f"rekey/{old}/{new}", at_ms)]

    def _replaced(self, pair: tuple[Identifier, ...], key: str, at_ms: int | None) -> EventBase:
        return self._draft.event(
            IdentityLinked,
            key,
            at_ms,
            identifiers=pair,
            rel="replaces",
            by="vendor",
            conversation="",
        )

    def _status(self, status: dict[str, Any]) -> list[EventBase]:
        ident, state = text(status, "id"), text(status, "status")
        if state not in _STATUSES:
            self.strange = True
            self.reasons.append(f"A status that we do not know: {state!r}.")
            return []
        group = text(status, "recipient_type") == "group"
        wa_id = text(status, "recipient_participant_id" if group else "recipient_id")
        user_id = text(status, "recipient_user_id") or text(status, "recipient_participant_user_id")
        name_id, who, _ = self._who(wa_id, user_id, 0)
        draft = self._draft
        draft.native_type = f"status.{state}"
        draft.identifiers = () if group else who
        draft.conversation = (
            f"group/{text(status, 'recipient_id')}" if group else self._thread(name_id)
        )
        changed = draft.event(
            MessageStatusChanged,
            f"status/{ident}/{state}" + (f"/{wa_id or user_id}" if group else ""),
            times.seconds(status.get("timestamp")),
            message_id=ident,
            status=_STATUSES[state],
            reason=text(status, "errors", 0, "title") or None,
        )
        return [changed]

    def _call(self, call: dict[str, Any]) -> list[EventBase]:
        """WhatsApp voice: connect and terminate; the callee's accept starts the talk."""
        ident, event = text(call, "id"), text(call, "event") or text(call, "status").lower()
        inbound = text(call, "direction") != "BUSINESS_INITIATED"
        _, who, _ = self._who(text(call, "from" if inbound else "to"), "", 0)
        draft = self._draft
        draft.native_type, draft.channel = f"calls.{event}", "voice"
        draft.identifiers, draft.conversation = who, f"call/{ident}"
        at_ms = times.seconds(call.get("timestamp"))
        actor = CUSTOMER if inbound else Actor("agent")
        if event in {"connect", "ringing"}:
            return [
                draft.event(
                    ConversationOpened,
                    f"call/{ident}/opened",
                    at_ms,
                    actor=actor,
                    initiated_by="customer" if inbound else "agent",
                    direction="inbound" if inbound else "outbound",
                )
            ]
        if event in {"accept", "accepted"}:
            return [
                draft.event(
                    AgentConnected, f"call/{ident}/accepted", at_ms, actor=actor, agent="whatsapp"
                )
            ]
        if event in {"terminate", "rejected", "reject", "failed"}:
            status = text(call, "status").upper()
            duration_s = dig(call, "duration")
            answered = isinstance(duration_s, int) and duration_s > 0
            found: list[EventBase] = []
            if answered and (started := times.seconds(call.get("start_time"))):
                found.append(
                    draft.event(
                        AgentConnected,
                        f"call/{ident}/accepted",
                        started,
                        actor=actor,
                        agent="whatsapp",
                    )
                )
            found.append(
                draft.event(
                    ContactEnded,
                    f"call/{ident}/ended",
                    at_ms,
                    reason=status.lower() or event,
                    answered=answered,
                )
            )
            return found
        self.strange = True
        self.reasons.append(f"A call event that we do not know: {event!r}.")
        return []

    def _preference(self, preference: dict[str, Any]) -> list[EventBase]:
        name_id, who, _ = self._who(text(preference, "wa_id"), text(preference, "user_id"), 99)
        self._draft.identifiers, self._draft.conversation = who, self._thread(name_id)
        granted = text(preference, "value") == "resume"
        at_ms = times.seconds(preference.get("timestamp"))
        purpose = text(preference, "category").removesuffix("_messages") or "marketing"
        return [self._consent(purpose, granted, f"preference/{name_id}/{at_ms}", at_ms)]

    def _consent(self, purpose: str, granted: bool, key: str, at_ms: int | None) -> EventBase:
        return self._draft.event(
            ConsentChanged,
            f"consent/{key}",
            at_ms,
            actor=CUSTOMER,
            purpose=purpose,
            state="granted" if granted else "denied",
            evidence=key,
            consent_channel="whatsapp",
        )

    def _handover(self) -> list[EventBase]:
        value = self._value
        name_id, who, _ = self._who(
            text(value, "sender", "phone_number"), text(value, "sender", "id"), 0
        )
        self._draft.identifiers, self._draft.conversation = who, self._thread(name_id)
        at_ms = times.seconds(value.get("timestamp"))
        return [
            self._draft.event(
                TransferReported,
                f"handover/{name_id}/{value.get('timestamp')}",
                at_ms,
                actor=SYSTEM,
                kind="unknown",
                phase="accepted",
            )
        ]


def _digits(value: str) -> str:
    return value if value.isdigit() else ""


def _key_of(value: str) -> tuple[Identifier, ...]:
    if value.isdigit():
        return identifier("whatsapp", value, "asserted")
    return identifier("bsuid", value, "asserted")


def _minor_units(items: list[dict[str, Any]]) -> int | None:
    try:
        total = sum(float(item["item_price"]) * int(item.get("quantity", 1)) for item in items)
    except (KeyError, TypeError, ValueError):
        return None
    return round(total * 100)


def _text(message: dict[str, Any], kind: str) -> str:
    """What the customer said, or what kind of thing he sent."""
    part = table(message, kind)
    said = (
        text(part, "body")
        or text(part, "caption")
        or text(part, "text")
        or text(part, "button_reply", "title")
        or text(part, "list_reply", "title")
        or text(part, "nfm_reply", "body")
        or text(part, "name")
        or text(part, "filename")
    )
    return said or (f"[{kind}]" if kind else "")
