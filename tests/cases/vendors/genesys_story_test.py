"""Genesys Cloud, detail events: one for each session that begins or ends, by EventBridge, in any
order; an agent rings at `user.start`, and that he answered stands in the queue's end.
"""

from __future__ import annotations

from typing import Any

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes

NAMES = {
    "agents": {"u-31": "zoe", "u-32": "yan"},
    "places": {"q-1": "support", "q-2": "returns"},
}
MEDIA = {"mediaType": "VOICE", "provider": "Edge", "direction": "INBOUND",
         "ani": "tel:+12125550107", "dnis": "tel:+15550100700"}  # fmt: skip


def told(topic: str, who: str, **body: Any) -> Hook:
    """`who`: the participant, with one session unless `sessionId` says otherwise."""

    def hook(at_ms: int) -> dict[str, Any]:
        event = {
            "eventTime": at_ms, "conversationId": "c-77", "participantId": f"p-{who}",
            "sessionId": f"s-{who}", **MEDIA, **body,
        }  # fmt: skip
        return {
            "version": "0", "id": f"eb-{topic}-{who}-{at_ms}", "account": "111122223333",
            "detail-type": f"v2.detail.events.conversation.{{id}}.{topic}", "resources": [],
            "source": "aws.partner/genesys.com/cloud/0/acme", "time": rfc3339(at_ms),
            "region": "eu-west-3",
            "detail": {
                "topicName": f"v2.detail.events.conversation.c-77.{topic}", "version": "2",
                "eventBody": event, "metadata": {"CorrelationId": "x"}, "timestamp": rfc3339(at_ms),
            },
        }  # fmt: skip

    return hook


def queued(queue: str = "q-1", who: str = "acd") -> Hook:
    return told("acd.start", who, queueId=queue)


def taken(agent: str, waited_s: int, queue: str = "q-1", who: str = "acd") -> Hook:
    return told("acd.end", who, queueId=queue, acdOutcome="ANSWERED", answeredUserId=agent,
                disconnectType="TRANSFER", connectedDurationMs=waited_s * 1_000)  # fmt: skip


def rings(agent: str, queue: str | None = "q-1") -> Hook:
    return told("user.start", agent, userId=agent, queueId=queue)


def gone(agent: str, why: str, spoke_s: int, queue: str | None = "q-1", **more: Any) -> Hook:
    return told("user.end", agent, userId=agent, queueId=queue, disconnectType=why,
                interactingDurationMs=spoke_s * 1_000, alertingDurationMs=4_000, **more)  # fmt: skip


ZOES = [
    ("0:00", told("customer.start", "ada")),
    ("0:00", told("flow.start", "ivr", flowType="INBOUNDCALL", flowId="f-1")),
    ("0:20", told("flow.end", "ivr", flowType="INBOUNDCALL", flowId="f-1", disconnectType="TRANSFER",
                  exitReason="TRANSFER", transferType="ACD")),
    ("0:20", queued()),
    ("0:50", rings("u-31")),
    ("1:00", taken("u-31", 40)),
]  # fmt: skip
OPENING = """
    0:20 voice opened by customer
    1:00 waited 0:40 in support: answered
"""


def end(why: str = "CLIENT", spoke_s: int = 300) -> Hook:
    return told("customer.end", "ada", disconnectType=why, interactingDurationMs=spoke_s * 1_000)


def worked(agent: str) -> Hook:
    return told("acw", agent, userId=agent, wrapupCode="w-1", wrapupDurationMs=20_000)


def test_taken_held_and_hung_up() -> None:
    life = [
        *ZOES,
        ("6:00", end()),
        ("6:00", gone("u-31", "PEER", 280, heldDurationMs=20_000)),
        ("6:20", worked("u-31")),
        ("6:20", told("wrapup", "u-31", userId="u-31", queueId="q-1", wrapupCode="w-1")),
    ]
    becomes("genesys", life, OPENING + "6:00 resolved\nsaid: nothing", **NAMES)


def test_the_first_agent_does_not_answer() -> None:
    life = [
        *ZOES[:4],
        ("0:25", rings("u-32")),
        ("0:40", told("user.end", "u-32", userId="u-32", queueId="q-1", alertingDurationMs=15_000,
                      disconnectType="NO_ANSWER_TRANSFER")),
        *ZOES[4:],
        ("6:00", end()),
        ("6:00", gone("u-31", "PEER", 300)),
    ]  # fmt: skip
    becomes("genesys", life, OPENING + "6:00 resolved\nsaid: nothing", **NAMES)


def test_passed_blindly_to_another_queue() -> None:
    life = [
        *ZOES,
        ("3:00", gone("u-31", "TRANSFER", 120)),
        ("3:00", queued("q-2", "acd2")),
        ("3:50", rings("u-32", "q-2")),
        ("4:00", taken("u-32", 60, "q-2", "acd2")),
        ("6:00", end()),
        ("6:00", gone("u-32", "PEER", 120, "q-2")),
    ]
    becomes("genesys", life, OPENING + """
        3:00 queue transfer zoe → yan: successful
        4:00 waited 1:00 in returns: answered
        6:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_passed_to_yan_after_a_talk() -> None:
    life = [
        *ZOES,
        ("3:00", rings("u-32", None)),
        ("4:00", gone("u-31", "CONSULT_TRANSFER", 180)),
        ("6:00", end()),
        ("6:00", gone("u-32", "PEER", 170, None)),
    ]
    becomes("genesys", life, OPENING + """
        4:00 warm transfer zoe → yan: successful
        6:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_given_up_in_the_queue() -> None:
    life = [
        *ZOES[:4],
        ("2:20", told("acd.end", "acd", queueId="q-1", acdOutcome="ABANDON", disconnectType="PEER",
                      connectedDurationMs=120_000)),
        ("2:20", end("CLIENT", 120)),
    ]  # fmt: skip
    becomes("genesys", life, """
        0:20 voice opened by customer
        2:20 gave up after 2:00 in support
        said: nothing
    """, **NAMES)  # fmt: skip


def test_a_voicemail_and_a_call_back_in_the_same_conversation() -> None:
    back = {"mediaType": "CALLBACK", "sessionId": "s-back", "callbackNumbers": ["+12125550107"]}
    ours = {"direction": "OUTBOUND", "ani": "tel:+15550100700", "dnis": "tel:+12125550107"}
    life = [
        *ZOES[:4],
        ("1:20", told("acd.end", "acd", queueId="q-1", acdOutcome="FLOW_OUT",
                      disconnectType="TRANSFER", connectedDurationMs=60_000)),
        ("1:30", told("customer.start", "ada", **back)),
        ("1:30", told("acd.start", "acd2", queueId="q-1", **back)),
        ("1:35", end("PEER", 95)),
        ("20:00", told("user.start", "u-31", userId="u-31", queueId="q-1", **back)),
        ("20:10", told("acd.end", "acd2", queueId="q-1", acdOutcome="ANSWERED",
                       answeredUserId="u-31", connectedDurationMs=1_120_000, **back)),
        ("20:15", told("user.start", "u-31", userId="u-31", queueId="q-1", sessionId="s-out", **ours)),
        ("20:25", told("customer.start", "ada", sessionId="s-ada-out", **ours)),
        ("24:25", gone("u-31", "PEER", 240, sessionId="s-out", **ours)),
        ("24:25", told("customer.end", "ada", sessionId="s-ada-out", disconnectType="CLIENT",
                       interactingDurationMs=240_000, **ours)),
        ("24:40", told("user.end", "u-31", userId="u-31", queueId="q-1", disconnectType="CLIENT",
                       callbackDurationMs=270_000, **back)),
        ("24:40", told("customer.end", "ada", disconnectType="PEER", **back)),
    ]  # fmt: skip
    becomes("genesys", life, """
        0:20 voice opened by customer
        1:20 waited 1:00 in support: flow_out
        20:10 waited 18:40 in support: answered
        24:40 resolved
        said: nothing
    """, **NAMES)  # fmt: skip
