"""Slack: the Events API, interactivity and slash commands of one app, in one workspace or in
channels shared with customers (Slack Connect).

Events are JSON (`event_callback`), clicks and dialogs are a form with `payload=`, commands are a
form; Socket Mode wraps the same in an envelope.  All are signed alike: `v0=` and HMAC-SHA256 of
`v0:{timestamp}:{body}`, five minutes.  Slack retries an event up to three times (at once, after one
and five minutes) with the same body, and an interaction never.
Events are read in `slack_events.py`, interactions in `slack_interactions.py`, and who is a customer
is told in `slack_sides.py`.
Source: docs.slack.dev, "Verifying requests from Slack".
"""

from __future__ import annotations

from typing import Any

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
)
from streams.channels.body import BodyError, is_json, read_form, read_json, read_object, text
from streams.channels.signatures import any_secret, fresh, hex_hmac
from streams.channels.slack_events import Event
from streams.channels.slack_interactions import Interaction


class Slack(Adapter):
    """Option `agents`: the ids of those who answer for you, with commas: of users (`U…`, `W…`) or
    of whole workspaces (`T…`, `E…`; usually your own).  Without it every person is a customer.
    """

    vendor = "slack"
    title = "Slack"
    options = ("agents",)
    about = About(
        gives=("messages", "receipts", "states", "bots", "self-care", "ratings"),
        identities={
            "email": ("curated", "claimed"),
            "slack": ("asserted",),
        },
        transfer="",
        lacks="assignments, queues, resolution, who is a customer (option agents)",
        retries="3 times: at once, after 1 and 5 min; the same message",
    )
    keep_headers = ("x-slack-retry-num", "x-slack-retry-reason")

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        stamp = request.headers.get("x-slack-request-timestamp", "")
        message = b"v0:" + stamp.encode() + b":" + request.body
        return any_secret(
            source,
            request.headers.get("x-slack-signature"),
            lambda key: f"v0={hex_hmac(key, message)}",
            "X-Slack-Signature",
        ) or fresh(request, times.seconds(stamp), "X-Slack-Request-Timestamp")

    def handshake(self, request: Request, source: SourceConfig) -> Reply | None:
        """`url_verification` is signed like an event; its challenge goes back."""
        if b"url_verification" not in request.body or self.verify(request, source) is not None:
            return None
        try:
            body = read_object(request.body)
        except BodyError:
            return None
        if text(body, "type") != "url_verification":
            return None
        return Reply(200, text(body, "challenge").encode("utf-8", "replace"))

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = _unwrapped(request)
        kind = text(body, "type")
        if "command" in body and not kind:
            return Interaction(body, "slash_command", request, source).parsed()
        match kind:
            case "event_callback":
                return Event(body, request, source).parsed()
            case "url_verification":
                return ignored("url_verification: Slack tries whether the URL answers.")
            case "app_rate_limited":
                return ignored(
                    "app_rate_limited: Slack held back events of this minute, of more than 30,000 "
                    "an hour; it will not send them again."
                )
        if "channel" in body and isinstance(body["channel"], str):  # an event without its envelope
            return Event({"event": body}, request, source).parsed()
        return Interaction(body, kind, request, source).parsed()


def _unwrapped(request: Request) -> dict[str, Any]:
    """The body itself, the JSON in a form's `payload`, or what Socket Mode wraps."""
    if is_json(request.body):
        body = read_object(request.body)
    else:
        body = dict[str, Any](read_form(request))
    inner = body.get("payload")
    if isinstance(inner, str):
        inner = read_json(inner.encode())
    return inner if isinstance(inner, dict) else body
