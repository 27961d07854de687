"""Twilio: the door of all its products, and which of them a body is from.

Forms have no common field that says what happened: it is inferred from the parameters.
Messages (`twilio_messages.py`), voice (`twilio_voice.py`), Conversations
(`twilio_conversations.py`) and TaskRouter (`twilio_taskrouter.py`) come as forms, and most of them
by Event Streams too (`twilio_streams.py`).
Retries: on connection failures only, unless asked for in the URL (`#rc=`); Conversations and Event
Streams repeat (the latter for four hours).
Source: Twilio's documentation, "Webhooks security", "Webhooks: connection overrides".
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit, urlunsplit

from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Reply,
    Request,
    SourceConfig,
    ignored,
    together,
    unknown,
)
from streams.channels.body import is_json, read_form, read_json
from streams.channels.signatures import any_secret, base64_hmac, digest_hex, query_values, same
from streams.channels.twilio_conversations import read_conversations
from streams.channels.twilio_messages import read_message
from streams.channels.twilio_streams import read_stream
from streams.channels.twilio_taskrouter import read_taskrouter
from streams.channels.twilio_voice import Call, read_conference


class Twilio(Adapter):
    """Options: `agents`, the identities of colleagues in Conversations (`*` for any characters);
    `channel`, the customers' medium in Conversations where a body does not tell it.
    """

    vendor = "twilio"
    title = "Twilio"
    options = ("agents", "channel")
    about = About(
        gives=(
            "messages",
            "receipts",
            "states",
            "ends",
            "queue",
            "agents",
            "bots",
            "transfers",
            "self-care",
            "consent",
        ),
        identities={
            "phone": ("asserted", "network"),
            "email": ("claimed",),
            "whatsapp": ("asserted",),
            "bsuid": ("asserted",),
            "messenger": ("asserted",),
            "user": ("asserted",),
            "crm": ("curated",),
        },
        transfer="TaskRouter's task.transfer-*, a reservation accepted by another worker",
        lacks="a time on messages, the agent of a plain call",
        retries="on connection failure only, unless the URL asks for more; the same ids",
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
        else:
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
        """An empty TwiML for messages (no automatic answer); 204 for TaskRouter, which asks for it,
        and for call-backs; 200 for Conversations (a hook that asks beforehand goes ahead).
        """
        body = request.body
        if b"WorkspaceSid=" in body or b"TaskSid=" in body:
            return Reply(204, content_type="application/json")
        if b"EventType=on" in body:
            return Reply(200, b"{}", "application/json")
        if b"MessageSid=" in body and b"MessageStatus=" not in body:
            return Reply(200, b"<Response/>", "text/xml")
        return Reply(204)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        if is_json(request.body):
            found = read_json(request.body)
            items = found if isinstance(found, list) else [found]
            return together(read_stream(items, request, source), "The batch is empty.")
        form = read_form(request)
        kind = form.get("EventType", "")
        if kind.startswith("on"):
            return read_conversations(form, request, source)
        if "." in kind or kind.startswith("task"):
            return read_taskrouter(form, kind, request, source)
        if "ConversationSid" in form:
            return unknown(f"Twilio Conversations sends no event {kind!r} that we know.")
        if "ReservationSid" in form and "WorkerSid" in form:
            return ignored("An assignment call-back asks what to do; that it was made comes again.")
        if "ConferenceSid" in form and "StatusCallbackEvent" in form:
            return read_conference(form, request, source)
        if form.get("CallSid"):
            return Call(form, request, source).parsed()
        return read_message(form, request, source)


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
