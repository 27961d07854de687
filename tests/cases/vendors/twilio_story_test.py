"""Twilio Flex: the call's own status, the task in its queue, the workers' reservations; a transfer is
told by the task and by the reservation of whoever takes it. Status call-backs have whole seconds.
"""

from __future__ import annotations

import itertools
from email.utils import formatdate
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, Life, becomes
from tests.conformance.vendors import Form

ADA, OURS = "+12125550107", "+15550100700"
ZOE, YAN = "WK31", "WK32"
NAMES: dict[str, Any] = {
    "agents": {ZOE: "zoe", YAN: "yan"},
    "places": {"WQ2": "returns", "Returns": "returns", "Everyone": "service"},
}
CALL = {"call_sid": "CA77", "from": ADA, "direction": "inbound", "called": OURS, "name": ADA}
CHAT = {"conversationSid": "CH77", "customerAddress": ADA, "channelType": "sms", "from": ADA}
_numbers = itertools.count(1)


def call(status: str, number: int) -> Hook:
    return lambda at_ms: Form({
        "CallSid": "CA77", "CallStatus": status, "From": ADA, "To": OURS, "Direction": "inbound",
        "Timestamp": formatdate(at_ms // 1_000), "SequenceNumber": str(number),
        "CallbackSource": "call-progress-events",
    })  # fmt: skip


def task(kind: str, worker: str = "", queue: str = "Everyone", about: Any = CALL,
         **more: str) -> Hook:  # fmt: skip
    sid = f"EV{next(_numbers):04}"

    def hook(at_ms: int) -> Form:
        fields = {
            "Sid": sid, "EventType": kind, "TimestampMs": str(at_ms), "Timestamp": str(at_ms // 1_000),
            "AccountSid": "AC1", "WorkspaceSid": "WS1", "TaskSid": "WT77", "TaskAge": "5",
            "TaskAttributes": orjson.dumps(about).decode(), "TaskPriority": "0",
            "TaskChannelUniqueName": "voice" if about is CALL else "chat",
            "TaskQueueName": queue, "TaskQueueSid": "WQ2" if queue == "Returns" else "WQ1",
            "WorkflowName": "Assign to Anyone", **more,
        }  # fmt: skip
        if worker:
            fields |= {
                "WorkerSid": worker,
                "WorkerName": f"agent-{worker}",
                "ReservationSid": f"WR{worker}",
            }
        return Form(fields)

    return hook


def passed(kind: str, mode: str, to: str, **more: str) -> Hook:
    told = {"TransferSid": "TT1", "TransferMode": mode, "TransferTo": to, "TransferInitiatingWorkerSid": ZOE,
            "TransferType": "QUEUE" if to.startswith("WQ") else "WORKER", "TransferInitiatingReservationSid": "WRWK31"}  # fmt: skip
    return task(f"task.transfer-{kind}", **told, **more)


QUEUED: Life = [
    ("0:00", call("ringing", 0)),
    ("0:01", call("in-progress", 1)),
    ("0:10", task("task.created")),
    ("0:10", task("workflow.entered")),
    ("0:10", task("task-queue.entered")),
    ("0:10", task("workflow.target-matched")),
]
TAKEN: Life = [
    *QUEUED,
    ("0:20", task("reservation.created", YAN)),
    ("0:30", task("reservation.rejected", YAN)),
    ("0:30", task("reservation.created", ZOE)),
    ("0:40", task("reservation.accepted", ZOE)),
    ("0:41", task("task.updated")),
]
OPENING = """
    0:10 voice opened by customer
    0:40 waited 0:30 in service: answered
"""


def over(at: str, worker: str, queue: str = "Everyone") -> Life:
    return [
        (at, call("completed", 2)),
        (at, task("reservation.wrapup", worker, queue)),
        (at, task("task.wrapup", "", queue)),
        (at + "0", task("reservation.completed", worker, queue)),
        (at + "0", task("task.completed", "", queue)),
    ]


def test_declined_taken_held_and_hung_up() -> None:
    life = [*TAKEN, *over("5:0", ZOE)]
    becomes("twilio", life, OPENING + "5:00 resolved\nsaid: nothing", **NAMES)


def test_passed_cold_to_another_queue() -> None:
    life = [
        *TAKEN,
        ("2:00", passed("initiated", "COLD", "WQ2")),
        ("2:00", task("reservation.wrapup", ZOE)),
        ("2:01", task("task-queue.entered", "", "Returns")),
        ("2:05", task("reservation.completed", ZOE)),
        ("2:30", task("reservation.created", YAN, "Returns")),
        ("3:01", task("reservation.accepted", YAN, "Returns")),
        ("3:01", passed("completed", "COLD", "WQ2", TransferStatus="COMPLETE")),
        *over("5:0", YAN, "Returns"),
    ]
    becomes("twilio", life, OPENING + """
        2:00 queue transfer zoe → yan: successful
        3:01 waited 1:00 in returns: answered
        5:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_passed_warm_to_yan() -> None:
    life = [
        *TAKEN,
        ("2:00", passed("initiated", "WARM", YAN)),
        ("2:00", task("reservation.created", YAN)),
        ("2:10", task("reservation.accepted", YAN)),
        ("2:40", passed("completed", "WARM", YAN, TransferStatus="COMPLETE")),
        ("2:41", task("reservation.wrapup", ZOE)),
        ("2:50", task("reservation.completed", ZOE)),
        *over("5:0", YAN),
    ]
    becomes("twilio", life, OPENING + """
        2:00 warm transfer zoe → yan: successful
        5:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_given_up_in_the_queue() -> None:
    life = [
        *QUEUED,
        ("2:10", call("completed", 2)),
        ("2:10", task("task.canceled", TaskCanceledReason="hangup")),
    ]
    becomes("twilio", life, """
        0:10 voice opened by customer
        2:10 gave up after 2:00 in service
        said: nothing
    """, **NAMES)  # fmt: skip


# Conversations --------------------------------------------------------------------------------


def line(author: str, words: str, index: int) -> Hook:
    by_ada = author == ADA
    return lambda at_ms: Form({
        "EventType": "onMessageAdded", "ConversationSid": "CH77", "MessageSid": f"IM{index}",
        "Index": str(index), "Author": author, "Body": words, "RetryCount": "0",
        "Source": "SMS" if by_ada else "SDK", "DateCreated": rfc3339(at_ms),
        "ParticipantSid": "MB1", **({} if by_ada else {"ClientIdentity": author}),
    })  # fmt: skip


def thread(kind: str, **told: str) -> Hook:
    def hook(at_ms: int) -> Form:
        stamp = "StateUpdated" if "StateTo" in told else "DateCreated"
        return Form({"EventType": kind, "ConversationSid": "CH77", stamp: rfc3339(at_ms),
                     "RetryCount": "0", **told})  # fmt: skip

    return hook


def test_a_text_in_flex_that_is_passed_on_and_closed() -> None:
    life = [
        ("0:00", thread("onConversationAdded", **{"MessagingBinding.Address": ADA, "State": "active"})),
        ("0:00", line(ADA, "Where is my lamp?", 0)),
        ("0:02", task("task.created", about=CHAT)),
        ("0:02", task("task-queue.entered", about=CHAT)),
        ("0:10", task("reservation.created", ZOE, about=CHAT)),
        ("0:30", task("reservation.accepted", ZOE, about=CHAT)),
        ("0:31", thread("onParticipantAdded", ParticipantSid="MB2", Identity="zoe_40acme")),
        ("1:00", line("zoe_40acme", "Let me see.", 1)),
        ("2:00", line(ADA, "Number 77", 2)),
        ("3:00", passed("initiated", "COLD", YAN, TaskAttributes=orjson.dumps(CHAT).decode(),
                        TaskChannelUniqueName="chat")),
        ("3:00", task("reservation.created", YAN, about=CHAT)),
        ("3:20", task("reservation.accepted", YAN, about=CHAT)),
        ("3:20", passed("completed", "COLD", YAN, TaskAttributes=orjson.dumps(CHAT).decode(),
                        TaskChannelUniqueName="chat")),
        ("3:21", thread("onParticipantAdded", ParticipantSid="MB3", Identity="yan_40acme")),
        ("3:22", thread("onParticipantRemoved", ParticipantSid="MB2", Identity="zoe_40acme")),
        ("4:00", line("yan_40acme", "It comes today.", 3)),
        ("5:00", task("reservation.wrapup", YAN, about=CHAT)),
        ("5:00", task("task.wrapup", about=CHAT)),
        ("5:01", thread("onConversationStateUpdated", StateFrom="active", StateTo="closed")),
        ("5:05", task("reservation.completed", YAN, about=CHAT)),
        ("5:05", task("task.completed", about=CHAT)),
    ]  # fmt: skip
    names = {**NAMES, "agents": {ZOE: "zoe", YAN: "yan", "zoe_40acme": "zoe", "yan_40acme": "yan"}}
    becomes("twilio", life, """
        0:00 sms opened by customer
        0:30 waited 0:28 in service: answered
        0:30 first reply by zoe after 0:30
        3:00 blind transfer zoe → yan: successful
        3:20 next reply by yan after 1:20
        5:01 resolved
        said: agent 2, customer 2
    """, **names, options={"agents": "*_40acme"})  # fmt: skip


# Without Flex: a call that rings agents by itself -----------------------------------------------


def leg(status: str, worker: str, number: int, ident: str) -> Hook:
    return lambda at_ms: Form({
        "CallSid": ident, "ParentCallSid": "CA77", "CallStatus": status, "From": ADA,
        "To": f"client:{worker}", "Direction": "outbound-dial", "SequenceNumber": str(number),
        "Timestamp": formatdate(at_ms // 1_000), "CallbackSource": "call-progress-events",
    })  # fmt: skip


def test_an_agent_is_dialled_who_does_not_answer_and_another_who_does() -> None:
    life = [
        ("0:00", call("ringing", 0)),
        ("0:01", call("in-progress", 1)),
        ("0:05", leg("initiated", "yan", 0, "CA78")),
        ("0:06", leg("ringing", "yan", 1, "CA78")),
        ("0:26", leg("no-answer", "yan", 2, "CA78")),
        ("0:27", leg("initiated", "zoe", 0, "CA79")),
        ("0:28", leg("ringing", "zoe", 1, "CA79")),
        ("0:40", leg("in-progress", "zoe", 2, "CA79")),
        ("5:00", leg("completed", "zoe", 3, "CA79")),
        ("5:00", call("completed", 2)),
    ]
    becomes("twilio", life, """
        0:40 voice opened by customer
        5:00 resolved
        said: nothing
    """)  # fmt: skip
