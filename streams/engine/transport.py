"""Faust's Kafka transport, handing whole record batches per partition to the lanes.

Faust keeps what it is good at: group membership, rebalances, heartbeats in a thread of their own,
the service's life.  Replaced (of the pinned version) are how its consumer drains messages, where it
reads a partition from after a rebalance, and how long a broker may keep a fetch waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as KafkaPartition
from faust.transport.consumer import Fetcher
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from mode import Service

from streams.engine.clients import ssl_context
from streams.engine.host import Bounds, Host, Partition
from streams.engine.members import client_id
from streams.engine.redis_client import UNREACHABLE
from streams.engine.store import StaleError
from streams.fold import Record
from streams.settings import Settings

log = logging.getLogger(__name__)

_FAUST = logging.getLogger("faust.lanes")
"""What Faust's services say of themselves, of those in this file, too."""

GATHERS = (65_536, 10)
"""While records come a fetch gathers so many bytes, but waits no longer than so many ms: a batch
costs as much as a dozen records, at every lane and at the broker.  It is short for another reason,
too.  Only one fetch is under way to a broker: a partition whose last records are still being folded
waits for one that was asked for the others alone, and so do the questions of housekeeping.
"""

WAITS = (1, 500)
"""When nothing comes: the first record ends it.  (Faust's own 1,500 ms for all cases let a busy
partition stand still beside idle ones.)
"""

FETCH_S = 0.25
"""How long a fetch may find nothing before the loop looks around."""

AGAIN_S = 1.0
"""Between two attempts to claim while Redis does not answer."""

DRAIN_S = 5.0
"""At the end: so long Kafka may take for what is folded and not yet published."""

LAST_COMMIT_S = 2.0
"""And so long for its own books."""

COMMIT_EVERY_S = 1.0
"""How often Kafka's own books (for lag tools) are brought up to date."""


class LaneThread(AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust ships no types for this
    """The thread in which aiokafka's consumer lives."""

    logger = _FAUST

    def fetches(self, gathered: tuple[int, int]) -> None:
        """From the next fetch on: the fewest bytes, and how long (ms) a broker waits for them.
        Faust has no setting for it, and aiokafka none that may change.
        """
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001 - see above
        fetcher._fetch_min_bytes, fetcher._fetch_max_wait_ms = gathered  # noqa: SLF001


class LaneConsumer(Consumer):  # type: ignore[misc]  # Faust ships no types for this class
    """The consumer of a worker whose app carries a `Host` in `app.host`."""

    logger = _FAUST

    _house: asyncio.Task[None] | None = None
    """Housekeeping under way."""

    def _new_consumer_thread(self) -> LaneThread:
        return LaneThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def host(self) -> Host:
        host: Host = self.app.host
        return host

    async def _drain_messages(self, fetcher: Any) -> None:
        """Runs until the fetcher stops: fetch, hand over, keep house."""
        next_commit = 0.0
        while not (self.should_stop or fetcher.should_stop):
            generation = self.host.generation
            batches, _ = await self._wait_next_records(timeout=FETCH_S)
            self._thread.fetches(GATHERS if batches else WAITS)
            joined = self.app.consumer_generation_id > 0 and not self.app.rebalancing
            self.host.settled = joined and self.flow_active
            # What was fetched before a rebalance is not read after it.
            if self.flow_active and not self.should_stop and generation == self.host.generation:
                fetched = {
                    (tp.topic, tp.partition): _records(r) for tp, r in (batches or {}).items()
                }
                await self.host.feed(fetched, self.seek_to, self.reclaim)
            if self.should_stop or not self.flow_active:
                continue
            if time.monotonic() >= next_commit:
                await self.host.mend(self.reclaim)
                self._keep_house()
                next_commit = time.monotonic() + COMMIT_EVERY_S

    async def perform_seek(self) -> None:
        """After a rebalance and before the flow resumes: claim every partition, and read it from
        the position that Redis holds.
        """
        self.host.generation = self.app.consumer_generation_id
        partitions = {(tp.topic, tp.partition) for tp in self.assignment()}
        bounds = await self._bounds(sorted(partitions))
        offsets = {}
        for where in sorted(partitions):
            if where[0] in self.host.topics:
                offset = await self._claim_patiently(where, bounds[where])
                if offset is None:
                    return  # another assignment has come meanwhile, and claims for itself
                offsets[where] = offset
        await self._seek_all(offsets)

    async def _claim_patiently(self, where: Partition, bounds: Bounds) -> int | None:
        """Waits for a Redis that does not answer, as long as the assignment stands."""
        while self.app.consumer_generation_id == self.host.generation:
            try:
                return await self.host.claim(where, bounds, self._ask)
            except (StaleError, *UNREACHABLE) as error:
                log.warning("%s/%d: Redis does not answer (%s); trying again", *where, error)
                await asyncio.sleep(AGAIN_S)
                bounds = await self._ask(where)
        return None

    async def reclaim(self, where: Partition) -> None:
        """Claims one partition again and reads on from its position."""
        offset = await self.host.claim(where, await self._ask(where), self._ask)
        await self._seek_all({where: offset})

    async def seek_to(self, where: Partition, offset: int) -> None:
        """Raises `LaneError` when the log does not hold the offset any more."""
        self.host.require_within(where, offset, await self._ask(where))
        await self._seek_all({where: offset})

    async def _seek_all(self, offsets: Mapping[Partition, int]) -> None:
        if offsets:
            await self._thread.call_thread(self._seek_in_thread, offsets)

    async def _seek_in_thread(self, offsets: Mapping[Partition, int]) -> None:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001 - Faust's own way in
        for where, offset in offsets.items():
            # Taken away meanwhile: whoever gets it, or it again, claims and seeks anew.
            with contextlib.suppress(IllegalStateError):
                consumer.seek(KafkaPartition(*where), offset)

    async def _ask(self, where: Partition) -> Bounds:
        return (await self._bounds([where]))[where]

    async def _bounds(self, partitions: Sequence[Partition]) -> dict[Partition, Bounds]:
        found: dict[Partition, Bounds] = await self._thread.call_thread(
            self._bounds_in_thread, partitions
        )
        return found

    async def _bounds_in_thread(self, partitions: Sequence[Partition]) -> dict[Partition, Bounds]:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001 - Faust's own way in
        wanted = [KafkaPartition(*where) for where in partitions]
        begins = await consumer.beginning_offsets(wanted)
        ends = await consumer.end_offsets(wanted)
        # `committed()` gives no metadata, and that says whose offsets they are.
        committed = await consumer._coordinator.fetch_committed_offsets(wanted)  # noqa: SLF001
        found = {}
        for tp in wanted:
            known = committed.get(tp)
            found[tp.topic, tp.partition] = Bounds(
                begin=begins[tp],
                end=ends[tp],
                committed=known.offset if known is not None and known.offset >= 0 else None,
                metadata=known.metadata if known is not None else "",
            )
        return found

    def _keep_house(self) -> None:
        """Beside the folding, which must not wait for Kafka's answers."""
        if self._house is not None and self._house.done():
            self._house.result()  # it failed: so does the worker
            self._house = None
        if self._house is None:
            self._house = asyncio.create_task(self.housekeep())

    async def housekeep(self) -> None:
        """Gauges, ticks, and Kafka's own offsets: what is published, never what is only read."""
        ends = await self._thread.call_thread(self._housekeep_in_thread)
        self.host.housekeep(ends, time.time_ns() // 1_000_000)

    async def _housekeep_in_thread(self) -> dict[Partition, int]:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001 - Faust's own way in
        mine = {tp for tp in consumer.assignment() if (tp.topic, tp.partition) in self.host.lanes}
        metadata = self.host.commit_metadata
        offsets = {
            KafkaPartition(*where): OffsetAndMetadata(lane.committable(), metadata)
            for where, lane in list(self.host.lanes.items())
            if KafkaPartition(*where) in mine
        }
        if offsets:
            try:
                await consumer.commit(offsets)
            except Exception as error:  # noqa: BLE001 - the books only; Redis holds the truth
                log.info("Kafka's offsets were not brought up to date: %s", error)
        ends = await consumer.end_offsets(list(mine)) if mine else {}
        return {(tp.topic, tp.partition): end for tp, end in ends.items()}

    def verify_event_path(self, now: float, tp: Any) -> None:
        """Faust's own watch over its agents: there is none here, `watchdog` looks at the lanes."""

    async def on_stop(self) -> None:
        """Everything folded is committed and published before the group is left."""
        self.stop_flow()
        await self.host.drain(DRAIN_S)
        if not self.crashed:
            with contextlib.suppress(TimeoutError):  # Kafka is away: its books stay behind
                async with asyncio.timeout(LAST_COMMIT_S):
                    await self._thread.call_thread(self._housekeep_in_thread)
        await self.host.revoke(list(self.host.lanes))
        await super().on_stop()


def _records(records: Sequence[Any]) -> list[Record]:
    return [
        Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
        for r in records
    ]


class LaneFetcher(Fetcher):  # type: ignore[misc]  # Faust ships no types for this class
    """Faust's own crashes the whole app when a rebalance stops it in the middle of an await: it
    looks for a supervisor that it does not have.  Faust starts it anew after each rebalance; should
    it not, the watchdog hears that nobody keeps house.
    """

    logger = _FAUST

    @Service.task  # type: ignore[untyped-decorator]  # mode ships none either
    async def _fetcher(self) -> None:
        try:
            await self.app.consumer._drain_messages(self)  # noqa: SLF001 - as Faust's own does
        finally:
            self.set_shutdown()


class LaneTransport(Transport):  # type: ignore[misc]  # Faust ships no types for this class
    Consumer = LaneConsumer
    Fetcher = LaneFetcher


class LaneApp(faust.App):  # type: ignore[misc]  # Faust ships no types for this class
    """Keeps nothing on disk."""

    logger = _FAUST

    def _create_directories(self) -> None:
        """Faust's own are for its tables; there are none, and a worker may stand anywhere."""


def build_app(settings: Settings, host: Host) -> LaneApp:
    """The Faust app of a worker: no tables, no topics of its own making, no web server."""
    worker, kafka = settings.worker, settings.kafka
    session_s = worker.session_timeout_ms / 1_000
    credentials: Any = None
    if kafka.sasl_mechanism:
        credentials = faust.SASLCredentials(
            username=kafka.sasl_username,
            password=kafka.sasl_password,
            mechanism=kafka.sasl_mechanism,
            ssl_context=ssl_context(kafka),
        )
    elif (context := ssl_context(kafka)) is not None:
        credentials = faust.SSLCredentials(context)
    app = LaneApp(
        worker.group,
        env={},  # else BROKER_URL, APP_VERSION, TIMEZONE… of the environment have the last word
        broker=[f"kafka://{address}" for address in kafka.bootstrap.split(",")],
        broker_credentials=credentials,
        broker_client_id=client_id(settings.keyspace),
        broker_session_timeout=session_s,
        broker_heartbeat_interval=session_s / 4,
        broker_rebalance_timeout=max(30.0, session_s),
        broker_max_poll_interval=120.0,
        broker_max_poll_records=4_000,
        consumer_group_instance_id=worker.instance or None,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        store="memory://",
    )
    app.host = host
    app.transport = LaneTransport([app.conf.broker_consumer[0]], app)
    for topic in host.topics:
        # An agent subscribes to the topic; its records never reach it.
        app.agent(app.topic(topic), name=f"lane-{topic}")(_unused)
    app.on_partitions_revoked.connect(_on_revoked)
    return app


async def _unused(stream: Any) -> None:
    async for _ in stream:
        raise AssertionError("records go to the lanes")


async def _on_revoked(app: Any, revoked: set[TP], **_: Any) -> None:
    await app.host.revoke([(tp.topic, tp.partition) for tp in revoked])
