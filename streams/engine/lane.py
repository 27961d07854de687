"""A lane: one stage on one partition, live.  Batches in, commits out, effects to the relay.

A batch goes through in these steps; each guard is named where it stands.

1. **begin**: the batch must begin at the position, else the partition is sought again (a hole in
   what was fetched is invisible to everything later).
2. **prepare** each record (decode), **load** the states that will be read, in one call.
3. **fold** records and timers in the order of the log, up to `batch_records` of them.
4. **commit** in order, one under way while the next batch is folded: epoch (another owner?) and
   position (offset and step) are compared in the same script that writes.
5. **publish** what the commit held, and only then; the next commit trims what is acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from streams import metrics
from streams.engine.batch import Batch, Position
from streams.engine.driver import Driver, Gap, Prepared
from streams.engine.relay import Relay, Unpublished
from streams.engine.store import Claimed, Pins, Store
from streams.engine.timers import timer_from
from streams.fold import Fold, Record, StateNotLoaded
from streams.settings import Worker

log = logging.getLogger(__name__)

POISON_CLAIMS = 3
"""After so many claims at one position the lane goes step by step to find the culprit."""


CONFIRM_S = 5.0
"""How long a lane that has nothing to commit takes Redis's position for granted."""

OUTBOX_BYTES = 32 * 1024 * 1024
"""More unpublished than this pauses the lane, as too many entries do."""


class LaneError(Exception):
    """The lane cannot go on; the text says why and what to do."""


class BeyondEndError(LaneError):
    """Redis stands beyond the log's end, as it was known before the claim."""


class FoldError(Exception):
    """The fold failed on a record or timer: the lane must be claimed again, with fresh states."""


class Seek(Exception):  # noqa: N818 - a request to the consumer, not an error
    """Fetch again from `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Lane:
    """See the module. All methods run on one event loop."""

    def __init__(
        self, fold: Fold, store: Store, relay: Relay, settings: Worker, pins: Pins, partition: int
    ) -> None:
        self.name = f"{fold.name}/{partition}"
        self.partition = partition
        self.driver = Driver(fold, pins.keyspace, pins.topic, partition)
        self.last_applied_s = time.monotonic()
        self.lag = 0
        self._fold = fold
        self._store = store
        self._relay = relay
        self._settings = settings
        self._pins = pins
        self._epoch = 0
        self._committed = 0
        """The offset up to which Redis has it all; `driver.at` runs ahead of it."""
        self._end = 0
        """Where the log ended when the lane was claimed."""
        self._confirmed_s = 0.0
        self._careful = 0
        """So many records and timers more go step by step, to find one that kills."""
        self._gap_at: int | None = None
        self._commits: asyncio.Queue[Batch] = asyncio.Queue(settings.commits_in_flight)
        self._committer: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._labels = (fold.name, str(partition))

    # Claiming ---------------------------------------------------------------------------

    async def claim(
        self, owner: str, generation: int, begin: int, end: int, published: int | None,
        born_ms: int = 0,
    ) -> int:  # fmt: skip
        """Makes the lane ours and returns the offset to fetch from.

        `begin` and `end` are the log's bounds.  Effects of inputs below `published` are published
        already, or must not be; it counts only when Redis knows nothing of the lane.  `owner` and
        `born_ms`: see `Store.claim`.
        Raises `ClaimRefusedError` or `LaneError`.
        """
        claimed = await self._store.claim(
            self._pins, owner, generation, self._settings.session_timeout_ms, born_ms
        )
        self._epoch = claimed.epoch
        position = claimed.position
        if position is None:
            position = await self._first_position(begin, published, claimed)
        self.require_within(position.offset, begin, end)
        self._end = end
        self._restore(claimed, position)
        metrics.claims_total.labels(self._fold.name, "ok").inc()
        return position.offset

    def require_within(self, offset: int, begin: int, end: int) -> None:
        """A seek out of the log's range is silent: the broker would start somewhere else."""
        if not begin <= offset <= end:
            kind = BeyondEndError if offset > end else LaneError
            raise kind(
                f"Redis stands at offset {offset} of {self._pins.topic}/{self.partition}, "
                f"but the log holds {begin} to {end}: it was cut, or it is another cluster's. "
                "Restore the Redis backup, or rebuild into a new keyspace."
            )

    async def _first_position(
        self, begin: int, published: int | None, claimed: Claimed
    ) -> Position:
        if begin:
            log.warning(
                "%s has no state, and its log begins at offset %d: what was before is not rebuilt",
                self.name, begin,
            )  # fmt: skip
        hold_below = max(published or 0, begin)
        await self._store.begin(self._epoch, begin, hold_below)
        if hold_below > begin:
            log.warning(
                "%s has no state: rebuilding from offset %d; effects below %d are held back",
                self.name, begin, hold_below,
            )  # fmt: skip
            claimed.timers.clear()
        self.driver.open.hold_below = hold_below
        return Position(begin)

    def _restore(self, claimed: Claimed, position: Position) -> None:
        driver = self.driver
        driver.at = position
        driver.take()
        driver.clocks, driver.marks = claimed.clocks, claimed.marks
        driver.skip = claimed.skip
        driver.open.hold_below = max(driver.open.hold_below, claimed.hold_below)
        for member in claimed.timers:
            driver.timers.arm(*timer_from(member))
        if claimed.claims >= POISON_CLAIMS:
            # What kills is in the batch that begins here; after as many steps it is behind us.
            self._careful = self._settings.batch_records
            if position.offset < self._end:  # an idle lane stands still, whoever claims it
                log.warning("%s was claimed %d times at one position", self.name, claimed.claims)
        self._relay.send(self.name, claimed.outbox)
        self._committed = position.offset
        self._committer = asyncio.create_task(self._commit_all())

    # Folding ----------------------------------------------------------------------------

    async def feed(self, records: Sequence[Record], moved: Callable[[], bool]) -> None:
        """Folds and commits a fetched batch. `moved()` says that the partition was taken away
        meanwhile. Raises `Seek`, `FoldError`, `FencedError`, `StaleError`, `LaneError`, Redis's
        errors.
        """
        prepared = self.driver.prepare(self._from_position(records))
        while prepared and not moved():
            limit = 1 if self._careful else self._settings.batch_records
            await self._wait_for_outbox(moved)
            self._raise_failure()
            await self._load(self.driver.wanted(prepared[:limit]))
            done = await self._advance(prepared, limit)
            prepared = prepared[done:]
            if not self.driver.empty():
                await self._queue(self.driver.take())
                self._careful = max(0, self._careful - 1)
            self._evict()

    def _from_position(self, records: Sequence[Record]) -> Sequence[Record]:
        at = self.driver.at.offset
        records = [record for record in records if record.offset >= at]
        if records and records[0].offset > at:
            found = records[0].offset
            if self._gap_at != found:
                self._gap_at = found
                raise Seek(at)
            log.warning("%s: the log has no records from %d to %d", self.name, at, found - 1)
            metrics.skipped_total.labels(self._fold.name, "gap").inc(found - at)
            self.driver.pass_gap(found)
        self._gap_at = None
        return records

    async def _advance(self, prepared: Sequence[Prepared], limit: int) -> int:
        started = time.perf_counter()
        done = 0
        while True:
            try:
                done += self.driver.advance(prepared[done:], limit)
            except StateNotLoaded as missing:
                done = self._done(prepared)
                await self._load(set(missing.keys))
            except Gap as gap:
                # Holes inside a fetched batch are true ones: the broker sends what it has.
                done = self._done(prepared)
                metrics.skipped_total.labels(self._fold.name, "gap").inc(gap.found - gap.expected)
                self.driver.pass_gap(gap.found)
            except Exception as error:
                await self._blame(error)
                if isinstance(error, MemoryError):
                    raise  # a process without memory is no place to try again
                raise FoldError(f"the fold failed: {error!r}") from error
            else:
                metrics.fold_seconds.labels(self._fold.name).observe(time.perf_counter() - started)
                return done

    def _done(self, prepared: Sequence[Prepared]) -> int:
        at = self.driver.at.offset
        return sum(1 for record, _, _ in prepared if record.offset < at)

    async def _blame(self, error: Exception) -> None:
        """A bug: the lane is claimed again. The third time, step by step, the record or timer on
        which it fails is known, and is set aside for good.
        """
        at = self.driver.at
        log.error("%s: the fold failed at %s: %r", self.name, at, error)
        if self._careful:
            await self._commits.join()
            self._raise_failure()
            await self._store.set_aside(self._epoch, at)
            log.error("%s: what comes at %s is set aside", self.name, at)

    async def _load(self, keys: set[str]) -> None:
        wanted = sorted(keys)
        if wanted:
            self.driver.learn(zip(wanted, await self._store.load(wanted), strict=True))

    def _evict(self) -> None:
        """Least recently loaded first. Only when nothing is under way: a state that is not in
        Redis yet must not be read from there.
        """
        states = self.driver.states
        room = self._settings.cache_mb * 512  # about 2 KB a decoded state
        if len(states) > room and self._commits.empty() and self.driver.empty():
            for key in list(states)[: len(states) - room // 2]:
                del states[key]

    async def _wait_for_outbox(self, moved: Callable[[], bool]) -> None:
        lane = self._relay.lane(self.name)
        while self._is_full(lane) and not moved():  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # Kafka is away or slow: nothing to wait on but time

    def _is_full(self, lane: Unpublished) -> bool:
        return len(lane) > self._settings.outbox_entries or lane.bytes > OUTBOX_BYTES

    # Committing -------------------------------------------------------------------------

    async def _queue(self, batch: Batch) -> None:
        await self._commits.put(batch)
        self._raise_failure()

    async def _commit_all(self) -> None:
        while True:
            batch = await self._commits.get()
            try:
                if self._failure is None:
                    await self._commit(batch)
            except Exception as error:  # noqa: BLE001 - raised again by the next feed
                self._failure = error
            finally:
                self._commits.task_done()

    async def _commit(self, batch: Batch) -> None:
        started = time.perf_counter()
        unpublished = self._relay.lane(self.name)
        await self._store.commit(self._epoch, batch, unpublished.published_to)
        self._relay.send(self.name, batch.outbox)
        self._committed = batch.after.offset
        self._confirmed_s = asyncio.get_running_loop().time()
        if batch.before == batch.after:
            return
        stage = self._fold.name
        metrics.commit_seconds.labels(stage).observe(time.perf_counter() - started)
        metrics.batch_records.labels(stage).observe(batch.records + batch.fired)
        metrics.records_applied.labels(*self._labels).inc(batch.records)
        metrics.last_applied_timestamp_seconds.labels(*self._labels).set_to_current_time()
        for why in batch.skipped:
            metrics.skipped_total.labels(stage, why).inc()
        metrics.apply(batch.counts)
        self.last_applied_s = time.monotonic()

    async def confirm(self) -> None:
        """An idle lane commits nothing now and then: a Redis that lost its last writes says so, and
        they are folded again although no record comes.  What is published is trimmed with it.
        """
        if self.idle and asyncio.get_running_loop().time() - self._confirmed_s >= CONFIRM_S:
            self._confirmed_s = asyncio.get_running_loop().time()
            await self._commits.put(self.driver.take())

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    @property
    def failed(self) -> BaseException | None:
        """Why a commit failed: the lane must be claimed again even if no record comes any more."""
        return self._failure

    @property
    def idle(self) -> bool:
        """Everything fetched is committed."""
        return self._commits.empty() and self.driver.empty()

    @property
    def caught_up(self) -> bool:
        """What stood in the log when the lane was claimed is in Redis: a state that was lost or
        restored is as new again as what was done about it.
        """
        return self._committed >= self._end

    def committable(self) -> int:
        """The lowest input offset whose effects are not all published: for Kafka's own books."""
        lowest = self._relay.lane(self.name).lowest_offset()
        return self._committed if lowest is None else min(lowest, self._committed)

    def observe(self, end: int, wall_ms: int) -> None:
        """Sets the gauges; `end` is the log's end."""
        self.lag = max(0, end - self.driver.at.offset)
        metrics.lag_records.labels(*self._labels).set(self.lag)
        metrics.outbox_depth.labels(*self._labels).set(len(self._relay.lane(self.name)))
        metrics.timers_set.labels(*self._labels).set(len(self.driver.timers))
        metrics.timers_due.labels(*self._labels).set(self.driver.timers.count_due(wall_ms))
        metrics.cache_entries.labels(*self._labels).set(len(self.driver.states))

    async def flush(self) -> None:
        """Until everything folded is committed (or has failed)."""
        if self._committer:
            await self._commits.join()

    async def stop(self) -> None:
        """Commits what is folded, if it still may, and lets go."""
        if self._committer:
            await self._commits.join()
            self._committer.cancel()
            await asyncio.gather(self._committer, return_exceptions=True)
            self._committer = None
        self._relay.forget(self.name)
