"""The gateway when Kafka is away: 503 at once, and well again without a restart."""

from __future__ import annotations

import time

import aiohttp
import pytest
from confluent_kafka import Producer

from streams.demo.cast import person
from streams.demo.traffic import meta_whatsapp
from streams.gateway.server import Gateway
from streams.settings import Domain, Kafka, Settings, Source
from streams.settings import Gateway as GatewaySettings

SECRET = "a secret"


def settings(bootstrap: str, **gateway: int) -> Settings:
    return Settings(
        kafka=Kafka(bootstrap=bootstrap),
        gateway=GatewaySettings(port=0, kafka_timeout_ms=600, **gateway),
        domain=(Domain(name="acme", key="k" * 16),),
        source=(Source(name="wa", vendor="meta_whatsapp", domain="acme", secrets=(SECRET,)),),
    )


async def send(gateway: Gateway, number: int) -> tuple[int, str, float]:
    call = meta_whatsapp.message(
        "wa", SECRET, person(number), f"m{number}", "hi", 1_790_000_000_000
    )
    url = f"http://127.0.0.1:{gateway.port}/v1/in/wa"
    started = time.perf_counter()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=call.body, headers=dict(call.headers)) as answer,
    ):
        return answer.status, await answer.text(), time.perf_counter() - started


async def test_without_kafka_it_answers_503_and_soon_at_once() -> None:
    gateway = Gateway(settings("127.0.0.1:1"))
    await gateway.start()
    try:
        status, text, _ = await send(gateway, 1)
        assert status == 503 and "Kafka does not answer" in text
        status, _, seconds = await send(gateway, 2)
        assert status == 503 and seconds < 0.3
    finally:
        await gateway.stop()


async def test_with_a_broker_it_answers_200_and_limits_what_waits() -> None:
    broker = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "x", "log_level": 0})
    [found] = broker.list_topics(timeout=10).brokers.values()
    broker.list_topics("webhooks", 10)
    gateway = Gateway(settings(f"{found.host}:{found.port}"))
    await gateway.start()
    try:
        assert (await send(gateway, 1))[0] == 200
    finally:
        await gateway.stop()
    full = Gateway(settings(f"{found.host}:{found.port}", max_in_flight=0))
    await full.start()
    try:
        status, text, _ = await send(full, 1)
        assert status == 503 and "Too many requests" in text
    finally:
        await full.stop()
    assert full is not None and broker is not None


@pytest.mark.parametrize("kind", ["GET", "PUT"])
async def test_another_method_is_no_webhook(kind: str) -> None:
    gateway = Gateway(settings("127.0.0.1:1"))
    await gateway.start()
    try:
        url = f"http://127.0.0.1:{gateway.port}/v1/in/wa"
        async with aiohttp.ClientSession() as session, session.request(kind, url) as answer:
            assert answer.status in {403, 405}
    finally:
        await gateway.stop()
