"""Genesys Cloud: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.traffic.genesys import Organisation
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body

CALL = Organisation("source", SECRET).message("c-1", "m-1", WHO, "hello", NOW_MS)
SIGNS = "body"
WORDS = ("+12125550109", "12125550109", "Nadia", "nadia@example.com", "Refund, please")

AT = "2026-09-21T14:13:20.000Z"
LATER = "2026-09-21T14:13:50.000Z"


def note(topic: str, body: Body) -> Body:
    """As a notification channel tells it."""
    return {
        "topicName": topic,
        "version": "2",
        "eventBody": body,
        "metadata": {"CorrelationId": "k-1"},
        "timestamp": AT,
    }


def event(topic: str, **body: Any) -> Body:
    base = {
        "eventTime": NOW_MS,
        "conversationId": "c-2",
        "participantId": "p-1",
        "sessionId": "s-1",
        "mediaType": "VOICE",
        "provider": "Edge",
        "direction": "INBOUND",
        "ani": "tel:+12125550109",
        "dnis": "tel:+15550100800",
    }
    return note(f"v2.detail.events.conversation.c-2.{topic}", {**base, **body})


def bridged(inner: Body) -> Body:
    """As EventBridge puts it into its envelope."""
    return {
        "version": "0",
        "id": "e-1",
        "detail-type": "v2.detail.events.conversation.{id}.acd.start",
        "source": "aws.partner/genesys.com/cloud/00000000/acme",
        "account": "111122223333",
        "time": AT,
        "region": "eu-west-3",
        "resources": [],
        "detail": inner,
    }


def agent(topic: str, **body: Any) -> Body:
    return event(topic, **{"userId": "u-1", "queueId": "q-1", **body})


def left_by(reason: str, **body: Any) -> Body:
    """An agent who had the conversation for 50 s goes."""
    spent = {"interactingDurationMs": 40_000, "heldDurationMs": 10_000, "alertingDurationMs": 3_000}
    return agent("user.end", disconnectType=reason, **{**spent, **body})


def flow(topic: str, **body: Any) -> Body:
    return event(topic, flowId="f-1", **{"flowType": "INBOUNDCALL", **body})


def message(**body: Any) -> Body:
    """Open messaging, from the customer."""
    return {
        "id": "m-1",
        "channel": {
            "id": "i-1", "platform": "Open", "type": "Private", "messageId": "m-1",
            "from": {"id": "guest-1", "idType": "Opaque", "firstName": "Nadia"},
            "to": {"id": "i-1"}, "time": AT,
        },
        "type": "Text", "text": "It's Nadia", "direction": "Inbound",
        **body,
    }  # fmt: skip


def answer(**body: Any) -> Body:
    """Open messaging, to the customer."""
    return {
        "id": "m-2",
        "channel": {
            "id": "i-1", "platform": "Open", "type": "Private", "messageId": "m-2",
            "from": {"id": "i-1", "nickName": "Desk"}, "to": {"id": "guest-1", "idType": "Opaque"},
            "time": AT,
        },
        "conversationId": "c-7", "type": "Text", "text": "Hello", "direction": "Outbound",
        "originatingEntity": "Human", **body,
    }  # fmt: skip


def session(ident: str, start: str, end: str = "", **told: Any) -> Body:
    over = {"disconnectedTime": end, "state": "terminated"} if end else {"state": "connected"}
    return {"id": ident, "direction": "inbound", "connectedTime": start, **over, **told}


def participant(ident: str, purpose: str, call: Body, **told: Any) -> Body:
    return {
        "id": ident,
        "purpose": purpose,
        "startTime": call["connectedTime"],
        "calls": [call],
        **told,
    }


T0, T1, T2, T3, T4 = (f"2026-09-21T14:13:{second}.000Z" for second in (10, 15, 20, 30, 50))
CUSTOMER = participant("p-1", "customer", session("k-1", T0, T4, disconnectType="peer"),
                       ani="tel:+12125550109", name="Nadia", externalContactId="x-1")  # fmt: skip
IVR = participant("p-2", "ivr", session("k-2", T0, T1, disconnectType="transfer"))
QUEUE = participant("p-3", "acd", session("k-3", T1, T2, disconnectType="transfer"), queueId="q-1")
FIRST = participant(
    "p-4", "agent",
    session("k-4", T2, T3, startAlertingTime=T1, disconnectType="transfer.consult",
            wrapup={"code": "w-1", "durationSeconds": 12, "endTime": T4, "notes": "Nadia called"}),
    userId="u-1", queueId="q-1",
)  # fmt: skip
SECOND = participant("p-5", "agent", session("k-5", "2026-09-21T14:13:25.000Z", T4, held=True,
                     startHoldTime=T3, disconnectType="client"), userId="u-2")  # fmt: skip
MISSED = participant("p-6", "agent", session("k-6", T1, T2, disconnectType="transfer.noanswer"),
                     userId="u-3")  # fmt: skip
del MISSED["calls"][0]["connectedTime"]


def conversation(*participants: Body) -> Body:
    return {"id": "c-9", "participants": list(participants)}


OPENED, ENDED, LINKED = ("conversation.opened",), ("contact.ended",), ("identity.linked",)
STEPPED, POSTED, STATUS = ("selfservice.stepped",), ("message.posted",), ("message.status_changed",)
GONE = ("agent.disconnected",)
PASSED_ON = ("transfer.reported", "agent.disconnected")

BODIES: Bodies = {
    "call": (event("customer.start"), OPENED),
    "call to a customer": (event("customer.start", direction="OUTBOUND"), OPENED),
    "call-back": (
        event("customer.start", mediaType="CALLBACK", callbackNumbers=["+12125550109"],
              callbackUserName="Nadia"),
        OPENED,
    ),
    "mail": (
        event("customer.start", mediaType="EMAIL", addressFrom="nadia@example.com",
              subject="Refund, please"),
        OPENED,
    ),
    "web chat": (
        event("customer.start", mediaType="MESSAGE", messageType="WEBMESSAGING", addressFrom="g-1"),
        OPENED,
    ),
    "sms": (
        event("customer.start", mediaType="MESSAGE", messageType="SMS", addressFrom="+12125550109"),
        OPENED,
    ),
    "whatsapp": (
        event("customer.start", mediaType="MESSAGE", messageType="WHATSAPP",
              addressFrom="12125550109"),
        OPENED,
    ),
    "by a campaign": (event("outbound", outboundCampaignId="k-1", direction="OUTBOUND"), OPENED),
    "ended": (event("customer.end", disconnectType="ENDPOINT", interactingDurationMs=61_000), ENDED),
    "queued": (event("acd.start", queueId="q-1"), ("queue.entered",)),
    "queued, by EventBridge": (bridged(event("acd.start", queueId="q-1")), ("queue.entered",)),
    "queued, without a topic": (event("acd.start", queueId="q-1")["eventBody"], ("queue.entered",)),
    "answered": (
        event("acd.end", queueId="q-1", acdOutcome="ANSWERED", answeredUserId="u-1",
              disconnectType="TRANSFER", connectedDurationMs=30_000),
        ("queue.left", "agent.connected"),
    ),
    "answered by nobody named": (
        event("acd.end", queueId="q-1", acdOutcome="ANSWERED"), ("queue.left",)
    ),
    "abandoned": (event("acd.end", queueId="q-1", acdOutcome="ABANDON"), ("queue.left",)),
    "flowed out": (
        event("acd.end", queueId="q-1", acdOutcome="FLOW_OUT", disconnectType="TRANSFER"),
        ("queue.left",),
    ),
    "out of the queue": (
        event("acd.end", queueId="q-1", disconnectType="TRANSFER"), ("queue.left",)
    ),
    "out of time": (event("acd.end", queueId="q-1", disconnectType="TIMEOUT"), ("queue.left",)),
    "rings": (agent("user.start"), ("agent.offered",)),
    "agent dials": (agent("user.start", direction="OUTBOUND"), ("assignment.changed",)),
    "agent of no name": (event("user.start", userId=""), "ignored"),
    "agent gone": (left_by("CLIENT"), GONE),
    "blind transfer": (left_by("TRANSFER"), PASSED_ON),
    "consult transfer": (left_by("CONSULT_TRANSFER"), PASSED_ON),
    "conference transfer": (left_by("CONFERENCE_TRANSFER"), PASSED_ON),
    "consulted": (left_by("PEER", queueId=None), ("agent.connected", *GONE)),
    "agent's own call ended": (left_by("PEER", direction="OUTBOUND"), ("agent.connected", *GONE)),
    "agent's own call in vain": (
        left_by("ENDPOINT", direction="OUTBOUND", interactingDurationMs=0, heldDurationMs=0),
        "ignored",
    ),
    "did not take it": (
        left_by("NO_ANSWER_TRANSFER", interactingDurationMs=0, heldDurationMs=0),
        ("agent.offered",),
    ),
    "declined": (
        left_by("CLIENT", interactingDurationMs=0, heldDurationMs=0), ("agent.offered",)
    ),
    "work after": (
        agent("acw", wrapupCode="w-1", wrapupNotes="Nadia called", wrapupDurationMs=9_000),
        ("wrapup.ended",),
    ),
    "code": (event("wrapup", queueId="q-1", wrapupCode="w-1"), ("conversation.updated",)),
    "no code": (event("wrapup", queueId="q-1"), "ignored"),
    "flow": (flow("flow.start"), STEPPED),
    "flow to the queue": (flow("flow.end", exitReason="TRANSFER", transferType="ACD"), STEPPED),
    "flow to a flow": (flow("flow.end", exitReason="TRANSFER", transferType="FLOW"), STEPPED),
    "flow hung up on": (flow("flow.end", disconnectType="ENDPOINT"), STEPPED),
    "flow at its end": (flow("flow.end", exitReason="FLOW_DISCONNECT"), STEPPED),
    "outcome": (
        flow("flow.outcome", flowOutcomeId="o-1", flowOutcomeValue="SUCCESS",
             flowOutcomeEndTime=NOW_MS - 500,
             flowMilestones=[{"milestoneId": "x", "milestoneTime": NOW_MS - 900}]),
        STEPPED * 2,
    ),
    "outcome missed": (
        flow("flow.outcome", flowOutcomeId="o-1", flowOutcomeValue="FAILURE"), STEPPED
    ),
    "waiting music": (flow("flow.start", flowType="INQUEUECALL"), "ignored"),
    "workflow": (flow("flow.start", flowType="WORKFLOW"), "ignored"),
    "contact known": (event("contact", externalContactId="x-1"), LINKED),
    "contact taken away": (event("contact"), "ignored"),
    "attributes": (event("attributes", attributes={"crm": "C-40"}), "ignored"),
    "voicemail begins": (agent("voicemail.start"), "ignored"),
    "voicemail": (agent("voicemail.end", voicemailDurationMs=9_000), POSTED),
    "empty voicemail": (agent("voicemail.end", voicemailDurationMs=0), "ignored"),
    "colleagues": (event("user.start", userId="u-1", mediaType="INTERNALMESSAGE"), "ignored"),
    "no conversation": (event("acd.start", conversationId=None), "malformed"),
    "detail of a new kind": (event("levitation.start"), "unknown_type"),
    "open message": (message(), POSTED),
    "open message, button": (
        message(type="Structured", text=None, content=[
            {"contentType": "ButtonResponse",
             "buttonResponse": {"type": "Button", "text": "Refund, please", "payload": "r"}}]),
        POSTED,
    ),
    "open message, picture": (
        message(text="", content=[{"contentType": "Attachment",
                                   "attachment": {"mediaType": "Image", "url": "https://x"}}]),
        POSTED,
    ),
    "open message, by phone": (
        message(channel={**message()["channel"], "platform": "SMS",
                         "from": {"id": "+12125550109", "idType": "Phone"}}),
        POSTED,
    ),
    "open message, by mail": (
        message(channel={**message()["channel"],
                         "from": {"id": "nadia@example.com", "idType": "Email"}}),
        POSTED,
    ),
    "open answer": (answer(), POSTED),
    "open answer, carousel": (
        answer(type="Structured", text=None, originatingEntity="Bot", content=[
            {"contentType": "Carousel", "carousel": {"cards": [{"title": "One"}, {"title": "Two"}]}}
        ]),
        POSTED,
    ),
    "open receipt": (answer(type="Receipt", status="Delivered", text=None), STATUS),
    "open failure": (
        answer(type="Receipt", status="Failed", text=None,
               reasons=[{"code": "MessageNotAllowed", "message": "Not now."}]),
        STATUS,
    ),
    "open receipt, new": (answer(type="Receipt", status="Levitated"), "unknown_type"),
    "open reaction": (
        message(type="Structured", text=None, content=[
            {"contentType": "Reactions", "reactions": [{"reactionType": "Like"}]}]),
        STATUS,
    ),
    "open typing": (
        message(type="Event", text=None,
                events=[{"eventType": "Typing", "typing": {"type": "On"}}]),
        "ignored",
    ),
    "open message of nobody": (message(channel={"platform": "Open"}), "malformed"),
    "open message of a new type": (message(type="Levitation"), "unknown_type"),
    "whole conversation": (
        conversation(CUSTOMER, IVR, QUEUE, FIRST, SECOND),
        ("conversation.opened", "selfservice.stepped", "selfservice.stepped", "queue.entered",
         "agent.offered", "queue.left", "agent.connected", "agent.offered", "agent.connected",
         "transfer.reported", "agent.disconnected", "contact.held", "contact.ended",
         "wrapup.ended", "agent.disconnected"),
    ),
    "whole conversation, abandoned": (
        note("v2.users.u-3.conversations", conversation(
            participant("p-1", "customer", session("k-1", T1)),
            participant("p-3", "acd", session("k-3", T1, T2, disconnectType="client")), MISSED)),
        ("conversation.opened", "queue.entered", "agent.offered", "queue.left", "agent.offered"),
    ),
    "conversation of one medium": (
        note("v2.users.u-3.conversations.calls", {"id": "c-9", "participants": [
            {"id": "p-1", "purpose": "customer", "direction": "inbound", "state": "connected",
             "connectedTime": T1, "address": "+12125550109"}]}),
        OPENED,
    ),
    "conversation of nobody": (conversation(), "malformed"),
    "conversation without times": (
        conversation({"id": "p-1", "purpose": "customer", "chats": [{"id": "k"}]}), "ignored"
    ),
    "button": (
        message(id="m-3", type=None, text=None,
                buttonResponse={"type": "Button", "text": "Refund, please", "payload": "x"}),
        POSTED,
    ),
    "asked of your bot": (
        {"botId": "b-1", "botSessionId": "s-1", "messageId": "m-4",
         "inputMessage": {"type": "Text", "text": "Nadia here"}, "genesysConversationId": "c-7"},
        POSTED,
    ),
    "asked of your bot, nowhere": (
        {"botId": "b-1", "messageId": "m-4", "inputMessage": {"text": "Hello"}}, "malformed"
    ),
    "line of a chat": (
        note("v2.conversations.chats.c-9.messages",
             {"id": "l-1", "conversation": {"id": "c-9"}, "sender": {"id": "p-1"},
              "body": "Nadia here", "bodyType": "standard", "timestamp": AT}),
        POSTED,
    ),
    "notice in a chat": (
        note("v2.conversations.chats.c-9.messages",
             {"id": "l-2", "conversation": {"id": "c-9"}, "bodyType": "member-join"}),
        "ignored",
    ),
    "words of a call": (note("v2.conversations.c-9.transcription", {"transcripts": []}), "ignored"),
    "heartbeat": (note("channel.metadata", {"message": "WebSocket Heartbeat"}), "ignored"),
    "presence": (note("v2.users.u-1.presence", {"presenceDefinition": {}}), "ignored"),
    "another topic": (note("v2.levitation.1", {"a": 1}), "unknown_type"),
    "nothing": ({}, "unknown_type"),
}  # fmt: skip
