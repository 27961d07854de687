"""The wiring: settings to the processes of each role."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from confluent_kafka import Producer

from streams.channels.base import Adapter
from streams.channels.registry import adapters
from streams.delivery.sender import Sender
from streams.engine.clients import producer_config
from streams.engine.host import Host
from streams.engine.partition import partition_for
from streams.engine.redis_client import connect
from streams.engine.worker import Service, run_worker
from streams.fold import Fold
from streams.settings import Settings
from streams.stages.deliver import Deliver, Subscription
from streams.stages.journeys import Journeys
from streams.stages.names import Names
from streams.stages.normalise import Normalise


def worker(settings: Settings) -> int:
    """Runs the stages of the settings until it is told to stop; the exit code."""

    def folds(counts: Mapping[str, int]) -> Sequence[Fold]:
        return stages(settings, counts)

    def services(host: Host) -> Sequence[Service]:
        if "deliver" not in settings.worker.stages or not settings.subscriber:
            return ()
        return (Delivery(settings, host),)

    return run_worker(settings, folds, services)


def lateness(settings: Settings) -> dict[str, int]:
    """Source → ms, of those whose vendor may tell later than vendors do."""
    late = {source.name: adapters()[source.vendor].lateness_ms for source in settings.source}
    return {name: ms for name, ms in late.items() if ms > Adapter.lateness_ms}


def stages(settings: Settings, counts: Mapping[str, int]) -> list[Fold]:
    """The folds that this worker runs; `counts` is partitions by topic role."""
    made: dict[str, Fold] = {
        "normalise": Normalise(
            {domain.name: domain.key.encode() for domain in settings.domain},
            [source.config() for source in settings.source],
            adapters(),
            counts["events"],
            settings.mail_rules(),
            Names(settings.named("agent"), settings.named("team"), settings.named("queue")),
        ),
        "journeys": Journeys(lateness(settings)),
        "deliver": Deliver(
            Subscription(s.name, s.domain, s.audiences) for s in settings.subscriber
        ),
    }
    return [made[name] for name in settings.worker.stages]


class Delivery:
    """The senders of a worker, with their own Redis client and Kafka producer."""

    def __init__(self, settings: Settings, host: Host) -> None:
        self._settings = settings
        self._client = connect(settings.redis.url)
        self._producer = Producer(producer_config(settings.kafka))
        self._host = host
        self._sender = Sender(
            self._client,
            settings.keyspace,
            settings.subscriber,
            lambda: host.caught_up("deliver"),  # else what was delivered already goes out again
            self._tell,
        )

    async def start(self) -> None:
        await self._sender.start()

    async def _tell(self, key: str, value: bytes) -> None:
        counts = self._host.owned("deliver")
        count = next(iter(counts.values()), 0)
        if not count:
            raise RuntimeError("the partitions were taken away meanwhile")
        self._producer.produce(
            self._settings.topics.notifications,
            value=value,
            key=key,
            partition=partition_for(key, count),
        )
        left = await asyncio.to_thread(self._producer.flush, 5)
        if left:
            raise RuntimeError("Kafka did not acknowledge within 5 s")

    async def stop(self) -> None:
        await self._sender.stop()
        await self._client.aclose()
