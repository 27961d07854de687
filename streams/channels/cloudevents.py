"""The open door: anybody may send canonical events as CloudEvents 1.0 over HTTP.

Structured (one), batch (several) and binary (attributes in `ce-` headers) mode.  The type is one of
`docs/events.md`, with or without the prefix `filrouge.`; `data` holds the event's own fields, and
what the attributes say already (id, time) need not stand there again.  Signed as Standard
Webhooks, or with a bearer token.

A sender hears what is wrong.  What fits no field is named, and the event goes on without it: a
sender may know more than we do.  Words of a message in the wrong place, or a time that cannot be
read, are a dead letter too.  An object of which nothing fits (`to: {"agents": …}`) refuses its
event: without it the event would say something else.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
import orjson

from schemas.cloudevents import PREFIX, kind_of
from schemas.common import Trust
from schemas.events import Event, EventBase
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Reply,
    Request,
    SourceConfig,
    malformed,
    together,
    unknown,
)
from streams.channels.body import read_json, table, text
from streams.channels.cloudevents_mistakes import listed, lost, passed_over, told
from streams.channels.fitting import misfits, strangers
from streams.channels.ids import event_id
from streams.channels.signatures import any_secret, bearer, fresh, standard_webhook

_FIRST_PARTY = frozenset(
    {
        "notification.outcome",
        "kpi.alerted",
        "operator.command",
        "clock.tick",
        "policy.changed",
        "erasure.requested",
        "identity.joined",
        "identity.split",
        "journey.moved",
    }
)
"""What only Filrouge itself may say."""

_KINDS: dict[str, type[EventBase]] = {
    str(kind.__struct_config__.tag): kind for kind in Event.__args__
}


_STRENGTH: tuple[Trust, ...] = ("claimed", "network", "curated", "asserted")


class CloudEvents(Adapter):
    vendor = "cloudevents"
    title = "CloudEvents"
    options = ("trust",)
    about = About(
        gives=(
            "messages", "receipts", "states", "ends", "queue", "agents", "bots", "transfers",
            "self-care", "ratings", "consent",
        ),
        identities={"email": ("curated",)},
        transfer="assignment.changed or transfer.reported, as you send them",
        lacks="nothing: it is your own voice",
        retries="yours; source and id tell a repeat",
    )  # fmt: skip
    keep_headers = (
        "ce-id", "ce-source", "ce-type", "ce-time", "ce-specversion", "ce-subject",
    )  # fmt: skip

    def handshake(self, request: Request, source: SourceConfig) -> Reply | None:
        """The abuse protection of the CloudEvents webhook specification."""
        if request.method != "OPTIONS":
            return None
        origin = request.headers.get("webhook-request-origin", "*")
        return Reply(
            200,
            headers={
                "WebHook-Allowed-Origin": origin,
                "WebHook-Allowed-Rate": "*",
                "Allow": "POST",
            },
        )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        ident = request.headers.get("webhook-id")
        if ident is None:
            return bearer(request, source)
        stamp = request.headers.get("webhook-timestamp", "")
        given = request.headers.get("webhook-signature", "")
        message = f"{ident}.{stamp}.".encode() + request.body
        signatures = [part.partition(",") for part in given.split(" ")]
        refused: Rejected | None = Rejected(
            "no_signature", "webhook-signature holds no v1 signature."
        )
        for version, _, signature in signatures:
            if version == "v1":
                refused = any_secret(
                    source,
                    signature,
                    lambda key: standard_webhook(key, message),
                    "webhook-signature",
                )
                if refused is None:
                    return fresh(request, times.seconds(stamp), "webhook-timestamp")
        return refused

    def reply(self, request: Request, source: SourceConfig) -> Reply:
        """Who asks for it (`Prefer: return=representation`, RFC 7240) hears what was understood."""
        if "return=representation" not in request.headers.get("prefer", ""):
            return Reply(200)
        found = self.parse(request, source)
        told = {"events": [kind_of(type(event)) for event in found.events], "reason": found.reason}
        headers = {"Preference-Applied": "return=representation"}
        return Reply(200, orjson.dumps(told), "application/json", headers)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        found = [_event(item, request, source) for item in _items(request)]
        return found[0] if len(found) == 1 else together(found, "The batch is empty.")


def _items(request: Request) -> list[dict[str, Any]]:
    kind = request.content_type.lower()
    if "ce-type" in request.headers and not kind.startswith("application/cloudevents"):
        attributes: dict[str, Any] = {
            name.removeprefix("ce-"): _decoded(value)
            for name, value in request.headers.items()
            if name.startswith("ce-")
        }
        return [{**attributes, "data": read_json(request.body) if request.body else {}}]
    body = read_json(request.body)
    if isinstance(body, list):
        return [item if isinstance(item, dict) else {} for item in body]
    return [body] if isinstance(body, dict) else [{}]


def _decoded(value: str) -> str:
    """One round of percent-decoding; quotes of old senders are taken off. Raises `ValueError`."""
    raw = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return unquote_to_bytes(raw).decode("utf-8")


def _event(item: dict[str, Any], request: Request, source: SourceConfig) -> Parsed:
    bare = "specversion" not in item and "data" not in item
    data = dict(item) if bare else dict(table(item, "data"))
    kind = (text(item, "type") or text(data, "type")).removeprefix(PREFIX)
    ident = text(item, "id") or text(data, "id")
    if not kind or not ident:
        return malformed("A CloudEvent needs `type` and `id`.")
    if kind in _FIRST_PARTY:
        return malformed(f"Only Filrouge itself may send {kind!r}.")
    if kind not in _KINDS:
        return unknown(f"There is no event type {kind!r}; docs/events.md lists them.")
    stated = text(item, "time") if not bare else text(data, "time")
    at_ms = times.any_form(stated) or times.milliseconds(data.get("time_ms"))
    data.pop("time", None)
    data |= {
        "type": kind,
        "id": event_id(source.name, f"{text(item, 'source')}/{ident}"),
        "source": source.name,
        "domain": source.domain,
        "time_ms": at_ms or request.received_ms,
        "recorded_ms": request.received_ms,
        "estimated": at_ms is None,
    }
    data.setdefault("channel", "web")
    data.setdefault("native_type", kind)
    data.pop("customer", None)
    _write_out(data, source.name)
    strange = strangers(data, _KINDS[kind])
    inner = [place for place in strange if "." in place]
    if inner and (empty := [*misfits(data, _KINDS[kind])]):
        wrong = [place for place in inner if place.rpartition(".")[0] in empty]
        return malformed(
            f"{kind} {ident!r}: there is no field {listed(wrong)}, and nothing else stands there; "
            "docs/events.md lists them."
        )
    try:
        event = msgspec.convert(data, _KINDS[kind], strict=False)
    except msgspec.ValidationError as error:
        return malformed(f"{kind} {ident!r}: {told(str(error), _KINDS[kind])}.")
    missed = lost(event, strange, "" if at_ms else stated)
    notes = "; ".join([*passed_over(event, strange), *missed])
    reason = f"{kind} {ident!r}: {notes}." if notes else ""
    return Parsed((_with_ceiling(event, source),), reason, "partial" if missed else "")


def _write_out(data: dict[str, Any], source: str) -> None:
    """Short forms: `conversation` may be a bare id, it is one of this source; `actor` a word, or
    `agent:7`.
    """
    conversation, actor = data.get("conversation"), data.get("actor")
    if isinstance(conversation, str | int):
        data["conversation"] = {"source": source, "id": str(conversation)}
    elif isinstance(conversation, dict):
        data["conversation"] = {"source": source, **conversation}
    if isinstance(actor, str):
        kind, _, ident = actor.partition(":")
        data["actor"] = {"kind": kind, "id": ident or None}


def _with_ceiling(event: EventBase, source: SourceConfig) -> EventBase:
    """No identifier is trusted more than the source's option `trust` (default: curated)."""
    ceiling = source.options.get("trust", "curated")
    limit = next((n for n, trust in enumerate(_STRENGTH) if trust == ceiling), 2)
    identifiers = tuple(
        msgspec.structs.replace(i, trust=_STRENGTH[min(limit, _STRENGTH.index(i.trust))])
        for i in event.identifiers
    )
    return msgspec.structs.replace(event, identifiers=identifiers)
