"""Amazon Connect: each phase of a contact comes by itself and repeats what is known so far, in no
order; a transfer is a new contact of the same chain, and the old one ends as if the call did.
"""

from __future__ import annotations

from typing import Any

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes, ms

_ARN = "arn:aws:connect:eu-west-3:111122223333:instance/77"
_UNSET = "1970-01-01T00:00:00.001Z"
NAMES = {
    "agents": {"31": "zoe", "32": "yan"},
    "places": {"q1": "support", "q2": "returns"},
}


class Contact:
    """A contact whose phases fill in its record one by one."""

    def __init__(self, ident: str, began: str, **record: Any) -> None:
        self._record: dict[str, Any] = {
            "contactId": ident, "initialContactId": ident, "channel": "VOICE",
            "instanceArn": _ARN, "initiationMethod": "INBOUND",
            "initiationTimestamp": rfc3339(ms(began)),
            "customerEndpoint": {"type": "TELEPHONE_NUMBER", "address": "+12125550107"},
            "queueInfo": {}, "agentInfo": {"connectedToAgentTimestamp": _UNSET},
            **record,
        }  # fmt: skip

    def phase(self, kind: str, **news: Any) -> Hook:
        self._record |= news
        record = dict(self._record)

        def hook(at_ms: int) -> dict[str, Any]:
            return {
                "version": "0", "id": f"{record['contactId']}/{kind}/{at_ms}",
                "detail-type": "Amazon Connect Contact Event", "source": "aws.connect",
                "account": "111122223333", "time": rfc3339(at_ms - at_ms % 1_000),
                "region": "eu-west-3", "resources": [_ARN],
                "detail": {"eventType": kind, **record},
            }  # fmt: skip

        return hook

    def queued(self, queue: str, at: str) -> tuple[str, Hook]:
        info = {"queueArn": f"{_ARN}/queue/{queue}", "queueType": "STANDARD",
                "enqueueTimestamp": rfc3339(ms(at))}  # fmt: skip
        return at, self.phase("QUEUED", queueInfo=info)

    def taken(self, agent: str, at: str) -> tuple[str, Hook]:
        info = {"agentArn": f"{_ARN}/agent/{agent}", "connectedToAgentTimestamp": rfc3339(ms(at))}
        return at, self.phase("CONNECTED_TO_AGENT", agentInfo=info)

    def over(self, reason: str, at: str) -> tuple[str, Hook]:
        ended = {"disconnectTimestamp": rfc3339(ms(at)), "disconnectReason": reason}
        return at, self.phase("DISCONNECTED", **ended)

    def completed(self, at: str) -> tuple[str, Hook]:
        return at, self.phase("COMPLETED")


def call() -> tuple[Contact, list[tuple[str, Hook]]]:
    """Zoé takes a call after 40 s in the queue."""
    first = Contact("c1", "0:00")
    return first, [
        ("0:00", first.phase("INITIATED")),
        (
            "0:01",
            first.phase("CONNECTED_TO_SYSTEM", connectedToSystemTimestamp=rfc3339(ms("0:01"))),
        ),
        first.queued("q1", "0:20"),
        first.taken("31", "1:00"),
    ]


def passed_on(began: str, ident: str = "c2") -> Contact:
    return Contact(ident, began, initialContactId="c1", previousContactId="c1",
                   initiationMethod="TRANSFER")  # fmt: skip


OPENING = """
    0:20 voice opened by customer
    1:00 waited 0:40 in support: answered
"""


def test_a_call_that_is_taken_and_hung_up() -> None:
    first, life = call()
    life += [first.over("CUSTOMER_DISCONNECT", "6:00"), first.completed("7:00")]
    becomes("amazon_connect", life, OPENING + "6:00 resolved\nsaid: nothing", **NAMES)


def test_passed_blindly_to_a_queue_where_yan_takes_it() -> None:
    first, life = call()
    second = passed_on("5:00")
    life += [
        ("5:00", second.phase("INITIATED")),
        second.queued("q2", "5:01"),
        first.over("AGENT_DISCONNECT", "5:03"),
        first.completed("5:20"),
        second.taken("32", "6:01"),
        second.over("CUSTOMER_DISCONNECT", "9:00"),
        second.completed("9:30"),
    ]
    becomes("amazon_connect", life, OPENING + """5:00 queue transfer zoe → yan: successful
        6:01 waited 1:00 in returns: answered
        9:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_given_up_in_the_queue_to_which_it_was_passed() -> None:
    first, life = call()
    second = passed_on("5:00")
    life += [
        ("5:00", second.phase("INITIATED")),
        second.queued("q2", "5:01"),
        first.over("AGENT_DISCONNECT", "5:03"),
        second.over("CUSTOMER_DISCONNECT", "8:01"),
    ]
    becomes("amazon_connect", life, OPENING + """5:00 queue transfer zoe → returns: failed
        8:01 gave up after 3:00 in returns
        said: nothing
    """, **NAMES)  # fmt: skip


def test_passed_on_after_talking_to_yan() -> None:
    """Zoé stays until Yannick knows; then her contact ends and his goes on."""
    first, life = call()
    second = passed_on("5:00")
    life += [
        ("5:00", second.phase("INITIATED")),
        second.taken("32", "5:10"),
        first.over("AGENT_DISCONNECT", "6:00"),
        second.over("CUSTOMER_DISCONNECT", "9:00"),
    ]
    becomes("amazon_connect", life, OPENING + """5:00 blind transfer zoe → yan: successful
        9:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_given_up_in_the_queue() -> None:
    first = Contact("c1", "0:00")
    life = [
        ("0:00", first.phase("INITIATED")),
        first.queued("q1", "0:20"),
        first.over("CUSTOMER_DISCONNECT", "3:20"),
    ]
    becomes("amazon_connect", life, """
        0:20 voice opened by customer
        3:20 gave up after 3:00 in support
        said: nothing
    """, **NAMES)  # fmt: skip


def test_called_back_instead_of_waiting() -> None:
    """He leaves his number in the queue; the call back is a contact of the same chain."""
    first = Contact("c1", "0:00")
    back = Contact("c9", "2:00", initialContactId="c1", previousContactId="c1",
                   initiationMethod="CALLBACK")  # fmt: skip
    life = [
        ("0:00", first.phase("INITIATED")),
        first.queued("q1", "0:20"),
        ("2:00", back.phase("INITIATED")),
        first.over("CONTACT_FLOW_DISCONNECT", "2:05"),
        back.queued("q1", "2:01"),
        back.taken("31", "20:00"),
        back.over("CUSTOMER_DISCONNECT", "25:00"),
    ]
    life.sort(key=lambda one: ms(one[0]))
    becomes("amazon_connect", life, """
        0:20 voice opened by customer
        2:05 waited 1:45 in support: flow_out
        20:00 waited 17:59 in support: answered
        25:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_a_chat_that_goes_on_from_one_that_has_ended() -> None:
    """A persistent chat is a new contact, related to the one before."""
    chat = {"channel": "CHAT", "customerEndpoint": None, "initiationMethod": "API"}
    first = Contact("c1", "0:00", **chat)
    again = Contact("c5", "30:00", **chat, relatedContactId="c1")
    life = [
        ("0:00", first.phase("INITIATED")),
        (
            "0:00",
            first.phase("CONNECTED_TO_SYSTEM", connectedToSystemTimestamp=rfc3339(ms("0:00"))),
        ),
        first.queued("q1", "0:20"),
        first.taken("31", "1:00"),
        first.over("CUSTOMER_DISCONNECT", "6:00"),
        first.completed("6:30"),
        ("30:00", again.phase("INITIATED")),
        again.queued("q1", "30:10"),
        again.taken("31", "30:40"),
        again.over("AGENT_DISCONNECT", "35:00"),
    ]
    becomes("amazon_connect", life, """
        0:20 chat opened by customer
        1:00 waited 0:40 in support: answered
        1:00 first reply by zoe after 0:40
        30:40 waited 0:30 in support: answered
        30:40 next reply by zoe after 0:30
        35:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_her_contact_ends_before_his_wait_in_the_next_queue_begins() -> None:
    first, life = call()
    second = passed_on("5:00")
    life += [
        ("5:00", second.phase("INITIATED")),
        first.over("AGENT_DISCONNECT", "5:01"),
        second.queued("q2", "5:03"),
        second.over("CUSTOMER_DISCONNECT", "8:03"),
    ]
    becomes("amazon_connect", life, OPENING + """
        5:00 queue transfer zoe → returns: failed
        8:03 gave up after 3:00 in returns
        said: nothing
    """, **NAMES)  # fmt: skip


def test_a_chat_that_waits_in_the_next_queue_is_not_over() -> None:
    chat = {"channel": "CHAT", "customerEndpoint": None}
    first = Contact("c1", "0:00", **chat, initiationMethod="API")
    second = Contact("c2", "5:00", **chat, initialContactId="c1", initiationMethod="TRANSFER")
    life = [
        ("0:00", first.phase("INITIATED")),
        first.queued("q1", "0:20"),
        first.taken("31", "1:00"),
        ("5:00", second.phase("INITIATED")),
        second.queued("q2", "5:01"),
        first.over("AGENT_DISCONNECT", "5:03"),
    ]
    becomes("amazon_connect", life, """
        0:20 chat opened by customer
        1:00 waited 0:40 in support: answered
        1:00 first reply by zoe after 0:40
        5:00 queue transfer zoe → returns: under way
        5:01 waits for an answer
        said: nothing
    """, **NAMES)  # fmt: skip
