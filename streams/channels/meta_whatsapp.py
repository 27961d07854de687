"""WhatsApp Cloud API (Meta).

One body is a batch: entries, changes, and in each change messages, statuses, calls, echoes.  The
same message may stand twice in one body, and a whole batch comes again after anything but a 2xx,
for up to seven days; a message's id (`wamid`) is its dedupe key, a status' is id and status.
A customer may have no number, only a business-scoped user id (BSUID), and both may change.
Shapes: Meta's webhook reference and the public test suites of pywa, courier and others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from schemas.common import Actor, Identifier, Ref
from schemas.events import (
    AgentConnected,
    ConsentChanged,
    ContactEnded,
    ConversationOpened,
    Durations,
    EventBase,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
    TaskProgressed,
    TransferReported,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.body import BodyError, dig, number, read_json, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.meta import MetaWebhook

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
_ABOUT_THE_ACCOUNT = (
    "account_", "automatic_events", "business_", "campaign_status_", "flows", "group_",
    "message_template_", "partner_solutions", "payment_configuration_", "phone_number_",
    "security", "smb_app_state_sync", "template_", "tracking_events", "web_",
)  # fmt: skip
"""Beginnings of the names of fields in which no customer does anything."""

_ON_PREMISES = {"messages", "statuses"}
"""The on-premises API, which some providers still speak, sends what a change holds by itself."""

_OPTED_OUT = "131050"
"""The error of a marketing message to somebody who wants none."""

_BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
"""Country of the account, a dot, and what Meta made: `FR.13491208655302741918`."""

_CHANGED_FROM_TO = re.compile(r" from (\S+) to (\S+)$")


class MetaWhatsApp(MetaWebhook):
    vendor = "meta_whatsapp"
    title = "WhatsApp Cloud"
    about = About(
        gives=(
            "messages", "receipts", "states", "ends", "agents", "transfers", "self-care", "consent",
        ),
        identities={
            "phone": ("asserted",),
            "whatsapp": ("asserted",),
            "bsuid": ("asserted",),
        },
        transfer="messaging_handovers (control_passed)",
        lacks="which agent answered, resolution, what your own system sends through the API",
        retries="the whole batch, up to 7 days; receipts out of order",
    )  # fmt: skip

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        changes = [
            (entry, change) for entry in rows(body, "entry") for change in rows(entry, "changes")
        ]
        if not changes and "field" in body:  # as the App Dashboard's test button shows it
            changes = [({}, body)]
        elif not changes and not _ON_PREMISES.isdisjoint(body):
            changes = [({}, {"value": body})]
        events: dict[str, EventBase] = {}
        reasons: list[str] = []
        strange = False
        for entry, change in changes:
            found = _Change(request, source, entry, change)
            events |= {event.id: event for event in found.events()}
            reasons += found.reasons
            strange |= found.strange
        kind = text(body, "object")
        if not changes and kind != "whatsapp_business_account":
            strange = True
            reasons.append(f"This is a body of {kind or 'nothing'}, not of a WhatsApp account.")
        reason = " ".join(dict.fromkeys(reasons))
        if events:
            return Parsed(
                tuple(events.values()), reason if strange else "", "partial" if strange else ""
            )
        if strange:
            return Parsed(reason=reason, code="unknown_type")
        return Parsed(reason=reason or "The batch is empty: no entry with changes.", code="ignored")


class _Person(msgspec.Struct, frozen=True):
    """A customer: `key` names his thread, empty when he is not told."""

    key: str = ""
    identifiers: tuple[Identifier, ...] = ()
    name: str = ""


class _Change:
    """One element of `changes`: its field and its value."""

    def __init__(
        self, request: Request, source: SourceConfig, entry: dict[str, Any], change: dict[str, Any]
    ) -> None:
        self._field = text(change, "field")
        self._value = table(change, "value")
        self._contacts = rows(self._value, "contacts")
        metadata = table(self._value, "metadata") or table(self._value, "recipient")
        self._number_id = text(metadata, "phone_number_id") or text(entry, "id")
        self._our_number = re.sub(r"\D", "", text(metadata, "display_phone_number"))
        self._draft = Draft(request, source, self._field, "whatsapp")
        self.reasons: list[str] = []
        self.strange = False

    def events(self) -> list[EventBase]:
        value = self._value
        found: list[EventBase] = []
        parts: dict[str, Callable[[dict[str, Any]], list[EventBase]]] = {
            "messages": lambda message: self._message(message, inbound=True),
            "message_echoes": lambda message: self._message(message, inbound=False),
            "statuses": self._status,
            "calls": self._call,
            "user_preferences": self._preference,
            "user_actions": self._clicked,
            "user_id_update": self._rekey,
            "history": self._history,
        }
        for name, make in parts.items():
            for part in rows(value, name):
                found += make(part)
        if "control_passed" in value or self._field == "messaging_handovers":
            found += self._handover()
        for error in rows(value, "errors"):
            self.reasons.append(f"Meta reports an error: {_error(error)}.")
        if not found and not self.reasons:
            self._nothing(known=not parts.keys().isdisjoint(value))
        return found

    def _nothing(self, *, known: bool) -> None:
        what = f"{self._field or 'A change without a field'} {text(self._value, 'event')}".strip()
        if known:
            self.reasons.append("The batch is empty.")
        elif self._field.startswith(_ABOUT_THE_ACCOUNT):
            self.reasons.append(f"{what}: about the account, not about what a customer did.")
        else:
            self._odd(f"{what}: WhatsApp sends no such field that we know.")

    def _odd(self, reason: str) -> list[EventBase]:
        """Nothing is made of this part; the body is kept."""
        self.strange = True
        self.reasons.append(reason)
        return []

    # Who ----------------------------------------------------------------------------------

    def _who(self, told: tuple[str, ...], *, alone: bool) -> _Person:
        """The customer of a part that names `told`, his likeliest id first.  Our own number is
        never he.  A contact that is not named belongs to the part only if both are `alone`.
        """
        numbers = [one for one in told if _is_number(one) and one != self._our_number]
        bsuids = [one for one in told if _BSUID.fullmatch(one)]
        contact = next(
            (
                contact
                for contact in self._contacts
                if text(contact, "wa_id") in numbers or text(contact, "user_id") in bsuids
            ),
            self._contacts[0] if alone and len(self._contacts) == 1 else {},
        )
        if _is_number(wa_id := text(contact, "wa_id")):
            numbers.insert(0, wa_id)
        if _BSUID.fullmatch(user_id := text(contact, "user_id")):
            bsuids.insert(0, user_id)
        number, bsuid = "".join(numbers[:1]), "".join(bsuids[:1])
        found = (
            *identifier("whatsapp", number, "asserted"),
            *identifier("phone", f"+{number}" if len(number) > 6 else "", "asserted"),
            *identifier("bsuid", bsuid, "asserted"),
        )
        return _Person(number or bsuid, found, text(contact, "profile", "name"))

    def _alone(self, name: str) -> bool:
        return len(rows(self._value, name)) == 1

    def _turn_to(self, person: _Person, native_type: str) -> Draft:
        """The draft, for an event of this customer in his one endless thread with our number."""
        draft = self._draft
        draft.channel, draft.native_type = "whatsapp", native_type
        draft.identifiers = person.identifiers
        draft.conversation = f"{self._number_id}/{person.key}" if person.key else ""
        return draft

    # Messages -----------------------------------------------------------------------------

    def _message(self, message: dict[str, Any], *, inbound: bool) -> list[EventBase]:
        kind = _kind(message)
        ident = text(message, "id")
        at_ms = times.seconds(message.get("timestamp"))
        if kind == "system":
            return self._system(message, at_ms)
        if not ident:
            return self._odd(f"A message of type {kind!r} without an id.")
        told = tuple(
            text(message, name)
            for name in (("from", "from_user_id") if inbound else ("to", "to_user_id", "from"))
        )
        person = self._who(told, alone=self._alone("messages" if inbound else "message_echoes"))
        draft = self._turn_to(person, f"{self._field}.{kind}" if self._field else kind)
        if group := text(message, "group_id"):
            draft.conversation = f"group/{group}"
        elif not person.key:
            # Who wrote is not told: the message is kept under a conversation of its own.
            draft.conversation = f"unknown/{ident}"
        if kind == "request_welcome":
            return [
                draft.event(
                    SelfserviceStepped,
                    f"message/{ident}",
                    at_ms,
                    actor=CUSTOMER,
                    resource="whatsapp",
                    step="opened",
                    outcome="started",
                )
            ]
        actor = CUSTOMER if inbound else Actor("agent")
        if (changed := self._of_another(message, kind, ident, at_ms, actor)) is not None:
            return [changed]
        replied, referral = text(message, "context", "id"), text(message, "referral", "source_id")
        found: list[EventBase] = [
            draft.event(
                MessagePosted,
                f"message/{ident}",
                at_ms,
                actor=actor,
                message_id=ident,
                direction="inbound" if inbound else "outbound",
                # On standby another app has the thread.
                owner="other" if self._field == "standby" else "ours",
                in_reply_to=replied or None,
                refs=tuple(
                    Ref(rel, other)
                    for rel, other in (("in_reply_to", replied), ("referral", referral))
                    if other
                ),
                personal={"text": _words(message, kind), "name": person.name},
            )
        ]
        if kind == "order":
            found.append(self._order(message, ident, at_ms))
        if form := table(message, "interactive", "nfm_reply"):
            found.append(self._form(form, ident, at_ms))
        if answer := text(message, "interactive", "call_permission_reply", "response"):
            found.append(self._consent("call", answer == "accept", f"call/{ident}", at_ms))
        return found

    def _of_another(
        self, message: dict[str, Any], kind: str, ident: str, at_ms: int | None, actor: Actor
    ) -> EventBase | None:
        """Reactions, edits and deletions: they change a message instead of being one."""
        said = ""
        if kind == "reaction":
            said = text(message, "reaction", "emoji")
            status = "reacted" if said else "unreacted"
            other = text(message, "reaction", "message_id")
        elif kind == "edit":
            edited = table(message, "edit", "message")
            status, said = "edited", _words(edited, _kind(edited))
            other = text(message, "edit", "original_message_id")
        elif kind in {"revoke", "deleted"}:
            status, other = "deleted", text(message, "revoke", "original_message_id")
        else:
            return None
        return self._draft.event(
            MessageStatusChanged,
            f"message/{ident}/{status}",
            at_ms,
            actor=actor,
            message_id=other or ident,
            status=status,
            personal={"text": said},
        )

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

    def _form(self, form: dict[str, Any], ident: str, at_ms: int | None) -> EventBase:
        """A WhatsApp Flow that the customer has filled in."""
        return self._draft.event(
            TaskProgressed,
            f"form/{ident}",
            at_ms,
            actor=CUSTOMER,
            task_kind="form",
            task_id=text(_answers(form), "flow_token") or ident,
            step=text(form, "name") or "flow",
            state="submitted",
        )

    def _history(self, chunk: dict[str, Any]) -> list[EventBase]:
        """What was said before the number came to the Cloud API, at its own times."""
        found: list[EventBase] = []
        for thread in rows(chunk, "threads"):
            customer = text(thread, "id")
            for message in rows(thread, "messages"):
                ours = text(message, "from") == self._our_number or bool(
                    dig(message, "history_context", "from_me")
                )
                named = {"to" if ours else "from": customer} if customer else {}
                found += self._message({**message, **named}, inbound=not ours)
        for error in rows(chunk, "errors"):
            self.reasons.append(f"The history is not shared: {_error(error)}.")
        if not found and not self.reasons:
            self.reasons.append("The history is empty.")
        return found

    # Identity and consent -----------------------------------------------------------------

    def _system(self, message: dict[str, Any], at_ms: int | None) -> list[EventBase]:
        """A changed number or user id: the same person under another key."""
        system = table(message, "system")
        kind = text(system, "type")
        old, new = _replaced_ids(message, system)
        pair = (*_key_of(old), *_key_of(new))
        if "identity" in kind:
            self.reasons.append(f"{kind}: the phone's keys changed, the number is the same.")
            return []
        if len(pair) < 2:
            return self._odd(f"A system message without an old and a new id: {kind or 'no type'}.")
        self._draft.native_type = f"system.{kind}"
        return [self._replaced(pair, f"rekey/{old}/{new}/{at_ms}", at_ms)]

    def _rekey(self, update: dict[str, Any]) -> list[EventBase]:
        ids = table(update, "user_id") or update
        old, new = text(ids, "previous"), text(ids, "current")
        pair = (*_key_of(old), *_key_of(new))
        if len(pair) < 2:
            return self._odd("A user_id_update without a previous and a current id.")
        at_ms = times.seconds(update.get("timestamp"))
        return [self._replaced(pair, f"rekey/{old}/{new}/{at_ms}", at_ms)]

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

    def _preference(self, preference: dict[str, Any]) -> list[EventBase]:
        wa_id = text(preference, "wa_id")
        # Another contact's `wa_id` is another person: only a wish that names nobody may be his.
        alone = self._alone("user_preferences") and not wa_id
        person = self._who((wa_id, text(preference, "user_id")), alone=alone)
        self._turn_to(person, self._field or "user_preferences")
        wish = text(preference, "value")
        if wish not in {"stop", "resume"}:
            return self._odd(f"A preference that we do not know: {wish!r}.")
        at_ms = times.seconds(preference.get("timestamp"))
        purpose = text(preference, "category").removesuffix("_messages") or "marketing"
        key = f"preference/{person.key}/{purpose}/{wish}/{at_ms}"
        return [self._consent(purpose, wish == "resume", key, at_ms)]

    def _clicked(self, action: dict[str, Any]) -> list[EventBase]:
        """Somebody followed the link of a marketing message; which message, its token tells."""
        kind = text(action, "action_type")
        click = table(action, f"{kind}_data")
        ident = text(click, "click_id") or text(click, "tracking_token")
        if "click" not in kind or not ident:
            return self._odd(f"An action of a customer that we do not know: {kind!r}.")
        draft = self._turn_to(self._who((), alone=self._alone("user_actions")), kind)
        return [
            draft.event(
                MessageStatusChanged,
                f"click/{ident}",
                times.seconds(action.get("timestamp")),
                actor=CUSTOMER,
                message_id=text(click, "tracking_token") or ident,
                status="clicked",
            )
        ]

    def _consent(self, purpose: str, granted: bool, key: str, at_ms: int | None) -> EventBase:
        return self._draft.event(
            ConsentChanged,
            f"consent/{key}",
            at_ms,
            actor=CUSTOMER,
            purpose=purpose,
            state="granted" if granted else "denied",
            evidence=self._draft.native_type,
            consent_channel="whatsapp",
        )

    def _handover(self) -> list[EventBase]:
        value = self._value
        sender = table(value, "sender")
        person = self._who(
            (text(sender, "phone_number"), text(sender, "wa_id"), text(sender, "user_id")),
            alone=True,
        )
        draft = self._turn_to(person, "messaging_handovers")
        if not person.key:
            return self._odd("A hand-over that names no customer.")
        return [
            draft.event(
                TransferReported,
                f"handover/{person.key}/{text(value, 'timestamp')}",
                times.seconds(value.get("timestamp")),
                actor=SYSTEM,
                kind="unknown",
                phase="accepted",
            )
        ]

    # Statuses -----------------------------------------------------------------------------

    def _status(self, status: dict[str, Any]) -> list[EventBase]:
        ident, state = text(status, "id"), text(status, "status").lower()
        at_ms = times.seconds(status.get("timestamp"))
        if not ident:
            return self._odd(f"A status {state!r} of a message without an id.")
        group = text(status, "recipient_type") == "group"
        told = tuple(
            text(status, f"recipient_{'participant_' if group else ''}{name}")
            for name in ("id", "user_id")
        )
        person = self._who((*told, text(status, "from")), alone=self._alone("statuses"))
        draft = self._turn_to(person, f"status.{state}")
        kind = text(status, "type")
        if kind == "call":
            return self._call_status(ident, state, person, at_ms)
        if kind == "payment":
            return self._payment(status, state, at_ms)
        if state not in _STATUSES:
            return self._odd(f"A status that we do not know: {state!r}.")
        suffix = ""
        if group:
            # Each member has his own receipt; the thread is the group's.
            suffix = f"/{person.key}"
            draft.identifiers, draft.conversation = (), f"group/{text(status, 'recipient_id')}"
        error = table(status, "errors", 0)
        found: list[EventBase] = [
            draft.event(
                MessageStatusChanged,
                f"status/{ident}/{state}{suffix}",
                at_ms,
                message_id=ident,
                status=_STATUSES[state],
                reason=_error(error) or None,
            )
        ]
        if text(error, "code") == _OPTED_OUT:
            found.append(self._consent("marketing", False, f"status/{ident}", at_ms))
        return found

    def _payment(self, status: dict[str, Any], state: str, at_ms: int | None) -> list[EventBase]:
        """Amounts are `value / offset`, in the currency's unit; ours are hundredths."""
        payment = table(status, "payment")
        states: dict[str, Literal["progressed", "completed", "cancelled"]] = {
            "pending": "progressed",
            "captured": "completed",
            "success": "completed",
            "failed": "cancelled",
            "canceled": "cancelled",
        }
        if state not in states:
            return self._odd(f"A payment status that we do not know: {state!r}.")
        amount = table(payment, "amount") or table(payment, "transaction", "amount")
        value, offset = number(amount, "value"), number(amount, "offset") or 100
        task = text(payment, "reference_id") or text(status, "id")
        transaction = text(payment, "transaction", "id")
        return [
            self._draft.event(
                TaskProgressed,
                f"payment/{task}/{transaction}/{state}",
                at_ms,
                actor=CUSTOMER,
                task_kind="payment",
                task_id=task,
                step=state,
                state=states[state],
                value=round(value * 100 / offset) if value is not None and offset >= 1 else None,
                currency=text(payment, "currency")
                or text(payment, "transaction", "currency")
                or None,
            )
        ]

    # Calls --------------------------------------------------------------------------------

    def _call(self, call: dict[str, Any]) -> list[EventBase]:
        """WhatsApp voice: connect, then terminate, which tells when the talk began."""
        ident = text(call, "id")
        event = (text(call, "event") or text(call, "status")).lower()
        if not ident:
            return self._odd(f"A call event {event!r} without the call's id.")
        inbound = text(call, "direction") != "BUSINESS_INITIATED"
        sides = (text(call, "from"), text(call, "to"))
        ids = (text(call, "from_user_id"), text(call, "to_user_id"))
        told = (*sides, *ids) if inbound else (*reversed(sides), *reversed(ids))
        person = self._who(told, alone=self._alone("calls"))
        at_ms = times.seconds(call.get("timestamp"))
        if event == "connect":
            return [self._call_opened(ident, person, at_ms, inbound=inbound)]
        if event in {"accept", "accepted"}:
            return [self._call_connected(ident, person, at_ms, inbound=inbound)]
        if event in {"terminate", "rejected", "reject", "failed"}:
            talk_s = number(call, "duration") or 0
            answered = talk_s > 0
            found: list[EventBase] = []
            if answered and (began := times.seconds(call.get("start_time"))):
                found.append(self._call_connected(ident, person, began, inbound=inbound))
            found.append(
                self._turn_to_call(ident, person, f"calls.{event}").event(
                    ContactEnded,
                    f"call/{ident}/ended",
                    at_ms,
                    reason=text(call, "status").lower() or event,
                    answered=answered,
                    durations=Durations(talk_ms=round(talk_s * 1_000)) if answered else None,
                )
            )
            return found
        return self._odd(f"A call event that we do not know: {event!r}.")

    def _call_status(
        self, ident: str, state: str, person: _Person, at_ms: int | None
    ) -> list[EventBase]:
        """How a call that we made fares: it rings, is accepted or rejected; the end comes as
        `terminate`.
        """
        if state == "ringing":
            return [self._call_opened(ident, person, at_ms, inbound=False)]
        if state == "accepted":
            return [self._call_connected(ident, person, at_ms, inbound=False)]
        if state == "rejected":
            draft = self._turn_to_call(ident, person, "calls.rejected")
            return [
                draft.event(
                    ContactEnded,
                    f"call/{ident}/rejected",
                    at_ms,
                    actor=CUSTOMER,
                    by="customer",
                    reason="rejected",
                    final=False,
                    answered=False,
                )
            ]
        return self._odd(f"A call status that we do not know: {state!r}.")

    def _turn_to_call(self, ident: str, person: _Person, native_type: str) -> Draft:
        draft = self._turn_to(person, native_type)
        draft.channel, draft.conversation = "voice", f"call/{ident}"
        return draft

    def _call_opened(
        self, ident: str, person: _Person, at_ms: int | None, *, inbound: bool
    ) -> EventBase:
        return self._turn_to_call(ident, person, "calls.connect").event(
            ConversationOpened,
            f"call/{ident}/opened",
            at_ms,
            actor=CUSTOMER if inbound else Actor("agent"),
            initiated_by="customer" if inbound else "agent",
            direction="inbound" if inbound else "outbound",
        )

    def _call_connected(
        self, ident: str, person: _Person, at_ms: int | None, *, inbound: bool
    ) -> EventBase:
        """Who of us talks is not told: the number stands for him."""
        return self._turn_to_call(ident, person, "calls.accept").event(
            AgentConnected,
            f"call/{ident}/accepted",
            at_ms,
            actor=CUSTOMER if inbound else Actor("agent"),
            agent=self._number_id or "whatsapp",
        )


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _key_of(value: str) -> tuple[Identifier, ...]:
    if _is_number(value):
        return identifier("whatsapp", value, "asserted")
    return identifier("bsuid", value if _BSUID.fullmatch(value) else "", "asserted")


def _replaced_ids(message: dict[str, Any], system: dict[str, Any]) -> tuple[str, str]:
    """The old and the new id of a system message. Some versions tell them only in the sentence:
    "… changed from A to B".
    """
    said = _CHANGED_FROM_TO.search(text(system, "body"))
    old, new = said.groups() if said else ("", "")
    if "user_id" in text(system, "type"):
        return text(system, "previous_user_id") or old or text(message, "from_user_id"), (
            text(system, "user_id") or new
        )
    return text(system, "customer") or text(message, "from") or old, (
        text(system, "wa_id") or text(system, "new_wa_id") or new
    )


def _kind(message: dict[str, Any]) -> str:
    """Its type; very old bodies tell it only by the part that there is."""
    parts = ("text", "image", "audio", "video", "document", "sticker", "location", "contacts")
    return text(message, "type") or next((part for part in parts if part in message), "")


def _error(error: dict[str, Any]) -> str:
    return (text(error, "title") or text(error, "message") or text(error, "code")).rstrip(".")


def _minor_units(items: list[dict[str, Any]]) -> int | None:
    """The order's sum in hundredths, or nothing when an item has no price."""
    prices = [number(item, "item_price") for item in items]
    known = [price for price in prices if price is not None]
    if not items or len(known) < len(prices):
        return None
    counts = [number(item, "quantity") or 1 for item in items]
    total = sum(price * count for price, count in zip(known, counts, strict=True)) * 100
    return round(total) if abs(total) < 2**53 else None


def _answers(form: dict[str, Any]) -> dict[str, Any]:
    """A Flow's answers, which stand as a JSON text in the JSON."""
    told = form.get("response_json")
    try:
        return table(told if isinstance(told, dict) else read_json(text(told).encode()))
    except BodyError:
        return {}


def _words(message: dict[str, Any], kind: str) -> str:
    """What was said, or what kind of thing was sent."""
    part = table(message, kind)
    form = table(part, "nfm_reply")
    answers = "; ".join(
        f"{name}: {text(value)}"
        for name, value in _answers(form).items()
        if name != "flow_token" and text(value)
    )
    said = (
        text(part, "body")
        or text(part, "body", "text")
        or text(part, "caption")
        or text(part, "text")
        or text(part, "button_reply", "title")
        or text(part, "list_reply", "title")
        or answers
        or ("" if _answers(form) else text(form, "response_json"))
        or text(form, "body")
        or text(part, "name")
        or text(part, "filename")
        or text(message, "text", "body")  # of a type that is not supported
    )
    return said or (f"[{kind}]" if kind else "")
