"""Delivery: the queue as a fold, the schedule, the breaker, and one real attempt."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from schemas.cloudevents import decode_event, encode_attempt, encode_notification
from schemas.notification import Audience, Notification
from streams.delivery.addresses import ForbiddenAddressError, PublicResolver, require_public
from streams.delivery.attempt import Answer, post
from streams.delivery.breaker import Breaker
from streams.delivery.schedule import DELAYS_S, MAX_ATTEMPTS, next_attempt_ms
from streams.delivery.sender import outcome
from streams.fold import Record
from streams.settings import Subscriber
from streams.stages.deliver import DUE, Deliver, Subscription, delivery_key
from tests.world import driver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOTICE = Notification(
    id="n1", op="send", rule="survey@1", subject_id="c.1/resolved/1", revision=1, domain="acme",
    audience=Audience("customer", "c"), purpose="survey", channel="chat", locale="en",
    template="survey@1", title="How did we do?", body="Tell us.", created_ms=1_000,
    not_before_ms=2_000, expires_at_ms=9_000_000, collapse_key="survey/c.1", customer="c",
    journey="c.1",
)  # fmt: skip


class Queue:
    """The deliver stage with one subscriber; `due` is its live list, `out` what it publishes."""

    def __init__(self) -> None:
        self.driver = driver(Deliver([Subscription("crm", "acme", ("customer",))]))
        self.due: dict[str, int] = {}
        self.out: list[Any] = []

    def put(self, value: bytes, now_ms: int = 5_000) -> None:
        record = Record("notifications", 0, self.driver.at.offset, now_ms, b"", value)
        self.driver.advance(self.driver.prepare([record]), 1 << 60)
        batch = self.driver.take()
        for member, since in batch.waiting.get(DUE, {}).items():
            if since is None:
                self.due.pop(member, None)
            else:
                self.due[member] = since
        self.out += [(o.publish.topic, o.publish) for o in batch.outbox]

    def state(self, op: str = "send") -> Any:
        return self.driver.states[delivery_key("n1", op, "crm")]


def told(queue: Queue, answer: Answer, now_ms: int = 6_000, op: str = "send") -> None:
    queue.put(encode_attempt(outcome(queue.state(op), answer, now_ms)))


def test_a_notice_waits_until_its_time_and_is_queued_once() -> None:
    queue = Queue()
    queue.put(encode_notification(NOTICE))
    queue.put(encode_notification(NOTICE))
    assert queue.due == {delivery_key("n1", "send", "crm"): 2_000}


def test_a_delivered_notice_leaves_the_queue_and_the_log_hears_of_it() -> None:
    queue = Queue()
    queue.put(encode_notification(NOTICE))
    told(queue, Answer("delivered"))
    assert queue.due == {}
    [(topic, publish)] = queue.out
    event = decode_event(publish.value)
    assert topic == "webhooks" and event.outcome == "delivered"  # type: ignore[union-attr]


def test_a_failure_is_tried_again_later_and_a_repeated_record_counts_once() -> None:
    queue = Queue()
    queue.put(encode_notification(NOTICE))
    record = encode_attempt(outcome(queue.state(), Answer("retry", "answered 502"), 6_000))
    queue.put(record)
    queue.put(record)
    assert queue.state().attempts == 1
    assert queue.due[delivery_key("n1", "send", "crm")] >= 6_000 + 5_000


def test_a_cancelled_notice_is_withdrawn_before_it_goes() -> None:
    queue = Queue()
    queue.put(encode_notification(NOTICE))
    queue.put(encode_notification(msgspec.structs.replace(NOTICE, op="cancel")))
    assert queue.due == {} and queue.state("cancel") is None


def test_who_was_told_is_told_of_the_withdrawal() -> None:
    queue = Queue()
    queue.put(encode_notification(NOTICE))
    told(queue, Answer("delivered"))
    queue.put(encode_notification(msgspec.structs.replace(NOTICE, op="cancel")))
    assert list(queue.due) == [delivery_key("n1", "cancel", "crm")]


def test_a_subscriber_that_is_gone_gets_nothing_more() -> None:
    queue = Queue()
    queue.put(encode_notification(NOTICE))
    told(queue, Answer("gone", "410 Gone"))
    queue.put(encode_notification(msgspec.structs.replace(NOTICE, id="n2")))
    assert queue.due == {}
    assert queue.out[-1][0] == "dead-letters"


def test_a_record_that_cannot_be_read_is_a_dead_letter() -> None:
    queue = Queue()
    queue.put(b"{nonsense")
    assert queue.out[-1][0] == "dead-letters"


def test_the_schedule_goes_over_days_and_ends() -> None:
    at = 0
    for attempt in range(1, MAX_ATTEMPTS):
        next_ms = next_attempt_ms(attempt, at, "n1", None)
        assert next_ms is not None
        assert DELAYS_S[attempt - 1] * 1_000 <= next_ms - at <= DELAYS_S[attempt - 1] * 1_200
        at = next_ms
    assert at > 3 * 86_400_000
    assert next_attempt_ms(MAX_ATTEMPTS, at, "n1", None) is None
    assert next_attempt_ms(1, 0, "n1", 3_600) == 3_600_000


def test_an_open_breaker_lets_one_probe_through() -> None:
    breaker = Breaker(failures=2, pause_ms=1_000)
    for now in (0, 1):
        assert breaker.allows(now)
        breaker.failed(now)
    assert not breaker.allows(500)
    assert breaker.allows(1_001) and not breaker.allows(1_002)
    breaker.succeeded()
    assert breaker.allows(1_003) and breaker.allows(1_003)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"]
)
def test_private_addresses_are_refused(address: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        require_public(address)


async def test_an_attempt_is_signed_as_standard_webhooks_asks_and_follows_nothing() -> None:
    seen: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.text()
        seen.append(Webhook(SECRET).verify(body, dict(request.headers)))
        return web.Response(status=int(request.query["status"]))

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    import time

    now_ms = time.time_ns() // 1_000_000
    async with aiohttp.ClientSession() as session:
        for status, meaning in (
            (204, "delivered"),
            (503, "retry"),
            (302, "refused"),
            (410, "gone"),
        ):
            url = f"http://127.0.0.1:{port}/?status={status}"
            crm = Subscriber(name="crm", url=url, domain="acme", secret=SECRET, allow_private=True)
            assert (await post(session, crm, NOTICE, now_ms)).outcome == meaning
        closed = Subscriber(name="crm", url="http://127.0.0.1:1/", domain="acme", secret=SECRET)
        assert (await post(session, closed, NOTICE, now_ms)).outcome == "refused"
    connector = aiohttp.TCPConnector(resolver=PublicResolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        named = Subscriber(
            name="crm", url=f"http://localhost:{port}/?status=204", domain="acme", secret=SECRET
        )
        assert (await post(session, named, NOTICE, now_ms)).outcome == "refused"
    await runner.cleanup()
    assert seen[0]["type"] == "filrouge.notification.send"
    assert len(seen) == 4
