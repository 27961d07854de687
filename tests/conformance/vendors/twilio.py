"""Twilio: a body of each documented kind."""

from __future__ import annotations

import json
from typing import Any

from streams.channels.twilio import signed_parameters
from streams.demo.traffic.twilio import Messages
from tests.conformance.vendors import NOW_MS, SECRET, URL, WHO, Bodies, Body, Form, Raw

CALL = Messages("source", SECRET, URL).sms(WHO, "x", "hello")
SIGNS = "body"
WORDS = ("Nadia", "+12125550105", "12125550105", "nadia@example.com", "98765")

AT, LATER = "2026-09-21T14:13:20.000Z", "2026-09-21T14:14:20.000Z"
SMS = {"MessageSid": "SM1", "From": "+12125550105", "To": "+15550100800", "Body": "Hi, Nadia here"}
WHATSAPP = {
    "MessageSid": "SM4",
    "From": "whatsapp:+12125550105",
    "To": "whatsapp:+15550100800",
    "ProfileName": "Nadia",
    "WaId": "12125550105",
    "SmsStatus": "received",
}
CALLING = {
    "CallSid": "CA1",
    "From": "+12125550105",
    "To": "+15550100800",
    "Direction": "inbound",
    "Timestamp": "Mon, 21 Sep 2026 14:13:20 +0000",
    "SequenceNumber": "0",
}
TASK = {
    "Sid": "EV1",
    "WorkspaceSid": "WS1",
    "TaskSid": "WT1",
    "TaskAttributes": json.dumps({"call_sid": "CA1", "from": "+12125550105", "name": "Nadia"}),
    "TaskChannelUniqueName": "voice",
    "TaskQueueName": "Support",
    "TaskQueueSid": "WQ1",
    "Timestamp": str(NOW_MS // 1_000),
    "TimestampMs": str(NOW_MS),
}


def message(**fields: str) -> Form:
    return Form({**SMS, "SmsStatus": "received", **fields})


def receipt(status: str, **fields: str) -> Form:
    return Form({"MessageSid": "SM2", "MessageStatus": status, "To": "+12125550105", **fields})


def call(status: str, **fields: str) -> Form:
    return Form({**CALLING, "CallStatus": status, **fields})


def leg(status: str) -> Form:
    """What `<Dial>` opened towards an agent."""
    return call(status, CallSid="CA2", ParentCallSid="CA1", Direction="outbound-dial",
                To="client:ada")  # fmt: skip


def thread(kind: str, **fields: str) -> Form:
    return Form(
        {
            "EventType": kind,
            "ConversationSid": "CH1",
            "DateCreated": AT,
            "Source": "SMS",
            "RetryCount": "0",
            **fields,
        }
    )


def line(**fields: str) -> Form:
    return thread("onMessageAdded", **{"MessageSid": "IM1", "Author": "+12125550105",
                                       "Body": "Nadia here", "Index": "4", **fields})  # fmt: skip


def task(kind: str, **fields: str) -> Form:
    return Form({**TASK, "EventType": kind, **fields})


def transfer(what: str, **fields: str) -> Form:
    told = {"TransferMode": "COLD", "TransferTo": "WK2", "TransferType": "WORKER",
            "TransferInitiatingWorkerSid": "WK1"}  # fmt: skip
    return task(f"task.transfer-{what}", **{**told, **fields})


def streamed(kind: str, data: Body, ident: str = "NO1") -> Body:
    return {
        "specversion": "1.0",
        "type": f"com.twilio.{kind}",
        "source": "AB1",
        "id": ident,
        "datacontenttype": "2026-09-21T14:13:20.363Z",
        "data": data,
    }


def snake(form: dict[str, str]) -> Body:
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_"): value
        for name, value in form.items()
    }


def called(kind: str, **parameters: Any) -> Body:
    data = {"sid": "CA1", "timestamp": AT, "eventSid": "VW1",
            "request": {"method": "POST", "parameters": parameters}}  # fmt: skip
    return streamed(f"voice.status-callback.{kind}", data)


CHAT = {"ConversationSid": "CH1", "DateCreated": AT, "AccountSid": "AC1"}
POSTED, STATUS, OPENED = ("message.posted",), ("message.status_changed",), ("conversation.opened",)
ENDED, OFFERED, STEPPED = ("contact.ended",), ("agent.offered",), ("selfservice.stepped",)
UPDATED, CONNECTED, GONE = ("conversation.updated",), ("agent.connected",), ("agent.disconnected",)
LEFT, CONSENT, MOVED = ("queue.left",), ("consent.changed",), ("transfer.reported",)
FORM = {"content-type": "application/x-www-form-urlencoded"}

BODIES: Bodies = {
    "sms": (message(), POSTED),
    "sms with a key alone": (
        Raw(b"MediaUrl0&MessageSid=SM1&From=%2B12125550105&To=%2B15550100800&Body=Hi&"
            b"SmsStatus=received", FORM),
        POSTED,
    ),
    "picture": (message(Body="", NumMedia="1", MediaContentType0="image/jpeg"), POSTED),
    "stop": (message(Body=" stop "), POSTED + CONSENT),
    "start again": (message(Body="START", OptOutType="START"), POSTED + CONSENT),
    "whatsapp": (Form({**WHATSAPP, "Body": "Nadia here"}), POSTED),
    "whatsapp, stop is a word": (Form({**WHATSAPP, "Body": "stop"}), POSTED),
    "whatsapp place": (
        Form({**WHATSAPP, "Body": "", "Latitude": "1", "Longitude": "2", "Label": "Nadia's"}), POSTED
    ),
    "whatsapp button": (Form({**WHATSAPP, "Body": "", "ButtonText": "Yes, Nadia"}), POSTED),
    "whatsapp by an advertisement": (
        Form({**WHATSAPP, "Body": "Hi", "ReferralSourceId": "ad1"}), POSTED
    ),
    "whatsapp without a number": (
        Form({**WHATSAPP, "From": "whatsapp:FR.4711", "WaId": "", "Body": "Hi"}), POSTED
    ),
    "messenger": (
        Form({**SMS, "From": "messenger:77", "To": "messenger:88", "SmsStatus": "received"}), POSTED
    ),
    "receipt": (receipt("delivered"), STATUS),
    "whatsapp receipt": (receipt("read", EventType="READ", To="whatsapp:+12125550105"), STATUS),
    "not delivered": (receipt("undelivered", ErrorCode="30003"), STATUS),
    "to somebody who said stop": (receipt("failed", ErrorCode="21610"), STATUS + CONSENT),
    "receipt of a new kind": (receipt("levitated"), "unknown_type"),
    "call": (call("ringing", CallerName="Nadia"), OPENED),
    "call in the program": (call("in-progress"), STEPPED),
    "call ended": (call("completed", CallDuration="61"), ENDED),
    "call in vain": (call("no-answer", Direction="outbound-api"), ENDED),
    "call of ours": (
        call("initiated", Direction="outbound-api", From="+15550100800", To="+12125550105"), OPENED
    ),
    "call of ours answered": (
        call("in-progress", Direction="outbound-api", From="+15550100800", To="+12125550105"),
        CONNECTED,
    ),
    "agent rings": (leg("ringing"), OFFERED),
    "agent answers": (leg("in-progress"), CONNECTED),
    "agent gone": (leg("completed"), GONE),
    "agent does not answer": (leg("no-answer"), OFFERED),
    "dial over": (call("in-progress", DialCallStatus="completed", DialCallSid="CA2"), CONNECTED),
    "dial in vain": (call("in-progress", DialCallStatus="no-answer", DialCallSid="CA2"), OFFERED),
    "a key": (call("in-progress", Digits="2"), STEPPED),
    "many keys": (call("in-progress", Digits="98765"), STEPPED),
    "speech": (call("in-progress", SpeechResult="Nadia", Confidence="0.9"), STEPPED),
    "in a queue": (call("in-progress", QueueSid="QU1", QueueTime="4"), ("queue.entered",)),
    "out of the queue": (call("in-progress", QueueSid="QU1", QueueResult="bridged",
                              QueueTime="31"), LEFT),
    "hung up in the queue": (call("completed", QueueSid="QU1", QueueResult="hangup"), LEFT),
    "taken from the queue": (call("in-progress", QueueSid="QU1", DequeingCallSid="CA3"), LEFT),
    "voicemail": (
        call("completed", RecordingUrl="https://x/RE1", RecordingSid="RE1", Digits="hangup"), POSTED
    ),
    "recording": (
        Form({"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed",
              "RecordingUrl": "https://x/RE1"}),
        "ignored",
    ),
    "call of a new status": (call("levitating"), "unknown_type"),
    "on hold": (
        Form({"ConferenceSid": "CF1", "CallSid": "CA1", "StatusCallbackEvent": "participant-hold",
              "SequenceNumber": "4", "Timestamp": CALLING["Timestamp"]}),
        ("contact.held",),
    ),
    "conference ended": (
        Form({"ConferenceSid": "CF1", "StatusCallbackEvent": "conference-end"}), "ignored"
    ),
    "line": (line(), POSTED),
    "line by whatsapp": (line(Author="whatsapp:+12125550105", Source="WHATSAPP"), POSTED),
    "line in a widget": (line(Author="nadia", ClientIdentity="nadia", Source="SDK"), POSTED),
    "line by staff": (line(Author="ada_40acme_2Ecom", Source="SDK"), POSTED),
    "line by a program": (line(Author="system", Source="API"), POSTED),
    "line with a picture": (line(Body="", Media='[{"ContentType":"image/png"}]'), POSTED),
    "line without an id": (line(MessageSid=""), "malformed"),
    "line, asked before": (thread("onMessageAdd", Body="Nadia here"), "ignored"),
    "line of the old chat": (
        Form({"EventType": "onMessageSent", "ChannelSid": "CH2", "MessageSid": "IM9",
              "From": "nadia", "Body": "Nadia here", "DateCreated": AT}),
        POSTED,
    ),
    "line edited": (
        thread("onMessageUpdated", MessageSid="IM1", DateUpdated=LATER, Body="Nadia!"), STATUS
    ),
    "line removed": (thread("onMessageRemoved", MessageSid="IM1", DateRemoved=LATER), STATUS),
    "line delivered": (
        thread("onDeliveryUpdated", MessageSid="IM1", ParticipantSid="MB1", Status="delivered",
               DateUpdated=LATER, ChannelMessageSid="SM8", ErrorCode="0"),
        STATUS,
    ),
    "line levitated": (
        thread("onDeliveryUpdated", MessageSid="IM1", Status="levitated"), "unknown_type"
    ),
    "thread": (
        thread("onConversationAdded", State="active",
               **{"MessagingBinding.Address": "+12125550105"}),
        OPENED,
    ),
    "thread by a program": (thread("onConversationAdded", Source="API"), OPENED),
    "thread closed": (
        thread("onConversationStateUpdated", StateFrom="active", StateTo="closed",
               StateUpdated=LATER, Reason="TIMER"),
        UPDATED,
    ),
    "thread renamed": (
        thread("onConversationUpdated", FriendlyName="Nadia", State="active", DateUpdated=LATER),
        "ignored",
    ),
    "thread removed": (thread("onConversationRemoved", DateRemoved=LATER), UPDATED),
    "agent joins": (
        thread("onParticipantAdded", ParticipantSid="MB2", Identity="ada", Source="API"),
        ("assignment.changed",),
    ),
    "customer joins": (
        thread("onParticipantAdded", ParticipantSid="MB1",
               **{"MessagingBinding.Address": "+12125550105"}),
        "ignored",
    ),
    "agent leaves": (
        thread("onParticipantRemoved", ParticipantSid="MB2", Identity="ada", DateRemoved=LATER), GONE
    ),
    "customer leaves": (thread("onParticipantRemoved", ParticipantSid="MB1"), "ignored"),
    "read up to": (
        thread("onParticipantUpdated", ParticipantSid="MB2", LastReadMessageIndex="4"), "ignored"
    ),
    "user": (Form({"EventType": "onUserUpdated", "Identity": "nadia"}), "ignored"),
    "thread of a new kind": (thread("onLevitation"), "unknown_type"),
    "no thread": (Form({"EventType": "onConversationAdded", "Source": "API"}), "malformed"),
    "task": (task("task.created"), OPENED),
    "task queued": (task("task-queue.entered"), ("queue.entered",)),
    "task moved": (task("task-queue.moved", PreviousTaskQueueName="Sales"), LEFT),
    "task waited too long": (task("task-queue.timeout"), LEFT),
    "task given up": (task("task.canceled", TaskCanceledReason="hangup"), LEFT),
    "task wrapping": (task("task.wrapup"), ENDED),
    "task completed": (task("task.completed", TaskCompletedReason="done"), ENDED),
    "task deleted": (task("task.system-deleted"), "ignored"),
    "task updated": (task("task.updated"), "ignored"),
    "task of a new kind": (task("task.levitated"), "unknown_type"),
    "offered": (task("reservation.created", WorkerSid="WK1", ReservationSid="WR1"), OFFERED),
    "accepted": (task("reservation.accepted", WorkerSid="WK1", ReservationSid="WR1"), CONNECTED),
    "rejected": (task("reservation.rejected", WorkerSid="WK1"), OFFERED),
    "timed out": (task("reservation.timeout", WorkerSid="WK1"), OFFERED),
    "rescinded": (task("reservation.rescinded", WorkerSid="WK1"), "ignored"),
    "wrapping up": (task("reservation.wrapup", WorkerSid="WK1"), GONE),
    "wrapped up": (task("reservation.completed", WorkerSid="WK1"), ("wrapup.ended",)),
    "reservation of a new kind": (task("reservation.levitated"), "unknown_type"),
    "transfer": (transfer("initiated"), MOVED),
    "transfer to a queue": (transfer("initiated", TransferTo="WQ2", TransferType="QUEUE"), MOVED),
    "warm transfer done": (transfer("completed", TransferMode="WARM"), MOVED),
    "transfer failed": (transfer("failed", TransferFailedReason="timeout"), MOVED),
    "transfer refused": (transfer("attempt-failed"), OFFERED),
    "transfer of a new kind": (transfer("levitated"), "unknown_type"),
    "worker": (task("worker.activity.update", WorkerSid="WK1"), "ignored"),
    "queue made": (task("task-queue.created"), "ignored"),
    "room of a new kind": (task("levitation.created"), "unknown_type"),
    "chat task": (
        task("task.created", TaskChannelUniqueName="chat", TaskAttributes=json.dumps({
            "conversationSid": "CH1", "channelType": "web", "customerAddress": "nadia",
            "customers": {"external_id": "C-40"}})),
        OPENED,
    ),
    "mail task": (
        task("task.created", TaskChannelUniqueName="default", TaskAttributes=json.dumps(
            {"from": "nadia@example.com", "channelType": "email"})),
        OPENED,
    ),
    "assignment": (
        Form({"TaskSid": "WT1", "ReservationSid": "WR1", "WorkerSid": "WK1", "WorkspaceSid": "WS1"}),
        "ignored",
    ),
    "stream of tasks": (
        [streamed("taskrouter.task.created", {"payload": snake(TASK)}),
         streamed("taskrouter.reservation.accepted",
                  {"payload": {**snake(TASK), "worker_sid": "WK1"}}, "NO2")],
        OPENED + CONNECTED,
    ),
    "stream, abridged": (
        streamed("taskrouter.reservation.accepted",
                 {"sid": "EV9", "name": "x", "timestamp": AT, "group": "reservation"}),
        CONNECTED,
    ),
    "stream of a message": (
        [streamed("messaging.inbound-message.received",
                  {"messageSid": "SM1", "timestamp": AT, "from": "+12125550105",
                   "to": "+15550100800", "body": "Hi, Nadia here", "numMedia": 0})],
        POSTED,
    ),
    "stream of a receipt": (
        streamed("messaging.message.delivered",
                 {"messageSid": "SM2", "timestamp": AT, "from": "+15550100800",
                  "to": "+12125550105", "messageStatus": "QUEUED"}),
        STATUS,
    ),
    "stream of a click": (
        streamed("engagement.link-clicked", {"message_sid": "SM2", "click_time": AT,
                                             "to": "+12125550105"}),
        STATUS,
    ),
    "stream of a line": (
        streamed("conversations.message.added",
                 {**CHAT, "MessageSid": "IM1", "Author": "+12125550105", "Index": 4,
                  "MessageBody": "Nadia here", "Media": []}),
        POSTED,
    ),
    "filled in on whatsapp": (
        Form({**WHATSAPP, "Body": "", "FlowData": json.dumps({"order": "98765"})}),
        (*POSTED, "task.progressed"),
    ),
    "sent on to another line": (
        call("in-progress", ReferTransferTarget="sip:night@example.com"), ("transfer.reported",)
    ),
    "is on another line": (call("in-progress", ReferCallStatus="completed"), ("transfer.reported",)),
    "written down": (Form({"CallSid": "CA1", "TranscriptionEvent": "transcription-content"}),
                     "ignored"),
    "message as the API shows it": (
        {"sid": "SM7", "direction": "inbound", "status": "received", "from": "+12125550105",
         "to": "+15550100800", "body": "Hi, Nadia here", "num_media": "0",
         "date_created": "Mon, 21 Sep 2026 14:13:20 +0000"},
        POSTED,
    ),
    "answer as the API shows it": (
        {"sid": "SM8", "direction": "outbound-api", "status": "delivered", "to": "+12125550105",
         "from": "+15550100800", "body": "Hello", "date_sent": "Mon, 21 Sep 2026 14:13:22 +0000",
         "date_created": "Mon, 21 Sep 2026 14:13:20 +0000", "error_code": None},
        (*POSTED, "message.status_changed"),
    ),
    "call as the API shows it": (
        {"sid": "CA7", "direction": "inbound", "status": "completed", "from": "+12125550105",
         "to": "+15550100800", "duration": "61", "end_time": "Mon, 21 Sep 2026 14:13:20 +0000"},
        ENDED,
    ),
    "stream of a thread": (
        streamed("conversations.conversation.added",
                 {**CHAT, "State": "active", "FriendlyName": "whatsapp:+12125550105",
                  "MessagingBinding": {"Address": "whatsapp:+12125550105"}}),
        OPENED,
    ),
    "stream of a state": (
        streamed("conversations.conversation.state-updated",
                 {**CHAT, "StateFrom": "active", "StateTo": "closed", "StateUpdated": LATER}),
        UPDATED,
    ),
    "stream of a participant": (
        streamed("conversations.participant.added",
                 {**CHAT, "ParticipantSid": "MB2", "Identity": "ada"}),
        ("assignment.changed",),
    ),
    "stream of a call": (called("call.ringing", From="+12125550105", Direction="inbound"), OPENED),
    "stream of a call's end": (
        called("call.completed", From="+12125550105", Direction="inbound", CallDuration="61",
               CallSid="CA1", CallStatus="completed"),
        ENDED,
    ),
    "stream of a recording": (called("recording.completed"), "ignored"),
    "stream of figures": (
        streamed("voice.insights.call-summary.complete", {"call_sid": "CA1"}), "ignored"
    ),
    "test of a stream": (streamed("eventstreams.test-event", {"foo": "bar"}), "ignored"),
    "stream of a new kind": (streamed("levitation.begun", {"a": 1}), "unknown_type"),
    "stream of nothing": (streamed("taskrouter.task.created", {}), "malformed"),
    "another's stream": ([{"type": "org.acme.x", "data": {"a": 1}}], "unknown_type"),
    "empty stream": ([], "ignored"),
    "nothing of ours": (Form({"AccountSid": "AC1"}), "unknown_type"),
}  # fmt: skip


def same(one: bytes, other: bytes) -> bool:
    """Another spelling of the same parameters (%2B and %2b) has the same signature."""
    return signed_parameters(one) == signed_parameters(other)
