"""Amazon Connect: a body of each documented kind."""

from __future__ import annotations

from typing import Any

from streams.demo.cast import AGENTS
from streams.demo.traffic.amazon_connect import Instance
from tests.conformance.vendors import NOW_MS, SECRET, WHO, Bodies, Body

CALL = Instance("source", SECRET).phase("CONNECTED_TO_AGENT", "c-1", WHO, NOW_MS, AGENTS[0])
SIGNS = "nothing"
WORDS = ("+12125550107", "zoe@example.com")

ARN = "arn:aws:connect:eu-west-3:111122223333:instance/77"
UNSET = "1970-01-01T00:00:00.001Z"
BEGAN, HEARD, QUEUED = "2026-09-21T14:10:00.250Z", "2026-09-21T14:10:01Z", "2026-09-21T14:10:30Z"
ANSWERED, ENDED, WRAPPED = (
    "2026-09-21T14:11:00.500Z", "2026-09-21T14:12:30Z", "2026-09-21T14:13:10Z"
)  # fmt: skip
QUEUE = {"queueArn": f"{ARN}/queue/q-1", "queueType": "STANDARD", "enqueueTimestamp": QUEUED}
AGENT = {"agentArn": f"{ARN}/agent/a-7", "connectedToAgentTimestamp": ANSWERED}
WORKED = {
    "afterContactWorkStartTimestamp": ENDED,
    "afterContactWorkEndTimestamp": WRAPPED,
    "afterContactWorkDuration": 40,
}


def sent(kind: str, detail: Body, source: str = "aws.connect") -> Body:
    return {
        "version": "0",
        "id": "e-1",
        "detail-type": kind,
        "source": source,
        "account": "111122223333",
        "time": "2026-09-21T14:13:20Z",
        "region": "eu-west-3",
        "resources": [ARN],
        "detail": detail,
    }


def contact(kind: str, **detail: Any) -> Body:
    return sent(
        "Amazon Connect Contact Event",
        {
            "eventType": kind,
            "contactId": "c-2",
            "channel": "VOICE",
            "instanceArn": ARN,
            "initiationMethod": "INBOUND",
            "initiationTimestamp": BEGAN,
            "connectedToSystemTimestamp": UNSET,
            **detail,
        },
    )


def rule(kind: str, **detail: Any) -> Body:
    return sent(kind, {"ruleName": "CANCELS", "actionName": "TELL",
                       "contactArn": f"{ARN}/contact/c-2", **detail})  # fmt: skip


def ended(reason: str = "", **detail: Any) -> Body:
    told = {"disconnectReason": reason} if reason else {}
    return contact("DISCONNECTED", disconnectTimestamp=ENDED, **told, **detail)


def record(**more: Any) -> Body:
    """A contact record: a call that was answered and is over."""
    return {
        "AWSAccountId": "111122223333",
        "ContactId": "c-2",
        "InitialContactId": None,
        "PreviousContactId": None,
        "NextContactId": None,
        "Channel": "VOICE",
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": "2026-09-21T14:10:00Z",
        "DisconnectTimestamp": ENDED,
        "DisconnectReason": "CUSTOMER_DISCONNECT",
        "CustomerEndpoint": {"Address": "+12125550107", "Type": "TELEPHONE_NUMBER"},
        "Queue": {"ARN": f"{ARN}/queue/q-1", "Name": "Parcels", "EnqueueTimestamp": QUEUED,
                  "DequeueTimestamp": "2026-09-21T14:11:00Z", "Duration": 30},
        "Agent": {"ARN": f"{ARN}/agent/a-7", "ConnectedToAgentTimestamp": "2026-09-21T14:11:00Z",
                  "CustomerHoldDuration": 12, "AfterContactWorkDuration": 40,
                  "AfterContactWorkStartTimestamp": ENDED,
                  "AfterContactWorkEndTimestamp": WRAPPED},
        **more,
    }  # fmt: skip


OPENED, STEPPED, LEFT = ("conversation.opened",), ("selfservice.stepped",), ("queue.left",)
OVER = ("contact.ended",)

BODIES: Bodies = {
    "record": (
        record(),
        ("conversation.opened", "queue.entered", "queue.left", "agent.connected",
         "agent.disconnected", "contact.ended", "wrapup.ended"),
    ),
    "record of a call that nobody answered": (
        record(Agent=None),
        ("conversation.opened", "queue.entered", "queue.left", "contact.ended"),
    ),
    "record of a call that was passed on": (
        record(NextContactId="c-3", DisconnectReason=None),
        ("conversation.opened", "queue.entered", "queue.left", "agent.connected",
         "agent.disconnected", "wrapup.ended"),
    ),
    "record of an open contact": (
        record(DisconnectTimestamp=None, DisconnectReason=None, Agent=None),
        ("conversation.opened", "queue.entered"),
    ),
    "call": (contact("INITIATED"), OPENED),
    "call of a known number": (
        contact("INITIATED", customerEndpoint={"type": "TELEPHONE_NUMBER", "address": "+12125550107"}),
        OPENED,
    ),
    "mail": (
        contact("INITIATED", channel="EMAIL",
                customerEndpoint={"type": "EMAIL_ADDRESS", "address": "zoe@example.com"}),
        OPENED,
    ),
    "chat": (contact("INITIATED", channel="CHAT", initiationMethod="API"), OPENED),
    "persistent chat": (
        contact("INITIATED", channel="CHAT", initiationMethod="API", relatedContactId="c-0"),
        ("conversation.opened", "conversation.linked"),
    ),
    "task": (contact("INITIATED", channel="TASK", initiationMethod="API"), OPENED),
    "call by an agent": (contact("INITIATED", initiationMethod="OUTBOUND", agentInfo=AGENT), OPENED),
    "call by a campaign": (
        contact("INITIATED", initiationMethod="API", campaign={"campaignId": "k-1"}), OPENED
    ),
    "call by a program": (contact("INITIATED", initiationMethod="API"), OPENED),
    "call in the browser": (contact("INITIATED", initiationMethod="WEBRTC_API"), OPENED),
    "call-back": (contact("INITIATED", initiationMethod="CALLBACK"), OPENED),
    "begun in a new way": (contact("INITIATED", initiationMethod="LEVITATION"), OPENED),
    "transfer": (
        contact("INITIATED", initiationMethod="TRANSFER", initialContactId="c-1",
                previousContactId="c-1", queueInfo=QUEUE),
        ("transfer.reported",),
    ),
    "transfer of nobody's": (
        contact("INITIATED", initiationMethod="QUEUE_TRANSFER", initialContactId="c-1"),
        ("transfer.reported",),
    ),
    "after the agent": (contact("INITIATED", initiationMethod="DISCONNECT"), STEPPED),
    "supervisor": (contact("INITIATED", initiationMethod="MONITOR"), "ignored"),
    "supervisor listens": (
        contact("CONNECTED_TO_AGENT", initiationMethod="MONITOR", agentInfo=AGENT),
        ("agent.connected",),
    ),
    "in the flow": (contact("CONNECTED_TO_SYSTEM", connectedToSystemTimestamp=HEARD), STEPPED),
    "an answering machine": (
        contact("CONNECTED_TO_SYSTEM", initiationMethod="API", connectedToSystemTimestamp=HEARD,
                answeringMachineDetectionStatus="VOICEMAIL_BEEP"),
        STEPPED,
    ),
    "queued": (contact("QUEUED", queueInfo=QUEUE), ("queue.entered",)),
    "task queued": (contact("QUEUED", channel="TASK", queueInfo=QUEUE), ("assignment.changed",)),
    "answered": (
        contact("CONNECTED_TO_AGENT", queueInfo=QUEUE, agentInfo=AGENT),
        ("queue.left", "agent.connected"),
    ),
    "answered, written otherwise": (
        contact("CONNECTED_TO_AGENT", AgentInfo={"AgentArn": "a", "connectedToAgentTimestamp": ANSWERED}),
        ("agent.connected",),
    ),
    "task taken": (
        contact("CONNECTED_TO_AGENT", channel="TASK", queueInfo=QUEUE, agentInfo=AGENT),
        ("assignment.changed",),
    ),
    "ended": (
        ended("CUSTOMER_DISCONNECT", queueInfo=QUEUE, agentInfo=AGENT),
        ("agent.disconnected", "contact.ended"),
    ),
    "ended in the queue": (
        ended("CUSTOMER_DISCONNECT", queueInfo=QUEUE,
              agentInfo={"agentArn": f"{ARN}/agent/a-7", "connectedToAgentTimestamp": UNSET}),
        LEFT + OVER,
    ),
    "ended by the flow": (ended("CONTACT_FLOW_DISCONNECT", queueInfo=QUEUE), LEFT + OVER),
    "ended in the menu": (ended("CUSTOMER_DISCONNECT"), OVER),
    "passed on": (
        ended("TRANSFERRED", channel="CHAT", queueInfo=QUEUE, agentInfo=AGENT),
        ("agent.disconnected",),
    ),
    "passed on from the queue": (ended("TRANSFERRED", queueInfo=QUEUE), LEFT),
    "completed": (
        contact("COMPLETED", disconnectTimestamp=ENDED, queueInfo=QUEUE, agentInfo=AGENT | WORKED),
        ("agent.disconnected", "contact.ended", "wrapup.ended"),
    ),
    "completed without work": (contact("COMPLETED", disconnectTimestamp=ENDED), OVER),
    "paused": (
        contact("PAUSED", channel="TASK", lastPausedTimestamp=HEARD), ("contact.held",)
    ),
    "resumed": (
        contact("RESUMED", channel="TASK", lastResumedTimestamp=QUEUED), ("contact.held",)
    ),
    "updated": (contact("CONTACT_DATA_UPDATED", updatedProperties=["ScheduledTimestamp"]), "ignored"),
    "customer known": (
        contact("CONTACT_DATA_UPDATED", updatedProperties=["CustomerId"], customerId="C-40"),
        ("identity.linked",),
    ),
    "call from the company's page": (
        contact("WEBRTC_API", initiationMethod="WEBRTC_API"), OPENED
    ),
    "connected, as told in 2021": (
        sent(
            "Amazon Connect Contact Event",
            {
                "EventType": "CONNECTED_TO_AGENT", "ContactId": "c-2", "Channel": "Voice",
                "InstanceARN": ARN, "InitiationMethod": "INBOUND",
                "QueueInfo": {"QueueARN": f"{ARN}/queue/q-1"},
                "AgentInfo": {"AgentARN": f"{ARN}/agent/a-7", "RoutingProfileArn": ""},
            },
        ),
        ("agent.connected",),
    ),
    "no answering machine": (contact("AMD_DISABLED"), "ignored"),
    "something new": (contact("LEVITATED"), "unknown_type"),
    "contact without an id": (contact("QUEUED", contactId=None), "malformed"),
    "detail alone": (contact("QUEUED", queueInfo=QUEUE)["detail"], ("queue.entered",)),
    "rule": (rule("Contact Lens Realtime Rules Matched"), ("conversation.updated",)),
    "rule on a chat": (rule("Contact Lens Post Chat Rules Matched"), ("conversation.updated",)),
    "rule on a mail": (rule("Contact Lens Email Rules Matched"), ("conversation.updated",)),
    "rule on nothing": (rule("Contact Lens Post Call Rules Matched", contactArn=""), "malformed"),
    "analysis": (sent("Contact Lens Analysis State Change", {"state": "COMPLETED"}), "ignored"),
    "evaluation": (sent("Contact Lens Evaluation Rules Matched", {}), "ignored"),
    "metrics": (sent("Metrics Rules Matched", {}), "ignored"),
    "an administrator's call": (sent("AWS API Call via CloudTrail", {}), "ignored"),
    "another service": (sent("Amazon Connect Cases Change", {}, "aws.cases"), "unknown_type"),
}  # fmt: skip
