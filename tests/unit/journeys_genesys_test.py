"""A call at Genesys Cloud, from its events to what is concluded of it."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.facts import QueueWaited, TransferConcluded, TransferStarted
from streams.demo.cast import AGENTS, person
from streams.demo.traffic.genesys import Organisation
from tests.world import MINUTE, World

ADA, BEN = AGENTS[:2]
A = {"participantId": "pA", "sessionId": "sA"}
B = {"participantId": "pB", "sessionId": "sB"}
BESIDE = {**B, "queueId": None}
"""A session outside the queue."""

Step = tuple[int, str, Any, dict[str, Any]]


def left(reason: str, seconds: int, **who: Any) -> dict[str, Any]:
    return {**who, "disconnectType": reason, "interactingDurationMs": seconds * 1_000}


ANSWERED: list[Step] = [
    (0, "customer.start", None, {}),
    (20, "acd.start", None, {}),
    (30, "user.start", ADA, A),
    (35, "acd.end", None, {"acdOutcome": "ANSWERED", "answeredUserId": str(ADA.number),
                           "disconnectType": "TRANSFER", "connectedDurationMs": 15_000}),
]  # fmt: skip
OVER: Step = (160, "customer.end", None, {"disconnectType": "CLIENT"})
BY_QUEUE: list[Step] = [
    (50, "acd.start", None, {"sessionId": "acd2", "queueId": "billing"}),
    (55, "user.start", BEN, B),
    (58, "acd.end", None, {"sessionId": "acd2", "queueId": "billing", "acdOutcome": "ANSWERED",
                           "answeredUserId": str(BEN.number)}),
]  # fmt: skip
"""The agent asks for somebody of another queue while the customer waits on the line."""
CALLS: dict[str, list[Step]] = {
    "plain": [(160, "user.end", ADA, left("PEER", 125, **A))],
    "consulted": [
        (50, "user.start", BEN, BESIDE),
        (80, "user.end", BEN, left("CLIENT", 20, **BESIDE)),
        (160, "user.end", ADA, left("PEER", 125, **A)),
    ],
    "blind, to an agent": [
        (95, "user.end", ADA, left("TRANSFER", 60, **A)),
        (96, "user.start", BEN, BESIDE),
        (160, "user.end", BEN, left("PEER", 50, **BESIDE)),
    ],
    "blind, to a queue": [
        (95, "user.end", ADA, left("TRANSFER", 60, **A)),
        (96, "acd.start", None, {"sessionId": "acd2", "queueId": "billing"}),
        (100, "user.start", BEN, B),
        (110, "acd.end", None, {"sessionId": "acd2", "queueId": "billing",
                                "acdOutcome": "ANSWERED", "answeredUserId": str(BEN.number)}),
        (160, "user.end", BEN, left("PEER", 50, **B)),
    ],
    "after a consultation": [
        (50, "user.start", BEN, BESIDE),
        (80, "user.end", ADA, left("CONSULT_TRANSFER", 45, **A)),
        (160, "user.end", BEN, left("PEER", 105, **BESIDE)),
    ],
    "consulted, by a queue": [
        *BY_QUEUE,
        (80, "user.end", BEN, left("CLIENT", 20, **B)),
        (160, "user.end", ADA, left("PEER", 125, **A)),
    ],
    "after a consultation by a queue": [
        *BY_QUEUE,
        (80, "user.end", ADA, left("CONSULT_TRANSFER", 45, **A)),
        (160, "user.end", BEN, left("PEER", 100, **B)),
    ],
    "blind, and nobody took it": [(95, "user.end", ADA, left("TRANSFER", 60, **A))],
}  # fmt: skip


def told(steps: list[Step]) -> World:
    world = World()
    desk = Organisation("genesys", "s")
    start_ms = world.now
    for second, topic, agent, body in steps:
        at_ms = start_ms + second * 1_000
        world.call(desk.event(topic, "c-1", person(5), at_ms, agent, **body), at_ms + 200)
    world.wait(200 * MINUTE)
    assert not world.letters
    return world


@pytest.mark.parametrize(
    ("name", "kind", "outcome"),
    [
        ("plain", None, None),
        ("consulted", None, None),
        ("blind, to an agent", "blind", "successful"),
        ("blind, to a queue", "queue", "successful"),
        ("after a consultation", "warm", "successful"),
        ("consulted, by a queue", None, None),
        ("after a consultation by a queue", "warm", "successful"),
        ("blind, and nobody took it", "blind", "failed"),
    ],
)
def test_what_is_a_transfer(name: str, kind: str | None, outcome: str | None) -> None:
    world = told([*ANSWERED, *CALLS[name], OVER])
    if kind is None:
        assert not world.asserted(TransferStarted)
        return
    started, concluded = world.one(TransferStarted), world.one(TransferConcluded)
    assert (started.kind, started.from_.agent) == (kind, str(ADA.number))
    assert concluded.outcome == outcome
    assert concluded.to.agent == (str(BEN.number) if outcome == "successful" else None)


def test_a_queue_that_is_told_before_its_customer_is_the_same_call() -> None:
    first, second, *rest = ANSWERED
    late = told([second, first, *rest, *CALLS["plain"], OVER])
    waited = late.one(QueueWaited)
    assert (waited.wait_ms, waited.outcome) == (15_000, "answered")
    assert {fact.journey for fact in late.asserted()} == {waited.journey}
