"""Twilio: messages (SMS, MMS, WhatsApp, RCS, Messenger), voice call-backs, Conversations,
TaskRouter (call-backs and Event Streams).

Forms have no event field: what happened is inferred from the parameters.  Messages carry no time.
Shapes: Twilio's webhook documentation and captured bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from schemas.common import Actor, Channel, Identifier, Party, Trust
from schemas.events import (
    AgentConnected,
    AgentOffered,
    AssignmentChanged,
    ConsentChanged,
    ContactEnded,
    ConversationOpened,
    ConversationUpdated,
    Durations,
    EventBase,
    MessagePosted,
    MessageStatusChanged,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
    WrapupEnded,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Reply,
    Request,
    SourceConfig,
    ignored,
    unknown,
)
from streams.channels.body import read_form, read_json, table, text
from streams.channels.draft import BOT, CUSTOMER, Draft, identifier
from streams.channels.signatures import any_secret, base64_hmac, digest_hex, query_values, same

_RECEIPTS = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
_ENDED = {"completed", "busy", "no-answer", "failed", "canceled"}
_STOP_ERROR = "21610"

Form = Mapping[str, str]


class Twilio(Adapter):
    vendor = "twilio"
    title = "Twilio"
    about = About(
        gives=("messages", "receipts", "ends", "queue", "agents", "transfers"),
        identities={
            "phone": ("asserted", "network", "claimed"),
            "whatsapp": ("asserted",),
        },
        transfer="TaskRouter's task.transfer-*",
        lacks="a time on messages, the agent of a plain call",
        retries="on connection failure only, unless the URL asks for more",
    )
    keep_headers = ("i-twilio-idempotency-token",)

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """Base64 of HMAC-SHA1 over the URL and the sorted parameters; a JSON body is signed by its
        hash in the URL.  Twilio signs with or without the port, so both are tried.
        """
        given = request.headers.get("x-twilio-signature")
        hashes = query_values(request.url, "bodySHA256")
        parameters = ""
        if hashes:
            if not same(hashes[0].lower(), digest_hex(request.body)):
                return Rejected("bad_signature", "bodySHA256 in the URL does not fit the body.")
        elif "json" not in request.content_type:
            parameters = signed_parameters(request.body)
        last: Rejected | None = None
        for url in _with_and_without_port(request.url):
            message = (url + parameters).encode("utf-8", "surrogateescape")
            last = any_secret(
                source, given, lambda key, m=message: base64_hmac(key, m, "sha1"),  # type: ignore[misc]
                "X-Twilio-Signature",
            )  # fmt: skip
            if last is None:
                return None
        return last

    def reply(self, request: Request, source: SourceConfig) -> Reply:
        """An empty TwiML for messages (no automatic answer), nothing for call-backs."""
        if b"TaskSid=" in request.body or b"ReservationSid=" in request.body:
            return Reply(204)
        if b"MessageSid=" in request.body and b"MessageStatus=" not in request.body:
            return Reply(200, b"<Response/>", "text/xml")
        return Reply(204)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        if "json" in request.content_type or request.body.lstrip()[:1] in {b"{", b"["}:
            return _event_streams(request, source)
        form = read_form(request)
        if form.get("EventType", "").startswith("on"):
            return _conversations(form, request, source)
        if "EventType" in form:
            return _taskrouter(_lower_keys(form), form["EventType"], request, source, "")
        if "CallSid" in form:
            return _Call(form, request, source).parsed()
        return _message(form, request, source)


def signed_parameters(body: bytes) -> str:
    """Keys sorted, values of a key without repeats and sorted, all strung together."""
    pairs = parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True)
    unique = sorted(set(pairs))
    return "".join(key + value for key, value in unique)


def _with_and_without_port(url: str) -> list[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    default = {"https": 443, "http": 80}.get(parts.scheme, 443)
    without = urlunsplit(parts._replace(netloc=host))
    with_port = urlunsplit(parts._replace(netloc=f"{host}:{parts.port or default}"))
    return list(dict.fromkeys([url, without, with_port]))


def _address(value: str) -> tuple[Channel, str]:
    """`whatsapp:+33…`, `messenger:123`, `rcs:…`, or a bare number."""
    prefix, colon, rest = value.partition(":")
    if not colon:
        return "sms", value
    channels: dict[str, Channel] = {
        "whatsapp": "whatsapp",
        "messenger": "messenger",
        "rcs": "rcs",
        "sip": "voice",
        "client": "app",
        "viber": "viber",
    }
    return channels.get(prefix.lower(), "messaging"), rest


def _person(channel: Channel, address: str, form: Form) -> tuple[Identifier, ...]:
    """WhatsApp attests the number, a text message's network shows it."""
    if channel == "whatsapp":
        digits = form.get("WaId") or address.removeprefix("+")
        phone = address if address.startswith("+") else f"+{digits}"
        return (
            *identifier("whatsapp", digits, "asserted"),
            *identifier("phone", phone, "asserted"),
        )
    if channel == "messenger":
        return identifier("messenger", address, "asserted")
    return identifier("phone", address, "network")


def _message(form: Form, request: Request, source: SourceConfig) -> Parsed:
    sid = form.get("MessageSid") or form.get("SmsSid") or form.get("SmsMessageSid") or ""
    if not sid:
        return unknown("The form names neither a message, a call, nor an event.")
    status = (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()
    to_channel, to = _address(form.get("To", ""))
    from_channel, sender = _address(form.get("From", ""))
    channel = to_channel if to_channel != "sms" else from_channel
    draft = Draft(request, source, f"message.{status or 'received'}", channel)
    inbound = status in {"received", "receiving", ""} and ("Body" in form or "NumMedia" in form)
    ours, customer = (to, sender) if inbound else (sender, to)
    draft.identifiers = _person(channel, customer, form) if customer else ()
    draft.conversation = f"{ours}/{customer}" if ours and customer else ""
    if not inbound:
        return _receipt(form, draft, sid, status)
    body = form.get("Body", "")
    events: list[EventBase] = [
        draft.event(
            MessagePosted,
            f"message/{sid}",
            None,
            actor=CUSTOMER,
            message_id=sid,
            direction="inbound",
            in_reply_to=form.get("OriginalRepliedMessageSid") or None,
            personal={
                "text": body or ("[media]" if form.get("NumMedia", "0") != "0" else ""),
                "name": form.get("ProfileName", ""),
            },
        )
    ]
    opt_out = form.get("OptOutType", "").upper()
    if opt_out in {"STOP", "START"}:
        events.append(_consent(draft, sid, granted=opt_out == "START"))
    elif channel == "sms" and body.strip().upper() in {
        "STOP",
        "STOPALL",
        "UNSUBSCRIBE",
        "END",
        "QUIT",
    }:
        events.append(_consent(draft, sid, granted=False))
    return Parsed(tuple(events))


def _receipt(form: Form, draft: Draft, sid: str, status: str) -> Parsed:
    if status not in _RECEIPTS:
        return unknown(f"A message status that we do not know: {status!r}.")
    code = form.get("ErrorCode", "")
    changed = draft.event(
        MessageStatusChanged,
        f"message/{sid}/{status}",
        times.mail(form.get("RawDlrDoneDate")),
        message_id=sid,
        status=_RECEIPTS[status],
        reason=form.get("ErrorMessage") or code or None,
    )
    if code == _STOP_ERROR:
        return Parsed((changed, _consent(draft, sid, granted=False)))
    return Parsed((changed,))


def _consent(draft: Draft, sid: str, *, granted: bool) -> EventBase:
    return draft.event(
        ConsentChanged,
        f"consent/{sid}",
        None,
        actor=CUSTOMER,
        purpose="all",
        state="granted" if granted else "denied",
        evidence=sid,
        consent_channel=draft.channel,
    )


class _Call:
    """Voice: status call-backs, and the requests that a call makes on its way."""

    def __init__(self, form: Form, request: Request, source: SourceConfig) -> None:
        self._form = form
        self._sid = form.get("ParentCallSid") or form["CallSid"]
        self._inbound = not form.get("Direction", "inbound").startswith("outbound")
        customer = form.get("From" if self._inbound else "To", "") or form.get("Caller", "")
        channel, address = _address(customer)
        attested = form.get("StirVerstat", "").startswith("TN-Validation-Passed-A")
        trust: Trust = "network" if attested else "claimed"
        self._draft = Draft(request, source, f"call.{form.get('CallStatus', '')}", "voice")
        self._draft.conversation = self._sid
        if address.startswith("+"):
            self._draft.identifiers = identifier("phone", address, trust)
        elif channel == "app":
            self._draft.identifiers = identifier("user", address, "asserted")
        self._at_ms = times.mail(form.get("Timestamp"))

    def parsed(self) -> Parsed:
        form = self._form
        events: list[EventBase] = []
        if "QueueResult" in form:
            events.append(self._left_queue())
        elif "QueueSid" in form:
            events.append(self._one(QueueEntered, f"queue/{form['QueueSid']}", queue=self._queue))
        if "Digits" in form or "SpeechResult" in form:
            step = form.get("Digits") or "speech"
            events.append(
                self._one(
                    SelfserviceStepped, f"gather/{step}/{form.get('SequenceNumber', '')}",
                    actor=CUSTOMER, resource="ivr", step=step, outcome="progressed",
                    personal={"text": form.get("SpeechResult", "")},
                )
            )  # fmt: skip
        if form.get("DialCallStatus") in {"completed", "answered"}:
            events.append(self._connected(form.get("DialCallSid", "")))
        if not events:
            events += self._status(form.get("CallStatus", "").lower())
        if events:
            return Parsed(tuple(events))
        if "RecordingStatus" in form or "RecordingSid" in form:
            return ignored("A recording is ready: nothing happened to the customer.")
        return unknown(f"A call status that we do not know: {form.get('CallStatus', '')!r}.")

    def _one(self, cls: type[EventBase], what: str, /, **fields: Any) -> EventBase:
        return self._draft.event(cls, f"call/{self._sid}/{what}", self._at_ms, **fields)

    @property
    def _queue(self) -> str:
        return self._form.get("FriendlyName") or self._form.get("QueueSid") or "twilio"

    def _left_queue(self) -> EventBase:
        outcomes = {
            "bridged": "answered",
            "hangup": "abandoned",
            "queue-full": "overflow",
            "redirected": "flow_out",
            "redirected-from-bridged": "transferred",
        }
        result = self._form["QueueResult"]
        seconds = self._form.get("QueueTime", "")
        return self._one(
            QueueLeft,
            "queue/left",
            queue=self._queue,
            outcome=outcomes.get(result, "system"),
            wait_ms=int(seconds) * 1_000 if seconds.isdigit() else None,
        )

    def _connected(self, agent: str) -> EventBase:
        return self._one(
            AgentConnected,
            f"answered/{agent}",
            actor=CUSTOMER if self._inbound else Actor("agent"),
            agent=agent or self._form.get("Called", "twilio"),
        )

    def _status(self, status: str) -> list[EventBase]:
        form = self._form
        if status in {"queued", "initiated", "ringing"}:
            return [
                self._one(
                    ConversationOpened,
                    "opened",
                    actor=CUSTOMER if self._inbound else Actor("agent"),
                    initiated_by="customer" if self._inbound else "agent",
                    direction="inbound" if self._inbound else "outbound",
                    personal={"name": form.get("CallerName", "")},
                )
            ]
        if status in {"in-progress", "answered"}:
            # An answered call has somebody at the other end; who, Twilio's own call does not say.
            return [self._connected(form.get("Called") or form.get("To", ""))]
        if status in _ENDED:
            seconds = form.get("CallDuration", "")
            talked_ms = int(seconds) * 1_000 if seconds.isdigit() else 0
            return [
                self._one(
                    ContactEnded,
                    "ended",
                    reason=status,
                    answered=status == "completed",
                    durations=Durations(total_ms=talked_ms),
                )
            ]
        return []


def _conversations(form: Form, request: Request, source: SourceConfig) -> Parsed:
    """Conversations: threads with several participants, over any channel."""
    kind = form["EventType"]
    draft = Draft(request, source, kind, "chat")
    draft.conversation = form.get("ConversationSid", "")
    binding = form.get("MessagingBinding.Address") or form.get("Author", "")
    origin = form.get("Source", "").upper()
    channel, address = _address(binding)
    if origin in {"SMS", "MMS"} or address.startswith("+"):
        draft.channel = channel
        draft.identifiers = _person(channel, address, form)
    at_ms = times.iso(form.get("DateCreated")) or times.iso(form.get("DateUpdated"))
    key = f"{kind}/{form.get('MessageSid') or form.get('ParticipantSid') or draft.conversation}"
    if kind == "onMessageAdded":
        return _conversation_message(form, draft, key, at_ms, origin)
    if kind == "onConversationAdded":
        opened = draft.event(
            ConversationOpened, key, at_ms, initiated_by="customer", direction="inbound"
        )
        return Parsed((opened,))
    if kind in {"onConversationStateUpdated", "onConversationUpdated"} and form.get("StateTo"):
        state = {"active": "open", "inactive": "on_hold", "closed": "closed"}
        changed = draft.event(
            ConversationUpdated, f"{key}/{form['StateTo']}/{at_ms}", at_ms,
            status=state.get(form["StateTo"], "open"),
        )  # fmt: skip
        return Parsed((changed,))
    if kind in {"onMessageUpdated", "onMessageRemoved"}:
        status = "edited" if kind == "onMessageUpdated" else "deleted"
        sid = form.get("MessageSid", "")
        touched = draft.event(
            MessageStatusChanged, f"{key}/{at_ms}", at_ms, message_id=sid, status=status
        )
        return Parsed((touched,))
    if kind == "onDeliveryUpdated":
        status = _RECEIPTS.get(form.get("Status", "").lower(), "")
        if not status:
            return unknown(f"A delivery status that we do not know: {form.get('Status', '')!r}.")
        sid = form.get("MessageSid", "")
        receipt = draft.event(
            MessageStatusChanged, f"{key}/{status}", at_ms, message_id=sid, status=status,
            reason=form.get("ErrorCode") or None,
        )  # fmt: skip
        return Parsed((receipt,))
    if kind in {"onParticipantAdded", "onParticipantRemoved"}:
        return _participant(form, draft, key, at_ms)
    if kind.startswith("on"):
        return ignored(f"{kind}: changes nothing that a journey depends on.")
    return unknown(f"Twilio Conversations sends no event {kind!r} that we know.")


def _conversation_message(
    form: Form, draft: Draft, key: str, at_ms: int | None, origin: str
) -> Parsed:
    """A message with a chat identity: agents and customers both have one; the option
    `agents` lists the identities that are agents (comma separated, `*` for all SDK users).
    """
    identity = form.get("ClientIdentity") or (
        form.get("Author", "") if origin in {"SDK", "API"} else ""
    )
    if origin == "API" or form.get("Author", "").lower() in {"system", "bot"}:
        actor = BOT
    elif identity and form.get("ParticipantRole", "").lower() in {"agent", "admin"}:
        actor = Actor("agent", identity)
    else:
        actor = CUSTOMER
        if identity:
            draft.identifiers = identifier("user", identity, "asserted")
    index = form.get("Index", "")
    posted = draft.event(
        MessagePosted,
        key,
        at_ms,
        actor=actor,
        message_id=form.get("MessageSid", ""),
        direction="inbound" if actor == CUSTOMER else "outbound",
        sequence=int(index) if index.isdigit() else None,
        personal={"text": form.get("Body", "") or "[media]"},
    )
    return Parsed((posted,))


def _participant(form: Form, draft: Draft, key: str, at_ms: int | None) -> Parsed:
    identity = form.get("Identity", "")
    if not identity or form.get("EventType") != "onParticipantAdded":
        return ignored(f"{draft.native_type}: a participant without an identity, or one who left.")
    changed = draft.event(AssignmentChanged, key, at_ms, to=Party(agent=identity))
    return Parsed((changed,))


def _lower_keys(values: Mapping[str, Any]) -> dict[str, str]:
    """`TaskSid` and `task_sid` are the same to us."""
    return {
        key.replace("_", "").lower(): str(value)
        for key, value in values.items()
        if not isinstance(value, dict | list) and value is not None
    }


def _event_streams(request: Request, source: SourceConfig) -> Parsed:
    """CloudEvents, one or an array. Only `id` and `type` are believed of the envelope: Twilio's
    own sample has a time in `datacontenttype`.
    """
    body = read_json(request.body)
    events: list[EventBase] = []
    reasons: list[Parsed] = []
    for item in body if isinstance(body, list) else [body]:
        kind = text(item, "type")
        data = table(item, "data")
        inner = table(data, "payload") or data
        if kind.startswith("com.twilio.taskrouter."):
            name = kind.removeprefix("com.twilio.taskrouter.")
            flat = _lower_keys({**data, **inner})
            found = _taskrouter(flat, name, request, source, text(item, "id"))
        elif kind.startswith("com.twilio.messaging."):
            found = _streamed_message(
                kind.removeprefix("com.twilio.messaging."), inner, request, source
            )
        else:
            found = unknown(f"Twilio Event Streams sends no event {kind!r} that we know.")
        events += found.events
        reasons += [] if found.events else [found]
    if events:
        return Parsed(tuple(events))
    return reasons[0] if reasons else ignored("The batch is empty.")


def _streamed_message(
    name: str, data: dict[str, Any], request: Request, source: SourceConfig
) -> Parsed:
    form = {
        "MessageSid": text(data, "messageSid"),
        "From": text(data, "from"),
        "To": text(data, "to"),
        "Body": text(data, "body"),
        "MessageStatus": "received" if "inbound" in name else name.rpartition(".")[2],
        "ErrorCode": text(data, "errorCode"),
    }
    return _message({key: value for key, value in form.items() if value}, request, source)


def _taskrouter(
    data: Form, name: str, request: Request, source: SourceConfig, event_id: str
) -> Parsed:
    """Tasks wait in queues; a reservation offers one to a worker."""
    draft = Draft(request, source, name, "voice")
    attributes = _attributes(data.get("taskattributes", ""))
    channel, address = _address(text(attributes, "from") or text(attributes, "customerAddress"))
    unique = data.get("taskchanneluniquename", "").lower()
    draft.channel = "voice" if unique in {"voice", ""} else channel if address else "chat"
    if unique == "sms":
        draft.channel = "sms" if channel == "sms" else channel
    task = data.get("tasksid", "")
    draft.conversation = text(attributes, "call_sid") or text(attributes, "conversationSid") or task
    if address:
        draft.identifiers = _person(draft.channel, address, {})
    at_ms = times.any_form(data.get("timestamp")) or times.iso(data.get("timestampms"))
    at_ms = times.milliseconds(data.get("timestampms")) or at_ms
    key = f"taskrouter/{event_id or data.get('sid') or f'{name}/{task}/{at_ms}'}"
    queue = data.get("taskqueuename") or data.get("taskqueuesid") or "taskrouter"
    worker = data.get("workersid") or data.get("workername") or ""

    def one(cls: type[EventBase], /, **fields: Any) -> Parsed:
        return Parsed((draft.event(cls, key, at_ms, **fields),))

    room, _, what = name.replace("_", "-").partition(".")
    match room, what:
        case "task", "created":
            return one(QueueEntered, actor=CUSTOMER, queue=queue)
        case "task-queue", "entered":
            return one(QueueEntered, actor=CUSTOMER, queue=queue)
        case "task-queue", ("moved" | "timeout"):
            return one(QueueLeft, queue=queue, outcome="overflow" if what == "moved" else "timeout")
        case "task", ("canceled" | "deleted" | "system-deleted"):
            reason = data.get("taskcanceledreason", "").lower()
            abandoned = "hangup" in reason or "abandon" in reason or not reason
            return one(QueueLeft, queue=queue, outcome="abandoned" if abandoned else "system")
        case "task", "completed":
            return one(ContactEnded, reason=data.get("taskcompletedreason") or None, answered=True)
        case "task", ("wrapup" | "updated"):
            return ignored(f"{name}: changes nothing that a journey depends on.")
        case "task", "transfer-initiated":
            to = Party(
                agent=data.get("transferto") or data.get("transfertoworker") or None,
                queue=data.get("transfertoqueue") or None,
            )
            mode = "warm" if data.get("transfermode", "").upper() == "WARM" else "blind"
            return one(TransferReported, kind=mode, phase="started", to=to)
        case "task", "transfer-completed":
            return one(TransferReported, kind="unknown", phase="accepted")
        case "task", ("transfer-failed" | "transfer-canceled" | "transfer-attempt-failed"):
            return one(TransferReported, kind="unknown", phase="failed")
        case "reservation", "created":
            return one(AgentOffered, agent=worker or "unknown", outcome="ringing")
        case "reservation", "accepted":
            return one(AgentConnected, actor=CUSTOMER, agent=worker or "unknown")
        case "reservation", "rejected":
            return one(AgentOffered, agent=worker or "unknown", outcome="declined")
        case "reservation", ("timeout" | "canceled" | "rescinded"):
            return one(AgentOffered, agent=worker or "unknown", outcome="missed")
        case "reservation", "wrapup":
            return ignored("reservation.wrapup: the work after the contact begins.")
        case "reservation", "completed":
            return one(WrapupEnded, agent=worker or None)
        case (
            ("worker" | "workflow" | "workspace" | "activity" | "task-channel" | "task-queue"),
            _,
        ):
            return ignored(f"{name}: about the company's own set-up, not about a customer.")
    return unknown(f"TaskRouter sends no event {name!r} that we know.")


def _attributes(raw: str) -> dict[str, Any]:
    try:
        found = read_json(raw.encode())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
