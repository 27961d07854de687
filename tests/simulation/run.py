"""One run: a history goes through workers while the nemesis strikes; heal, drain, then judge."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from unittest import mock

import msgspec

from schemas.cloudevents import encode_attempt
from schemas.notification import DeliveryAttempted
from streams.channels.registry import adapters
from streams.engine import relay as relay_module
from streams.engine.batch import Batch
from streams.engine.host import Partition
from streams.engine.keys import LaneKeys
from streams.engine.store import FencedError
from streams.fold import Fold
from streams.settings import Settings
from streams.settings import Worker as WorkerSettings
from streams.stages.deliver import DUE, Deliver, Subscription, decode_delivery
from streams.stages.journeys import Journeys
from streams.stages.normalise import Normalise
from tests.simulation import history, loop
from tests.simulation.chance import Chance
from tests.simulation.group import SESSION_S, Group
from tests.simulation.history import DOMAINS, Brittle, Webhook
from tests.simulation.judge import Fault, judge_lane, judge_log
from tests.simulation.kafka import COUNTS, Log, Producer
from tests.simulation.nemesis import Blow, blows, strike
from tests.simulation.oracle import Oracle
from tests.simulation.redis import Home, Servers
from tests.simulation.worker import Worker, World

START_MS = 1_790_000_000_000
WALL_SPEED = 60
"""The wall clock goes so much faster than the network: a minute of silence is a second."""

SECONDS = 10.0
"""The nemesis and the vendors are at work for so long; then comes the healing."""

PATIENCE_S = 300.0
"""After so long a run that has not drained never will."""

KEYSPACE = "main"
SETTINGS = Settings(
    keyspace=KEYSPACE,
    worker=WorkerSettings(session_timeout_ms=int(SESSION_S * 1_000), outbox_entries=40),
)


class Plan(msgspec.Struct, frozen=True):
    """All that happens in a run, but for the network's whims, which follow from the seed."""

    seed: int
    webhooks: tuple[Webhook, ...]
    blows: tuple[Blow, ...]
    workers: int
    batch_records: int
    brittle_timers: bool

    @classmethod
    def of(cls, seed: int) -> Plan:
        chance = Chance(seed, "plan")
        return cls(
            seed,
            tuple(history.webhooks(seed, SECONDS, lambda s: START_MS + s * 1_000 * WALL_SPEED)),
            tuple(blows(seed, SECONDS)),
            workers=chance.number(1, 3),
            batch_records=chance.pick((3, 8, 16)),
            brittle_timers=chance.one_in(25),
        )


class Verdict(msgspec.Struct, frozen=True):
    """What a run came to. `trace` is all that was published, in order: equal for equal seeds."""

    faults: tuple[Fault, ...]
    trace: tuple[bytes, ...]
    steps: int
    records: int
    seen: dict[str, int] = {}
    """What the engine had to answer: refusals of stores, exits of workers, repeats in the log."""


class Run(World):
    """See the module."""

    shards = 2

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        worker = msgspec.structs.replace(SETTINGS.worker, batch_records=plan.batch_records)
        self.settings = msgspec.structs.replace(SETTINGS, worker=worker)
        self.loop: Any = asyncio.get_running_loop()
        self.night_ms = 0
        self.ticks_lost = 0
        self.lagging = set()
        self.chance = Chance(plan.seed, "workers")
        self._network = Chance(plan.seed, "kafka")
        self.log = Log(self.wall_ms)
        self.group = Group(
            [(topic, part) for topic in ("webhooks", "events", "notifications")
             for part in range(COUNTS[topic])],
            Chance(plan.seed, "group"),
        )  # fmt: skip
        self.servers = Servers(Chance(plan.seed, "redis"), self.shards, self._watch_store)
        self.workers: dict[str, Worker] = {}
        self._lives = 0
        self._graves: list[Worker] = []
        self.faults: dict[Fault, None] = {}
        self._committed: set[str] = set()
        self._claims: dict[tuple[str, int], tuple[int, float]] = {}
        self.healing = False

    # The world ----------------------------------------------------------------------------

    def wall_ms(self) -> int:
        return START_MS + int(self.loop.time() * 1_000) * WALL_SPEED + self.night_ms

    def folds(self) -> list[Fold]:
        normalise = Normalise(
            {name: f"{name} key, 16 long".encode() for name in DOMAINS}, [], adapters(), COUNTS["events"]
        )  # fmt: skip
        audiences = ("customer", "agent", "supervisor", "system")
        deliver = Deliver(Subscription("crm", name, audiences) for name in DOMAINS)
        return [
            Brittle(normalise), Brittle(Journeys(), timers=self.plan.brittle_timers), deliver,
        ]  # fmt: skip

    def producer(self, worker: str) -> Producer:
        return Producer(worker, self.log, self._network, self._watch_log, self._lose)

    def _lose(self, is_tick: bool) -> bool:
        return is_tick and self.ticks_lost > 0

    def home_of(self, where: Partition) -> Home:
        stage = {"webhooks": "normalise", "events": "journeys", "notifications": "deliver"}
        keys = LaneKeys(KEYSPACE, stage[where[0]], where[1], COUNTS[where[0]])
        return self.servers.home(keys)

    # Workers and their supervisor ---------------------------------------------------------

    def start(self, name: str) -> None:
        self._lives += 1
        self.workers[name] = Worker(self, name, self._lives)

    def kill(self, worker: Worker) -> None:
        worker.node.kill()
        self.ended(worker, None)

    def ended(self, worker: Worker, error: BaseException | None) -> None:
        """A process is gone; the supervisor starts it anew after a while."""
        worker.node.kill()
        self.servers.seen[f"exit by {type(error).__name__}" if error else "end"] += 1
        self._graves.append(worker)  # collected at the end, not at a moment of its own
        if self.workers.get(worker.name) is worker:
            after_s = self.chance.between(0.3, 1.0)
            self.loop.call_later(after_s, self.start, worker.name, context=loop.world())

    # What is seen at once -----------------------------------------------------------------

    def _watch_log(self, pos: str) -> None:
        if pos not in self._committed:
            self.fault("dirty", f"{pos} was published before its commit")

    def _watch_store(self, home: Home, method: str, arguments: tuple[Any, ...]) -> None:
        now_s = self.loop.time()
        store = home.store
        if method == "claim":
            self._claims[home.name, store.epoch] = (arguments[2], now_s)
            return
        if arguments[0] != store.epoch:
            self.fault(
                "usurped",
                f"{home.name}: {method} of epoch {arguments[0]} while {store.epoch} holds it",
            )
        if method == "commit":
            batch: Batch = arguments[1]
            self._committed.update(outgoing.pos for outgoing in batch.outbox)

    def fenced(self, home: Home, epoch: int) -> None:
        """Nobody of a later generation is fenced off by one of an older (unless a claim is lost)."""
        mine = self._claims.get((home.name, epoch))
        theirs = self._claims.get((home.name, home.store.epoch))
        if mine is None or theirs is None or home.lost_s >= mine[1]:
            return
        if theirs[0] < mine[0] and theirs[1] - mine[1] < 3 * SESSION_S:
            self.fault("usurped", f"{home.name}: generation {theirs[0]} fenced off {mine[0]}")

    def fault(self, kind: str, sentence: str) -> None:
        self.faults[Fault(kind, sentence)] = None

    # The run ------------------------------------------------------------------------------

    async def go(self) -> Verdict:
        self.servers.fenced = self.fenced
        for number in range(self.plan.workers):
            self.start(f"worker{number}")
        tasks = [asyncio.ensure_future(self._vendors()), asyncio.ensure_future(self._subscriber())]
        tasks += [asyncio.ensure_future(self._strike(blow)) for blow in self.plan.blows]
        await asyncio.sleep(SECONDS + 1)
        await self._heal()
        drained = await self._drain()
        for task in tasks:
            task.cancel()
        for worker in self.workers.values():
            worker.node.kill()
        if not drained:
            self.fault("skipped", f"the run did not drain within {PATIENCE_S:.0f} s")
        return self._verdict()

    async def _vendors(self) -> None:
        for webhook in self.plan.webhooks:
            await asyncio.sleep(webhook.at_s - self.loop.time())
            self.log.append(
                "webhooks", DOMAINS[webhook.domain], webhook.body, webhook.domain.encode(), 0, webhook.headers,
            )  # fmt: skip

    async def _strike(self, blow: Blow) -> None:
        await asyncio.sleep(blow.at_s)
        await strike(self, blow)

    async def _subscriber(self) -> None:
        """Attempts what is due and tells the log, as the senders do."""
        chance = Chance(self.plan.seed, "subscriber")
        while not self.healing:
            await asyncio.sleep(0.5)
            for part in range(COUNTS["notifications"]):
                store = self.home_of(("notifications", part)).store
                for key in list(store.waiting[DUE])[:3]:
                    if (raw := store.states.get(key)) is not None:
                        self._attempt(decode_delivery(raw), part, chance)

    def _attempt(self, delivery: Any, part: int, chance: Chance) -> None:
        notice = delivery.notice
        outcome = chance.pick(("delivered", "delivered", "retry", "failed"))
        record = DeliveryAttempted(
            notification=notice.id, op=notice.op, subscriber=delivery.subscriber,
            collapse_key=notice.collapse_key, domain=notice.domain, attempt=delivery.attempts + 1,
            outcome=outcome, at_ms=self.wall_ms(),
        )  # fmt: skip
        value = encode_attempt(record)
        self.log.append(
            "notifications", part, value, notice.collapse_key.encode(), self.wall_ms(), ()
        )

    async def _heal(self) -> None:
        self.healing = True
        self.servers.down.clear()
        self.servers.unkind = 0.0
        self.stale_fetches = False
        self.ticks_lost = 0
        self.log.begins.clear()
        self.log.slow.clear()
        self.lagging.clear()
        for worker in self.workers.values():
            worker.node.go_on(self.loop)

    async def _drain(self) -> bool:
        """Until everything is folded and published; then a day and a week pass, and once more."""
        deadline_s = self.loop.time() + PATIENCE_S
        for night_ms in (0, 90_000_000, 700_000_000):
            self.night_ms += night_ms
            quiet = 0
            while quiet < 3:
                if self.loop.time() > deadline_s:
                    return False
                await asyncio.sleep(0.5)
                quiet = quiet + 1 if self._is_quiet() else 0
        return True

    def _is_quiet(self) -> bool:
        if any(
            not hasattr(worker, "host") or not worker._flows for worker in self.workers.values()
        ):
            return False
        for where in self.group.owners:
            position = self.home_of(where).store.position
            if position is None or position.offset != self.log.last(where):
                return False
        lanes = {where: lane for w in self.workers.values() for where, lane in w.host.lanes.items()}
        wall_ms = self.wall_ms()
        for where, lane in lanes.items():
            if where[0] != "notifications" and lane.driver.timers.overdue(wall_ms - 600_000):
                return False
        return not any(len(lane) for w in self.workers.values() for lane in w.relay._lanes.values())

    # Judging ------------------------------------------------------------------------------

    def _verdict(self) -> Verdict:
        trace = tuple(
            f"{r.topic}/{r.partition}/{r.offset} {r.timestamp_ms} {r.headers} ".encode() + (r.value or b"")
            for records in self.log.parts.values() for r in records
        )  # fmt: skip
        for error in self.loop.errors:
            self.fault("crashed", error)
        seen = dict(sorted(self.servers.seen.items()))
        return Verdict(tuple(self.faults), trace, self.loop.steps, len(trace), seen)

    def judge(self) -> list[Fault]:
        """Called after the loop has ended: without whatever was broken on purpose."""
        found = list(self.faults)
        oracles = {}
        for fold in self.folds():
            topic = fold.input_topic
            for part in range(COUNTS[topic]):
                where = (topic, part)
                oracle = Oracle(fold, KEYSPACE, part).over(self.log.parts[where])
                oracles[f"{KEYSPACE}/{topic}/{part}"] = oracle
                name = f"{fold.name}/{part}"
                found += judge_lane(oracle, self.home_of(where).store, name, self.log.last(where))
        found += judge_log(oracles, self.log)
        return found


def simulate(plan: Plan, broken: Any = None) -> Verdict:
    """Runs a plan and judges it; `broken` is a context in which the run (not the judge) stands."""
    made: list[Run] = []

    async def main() -> Verdict:
        made.append(Run(plan))
        return await made[0].go()

    quiet = logging.getLogger("streams")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL + 1)
    try:
        with mock.patch.object(relay_module, "_POLL_S", 0.06):
            if broken is None:
                verdict = loop.run(main())
            else:
                with broken:
                    verdict = loop.run(main())
    finally:
        quiet.setLevel(level)
    faults = tuple(made[0].judge())
    return msgspec.structs.replace(verdict, faults=faults)


def kinds(faults: Sequence[Fault]) -> set[str]:
    return {fault.kind for fault in faults}


__all__ = ["Plan", "Run", "Verdict", "FencedError", "kinds", "simulate"]
