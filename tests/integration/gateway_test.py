"""The gateway as a whole: what is refused and how, Kafka going and coming, nothing in the logs."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import msgspec
import orjson
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from benchmarks.load import make_topics
from streams.channels.base import Adapter
from streams.demo.cast import person
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.call import Call
from streams.demo.traffic.twilio import Messages
from streams.gateway import log as gateway_log
from streams.gateway.server import Gateway
from streams.settings import Domain, Kafka, Settings, Source, Topics
from streams.settings import Gateway as GatewaySettings
from tests.servers import kafka

SECRET = "a secret"
NOWHERE = "127.0.0.1:1"


def settings(bootstrap: str, /, topic: str = "webhooks", **gateway: object) -> Settings:
    return Settings(
        kafka=Kafka(bootstrap=bootstrap),
        topics=Topics(webhooks=topic),
        gateway=GatewaySettings(**({"port": 0, "kafka_timeout_ms": 2_000} | gateway)),  # type: ignore[arg-type]
        domain=(Domain(name="acme", key="k" * 16),),
        source=(
            Source(name="wa", vendor="meta_whatsapp", domain="acme", secrets=("newer", SECRET)),
            Source(name="sms", vendor="twilio", domain="acme", secrets=(SECRET,)),
        ),
    )


@contextlib.asynccontextmanager
async def serving(chosen: Settings) -> AsyncIterator[Gateway]:
    gateway = Gateway(chosen)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """librdkafka's mock broker."""
    owner = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "x", "log_level": 0})
    [found] = owner.list_topics(timeout=10).brokers.values()
    owner.list_topics("webhooks", 10)
    yield f"{found.host}:{found.port}"
    assert owner is not None


def message(number: int, text: str = "hi") -> Call:
    return meta_whatsapp.message(
        "wa", SECRET, person(number), f"m{number}", text, 1_790_000_000_000
    )


async def send(
    gateway: Gateway, call: Call, path: str = "", **more: object
) -> tuple[int, str, float, str]:
    """Status, text, seconds, Retry-After."""
    url = f"http://127.0.0.1:{gateway.port}/v1/in/{path or call.source}"
    started = time.perf_counter()
    headers = dict(call.headers) | dict(more.pop("headers", {}))  # type: ignore[call-overload]
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=io.BytesIO(call.body), headers=headers) as answer,
    ):
        took = time.perf_counter() - started
        return answer.status, await answer.text(), took, answer.headers.get("Retry-After", "")


async def send_as_vendor(gateway: Gateway, call: Call) -> tuple[int, str]:
    """Status and text; a 503 is sent again, for a minute, as vendors do."""
    until = time.monotonic() + 60
    while True:
        status, text, _, _ = await send(gateway, call)
        if status != 503 or time.monotonic() > until:
            return status, text
        await asyncio.sleep(0.5)


# Refusals ----------------------------------------------------------------------------------------


async def test_what_is_not_a_vendors_webhook_is_refused_in_a_sentence(broker: str) -> None:
    async with serving(settings(broker, max_body_bytes=5_000)) as gateway:
        call = message(1)
        assert (await send(gateway, call))[0] == 200
        assert (await send(gateway, call, "nobody"))[:2] == (
            404,
            '{"error":"There is no source \'nobody\'."}',
        )
        status, text, _, _ = await send(gateway, Call("wa", call.body + b" ", call.headers))
        assert status == 401 and "does not fit" in text
        status, text, _, _ = await send(gateway, Call("wa", call.body, {}))
        assert status == 401 and "no signature" in text
        status, text, _, _ = await send(gateway, message(1, "x" * 6_000))
        assert status == 413 and "5000 bytes" in text
        status, _, _, _ = await send(gateway, call, headers={"X-Large": "x" * 20_000})
        assert status == 431


@pytest.mark.parametrize("kind", ["GET", "PUT", "DELETE"])
async def test_another_method_is_no_webhook(kind: str) -> None:
    async with serving(settings(NOWHERE)) as gateway:
        url = f"http://127.0.0.1:{gateway.port}/v1/in/wa"
        async with aiohttp.ClientSession() as session, session.request(kind, url) as answer:
            assert answer.status in {403, 405}


async def test_a_source_that_floods_is_429_and_a_stranger_cannot_use_its_rate_up(
    broker: str,
) -> None:
    async with serving(settings(broker, max_rate_per_source=1)) as gateway:
        call = message(1)
        forged = Call("wa", call.body + b" ", call.headers)
        assert {(await send(gateway, forged))[0] for _ in range(20)} == {401}
        answers = [await send(gateway, call) for _ in range(20)]
        assert [status for status, *_ in answers[:2]] == [200] * 2
        refused = [answer for answer in answers if answer[0] == 429]
        assert refused and all(
            after == "1" and "webhooks a second" in text for _, text, _, after in refused
        )
        other = Messages("sms", SECRET, f"http://127.0.0.1:{gateway.port}/v1/in/sms")
        assert (await send(gateway, other.sms(person(2), "1", "hi")))[0] == 200


async def test_what_waits_for_kafka_is_limited() -> None:
    async with serving(settings(NOWHERE, max_in_flight=0)) as gateway:
        status, text, _, after = await send(gateway, message(1))
        assert (status, after) == (503, "5") and "Too many requests" in text


async def test_what_is_answered_with_503_is_counted_from_zero_on() -> None:
    """Of a series that begins with its first refusal no alert sees the increase."""
    quiet = Source(name="quiet", vendor="twilio", domain="acme", secrets=(SECRET,))
    chosen = msgspec.structs.replace(settings(NOWHERE), source=(quiet,))
    async with serving(chosen) as gateway, aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{gateway.port}/metrics") as page:
            lines = (await page.text()).splitlines()
        for reason in ("kafka", "busy"):
            of = f'{{reason="{reason}",source="quiet"}}'
            assert f"filrouge_webhooks_rejected_total{of} 0.0" in lines
        assert any('reason="connections",source="unknown"' in line for line in lines)


async def test_twilio_signs_the_url_that_it_called_before_the_proxies(broker: str) -> None:
    public = "https://hooks.example.com/v1/in/sms"
    call = Messages("sms", SECRET, public).sms(person(1), "1", "hi")
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com"}
    async with serving(settings(broker)) as gateway:
        assert (await send(gateway, call, headers=told))[0] == 401, (
            "anybody may write these headers"
        )
    async with serving(settings(broker, trusted_proxies=("127.0.0.0/8",))) as gateway:
        assert (await send(gateway, call, headers=told))[0] == 200
        assert (await send(gateway, call))[0] == 401
    async with serving(settings(broker, public_url="https://hooks.example.com:443")) as gateway:
        assert (await send(gateway, call))[0] == 200


async def test_nothing_of_a_body_is_logged(
    broker: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    word = "Zebrafink"
    async with serving(settings(broker)) as gateway:
        call = message(1, word)
        assert (await send(gateway, call))[0] == 200
        assert (await send(gateway, Call("wa", call.body + b" ", call.headers)))[0] == 401

        def raises(_self: Adapter, request: object, _source: object) -> None:
            raise ValueError(f"cannot read {request!r}")

        monkeypatch.setattr(type(gateway._doors["wa"].adapter), "verify", raises)
        status, text, _, _ = await send(gateway, call)
        assert status == 500 and word not in text
    async with serving(settings(NOWHERE, kafka_timeout_ms=300)) as gateway:
        await send(gateway, call)
    assert "ValueError" in caplog.text and word not in caplog.text


async def test_with_a_certificate_it_speaks_https(broker: str, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(cafile=str(cert))
    chosen = settings(broker, tls_cert_file=str(cert), tls_key_file=str(key), read_timeout_ms=500)
    async with serving(chosen) as gateway:
        url = f"https://localhost:{gateway.port}/v1/in"
        call = Messages("sms", SECRET, f"{url}/sms").sms(person(1), "1", "hi")
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{url}/sms", data=call.body, headers=dict(call.headers), ssl=context
            ) as answer,
        ):
            assert answer.status == 200
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"POST / HTTP/1.1\r\n\r\n")
        assert not (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP")
        writer.close()


# Kafka ---------------------------------------------------------------------------------------------


async def test_without_kafka_it_answers_503_and_soon_at_once() -> None:
    async with serving(settings(NOWHERE)) as gateway:
        status, text, _, after = await send(gateway, message(1))
        assert status == 503 and "Kafka does not answer" in text and after == "5"
        status, _, seconds, _ = await send(gateway, message(2))
        assert status == 503 and seconds < 0.3


async def test_a_producer_that_failed_for_good_is_replaced(
    broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        """librdkafka after a fatal error: each record is refused, for ever."""

        def __init__(self, _config: object) -> None:
            pass

        def produce(self, *_: object, **__: object) -> None:
            raise KafkaException(KafkaError(KafkaError._FATAL, "sequence lost", fatal=True))

        def poll(self, _seconds: float) -> int:
            return 0

    gateway = Gateway(settings(broker))
    with monkeypatch.context() as patched:
        patched.setattr(gateway_log, "Producer", Broken)
        await gateway.start()
    try:
        assert (await send(gateway, message(1)))[0] == 503
        assert (await send(gateway, message(2)))[0] == 200
    finally:
        await gateway.stop()


@pytest.mark.servers
async def test_kafka_goes_and_comes_back_and_what_was_taken_is_there() -> None:
    """A real broker, stopped and started: 503 at once, no pile-up, no restart of the gateway."""
    if missing := kafka.available():
        pytest.fail(missing)
    with kafka.KafkaCluster(1) as cluster:
        make_topics(cluster.bootstrap, "away-")
        [node] = cluster.nodes
        taken: list[str] = []
        async with serving(settings(cluster.bootstrap, topic="away-webhooks")) as gateway:

            async def burst(first: int, count: int) -> list[tuple[int, float]]:
                answers = await asyncio.gather(
                    *(send(gateway, message(n)) for n in range(first, first + count))
                )
                taken.extend(
                    f"m{first + n}" for n, answer in enumerate(answers) if answer[0] == 200
                )
                return [(status, seconds) for status, _, seconds, _ in answers]

            assert {status for status, _ in await burst(0, 50)} == {200}
            await asyncio.to_thread(node.kill)
            first = await burst(100, 50)
            assert {status for status, _ in first} == {503}
            assert max(seconds for _, seconds in first) < 3.5, "vendors give up after 5 s"
            for round_ in range(3):
                again = await burst(200 + 100 * round_, 50)
                assert {status for status, _ in again} == {503}
                # Who waits for Kafka waits two seconds; one may ask whether it is back.
                assert sum(seconds < 1.5 for _, seconds in again) >= 49
            assert gateway._log is not None and gateway._log.pending <= 1
            await asyncio.to_thread(node.start)
            await asyncio.to_thread(cluster.wait)
            for number in range(600, 660):
                if (await burst(number, 1))[0][0] == 200:
                    break
                await asyncio.sleep(0.25)
            assert {status for status, _ in await burst(700, 50)} == {200}
        found = await asyncio.to_thread(ids, cluster.bootstrap, "away-webhooks")
        assert set(taken) <= found, "a webhook that was answered 200 is lost"


@pytest.mark.servers
async def test_the_largest_body_that_is_taken_fits_into_the_topic(
    kafka_cluster: kafka.KafkaCluster,
) -> None:
    from streams.admin.topics import create

    chosen = settings(kafka_cluster.bootstrap, topic="large-webhooks", max_body_bytes=2_000_000)
    create(chosen)
    noise = "".join(chr(33 + n * 7919 % 93) for n in range(1_900_000))
    async with serving(chosen) as gateway:
        assert (await send_as_vendor(gateway, message(1, noise)))[0] == 200
    make_topics(kafka_cluster.bootstrap, "small-")
    async with serving(
        settings(kafka_cluster.bootstrap, topic="small-webhooks", max_body_bytes=3_000_000)
    ) as gateway:
        import random

        dice = random.Random(1)
        dense = "".join(chr(dice.randrange(0x4E00, 0x9FFF)) for _ in range(900_000))
        refused = await send_as_vendor(gateway, message(1, dense))
        assert refused == (413, '{"error":"Kafka takes no body so large."}')
        assert (await send(gateway, message(2)))[0] == 200, "it is no outage for the others"


def ids(bootstrap: str, topic: str) -> set[str]:
    """The message ids in the topic."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "look", "auto.offset.reset": "earliest", "log_level": 0,
         "enable.partition.eof": True}
    )  # fmt: skip
    consumer.subscribe([topic])
    found: set[str] = set()
    quiet_s = time.monotonic() + 20
    while time.monotonic() < quiet_s:
        record = consumer.poll(1.0)
        if record is not None and record.error() is None:
            body = orjson.loads(record.value())
            found.add(
                body["entry"][0]["changes"][0]["value"]["messages"][0]["id"].removeprefix("wamid.")
            )
            quiet_s = time.monotonic() + 3
    consumer.close()
    return found
