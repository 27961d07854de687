"""Genesys Cloud, whole conversations: with every change all of it is told again, phase by phase, and
an older telling may come after a newer one.
"""

from __future__ import annotations

from typing import Any

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes, ms

NAMES = {
    "agents": {"u-31": "zoe", "u-32": "yan"},
    "places": {"q-1": "support", "q-2": "returns"},
}
OPENING = """
    0:20 voice opened by customer
    1:00 waited 0:40 in support: answered
"""


class Conversation:
    """Its participants so far; `told` is the body that tells them as they are now."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[str, Any]] = {}

    def part(self, who: str, purpose: str, began: str, taken: str = "", ended: str = "",
             why: str = "", **more: str) -> None:  # fmt: skip
        times = {"startAlertingTime": began, "connectedTime": taken, "disconnectedTime": ended}
        call = {name: rfc3339(ms(at)) for name, at in times.items() if at}
        call |= {"id": f"s-{who}", "direction": "inbound", "disconnectType": why or None}
        self._parts[who] = {
            "id": f"p-{who}", "purpose": purpose, "startTime": rfc3339(ms(began)),
            "ani": "tel:+12125550107", "calls": [call], **more,
        }  # fmt: skip

    def told(self) -> Hook:
        shown = [dict(part) for part in self._parts.values()]
        body = {"id": "c-77", "participants": shown}
        return lambda at_ms: {
            "topicName": "v2.users.u-31.conversations.calls", "version": "2", "eventBody": body,
            "metadata": {"CorrelationId": "x"}, "timestamp": rfc3339(at_ms),
        }  # fmt: skip


def taken() -> tuple[Conversation, list[tuple[str, Hook]]]:
    it, life = Conversation(), []
    it.part("ada", "customer", "0:00", "0:00")
    it.part("acd", "acd", "0:20", "0:20", queueId="q-1")
    life.append(("0:20", it.told()))
    it.part("zoe", "agent", "0:50", userId="u-31", queueId="q-1")
    life.append(("0:50", it.told()))
    it.part("acd", "acd", "0:20", "0:20", "1:00", "transfer", queueId="q-1")
    it.part("zoe", "agent", "0:50", "1:00", userId="u-31", queueId="q-1")
    life.append(("1:00", it.told()))
    return it, life


def test_consulted_and_hung_up() -> None:
    it, life = taken()
    it.part("yan", "agent", "2:00", "2:05", userId="u-32")
    life.append(("2:05", it.told()))
    it.part("yan", "agent", "2:00", "2:05", "3:00", "client", userId="u-32")
    life.append(("3:00", it.told()))
    it.part("zoe", "agent", "0:50", "1:00", "6:00", "peer", userId="u-31", queueId="q-1")
    it.part("ada", "customer", "0:00", "0:00", "6:00", "client")
    life.append(("6:00", it.told()))
    becomes("genesys", life, OPENING + "6:00 resolved\nsaid: nothing", **NAMES)


def test_passed_blindly_to_another_queue() -> None:
    it, life = taken()
    it.part("zoe", "agent", "0:50", "1:00", "3:00", "transfer", userId="u-31", queueId="q-1")
    it.part("acd2", "acd", "3:00", "3:00", queueId="q-2")
    life.append(("3:00", it.told()))
    it.part("acd2", "acd", "3:00", "3:00", "4:00", "transfer", queueId="q-2")
    it.part("yan", "agent", "3:50", "4:00", userId="u-32", queueId="q-2")
    life.append(("4:00", it.told()))
    it.part("yan", "agent", "3:50", "4:00", "6:00", "peer", userId="u-32", queueId="q-2")
    it.part("ada", "customer", "0:00", "0:00", "6:00", "client")
    life.append(("6:00", it.told()))
    becomes("genesys", life, OPENING + """
        3:00 queue transfer zoe → yan: successful
        4:00 waited 1:00 in returns: answered
        6:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip
