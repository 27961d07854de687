"""Genesys Cloud: what happens in conversations, as EventBridge or a notification channel tells it.

A notification is `{topicName, version, eventBody, metadata, timestamp}`; EventBridge puts it into
`detail`; a trigger's workflow may post the `eventBody` alone.  The topics
`v2.detail.events.conversation.{id}.…` are read in `genesys_detail.py`, whole conversations
(`v2.conversations.…`, `v2.users.{id}.conversations…`) in `genesys_conversation.py`, open messaging
in `genesys_messaging.py`.

Dedupe: there is no event id: conversation, participant, session, topic and `eventTime` (ms).
May come twice, in any order (`acd.start` before `customer.start`); sockets lose events.
Sources: developer.genesys.cloud, "Notifications", "Available topics", "Amazon EventBridge
integration".
"""

from __future__ import annotations

import re
from typing import Any

from schemas.common import Actor
from schemas.events import MessagePosted
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Parsed,
    Rejected,
    Request,
    SourceConfig,
    ignored,
    malformed,
    unknown,
)
from streams.channels.body import read_object, table, text
from streams.channels.draft import Draft
from streams.channels.eventbridge import EventBridge
from streams.channels.genesys_conversation import is_conversation, read_conversation
from streams.channels.genesys_detail import read_detail
from streams.channels.genesys_messaging import (
    is_bot_request,
    is_open_message,
    read_bot_request,
    read_open_message,
)
from streams.channels.signatures import any_secret, base64_hmac

_TOPIC = re.compile(r"v2\.detail\.events\.conversation\.[^.]+\.(.+)")
_ABOUT_THE_COMPANY = (
    "channel.metadata", "v2.system.", "v2.users.", "v2.routing.", "v2.analytics.",
    "v2.operations.", "v2.audits.", "v2.telephony.", "v2.architect.", "v2.outbound.",
    "v2.workforcemanagement.", "v2.groups.", "v2.flows.", "v2.stations.", "v2.presence",
    "v2.authorization.", "v2.integrations.", "v2.contentmanagement.", "v2.detail.events.user.",
    "v2.detail.events.v2.user", "v2.detail.events.presence", "v2.detail.events.routing",
)  # fmt: skip
_BESIDE = (
    ".transcription", ".members", ".typing", ".summary", ".recordings", ".agentassist",
    ".agentchecklist", ".metrics",
)  # fmt: skip


class Genesys(EventBridge):
    """Option `crm_attribute`: the participant attribute in which your flows put your CRM's key."""

    vendor = "genesys"
    title = "Genesys Cloud"
    options = ("crm_attribute",)
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
        ),
        identities={
            "phone": ("asserted", "network", "claimed"),
            "email": ("claimed",),
            "whatsapp": ("asserted",),
            "vendor": ("asserted",),
        },
        transfer="disconnectType *TRANSFER, then another user.start or acd.start",
        lacks="ratings, an event id, answers before acd.end",
        retries="EventBridge for 24 h; the same conversation, session, topic and time",
    )

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """Open messaging signs the raw body; EventBridge shows the key of its connection."""
        if (given := request.headers.get("x-hub-signature-256")) is not None:
            return any_secret(
                source,
                given,
                lambda key: "sha256=" + base64_hmac(key, request.body),
                "X-Hub-Signature-256",
            )
        return super().verify(request, source)

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = read_object(request.body)
        note = table(body, "detail") or body
        event = table(note, "eventBody") or note
        topic = text(note, "topicName") or text(body, "detail-type") or _inferred(event)
        if named := _TOPIC.fullmatch(topic):
            draft = Draft(request, source, named.group(1))
            return read_detail(event, draft, source.options.get("crm_attribute", ""))
        draft = Draft(request, source, topic)
        if is_conversation(event):
            return read_conversation(event, draft)
        if is_open_message(event):
            return read_open_message(event, draft)
        if is_bot_request(event):
            return read_bot_request(event, draft)
        if ".conversations.chats." in topic and topic.endswith(".messages"):
            return _chat_line(event, draft)
        if topic.startswith("v2.conversations.") and topic.endswith(_BESIDE):
            return ignored(f"{topic}: what is made of a conversation, not what happens in it.")
        if topic.startswith(_ABOUT_THE_COMPANY):
            return ignored(f"{topic}: about the company's own work, not a customer's conversation.")
        if not topic:
            return unknown("The body names no topic, and is neither a conversation nor a message.")
        return unknown(f"Genesys Cloud sends no topic {topic!r} that we know.")


def _inferred(event: dict[str, Any]) -> str:
    """A trigger's workflow may send the body without its topic; its fields tell which it was."""
    if not text(event, "conversationId") or not text(event, "eventTime"):
        return ""
    for fields, topic in (
        (("acdOutcome",), "acd.end"),
        (("flowOutcomeId",), "flow.outcome"),
        (("exitReason",), "flow.end"),
        (("flowId", "disconnectType"), "flow.end"),
        (("flowId",), "flow.start"),
        (("outboundCampaignId",), "outbound"),
        (("voicemailDurationMs",), "voicemail.end"),
        (("attributes",), "attributes"),
        (("userId", "wrapupDurationMs"), "acw"),
        (("userId", "wrapupCode"), "acw"),
        (("wrapupCode",), "wrapup"),
        (("userId", "disconnectType"), "user.end"),
        (("userId",), "user.start"),
        (("queueId", "disconnectType"), "acd.end"),
        (("queueId",), "acd.start"),
        (("disconnectType",), "customer.end"),
        (("sessionId",), "customer.start"),
    ):
        if all(name in event for name in fields):
            return f"v2.detail.events.conversation.{{id}}.{topic}"
    return ""


def _chat_line(event: dict[str, Any], draft: Draft) -> Parsed:
    """A line of the old web chat: it says which member spoke, and not whose side he is on."""
    ident, said = text(event, "id"), text(event, "body")
    if not ident or not said or text(event, "bodyType") not in {"standard", "html", ""}:
        return ignored("A notice in a chat: somebody types, joins or leaves.")
    draft.channel = "chat"
    draft.conversation = text(event, "conversation", "id")
    if not draft.conversation:
        return malformed("The line names no conversation.")
    posted = draft.event(
        MessagePosted,
        f"chat/{ident}",
        times.iso(event.get("timestamp")),
        actor=Actor("external", text(event, "sender", "id") or None),
        message_id=ident,
        direction="inbound",
        personal={"text": said},
    )
    return Parsed((posted,))
