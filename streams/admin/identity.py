"""Who is who, for an operator: look at it, and say it.

Looking reads Redis; saying goes through the log as a command, and is done when the normalise stage
has come to it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from confluent_kafka import KafkaException, Producer

from schemas.common import Actor
from schemas.events import ErasureRequested, EventBase, OperatorCommand
from streams.admin.topics import AdminError
from streams.console.people import KINDS, People, SharedError
from streams.engine.clients import librdkafka
from streams.engine.first_party import in_webhooks, own_event
from streams.engine.redis_client import UNREACHABLE, away, connect
from streams.settings import Settings

TAKEN_WITHIN_S = 10
"""So long Kafka may take for the last of what is sent."""

DONE_WITHIN_S = 10.0
"""So long it is watched for whether a command is done."""

T = TypeVar("T")


def domain_of(settings: Settings, named: str) -> str:
    """The domain that is meant. Raises `AdminError`."""
    names = [domain.name for domain in settings.domain]
    if not names:
        raise AdminError(
            "No domain is set up: add a [[domain]] to the settings (--settings FILE names them)."
        )
    domain = named or (names[0] if len(names) == 1 else "")
    if domain not in names:
        raise AdminError(f"Name a domain with --domain: {', '.join(names)}.")
    return domain


def asking(settings: Settings, ask: Callable[[People], Awaitable[T]]) -> T:
    """What `ask` finds. Raises `AdminError` when Redis does not answer."""

    async def run() -> T:
        client = connect(settings.redis.url)
        try:
            return await ask(People(client, settings))
        finally:
            await client.aclose()

    try:
        return asyncio.run(run())
    except UNREACHABLE as error:
        raise AdminError(away(settings.redis.shown, error)) from error


async def customer(people: People, domain: str, who: str, region: str = "") -> str:
    """The id now of a customer who is known; `who` is an id, or KIND:VALUE (an address or number
    says its kind itself). Raises `AdminError`.
    """
    kind, colon, value = who.partition(":")
    if colon and kind not in KINDS:
        raise AdminError(
            f"{kind!r} is no kind of identifier; there are {', '.join(KINDS)}. What a source calls "
            f"him is vendor:{who}."
        )
    if not colon:
        kind, value = _guess(who), who
    if not kind:
        now = await people.current(domain, who)
        if not await people.is_known(domain, now):
            raise AdminError(f"There is no customer {who!r} in domain {domain!r}.")
        return now
    identifier = people.identifier(kind, value, region)
    try:
        found = await people.customer(domain, identifier) if identifier else None
    except SharedError as shared:
        raise AdminError(f"{shared} `filrouge identity shared` lists who has it.") from shared
    if found is None:
        raise AdminError(f"Nobody is known by the {kind} {value!r} in domain {domain!r}.")
    return found


def _guess(who: str) -> str:
    if "@" in who:
        return "email"
    return "phone" if who.startswith("+") else ""


def show(settings: Settings, domain: str, who: str, region: str) -> dict[str, Any]:
    """What holds the customer together. Raises `AdminError`."""

    async def ask(people: People) -> dict[str, Any] | None:
        return await people.identity(domain, await customer(people, domain, who, region))

    found = asking(settings, ask)
    if found is None:
        raise AdminError(f"There is no customer {who!r} in domain {domain!r}.")
    return found


def say(
    settings: Settings, domain: str, by: str, command: str, args: dict[str, str],
    done: Callable[[People], Awaitable[bool]],
) -> bool:  # fmt: skip
    """Puts the command into the log, and waits a while: is it done? Raises `AdminError`."""
    event = own_event(
        OperatorCommand, domain, _now_ms(), Actor("agent", by), command=command, args=args
    )
    return _done(settings, event, done)


def erase(settings: Settings, domain: str, by: str, customer: str, reason: str) -> bool:
    """Asks for the customer's erasure, and waits a while: is he gone? Raises `AdminError`."""

    async def gone(people: People) -> bool:
        known = await people.is_known(domain, customer) or await people.state(customer)
        return not known

    event = own_event(
        ErasureRequested, domain, _now_ms(), Actor("agent", by), customer=customer, reason=reason
    )
    return _done(settings, event, gone)


def _done(settings: Settings, event: EventBase, done: Callable[[People], Awaitable[bool]]) -> bool:
    send(settings, [event])

    async def wait(people: People) -> bool:
        for _ in range(int(DONE_WITHIN_S / 0.2)):
            if await done(people):
                return True
            await asyncio.sleep(0.2)
        return False

    return asking(settings, wait)


def send(settings: Settings, events: Iterable[EventBase]) -> int:
    """Puts events into `webhooks`; returns how many. Raises `AdminError`."""
    producer = Producer(
        librdkafka(settings.kafka)
        | {"acks": "all", "enable.idempotence": True, "partitioner": "murmur2"}
        | {"linger.ms": 5, "message.timeout.ms": TAKEN_WITHIN_S * 1_000}
    )
    failures: list[str] = []
    sent = 0

    def told(error: object, _message: object) -> None:
        if error is not None:
            failures.append(str(error))

    try:
        for event in events:
            value, headers = in_webhooks(event)
            while True:
                try:
                    producer.produce(
                        settings.topics.webhooks, value, event.domain, headers=headers,
                        on_delivery=told,
                    )  # fmt: skip
                    break
                except BufferError:
                    producer.poll(0.5)
            producer.poll(0)
            sent += 1
        left = producer.flush(TAKEN_WITHIN_S + 2)
    except KafkaException as error:
        raise AdminError(f"Kafka does not take it: {error.args[0].str()}.") from error
    if failures or left:
        why = failures[0] if failures else f"no answer within {TAKEN_WITHIN_S} s"
        raise AdminError(
            f"Kafka has not confirmed {len(failures) + left} of {sent} records ({why}). "
            "Sending them once more does no harm."
        )
    return sent


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
